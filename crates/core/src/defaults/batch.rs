//! Jobs and CronJobs.
//!
//! Models `pkg/apis/batch/v1/defaults.go`.

use gatehouse_model::{KubeVersion, Value};

use super::{fill, pod};

/// A Job.
pub(super) fn job(version: KubeVersion, object: &mut Value) {
    pod::template(version, object.entry_at(&["spec", "template"]));
    let labels = object.map_at(&["spec", "template", "metadata", "labels"]).clone();
    if object.map_at(&["metadata", "labels"]).is_empty() && !labels.is_empty() {
        object.set(&["metadata", "labels"], labels);
    }
    let spec = object.entry_at(&["spec"]);
    let missing = |spec: &Value, field: &str| spec.get(field).is_none_or(Value::is_null);
    if missing(spec, "completions") && missing(spec, "parallelism") {
        spec.set(&["completions"], 1);
    }
    fill::pointer(spec, &["parallelism"], 1);
    let per_index = !missing(spec, "backoffLimitPerIndex");
    fill::pointer(spec, &["backoffLimit"], if per_index { i64::from(i32::MAX) } else { 6 });
    if version.minor() >= 21 {
        fill::pointer(spec, &["completionMode"], "NonIndexed");
        fill::pointer(spec, &["suspend"], false);
    }
    if version.minor() >= 28 {
        let policy = if missing(spec, "podFailurePolicy") { "TerminatingOrFailed" } else { "Failed" };
        fill::pointer(spec, &["podReplacementPolicy"], policy);
    }
    fill::each(spec, &["podFailurePolicy", "rules"], |rule| {
        fill::each(rule, &["onPodConditions"], |c| fill::text(c, &["status"], "True"));
    });
    fill::structure(object, &["status"]);
}

/// A CronJob; the job inside is only defaulted when it is made.
pub(super) fn cron_job(version: KubeVersion, object: &mut Value) {
    let spec = object.entry_at(&["spec"]);
    fill::text(spec, &["concurrencyPolicy"], "Allow");
    fill::pointer(spec, &["suspend"], false);
    fill::pointer(spec, &["successfulJobsHistoryLimit"], 3);
    fill::pointer(spec, &["failedJobsHistoryLimit"], 1);
    fill::structure(spec, &["jobTemplate", "metadata"]);
    if version.minor() < 29 {
        fill::pointer(spec, &["jobTemplate", "metadata", "creationTimestamp"], Value::Null);
    }
    pod::template(version, spec.entry_at(&["jobTemplate", "spec", "template"]));
    fill::structure(object, &["status"]);
}
