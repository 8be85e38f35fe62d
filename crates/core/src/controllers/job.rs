//! A Job runs pods until enough of them have succeeded.
//!
//! Models `pkg/controller/job/{job_controller,indexed_job_utils,backoff_utils}.go` without pod failure and success
//! policies.

use std::sync::Arc;

use gatehouse_model::{Object, Value, json};

use super::client::Client;
use super::events::{EventType, Source};
use super::pods::{self, count};
use super::{memory, owner};
use crate::world::Timestamp;

const JOBS: &str = "jobs.batch";
const SOURCE: Source<'static> = Source::new("job-controller");
const FINALIZER: &str = "batch.kubernetes.io/job-tracking";
const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// The first delay after a failed pod, in milliseconds, and the longest.
const BACKOFF: i64 = 10_000;
const LONGEST: i64 = 600_000;

pub(super) fn pass(client: &mut Client<'_>) {
    for job in client.list(JOBS, None) {
        sync(client, &job);
    }
    // Pods whose job is gone are not counted any more.
    for pod in client.list("pods", None) {
        let of_job = pod.controller().filter(|c| c.str_at(&["kind"]) == "Job");
        if let Some(job) = of_job {
            let there = client.get(JOBS, pod.namespace(), job.str_at(&["name"]));
            if there.is_none_or(|j| j.uid() != job.str_at(&["uid"])) {
                release(client, &pod);
            }
        }
    }
}

/// Whether the job has ended, and how.
pub(super) fn ended(job: &Object) -> Option<&'static str> {
    ["Complete", "Failed"].into_iter().find(|kind| pods::is_true(job, kind))
}

fn release(client: &mut Client<'_>, pod: &Object) {
    let all = pod.list_at(&["metadata", "finalizers"]);
    let rest: Vec<Value> = all.iter().filter(|f| f.as_str() != Some(FINALIZER)).cloned().collect();
    if rest.len() < all.len() {
        let rest = if rest.is_empty() { Value::Null } else { Value::from(rest) };
        let patch = json!({"metadata": {"finalizers": rest}});
        let _ = client.merge("pods", pod.namespace(), pod.name(), patch);
    }
}

/// A job and the pods that count for it.
struct Work {
    job: Object,
    active: Vec<Arc<Object>>,
    /// Ended pods that are not counted in the status yet.
    uncounted: Vec<Arc<Object>>,
    succeeded: i64,
    failed: i64,
}

fn is_indexed(job: &Object) -> bool {
    job.str_at(&["spec", "completionMode"]) == "Indexed"
}

fn is_counted(pod: &Object) -> bool {
    !pod.list_at(&["metadata", "finalizers"]).iter().any(|f| f.as_str() == Some(FINALIZER))
}

fn sync(client: &mut Client<'_>, job: &Object) {
    if !matches!(job.str_at(&["spec", "managedBy"]), "" | "kubernetes.io/job-controller") {
        return;
    }
    let Some(selector) = owner::selector_of(job) else { return };
    let mine = owner::claim(client, "pods", job, &selector);
    if ended(job).is_some() {
        for pod in &mine {
            release(client, pod);
        }
        return;
    }
    if job.is_deleting() {
        for pod in mine.iter().filter(|p| p.is_deleting() || pods::is_finished(p)) {
            release(client, pod);
        }
        return;
    }
    let tracked = client.cluster.version.minor() >= 23;
    let uncounted: Vec<Arc<Object>> = mine
        .iter()
        .filter(|p| pods::is_finished(p) || (p.is_deleting() && !pods::is_active(p)))
        .filter(|p| !tracked || !is_counted(p))
        .cloned()
        .collect();
    let before = |key: &str| if tracked { pods::status_of(job, key) } else { 0 };
    let in_phase = |phase: &str| count(uncounted.iter().filter(|p| pods::phase(p) == phase).count());
    // A pod that is removed while it runs has failed.
    let removed = count(uncounted.iter().filter(|p| !pods::is_finished(p)).count());
    let work = Work {
        job: job.clone(),
        active: mine.iter().filter(|p| pods::is_active(p)).cloned().collect(),
        succeeded: before("succeeded") + in_phase("Succeeded"),
        failed: before("failed") + in_phase("Failed") + if tracked { removed } else { 0 },
        uncounted,
    };
    let terminating = mine.iter().filter(|p| p.is_deleting() && !pods::is_finished(p)).count();
    decide(client, work, terminating);
}

