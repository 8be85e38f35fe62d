//! ControllerRevisions: the templates that DaemonSets and StatefulSets had.
//!
//! Models `pkg/controller/history/controller_history.go`.

use std::sync::Arc;

use gatehouse_model::{Object, Selector, Value, json};

use super::client::Client;
use super::deployment::template_hash;
use super::owner;

/// Where revisions are stored.
pub(super) const REVISIONS: &str = "controllerrevisions.apps";
/// The label with a revision's hash, on revisions and on pods.
pub(super) const HASH: &str = "controller-revision-hash";

/// The revisions of a workload, oldest first.
pub(super) fn of(client: &mut Client<'_>, owner: &Object, selector: &Selector) -> Vec<Arc<Object>> {
    let mut all = owner::claim(client, REVISIONS, owner, selector);
    gatehouse_model::order::by_key(&mut all, |r| number(r));
    all
}

fn number(revision: &Object) -> i64 {
    revision.i64_at(&["revision"]).unwrap_or(0)
}

/// What a revision keeps: the template, as a patch.
fn data(owner: &Object) -> Value {
    let mut template = owner.at(&["spec", "template"]).cloned().unwrap_or_default();
    template.set(&["$patch"], "replace");
    json!({"spec": {"template": template}})
}

/// The revision of the present template: found, brought back as the newest, or made.
pub(super) fn current(client: &mut Client<'_>, owner: &Object, all: &[Arc<Object>]) -> Option<Object> {
    let data = data(owner);
    let next = all.iter().map(|r| number(r)).max().unwrap_or(0) + 1;
    if let Some(same) = all.iter().rev().find(|r| r.get("data") == Some(&data)) {
        if number(same) + 1 == next {
            return Some((**same).clone());
        }
        let mut newest = (**same).clone();
        newest.set(&["revision"], next);
        return client.update(REVISIONS, &newest, "").ok();
    }
    let hash = template_hash(&data, owner.i64_at(&["status", "collisionCount"]));
    let mut labels = owner.map_at(&["spec", "template", "metadata", "labels"]).clone();
    labels.insert(HASH, hash.as_str());
    let mut revision = json!({
        "apiVersion": "apps/v1", "kind": "ControllerRevision",
        "metadata": {
            "name": (format!("{}-{hash}", owner.name())), "namespace": (owner.namespace()), "labels": labels,
            "ownerReferences": [(owner::controller_ref(owner))],
        },
        "data": data, "revision": next,
    });
    if !owner.annotations().is_empty() {
        revision.set(&["metadata", "annotations"], owner.annotations().clone());
    }
    client.create(REVISIONS, revision).ok()
}

/// The hash by which pods name a revision: a DaemonSet's pods the hash alone, a StatefulSet's the whole name.
pub(super) fn hash(revision: &Object) -> &str {
    revision.label(HASH).unwrap_or_default()
}

/// Removes the oldest revisions that nobody uses beyond the history's limit.
pub(super) fn clean_up(client: &mut Client<'_>, owner: &Object, all: &[Arc<Object>], used: &[String]) {
    let limit = owner.i64_at(&["spec", "revisionHistoryLimit"]).unwrap_or(10);
    let Ok(limit) = usize::try_from(limit) else { return };
    let idle: Vec<_> = all.iter().filter(|r| !used.iter().any(|u| u == r.name() || u == hash(r))).collect();
    let surplus = idle.len().saturating_sub(limit);
    for revision in idle.into_iter().take(surplus) {
        let _ = client.delete(REVISIONS, revision.namespace(), revision.name());
    }
}
