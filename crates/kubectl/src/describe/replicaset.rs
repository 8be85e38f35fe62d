//! Replica sets and replication controllers.

use gatehouse_model::{Object, Value, json};

use super::writer::Writer;
use super::{Description, controlled_by, number, pod_template, selector};
use crate::error::Error;

/// A replica set.
pub(super) fn describe(d: &mut Description<'_, '_, '_>, rs: &Object) -> Result<(), Error> {
    let chosen = rs.at(&["spec", "selector"]);
    let pods = d.pods_status(rs, chosen);
    d.heading(rs);
    d.w.field(0, "Selector", selector(chosen));
    d.labels_and_annotations(rs);
    if let Some(controller) = controlled_by(rs) {
        d.w.field(0, "Controlled By", controller);
    }
    replicas(&mut d.w, rs);
    let pods = pods.unwrap_or_else(|e| format!("error in fetching pods: {}", e.text()));
    d.w.field(0, "Pods Status", pods);
    pod_template(&mut d.w, rs.at(&["spec", "template"]));
    conditions(&mut d.w, rs);
    d.events(rs);
    Ok(())
}

/// A replication controller.
pub(super) fn describe_controller(d: &mut Description<'_, '_, '_>, rc: &Object) -> Result<(), Error> {
    let labels = rc.at(&["spec", "selector"]).cloned().unwrap_or_default();
    let pods = d.pods_status(rc, Some(&json!({"matchLabels": labels})))?;
    d.heading(rc);
    d.w.flat_labels("Selector", rc.map_at(&["spec", "selector"]));
    d.labels_and_annotations(rc);
    replicas(&mut d.w, rc);
    d.w.field(0, "Pods Status", pods);
    pod_template(&mut d.w, rc.at(&["spec", "template"]));
    conditions(&mut d.w, rc);
    d.events(rc);
    Ok(())
}

fn replicas(w: &mut Writer, o: &Value) {
    let (current, desired) = (number(o, &["status", "replicas"]), number(o, &["spec", "replicas"]));
    w.field(0, "Replicas", format!("{current} current / {desired} desired"));
}

/// Conditions with type, status and reason.
pub(super) fn conditions(w: &mut Writer, o: &Value) {
    let conditions = o.list_at(&["status", "conditions"]);
    if !conditions.is_empty() {
        w.line(0, "Conditions:\n  Type\tStatus\tReason");
        w.line(1, "----\t------\t------");
    }
    for c in conditions {
        w.line(1, format!("{} \t{}\t{}", c.str_at(&["type"]), c.str_at(&["status"]), c.str_at(&["reason"])));
    }
}
