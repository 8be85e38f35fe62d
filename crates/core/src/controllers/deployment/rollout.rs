//! The two ways to replace pods: some at a time, or all at once.
//!
//! Models `pkg/controller/deployment/{rolling,recreate}.go`.

use gatehouse_model::Object;

use super::{Rollout, replicas, revision, scale, status};
use crate::controllers::pods;

/// `RollingUpdate`
pub(super) fn rolling(work: &mut Rollout<'_, '_>) {
    work.find_current(true);
    let Some(current) = work.current.clone() else { return };
    let (size, wanted) = (replicas(&current), work.wanted());
    if size != wanted {
        let next = if size > wanted { wanted } else { scale::new_size(work, size) };
        if scale::to(work, &current, next) {
            return;
        }
    }
    if shrink(work) {
        return;
    }
    if status::is_complete(&work.deployment, wanted) {
        revision::clean_up(work);
    }
}

/// Takes pods from the old sets: first those that are not healthy, then as many as availability allows.
fn shrink(work: &mut Rollout<'_, '_>) -> bool {
    if work.old.iter().map(replicas).sum::<i64>() == 0 {
        return false;
    }
    let least = work.wanted() - work.max_unavailable();
    let not_yet = work.current.as_ref().map_or(0, |s| replicas(s) - pods::status_of(s, "availableReplicas"));
    let most = work.total() - least - not_yet;
    if most <= 0 {
        return false;
    }
    let mut down = 0;
    for set in active(work) {
        let unhealthy = replicas(&set) - pods::status_of(&set, "availableReplicas");
        if down >= most || unhealthy <= 0 {
            continue;
        }
        let step = unhealthy.min(most - down);
        scale::to(work, &set, replicas(&set) - step);
        down += step;
    }
    let spare = work.sum("availableReplicas") - least;
    let mut taken = 0;
    if spare > 0 {
        for set in active(work) {
            if taken >= spare {
                break;
            }
            let step = replicas(&set).min(spare - taken);
            scale::to(work, &set, replicas(&set) - step);
            taken += step;
        }
    }
    down + taken > 0
}

/// `Recreate`
pub(super) fn recreate(work: &mut Rollout<'_, '_>) {
    work.find_current(false);
    let mut shrunk = false;
    for set in active(work) {
        shrunk |= scale::to(work, &set, 0);
    }
    if shrunk || old_pods_run(work) {
        return;
    }
    if work.current.is_none() {
        work.find_current(true);
    }
    let Some(current) = work.current.clone() else { return };
    let wanted = work.wanted();
    scale::to(work, &current, wanted);
    if status::is_complete(&work.deployment, wanted) {
        revision::clean_up(work);
    }
}

fn active(work: &Rollout<'_, '_>) -> Vec<Object> {
    work.old.iter().filter(|s| replicas(s) > 0).cloned().collect()
}

fn old_pods_run(work: &Rollout<'_, '_>) -> bool {
    if work.old.iter().any(|s| pods::status_of(s, "replicas") > 0) {
        return true;
    }
    let of_old =
        |p: &Object| p.controller().is_some_and(|c| work.old.iter().any(|s| s.uid() == c.str_at(&["uid"])));
    work.client
        .list("pods", Some(work.deployment.namespace()))
        .iter()
        .any(|p| of_old(p) && !pods::is_finished(p))
}
