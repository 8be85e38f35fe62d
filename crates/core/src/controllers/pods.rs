//! What controllers of pods share: which pods count, which go first, how a template becomes a pod.
//!
//! Models `pkg/controller/controller_utils.go` and `pkg/api/v1/pod/util.go`.

use std::cmp::Ordering;

use gatehouse_model::{Object, Value, json, time};

use super::client::Client;
use super::events::{EventType, Source};
use super::owner;
use crate::status::Status;
use crate::world::Timestamp;

/// Whether the pod has not ended and is not being deleted.
pub(super) fn is_active(pod: &Object) -> bool {
    !pod.is_deleting() && !is_finished(pod)
}

/// Whether the pod has ended.
pub(super) fn is_finished(pod: &Object) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// `status.phase`
pub(super) fn phase(pod: &Object) -> &str {
    pod.str_at(&["status", "phase"])
}

/// The node the pod is bound to, or nothing.
pub(super) fn node(pod: &Object) -> &str {
    pod.str_at(&["spec", "nodeName"])
}

/// A condition of an object's status.
pub(super) fn condition<'a>(object: &'a Object, kind: &str) -> Option<&'a Value> {
    object.list_at(&["status", "conditions"]).iter().find(|c| c.str_at(&["type"]) == kind)
}

/// Whether a condition of an object's status is true.
pub(super) fn is_true(object: &Object, kind: &str) -> bool {
    condition(object, kind).is_some_and(|c| c.str_at(&["status"]) == "True")
}

/// Whether the pod is ready.
pub(super) fn is_ready(pod: &Object) -> bool {
    is_true(pod, "Ready")
}

/// A time in an object, as milliseconds since 1970.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let (seconds, nanos) = time::parse_rfc3339(text).ok()?;
    Some(Timestamp(seconds * 1000 + i64::from(nanos) / 1_000_000))
}

/// Whether the pod is ready since `min_ready` seconds; asks to be woken when it will be.
pub(super) fn is_available(client: &mut Client<'_>, pod: &Object, min_ready: i64) -> bool {
    if !is_ready(pod) {
        return false;
    }
    if min_ready <= 0 {
        return true;
    }
    let since = condition(pod, "Ready").map_or("", |c| c.str_at(&["lastTransitionTime"]));
    let Some(from) = moment(since).map(|t| t.plus_millis(min_ready * 1000)) else { return false };
    let reached = from <= client.cluster.now;
    if !reached {
        client.cluster.controllers.wake_at(from);
    }
    reached
}

/// Sorts pods so that those to delete first come first: unassigned, pending, not ready, cheap by annotation, on
/// crowded nodes, ready for a short time, often restarted, young.
pub(super) fn sort_for_deletion(pods: &mut [Object]) {
    let nodes: Vec<String> = pods.iter().map(|p| node(p).to_owned()).collect();
    let crowd = |p: &Object| nodes.iter().filter(|n| *n == node(p)).count();
    gatehouse_model::order::by(pods, |a, b| {
        node(b)
            .is_empty()
            .cmp(&node(a).is_empty())
            .then_with(|| phase_rank(a).cmp(&phase_rank(b)))
            .then_with(|| is_ready(a).cmp(&is_ready(b)))
            .then_with(|| cost(a).cmp(&cost(b)))
            .then_with(|| crowd(b).cmp(&crowd(a)))
            .then_with(|| younger(&ready_since(a), &ready_since(b)))
            .then_with(|| restarts(b).cmp(&restarts(a)))
            .then_with(|| younger(created(a), created(b)))
    });
}

fn younger(a: &str, b: &str) -> Ordering {
    b.cmp(a)
}

fn phase_rank(pod: &Object) -> u8 {
    match phase(pod) {
        "Running" => 2,
        "Unknown" => 1,
        _ => 0,
    }
}

fn cost(pod: &Object) -> i32 {
    pod.annotation("controller.kubernetes.io/pod-deletion-cost").and_then(|c| c.parse().ok()).unwrap_or(0)
}

