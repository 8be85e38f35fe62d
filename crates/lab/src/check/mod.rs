//! Checks ask for behaviour, not for the shape of a manifest. One file a kind of check.

mod can_i;
mod object;
mod pod;
mod run;
mod traffic;

pub use traffic::port;

use crate::exercise::Exercise;
use crate::exercise::format::Check;
use crate::report::{CheckResult, Report};
use crate::world::World;

/// What one probe found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) passed: bool,
    pub(crate) expected: String,
    pub(crate) actual: String,
    pub(crate) because: Vec<String>,
}

impl Finding {
    /// A finding that passes when what should be is what is.
    pub(crate) fn compare(subject: &str, expected: &str, actual: &str, because: Vec<String>) -> Self {
        Self {
            passed: expected == actual,
            expected: format!("{subject}: {expected}"),
            actual: actual.to_owned(),
            because,
        }
    }
}

/// Judges the world by an exercise's checks. The world is not changed: what must be tried is tried on a copy.
#[must_use]
pub fn grade(exercise: &Exercise, world: &World) -> Report {
    let mut checks: Vec<CheckResult> = Vec::new();
    for check in &exercise.checks {
        let waiting = check.after.iter().find(|id| !checks.iter().any(|c| c.id == **id && c.passed));
        let finding = match waiting {
            Some(id) => {
                let first =
                    exercise.checks.iter().find(|c| c.id == *id).map_or(id.as_str(), |c| c.wants.as_str());
                Finding {
                    expected: format!("first: {first}"),
                    actual: "not yet".to_owned(),
                    ..Finding::default()
                }
            }
            None => probe(check, world),
        };
        checks.push(CheckResult {
            id: check.id.clone(),
            wants: check.wants.clone(),
            weight: check.weight,
            passed: finding.passed,
            expected: finding.expected,
            actual: finding.actual,
            because: finding.because,
        });
    }
    Report { checks }
}

/// The first probe that fails, or the last one.
fn probe(check: &Check, world: &World) -> Finding {
    let mut findings: Box<dyn Iterator<Item = Finding>> = if let Some(list) = &check.can_i {
        Box::new(list.iter().map(|p| can_i::probe(p, world)))
    } else if let Some(list) = &check.traffic {
        Box::new(list.iter().map(|p| traffic::probe(p, world)))
    } else if let Some(list) = &check.run {
        Box::new(list.iter().map(|p| run::probe(p, world)))
    } else if let Some(p) = &check.object {
        Box::new(std::iter::once(object::probe(p, world)))
    } else if let Some(p) = &check.pod {
        Box::new(std::iter::once(pod::probe(p, world)))
    } else {
        Box::new(std::iter::empty())
    };
    let mut last = Finding::default();
    for finding in findings.by_ref() {
        let passed = finding.passed;
        last = finding;
        if !passed {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests;
