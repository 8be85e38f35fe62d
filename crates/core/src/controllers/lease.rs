//! The leases by which kubelets say that they are there.
//!
//! Models component-helpers `apimachinery/lease/controller.go`. The renewals pass the API server by: nobody looks at them, and
//! they would fill every log.

use gatehouse_model::{Object, json, time};

use crate::cluster::Cluster;
use crate::world::Timestamp;

const LEASES: &str = "leases.coordination.k8s.io";
const NAMESPACE: &str = "kube-node-lease";
/// How often a lease is renewed, in milliseconds.
const PERIOD: i64 = 10_000;

/// Renews the lease of a node that is heard of.
pub fn renew(cluster: &mut Cluster, node: &Object) {
    let now = cluster.now;
    let instant = time::rfc3339_micro(now.seconds(), 0);
    let old = cluster.store.get(LEASES, NAMESPACE, node.name()).cloned();
    let mut lease = match old {
        Some(old) => {
            let renewed = super::pods::moment(old.str_at(&["spec", "renewTime"]));
            if renewed.is_some_and(|t| t.plus_millis(PERIOD) > now) {
                return;
            }
            (*old).clone()
        }
        None if cluster.store.get("namespaces", "", NAMESPACE).is_some() => made(node, now),
        None => return,
    };
    lease.set(&["spec", "renewTime"], instant);
    cluster.store.put(LEASES, lease);
}

fn made(node: &Object, now: Timestamp) -> Object {
    Object(json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {
            "name": (node.name()), "namespace": NAMESPACE, "uid": (uid(node)), "creationTimestamp": (now.to_string()),
            "ownerReferences": [
                {"apiVersion": "v1", "kind": "Node", "name": (node.name()), "uid": (node.uid())},
            ],
        },
        "spec": {"holderIdentity": (node.name()), "leaseDurationSeconds": 40},
    }))
}

/// A UID that follows from the node's: its first part backwards.
fn uid(node: &Object) -> String {
    let (first, rest) = node.uid().split_once('-').unwrap_or((node.uid(), ""));
    let first: String = first.chars().rev().collect();
    format!("{first}-{rest}")
}
