//! Holds Gatehouse to recordings of real components.
//!
//! Reads `*.yaml` and `*.jsonl` below the paths it is given, hands each record to the suite it names, and compares.
//! Knows the formats of the recordings and nothing of how an answer comes about: every suite drives public API.

pub mod hostile;
pub mod kernel;
pub mod machine;
pub mod normalize;
pub mod record;
pub mod report;
pub mod suite;
pub mod suites;

pub use report::{Failure, Summary, Tally};
pub use suite::{CaseResult, StepResult, Suite, Support};

use std::path::PathBuf;

/// Runs every record below `paths` and sums up. `progress` hears of each finished case.
///
/// # Errors
/// A path that cannot be read, a record that is not in its format, or a suite nobody knows, with file and line.
pub fn run(paths: &[PathBuf], progress: &mut dyn FnMut(&CaseResult)) -> Result<Summary, String> {
    let mut summary = Summary::default();
    for folder in record::read(paths)? {
        for record in &folder.records {
            let Some(suite) = suites::find(&record.suite) else {
                return Err(format!("{}: unknown suite \"{}\"", record.place, record.suite));
            };
            let result =
                guarded(suite, record, &folder.support).map_err(|e| format!("{}: {e}", record.place))?;
            progress(&result);
            summary.add(&result);
        }
    }
    Ok(summary)
}

/// Runs one case. A panic is a fault of ours like any other: the case fails and the rest goes on.
fn guarded(suite: &dyn Suite, record: &record::Record, support: &Support) -> Result<CaseResult, String> {
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| suite.run(record, support)));
    ran.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default();
        let step = StepResult::fail("no panic", &format!("a panic: {said}"));
        Ok(CaseResult { suite: record.suite.clone(), case: record.name.clone(), steps: vec![step] })
    })
}
