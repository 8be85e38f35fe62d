//! Cron jobs.

use gatehouse_model::{Object, Selector, Value};

use super::{Description, capital, date, pod_template, present};
use crate::error::Error;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, job: &Object) -> Result<(), Error> {
    d.heading(job);
    d.labels_and_annotations(job);
    let w = &mut d.w;
    let spec = job.get("spec").unwrap_or(&Value::Null);
    let number = |value: &Value, path: &[&str], unit: &str| {
        value.i64_at(path).map_or("<unset>".to_owned(), |n| format!("{n}{unit}"))
    };
    w.field(0, "Schedule", spec.str_at(&["schedule"]));
    w.field(0, "Concurrency Policy", spec.str_at(&["concurrencyPolicy"]));
    w.field(0, "Suspend", spec.bool_at(&["suspend"]).map_or("<unset>", capital));
    if !w.old {
        let zone = present(spec, &["timeZone"]).map_or("<unset>", |z| z.as_str().unwrap_or(""));
        w.field(0, "Time Zone", zone);
    }
    w.field(0, "Successful Job History Limit", number(spec, &["successfulJobsHistoryLimit"], ""));
    w.field(0, "Failed Job History Limit", number(spec, &["failedJobsHistoryLimit"], ""));
    w.field(0, "Starting Deadline Seconds", number(spec, &["startingDeadlineSeconds"], "s"));
    let template = spec.at(&["jobTemplate", "spec"]).unwrap_or(&Value::Null);
    match present(template, &["selector"]).map(|s| Selector::from_object(Some(s))) {
        Some(Ok(selector)) => w.field(0, "Selector", selector.to_string()),
        Some(Err(why)) => w.field(0, "Selector", format!("Failed to get selector: {why}")),
        None => w.field(0, "Selector", "<unset>"),
    }
    w.field(0, "Parallelism", number(template, &["parallelism"], ""));
    w.field(0, "Completions", number(template, &["completions"], ""));
    if template.i64_at(&["activeDeadlineSeconds"]).is_some() {
        w.field(0, "Active Deadline Seconds", number(template, &["activeDeadlineSeconds"], "s"));
    }
    pod_template(w, template.get("template"));
    let last = ["status", "lastScheduleTime"];
    let shown = if present(job, &last).is_some() { date(job, &last) } else { "<unset>".to_owned() };
    w.field(0, "Last Schedule Time", shown);
    let active: Vec<&str> = job.list_at(&["status", "active"]).iter().map(|j| j.str_at(&["name"])).collect();
    w.field(0, "Active Jobs", if active.is_empty() { "<none>".to_owned() } else { active.join(", ") });
    d.events(job);
    Ok(())
}