/// What is said of a job at its end: the conditions' reason and message, and the event's.
struct End {
    kind: &'static str,
    reason: &'static str,
    message: String,
}

fn decide(client: &mut Client<'_>, mut work: Work, terminating: usize) {
    let job = work.job.clone();
    let now = client.cluster.now;
    let suspended = job.bool_at(&["spec", "suspend"]) == Some(true);
    let mut status = job.get("status").cloned().unwrap_or_else(Value::map);
    if !suspended && job.at(&["status", "startTime"]).is_none() {
        status.set(&["startTime"], now.to_string());
    }
    let end = end_of(client, &work, &status);
    if let Some(end) = &end {
        for pod in std::mem::take(&mut work.active) {
            pods::delete(client, SOURCE, &job, &pod);
        }
        finish(client, &job, &mut status, end);
    } else if suspended {
        for pod in std::mem::take(&mut work.active) {
            pods::delete(client, SOURCE, &job, &pod);
        }
        suspend(client, &job, &mut status, true);
    } else {
        suspend(client, &job, &mut status, false);
        manage(client, &mut work);
    }
    counts(client, &work, &mut status, terminating);
    if client.update_status(JOBS, &job, status).is_ok() {
        for pod in &work.uncounted {
            release(client, pod);
        }
    }
}

/// Whether the job is over.
fn end_of(client: &mut Client<'_>, work: &Work, status: &Value) -> Option<End> {
    let job = &work.job;
    let limit = job.i64_at(&["spec", "backoffLimit"]).unwrap_or(6);
    let restarts: i64 = work
        .active
        .iter()
        .filter(|p| p.str_at(&["spec", "restartPolicy"]) == "OnFailure")
        .flat_map(|p| p.list_at(&["status", "containerStatuses"]))
        .filter_map(|c| c.i64_at(&["restartCount"]))
        .sum();
    if work.failed > limit || (restarts > 0 && restarts >= limit.max(1)) {
        let message = "Job has reached the specified backoff limit".to_owned();
        return Some(End { kind: "Failed", reason: "BackoffLimitExceeded", message });
    }
    let started = pods::moment(status.str_at(&["startTime"]));
    let deadline = job.i64_at(&["spec", "activeDeadlineSeconds"]);
    if let Some(until) = started.zip(deadline).map(|(t, s)| t.plus_millis(s * 1000)) {
        if until <= client.cluster.now {
            let message = "Job was active longer than specified deadline".to_owned();
            return Some(End { kind: "Failed", reason: "DeadlineExceeded", message });
        }
        client.wake_at(until);
    }
    let done = match job.i64_at(&["spec", "completions"]) {
        Some(wanted) => work.succeeded >= wanted && (wanted > 0 || work.active.is_empty()),
        // A work queue is empty once one pod has succeeded and none runs.
        None => work.succeeded > 0 && work.active.is_empty(),
    };
    done.then(|| End {
        kind: "Complete",
        reason: "CompletionsReached",
        message: "Reached expected number of succeeded pods".to_owned(),
    })
}

fn condition(status: &mut Value, kind: &str, word: &str, (reason, message): (&str, &str), now: &str) {
    let mut condition = json!({
        "type": kind, "status": word, "lastProbeTime": now, "lastTransitionTime": now,
    });
    for (key, text) in [("reason", reason), ("message", message)] {
        if !text.is_empty() {
            condition.set(&[key], text);
        }
    }
    let all = status.entry_at(&["conditions"]).make_list();
    match all.iter_mut().find(|c| c.str_at(&["type"]) == kind) {
        Some(old) if old.str_at(&["status"]) == word => {}
        Some(old) => *old = condition,
        None => all.push(condition),
    }
}

