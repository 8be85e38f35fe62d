//! A sample of the recordings, kept beside the tests. `conformance/floor.txt` says how many steps of each suite must
//! agree; it only ever rises (`cargo xtask bless` raises it).

use std::collections::BTreeMap;
use std::path::Path;

fn floor(text: &str) -> BTreeMap<String, usize> {
    let lines = text.lines().filter_map(|l| l.split_once(' '));
    lines.filter_map(|(suite, steps)| Some((suite.to_owned(), steps.trim().parse().ok()?))).collect()
}

#[test]
fn no_suite_falls_below_its_floor() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let summary = gatehouse_conformance::run(std::slice::from_ref(&dir), &mut |_| {})
        .expect("the recordings can be read");
    let file = dir.join("floor.txt");
    let mut floor = floor(&std::fs::read_to_string(&file).unwrap_or_default());
    let mut below = Vec::new();
    for (suite, (_, steps)) in &summary.suites {
        let least = floor.entry(suite.clone()).or_default();
        if steps.passed < *least {
            below.push(format!(
                "{suite}: {} of {} steps agree, the floor is {least}",
                steps.passed, steps.total
            ));
        }
        *least = (*least).max(steps.passed);
    }
    if std::env::var_os("GATEHOUSE_BLESS").is_some() {
        let text: String = floor.iter().map(|(suite, steps)| format!("{suite} {steps}\n")).collect();
        std::fs::write(&file, text).expect("the floor can be written");
    }
    assert!(below.is_empty(), "{}\n{}", below.join("\n"), summary.table());
}
