//! Sums up: a table for people, JSON for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gatehouse_model::{Value, json};

use crate::suite::CaseResult;

/// Passed and total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many agree.
    pub passed: usize,
    /// How many there are.
    pub total: usize,
}

impl Tally {
    fn count(&mut self, passed: bool) {
        self.total += 1;
        self.passed += usize::from(passed);
    }
}

/// One step that does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The suite.
    pub suite: String,
    /// The case.
    pub case: String,
    /// Counted from 1.
    pub step: usize,
    /// What was recorded.
    pub expected: String,
    /// What we answered.
    pub actual: String,
}

/// Everything that was run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Cases and steps by suite.
    pub suites: BTreeMap<String, (Tally, Tally)>,
    /// What does not agree.
    pub failures: Vec<Failure>,
}

impl Summary {
    /// Counts one case.
    pub fn add(&mut self, result: &CaseResult) {
        let (cases, steps) = self.suites.entry(result.suite.clone()).or_default();
        cases.count(result.steps.iter().all(super::StepResult::passed));
        for (i, step) in result.steps.iter().enumerate() {
            steps.count(step.passed());
            if let Some(d) = &step.difference {
                self.failures.push(Failure {
                    suite: result.suite.clone(),
                    case: result.case.clone(),
                    step: i + 1,
                    expected: d.expected.clone(),
                    actual: d.actual.clone(),
                });
            }
        }
    }

    /// Whether everything agrees.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }

    /// The closing table.
    #[must_use]
    pub fn table(&self) -> String {
        let mut out = format!("{:<20} {:>13} {:>15}\n", "SUITE", "CASES", "STEPS");
        for (suite, (cases, steps)) in &self.suites {
            let (c, s) =
                (format!("{}/{}", cases.passed, cases.total), format!("{}/{}", steps.passed, steps.total));
            let percent = if steps.total == 0 { 100.0 } else { 100.0 * ratio(steps.passed, steps.total) };
            let _ = writeln!(out, "{suite:<20} {c:>13} {s:>15}  {percent:5.1} %");
        }
        out
    }

    /// The same as JSON, with every failure.
    #[must_use]
    pub fn to_json(&self) -> String {
        let pair = |t: &Tally| Value::from(vec![count(t.passed), count(t.total)]);
        let suites: gatehouse_model::Map = self
            .suites
            .iter()
            .map(|(name, (c, s))| (name.as_str(), json!({"cases": (pair(c)), "steps": (pair(s))})))
            .collect();
        let failures: Value = self
            .failures
            .iter()
            .map(|f| {
                json!({
                    "suite": (f.suite.as_str()), "case": (f.case.as_str()), "step": (count(f.step)),
                    "expected": (f.expected.as_str()), "actual": (f.actual.as_str()),
                })
            })
            .collect();
        json::print(&json!({"suites": suites, "failures": failures}))
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
fn ratio(a: usize, b: usize) -> f64 {
    a as f64 / b as f64
}
