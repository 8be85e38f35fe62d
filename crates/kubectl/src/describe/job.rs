//! Jobs.

use gatehouse_model::{Object, Selector, time};

use super::{Description, controlled_by, date, number, pod_template, present};
use crate::error::Error;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, job: &Object) -> Result<(), Error> {
    d.heading(job);
    match Selector::from_object(job.at(&["spec", "selector"])) {
        Ok(selector) => d.w.field(0, "Selector", selector.to_string()),
        Err(why) => d.w.field(0, "Selector", format!("Failed to get selector: {why}")),
    }
    d.labels_and_annotations(job);
    let w = &mut d.w;
    if let Some(controller) = controlled_by(job) {
        w.field(0, "Controlled By", controller);
    }
    let spec = |member: &str| job.i64_at(&["spec", member]);
    if let Some(n) = spec("parallelism") {
        w.field(0, "Parallelism", n.to_string());
    }
    w.field(0, "Completions", spec("completions").map_or("<unset>".to_owned(), |n| n.to_string()));
    let mode = job.str_at(&["spec", "completionMode"]);
    if !mode.is_empty() {
        w.field(0, "Completion Mode", mode);
    }
    if let Some(suspend) = job.bool_at(&["spec", "suspend"]).filter(|_| !w.old) {
        w.field(0, "Suspend", suspend.to_string());
    }
    for (title, member) in
        [("Backoff Limit", "backoffLimit"), ("TTL Seconds After Finished", "ttlSecondsAfterFinished")]
    {
        if let Some(n) = spec(member).filter(|_| !w.old) {
            w.field(0, title, n.to_string());
        }
    }
    let (start, end) = (["status", "startTime"], ["status", "completionTime"]);
    for (title, path) in [("Start Time", &start), ("Completed At", &end)] {
        if present(job, path).is_some() {
            w.field(0, title, date(job, path));
        }
    }
    let seconds = |path: &[&str]| time::parse_rfc3339(job.str_at(path)).map(|(s, _)| s);
    if let (Ok(from), Ok(to)) = (seconds(&start), seconds(&end)) {
        w.field(0, "Duration", time::human_duration(to - from));
    }
    if let Some(n) = spec("activeDeadlineSeconds") {
        w.field(0, "Active Deadline Seconds", format!("{n}s"));
    }
    let status = |member: &str| number(job, &["status", member]);
    let ready = job.i64_at(&["status", "ready"]).map_or(String::new(), |n| format!(" ({n} Ready)"));
    w.field(
        0,
        "Pods Statuses",
        format!(
            "{} Active{ready} / {} Succeeded / {} Failed",
            status("active"),
            status("succeeded"),
            status("failed")
        ),
    );
    if mode == "Indexed" {
        w.field(0, "Completed Indexes", capped(job.str_at(&["status", "completedIndexes"])));
    }
    pod_template(w, job.at(&["spec", "template"]));
    d.events(job);
    Ok(())
}

/// The indexes up to the first comma behind fifty characters.
fn capped(indexes: &str) -> String {
    if indexes.is_empty() {
        return "<none>".to_owned();
    }
    match indexes.get(50..).and_then(|rest| rest.find(',')) {
        Some(at) => format!("{}...", indexes.get(..=50 + at).unwrap_or(indexes)),
        None => indexes.to_owned(),
    }
}
