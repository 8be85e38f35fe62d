//! Persistent volumes and claims.

use gatehouse_model::{Object, Value};

use super::volume::source;
use super::writer::Writer;
use super::{Description, date, joined, present, quantity};
use crate::error::Error;
use crate::tables::{access_modes, since, storage_class_of};

/// A volume.
pub(super) fn describe(d: &mut Description<'_, '_, '_>, pv: &Object) -> Result<(), Error> {
    let now = d.now();
    d.w.field(0, "Name", pv.name());
    d.labels_and_annotations(pv);
    let w = &mut d.w;
    let spec = pv.get("spec").unwrap_or(&Value::Null);
    w.field(0, "Finalizers", format!("[{}]", joined(pv, &["metadata", "finalizers"], " ")));
    w.field(0, "StorageClass", storage_class_of(pv));
    if pv.is_deleting() {
        let lasts = since(pv.str_at(&["metadata", "deletionTimestamp"]), now);
        w.field(0, "Status", format!("Terminating (lasts {lasts})"));
    } else {
        w.field(0, "Status", pv.str_at(&["status", "phase"]));
    }
    let claim = present(spec, &["claimRef"]);
    let claim = claim.map(|c| format!("{}/{}", c.str_at(&["namespace"]), c.str_at(&["name"])));
    w.field(0, "Claim", claim.unwrap_or_default());
    w.field(0, "Reclaim Policy", spec.str_at(&["persistentVolumeReclaimPolicy"]));
    w.field(0, "Access Modes", access_modes(spec.list_at(&["accessModes"])));
    if present(spec, &["volumeMode"]).is_some() {
        w.field(0, "VolumeMode", spec.str_at(&["volumeMode"]));
    }
    w.field(0, "Capacity", quantity(spec.at(&["capacity", "storage"])));
    node_affinity(w, spec);
    w.field(0, "Message", pv.str_at(&["status", "message"]));
    w.line(0, "Source:");
    source(w, spec);
    d.events(pv);
    Ok(())
}

fn node_affinity(w: &mut Writer, spec: &Value) {
    let Some(required) = present(spec, &["nodeAffinity", "required"]) else {
        w.field(0, "Node Affinity", "<none>");
        return;
    };
    w.field(0, "Node Affinity", "");
    let terms = required.list_at(&["nodeSelectorTerms"]);
    w.field(1, "Required Terms", if terms.is_empty() { "<none>" } else { "" });
    for (i, term) in terms.iter().enumerate() {
        let expressions = term.list_at(&["matchExpressions"]);
        if expressions.is_empty() {
            w.field(2, &format!("Term {i}"), "<none>");
        }
        for (j, e) in expressions.iter().enumerate() {
            let mut text = format!("{} {}", e.str_at(&["key"]), e.str_at(&["operator"]).to_lowercase());
            if !e.list_at(&["values"]).is_empty() {
                text = format!("{text} [{}]", joined(e, &["values"], ", "));
            }
            if j == 0 { w.field(2, &format!("Term {i}"), text) } else { w.line(2, format!("\t{text}")) }
        }
    }
}

/// A claim.
pub(super) fn describe_claim(d: &mut Description<'_, '_, '_>, pvc: &Object) -> Result<(), Error> {
    let now = d.now();
    let pods = d.list(("", "v1", "pods"), pvc.namespace(), "", "")?;
    let uses = |p: &&Object| {
        let by_name = p
            .list_at(&["spec", "volumes"])
            .iter()
            .any(|v| v.str_at(&["persistentVolumeClaim", "claimName"]) == pvc.name());
        let owners = pvc.list_at(&["metadata", "ownerReferences"]);
        by_name || owners.iter().any(|r| r.str_at(&["kind"]) == "Pod" && r.str_at(&["uid"]) == p.uid())
    };
    let mut users: Vec<&str> = pods.iter().filter(uses).map(Object::name).collect();
    gatehouse_model::order::sort(&mut users);
    let deleted = pvc.is_deleting().then(|| since(pvc.str_at(&["metadata", "deletionTimestamp"]), now));
    claim(&mut d.w, pvc, Some(deleted));
    if users.is_empty() {
        d.w.field(0, "Used By", "<none>");
    }
    for (i, user) in users.iter().enumerate() {
        if i == 0 { d.w.field(0, "Used By", user) } else { d.w.line(0, format!("\t{user}")) }
    }
    let conditions = pvc.list_at(&["status", "conditions"]);
    if !conditions.is_empty() {
        d.w.line(0, "Conditions:");
        d.w.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
        d.w.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        for c in conditions {
            let cells = [
                c.str_at(&["type"]),
                c.str_at(&["status"]),
                &date(c, &["lastProbeTime"]),
                &date(c, &["lastTransitionTime"]),
                c.str_at(&["reason"]),
                c.str_at(&["message"]),
            ];
            d.w.line(1, cells.join(" \t"));
        }
    }
    d.events(pvc);
    Ok(())
}

/// A claim (with how long it has been going, if it is), or a template for one.
pub(super) fn claim(w: &mut Writer, pvc: &Value, whole: Option<Option<String>>) {
    if whole.is_some() {
        w.field(0, "Name", pvc.str_at(&["metadata", "name"]));
        w.field(0, "Namespace", pvc.str_at(&["metadata", "namespace"]));
    }
    w.field(0, "StorageClass", storage_class_of(pvc));
    if let Some(deleted) = &whole {
        match deleted {
            Some(lasts) => w.field(0, "Status", format!("Terminating (lasts {lasts})")),
            None => w.field(0, "Status", pvc.str_at(&["status", "phase"])),
        }
    }
    let volume = pvc.str_at(&["spec", "volumeName"]);
    w.field(0, "Volume", volume);
    w.labels("Labels", pvc.map_at(&["metadata", "labels"]));
    w.annotations("Annotations", pvc.map_at(&["metadata", "annotations"]));
    if whole.is_some() {
        w.field(0, "Finalizers", format!("[{}]", joined(pvc, &["metadata", "finalizers"], " ")));
    }
    let (mut capacity, mut modes) = (String::new(), String::new());
    if !volume.is_empty() {
        capacity = quantity(pvc.at(&["status", "capacity", "storage"]));
        modes = access_modes(pvc.list_at(&["status", "accessModes"]));
    }
    w.field(0, "Capacity", capacity);
    w.field(0, "Access Modes", modes);
    if present(pvc, &["spec", "volumeMode"]).is_some() {
        w.field(0, "VolumeMode", pvc.str_at(&["spec", "volumeMode"]));
    }
    if let Some(source) = present(pvc, &["spec", "dataSource"]) {
        w.line(0, "DataSource:");
        if present(source, &["apiGroup"]).is_some() {
            w.field(1, "APIGroup", source.str_at(&["apiGroup"]));
        }
        w.field(1, "Kind", source.str_at(&["kind"]));
        w.field(1, "Name", source.str_at(&["name"]));
    }
}
