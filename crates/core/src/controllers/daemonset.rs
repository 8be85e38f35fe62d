//! A DaemonSet has one pod on every node that fits.
//!
//! Models `pkg/controller/daemon/{daemon_controller,update}.go` and `util/daemonset_util.go`.

use std::sync::Arc;

use gatehouse_model::{Object, Value, json};

use super::client::Client;
use super::events::{EventType, Source};
use super::pods::{self, count};
use super::scheduler::fit;
use super::{history, memory, owner};

const SETS: &str = "daemonsets.apps";
const SOURCE: Source<'static> = Source::new("daemonset-controller");
const GENERATION: &str = "pod-template-generation";

/// What every daemon's pods tolerate, with the effect.
const TOLERATED: &[(&str, &str)] = &[
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

pub(super) fn pass(client: &mut Client<'_>) {
    let due = client.due(SETS, &["pods", history::REVISIONS], &["nodes"]);
    for set in client.list(SETS, None) {
        if !set.is_deleting() && client.looks_at(&due, &set) {
            sync(client, &set);
        }
    }
}

/// A node, whether a new pod should run there, whether one that runs there may stay, and those that do.
struct Place {
    node: String,
    runs: bool,
    stays: bool,
    pods: Vec<Arc<Object>>,
}

fn sync(client: &mut Client<'_>, set: &Object) {
    let Some(selector) = owner::selector_of(set) else {
        let message = "This daemon set is selecting all pods. A non-empty selector is required.";
        if !client.has_told(set, |e| e.str_at(&["message"]) == message) {
            client.event(SOURCE, set, EventType::Warning, "SelectingAll", message);
        }
        return;
    };
    let revisions = history::of(client, set, &selector);
    let Some(current) = history::current(client, set, &revisions) else { return };
    let hash = history::hash(&current).to_owned();
    let mine = owner::claim(client, "pods", set, &selector);
    let mut places = places(client, set, &mine);
    let wished = manage(client, set, &mut places, &hash);
    if wished {
        update(client, set, &places, &hash);
    }
    let mine: Vec<String> =
        mine.iter().filter_map(|p| p.label(history::HASH)).map(str::to_owned).chain([hash.clone()]).collect();
    history::clean_up(client, set, &revisions, &mine);
    status(client, set, &hash);
}

fn places(client: &Client<'_>, set: &Object, mine: &[Arc<Object>]) -> Vec<Place> {
    let template = pod_for(set, "");
    client
        .list("nodes", None)
        .iter()
        .map(|node| {
            let name = node.name();
            let target = template.str_at(&["spec", "nodeName"]);
            let fits = (target.is_empty() || target == name) && fit::matches_node(&template, node);
            let untolerated = |effects: &[&str]| fit::untolerated(&template, node, effects).is_some();
            Place {
                node: name.to_owned(),
                runs: fits && !untolerated(&["NoSchedule", "NoExecute"]),
                stays: fits && !untolerated(&["NoExecute"]),
                pods: mine.iter().filter(|p| target_node(p) == name).cloned().collect(),
            }
        })
        .collect()
}

/// The node a daemon's pod is for, before the scheduler has bound it.
fn target_node(pod: &Object) -> &str {
    let bound = pods::node(pod);
    if !bound.is_empty() {
        return bound;
    }
    let terms = ["spec", "affinity", "nodeAffinity", REQUIRED, "nodeSelectorTerms"];
    pod.list_at(&terms)
        .iter()
        .flat_map(|t| t.list_at(&["matchFields"]))
        .filter(|f| f.str_at(&["key"]) == "metadata.name")
        .flat_map(|f| f.list_at(&["values"]))
        .find_map(Value::as_str)
        .unwrap_or_default()
}

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// The pod of a set; for a node, where one is named.
fn pod_for(set: &Object, node: &str) -> Object {
    let template = set.at(&["spec", "template"]).cloned().unwrap_or_default();
    let mut pod = Object(pods::from_template(set, &template));
    let mut tolerations = pod.list_at(&["spec", "tolerations"]).to_vec();
    let network = [("node.kubernetes.io/network-unavailable", "NoSchedule")];
    let on_host = pod.bool_at(&["spec", "hostNetwork"]) == Some(true);
    for (key, effect) in TOLERATED.iter().chain(network.iter().filter(|_| on_host)) {
        let wanted = json!({"key": (*key), "operator": "Exists", "effect": (*effect)});
        if !tolerations.contains(&wanted) {
            tolerations.push(wanted);
        }
    }
    pod.set(&["spec", "tolerations"], tolerations);
    if !node.is_empty() {
        let field = json!([{"key": "metadata.name", "operator": "In", "values": [node]}]);
        let affinity = pod.entry_at(&["spec", "affinity", "nodeAffinity", REQUIRED]);
        let terms = affinity.entry_at(&["nodeSelectorTerms"]).make_list();
        if terms.is_empty() {
            terms.push(Value::map());
        }
        for term in terms {
            term.set(&["matchFields"], field.clone());
        }
    }
    pod
}

/// Makes and removes pods so that each node has the one it should have. Says whether all could be made.
fn manage(client: &mut Client<'_>, set: &Object, places: &mut [Place], hash: &str) -> bool {
    let key = memory::key(set);
    if !client.may_retry(&key) {
        return false;
    }
    let surge = update_limits(set, places).0;
    for place in places.iter_mut() {
        let (mut there, mut ended) = (Vec::new(), Vec::new());
        for pod in place.pods.iter().filter(|p| !p.is_deleting()) {
            if pods::phase(pod) == "Failed" {
                ended.push(Arc::clone(pod))
            } else {
                there.push(Arc::clone(pod))
            }
        }
        for pod in ended {
            if place.stays {
                let message = format!(
                    "Found failed daemon pod {}/{} on node {}, will try to kill it",
                    pod.namespace(),
                    pod.name(),
                    place.node
                );
                client.event(SOURCE, set, EventType::Warning, "FailedDaemonPod", &message);
            }
            pods::delete(client, SOURCE, set, &pod);
        }
        if place.runs && there.is_empty() {
            match pods::create(client, SOURCE, set, labelled(set, &place.node, hash)) {
                Ok(pod) => place.pods.push(Arc::new(pod)),
                Err(_) => {
                    client.failed(&key);
                    return false;
                }
            }
        } else if !place.stays {
            for pod in there {
                pods::delete(client, SOURCE, set, &pod);
            }
        } else if surge == 0 && there.len() > 1 {
            // The oldest stays.
            gatehouse_model::order::by(&mut there, |a, b| pods::created(a).cmp(pods::created(b)));
            for pod in there.iter().skip(1) {
                pods::delete(client, SOURCE, set, pod);
            }
        }
    }
    client.succeeded(&key);
    true
}

fn labelled(set: &Object, node: &str, hash: &str) -> Value {
    let mut pod = pod_for(set, node);
    let generation = set.annotation("deprecated.daemonset.template.generation");
    if let Some(generation) = generation {
        pod.set(&["metadata", "labels", GENERATION], generation);
    }
    pod.set(&["metadata", "labels", history::HASH], hash);
    pod.0
}

/// `maxSurge` and `maxUnavailable`.
fn update_limits(set: &Object, places: &[Place]) -> (i64, i64) {
    let wanted = count(places.iter().filter(|p| p.runs).count());
    let part = |key: &str| set.at(&["spec", "updateStrategy", "rollingUpdate", key]);
    let surge = pods::scaled(part("maxSurge"), wanted, true, 0);
    let unavailable = pods::scaled(part("maxUnavailable"), wanted, true, 1);
    (surge, if surge == 0 && unavailable == 0 { 1 } else { unavailable })
}

/// Replaces pods of older templates, a few at a time.
fn update(client: &mut Client<'_>, set: &Object, places: &[Place], hash: &str) {
    if set.str_at(&["spec", "updateStrategy", "type"]) == "OnDelete" {
        return;
    }
    let (surge, unavailable) = update_limits(set, places);
    let min_ready = set.i64_at(&["spec", "minReadySeconds"]).unwrap_or(0);
    let is_new = |p: &Object| p.label(history::HASH) == Some(hash);
    let (mut missing, mut growing) = (0, 0);
    let (mut idle, mut candidates, mut grow) = (Vec::new(), Vec::new(), Vec::new());
    for place in places {
        let there: Vec<&Arc<Object>> = place.pods.iter().filter(|p| !p.is_deleting()).collect();
        let old = there.iter().find(|p| !is_new(p));
        let new = there.iter().find(|p| is_new(p));
        let available = |c: &mut Client<'_>, p: Option<&&Arc<Object>>| {
            p.is_some_and(|p| pods::is_available(c, p, min_ready))
        };
        if surge == 0 {
            match (new, old) {
                (Some(_), _) if available(client, new) => {}
                (None, Some(old)) if available(client, Some(old)) => candidates.push(Arc::clone(old)),
                (None, Some(old)) => {
                    missing += 1;
                    idle.push(Arc::clone(old));
                }
                _ if place.runs => missing += 1,
                _ => {}
            }
        } else if let Some(old) = old {
            match new {
                None if available(client, Some(old)) => grow.push(place.node.clone()),
                None => idle.push(Arc::clone(old)),
                Some(_) if available(client, new) => idle.push(Arc::clone(old)),
                Some(_) => growing += 1,
            }
        }
    }
    let spare = usize::try_from(unavailable - missing).unwrap_or(0);
    for pod in idle.into_iter().chain(candidates.into_iter().take(spare)) {
        pods::delete(client, SOURCE, set, &pod);
    }
    let spare = usize::try_from(surge - growing).unwrap_or(0);
    for node in grow.into_iter().take(spare) {
        let _ = pods::create(client, SOURCE, set, labelled(set, &node, hash));
    }
}

