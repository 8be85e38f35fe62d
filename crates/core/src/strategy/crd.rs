//! CustomResourceDefinitions are accepted and established at once: the two controllers that say so live in the server.
//!
//! Models apiextensions `pkg/registry/customresourcedefinition/strategy.go` and `pkg/controller/{status,establish}`.

use gatehouse_model::{Object, Value, json};

use crate::server::Call;

/// Fills in the status.
pub(super) fn prepare(call: &Call<'_>, object: &mut Object) {
    let names = object.at(&["spec", "names"]).cloned().unwrap_or_default();
    let stored = object
        .list_at(&["spec", "versions"])
        .iter()
        .find(|v| v.bool_at(&["storage"]) == Some(true))
        .map_or_else(String::new, |v| v.str_at(&["name"]).to_owned());
    let mut versions: Vec<Value> = object.list_at(&["status", "storedVersions"]).to_vec();
    if !versions.iter().any(|v| v.as_str() == Some(&stored)) {
        versions.push(Value::from(stored));
    }
    let now = call.cluster.now.to_string();
    let conditions = match object.at(&["status", "conditions"]) {
        Some(existing) => existing.clone(),
        None => json!([
            {"type": "NamesAccepted", "status": "True", "reason": "NoConflicts", "message": "no conflicts found", "lastTransitionTime": (now.as_str())},
            {"type": "Established", "status": "True", "reason": "InitialNamesAccepted", "message": "the initial names have been accepted", "lastTransitionTime": (now.as_str())},
        ]),
    };
    object.set(
        &["status"],
        json!({"conditions": conditions, "acceptedNames": names, "storedVersions": versions}),
    );
}
