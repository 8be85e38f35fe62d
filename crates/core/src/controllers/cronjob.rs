//! A CronJob makes jobs at their times.
//!
//! Models `pkg/controller/cronjob/{cronjob_controllerv2,utils}.go`.

mod schedule;

use std::sync::Arc;

use gatehouse_model::{Object, Value, json};

use super::client::Client;
use super::events::{EventType, Source};
use super::{job, memory, owner, pods};
use crate::world::Timestamp;
use schedule::Schedule;

const CRONS: &str = "cronjobs.batch";
const JOBS: &str = "jobs.batch";
const SOURCE: Source<'static> = Source::new("cronjob-controller");
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/// From so many missed times on, something is wrong with the clock.
const MANY: usize = 100;

pub(super) fn pass(client: &mut Client<'_>) {
    for cron in client.list(CRONS, None) {
        let children: Vec<Arc<Object>> = client
            .list(JOBS, Some(cron.namespace()))
            .into_iter()
            .filter(|j| owner::controls(&cron, j))
            .collect();
        let mut status = cron.get("status").cloned().unwrap_or_else(Value::map);
        let alive = look_after(client, &cron, &children, &mut status);
        if !cron.is_deleting() && cron.bool_at(&["spec", "suspend"]) != Some(true) {
            run(client, &cron, alive, &mut status);
        }
        let _ = client.update_status(CRONS, &cron, status);
    }
}

fn reference(job: &Object) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "name": (job.name()), "namespace": (job.namespace()),
        "uid": (job.uid()), "resourceVersion": (job.str_at(&["metadata", "resourceVersion"])),
    })
}

/// Notes which jobs ended and clears old ones away. Says which are still active.
fn look_after(
    client: &mut Client<'_>,
    cron: &Object,
    children: &[Arc<Object>],
    status: &mut Value,
) -> Vec<Arc<Object>> {
    let listed = cron.list_at(&["status", "active"]).to_vec();
    let mut active: Vec<Value> = Vec::new();
    let mut alive = Vec::new();
    for child in children {
        let known = listed.iter().find(|r| r.str_at(&["uid"]) == child.uid());
        match (job::ended(child), known) {
            (Some(how), Some(_)) => {
                let word = if client.cluster.version.minor() >= 32 { "condition" } else { "status" };
                let message = format!("Saw completed job: {}, {word}: {how}", child.name());
                client.event(SOURCE, cron, EventType::Normal, "SawCompletedJob", &message);
                let end = child.str_at(&["status", "completionTime"]);
                if how == "Complete" && end > status.str_at(&["lastSuccessfulTime"]) {
                    status.set(&["lastSuccessfulTime"], end);
                }
            }
            (None, Some(reference)) => {
                active.push(reference.clone());
                alive.push(Arc::clone(child));
            }
            (None, None) => {
                let message =
                    format!("Saw a job that the controller did not create or forgot: {}", child.name());
                if !client.has_told(cron, |e| e.str_at(&["message"]) == message) {
                    client.event(SOURCE, cron, EventType::Warning, "UnexpectedJob", &message);
                }
            }
            (Some(_), None) => {}
        }
    }
    for gone in listed.iter().filter(|r| !children.iter().any(|c| c.uid() == r.str_at(&["uid"]))) {
        let message = format!("Active job went missing: {}", gone.str_at(&["name"]));
        client.event(SOURCE, cron, EventType::Normal, "MissingJob", &message);
    }
    set_active(status, active);
    for (how, key) in [("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")] {
        let Some(limit) = cron.i64_at(&["spec", key]).and_then(|l| usize::try_from(l).ok()) else { continue };
        let mut done: Vec<&Arc<Object>> = children.iter().filter(|c| job::ended(c) == Some(how)).collect();
        gatehouse_model::order::by_key(&mut done, |j| j.str_at(&["status", "startTime"]).to_owned());
        let surplus = done.len().saturating_sub(limit);
        for old in done.into_iter().take(surplus) {
            if client.delete(JOBS, old.namespace(), old.name()).is_ok() {
                let message = format!("Deleted job {}", old.name());
                client.event(SOURCE, cron, EventType::Normal, "SuccessfulDelete", &message);
            }
        }
    }
    alive
}

fn set_active(status: &mut Value, active: Vec<Value>) {
    if active.is_empty() {
        status.remove(&["active"]);
    } else {
        status.set(&["active"], active);
    }
}

