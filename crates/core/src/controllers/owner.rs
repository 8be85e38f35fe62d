//! Whose an object is: controller references, and taking over what a selector picks.
//!
//! Models apimachinery `pkg/apis/meta/v1/controller_ref.go` and `pkg/controller/controller_ref_manager.go`.

use std::sync::Arc;

use gatehouse_model::{Object, Selector, Value, json};

use super::client::Client;

/// The reference that makes `owner` the controller of something.
pub(super) fn controller_ref(owner: &Object) -> Value {
    json!({
        "apiVersion": (owner.api_version()), "kind": (owner.kind()), "name": (owner.name()), "uid": (owner.uid()),
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// Whether `owner` controls `object`.
pub(super) fn controls(owner: &Object, object: &Object) -> bool {
    object.controller().is_some_and(|c| c.str_at(&["uid"]) == owner.uid())
}

/// What `owner` controls of a resource in its namespace, orphans that its selector picks adopted, those that it no
/// longer picks released.
pub(super) fn claim(
    client: &mut Client<'_>,
    resource: &str,
    owner: &Object,
    selector: &Selector,
) -> Vec<Arc<Object>> {
    let uid = owner.uid();
    let store = &client.cluster.store;
    let candidates: Vec<Arc<Object>> = store
        .list(resource, Some(owner.namespace()))
        .filter(|o| match o.controller() {
            Some(controller) => controller.str_at(&["uid"]) == uid,
            None => selector.matches(o.labels()),
        })
        .cloned()
        .collect();
    let mut mine = Vec::new();
    for object in candidates {
        let matches = selector.matches(object.labels());
        if controls(owner, &object) {
            if matches {
                mine.push(object);
            } else if !owner.is_deleting() && !object.is_deleting() {
                let rest: Vec<Value> = references(&object)
                    .iter()
                    .filter(|r| r.str_at(&["uid"]) != owner.uid())
                    .cloned()
                    .collect();
                let _ = set_references(client, resource, &object, rest);
            }
        } else if !owner.is_deleting() && !object.is_deleting() {
            let mut all = references(&object).to_vec();
            all.push(controller_ref(owner));
            if let Some(adopted) = set_references(client, resource, &object, all) {
                mine.push(Arc::new(adopted));
            }
        }
    }
    mine
}

/// An object's owners.
pub(super) fn references(object: &Object) -> &[Value] {
    object.list_at(&["metadata", "ownerReferences"])
}

/// Replaces an object's owners.
pub(super) fn set_references(
    client: &mut Client<'_>,
    resource: &str,
    object: &Object,
    references: Vec<Value>,
) -> Option<Object> {
    let references = if references.is_empty() { Value::Null } else { Value::from(references) };
    let patch = json!({"metadata": {"uid": (object.uid()), "ownerReferences": references}});
    client.merge(resource, object.namespace(), object.name(), patch).ok()
}

/// The selector of a workload: a label selector, or for a ReplicationController plain labels.
pub(super) fn selector_of(owner: &Object) -> Option<Selector> {
    let selector = owner.at(&["spec", "selector"]);
    if owner.kind() == "ReplicationController" {
        let labels = selector.map(|s| s.entries().clone()).unwrap_or_default();
        return (!labels.is_empty()).then(|| Selector::from_labels(&labels));
    }
    let selector = Selector::from_object(selector).ok()?;
    (!selector.is_everything()).then_some(selector)
}
