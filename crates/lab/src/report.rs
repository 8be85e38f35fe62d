//! How far the learner has come.

use gatehouse_model::{Value, json};

/// One check, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// Unique within the exercise.
    pub id: String,
    /// What must be true.
    pub wants: String,
    /// Points.
    pub weight: u32,
    /// Whether it is true.
    pub passed: bool,
    /// What was asked and should have been answered; about the first probe that failed, else about the last.
    pub expected: String,
    /// What was answered.
    pub actual: String,
    /// Why: the bindings, policies, events that made it so.
    pub because: Vec<String>,
}

/// All checks of an exercise, judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the exercise's order.
    pub checks: Vec<CheckResult>,
}

impl Report {
    /// Points earned.
    #[must_use]
    pub fn score(&self) -> u32 {
        self.checks.iter().filter(|c| c.passed).map(|c| c.weight).sum()
    }

    /// Points there are.
    #[must_use]
    pub fn max(&self) -> u32 {
        self.checks.iter().map(|c| c.weight).sum()
    }

    /// The checks that fail.
    pub fn failing(&self) -> impl Iterator<Item = &CheckResult> {
        self.checks.iter().filter(|c| !c.passed)
    }
}

impl Report {
    /// The report as one JSON document, for programs.
    #[must_use]
    pub fn to_json(&self) -> String {
        let text = |s: &str| Value::from(s);
        let checks: Value = self
            .checks
            .iter()
            .map(|c| {
                json!({
                    "id": (text(&c.id)), "wants": (text(&c.wants)), "weight": (i64::from(c.weight)), "passed": (c.passed),
                    "expected": (text(&c.expected)), "actual": (text(&c.actual)),
                    "because": (c.because.iter().map(String::as_str).collect::<Value>()),
                })
            })
            .collect();
        json::print(
            &json!({"score": (i64::from(self.score())), "max": (i64::from(self.max())), "checks": checks}),
        )
    }
}
