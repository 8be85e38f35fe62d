//! What a Deployment says of itself: counts and conditions.

use gatehouse_model::{Object, Value, json};

use super::{Client, DEPLOYMENTS, replicas, room, status_of};

/// Notes that a new ReplicaSet was made.
pub(super) fn created(client: &mut Client<'_>, deployment: &Object, set: &str) {
    let Some(current) = client.get(DEPLOYMENTS, deployment.namespace(), deployment.name()) else { return };
    let mut status = current.get("status").cloned().unwrap_or_else(Value::map);
    let message = format!("Created new replica set \"{set}\"");
    let now = client.cluster.now.to_string();
    let mut conditions = status.list_at(&["conditions"]).to_vec();
    condition(&mut conditions, "Progressing", true, "NewReplicaSetCreated", &message, &now);
    status.set(&["conditions"], Value::from(conditions));
    let _ = client.update_status(DEPLOYMENTS, &current, status);
}

/// Brings the status up to date.
pub(super) fn sync(client: &mut Client<'_>, deployment: &Object, current: Option<&Object>, old: &[Object]) {
    let Some(stored) = client.get(DEPLOYMENTS, deployment.namespace(), deployment.name()) else { return };
    let all: Vec<&Object> = old.iter().chain(current).collect();
    let sum = |key: &str| all.iter().map(|s| status_of(s, key)).sum::<i64>();
    let (total, ready, available) = (sum("replicas"), sum("readyReplicas"), sum("availableReplicas"));
    let updated = current.map_or(0, |s| status_of(s, "replicas"));
    let wanted = replicas(deployment);
    let now = client.cluster.now.to_string();
    let mut conditions = stored.list_at(&["status", "conditions"]).to_vec();
    let least = match deployment.str_at(&["spec", "strategy", "type"]) {
        "Recreate" => wanted,
        _ => wanted - room(deployment).1,
    };
    if available >= least {
        let words = ("MinimumReplicasAvailable", "Deployment has minimum availability.");
        condition(&mut conditions, "Available", true, words.0, words.1, &now);
    } else {
        let words = ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.");
        condition(&mut conditions, "Available", false, words.0, words.1, &now);
    }
    progress(&mut conditions, &stored, current, (total, updated, available), &now);
    let failure = all
        .iter()
        .flat_map(|s| s.list_at(&["status", "conditions"]))
        .find(|c| c.str_at(&["type"]) == "ReplicaFailure");
    match failure {
        Some(f) => condition(
            &mut conditions,
            "ReplicaFailure",
            true,
            f.str_at(&["reason"]),
            f.str_at(&["message"]),
            &now,
        ),
        None => conditions.retain(|c| c.str_at(&["type"]) != "ReplicaFailure"),
    }
    let mut status = json!({"observedGeneration": (stored.generation())});
    let counts = [
        ("replicas", total),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", available),
        ("unavailableReplicas", (wanted.max(total) - available).max(0)),
    ];
    for (key, n) in counts.into_iter().filter(|(_, n)| *n > 0) {
        status.set(&[key], n);
    }
    status.set(&["conditions"], Value::from(conditions));
    let _ = client.update_status(DEPLOYMENTS, &stored, status);
}

fn progress(
    conditions: &mut Vec<Value>,
    deployment: &Object,
    current: Option<&Object>,
    (total, updated, available): (i64, i64, i64),
    now: &str,
) {
    let Some(set) = current else { return };
    let wanted = replicas(deployment);
    let had = |key: &str| deployment.i64_at(&["status", key]).unwrap_or(0);
    if updated == wanted && total == wanted && available == wanted {
        let message = format!("ReplicaSet \"{}\" has successfully progressed.", set.name());
        condition(conditions, "Progressing", true, "NewReplicaSetAvailable", &message, now);
    } else if updated > had("updatedReplicas")
        || total - updated < had("replicas") - had("updatedReplicas")
        || available > had("availableReplicas")
    {
        let message = format!("ReplicaSet \"{}\" is progressing.", set.name());
        condition(conditions, "Progressing", true, "ReplicaSetUpdated", &message, now);
    }
}

/// Sets a condition as `SetDeploymentCondition` does: nothing happens while status and reason stay, a changed one
/// moves to the end, and its transition time changes with its status only.
fn condition(conditions: &mut Vec<Value>, kind: &str, on: bool, reason: &str, message: &str, now: &str) {
    let word = if on { "True" } else { "False" };
    let old = conditions.iter().find(|c| c.str_at(&["type"]) == kind);
    let mut since = now.to_owned();
    if let Some(old) = old {
        if old.str_at(&["status"]) == word {
            old.str_at(&["lastTransitionTime"]).clone_into(&mut since);
            if old.str_at(&["reason"]) == reason {
                return;
            }
        }
    }
    conditions.retain(|c| c.str_at(&["type"]) != kind);
    conditions.push(json!({
        "type": kind, "status": word, "reason": reason, "message": message, "lastUpdateTime": now,
        "lastTransitionTime": since,
    }));
}