fn status(client: &mut Client<'_>, set: &Object, hash: &str) {
    let Some(set) = client.get(SETS, set.namespace(), set.name()) else { return };
    let Some(selector) = owner::selector_of(&set) else { return };
    let mine: Vec<Arc<Object>> = owner::claim(client, "pods", &set, &selector);
    let min_ready = set.i64_at(&["spec", "minReadySeconds"]).unwrap_or(0);
    let (mut desired, mut current, mut misplaced, mut ready, mut updated, mut available) = (0, 0, 0, 0, 0, 0);
    for place in places(client, &set, &mine) {
        let mut there: Vec<&Arc<Object>> = place.pods.iter().collect();
        if !place.runs {
            misplaced += i64::from(!there.is_empty());
            continue;
        }
        desired += 1;
        gatehouse_model::order::by(&mut there, |a, b| pods::created(a).cmp(pods::created(b)));
        let Some(pod) = there.first() else { continue };
        current += 1;
        updated += i64::from(pod.label(history::HASH) == Some(hash));
        if pods::is_ready(pod) {
            ready += 1;
            available += i64::from(pods::is_available(client, pod, min_ready));
        }
    }
    let mut status = json!({
        "currentNumberScheduled": current, "numberMisscheduled": misplaced, "desiredNumberScheduled": desired,
        "numberReady": ready, "observedGeneration": (set.generation()),
    });
    let missing = desired - available;
    for (key, n) in
        [("updatedNumberScheduled", updated), ("numberAvailable", available), ("numberUnavailable", missing)]
    {
        if n > 0 {
            status.set(&[key], n);
        }
    }
    if let Some(collisions) = set.at(&["status", "collisionCount"]) {
        status.set(&["collisionCount"], collisions.clone());
    }
    let _ = client.update_status(SETS, &set, status);
}
