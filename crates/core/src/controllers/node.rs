//! What is wrong with a node becomes taints: cordoned, not ready, under pressure.
//!
//! Does not notice silent kubelets: nobody beats hearts here. Models
//! `pkg/controller/nodelifecycle/node_lifecycle_controller.go`.

use std::sync::Arc;

use gatehouse_model::{Object, Value, json};

use super::client::Client;
use super::events::{EventType, Source};
use super::{pods, taint};

const SOURCE: Source<'static> = Source::new("node-controller");

/// Which condition, with which status, stands for which taint.
const TAINTS: &[(&str, &str, &str)] = &[
    ("Ready", "False", "node.kubernetes.io/not-ready"),
    ("Ready", "Unknown", "node.kubernetes.io/unreachable"),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

pub(super) fn pass(client: &mut Client<'_>) {
    if client.cluster.controllers.node_lifecycle {
        for node in client.list("nodes", None) {
            taint_node(client, &node);
            if pods::condition(&node, "Ready").is_some_and(|c| c.str_at(&["status"]) != "True") {
                doubt_pods(client, &node);
            }
        }
    }
    taint::pass(client);
}

/// The taints of the node's conditions, with their effects.
fn wanted(node: &Object) -> Vec<(&'static str, &'static str)> {
    let mut all = Vec::new();
    for (condition, status, key) in TAINTS {
        let holds = pods::condition(node, condition).is_some_and(|c| c.str_at(&["status"]) == *status);
        if holds {
            all.push((*key, "NoSchedule"));
            if *condition == "Ready" {
                all.push((*key, "NoExecute"));
            }
        }
    }
    if node.bool_at(&["spec", "unschedulable"]) == Some(true) {
        all.push((UNSCHEDULABLE, "NoSchedule"));
    }
    all
}

fn taint_node(client: &mut Client<'_>, node: &Object) {
    let wanted = wanted(node);
    let ours = |t: &Value| {
        let key = t.str_at(&["key"]);
        key == UNSCHEDULABLE || TAINTS.iter().any(|(_, _, k)| *k == key)
    };
    let is =
        |t: &Value, (key, effect): (&str, &str)| t.str_at(&["key"]) == key && t.str_at(&["effect"]) == effect;
    let old = node.list_at(&["spec", "taints"]);
    let mut all: Vec<Value> =
        old.iter().filter(|t| !ours(t) || wanted.iter().any(|w| is(t, *w))).cloned().collect();
    for (key, effect) in wanted {
        if !all.iter().any(|t| is(t, (key, effect))) {
            all.push(json!({"key": key, "effect": effect, "timeAdded": (client.now())}));
        }
    }
    if all != old {
        let all = if all.is_empty() { Value::Null } else { Value::from(all) };
        let _ = client.merge("nodes", "", node.name(), json!({"spec": {"taints": all}}));
    }
}

/// Pods of a node that is not ready are not ready either.
fn doubt_pods(client: &mut Client<'_>, node: &Object) {
    let there: Vec<Arc<Object>> =
        client.list("pods", None).into_iter().filter(|p| pods::node(p) == node.name()).collect();
    for pod in there.iter().filter(|p| pods::is_ready(p)) {
        let mut status = pod.get("status").cloned().unwrap_or_else(Value::map);
        let now = client.now();
        for condition in status.entry_at(&["conditions"]).make_list() {
            if condition.str_at(&["type"]) == "Ready" {
                condition.set(&["status"], "False");
                condition.set(&["lastTransitionTime"], now.as_str());
            }
        }
        if client.update_status("pods", pod, status).is_ok() {
            client.event(SOURCE, pod, EventType::Warning, "NodeNotReady", "Node is not ready");
        }
    }
}
