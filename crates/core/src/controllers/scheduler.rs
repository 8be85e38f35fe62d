//! Binds pods to nodes.
//!
//! Models kube-scheduler's filters as far as a learner meets them: unschedulable nodes, taints, node selectors.

use gatehouse_model::{Object, Value, json};

use super::client::Client;
use super::events::{self, EventType, Source};

const SOURCE: Source<'static> = Source { component: "default-scheduler", host: "" };

pub(super) fn pass(client: &mut Client<'_>) {
    let nodes = client.list("nodes", None);
    if nodes.is_empty() {
        return;
    }
    for pod in client.list("pods", None) {
        let waiting = pod.str_at(&["spec", "nodeName"]).is_empty()
            && !pod.is_deleting()
            && pod.str_at(&["spec", "schedulerName"]) == "default-scheduler"
            && pod.list_at(&["spec", "schedulingGates"]).is_empty();
        if !waiting {
            continue;
        }
        let mut refusals: Vec<&str> = Vec::new();
        let mut fit = None;
        for node in &nodes {
            match refusal(&pod, node) {
                Some(why) => refusals.push(why),
                None => fit = fit.or(Some(node)),
            }
        }
        match fit {
            Some(node) => bind(client, &pod, node.name()),
            None => unschedulable(client, &pod, &refusals),
        }
    }
}

fn bind(client: &mut Client<'_>, pod: &Object, node: &str) {
    let (namespace, name) = (pod.namespace(), pod.name());
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding", "metadata": {"name": name, "namespace": namespace},
        "target": {"apiVersion": "v1", "kind": "Node", "name": node},
    });
    if client.create_sub("pods", namespace, name, "binding", binding).is_ok() {
        let message = format!("Successfully assigned {namespace}/{name} to {node}");
        events::record(client.cluster, SOURCE, pod, "", EventType::Normal, "Scheduled", &message);
    }
}

fn unschedulable(client: &mut Client<'_>, pod: &Object, refusals: &[&str]) {
    let total = refusals.len();
    let mut counted: Vec<(usize, &str)> = Vec::new();
    for why in refusals {
        match counted.iter_mut().find(|(_, w)| w == why) {
            Some((n, _)) => *n += 1,
            None => counted.push((1, why)),
        }
    }
    let mut reasons: Vec<String> = counted.iter().map(|(n, why)| format!("{n} {why}")).collect();
    reasons.sort();
    let message = format!(
        "0/{total} nodes are available: {}. no new claims to deallocate, preemption: 0/{total} nodes are available: {total} \
         Preemption is not helpful for scheduling.",
        reasons.join(", ")
    );
    let told = pod.list_at(&["status", "conditions"]).iter().any(|c| c.str_at(&["message"]) == message);
    if told {
        return;
    }
    let mut status = pod.get("status").cloned().unwrap_or_else(Value::map);
    let now = client.cluster.now.to_string();
    let condition = json!({
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": (message.as_str()),
        "lastProbeTime": null, "lastTransitionTime": (now.as_str()),
    });
    let mut conditions: Vec<Value> = status
        .list_at(&["conditions"])
        .iter()
        .filter(|c| c.str_at(&["type"]) != "PodScheduled")
        .cloned()
        .collect();
    conditions.push(condition);
    status.set(&["conditions"], Value::from(conditions));
    if client.update_status("pods", pod, status).is_ok() {
        events::record(client.cluster, SOURCE, pod, "", EventType::Warning, "FailedScheduling", &message);
    }
}

/// Why a pod cannot go to a node.
fn refusal(pod: &Object, node: &Object) -> Option<&'static str> {
    let selector = pod.map_at(&["spec", "nodeSelector"]);
    if node.bool_at(&["spec", "unschedulable"]) == Some(true) {
        return Some("node(s) were unschedulable");
    }
    if selector.iter().any(|(k, v)| node.label(k) != v.as_str()) {
        return Some("node(s) didn't match Pod's node affinity/selector");
    }
    let tolerations = pod.list_at(&["spec", "tolerations"]);
    let untolerated = node
        .list_at(&["spec", "taints"])
        .iter()
        .filter(|t| matches!(t.str_at(&["effect"]), "NoSchedule" | "NoExecute"))
        .any(|taint| !tolerations.iter().any(|t| tolerates(t, taint)));
    untolerated.then_some("node(s) had untolerated taint(s)")
}

fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let (effect, key) = (toleration.str_at(&["effect"]), toleration.str_at(&["key"]));
    (effect.is_empty() || effect == taint.str_at(&["effect"]))
        && (key.is_empty() || key == taint.str_at(&["key"]))
        && (toleration.str_at(&["operator"]) == "Exists"
            || toleration.str_at(&["value"]) == taint.str_at(&["value"]))
}
