//! Stateful sets.

use gatehouse_model::{Object, Selector, Value};

use super::writer::Writer;
use super::{Description, date, int_or_string, joined, number, pod_template, present, quantity};
use crate::error::Error;
use crate::tables::storage_class_of;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, set: &Object) -> Result<(), Error> {
    let chosen = set.at(&["spec", "selector"]);
    let selector = Selector::from_object(chosen).map_err(Error::plain)?;
    let pods = d.pods_status(set, chosen)?;
    d.heading(set);
    d.w.field(0, "CreationTimestamp", date(set, &["metadata", "creationTimestamp"]));
    d.w.field(0, "Selector", selector.to_string());
    d.labels_and_annotations(set);
    let w = &mut d.w;
    let (desired, total) = (number(set, &["spec", "replicas"]), number(set, &["status", "replicas"]));
    w.field(0, "Replicas", format!("{desired} desired | {total} total"));
    w.field(0, "Update Strategy", set.str_at(&["spec", "updateStrategy", "type"]));
    if let Some(update) = present(set, &["spec", "updateStrategy", "rollingUpdate"])
        && let Some(partition) = update.i64_at(&["partition"])
    {
        w.field(1, "Partition", partition.to_string());
        if let Some(max) = present(update, &["maxUnavailable"]) {
            w.field(1, "MaxUnavailable", int_or_string(Some(max)));
        }
    }
    w.field(0, "Pods Status", pods);
    pod_template(w, set.at(&["spec", "template"]));
    claims(w, set.list_at(&["spec", "volumeClaimTemplates"]));
    d.events(set);
    Ok(())
}

fn claims(w: &mut Writer, templates: &[Value]) {
    w.line(0, if templates.is_empty() { "Volume Claims:\t<none>" } else { "Volume Claims:" });
    for claim in templates {
        w.field(1, "Name", claim.str_at(&["metadata", "name"]));
        w.field(1, "StorageClass", storage_class_of(claim));
        w.labels_indented("  ", "Labels", claim.map_at(&["metadata", "labels"]));
        w.labels_indented("  ", "Annotations", claim.map_at(&["metadata", "annotations"]));
        match claim.at(&["spec", "resources", "requests", "storage"]) {
            Some(size) => w.field(1, "Capacity", quantity(Some(size))),
            None => w.field(1, "Capacity", "<default>"),
        }
        w.field(1, "Access Modes", format!("[{}]", joined(claim, &["spec", "accessModes"], " ")));
    }
}
