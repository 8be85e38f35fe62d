//! A namespace that is being deleted loses everything in it, then itself.
//!
//! Models kube-controller-manager `pkg/controller/namespace/deletion/{namespaced_resources_deleter,
//! status_condition_utils}.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_model::{Object, Value, json};

use super::client::Client;

/// The finalizer this controller holds in `spec.finalizers`.
const FINALIZER: &str = "kubernetes";

pub(super) fn pass(client: &mut Client<'_>) {
    for namespace in client.list("namespaces", None).into_iter().filter(|n| n.is_deleting()) {
        let held =
            |n: &Object| n.list_at(&["spec", "finalizers"]).iter().any(|f| f.as_str() == Some(FINALIZER));
        if held(&namespace) {
            empty(client, &namespace);
        }
    }
}

fn empty(client: &mut Client<'_>, namespace: &Object) {
    let name = namespace.name().to_owned();
    let mut tables: Vec<String> = client.cluster.store.resources().map(str::to_owned).collect();
    // Since 1.33 everything else waits for the pods.
    let pods_first = client.cluster.version.minor() >= 33;
    if pods_first && client.cluster.store.list("pods", Some(&name)).next().is_some() {
        tables.retain(|t| t == "pods");
    }
    for table in &tables {
        for object in client.list(table, Some(&name)) {
            if !object.is_deleting() {
                let _ = client.delete(table, &name, object.name());
            }
        }
    }
    let rest: Vec<(String, Vec<Arc<Object>>)> = tables
        .into_iter()
        .map(|t| (t.clone(), client.list(&t, Some(&name))))
        .filter(|(_, objects)| !objects.is_empty())
        .collect();
    let Some(current) = client.get("namespaces", "", &name) else { return };
    let conditions = conditions(client, &current, &rest);
    let mut status = current.get("status").cloned().unwrap_or_else(Value::map);
    status.set(&["phase"], "Terminating");
    if !rest.is_empty() || !current.list_at(&["status", "conditions"]).is_empty() {
        status.set(&["conditions"], Value::from(conditions));
    }
    let _ = client.update_status("namespaces", &current, status);
    let nothing_left =
        client.cluster.store.resources().all(|t| client.cluster.store.list(t, Some(&name)).next().is_none());
    if nothing_left && let Some(current) = client.get("namespaces", "", &name) {
        let mut last = (*current).clone();
        let others = last.list_at(&["spec", "finalizers"]).iter().filter(|f| f.as_str() != Some(FINALIZER));
        let others: Vec<Value> = others.cloned().collect();
        last.set(&["spec", "finalizers"], others);
        let _ = client.update("namespaces", &last, "finalize");
    }
}

/// What is left, as the namespace's status tells it.
fn conditions(client: &Client<'_>, namespace: &Object, rest: &[(String, Vec<Arc<Object>>)]) -> Vec<Value> {
    let mut parts: Vec<String> = rest
        .iter()
        .map(|(table, objects)| {
            let (resource, group) = table.split_once('.').unwrap_or((table, ""));
            format!("{resource}.{group} has {} resource instances", objects.len())
        })
        .collect();
    gatehouse_model::order::sort(&mut parts);
    let mut finalizers: BTreeMap<&str, usize> = BTreeMap::new();
    for object in rest.iter().flat_map(|(_, objects)| objects) {
        for finalizer in object.list_at(&["metadata", "finalizers"]).iter().filter_map(Value::as_str) {
            *finalizers.entry(finalizer).or_default() += 1;
        }
    }
    let held: Vec<String> =
        finalizers.iter().map(|(name, n)| format!("{name} in {n} resource instances")).collect();
    let remaining = format!("Some resources are remaining: {}", parts.join(", "));
    let holding = format!("Some content in the namespace has finalizers remaining: {}", held.join(", "));
    let now = client.now();
    [
        (
            "NamespaceDeletionDiscoveryFailure",
            ("ResourcesDiscovered", "All resources successfully discovered"),
            None,
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
            None,
        ),
        (
            "NamespaceDeletionContentFailure",
            ("ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
            None,
        ),
        (
            "NamespaceContentRemaining",
            ("ContentRemoved", "All content successfully removed"),
            (!parts.is_empty()).then_some(("SomeResourcesRemain", remaining.as_str())),
        ),
        (
            "NamespaceFinalizersRemaining",
            ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
            (!held.is_empty()).then_some(("SomeFinalizersRemain", holding.as_str())),
        ),
    ]
    .into_iter()
    .map(|(kind, fine, trouble)| {
        let word = if trouble.is_some() { "True" } else { "False" };
        let (reason, message) = trouble.unwrap_or(fine);
        let old = super::pods::condition(namespace, kind).filter(|c| c.str_at(&["status"]) == word);
        let since = old.map_or(now.as_str(), |c| c.str_at(&["lastTransitionTime"]));
        json!({"type": kind, "status": word, "reason": reason, "message": message, "lastTransitionTime": since})
    })
    .collect()
}
