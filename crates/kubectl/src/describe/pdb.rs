//! Pod disruption budgets.

use gatehouse_model::Object;

use super::{Description, int_or_string, number, present, selector};
use crate::error::Error;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, pdb: &Object) -> Result<(), Error> {
    d.heading(pdb);
    let w = &mut d.w;
    if let Some(min) = present(pdb, &["spec", "minAvailable"]) {
        w.field(0, "Min available", int_or_string(Some(min)));
    } else if let Some(max) = present(pdb, &["spec", "maxUnavailable"]) {
        w.field(0, "Max unavailable", int_or_string(Some(max)));
    }
    match present(pdb, &["spec", "selector"]) {
        Some(s) => w.field(0, "Selector", selector(Some(s))),
        None => w.field(0, "Selector", "<unset>"),
    }
    w.line(0, "Status:");
    for (title, member) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        w.field(2, title, number(pdb, &["status", member]).to_string());
    }
    d.events(pdb);
    Ok(())
}