fn finish(client: &mut Client<'_>, job: &Object, status: &mut Value, end: &End) {
    let now = client.now();
    let words = (end.reason, end.message.as_str());
    let minor = client.cluster.version.minor();
    if end.kind == "Complete" {
        // Why a job completed is said since 1.31.
        if minor >= 31 {
            condition(status, "SuccessCriteriaMet", "True", words, &now);
        }
        condition(status, "Complete", "True", if minor >= 31 { words } else { ("", "") }, &now);
        status.set(&["completionTime"], now);
        client.event(SOURCE, job, EventType::Normal, "Completed", "Job completed");
    } else {
        if minor >= 31 {
            condition(status, "FailureTarget", "True", words, &now);
        }
        condition(status, "Failed", "True", words, &now);
        client.event(SOURCE, job, EventType::Warning, end.reason, &end.message);
    }
}

fn suspend(client: &mut Client<'_>, job: &Object, status: &mut Value, on: bool) {
    let was = pods::is_true(job, "Suspended");
    let now = client.now();
    if on && !was {
        condition(status, "Suspended", "True", ("JobSuspended", "Job suspended"), &now);
        status.remove(&["startTime"]);
        client.event(SOURCE, job, EventType::Normal, "Suspended", "Job suspended");
    } else if was && !on {
        condition(status, "Suspended", "False", ("JobResumed", "Job resumed"), &now);
        status.set(&["startTime"], now);
        client.event(SOURCE, job, EventType::Normal, "Resumed", "Job resumed");
    }
}

fn manage(client: &mut Client<'_>, work: &mut Work) {
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
        for pod in doomed.into_iter().take(usize::try_from(active - wanted).unwrap_or(0)) {
            if pods::delete(client, SOURCE, &job, &pod) {
                work.active.retain(|p| p.name() != pod.name());
            }
        }
        return;
    }
    let key = memory::key(&job);
    if active >= wanted || !client.may_retry(&key) || backs_off(client, work) {
        return;
    }
    let indexes: Vec<Option<i64>> = if is_indexed(&job) {
        free_indexes(work).into_iter().map(Some).collect()
    } else {
        vec![None; usize::try_from(wanted - active).unwrap_or(0)]
    };
    for index in indexes.into_iter().take(usize::try_from(wanted - active).unwrap_or(0)) {
        match pods::create(client, SOURCE, &job, pod(client, &job, index)) {
            Ok(pod) => work.active.push(Arc::new(pod)),
            Err(_) => {
                client.failed(&key);
                return;
            }
        }
    }
    client.succeeded(&key);
}

/// After failures new pods wait, ever longer.
fn backs_off(client: &mut Client<'_>, work: &Work) -> bool {
    let of_job = |p: &&Arc<Object>| owner::controls(&work.job, p) && pods::phase(p) == "Failed";
    let all = client.list("pods", Some(work.job.namespace()));
    let failed: Vec<&Arc<Object>> = all.iter().filter(of_job).collect();
    let last = failed.iter().filter_map(|p| finished_at(p)).max();
    let Some(last) = last.filter(|_| work.failed > 0) else { return false };
    let times = u32::try_from(work.failed - 1).unwrap_or(0).min(16);
    let until = last.plus_millis((BACKOFF << times).min(LONGEST));
    if until <= client.cluster.now {
        return false;
    }
    client.wake_at(until);
    true
}

fn finished_at(pod: &Object) -> Option<Timestamp> {
    let ends = pod.list_at(&["status", "containerStatuses"]).iter();
    let ends = ends.filter_map(|c| pods::moment(c.str_at(&["state", "terminated", "finishedAt"])));
    ends.max().or_else(|| pods::moment(pods::created(pod)))
}

fn index_of(pod: &Object) -> Option<i64> {
    pod.annotation(INDEX).and_then(|i| i.parse().ok())
}

