//! Tables of kinds: what the server answers to `kubectl get`.
//!
//! [`kinds::TABLES`] is the one place that says which columns a kind has; a kind that is not there has its name and
//! the time it was made. Models kubernetes `pkg/printers/internalversion/printers.go`, apiextensions
//! `tableconvertor.go` (custom resources) and apiserver `rest/table.go` (all others).

mod cells;
mod custom;
mod hpa;
pub mod kinds;
mod node;
mod pod;
mod service;
#[cfg(test)]
mod tests;

use gatehouse_core::Timestamp;
use gatehouse_model::{KubeVersion, Object, ResourceType, Value, time};

use crate::print::table::{Column, Row, Table};

pub(crate) use cells::{access_modes, csr_status, quantity, selector, storage_class_of};
pub use custom::custom_table;
pub(crate) use node::role_names;
pub(crate) use service::{host_port, load_balancer_addresses};

/// What cells depend on besides their object.
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// Now.
    pub now: Timestamp,
    /// Which server lays out the table.
    pub version: KubeVersion,
    /// Whether `-o wide` was asked for.
    pub wide: bool,
}

/// A column of a kind's table and how its cell is made.
pub struct ColumnOf {
    name: &'static str,
    cell: fn(&Value, At) -> String,
    wide: bool,
    since: u8,
    until: u8,
}

impl ColumnOf {
    const fn new(name: &'static str, cell: fn(&Value, At) -> String) -> Self {
        Self { name, cell, wide: false, since: 0, until: u8::MAX }
    }

    /// Only shown by `-o wide`.
    const fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// Only from this server minor on.
    const fn since(mut self, minor: u8) -> Self {
        self.since = minor;
        self
    }

    /// Only before this server minor.
    const fn until(mut self, minor: u8) -> Self {
        self.until = minor;
        self
    }
}

/// The table of a kind.
pub struct KindTable {
    /// The kinds, with their group.
    pub kinds: &'static [(&'static str, &'static str)],
    /// The columns, name included.
    pub columns: &'static [ColumnOf],
}

/// Lays out objects of one resource.
#[must_use]
pub fn table(resource: &ResourceType, objects: &[Object], at: At) -> Table {
    let found = kinds::TABLES
        .iter()
        .flat_map(|tables| tables.iter())
        .find(|t| t.kinds.iter().any(|(group, kind)| *group == resource.gv.group && *kind == resource.kind));
    let columns = found.map_or(kinds::OTHER, |t| t.columns);
    let minor = at.version.minor();
    let columns: Vec<&ColumnOf> = columns.iter().filter(|c| c.since <= minor && minor < c.until).collect();
    Table {
        columns: columns
            .iter()
            .map(|c| Column { name: c.name.to_owned(), wide: c.wide, is_name: c.name == "Name" })
            .collect(),
        rows: objects
            .iter()
            .map(|o| Row { cells: columns.iter().map(|c| (c.cell)(o, at)).collect(), object: o.0.clone() })
            .collect(),
    }
}

/// How long ago a time was, as AGE columns show it.
#[must_use]
pub fn since(timestamp: &str, now: Timestamp) -> String {
    match time::parse_rfc3339(timestamp) {
        Ok((seconds, nanos)) => {
            let passed = now.0 - seconds * 1000 - i64::from(nanos / 1_000_000);
            // Go cuts towards zero.
            time::human_duration(passed / 1000)
        }
        Err(_) => "<unknown>".to_owned(),
    }
}

/// How a pod is doing, as the `STATUS` column says it.
#[must_use]
pub fn pod_status(pod: &Object) -> String {
    pod::status(pod, At { now: Timestamp::GENESIS, version: KubeVersion::V1_36, wide: false })
}
