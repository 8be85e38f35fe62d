//! What a Deployment says of itself: counts and conditions.
//!
//! Models `pkg/controller/deployment/{sync,progress}.go` (`calculateStatus`, `syncRolloutStatus`).

use gatehouse_model::{Object, Value, json};

use super::{DEPLOYMENTS, Rollout, conditions};
use crate::controllers::pods;

const COMPLETE: &str = "NewReplicaSetAvailable";
const TIMED_OUT: &str = "ProgressDeadlineExceeded";

/// Whether progress has a deadline; by default it has.
pub(super) fn has_deadline(deployment: &Object) -> bool {
    deadline(deployment).is_some()
}

fn deadline(deployment: &Object) -> Option<i64> {
    deployment.i64_at(&["spec", "progressDeadlineSeconds"]).filter(|s| *s != i64::from(i32::MAX))
}

/// Whether everything is new and there.
pub(super) fn is_complete(deployment: &Object, wanted: i64) -> bool {
    ["updatedReplicas", "replicas", "availableReplicas"]
        .iter()
        .all(|key| pods::status_of(deployment, key) == wanted)
        && pods::status_of(deployment, "observedGeneration") >= deployment.generation()
}

/// A pause stops the clock of progress, and says so.
pub(super) fn note_pause(work: &mut Rollout<'_, '_>) {
    if !has_deadline(&work.deployment) {
        return;
    }
    let reason = pods::condition(&work.deployment, "Progressing").map_or("", |c| c.str_at(&["reason"]));
    let paused = work.is_paused();
    if reason == TIMED_OUT || paused == (reason == "DeploymentPaused") {
        return;
    }
    let (reason, message) = if paused {
        ("DeploymentPaused", "Deployment is paused")
    } else {
        ("DeploymentResumed", "Deployment is resumed")
    };
    let mut changed = work.deployment.clone();
    let mut all = conditions(&changed);
    set(&mut all, "Progressing", "Unknown", reason, message, &work.client.now());
    changed.set(&["status", "conditions"], Value::from(all));
    if let Ok(stored) = work.client.update(DEPLOYMENTS, &changed, "status") {
        work.deployment = stored;
    }
}

/// Brings the counts up to date.
pub(super) fn sync(work: &mut Rollout<'_, '_>) {
    let (status, all) = calculate(work);
    write(work, status, all);
}

/// Brings the counts and what is said of the rollout up to date.
pub(super) fn sync_rollout(work: &mut Rollout<'_, '_>) {
    let (status, mut all) = calculate(work);
    let now = work.client.now();
    let seconds = deadline(&work.deployment);
    if seconds.is_none() {
        all.retain(|c| c.str_at(&["type"]) != "Progressing");
    }
    let progress = all.iter().find(|c| c.str_at(&["type"]) == "Progressing").cloned();
    let had = |key: &str| pods::status_of(&work.deployment, key);
    let has = |key: &str| status.i64_at(&[key]).unwrap_or(0);
    let reason = progress.as_ref().map_or("", |c| c.str_at(&["reason"]));
    let done = has("replicas") == has("updatedReplicas") && reason == COMPLETE;
    if let Some(seconds) = seconds
        && !done
    {
        let about = work.current.as_ref().map_or_else(
            || format!("Deployment \"{}\"", work.deployment.name()),
            |s| format!("ReplicaSet \"{}\"", s.name()),
        );
        let wanted = work.wanted();
        let stale = has("replicas") - has("updatedReplicas") < had("replicas") - had("updatedReplicas");
        let since = progress.as_ref().and_then(|c| pods::moment(c.str_at(&["lastUpdateTime"])));
        let until = since.map(|t| t.plus_millis(seconds * 1000));
        if ["updatedReplicas", "replicas", "availableReplicas"].iter().all(|k| has(k) == wanted) {
            let message = format!("{about} has successfully progressed.");
            set(&mut all, "Progressing", "True", COMPLETE, &message, &now);
        } else if stale
            || ["updatedReplicas", "readyReplicas", "availableReplicas"].iter().any(|k| has(k) > had(k))
        {
            let message = format!("{about} is progressing.");
            let before = progress.as_ref().filter(|c| c.str_at(&["status"]) == "True");
            let since = before.map_or(now.as_str(), |c| c.str_at(&["lastTransitionTime"])).to_owned();
            all.retain(|c| c.str_at(&["type"]) != "Progressing");
            all.push(new("Progressing", "True", "ReplicaSetUpdated", &message, (&now, &since)));
        } else if reason != COMPLETE
            && (reason == TIMED_OUT || until.is_some_and(|t| t < work.client.cluster.now))
        {
            let message = format!("{about} has timed out progressing.");
            set(&mut all, "Progressing", "False", TIMED_OUT, &message, &now);
        } else if let Some(until) = until.filter(|_| reason != COMPLETE) {
            work.client.wake_at(until.plus_millis(1));
        }
    }
    let failure = failure(work);
    let told = |c: &Value| {
        failure.as_ref().is_some_and(|f| {
            c.str_at(&["status"]) == f.str_at(&["status"]) && c.str_at(&["reason"]) == f.str_at(&["reason"])
        })
    };
    all.retain(|c| c.str_at(&["type"]) != "ReplicaFailure" || told(c));
    if let Some(failure) = failure
        && !all.iter().any(|c| c.str_at(&["type"]) == "ReplicaFailure")
    {
        all.push(failure);
    }
    write(work, status, all);
}