/// The numbers that no pod has and that have not succeeded.
fn free_indexes(work: &Work) -> Vec<i64> {
    let total = work.job.i64_at(&["spec", "completions"]).unwrap_or(0);
    let taken: Vec<i64> = work.active.iter().filter_map(|p| index_of(p)).collect();
    let done = done_indexes(work);
    (0..total).filter(|i| !taken.contains(i) && !done.contains(i)).collect()
}

fn done_indexes(work: &Work) -> Vec<i64> {
    let mut done = parse_ranges(work.job.str_at(&["status", "completedIndexes"]));
    let new = work.uncounted.iter().filter(|p| pods::phase(p) == "Succeeded");
    done.extend(new.filter_map(|p| index_of(p)));
    gatehouse_model::order::sort(&mut done);
    done.dedup();
    done
}

/// `1,3-5` as numbers.
fn parse_ranges(text: &str) -> Vec<i64> {
    text.split(',')
        .filter_map(|part| {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            Some(from.parse::<i64>().ok()?..=to.parse::<i64>().ok()?)
        })
        .flatten()
        .collect()
}

/// Numbers as `1,3-5`.
fn ranges(numbers: &[i64]) -> String {
    let mut parts: Vec<(i64, i64)> = Vec::new();
    for n in numbers {
        match parts.last_mut() {
            Some((_, to)) if *to + 1 == *n => *to = *n,
            _ => parts.push((*n, *n)),
        }
    }
    let text = |(from, to): &(i64, i64)| match to - from {
        0 => from.to_string(),
        1 => format!("{from},{to}"),
        _ => format!("{from}-{to}"),
    };
    parts.iter().map(text).collect::<Vec<_>>().join(",")
}

fn pod(client: &Client<'_>, job: &Object, index: Option<i64>) -> Value {
    let template = job.at(&["spec", "template"]).cloned().unwrap_or_default();
    let mut pod = Object(pods::from_template(job, &template));
    if client.cluster.version.minor() >= 23 {
        pod.entry_at(&["metadata", "finalizers"]).make_list().push(FINALIZER.into());
    }
    if let Some(index) = index {
        let name = format!("{}-{index}", job.name());
        pod.set(&["metadata", "annotations", INDEX], index.to_string());
        pod.set(&["metadata", "labels", INDEX], index.to_string());
        pod.set(&["metadata", "generateName"], format!("{name}-"));
        pod.set(&["spec", "hostname"], name);
        let from = json!({"fieldRef": {"fieldPath": (format!("metadata.labels['{INDEX}']"))}});
        for list in ["initContainers", "containers"] {
            let Some(containers) = pod.at_mut(&["spec", list]) else { continue };
            for container in containers.make_list() {
                let env = container.entry_at(&["env"]).make_list();
                if !env.iter().any(|e| e.str_at(&["name"]) == "JOB_COMPLETION_INDEX") {
                    env.push(json!({"name": "JOB_COMPLETION_INDEX", "valueFrom": (from.clone())}));
                }
            }
        }
    }
    pod.0
}

fn counts(client: &Client<'_>, work: &Work, status: &mut Value, terminating: usize) {
    let minor = client.cluster.version.minor();
    let ready = work.active.iter().filter(|p| pods::is_ready(p)).count();
    for (key, n) in
        [("active", count(work.active.len())), ("succeeded", work.succeeded), ("failed", work.failed)]
    {
        if n > 0 {
            status.set(&[key], n);
        } else {
            status.remove(&[key]);
        }
    }
    if minor >= 24 {
        status.set(&["ready"], count(ready));
    }
    if minor >= 28 {
        status.set(&["terminating"], count(terminating));
    }
    if minor >= 23 {
        status.set(&["uncountedTerminatedPods"], Value::map());
    }
    if is_indexed(&work.job) {
        let done = done_indexes(work);
        if !done.is_empty() {
            status.set(&["completedIndexes"], ranges(&done));
            status.set(&["succeeded"], count(done.len()));
        }
    }
}
