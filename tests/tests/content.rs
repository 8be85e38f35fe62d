//! Every built-in exercise is sound: starter 0, solution 100, wrong answers fail what they name, no stray file.

use std::sync::Arc;

use gatehouse_lab::{content, exercise};

#[test]
fn every_exercise_is_sound() {
    let mut said = String::new();
    for bundle in exercise::catalogue() {
        for problem in content::prove(&Arc::new(bundle.clone())) {
            said.push_str(&format!("{}/{}: {}\n", bundle.exercise.id, problem.at, problem.what));
        }
    }
    assert!(said.is_empty(), "{said}");
}

#[test]
fn the_format_has_a_current_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../exercises/exercise.schema.json");
    let current = format!("{}\n", exercise::schema());
    if std::env::var_os("GATEHOUSE_BLESS").is_some() {
        std::fs::write(path, &current).expect("the schema can be written");
    }
    let kept = std::fs::read_to_string(path).expect("the schema is kept beside the exercises");
    assert_eq!(kept, current, "run cargo xtask bless");
}
