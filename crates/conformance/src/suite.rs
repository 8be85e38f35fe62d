//! What a suite is: something that takes a record and says, step by step, whether we agree with it.

use std::collections::BTreeMap;

use gatehouse_model::Value;

use crate::record::Record;

/// Support data of a folder: the `data` lines, by what they call themselves.
#[derive(Debug, Default)]
pub struct Support {
    by_kind: BTreeMap<String, Vec<Value>>,
}

impl Support {
    /// Adds one line.
    pub fn add(&mut self, kind: &str, line: Value) {
        self.by_kind.entry(kind.to_owned()).or_default().push(line);
    }

    /// The lines of one kind, in the order read.
    #[must_use]
    pub fn of(&self, kind: &str) -> &[Value] {
        self.by_kind.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The line of `kind` whose member `key` is `value`.
    #[must_use]
    pub fn find(&self, kind: &str, key: &str, value: &str) -> Option<&Value> {
        self.of(kind).iter().find(|l| l.str_at(&[key]) == value)
    }

    /// Whether there is none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_kind.is_empty()
    }
}

/// One step compared. `None` where we agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepResult {
    /// What differs, if anything.
    pub difference: Option<Difference>,
}

/// The first thing in which a step differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What was recorded, with the stream or key it stands in.
    pub expected: String,
    /// What we answered.
    pub actual: String,
}

impl StepResult {
    /// Agreement.
    pub const PASS: Self = Self { difference: None };

    /// Compares two texts under a heading.
    #[must_use]
    pub fn compare(what: &str, expected: &str, actual: &str) -> Self {
        if expected == actual {
            Self::PASS
        } else {
            Self::fail(&format!("{what}: {expected}"), &format!("{what}: {actual}"))
        }
    }

    /// Disagreement.
    #[must_use]
    pub fn fail(expected: &str, actual: &str) -> Self {
        Self { difference: Some(Difference { expected: expected.to_owned(), actual: actual.to_owned() }) }
    }

    /// Whether we agree.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.difference.is_none()
    }
}

/// One case compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// The suite.
    pub suite: String,
    /// The case.
    pub case: String,
    /// Its steps, in order.
    pub steps: Vec<StepResult>,
}

/// A kind of recording.
pub trait Suite: Sync {
    /// The word in the records' `suite` field.
    fn name(&self) -> &'static str;

    /// Compares one record, step by step.
    ///
    /// # Errors
    /// Why the record is not in the suite's format.
    fn steps(&self, record: &Record, support: &Support) -> Result<Vec<StepResult>, String>;

    /// Compares one record.
    ///
    /// # Errors
    /// Why the record is not in the suite's format.
    fn run(&self, record: &Record, support: &Support) -> Result<CaseResult, String> {
        let steps = self.steps(record, support)?;
        Ok(CaseResult { suite: record.suite.clone(), case: record.name.clone(), steps })
    }
}
