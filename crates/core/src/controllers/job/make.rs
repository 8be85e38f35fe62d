//! The pods of a Job: how many there should be, when the next one may start, what it looks like.
//!
//! Models `pkg/controller/job/job_controller.go` (`manageJob`) and `backoff_utils.go`.

use std::sync::Arc;

use gatehouse_model::{Object, Value, json};

use super::indexes::{self, FAILURES, IGNORED, INDEX};
use super::{FINALIZER, SOURCE, Work, delete_uncounted, is_indexed, policy};
use crate::controllers::client::Client;
use crate::controllers::memory;
use crate::controllers::pods::{self, count};
use crate::world::Timestamp;

/// The first delay after a failed pod, in milliseconds, and the longest.
const BACKOFF: i64 = 10_000;
const LONGEST: i64 = 600_000;

/// Makes the pods that are missing, or removes those too many.
pub(super) fn manage(client: &mut Client<'_>, work: &mut Work) {
    let job = work.job.clone();
    let parallel = job.i64_at(&["spec", "parallelism"]).unwrap_or(1);
    let active = count(work.active.len());
    let wanted = match job.i64_at(&["spec", "completions"]) {
        Some(completions) => parallel.min((completions - work.succeeded).max(0)),
        None if work.succeeded > 0 => active,
        None => parallel,
    };
    if active > wanted {
        let mut doomed: Vec<Object> = work.active.iter().map(|p| (**p).clone()).collect();
        pods::sort_for_deletion(&mut doomed);
        doomed.truncate(usize::try_from(active - wanted).unwrap_or(0));
        delete_uncounted(client, work, &doomed);
        return;
    }
    let leaving = if work.waits_for_ends() { count(work.leaving.len()) } else { 0 };
    let missing = usize::try_from(wanted - active - leaving).unwrap_or(0);
    let key = memory::key(&job);
    let apart = indexes::has_limits(&job);
    if missing == 0 || !client.may_retry(&key) || (!apart && backs_off(client, work)) {
        return;
    }
    let mut free: Vec<Option<i64>> = if is_indexed(&job) {
        indexes::free(work).into_iter().map(Some).collect()
    } else {
        vec![None; missing]
    };
    free.truncate(missing);
    for index in free {
        if apart && index.is_some_and(|i| index_backs_off(client, work, i)) {
            continue;
        }
        match pods::create(client, SOURCE, &job, pod(client, work, index)) {
            Ok(pod) => work.active.push(Arc::new(pod)),
            Err(_) => {
                client.failed(&key);
                return;
            }
        }
    }
    client.succeeded(&key);
}

/// Whether something that failed so often, lastly then, has to wait.
fn waits(client: &mut Client<'_>, failures: i64, last: Timestamp) -> bool {
    let times = u32::try_from(failures - 1).unwrap_or(0).min(16);
    let until = last.plus_millis((BACKOFF << times).min(LONGEST));
    if until <= client.cluster.now {
        return false;
    }
    client.wake_at(until);
    true
}

/// After failures new pods wait, ever longer; a success forgives them.
fn backs_off(client: &mut Client<'_>, work: &Work) -> bool {
    let ends = |phase: &'static str| {
        work.ended.iter().filter(move |p| pods::phase(p) == phase).filter_map(|p| finished_at(p))
    };
    let forgiven = ends("Succeeded").max();
    let since: Vec<Timestamp> = ends("Failed").filter(|t| forgiven.is_none_or(|f| *t > f)).collect();
    let Some(last) = since.iter().copied().max() else { return false };
    waits(client, count(since.len()), last)
}

/// The same for one index that has a limit of its own.
fn index_backs_off(client: &mut Client<'_>, work: &Work, index: i64) -> bool {
    let Some(before) = indexes::replaced(work, index) else { return false };
    let failures = indexes::count(before, FAILURES) + indexes::count(before, IGNORED) + 1;
    finished_at(before).is_some_and(|last| waits(client, failures, last))
}

fn finished_at(pod: &Object) -> Option<Timestamp> {
    let ends = pod.list_at(&["status", "containerStatuses"]).iter();
    let ends = ends.filter_map(|c| pods::moment(c.str_at(&["state", "terminated", "finishedAt"])));
    ends.max().or_else(|| pods::moment(pods::created(pod)))
}

fn pod(client: &Client<'_>, work: &Work, index: Option<i64>) -> Value {
    let job = &work.job;
    let minor = client.cluster.version.minor();
    let template = job.at(&["spec", "template"]).cloned().unwrap_or_default();
    let mut pod = Object(pods::from_template(job, &template));
    if minor >= 23 {
        pod.entry_at(&["metadata", "finalizers"]).make_list().push(FINALIZER.into());
    }
    let Some(index) = index else { return pod.0 };
    let name = format!("{}-{index}", job.name());
    pod.set(&["metadata", "annotations", INDEX], index.to_string());
    if minor >= 28 {
        pod.set(&["metadata", "labels", INDEX], index.to_string());
    }
    pod.set(&["metadata", "generateName"], format!("{name}-"));
    pod.set(&["spec", "hostname"], name);
    if indexes::has_limits(job) {
        let (failures, ignored) = indexes::replaced(work, index).map_or((0, 0), |before| {
            let passed_over = policy::verdict(job, before).is_some_and(|v| v.action == "Ignore");
            let counts = (indexes::count(before, FAILURES), indexes::count(before, IGNORED));
            if passed_over { (counts.0, counts.1 + 1) } else { (counts.0 + 1, counts.1) }
        });
        pod.set(&["metadata", "annotations", FAILURES], failures.to_string());
        if ignored > 0 {
            pod.set(&["metadata", "annotations", IGNORED], ignored.to_string());
        }
    }
    let whence = if minor >= 28 { "labels" } else { "annotations" };
    let from = json!({"fieldRef": {"fieldPath": (format!("metadata.{whence}['{INDEX}']"))}});
    for list in ["initContainers", "containers"] {
        let Some(containers) = pod.at_mut(&["spec", list]) else { continue };
        for container in containers.make_list() {
            let env = container.entry_at(&["env"]).make_list();
            if !env.iter().any(|e| e.str_at(&["name"]) == "JOB_COMPLETION_INDEX") {
                env.push(json!({"name": "JOB_COMPLETION_INDEX", "valueFrom": (from.clone())}));
            }
        }
    }
    pod.0
}
