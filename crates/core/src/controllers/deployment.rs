//! A Deployment rolls its pods over from one ReplicaSet to the next.
//!
//! Models kube-controller-manager `pkg/controller/deployment/{deployment_controller,sync,rolling,recreate,progress}.go`.

mod status;

use gatehouse_model::{Map, Object, Value, json};

use super::client::Client;
use super::events::{self, EventType, Source};

const SOURCE: Source<'static> = Source { component: "deployment-controller", host: "" };
const SETS: &str = "replicasets.apps";
const DEPLOYMENTS: &str = "deployments.apps";
pub(super) const HASH: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAX: &str = "deployment.kubernetes.io/max-replicas";

pub(super) fn pass(client: &mut Client<'_>) {
    for deployment in client.list(DEPLOYMENTS, None) {
        if !deployment.is_deleting() {
            sync(client, &deployment);
        }
    }
}

fn sync(client: &mut Client<'_>, deployment: &Object) {
    let (current, old) = split(client, deployment);
    let paused = deployment.bool_at(&["spec", "paused"]) == Some(true);
    let revision = next_revision(&old);
    let current = match current {
        Some(set) => Some(keep_revision(client, deployment, set, revision)),
        None if paused => None,
        None => create(client, deployment, revision),
    };
    if paused {
        proportion(client, deployment, current.as_ref());
    } else if let Some(current) = &current {
        if deployment.str_at(&["spec", "strategy", "type"]) == "Recreate" {
            recreate(client, deployment, current, &old);
        } else {
            roll(client, deployment, current, &old);
        }
        clean_up(client, deployment, &old);
    }
    let (current, old) = split(client, deployment);
    status::sync(client, deployment, current.as_ref(), &old);
}

/// The ReplicaSet of the deployment's present template, and the others, oldest revision first.
fn split(client: &Client<'_>, deployment: &Object) -> (Option<Object>, Vec<Object>) {
    let mut sets: Vec<Object> = client
        .list(SETS, Some(deployment.namespace()))
        .iter()
        .filter(|s| s.controller().is_some_and(|c| c.str_at(&["uid"]) == deployment.uid()))
        .map(|s| (**s).clone())
        .collect();
    sets.sort_by_key(revision_of);
    let wanted = deployment.at(&["spec", "template"]);
    let current = sets.iter().position(|s| same_template(s.at(&["spec", "template"]), wanted));
    let current = current.map(|i| sets.remove(i));
    (current, sets)
}

/// Whether two templates are the same but for the label that tells ReplicaSets apart.
fn same_template(a: Option<&Value>, b: Option<&Value>) -> bool {
    let plain = |t: Option<&Value>| {
        let mut t = t.cloned().unwrap_or_default();
        t.remove(&["metadata", "labels", HASH]);
        t
    };
    plain(a) == plain(b)
}

pub(super) fn replicas(object: &Object) -> i64 {
    object.i64_at(&["spec", "replicas"]).unwrap_or(1)
}

pub(super) fn status_of(object: &Object, key: &str) -> i64 {
    object.i64_at(&["status", key]).unwrap_or(0)
}

fn revision_of(set: &Object) -> i64 {
    set.annotation(REVISION).and_then(|r| r.parse().ok()).unwrap_or(0)
}

fn next_revision(old: &[Object]) -> i64 {
    old.iter().map(revision_of).max().unwrap_or(0) + 1
}

/// `maxSurge` and `maxUnavailable` as numbers of pods; at least one of them is positive.
pub(super) fn room(deployment: &Object) -> (i64, i64) {
    let total = replicas(deployment);
    let number = |key: &str, up: bool| match deployment.at(&["spec", "strategy", "rollingUpdate", key]) {
        Some(Value::Int(n)) => *n,
        Some(Value::Str(s)) => {
            let percent: i64 = s.trim_end_matches('%').parse().unwrap_or(25);
            if up { (total * percent + 99) / 100 } else { total * percent / 100 }
        }
        _ => 0,
    };
    match (number("maxSurge", true), number("maxUnavailable", false)) {
        (0, 0) => (0, 1),
        room => room,
    }
}

