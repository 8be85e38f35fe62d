//! A Job runs pods until enough of them have succeeded.
//!
//! Models `pkg/controller/job/job_controller.go`.

mod indexes;
mod make;
mod policy;

use std::sync::Arc;

use gatehouse_model::{Object, Value, json};

use super::client::Client;
use super::events::{EventType, Source};
use super::owner;
use super::pods::{self, count};
use indexes::Indexes;

const JOBS: &str = "jobs.batch";
const SOURCE: Source<'static> = Source::new("job-controller");
const FINALIZER: &str = "batch.kubernetes.io/job-tracking";
/// The conditions that announce an end, since 1.31, and those that say that it has come.
const TARGETS: [(&str, &str); 2] = [("SuccessCriteriaMet", "Complete"), ("FailureTarget", "Failed")];

pub(super) fn pass(client: &mut Client<'_>) {
    let due = client.due(JOBS, &["pods"], &[]);
    for job in client.list(JOBS, None) {
        if client.looks_at(&due, &job) {
            sync(client, &job);
        }
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
    /// Pods that are being deleted and have not ended yet.
    leaving: Vec<Arc<Object>>,
    /// Pods that have ended.
    ended: Vec<Arc<Object>>,
    /// Ended pods that are not counted in the status yet.
    uncounted: Vec<Arc<Object>>,
    succeeded: i64,
    failed: i64,
    /// The indexes that succeeded.
    done: Indexes,
    /// The indexes that were given up.
    lost: Indexes,
}

impl Work {
    fn new(job: &Object, mine: &[Arc<Object>], tracked: bool) -> Self {
        let pick = |wanted: &dyn Fn(&Object) -> bool| mine.iter().filter(|p| wanted(p)).cloned().collect();
        let leaving: Vec<Arc<Object>> = pick(&|p| p.is_deleting() && !pods::is_finished(p));
        let ended: Vec<Arc<Object>> = pick(&pods::is_finished);
        let mut work = Self {
            job: job.clone(),
            active: pick(&pods::is_active),
            uncounted: Vec::new(),
            leaving,
            ended,
            succeeded: 0,
            failed: 0,
            done: Indexes::new(),
            lost: Indexes::new(),
        };
        // A pod that is removed while it runs has failed, unless the job waits until it has ended.
        let removed: &[Arc<Object>] = if work.waits_for_ends() { &[] } else { &work.leaving };
        let open = |p: &&Arc<Object>| !tracked || !is_counted(p);
        work.uncounted = work.ended.iter().chain(removed).filter(open).cloned().collect();
        let before = |key: &str| if tracked { pods::status_of(job, key) } else { 0 };
        let new =
            |wanted: &dyn Fn(&Object) -> bool| count(work.uncounted.iter().filter(|p| wanted(p)).count());
        let passed_over = |p: &Object| policy::verdict(job, p).is_some_and(|v| v.action == "Ignore");
        let failed =
            new(&|p| (pods::phase(p) == "Failed" && !passed_over(p)) || (tracked && !pods::is_finished(p)));
        work.succeeded = before("succeeded") + new(&|p| pods::phase(p) == "Succeeded");
        work.failed = before("failed") + failed;
        if is_indexed(job) {
            work.done = indexes::succeeded(job, &work.uncounted);
            work.succeeded = count(work.done.len());
            if indexes::has_limits(job) {
                work.lost = indexes::failed(job, &work.ended);
            }
        }
        work
    }

    /// Whether pods are replaced only when they have ended, not already when they are being deleted.
    fn waits_for_ends(&self) -> bool {
        let policy = self.job.at(&["spec", "podFailurePolicy"]).is_some_and(|p| !p.is_null());
        policy || self.job.str_at(&["spec", "podReplacementPolicy"]) == "Failed"
    }
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
    decide(client, Work::new(job, &mine, tracked));
}

/// What is said of a job at its end: the conditions' reason and message, and the event's.
struct End {
    kind: &'static str,
    reason: String,
    message: String,
}

impl End {
    fn failed(reason: &str, message: impl Into<String>) -> Self {
        Self { kind: "Failed", reason: reason.to_owned(), message: message.into() }
    }

    fn complete(reason: &str, message: impl Into<String>) -> Self {
        Self { kind: "Complete", reason: reason.to_owned(), message: message.into() }
    }
}

fn decide(client: &mut Client<'_>, mut work: Work) {
    let job = work.job.clone();
    let now = client.cluster.now;
    let suspended = job.bool_at(&["spec", "suspend"]) == Some(true);
    let mut status = job.get("status").cloned().unwrap_or_else(Value::map);
    if !suspended && job.at(&["status", "startTime"]).is_none() {
        status.set(&["startTime"], now.to_string());
    }
    let mut end = announced(&job).or_else(|| end_of(client, &work, &status));
    if end.is_some() {
        for pod in std::mem::take(&mut work.active) {
            if pods::delete(client, SOURCE, &job, &pod) {
                work.leaving.push(pod);
            }
        }
    } else if suspended {
        let active: Vec<Object> = work.active.iter().map(|p| (**p).clone()).collect();
        delete_uncounted(client, &mut work, &active);
    } else {
        make::manage(client, &mut work);
    }
    if end.is_none() && is_complete(&work) {
        end = Some(End::complete("CompletionsReached", "Reached expected number of succeeded pods"));
    }
    match &end {
        Some(end) => finish(client, &work, &mut status, end),
        None => suspend(client, &job, &mut status, suspended),
    }
    counts(client, &work, &mut status);
    if client.update_status(JOBS, &job, status).is_ok() {
        for pod in &work.uncounted {
            release(client, pod);
        }
    }
}

/// Deletes pods that nobody is to count as failed.
fn delete_uncounted(client: &mut Client<'_>, work: &mut Work, doomed: &[Object]) {
    let job = work.job.clone();
    for pod in doomed {
        release(client, pod);
        if pods::delete(client, SOURCE, &job, pod) {
            work.active.retain(|p| p.name() != pod.name());
        }
    }
}

/// The end that the job's conditions announce.
fn announced(job: &Object) -> Option<End> {
    TARGETS.iter().find_map(|(target, kind)| {
        let found = pods::condition(job, target).filter(|c| c.str_at(&["status"]) == "True")?;
        let word = |key: &str| found.str_at(&[key]).to_owned();
        Some(End { kind, reason: word("reason"), message: word("message") })
    })
}

/// Whether the job is over, but for having run all its pods.
fn end_of(client: &mut Client<'_>, work: &Work, status: &Value) -> Option<End> {
    let job = &work.job;
    let verdicts = work.ended.iter().filter(|p| pods::phase(p) == "Failed");
    let mut verdicts = verdicts.filter_map(|p| policy::verdict(job, p));
    if let Some(verdict) = verdicts.find(|v| v.action == "FailJob") {
        return Some(End::failed("PodFailurePolicy", verdict.message));
    }
    let limit = job.i64_at(&["spec", "backoffLimit"]).unwrap_or(6);
    let restarts: i64 = work
        .active
        .iter()
        .filter(|p| p.str_at(&["spec", "restartPolicy"]) == "OnFailure")
        .flat_map(|p| ["initContainerStatuses", "containerStatuses"].map(|l| p.list_at(&["status", l])))
        .flatten()
        .filter_map(|c| c.i64_at(&["restartCount"]))
        .sum();
    if work.failed > limit || (restarts > 0 && restarts >= limit) {
        return Some(End::failed("BackoffLimitExceeded", "Job has reached the specified backoff limit"));
    }
    let suspended = job.bool_at(&["spec", "suspend"]) == Some(true);
    let started = pods::moment(status.str_at(&["startTime"]));
    let deadline = job.i64_at(&["spec", "activeDeadlineSeconds"]).filter(|_| !suspended);
    if let Some(until) = started.zip(deadline).map(|(t, s)| t.plus_millis(s * 1000)) {
        if until <= client.cluster.now {
            return Some(End::failed("DeadlineExceeded", "Job was active longer than specified deadline"));
        }
        client.wake_at(until);
    }
    if !is_indexed(job) {
        return None;
    }
    let total = job.i64_at(&["spec", "completions"]).unwrap_or(0);
    let lost = count(work.lost.len());
    if job.i64_at(&["spec", "maxFailedIndexes"]).is_some_and(|most| lost > most) {
        let message = "Job has exceeded the specified maximal number of failed indexes";
        return Some(End::failed("MaxFailedIndexesExceeded", message));
    }
    if lost > 0 && lost + work.succeeded >= total {
        return Some(End::failed("FailedIndexes", "Job has failed indexes"));
    }
    policy::success(job, &work.done).map(|message| End::complete("SuccessPolicy", message))
}

/// Whether enough pods have succeeded.
fn is_complete(work: &Work) -> bool {
    let enough = match work.job.i64_at(&["spec", "completions"]) {
        Some(wanted) => work.succeeded >= wanted,
        // A work queue is empty once one pod has succeeded and none runs.
        None => work.succeeded > 0,
    };
    enough && work.active.is_empty()
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

/// Says that the job is over: since 1.31 first why, and that it is once all its pods are gone.
fn finish(client: &mut Client<'_>, work: &Work, status: &mut Value, end: &End) {
    let now = client.now();
    let words = (end.reason.as_str(), end.message.as_str());
    let minor = client.cluster.version.minor();
    let complete = end.kind == "Complete";
    if minor >= 31 {
        let target = TARGETS.iter().find(|(_, kind)| *kind == end.kind).map_or("", |(target, _)| *target);
        condition(status, target, "True", words, &now);
        if !work.active.is_empty() || !work.leaving.is_empty() {
            return;
        }
    }
    condition(status, end.kind, "True", if complete && minor < 31 { ("", "") } else { words }, &now);
    if complete {
        status.set(&["completionTime"], now);
        client.event(SOURCE, &work.job, EventType::Normal, "Completed", "Job completed");
    } else {
        client.event(SOURCE, &work.job, EventType::Warning, &end.reason, &end.message);
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

fn counts(client: &Client<'_>, work: &Work, status: &mut Value) {
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
        status.set(&["terminating"], count(work.leaving.len()));
    }
    if minor >= 23 {
        status.set(&["uncountedTerminatedPods"], Value::map());
    }
    if is_indexed(&work.job) {
        if !work.done.is_empty() {
            status.set(&["completedIndexes"], indexes::print(&work.done));
        }
        if indexes::has_limits(&work.job) {
            status.set(&["failedIndexes"], indexes::print(&work.lost));
        }
    }
}
