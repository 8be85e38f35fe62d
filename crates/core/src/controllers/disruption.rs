//! How many pods a disruption budget lets go.
//!
//! Models `pkg/controller/disruption/disruption.go`.

use std::sync::Arc;

use gatehouse_model::{Object, Selector, Value, json};

use super::client::Client;
use super::events::{EventType, Source};
use super::pods;

const BUDGETS: &str = "poddisruptionbudgets.policy";
const SOURCE: Source<'static> = Source::new("controllermanager");
/// How long a pod whose eviction was granted is waited for, in milliseconds.
const GRANTED_FOR: i64 = 120_000;

pub(super) fn pass(client: &mut Client<'_>) {
    for budget in client.list(BUDGETS, None) {
        if !budget.is_deleting() {
            sync(client, &budget);
        }
    }
}

fn sync(client: &mut Client<'_>, budget: &Object) {
    // A selector that is not set selects nothing, an empty one everything.
    let selector = budget.at(&["spec", "selector"]).filter(|s| !s.is_null());
    let selector =
        selector.and_then(|s| Selector::from_object(Some(s)).ok()).unwrap_or_else(Selector::nothing);
    let there: Vec<Arc<Object>> = client
        .list("pods", Some(budget.namespace()))
        .into_iter()
        .filter(|p| {
            selector.matches(p.labels()) && pods::phase(p) != "Succeeded" && pods::phase(p) != "Failed"
        })
        .collect();
    if there.is_empty() && !client.has_told(budget, |e| e.str_at(&["reason"]) == "NoPods") {
        client.event(SOURCE, budget, EventType::Normal, "NoPods", "No matching pods found");
    }
    let (expected, desired) = match numbers(client, budget, &there) {
        Ok(numbers) => numbers,
        Err(why) => {
            let message = format!("Failed to calculate the number of expected pods: {why}");
            tell_once(client, budget, "CalculateExpectedPodCountFailed", &message);
            let message = why;
            let condition = condition(client, budget, "False", "SyncFailed", &message);
            let mut status = budget.get("status").cloned().unwrap_or_else(Value::map);
            status.set(&["disruptionsAllowed"], 0);
            status.set(&["observedGeneration"], budget.generation());
            status.set(&["conditions"], Value::from(vec![condition]));
            let _ = client.update_status(BUDGETS, budget, status);
            return;
        }
    };
    if counts_owners(budget) && there.iter().any(|p| p.controller().is_none()) {
        unmanaged(client, budget);
    }
    let disrupted = still_disrupted(client, budget, &there);
    let healthy = there
        .iter()
        .filter(|p| !p.is_deleting() && disrupted.get(p.name()).is_none() && pods::is_ready(p))
        .count();
    let healthy = pods::count(healthy);
    let allowed = if expected <= 0 { 0 } else { (healthy - desired).max(0) };
    let mut status = json!({
        "currentHealthy": healthy, "desiredHealthy": desired, "disruptionsAllowed": allowed, "expectedPods": expected,
        "observedGeneration": (budget.generation()),
    });
    if !disrupted.entries().is_empty() {
        status.set(&["disruptedPods"], disrupted);
    }
    if client.cluster.version.minor() >= 21 {
        let (word, reason) =
            if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
        let condition = condition(client, budget, word, reason, "");
        status.set(&["conditions"], Value::from(vec![condition]));
    }
    let _ = client.update_status(BUDGETS, budget, status);
}

/// Whether the pods there should be are counted by who controls them.
fn counts_owners(budget: &Object) -> bool {
    let text = budget.at(&["spec", "minAvailable"]).is_some_and(|v| v.as_str().is_some());
    text || budget.at(&["spec", "maxUnavailable"]).is_some_and(|v| !v.is_null())
}

fn tell_once(client: &mut Client<'_>, budget: &Object, reason: &str, message: &str) {
    if !client.has_told(budget, |e| e.str_at(&["message"]) == message) {
        client.event(SOURCE, budget, EventType::Warning, reason, message);
    }
}

