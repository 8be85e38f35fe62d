//! Clears away what nobody else removes: pods of nodes that are gone, finished jobs whose time is over.
//!
//! Models `pkg/controller/podgc/gc_controller.go` and `pkg/controller/ttlafterfinished`.

use std::collections::BTreeSet;
use std::sync::Arc;

use gatehouse_model::Object;

use super::client::Client;
use super::{job, pods};
use crate::request::Propagation;
use crate::store::Key;

/// How long a node has to be missing before its pods are given up, in milliseconds: the quarantine, and half a round.
const MISSED_FOR: i64 = 50_000;

/// Pods that never reached a node and are being deleted, and those whose node is gone.
pub(super) fn pods_pass(client: &mut Client<'_>) {
    let now = client.cluster.now;
    let mut missing = std::mem::take(&mut client.cluster.controllers.missing);
    missing.retain(|node, _| client.get("nodes", "", node).is_none());
    for pod in concerned(client, missing.is_empty()) {
        let node = pods::node(&pod);
        let lost = if node.is_empty() {
            pod.is_deleting()
        } else if client.get("nodes", "", node).is_none() {
            let until = missing.entry(node.to_owned()).or_insert(now).plus_millis(MISSED_FOR);
            if until > now {
                client.wake_at(until);
            }
            until <= now
        } else {
            false
        };
        if lost {
            let _ = client.delete_now("pods", pod.namespace(), pod.name());
        }
    }
    client.cluster.controllers.missing = missing;
}

/// The pods to look at: as long as every node is there, those that changed.
fn concerned(client: &Client<'_>, complete: bool) -> Vec<Arc<Object>> {
    let changes = client.cluster.controllers.changes(&client.cluster.store).filter(|_| complete);
    let Some(changes) = changes else { return client.list("pods", None) };
    let mut keys: BTreeSet<&Key> = BTreeSet::new();
    for change in changes {
        if change.removed && *change.table == *"nodes" {
            return client.list("pods", None);
        }
        if *change.table == *"pods" {
            keys.insert(&change.key);
        }
    }
    keys.into_iter().filter_map(|(namespace, name)| client.get("pods", namespace, name)).collect()
}

/// `ttlSecondsAfterFinished`
pub(super) fn jobs_pass(client: &mut Client<'_>) {
    for job in client.list("jobs.batch", None) {
        let Some(seconds) = job.i64_at(&["spec", "ttlSecondsAfterFinished"]) else { continue };
        let Some(how) = job::ended(&job).filter(|_| !job.is_deleting()) else { continue };
        let Some(end) = end(&job, how).map(|t| t.plus_millis(seconds * 1000)) else { continue };
        if end <= client.cluster.now {
            let _ = client.delete_with("jobs.batch", job.namespace(), job.name(), Propagation::Foreground);
        } else {
            client.wake_at(end);
        }
    }
}

fn end(job: &Object, how: &str) -> Option<crate::world::Timestamp> {
    pods::moment(pods::condition(job, how)?.str_at(&["lastTransitionTime"]))
}