fn most(deployment: &Object) -> i64 {
    match deployment.str_at(&["spec", "strategy", "type"]) {
        "Recreate" => replicas(deployment),
        _ => replicas(deployment) + room(deployment).0,
    }
}

/// The annotations a ReplicaSet takes over from its Deployment.
fn annotations(deployment: &Object, revision: i64) -> Map {
    let mut annotations = deployment.annotations().clone();
    annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    annotations.insert(REVISION, revision.to_string());
    annotations.insert(DESIRED, replicas(deployment).to_string());
    annotations.insert(MAX, most(deployment).to_string());
    annotations
}

fn create(client: &mut Client<'_>, deployment: &Object, revision: i64) -> Option<Object> {
    let mut template = deployment.at(&["spec", "template"]).cloned().unwrap_or_default();
    let hash = template_hash(&template);
    template.set(&["metadata", "labels", HASH], hash.as_str());
    let mut selector = deployment.at(&["spec", "selector"]).cloned().unwrap_or_default();
    selector.set(&["matchLabels", HASH], hash.as_str());
    let name = format!("{}-{hash}", deployment.name());
    let count = if deployment.str_at(&["spec", "strategy", "type"]) == "Recreate" {
        0
    } else {
        first_size(client, deployment)
    };
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": (name.as_str()), "namespace": (deployment.namespace()),
            "labels": (template.at(&["metadata", "labels"]).cloned()),
            "annotations": (annotations(deployment, revision)),
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "Deployment", "name": (deployment.name()), "uid": (deployment.uid()),
                "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": {"replicas": count, "selector": selector, "template": template,
            "minReadySeconds": (deployment.i64_at(&["spec", "minReadySeconds"]))},
    });
    let made = client.create(SETS, set).ok()?;
    if count > 0 {
        scaled(client, deployment, &name, 0, count);
    }
    set_revision(client, deployment, revision);
    status::created(client, deployment, &name);
    Some(made)
}

/// How large a new ReplicaSet may be at once: what surge leaves room for.
fn first_size(client: &Client<'_>, deployment: &Object) -> i64 {
    let (_, old) = split(client, deployment);
    let there: i64 = old.iter().map(replicas).sum();
    (most(deployment) - there).clamp(0, replicas(deployment))
}

fn set_revision(client: &mut Client<'_>, deployment: &Object, revision: i64) {
    if deployment.annotation(REVISION) != Some(&revision.to_string()) {
        let patch = json!({"metadata": {"annotations": {REVISION: (revision.to_string())}}});
        let _ = client.merge(DEPLOYMENTS, deployment.namespace(), deployment.name(), patch);
    }
}

/// Keeps the present ReplicaSet's annotations true; one that comes back (a rollback) gets the newest revision.
fn keep_revision(client: &mut Client<'_>, deployment: &Object, set: Object, next: i64) -> Object {
    let revision = revision_of(&set).max(next);
    let wanted = annotations(deployment, revision);
    set_revision(client, deployment, revision);
    if wanted.iter().all(|(k, v)| set.annotations().get(k) == Some(v)) {
        return set;
    }
    let mut changed = set.clone();
    let mut all = set.annotations().clone();
    for (key, value) in wanted.iter() {
        all.insert(key, value.clone());
    }
    changed.set(&["metadata", "annotations"], all);
    client.update(SETS, &changed, "").unwrap_or(set)
}

