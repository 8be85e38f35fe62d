//! Signing requests say who asked; approvals keep everything but the conditions.
//!
//! Models `pkg/registry/certificates/certificates/strategy.go`.

use gatehouse_model::{Map, Object, Value};

use crate::server::Call;

/// Fills in the requester.
pub(super) fn prepare_for_create(call: &Call<'_>, object: &mut Object) {
    let user = &call.user;
    for field in ["username", "uid", "groups", "extra"] {
        object.remove(&["spec", field]);
    }
    object.set(&["spec", "username"], user.name.as_str());
    if !user.uid.is_empty() {
        object.set(&["spec", "uid"], user.uid.as_str());
    }
    if !user.groups.is_empty() {
        object.set(&["spec", "groups"], user.groups.clone());
    }
    if !user.extra.is_empty() {
        let extra: Map = user.extra.iter().map(|(k, v)| (k.as_str(), Value::from(v.clone()))).collect();
        object.set(&["spec", "extra"], extra);
    }
}

/// The spec never changes; the certificate comes through `status`, the conditions through `approval`.
pub(super) fn prepare_for_update(call: &Call<'_>, object: &mut Object, old: &Object, subresource: &str) {
    super::copy(object, old, "spec");
    match subresource {
        "approval" => {
            if let Some(certificate) = old.at(&["status", "certificate"]) {
                object.set(&["status", "certificate"], certificate.clone());
            }
            fill_times(call, object, old);
        }
        "status" => {
            let mut conditions: Vec<Value> = old.list_at(&["status", "conditions"]).to_vec();
            for condition in object.list_at(&["status", "conditions"]) {
                if condition.str_at(&["type"]) == "Failed" && !conditions.contains(condition) {
                    conditions.push(condition.clone());
                }
            }
            if !conditions.is_empty() {
                object.set(&["status", "conditions"], conditions);
            }
        }
        _ => {}
    }
}

fn fill_times(call: &Call<'_>, object: &mut Object, old: &Object) {
    let now = Value::from(call.cluster.now.to_string());
    let old: Vec<Value> = old.list_at(&["status", "conditions"]).to_vec();
    let Some(conditions) = object.at_mut(&["status", "conditions"]) else { return };
    for condition in conditions.make_list() {
        let kind = condition.str_at(&["type"]).to_owned();
        let before = old.iter().find(|c| c.str_at(&["type"]) == kind);
        if condition.str_at(&["status"]).is_empty() {
            condition.set(&["status"], "True");
        }
        if condition.str_at(&["lastTransitionTime"]).is_empty() {
            let when =
                before.and_then(|c| c.get("lastTransitionTime")).cloned().unwrap_or_else(|| now.clone());
            condition.set(&["lastTransitionTime"], when);
        }
        if condition.str_at(&["lastUpdateTime"]).is_empty() {
            condition.set(&["lastUpdateTime"], now.clone());
        }
    }
}
