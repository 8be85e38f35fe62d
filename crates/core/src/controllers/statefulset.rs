//! A StatefulSet has pods with names that last, made and replaced in order.
//!
//! Models `pkg/controller/statefulset/{stateful_set_control,stateful_pod_control,stateful_set_utils}.go`.

mod claims;

use std::sync::Arc;

use gatehouse_model::{Object, Selector, Value, json};

use super::client::Client;
use super::events::{EventType, Source};
use super::pods::{self, count};
use super::{history, memory, owner};
use claims::CLAIMS;

const SETS: &str = "statefulsets.apps";
const SOURCE: Source<'static> = Source::new("statefulset-controller");

pub(super) fn pass(client: &mut Client<'_>) {
    let due = client.due(SETS, &["pods", history::REVISIONS], &[CLAIMS]);
    for set in client.list(SETS, None) {
        if !set.is_deleting() && client.looks_at(&due, &set) {
            sync(client, &set);
        }
    }
}

/// A set with the revisions it moves between.
struct Work {
    set: Object,
    /// The revision its pods had when the last update was done.
    current: Object,
    /// The revision of its present template.
    update: Object,
    first: i64,
    size: i64,
}

impl Work {
    fn ordered(&self) -> bool {
        self.set.str_at(&["spec", "podManagementPolicy"]) != "Parallel"
    }

    fn partition(&self) -> i64 {
        self.set.i64_at(&["spec", "updateStrategy", "rollingUpdate", "partition"]).unwrap_or(0)
    }

    /// The revision a new pod gets.
    fn revision_for(&self, ordinal: i64) -> &Object {
        let strategy = ["spec", "updateStrategy"];
        let rolling = self.set.str_at(&["spec", "updateStrategy", "type"]) == "RollingUpdate";
        let limits = self.set.at(&strategy).and_then(|s| s.get("rollingUpdate"));
        let old = match limits {
            Some(_) => self.partition(),
            None => pods::status_of(&self.set, "currentReplicas"),
        };
        let below = rolling && ordinal < self.first + old;
        if below { &self.current } else { &self.update }
    }
}

fn sync(client: &mut Client<'_>, set: &Object) {
    let Ok(selector) = Selector::from_object(set.at(&["spec", "selector"])) else { return };
    let revisions = history::of(client, set, &selector);
    let Some(update) = history::current(client, set, &revisions) else { return };
    let named = set.str_at(&["status", "currentRevision"]);
    let current =
        revisions.iter().find(|r| r.name() == named).map_or_else(|| update.clone(), |r| (**r).clone());
    let work = Work {
        set: set.clone(),
        current,
        update,
        first: set.i64_at(&["spec", "ordinals", "start"]).unwrap_or(0),
        size: set.i64_at(&["spec", "replicas"]).unwrap_or(1),
    };
    let mine: Vec<Arc<Object>> = owner::claim(client, "pods", set, &selector)
        .into_iter()
        .filter(|p| ordinal(set, p).is_some())
        .collect();
    manage(client, &work, &mine);
    status(client, &work, &selector);
    let mut used: Vec<String> =
        mine.iter().filter_map(|p| p.label(history::HASH)).map(str::to_owned).collect();
    used.extend([work.current.name().to_owned(), work.update.name().to_owned()]);
    history::clean_up(client, set, &revisions, &used);
}

/// The number at the end of a pod's name.
fn ordinal(set: &Object, pod: &Object) -> Option<i64> {
    pod.name().strip_prefix(set.name())?.strip_prefix('-')?.parse().ok()
}

/// Whether the pod is there and ready for as long as the set wants it.
fn is_available(client: &mut Client<'_>, work: &Work, pod: &Object) -> bool {
    let min_ready = work.set.i64_at(&["spec", "minReadySeconds"]).unwrap_or(0);
    pods::phase(pod) == "Running" && pods::is_available(client, pod, min_ready)
}

