//! Which ReplicaSet stands for which revision of the template.
//!
//! Models `pkg/controller/deployment/sync.go` (`getNewReplicaSet`, `cleanupDeployment`) and
//! `util/deployment_util.go`.

use gatehouse_model::{Object, Value, json};

use super::{
    DEPLOYMENTS, DESIRED, HASH, MAX, REVISION, Rollout, SETS, SOURCE, conditions, replicas, scale, status,
};
use crate::controllers::events::EventType;
use crate::controllers::owner;
use crate::controllers::pods;

const HISTORY: &str = "deployment.kubernetes.io/revision-history";

/// Annotations that stay with the deployment.
const OWN: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    DESIRED,
    MAX,
    "deprecated.deployment.rollback.to",
];

/// Whether two templates are the same but for the label that tells ReplicaSets apart.
pub(super) fn same_template(a: Option<&Value>, b: Option<&Value>) -> bool {
    let plain = |t: Option<&Value>| {
        let mut t = t.cloned().unwrap_or_default();
        t.remove(&["metadata", "labels", HASH]);
        t
    };
    plain(a) == plain(b)
}

fn revision_of(set: &Object) -> i64 {
    set.annotation(REVISION).and_then(|r| r.parse().ok()).unwrap_or(0)
}

/// See [`Rollout::find_current`].
pub(super) fn current(work: &mut Rollout<'_, '_>, make: bool) {
    let next = work.old.iter().map(revision_of).max().unwrap_or(0) + 1;
    match work.current.take() {
        Some(set) => keep(work, set, next),
        None if make => create(work, next),
        None => {}
    }
}

/// One that comes back (a rollback) gets the newest revision.
fn keep(work: &mut Rollout<'_, '_>, set: Object, next: i64) {
    let mut changed = set.clone();
    annotate(&work.deployment, &mut changed, next);
    let min_ready = work.deployment.i64_at(&["spec", "minReadySeconds"]).unwrap_or(0);
    if changed.i64_at(&["spec", "minReadySeconds"]).unwrap_or(0) != min_ready {
        changed.set(&["spec", "minReadySeconds"], min_ready);
    }
    if changed != set {
        work.current = Some(work.client.update(SETS, &changed, "").unwrap_or(set));
        return;
    }
    let revision = revision_of(&set);
    let message = format!("Found new replica set \"{}\"", set.name());
    work.current = Some(set);
    let mut deployment = work.deployment.clone();
    let mut all = conditions(&deployment);
    if status::has_deadline(&deployment) && !all.iter().any(|c| c.str_at(&["type"]) == "Progressing") {
        status::set(&mut all, "Progressing", "True", "FoundNewReplicaSet", &message, &work.client.now());
    }
    write(work, &mut deployment, revision, all);
}

/// Stores a deployment's revision and conditions where they changed.
fn write(work: &mut Rollout<'_, '_>, deployment: &mut Object, revision: i64, all: Vec<Value>) {
    deployment.set(&["metadata", "annotations", REVISION], revision.to_string());
    if !all.is_empty() {
        deployment.set(&["status", "conditions"], Value::from(all));
    }
    if *deployment != work.deployment
        && let Ok(stored) = work.client.update(DEPLOYMENTS, deployment, "status")
    {
        work.deployment = stored;
    }
}

/// The annotations a ReplicaSet takes over from its Deployment, and its revision.
fn annotate(deployment: &Object, set: &mut Object, next: i64) {
    for (key, value) in deployment.annotations().iter().filter(|(k, _)| !OWN.contains(k)) {
        set.set(&["metadata", "annotations", key], value.clone());
    }
    let old = set.annotation(REVISION).map(str::to_owned);
    if revision_of(set) >= next {
        return;
    }
    set.set(&["metadata", "annotations", REVISION], next.to_string());
    if let Some(old) = old {
        let history = match set.annotation(HISTORY) {
            Some(history) if !history.is_empty() => format!("{history},{old}"),
            _ => old,
        };
        set.set(&["metadata", "annotations", HISTORY], history);
    }
}

