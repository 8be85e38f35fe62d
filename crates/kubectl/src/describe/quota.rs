//! Resource quotas.

use gatehouse_model::{Object, Quantity, Value};

use super::writer::Writer;
use super::{Description, quantity};
use crate::error::Error;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, quota: &Object) -> Result<(), Error> {
    d.heading(quota);
    scopes(&mut d.w, quota, 0, " * ");
    d.w.line(0, "Resource\tUsed\tHard");
    d.w.line(0, "--------\t----\t----");
    let used = quota.map_at(&["status", "used"]);
    for (name, hard) in quota.map_at(&["status", "hard"]).iter() {
        let (used, hard) = (quantity(used.get(name)), quantity(Some(hard)));
        let used = match (Quantity::parse(&used), Quantity::parse(&hard)) {
            (Ok(u), Ok(h)) => u.written_like(&h).to_string(),
            _ => used,
        };
        d.w.line(0, format!("{name}\t{used}\t{hard}"));
    }
    Ok(())
}

/// The scopes and what they mean.
pub(super) fn scopes(w: &mut Writer, quota: &Value, level: usize, bullet: &str) {
    let mut scopes: Vec<&str> = quota.list_at(&["spec", "scopes"]).iter().filter_map(Value::as_str).collect();
    if scopes.is_empty() {
        return;
    }
    gatehouse_model::order::sort(&mut scopes);
    w.field(level, "Scopes", scopes.join(", "));
    for scope in scopes {
        let help = match scope {
            "Terminating" => {
                "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system."
            }
            "NotTerminating" => {
                "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate."
            }
            "BestEffort" => {
                "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service."
            }
            "NotBestEffort" => {
                "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service."
            }
            _ => continue,
        };
        w.line(level, format!("{bullet}{help}"));
    }
}

/// A row for each resource of a namespace's quota: used and hard, each as it is written.
pub(super) fn resources(w: &mut Writer, quota: &Value, level: usize) {
    let used = quota.map_at(&["status", "used"]);
    for (name, hard) in quota.map_at(&["status", "hard"]).iter() {
        w.line(level, format!("{name}\t{}\t{}", quantity(used.get(name)), quantity(Some(hard))));
    }
}