fn roll(client: &mut Client<'_>, deployment: &Object, current: &Object, old: &[Object]) {
    let (_, unavailable) = room(deployment);
    let wanted = replicas(deployment);
    // Up: as far as the surge allows.
    let all: i64 = old.iter().map(replicas).sum::<i64>() + replicas(current);
    if replicas(current) > wanted {
        scale(client, deployment, current, wanted);
        return;
    }
    if replicas(current) < wanted && all < most(deployment) {
        let up = (most(deployment) - all).min(wanted - replicas(current));
        scale(client, deployment, current, replicas(current) + up);
        return;
    }
    // Down: first pods that are not healthy, then as many as availability allows.
    let old_total: i64 = old.iter().map(replicas).sum();
    if old_total == 0 {
        return;
    }
    let least = wanted - unavailable;
    let new_unavailable = replicas(current) - status_of(current, "availableReplicas");
    let mut spare = all - least - new_unavailable;
    if spare <= 0 {
        return;
    }
    let mut sizes: Vec<(&Object, i64)> = old.iter().map(|s| (s, replicas(s))).collect();
    for (set, size) in &mut sizes {
        let unhealthy = (*size - status_of(set, "availableReplicas")).clamp(0, spare);
        *size -= unhealthy;
        spare -= unhealthy;
    }
    let available: i64 = old.iter().map(|s| status_of(s, "availableReplicas")).sum::<i64>()
        + status_of(current, "availableReplicas");
    let mut free = (available - least).max(0);
    for (_, size) in &mut sizes {
        let down = (*size).min(free);
        *size -= down;
        free -= down;
    }
    for (set, size) in sizes {
        scale(client, deployment, set, size);
    }
}

fn recreate(client: &mut Client<'_>, deployment: &Object, current: &Object, old: &[Object]) {
    for set in old {
        scale(client, deployment, set, 0);
    }
    let gone = old.iter().all(|s| {
        let mine = |p: &Object| p.controller().is_some_and(|c| c.str_at(&["uid"]) == s.uid());
        !client.list("pods", Some(deployment.namespace())).iter().any(|p| mine(p))
    });
    if gone {
        scale(client, deployment, current, replicas(deployment));
    }
}

/// A paused deployment still follows its own size.
fn proportion(client: &mut Client<'_>, deployment: &Object, current: Option<&Object>) {
    if let Some(set) = current {
        scale(client, deployment, set, replicas(deployment));
    }
}

fn scale(client: &mut Client<'_>, deployment: &Object, set: &Object, to: i64) {
    let from = replicas(set);
    if from == to {
        return;
    }
    let patch = json!({"spec": {"replicas": to}});
    if client.merge(SETS, set.namespace(), set.name(), patch).is_ok() {
        scaled(client, deployment, set.name(), from, to);
    }
}

fn scaled(client: &mut Client<'_>, deployment: &Object, set: &str, from: i64, to: i64) {
    let way = if to > from { "up" } else { "down" };
    let message = format!("Scaled {way} replica set {set} from {from} to {to}");
    events::record(client.cluster, SOURCE, deployment, "", EventType::Normal, "ScalingReplicaSet", &message);
}

fn clean_up(client: &mut Client<'_>, deployment: &Object, old: &[Object]) {
    let Some(limit) =
        deployment.i64_at(&["spec", "revisionHistoryLimit"]).and_then(|l| usize::try_from(l).ok())
    else {
        return;
    };
    let idle: Vec<&Object> = old
        .iter()
        .filter(|s| replicas(s) == 0 && status_of(s, "replicas") == 0 && !s.is_deleting())
        .collect();
    for set in idle.iter().take(idle.len().saturating_sub(limit)) {
        let _ = client.delete(SETS, set.namespace(), set.name());
    }
}

/// A name for a template: 32-bit FNV-1a, written in the letters of generated names as `rand.SafeEncodeString` does.
/// The real one hashes Go's dump of the struct, so the letters differ while the shape is the same.
pub(super) fn template_hash(template: &Value) -> String {
    let mut hash: u32 = 0x811c_9dc5;
    for byte in gatehouse_model::json::print(template).bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    let letters = b"bcdfghjklmnpqrstvwxz2456789";
    hash.to_string()
        .bytes()
        .filter_map(|b| letters.get(usize::from(b) % letters.len()))
        .map(|b| char::from(*b))
        .collect()
}