fn create(work: &mut Rollout<'_, '_>, revision: i64) {
    let deployment = work.deployment.clone();
    let mut template = deployment.at(&["spec", "template"]).cloned().unwrap_or_default();
    let collisions = deployment.i64_at(&["status", "collisionCount"]);
    let hash = template_hash(&template, collisions);
    template.set(&["metadata", "labels", HASH], hash.as_str());
    let mut selector = deployment.at(&["spec", "selector"]).cloned().unwrap_or_default();
    selector.set(&["matchLabels", HASH], hash.as_str());
    let name = format!("{}-{hash}", deployment.name());
    let count = scale::new_size(work, 0);
    let mut set = Object(json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": (name.as_str()), "namespace": (deployment.namespace()),
            "labels": (template.at(&["metadata", "labels"]).cloned()),
            "ownerReferences": [(owner::controller_ref(&deployment))],
        },
        "spec": {"replicas": count, "selector": selector, "template": template},
    }));
    if let Some(seconds) = deployment.i64_at(&["spec", "minReadySeconds"]).filter(|s| *s > 0) {
        set.set(&["spec", "minReadySeconds"], seconds);
    }
    annotate(&deployment, &mut set, revision);
    set.set(&["metadata", "annotations", DESIRED], replicas(&deployment).to_string());
    set.set(&["metadata", "annotations", MAX], (replicas(&deployment) + work.max_surge()).to_string());
    let now = work.client.now();
    let mut changed = deployment.clone();
    let mut all = conditions(&deployment);
    match work.client.create(SETS, set.0) {
        Ok(made) => {
            work.current = Some(made);
            if count > 0 {
                scale::say(work, &name, 0, count);
            }
            if status::has_deadline(&deployment) {
                let message = format!("Created new replica set \"{name}\"");
                status::set(&mut all, "Progressing", "True", "NewReplicaSetCreated", &message, &now);
            }
            write(work, &mut changed, revision, all);
        }
        Err(refusal) if refusal.reason == crate::status::Reason::AlreadyExists => {
            // Somebody else's set has the name: the next one is looked for under another.
            changed.set(&["status", "collisionCount"], collisions.unwrap_or(0) + 1);
            let _ = work.client.update(DEPLOYMENTS, &changed, "status");
        }
        Err(refusal) => {
            let message = format!("Failed to create new replica set \"{name}\": {}", refusal.message);
            work.client.event(SOURCE, &deployment, EventType::Warning, "ReplicaSetCreateError", &message);
            if status::has_deadline(&deployment) {
                status::set(&mut all, "Progressing", "False", "ReplicaSetCreateError", &message, &now);
                changed.set(&["status", "conditions"], Value::from(all));
                if changed != deployment {
                    let _ = work.client.update(DEPLOYMENTS, &changed, "status");
                }
            }
        }
    }
}

/// Removes the oldest idle sets beyond the history's limit.
pub(super) fn clean_up(work: &mut Rollout<'_, '_>) {
    let limit = work.deployment.i64_at(&["spec", "revisionHistoryLimit"]);
    let Some(limit) = limit.and_then(|l| usize::try_from(l).ok()) else { return };
    let mut alive: Vec<&Object> = work.old.iter().filter(|s| !s.is_deleting()).collect();
    let surplus = alive.len().saturating_sub(limit);
    gatehouse_model::order::by_key(&mut alive, |s| revision_of(s));
    let doomed: Vec<Object> = alive
        .into_iter()
        .take(surplus)
        .filter(|s| {
            replicas(s) == 0
                && pods::status_of(s, "replicas") == 0
                && s.generation() <= pods::status_of(s, "observedGeneration")
        })
        .cloned()
        .collect();
    for set in doomed {
        let _ = work.client.delete(SETS, set.namespace(), set.name());
    }
}

/// A name for a template: 32-bit FNV-1a, written in the letters of generated names as `rand.SafeEncodeString` does.
/// The real one hashes Go's dump of the struct, so the letters differ while the shape is the same.
pub(in crate::controllers) fn template_hash(template: &Value, collisions: Option<i64>) -> String {
    let mut hash: u32 = 0x811c_9dc5;
    let more = collisions.map(|c| c.to_string()).unwrap_or_default();
    for byte in gatehouse_model::json::print(template).bytes().chain(more.bytes()) {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    let letters = b"bcdfghjklmnpqrstvwxz2456789";
    hash.to_string()
        .bytes()
        .filter_map(|b| letters.get(usize::from(b) % letters.len()))
        .map(|b| char::from(*b))
        .collect()
}
