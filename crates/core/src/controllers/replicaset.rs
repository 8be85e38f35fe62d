//! A ReplicaSet keeps its number of pods.
//!
//! Models kube-controller-manager `pkg/controller/replicaset/replica_set.go`.

use gatehouse_model::{Object, Selector, Value, json};

use super::client::Client;
use super::events::{self, EventType, Source};

const SOURCE: Source<'static> = Source { component: "replicaset-controller", host: "" };

pub(super) fn pass(client: &mut Client<'_>) {
    for set in client.list("replicasets.apps", None) {
        if !set.is_deleting() {
            sync(client, &set);
        }
    }
}

fn sync(client: &mut Client<'_>, set: &Object) {
    let Ok(selector) = Selector::from_object(set.at(&["spec", "selector"])) else { return };
    let namespace = set.namespace().to_owned();
    let mut pods: Vec<Object> = client
        .list("pods", Some(&namespace))
        .iter()
        .filter(|p| p.controller().is_some_and(|c| c.str_at(&["uid"]) == set.uid()))
        .filter(|p| selector.matches(p.labels()))
        .filter(|p| !matches!(p.str_at(&["status", "phase"]), "Succeeded" | "Failed"))
        .map(|p| (**p).clone())
        .collect();
    let wanted = usize::try_from(set.i64_at(&["spec", "replicas"]).unwrap_or(1)).unwrap_or(0);
    let active = pods.iter().filter(|p| !p.is_deleting()).count();
    let mut failure = None;
    if active < wanted {
        for _ in active..wanted {
            match client.create("pods", pod_of(set)) {
                Ok(pod) => {
                    let message = format!("Created pod: {}", pod.name());
                    events::record(
                        client.cluster,
                        SOURCE,
                        set,
                        "",
                        EventType::Normal,
                        "SuccessfulCreate",
                        &message,
                    );
                    pods.push(pod);
                }
                Err(status) => {
                    failure = Some(status.message);
                    break;
                }
            }
        }
    } else {
        // Pods that are not ready go first, then the youngest.
        let mut doomed: Vec<Object> = pods.iter().filter(|p| !p.is_deleting()).cloned().collect();
        doomed.sort_by_key(|p| {
            (ready(p), std::cmp::Reverse(p.str_at(&["metadata", "creationTimestamp"]).to_owned()))
        });
        for pod in doomed.into_iter().take(active - wanted) {
            if client.delete("pods", &namespace, pod.name()).is_ok() {
                let message = format!("Deleted pod: {}", pod.name());
                events::record(
                    client.cluster,
                    SOURCE,
                    set,
                    "",
                    EventType::Normal,
                    "SuccessfulDelete",
                    &message,
                );
                pods.retain(|p| p.name() != pod.name());
            }
        }
    }
    let Some(current) = client.get("replicasets.apps", &namespace, set.name()) else { return };
    let status = status(client, &current, &pods, failure);
    let _ = client.update_status("replicasets.apps", &current, status);
}

fn ready(pod: &Object) -> bool {
    pod.list_at(&["status", "conditions"])
        .iter()
        .any(|c| c.str_at(&["type"]) == "Ready" && c.str_at(&["status"]) == "True")
}

/// The pod a set's template makes.
fn pod_of(set: &Object) -> Value {
    let template = set.at(&["spec", "template"]).cloned().unwrap_or_default();
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": (template.get("metadata").cloned())});
    pod.set(&["spec"], template.get("spec").cloned());
    pod.set(&["metadata", "namespace"], set.namespace());
    pod.set(&["metadata", "generateName"], format!("{}-", set.name()));
    pod.set(
        &["metadata", "ownerReferences"],
        json!([{
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": (set.name()), "uid": (set.uid()),
            "controller": true, "blockOwnerDeletion": true,
        }]),
    );
    pod
}

fn status(client: &mut Client<'_>, set: &Object, pods: &[Object], failure: Option<String>) -> Value {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let active: Vec<&Object> = pods.iter().filter(|p| !p.is_deleting()).collect();
    let ready = active.iter().filter(|p| ready(p)).count();
    let template = set.map_at(&["spec", "template", "metadata", "labels"]);
    let labelled =
        active.iter().filter(|p| template.iter().all(|(k, v)| p.labels().get(k) == Some(v))).count();
    let mut status = json!({"replicas": (count(active.len())), "observedGeneration": (set.generation())});
    for (key, n) in
        [("fullyLabeledReplicas", labelled), ("readyReplicas", ready), ("availableReplicas", ready)]
    {
        if n > 0 {
            status.set(&[key], count(n));
        }
    }
    let old = set.list_at(&["status", "conditions"]).iter().find(|c| c.str_at(&["type"]) == "ReplicaFailure");
    if let Some(message) = failure {
        // The refused pod's name is drawn anew each time; the same refusal is not told twice.
        if let Some(old) = old {
            status.set(&["conditions"], Value::from(vec![old.clone()]));
            return status;
        }
        let event = format!("Error creating: {message}");
        events::record(client.cluster, SOURCE, set, "", EventType::Warning, "FailedCreate", &event);
        let now = client.cluster.now.to_string();
        let condition = json!({
            "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message,
            "lastTransitionTime": now,
        });
        status.set(&["conditions"], Value::from(vec![condition]));
    }
    status
}
