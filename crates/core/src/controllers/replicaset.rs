//! A ReplicaSet or a ReplicationController keeps its number of pods.
//!
//! Models kube-controller-manager `pkg/controller/replicaset/{replica_set,replica_set_utils}.go`; the other kind runs
//! the same code upstream.

use gatehouse_model::{Object, Value, json};

use super::client::Client;
use super::events::Source;
use super::pods::{self, count};
use super::{memory, owner};

/// What tells the two kinds apart.
struct Kind {
    resource: &'static str,
    source: Source<'static>,
}

const SETS: Kind = Kind { resource: "replicasets.apps", source: Source::new("replicaset-controller") };
const CONTROLLERS: Kind =
    Kind { resource: "replicationcontrollers", source: Source::new("replication-controller") };

pub(super) fn pass(client: &mut Client<'_>) {
    each(client, &SETS);
}

pub(super) fn pass_controllers(client: &mut Client<'_>) {
    each(client, &CONTROLLERS);
}

fn each(client: &mut Client<'_>, kind: &Kind) {
    let due = client.due(kind.resource, &["pods"], &[]);
    for set in client.list(kind.resource, None) {
        if client.looks_at(&due, &set) {
            sync(client, kind, &set);
        }
    }
}

/// What went wrong: too few pods could be made, or too many could not be deleted.
enum Failure {
    Create(String),
    Delete(String),
}

fn sync(client: &mut Client<'_>, kind: &Kind, set: &Object) {
    let Some(selector) = owner::selector_of(set) else { return };
    let claimed = owner::claim(client, "pods", set, &selector);
    let mut active: Vec<Object> =
        claimed.iter().filter(|p| pods::is_active(p)).map(|p| (**p).clone()).collect();
    let terminating = claimed.iter().filter(|p| p.is_deleting() && !pods::is_finished(p)).count();
    let failure = if set.is_deleting() { None } else { manage(client, kind, set, &mut active) };
    let Some(current) = client.get(kind.resource, set.namespace(), set.name()) else { return };
    if current.uid() == set.uid() {
        let status = status(client, &current, &active, terminating, failure);
        let _ = client.update_status(kind.resource, &current, status);
    }
}

fn manage(client: &mut Client<'_>, kind: &Kind, set: &Object, active: &mut Vec<Object>) -> Option<Failure> {
    let wanted = usize::try_from(set.i64_at(&["spec", "replicas"]).unwrap_or(1)).unwrap_or(0);
    let key = memory::key(set);
    if active.len() < wanted {
        if !client.may_retry(&key) {
            let old = pods::condition(set, "ReplicaFailure");
            return old.map(|c| Failure::Create(c.str_at(&["message"]).to_owned()));
        }
        for _ in active.len()..wanted {
            let template = set.at(&["spec", "template"]).cloned().unwrap_or_default();
            match pods::create(client, kind.source, set, pods::from_template(set, &template)) {
                Ok(pod) => active.push(pod),
                Err(status) if pods::is_namespace_going(&status) => break,
                Err(status) => {
                    client.failed(&key);
                    return Some(Failure::Create(status.message));
                }
            }
        }
    } else if active.len() > wanted {
        let mut doomed = active.clone();
        pods::sort_for_deletion(&mut doomed);
        for pod in doomed.into_iter().take(active.len() - wanted) {
            if pods::delete(client, kind.source, set, &pod) {
                active.retain(|p| p.name() != pod.name());
            } else {
                return Some(Failure::Delete(format!("unable to delete pod {}", pod.name())));
            }
        }
    }
    client.succeeded(&key);
    None
}

fn status(
    client: &mut Client<'_>,
    set: &Object,
    active: &[Object],
    terminating: usize,
    failure: Option<Failure>,
) -> Value {
    let min_ready = set.i64_at(&["spec", "minReadySeconds"]).unwrap_or(0);
    let ready = active.iter().filter(|p| pods::is_ready(p)).count();
    let available = active.iter().filter(|p| pods::is_available(client, p, min_ready)).count();
    let template = set.map_at(&["spec", "template", "metadata", "labels"]);
    let labelled =
        active.iter().filter(|p| template.iter().all(|(k, v)| p.labels().get(k) == Some(v))).count();
    let mut status = json!({"replicas": (count(active.len())), "observedGeneration": (set.generation())});
    for (key, n) in
        [("fullyLabeledReplicas", labelled), ("readyReplicas", ready), ("availableReplicas", available)]
    {
        if n > 0 {
            status.set(&[key], count(n));
        }
    }
    // Pods on their way out are counted since 1.35.
    if client.cluster.version.minor() >= 35 && set.kind() == "ReplicaSet" {
        status.set(&["terminatingReplicas"], count(terminating));
    }
    let mut conditions: Vec<Value> = set.list_at(&["status", "conditions"]).to_vec();
    let old = conditions.iter().any(|c| c.str_at(&["type"]) == "ReplicaFailure");
    match failure {
        Some(failure) if !old => {
            let (reason, message) = match failure {
                Failure::Create(message) => ("FailedCreate", message),
                Failure::Delete(message) => ("FailedDelete", message),
            };
            conditions.push(json!({
                "type": "ReplicaFailure", "status": "True", "reason": reason, "message": message,
                "lastTransitionTime": (client.now()),
            }));
        }
        Some(_) => {}
        None => conditions.retain(|c| c.str_at(&["type"]) != "ReplicaFailure"),
    }
    if !conditions.is_empty() {
        status.set(&["conditions"], Value::from(conditions));
    }
    status
}
