//! Every Markdown file in `suites/` is a test. `GATEHOUSE_BLESS=1` (`cargo xtask bless`) writes down what really came;
//! `GATEHOUSE_SUITE=nodes/` runs only the files whose path contains that.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use gatehouse_tests::Suite;

fn suites(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("the folder of suites").flatten() {
        let path = entry.path();
        if path.is_dir() {
            suites(&path, found);
        } else if path.extension().is_some_and(|e| e == "md") {
            found.push(path);
        }
    }
}

#[test]
fn every_suite_prints_what_it_says() {
    let bless = std::env::var_os("GATEHOUSE_BLESS").is_some();
    let mut found = Vec::new();
    suites(&Path::new(env!("CARGO_MANIFEST_DIR")).join("suites"), &mut found);
    found.sort();
    if let Ok(wanted) = std::env::var("GATEHOUSE_SUITE") {
        found.retain(|path| path.to_string_lossy().contains(&wanted));
    }
    assert!(!found.is_empty(), "there are no suites");
    let mut failures = Vec::new();
    for path in found {
        let text = std::fs::read_to_string(&path).expect("a suite can be read");
        let suite = Suite::parse(&text);
        assert_eq!(suite.print(), text, "{}: is not written as it is read", path.display());
        let ran = suite.run().unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let differences = suite.differences(&ran);
        if differences.is_empty() {
            continue;
        }
        if bless {
            std::fs::write(&path, ran.print()).expect("a suite can be written");
        } else {
            failures.push(format!("{}\n{}", path.display(), differences.join("\n")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