fn manage(client: &mut Client<'_>, work: &Work, mine: &[Arc<Object>]) {
    let within = |o: i64| o >= work.first && o < work.first + work.size;
    let of = |o: i64| mine.iter().find(|p| ordinal(&work.set, p) == Some(o));
    for pod in mine {
        let Some(o) = ordinal(&work.set, pod) else { continue };
        claims::retain(client, work, pod, o, !within(o));
    }
    for o in work.first..work.first + work.size {
        match of(o) {
            // One that has ended is made anew under its name.
            Some(pod) if pods::is_finished(pod) => {
                if !pod.is_deleting() {
                    // Nobody is told any more since 1.31.
                    if client.cluster.version.minor() < 31 && pods::phase(pod) == "Failed" {
                        let (namespace, set) = (work.set.namespace(), work.set.name());
                        let message =
                            format!("StatefulSet {namespace}/{set} is recreating failed Pod {}", pod.name());
                        client.event(SOURCE, &work.set, EventType::Warning, "RecreatingFailedPod", &message);
                    }
                    delete(client, work, pod);
                }
                if work.ordered() {
                    return;
                }
            }
            Some(pod) if pod.is_deleting() => {
                if work.ordered() {
                    return;
                }
            }
            Some(pod) => {
                if work.ordered() && !is_available(client, work, pod) {
                    return;
                }
            }
            None => {
                if !create(client, work, o) || work.ordered() {
                    return;
                }
            }
        }
    }
    // Those beyond the size go, the last one first.
    let mut beyond: Vec<&Arc<Object>> =
        mine.iter().filter(|p| ordinal(&work.set, p).is_some_and(|o| !within(o))).collect();
    gatehouse_model::order::by_key(&mut beyond, |p| std::cmp::Reverse(ordinal(&work.set, p)));
    for pod in beyond {
        if pod.is_deleting() {
            if work.ordered() {
                return;
            }
            continue;
        }
        delete(client, work, pod);
        if work.ordered() {
            return;
        }
    }
    if work.set.str_at(&["spec", "updateStrategy", "type"]) == "OnDelete" {
        return;
    }
    // Pods of older revisions go, the last one first, as long as the others are well.
    let most = work.set.at(&["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"]);
    let mut spare = pods::scaled(most.filter(|v| !v.is_null()), work.size, true, 1).max(1);
    for o in (work.first + work.partition()..work.first + work.size).rev() {
        let Some(pod) = of(o) else { continue };
        if pod.label(history::HASH) != Some(work.update.name()) && !pod.is_deleting() {
            delete(client, work, pod);
            spare -= 1;
        } else if !is_available(client, work, pod) {
            spare -= 1;
        }
        if spare <= 0 {
            return;
        }
    }
}

fn delete(client: &mut Client<'_>, work: &Work, pod: &Object) {
    if client.delete("pods", pod.namespace(), pod.name()).is_ok() {
        let message = format!("delete Pod {} in StatefulSet {} successful", pod.name(), work.set.name());
        client.event(SOURCE, &work.set, EventType::Normal, "SuccessfulDelete", &message);
    }
}

fn create(client: &mut Client<'_>, work: &Work, ordinal: i64) -> bool {
    let key = memory::key(&work.set);
    if !client.may_retry(&key) {
        return false;
    }
    let set = &work.set;
    let pod = pod(client, work, ordinal);
    let name = pod.name().to_owned();
    if let Err(why) = claims::make(client, work, ordinal) {
        let message = format!("create Pod {name} in StatefulSet {} failed error: {why}", set.name());
        client.event(SOURCE, set, EventType::Warning, "FailedCreate", &message);
        client.failed(&key);
        return false;
    }
    match client.create("pods", pod.0) {
        Ok(_) => {
            let message = format!("create Pod {name} in StatefulSet {} successful", set.name());
            client.event(SOURCE, set, EventType::Normal, "SuccessfulCreate", &message);
            client.succeeded(&key);
            true
        }
        Err(refusal) => {
            let message =
                format!("create Pod {name} in StatefulSet {} failed error: {}", set.name(), refusal.message);
            client.event(SOURCE, set, EventType::Warning, "FailedCreate", &message);
            client.failed(&key);
            false
        }
    }
}

