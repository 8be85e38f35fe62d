//! Whether the volumes a pod claims are there and can be reached from a node.
//!
//! Models `pkg/scheduler/framework/plugins/volumebinding`.

use std::sync::Arc;

use gatehouse_model::{Object, Value};

use super::Refusal;
use super::fit;
use super::view::View;
use crate::controllers::client::Client;
use crate::controllers::volume;

/// The claims a pod's volumes name.
fn names(pod: &Object) -> Vec<String> {
    pod.list_at(&["spec", "volumes"])
        .iter()
        .filter_map(|v| match v.at(&["persistentVolumeClaim", "claimName"]) {
            Some(name) => name.as_str().map(str::to_owned),
            None if v.get("ephemeral").is_some_and(|e| !e.is_null()) => {
                Some(format!("{}-{}", pod.name(), v.str_at(&["name"])))
            }
            None => None,
        })
        .collect()
}

fn claims(client: &Client<'_>, pod: &Object) -> Vec<Arc<Object>> {
    names(pod).iter().filter_map(|n| client.get("persistentvolumeclaims", pod.namespace(), n)).collect()
}

fn is_bound(claim: &Object) -> bool {
    !claim.str_at(&["spec", "volumeName"]).is_empty()
        && claim.annotation("pv.kubernetes.io/bind-completed").is_some()
}

/// What keeps the pod from every node: a claim that is missing or not bound although it should be at once.
pub(super) fn general_refusal(client: &Client<'_>, pod: &Object) -> Option<String> {
    for name in names(pod) {
        let Some(claim) = client.get("persistentvolumeclaims", pod.namespace(), &name) else {
            return Some(format!("persistentvolumeclaim \"{name}\" not found"));
        };
        if claim.is_deleting() {
            return Some(format!("persistentvolumeclaim \"{name}\" is being deleted"));
        }
    }
    claims(client, pod)
        .iter()
        .any(|c| !is_bound(c) && !volume::waits_for_consumer(client, c))
        .then(|| "pod has unbound immediate PersistentVolumeClaims".to_owned())
}

/// What keeps a pod back whose claim only one pod may use at a time.
pub(super) fn sole_user(client: &Client<'_>, view: &View, pod: &Object) -> Option<Refusal> {
    let sole = |c: &Arc<Object>| {
        c.list_at(&["spec", "accessModes"]).iter().any(|m| m.as_str() == Some("ReadWriteOncePod"))
    };
    let mut sole = claims(client, pod).into_iter().filter(sole);
    let used = sole.any(|claim| {
        let others = view.nodes.iter().flat_map(|(_, pods)| pods);
        let mut others = others.filter(|p| p.namespace() == pod.namespace() && p.uid() != pod.uid());
        others.any(|p| names(p).iter().any(|n| n == claim.name()))
    });
    used.then(|| {
        let why =
            "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode";
        Refusal::resolvable(why)
    })
}

/// Why a node cannot reach the pod's volumes.
pub(super) fn refusal(client: &Client<'_>, pod: &Object, node: &Object) -> Option<Refusal> {
    for claim in claims(client, pod) {
        if is_bound(&claim) {
            let bound = client.get("persistentvolumes", "", claim.str_at(&["spec", "volumeName"]));
            if bound.is_some_and(|v| !reachable(&v, node)) {
                let why = if client.cluster.version.minor() >= 34 {
                    "node(s) didn't match PersistentVolume's node affinity"
                } else {
                    "node(s) had volume node affinity conflict"
                };
                return Some(Refusal::lasting(why));
            }
        } else if volume::find(client, &claim, |v| reachable(v, node)).is_none()
            && !volume::is_provisioned(client, &claim)
        {
            return Some(Refusal::lasting("node(s) didn't find available persistent volumes to bind"));
        }
    }
    None
}

/// Whether a volume's node affinity lets a node use it.
fn reachable(volume: &Object, node: &Object) -> bool {
    match volume.at(&["spec", "nodeAffinity", "required"]) {
        Some(required) if !required.is_null() => fit::matches_selector(required, node),
        _ => true,
    }
}

/// Binds the claims that waited for a pod. Says whether the pod can be bound now.
pub(super) fn bind(client: &mut Client<'_>, pod: &Object, node: &Object) -> bool {
    let mut all = true;
    for claim in claims(client, pod) {
        if is_bound(&claim) {
            continue;
        }
        if let Some(found) = volume::find(client, &claim, |v| reachable(v, node)) {
            volume::bind(client, &claim, &found);
        } else {
            // A provisioner outside of the cluster is asked; nobody here makes volumes.
            const SELECTED: &str = "volume.kubernetes.io/selected-node";
            if claim.annotation(SELECTED) != Some(node.name()) {
                let patch = gatehouse_model::json!({"metadata": {"annotations": {SELECTED: (node.name())}}});
                let _ = client.merge("persistentvolumeclaims", claim.namespace(), claim.name(), patch);
            }
            all = false;
        }
    }
    all
}

/// Whether the pod claims any volume.
pub(super) fn has_claims(pod: &Object) -> bool {
    pod.list_at(&["spec", "volumes"])
        .iter()
        .any(|v| v.get("persistentVolumeClaim").or(v.get("ephemeral")).is_some_and(|c: &Value| !c.is_null()))
}