fn run(client: &mut Client<'_>, cron: &Object, alive: Vec<Arc<Object>>, status: &mut Value) {
    let text = cron.str_at(&["spec", "schedule"]);
    let Ok(schedule) = Schedule::parse(text, cron.str_at(&["spec", "timeZone"])) else {
        let words = format!("unparseable schedule: \"{text}\" : expected exactly 5 fields");
        if !client.has_told(cron, |e| e.str_at(&["reason"]) == "UnparseableSchedule") {
            client.event(SOURCE, cron, EventType::Warning, "UnparseableSchedule", &words);
        }
        return;
    };
    let now = client.cluster.now;
    let made = pods::moment(pods::created(cron)).unwrap_or(now);
    let mut from = pods::moment(cron.str_at(&["status", "lastScheduleTime"])).unwrap_or(made);
    let deadline = cron.i64_at(&["spec", "startingDeadlineSeconds"]);
    if let Some(earliest) = deadline.map(|s| now.plus_millis(-s * 1000)) {
        from = from.max(earliest);
    }
    if let Some(next) = schedule.after(now) {
        client.wake_at(next);
    }
    let mut missed = 0;
    let mut time = None;
    let mut at = from;
    while let Some(next) = schedule.after(at).filter(|t| *t <= now) {
        missed += 1;
        time = Some(next);
        at = next;
        if missed > 100_000 {
            break;
        }
    }
    let Some(time) = time else { return };
    if missed > MANY {
        let message =
            "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
        client.event(SOURCE, cron, EventType::Warning, "TooManyMissedTimes", message);
    }
    start(client, cron, alive, status, (time, schedule.offset(time.seconds())));
}

/// A time as clocks that are so many seconds ahead of UTC show it.
fn by_the_clock(time: Timestamp, ahead: i64) -> String {
    if ahead == 0 {
        return time.to_string();
    }
    let shown = time.plus_millis(ahead * 1000).to_string();
    let sign = if ahead < 0 { '-' } else { '+' };
    let minutes = ahead.abs() / 60;
    format!("{}{sign}{:02}:{:02}", shown.trim_end_matches('Z'), minutes / 60, minutes % 60)
}

fn start(
    client: &mut Client<'_>,
    cron: &Object,
    alive: Vec<Arc<Object>>,
    status: &mut Value,
    (time, ahead): (Timestamp, i64),
) {
    let name = format!("{}-{}", cron.name(), time.seconds().div_euclid(60));
    let policy = cron.str_at(&["spec", "concurrencyPolicy"]);
    if alive.iter().any(|j| j.name() == name) {
        return;
    }
    if policy == "Forbid" && !alive.is_empty() {
        let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
        let told = client.has_told(cron, |e| {
            e.str_at(&["reason"]) == "JobAlreadyActive"
                && pods::moment(e.str_at(&["lastTimestamp"])).is_some_and(|t| t >= time)
        });
        if !told {
            client.event(SOURCE, cron, EventType::Normal, "JobAlreadyActive", message);
        }
        return;
    }
    let key = memory::key(cron);
    if !client.may_retry(&key) {
        return;
    }
    let mut active: Vec<Value> = status.list_at(&["active"]).to_vec();
    if policy == "Replace" {
        for old in alive {
            if client.delete(JOBS, old.namespace(), old.name()).is_ok() {
                let message = format!("Deleted job {}", old.name());
                client.event(SOURCE, cron, EventType::Normal, "SuccessfulDelete", &message);
                active.retain(|r| r.str_at(&["uid"]) != old.uid());
            }
        }
        set_active(status, active.clone());
    }
    let template = cron.at(&["spec", "jobTemplate"]).cloned().unwrap_or_default();
    let mut made = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {}});
    for field in ["labels", "annotations"] {
        if let Some(value) = template.at(&["metadata", field]) {
            made.set(&["metadata", field], value.clone());
        }
    }
    if client.cluster.version.minor() >= 28 {
        made.set(&["metadata", "annotations", SCHEDULED], by_the_clock(time, ahead));
    }
    made.set(&["metadata", "name"], name.as_str());
    made.set(&["metadata", "namespace"], cron.namespace());
    made.set(&["metadata", "ownerReferences"], Value::from(vec![owner::controller_ref(cron)]));
    made.set(&["spec"], template.get("spec").cloned());
    match client.create(JOBS, made) {
        Ok(job) => {
            let message = format!("Created job {name}");
            client.event(SOURCE, cron, EventType::Normal, "SuccessfulCreate", &message);
            active.push(reference(&job));
            set_active(status, active);
            status.set(&["lastScheduleTime"], time.to_string());
            client.succeeded(&key);
        }
        Err(refusal) if pods::is_namespace_going(&refusal) => {}
        Err(refusal) if refusal.reason == crate::status::Reason::AlreadyExists => {
            status.set(&["lastScheduleTime"], time.to_string());
        }
        Err(refusal) => {
            let message = format!("Error creating job: {}", refusal.message);
            client.event(SOURCE, cron, EventType::Warning, "FailedCreate", &message);
            client.failed(&key);
        }
    }
}