/// The pod with a number, of the revision that is its turn.
fn pod(client: &Client<'_>, work: &Work, ordinal: i64) -> Object {
    let set = &work.set;
    let revision = work.revision_for(ordinal);
    let template = revision.at(&["data", "spec", "template"]).cloned().unwrap_or_default();
    let name = format!("{}-{ordinal}", set.name());
    let mut pod = Object(pods::from_template(set, &template));
    pod.remove(&["metadata", "generateName"]);
    pod.set(&["metadata", "name"], name.as_str());
    pod.set(&["metadata", "labels", "statefulset.kubernetes.io/pod-name"], name.as_str());
    if client.cluster.version.minor() >= 28 {
        pod.set(&["metadata", "labels", "apps.kubernetes.io/pod-index"], ordinal.to_string());
    }
    pod.set(&["metadata", "labels", history::HASH], revision.name());
    pod.set(&["spec", "hostname"], name);
    if !set.str_at(&["spec", "serviceName"]).is_empty() {
        pod.set(&["spec", "subdomain"], set.str_at(&["spec", "serviceName"]));
    }
    let claimed: Vec<(String, String)> = set
        .list_at(&["spec", "volumeClaimTemplates"])
        .iter()
        .map(|c| (c.str_at(&["metadata", "name"]).to_owned(), claims::name(set, c, ordinal)))
        .collect();
    if !claimed.is_empty() {
        let mut volumes: Vec<Value> = claimed
            .iter()
            .map(|(volume, claim)| {
                json!({"name": (volume.as_str()), "persistentVolumeClaim": {"claimName": (claim.as_str())}})
            })
            .collect();
        let others = pod.list_at(&["spec", "volumes"]).iter();
        volumes.extend(others.filter(|v| !claimed.iter().any(|(n, _)| n == v.str_at(&["name"]))).cloned());
        pod.set(&["spec", "volumes"], volumes);
    }
    pod
}

fn status(client: &mut Client<'_>, work: &Work, selector: &Selector) {
    let Some(set) = client.get(SETS, work.set.namespace(), work.set.name()) else { return };
    let mine = owner::claim(client, "pods", &set, selector);
    let (mut current, update) = (work.current.name().to_owned(), work.update.name().to_owned());
    let (mut total, mut ready, mut available, mut old, mut new) = (0, 0, 0, 0, 0);
    for pod in mine.iter().filter(|p| ordinal(&set, p).is_some()) {
        total += 1;
        if pods::phase(pod) == "Running" && pods::is_ready(pod) {
            ready += 1;
            available += usize::from(is_available(client, work, pod));
        }
        if !pod.is_deleting() {
            old += usize::from(pod.label(history::HASH) == Some(current.as_str()));
            new += usize::from(pod.label(history::HASH) == Some(update.as_str()));
        }
    }
    let wanted = usize::try_from(work.size).unwrap_or(0);
    let rolling = set.str_at(&["spec", "updateStrategy", "type"]) == "RollingUpdate";
    if rolling && new == total && total == wanted && ready == wanted {
        old = new;
        current.clone_from(&update);
    }
    let collisions = set.i64_at(&["status", "collisionCount"]).unwrap_or(0);
    let mut status = json!({
        "observedGeneration": (set.generation()), "replicas": (count(total)), "collisionCount": collisions,
        "currentRevision": current, "updateRevision": update, "availableReplicas": (count(available)),
    });
    for (key, n) in [("readyReplicas", ready), ("currentReplicas", old), ("updatedReplicas", new)] {
        if n > 0 {
            status.set(&[key], count(n));
        }
    }
    let _ = client.update_status(SETS, &set, status);
}