/// Says that nobody controls some of the pods, since 1.22.
fn unmanaged(client: &mut Client<'_>, budget: &Object) {
    if client.cluster.version.minor() < 22 {
        return;
    }
    let selector = budget.at(&["spec", "selector"]).cloned().unwrap_or_default();
    let selector = gatehouse_model::selector::go_text(&selector);
    let message = format!(
        "Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be unmanaged. As a \
         result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please \
         set \".spec.minAvailable\" field of the PDB to an integer value."
    );
    tell_once(client, budget, "UnmanagedPods", &message);
}

fn condition(client: &Client<'_>, budget: &Object, word: &str, reason: &str, message: &str) -> Value {
    let old = pods::condition(budget, "DisruptionAllowed").filter(|c| c.str_at(&["status"]) == word);
    let since = old.map_or_else(|| client.now(), |c| c.str_at(&["lastTransitionTime"]).to_owned());
    json!({
        "type": "DisruptionAllowed", "status": word, "reason": reason, "message": message,
        "observedGeneration": (budget.generation()), "lastTransitionTime": since,
    })
}

/// How many pods there should be, and how many of them have to be healthy.
fn numbers(client: &Client<'_>, budget: &Object, there: &[Arc<Object>]) -> Result<(i64, i64), String> {
    let count = pods::count(there.len());
    if let Some(most) = budget.at(&["spec", "maxUnavailable"]).filter(|v| !v.is_null()) {
        let expected = scale(client, there)?;
        return Ok((expected, (expected - pods::scaled(Some(most), expected, true, 0)).max(0)));
    }
    match budget.at(&["spec", "minAvailable"]) {
        Some(Value::Int(least)) => Ok((count, *least)),
        Some(least @ Value::Str(_)) => {
            let expected = scale(client, there)?;
            Ok((expected, pods::scaled(Some(least), expected, true, 0)))
        }
        _ => Ok((count, 0)),
    }
}

/// How many pods the controllers of these pods are to have.
fn scale(client: &Client<'_>, there: &[Arc<Object>]) -> Result<i64, String> {
    let mut known: Vec<(String, i64)> = Vec::new();
    for pod in there {
        let Some(controller) = pod.controller() else { continue };
        let mut uid = controller.str_at(&["uid"]).to_owned();
        if known.iter().any(|(u, _)| *u == uid) {
            continue;
        }
        let (kind, name) = (controller.str_at(&["kind"]), controller.str_at(&["name"]));
        let table = match kind {
            "ReplicaSet" => "replicasets.apps",
            "StatefulSet" => "statefulsets.apps",
            "ReplicationController" => "replicationcontrollers",
            "Deployment" => "deployments.apps",
            _ => {
                let resource = client.cluster.resources().into_iter().find(|r| *r.kind == *kind);
                let plural = resource.map(|r| r.group_resource()).unwrap_or_default();
                return Err(format!("{plural} does not implement the scale subresource"));
            }
        };
        let Some(mut owner) = client.get(table, pod.namespace(), name).filter(|o| o.uid() == uid) else {
            continue;
        };
        // A ReplicaSet's size is its Deployment's business.
        let above = owner.controller().filter(|c| c.str_at(&["kind"]) == "Deployment").cloned();
        if let Some(above) = above
            && let Some(deployment) = client.get("deployments.apps", pod.namespace(), above.str_at(&["name"]))
        {
            deployment.uid().clone_into(&mut uid);
            owner = deployment;
        }
        if !known.iter().any(|(u, _)| *u == uid) {
            known.push((uid, owner.i64_at(&["spec", "replicas"]).unwrap_or(1)));
        }
    }
    Ok(known.iter().map(|(_, n)| n).sum())
}

/// Pods whose eviction was granted and that are not being deleted yet.
fn still_disrupted(client: &mut Client<'_>, budget: &Object, there: &[Arc<Object>]) -> Value {
    let mut rest = Value::map();
    for (name, since) in budget.map_at(&["status", "disruptedPods"]).iter() {
        let here = there.iter().any(|p| p.name() == name && !p.is_deleting());
        let until = pods::moment(since.as_str().unwrap_or_default()).map(|t| t.plus_millis(GRANTED_FOR));
        if let Some(until) = until.filter(|u| here && *u > client.cluster.now) {
            rest.set(&[name], since.clone());
            client.wake_at(until);
        }
    }
    rest
}
