//! Conflicts: fields an apply would take from somebody else.
//!
//! Models apimachinery `pkg/util/managedfields/internal/conflict.go`.

use super::set::FieldSet;
use super::{Entry, Operation};
use crate::server::Call;
use crate::status::{Reason, Status, StatusCause};

/// A manager as errors name it, and the fields at stake.
pub(super) type Conflict = (String, FieldSet);

/// What others own of the fields that would change.
pub(super) fn find(entries: &[Entry], call: &Call<'_>, taken: &FieldSet) -> Vec<Conflict> {
    let mut out: Vec<Conflict> = entries
        .iter()
        .filter(|e| !e.is(Operation::Apply, call))
        .map(|e| (shown(e), e.fields.intersection(taken)))
        .filter(|(_, fields)| !fields.is_empty())
        .collect();
    gatehouse_model::order::by(&mut out, |a, b| a.0.cmp(&b.0));
    out
}

fn shown(entry: &Entry) -> String {
    let mut text = gatehouse_model::json::go_quote(&entry.manager);
    if !entry.subresource.is_empty() {
        text.push_str(&format!(" with subresource \"{}\"", entry.subresource));
    }
    if entry.operation == Operation::Update {
        text.push_str(&format!(" using {}", entry.api_version));
    }
    text
}

/// The conflicts that remain where some fields may be taken.
pub(super) fn except(conflicts: Vec<Conflict>, allowed: &FieldSet) -> Vec<Conflict> {
    conflicts
        .into_iter()
        .map(|(who, fields)| (who, fields.minus(allowed)))
        .filter(|(_, f)| !f.is_empty())
        .collect()
}

/// `Apply failed with 1 conflict: conflict with "x" using apps/v1: .spec.replicas`
pub(super) fn status(conflicts: &[Conflict]) -> Status {
    let all: Vec<(&str, String)> = conflicts
        .iter()
        .flat_map(|(who, fields)| fields.paths().into_iter().map(move |p| (who.as_str(), p)))
        .collect();
    let message = match all.as_slice() {
        [(who, path)] => format!("Apply failed with 1 conflict: conflict with {who}: {path}"),
        many => {
            let mut lines = Vec::new();
            for (who, fields) in conflicts {
                lines.push(format!("conflicts with {who}:"));
                lines.extend(fields.paths().iter().map(|p| format!("- {p}")));
            }
            format!("Apply failed with {} conflicts: {}", many.len(), lines.join("\n"))
        }
    };
    let mut status = Status::new(Reason::Conflict, message);
    status.causes = all
        .into_iter()
        .map(|(who, path)| StatusCause {
            reason: "FieldManagerConflict".to_owned(),
            message: format!("conflict with {who}"),
            field: path,
        })
        .collect();
    status
}
