//! Namespaces, with their quotas and limit ranges.

use gatehouse_model::{Object, Value};

use super::limitrange::{HEAD, limits};
use super::quota::{resources, scopes};
use super::{Description, date};
use crate::error::Error;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, ns: &Object) -> Result<(), Error> {
    let quotas = d.list(("", "v1", "resourcequotas"), ns.name(), "", "");
    let ranges = d.list(("", "v1", "limitranges"), ns.name(), "", "");
    let (quotas, ranges) = (unless_unknown(quotas)?, unless_unknown(ranges)?);
    d.w.field(0, "Name", ns.name());
    d.labels_and_annotations(ns);
    let w = &mut d.w;
    w.field(0, "Status", ns.str_at(&["status", "phase"]));
    let cells = |c: &Value| {
        vec![
            c.str_at(&["type"]).to_owned(),
            c.str_at(&["status"]).to_owned(),
            date(c, &["lastTransitionTime"]),
            c.str_at(&["reason"]).to_owned(),
            c.str_at(&["message"]).to_owned(),
        ]
    };
    let head = ["Type", "Status", "LastTransitionTime", "Reason", "Message"];
    w.conditions(&head, ns.list_at(&["status", "conditions"]), cells);
    if let Some(mut quotas) = quotas {
        w.line(0, "");
        if quotas.is_empty() {
            w.line(0, "No resource quota.");
        } else {
            w.line(0, "Resource Quotas");
        }
        gatehouse_model::order::by(&mut quotas, |a, b| a.name().cmp(b.name()));
        for q in &quotas {
            w.field(1, "Name", q.name());
            scopes(w, q, 1, "* ");
            w.line(1, "Resource\tUsed\tHard");
            w.line(1, "--------\t---\t---");
            resources(w, q, 1);
        }
    }
    if let Some(ranges) = ranges {
        w.line(0, "");
        if ranges.is_empty() {
            w.line(0, "No LimitRange resource.");
        } else {
            w.line(0, "Resource Limits");
            for line in HEAD {
                w.line(0, format!(" {line}"));
            }
            ranges.iter().for_each(|r| limits(w, r, " "));
        }
    }
    Ok(())
}

/// A server that does not know the resource has nothing to say of it.
fn unless_unknown(found: Result<Vec<Object>, Error>) -> Result<Option<Vec<Object>>, Error> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(e) if e.is_not_found() => Ok(None),
        Err(e) => Err(e),
    }
}