fn ready_since(pod: &Object) -> String {
    condition(pod, "Ready").map(|c| c.str_at(&["lastTransitionTime"]).to_owned()).unwrap_or_default()
}

fn restarts(pod: &Object) -> i64 {
    pod.list_at(&["status", "containerStatuses"])
        .iter()
        .filter_map(|c| c.i64_at(&["restartCount"]))
        .max()
        .unwrap_or(0)
}

/// When the object was made.
pub(super) fn created(object: &Object) -> &str {
    object.str_at(&["metadata", "creationTimestamp"])
}

/// The pod that a template of `owner` makes, its name to be generated.
pub(super) fn from_template(owner: &Object, template: &Value) -> Value {
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod"});
    let mut metadata = Value::map();
    for field in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template.at(&["metadata", field]) {
            metadata.set(&[field], value.clone());
        }
    }
    metadata.set(&["namespace"], owner.namespace());
    metadata.set(&["generateName"], format!("{}-", owner.name()));
    metadata.set(&["ownerReferences"], Value::from(vec![owner::controller_ref(owner)]));
    pod.set(&["metadata"], metadata);
    pod.set(&["spec"], template.get("spec").cloned());
    pod
}

/// Whether something was refused because its namespace is being deleted: nobody need be told.
pub(super) fn is_namespace_going(status: &Status) -> bool {
    status.causes.iter().any(|c| c.reason == "NamespaceTerminating")
}

/// Makes a pod for `owner` and says so in an event.
pub(super) fn create(
    client: &mut Client<'_>,
    source: Source<'_>,
    owner: &Object,
    pod: Value,
) -> Result<Object, Status> {
    match client.create("pods", pod) {
        Ok(pod) => {
            let message = format!("Created pod: {}", pod.name());
            client.event(source, owner, EventType::Normal, "SuccessfulCreate", &message);
            Ok(pod)
        }
        Err(status) => {
            if !is_namespace_going(&status) {
                let message = format!("Error creating: {}", status.message);
                client.event(source, owner, EventType::Warning, "FailedCreate", &message);
            }
            Err(status)
        }
    }
}

/// Deletes a pod of `owner` and says so in an event.
pub(super) fn delete(client: &mut Client<'_>, source: Source<'_>, owner: &Object, pod: &Object) -> bool {
    match client.delete("pods", pod.namespace(), pod.name()) {
        Ok(()) => {
            let message = format!("Deleted pod: {}", pod.name());
            client.event(source, owner, EventType::Normal, "SuccessfulDelete", &message);
            true
        }
        Err(status) => {
            if status.code != 404 {
                let message = format!("Error deleting: {}", status.message);
                client.event(source, owner, EventType::Warning, "FailedDelete", &message);
            }
            false
        }
    }
}

/// The condition of a pod that has to go: why, and in whose words.
pub(crate) fn disruption(pod: &Object, minor: u8, (reason, message): (&str, &str), now: &str) -> Value {
    let mut condition = json!({
        "type": "DisruptionTarget", "status": "True", "reason": reason, "message": message, "lastProbeTime": null,
        "lastTransitionTime": now,
    });
    if minor >= 34 {
        condition.set(&["observedGeneration"], pod.generation());
    }
    condition
}

/// `status.KEY` as a number.
pub(super) fn status_of(object: &Object, key: &str) -> i64 {
    object.i64_at(&["status", key]).unwrap_or(0)
}

/// How many there are, as the API counts.
pub(super) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// An int-or-percent of `total`.
pub(super) fn scaled(value: Option<&Value>, total: i64, round_up: bool, otherwise: i64) -> i64 {
    match value {
        Some(Value::Int(n)) => *n,
        Some(Value::Str(s)) => {
            let percent: i64 = s.trim_end_matches('%').parse().unwrap_or(0);
            if round_up { (total * percent + 99).div_euclid(100) } else { (total * percent).div_euclid(100) }
        }
        _ => otherwise,
    }
}
