//! What may change when a running pod gets more or less.
//!
//! Models `ValidatePodResize`. Knows no resizing of a pod's resources as a whole.

use gatehouse_model::{FieldError, FieldPath, Object, Value};

use super::check::Errors;
use super::{Rules, meta, pod, resources};

/// `pods/resize`
pub(super) fn update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    let refused = if old.annotations().contains_key(pod::MIRROR) {
        "static pods cannot be resized"
    } else if old.str_at(&["spec", "os", "name"]) == "windows" {
        "windows pods cannot be resized"
    } else {
        ""
    };
    if !refused.is_empty() {
        errors.clear();
        errors.push(FieldError::forbidden(FieldPath::new("[]"), refused));
        return;
    }
    meta::update(errors, new, old);
    pod::whole(errors, rules, new);
    let path = FieldPath::new("spec");
    if crate::strategy::qos(new) != old.str_at(&["status", "qosClass"]) {
        // The class that is shown is the one the status still says.
        let shown = Value::from(new.str_at(&["status", "qosClass"]));
        let why = "Pod QOS Class may not change as a result of resizing";
        errors.push(FieldError::invalid(path.clone(), &shown, why));
    }
    let restarts = |c: &Value| c.str_at(&["restartPolicy"]) == "Always";
    let mut munged = new.get("spec").cloned().unwrap_or_default();
    for field in ["initContainers", "containers"] {
        let (now, before) = (new.list_at(&["spec", field]), old.list_at(&["spec", field]));
        for (i, (now, before)) in now.iter().zip(before).enumerate() {
            if field == "containers" || restarts(before) {
                container(errors, rules, &path.child(field).index(i).child("resources"), now, before);
            }
        }
    }
    for field in ["containers", "initContainers"] {
        let before = old.list_at(&["spec", field]);
        let Some(list) = munged.at_mut(&[field]) else { continue };
        for (container, before) in list.make_list().iter_mut().zip(before) {
            let fixed = field == "initContainers" && !restarts(container);
            if !fixed {
                keep(container, before);
            }
            if container != before {
                errors.push(FieldError::forbidden(
                    path.clone(),
                    match (field, fixed) {
                        ("containers", _) => "only cpu and memory resources are mutable",
                        (_, true) => "resources for non-sidecar init containers are immutable",
                        _ => "only cpu and memory resources for sidecar containers are mutable",
                    },
                ));
            }
        }
    }
    if errors.is_empty() && Some(&munged) != old.get("spec") {
        errors.push(FieldError::forbidden(path, "only cpu and memory resources are mutable"));
    }
}

/// Gives a container back the amounts that may differ.
fn keep(container: &mut Value, before: &Value) {
    for kind in ["limits", "requests"] {
        if before.at(&["resources", kind]).is_none() {
            container.remove(&["resources", kind]);
            continue;
        }
        for name in ["cpu", "memory"] {
            match before.at(&["resources", kind, name]) {
                Some(amount) => container.set(&["resources", kind, name], amount.clone()),
                None => {
                    container.remove(&["resources", kind, name]);
                }
            }
        }
    }
    if before.get("resources").is_some_and(|r| r.entries().is_empty()) && container.get("resources").is_none()
    {
        container.set(&["resources"], Value::map());
    }
}

fn container(errors: &mut Errors, rules: &Rules, path: &FieldPath, now: &Value, before: &Value) {
    for kind in ["requests", "limits"] {
        let (now, before) = (now.map_at(&["resources", kind]), before.map_at(&["resources", kind]));
        if before.keys().any(|name| !now.contains_key(name)) {
            let why = format!("resource {kind} cannot be removed");
            errors.push(FieldError::forbidden(path.child(kind), why));
        }
    }
    // Since 1.34 less memory is tried without a restart.
    if rules.version.minor() >= 34 {
        return;
    }
    let restart = now
        .list_at(&["resizePolicy"])
        .iter()
        .find(|p| p.str_at(&["resourceName"]) == "memory")
        .map_or("", |p| p.str_at(&["restartPolicy"]));
    if !matches!(restart, "" | "NotRequired") {
        return;
    }
    let limit = |c: &Value| c.at(&["resources", "limits", "memory"]).and_then(|v| resources::quantity(v).1);
    let why = match (limit(now), limit(before)) {
        (Some(now), Some(before)) if now < before => "decreased",
        (Some(_), None) => "added",
        _ => return,
    };
    let why = format!("memory limits cannot be {why} unless resizePolicy is RestartContainer");
    errors.push(FieldError::forbidden(path.child("limits").key("memory"), why));
}
