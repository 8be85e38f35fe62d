//! How many pods each ReplicaSet is to have.
//!
//! Models `pkg/controller/deployment/sync.go` (`scale`, `isScalingEvent`) and `util/deployment_util.go`.

use gatehouse_model::Object;

use super::{DESIRED, MAX, Rollout, SETS, SOURCE, replicas};
use crate::controllers::events::EventType;
use crate::controllers::pods;

/// Whether somebody changed the deployment's size since its sets were last sized.
pub(super) fn is_scaling(work: &Rollout<'_, '_>) -> bool {
    let wanted = work.wanted().to_string();
    work.sets().filter(|s| replicas(s) > 0).any(|s| s.annotation(DESIRED).is_some_and(|d| d != wanted))
}

/// How large the set of the present template may be now: what surge leaves room for.
pub(super) fn new_size(work: &Rollout<'_, '_>, now: i64) -> i64 {
    let wanted = work.wanted();
    if work.is_recreate() {
        return wanted;
    }
    let most = wanted + work.max_surge();
    let total = work.total();
    if total >= most { now } else { now + (most - total).min(wanted - now) }
}

/// Sizes the sets without rolling over: only as the deployment's own size changed.
pub(super) fn follow_size(work: &mut Rollout<'_, '_>) {
    let wanted = work.wanted();
    if let Some(set) = active_or_latest(work) {
        if replicas(&set) != wanted {
            to(work, &set, wanted);
        }
        return;
    }
    let active: Vec<Object> = work.old.iter().filter(|s| replicas(s) > 0).cloned().collect();
    if is_saturated(work) {
        for set in active {
            to(work, &set, 0);
        }
        return;
    }
    if work.is_recreate() {
        return;
    }
    proportionally(work, active);
}

/// Spreads a change of size over the sets in proportion to theirs.
fn proportionally(work: &mut Rollout<'_, '_>, mut active: Vec<Object>) {
    let wanted = work.wanted();
    active.extend(work.current.iter().filter(|s| replicas(s) > 0).cloned());
    let total: i64 = active.iter().map(replicas).sum();
    let allowed = if wanted > 0 { wanted + work.max_surge() } else { 0 };
    let add = allowed - total;
    // Larger ones first; among equals the newer when growing, the older when shrinking.
    gatehouse_model::order::by(&mut active, |a, b| {
        let newer = pods::created(b).cmp(pods::created(a));
        replicas(b).cmp(&replicas(a)).then(if add > 0 { newer } else { newer.reverse() })
    });
    let mut added = 0;
    let mut sizes: Vec<i64> = Vec::new();
    for set in &active {
        let part = if add == 0 || add == added || replicas(set) == 0 {
            0
        } else {
            let fraction = fraction(work, set);
            if add > 0 { fraction.min(add - added) } else { fraction.max(add - added) }
        };
        added += part;
        sizes.push(replicas(set) + part);
    }
    if add != 0
        && let Some(first) = sizes.first_mut()
    {
        *first = (*first + add - added).max(0);
    }
    for (set, size) in active.iter().zip(sizes) {
        to(work, set, size);
    }
}

fn fraction(work: &Rollout<'_, '_>, set: &Object) -> i64 {
    let wanted = work.wanted();
    let size = replicas(set);
    if wanted == 0 {
        return -size;
    }
    let most = wanted + work.max_surge();
    let annotated = set.annotation(MAX).and_then(|m| m.parse::<i64>().ok()).filter(|m| *m > 0);
    let before = annotated.unwrap_or_else(|| pods::status_of(&work.deployment, "replicas").max(1));
    // Rounded to the nearest.
    (2 * size * most + before).div_euclid(2 * before) - size
}

/// The only set with pods, or where none has any, the newest; nothing while several have.
fn active_or_latest(work: &Rollout<'_, '_>) -> Option<Object> {
    let active: Vec<&Object> = work.sets().filter(|s| replicas(s) > 0).collect();
    match active.as_slice() {
        [] => work.current.as_ref().or(work.old.last()).cloned(),
        [one] => Some((*one).clone()),
        _ => None,
    }
}

fn is_saturated(work: &Rollout<'_, '_>) -> bool {
    let wanted = work.wanted();
    work.current.as_ref().is_some_and(|s| {
        replicas(s) == wanted
            && s.annotation(DESIRED) == Some(&wanted.to_string())
            && pods::status_of(s, "availableReplicas") == wanted
    })
}

/// Gives a set a size. Says whether that changed it.
pub(super) fn to(work: &mut Rollout<'_, '_>, set: &Object, size: i64) -> bool {
    let from = replicas(set);
    let (desired, most) = (work.wanted().to_string(), (work.wanted() + work.max_surge()).to_string());
    let annotated =
        set.annotation(DESIRED) == Some(desired.as_str()) && set.annotation(MAX) == Some(most.as_str());
    if from == size && annotated {
        return false;
    }
    let mut changed = set.clone();
    changed.set(&["spec", "replicas"], size);
    changed.set(&["metadata", "annotations", DESIRED], desired);
    changed.set(&["metadata", "annotations", MAX], most);
    let Ok(stored) = work.client.update(SETS, &changed, "") else { return false };
    let name = stored.name().to_owned();
    for known in work.old.iter_mut().chain(&mut work.current) {
        if known.uid() == stored.uid() {
            *known = stored.clone();
        }
    }
    if from != size {
        say(work, &name, from, size);
    }
    from != size
}

/// The event of a new size; its wording changed in 1.26 and 1.27.
pub(super) fn say(work: &mut Rollout<'_, '_>, set: &str, from: i64, to: i64) {
    let way = if to > from { "up" } else { "down" };
    let message = match work.client.cluster.version.minor() {
        0..=24 => format!("Scaled {way} replica set {set} to {to}"),
        _ => format!("Scaled {way} replica set {set} from {from} to {to}"),
    };
    let deployment = work.deployment.clone();
    work.client.event(SOURCE, &deployment, EventType::Normal, "ScalingReplicaSet", &message);
}
