//! What a pod's status may become.
//!
//! Models `ValidatePodStatusUpdate`. Knows no users of containers and no health of what they claim.

use std::net::IpAddr;

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::{Rules, meta, pod};

/// `pods/status`
pub(super) fn update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    pod::annotations(errors, new, old);
    for (i, condition) in new.list_at(&["status", "conditions"]).iter().enumerate() {
        let kind = condition.str_at(&["type"]);
        // The server looks for conditions in the metadata.
        let path = FieldPath::new("metadata.conditions").index(i).child("Type");
        if rules.version.minor() >= 27 {
            check::text(errors, &path, kind, names::label_key(kind));
        }
    }
    let path = FieldPath::new("status");
    if new.str_at(&["spec", "nodeName"]) != old.str_at(&["spec", "nodeName"]) {
        errors.push(FieldError::forbidden(path.child("nodeName"), "may not be changed directly"));
    }
    let nominated = new.str_at(&["status", "nominatedNodeName"]);
    if !nominated.is_empty() && nominated != old.str_at(&["status", "nominatedNodeName"]) {
        check::text(errors, &path.child("nominatedNodeName"), nominated, names::dns1123_subdomain(nominated));
    }
    let (class, before) = (new.str_at(&["status", "qosClass"]), old.str_at(&["status", "qosClass"]));
    if !before.is_empty() && class != before {
        errors.push(FieldError::invalid(path.child("qosClass"), &class.into(), "field is immutable"));
    }
    let policy = old.str_at(&["spec", "restartPolicy"]);
    transitions(errors, new, old, "containerStatuses", policy);
    transitions(errors, new, old, "initContainerStatuses", policy);
    transitions(errors, new, old, "ephemeralContainerStatuses", "Never");
    claims(errors, &path.child("resourceClaimStatuses"), new);
    addresses(errors, &path.child("podIPs"), new.list_at(&["status", "podIPs"]));
    let hosts = new.list_at(&["status", "hostIPs"]);
    if let Some(first) = hosts.first().map(|h| h.str_at(&["ip"]))
        && first != new.str_at(&["status", "hostIP"])
    {
        let path = path.child("hostIPs").index(0).child("ip");
        errors.push(FieldError::invalid(path, &first.into(), "must be equal to `hostIP`"));
    }
    addresses(errors, &path.child("hostIPs"), hosts);
}

/// A container that has ended for good does not run again.
fn transitions(errors: &mut Errors, new: &Object, old: &Object, field: &str, policy: &str) {
    if policy == "Always" {
        return;
    }
    let sidecar = |name: &str| {
        field == "initContainerStatuses"
            && old
                .list_at(&["spec", "initContainers"])
                .iter()
                .any(|c| c.str_at(&["name"]) == name && c.str_at(&["restartPolicy"]) == "Always")
    };
    for (i, before) in old.list_at(&["status", field]).iter().enumerate() {
        let Some(ended) = before.at(&["state", "terminated"]) else { continue };
        let name = before.str_at(&["name"]);
        let failed = ended.i64_at(&["exitCode"]).unwrap_or(0) != 0;
        if (failed && policy == "OnFailure") || sidecar(name) {
            continue;
        }
        for now in new.list_at(&["status", field]).iter().filter(|s| s.str_at(&["name"]) == name) {
            if now.at(&["state", "terminated"]).is_none() {
                let path = FieldPath::new("status").child(field).index(i).child("state");
                errors.push(FieldError::forbidden(path, "may not be transitioned to non-terminated state"));
            }
        }
    }
}

fn claims(errors: &mut Errors, path: &FieldPath, pod: &Object) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, status) in pod.list_at(&["status", "resourceClaimStatuses"]).iter().enumerate() {
        let path = path.index(i).child("name");
        let name = status.str_at(&["name"]);
        if !pod.list_at(&["spec", "resourceClaims"]).iter().any(|c| c.str_at(&["name"]) == name) {
            let why = "must match the name of an entry in `spec.resourceClaims`";
            errors.push(FieldError::invalid(path.clone(), &name.into(), why));
        }
        if seen.contains(&name) {
            errors.push(FieldError::duplicate(path.clone(), &name.into()));
        }
        seen.push(name);
        if let Some(claim) = status.get("resourceClaimName").and_then(Value::as_str) {
            check::text(errors, &path, claim, names::dns1123_subdomain(claim));
        }
    }
}

/// One address of each family.
fn addresses(errors: &mut Errors, path: &FieldPath, list: &[Value]) {
    let ip = |entry: &Value| entry.str_at(&["ip"]).to_owned();
    for (i, entry) in list.iter().enumerate() {
        check::ip(errors, &path.index(i), &ip(entry));
    }
    if list.len() < 2 {
        return;
    }
    let of_four = |entry: &Value| ip(entry).parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4());
    let both = list.iter().any(of_four) && !list.iter().all(of_four);
    if !both || list.len() > 2 {
        let shown: Vec<Value> =
            list.iter().map(|entry| gatehouse_model::json!({"IP": (ip(entry))})).collect();
        let why = "may specify no more than one IP for each IP family";
        errors.push(FieldError::invalid(path.clone(), &Value::from(shown), why));
    }
    for (i, entry) in list.iter().enumerate() {
        if list.iter().take(i).any(|earlier| ip(earlier) == ip(entry)) {
            let shown = gatehouse_model::json!({"IP": (ip(entry))});
            errors.push(FieldError::duplicate(path.index(i), &shown));
        }
    }
}