/// Why a set cannot make its pods; the present one's reason first.
fn failure(work: &Rollout<'_, '_>) -> Option<Value> {
    let sets = work.current.iter().chain(&work.old);
    let found = sets.into_iter().find_map(|s| pods::condition(s, "ReplicaFailure"))?;
    let since = found.str_at(&["lastTransitionTime"]);
    Some(new(
        "ReplicaFailure",
        found.str_at(&["status"]),
        found.str_at(&["reason"]),
        found.str_at(&["message"]),
        (since, since),
    ))
}

/// The counts, and the conditions with availability brought up to date.
fn calculate(work: &Rollout<'_, '_>) -> (Value, Vec<Value>) {
    let available = work.sum("availableReplicas");
    let updated = work.current.as_ref().map_or(0, |s| pods::status_of(s, "replicas"));
    let mut status = json!({"observedGeneration": (work.deployment.generation())});
    for (key, n) in [
        ("replicas", work.sum("replicas")),
        ("updatedReplicas", updated),
        ("readyReplicas", work.sum("readyReplicas")),
        ("availableReplicas", available),
        ("unavailableReplicas", work.total() - available),
        ("collisionCount", pods::status_of(&work.deployment, "collisionCount")),
    ] {
        if n > 0 {
            status.set(&[key], n);
        }
    }
    // Pods on their way out are counted since 1.35.
    if work.client.cluster.version.minor() >= 35
        && work.sets().all(|s| s.i64_at(&["status", "terminatingReplicas"]).is_some())
    {
        status.set(&["terminatingReplicas"], work.sum("terminatingReplicas"));
    }
    let mut all = conditions(&work.deployment);
    let (word, reason, message) = if available >= work.wanted() - work.max_unavailable() {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    set(&mut all, "Available", word, reason, message, &work.client.now());
    (status, all)
}

fn write(work: &mut Rollout<'_, '_>, mut status: Value, all: Vec<Value>) {
    status.set(&["conditions"], Value::from(all));
    let deployment = work.deployment.clone();
    let _ = work.client.update_status(DEPLOYMENTS, &deployment, status);
}

/// Sets a condition as `SetDeploymentCondition` does: nothing happens while status and reason stay, a changed one
/// moves to the end, and its transition time changes with its status only.
pub(super) fn set(all: &mut Vec<Value>, kind: &str, word: &str, reason: &str, message: &str, now: &str) {
    let mut since = now.to_owned();
    if let Some(old) = all.iter().find(|c| c.str_at(&["type"]) == kind)
        && old.str_at(&["status"]) == word
    {
        if old.str_at(&["reason"]) == reason {
            return;
        }
        old.str_at(&["lastTransitionTime"]).clone_into(&mut since);
    }
    all.retain(|c| c.str_at(&["type"]) != kind);
    all.push(new(kind, word, reason, message, (now, &since)));
}

fn new(kind: &str, word: &str, reason: &str, message: &str, (now, since): (&str, &str)) -> Value {
    json!({
        "type": kind, "status": word, "reason": reason, "message": message, "lastUpdateTime": now,
        "lastTransitionTime": since,
    })
}
