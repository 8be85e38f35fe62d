//! Jobs and CronJobs.
//!
//! Models `pkg/apis/batch/validation/validation.go`.

use gatehouse_model::selector::Selector;
use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::{Rules, cron, internal, job_policy, meta, pod};

/// A Job.
pub(super) fn job(errors: &mut Errors, rules: &Rules, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    job_spec(errors, rules, &FieldPath::new("spec"), object.get("spec").unwrap_or(&Value::Null), true);
    let name = object.name();
    let completions = object.i64_at(&["spec", "completions"]).unwrap_or(0);
    if completions > 0 && object.str_at(&["spec", "completionMode"]) == "Indexed" {
        let longest = format!("{name}-{}", completions - 1);
        if !names::dns1123_label(&longest).is_empty() {
            let why = format!("will not able to create pod with invalid DNS label: {longest}");
            errors.push(FieldError::invalid(FieldPath::new("metadata.name"), &name.into(), why));
        }
    }
}

fn job_spec(errors: &mut Errors, rules: &Rules, path: &FieldPath, spec: &Value, selects: bool) {
    let template = spec.get("template").unwrap_or(&Value::Null);
    for field in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        check::non_negative(errors, path.child(field), spec.i64_at(&[field]));
    }
    if spec.get("maxFailedIndexes").is_some() && spec.get("backoffLimitPerIndex").is_none() {
        let why = "when maxFailedIndexes is specified";
        errors.push(FieldError::required(path.child("backoffLimitPerIndex"), why));
    }
    if let Some(manager) = spec.get("managedBy").and_then(Value::as_str) {
        managed_by(errors, &path.child("managedBy"), manager);
    }
    if let Some(mode) = spec.get("completionMode").and_then(Value::as_str) {
        check::allowed(errors, path.child("completionMode"), mode, &["NonIndexed", "Indexed"]);
        if mode == "Indexed" && spec.get("completions").is_none() {
            errors.push(FieldError::required(path.child("completions"), "when completion mode is Indexed"));
        }
        if mode == "Indexed" {
            let mut at_most = |field: &str, most: Option<i64>, why: &str| {
                let value = spec.i64_at(&[field]);
                if let (Some(value), Some(most)) = (value, most)
                    && value > most
                {
                    let why = format!("must be less than or equal to {why}");
                    errors.push(FieldError::invalid(path.child(field), &Value::Int(value), why));
                }
            };
            at_most("parallelism", Some(100_000), "100000 when completion mode is Indexed");
            at_most("maxFailedIndexes", spec.i64_at(&["completions"]), "completions");
            at_most("maxFailedIndexes", Some(100_000), "100000");
        }
    }
    if spec.str_at(&["completionMode"]) != "Indexed" {
        for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            if let Some(value) = spec.get(field) {
                let why = "requires indexed completion mode";
                errors.push(FieldError::invalid(path.child(field), value, why));
            }
        }
    }
    job_policy::failure(errors, &path.child("podFailurePolicy"), spec);
    job_policy::success(errors, &path.child("successPolicy"), spec);
    if let Some(policy) = spec.get("podReplacementPolicy").and_then(Value::as_str) {
        let supported: &[&str] = if spec.get("podFailurePolicy").is_some() {
            &["Failed"]
        } else {
            &["Failed", "TerminatingOrFailed"]
        };
        check::allowed(errors, path.child("podReplacementPolicy"), policy, supported);
    }
    pod::template(errors, rules, &path.child("template"), template);
    let policy = template.str_at(&["spec", "restartPolicy"]);
    let at = path.children(&["template", "spec", "restartPolicy"]);
    if !matches!(policy, "OnFailure" | "Never") {
        let wanted = matches!(policy, "" | "Always") && rules.version.minor() >= 24;
        errors.push(if wanted {
            FieldError::required(at, "valid values: \"OnFailure\", \"Never\"")
        } else {
            FieldError::not_supported(at, &policy.into(), &["OnFailure", "Never"])
        });
    } else if policy != "Never" && spec.get("podFailurePolicy").is_some() {
        let why = "only \"Never\" is supported when podFailurePolicy is specified";
        errors.push(FieldError::invalid(at, &policy.into(), why));
    }
    if selects {
        match spec.get("selector") {
            None => errors.push(FieldError::required(path.child("selector"), "")),
            Some(selector) => meta::selector(errors, &path.child("selector"), Some(selector)),
        }
        let labels = template.map_at(&["metadata", "labels"]);
        if let Ok(selector) = Selector::from_object(spec.get("selector"))
            && spec.get("selector").is_some()
            && !selector.matches(labels)
        {
            let path = path.children(&["template", "metadata", "labels"]);
            let why = "`selector` does not match template `labels`";
            errors.push(FieldError::invalid(path, &labels.clone().into(), why));
        }
    }
}

/// `example.com/controller`
fn managed_by(errors: &mut Errors, path: &FieldPath, manager: &str) {
    if !check::required(errors, path.clone(), manager) {
        return;
    }
    match manager.split_once('/') {
        Some((host, rest)) if !host.is_empty() && !rest.is_empty() => {
            check::text(errors, path, host, names::dns1123_subdomain(host));
        }
        _ => {
            let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
            errors.push(FieldError::invalid(path.clone(), &manager.into(), why));
        }
    }
    if manager.len() > 63 {
        errors.push(FieldError::too_long(path.clone(), 63));
    }
}

/// A change of a Job.
pub(super) fn job_update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    let path = FieldPath::new("spec");
    job_spec(errors, rules, &path, new.get("spec").unwrap_or(&Value::Null), true);
    let of = |o: &Object, field: &str| o.at(&["spec", field]).cloned();
    let indexed = new.str_at(&["spec", "completionMode"]) == "Indexed";
    if !indexed {
        check::immutable(
            errors,
            path.child("completions"),
            of(new, "completions").as_ref(),
            of(old, "completions").as_ref(),
        );
    } else if let Some(completions) = of(new, "completions")
        && of(old, "completions").as_ref() != Some(&completions)
        && of(new, "parallelism").as_ref() != Some(&completions)
    {
        let why = "can only be modified in tandem with spec.parallelism";
        errors.push(FieldError::invalid(path.child("completions"), &completions, why));
    }
    check::immutable(
        errors,
        path.child("selector"),
        of(new, "selector").as_ref(),
        of(old, "selector").as_ref(),
    );
    let (template, before) =
        (of(new, "template").unwrap_or_default(), of(old, "template").unwrap_or_default());
    // A suspended job that never started may still be told where to run.
    let open = old.bool_at(&["spec", "suspend"]) == Some(true) && old.at(&["status", "startTime"]).is_none();
    if template != before && !(open && only_scheduling_differs(&template, &before)) {
        let shown = internal::print("PodTemplateSpec", &template);
        errors.push(FieldError::invalid_rendered(path.child("template"), shown, "field is immutable"));
    }
    for field in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"]
    {
        check::immutable(errors, path.child(field), of(new, field).as_ref(), of(old, field).as_ref());
    }
}

fn only_scheduling_differs(a: &Value, b: &Value) -> bool {
    let strip = |t: &Value| {
        let mut t = t.clone();
        for field in ["affinity", "nodeSelector", "tolerations", "schedulingGates"] {
            t.remove(&["spec", field]);
        }
        for field in ["labels", "annotations"] {
            t.remove(&["metadata", field]);
        }
        t
    };
    strip(a) == strip(b)
}

/// A CronJob.
pub(super) fn cron_job(errors: &mut Errors, rules: &Rules, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    cron_spec(errors, rules, object);
    if object.name().len() > 52 {
        errors.push(FieldError::invalid(
            FieldPath::new("metadata.name"),
            &object.name().into(),
            "must be no more than 52 characters",
        ));
    }
}

fn cron_spec(errors: &mut Errors, rules: &Rules, object: &Object) {
    let path = FieldPath::new("spec");
    let schedule = object.str_at(&["spec", "schedule"]);
    if check::required(errors, path.child("schedule"), schedule) {
        let mut complaints: Vec<String> = cron::parse(schedule).err().into_iter().collect();
        if schedule.contains("TZ") && rules.version.minor() >= 25 {
            complaints.push("cannot use TZ or CRON_TZ in schedule, use timeZone field instead".to_owned());
        }
        check::text(errors, &path.child("schedule"), schedule, complaints);
    }
    check::non_negative(
        errors,
        path.child("startingDeadlineSeconds"),
        object.i64_at(&["spec", "startingDeadlineSeconds"]),
    );
    if let Some(zone) = object.at(&["spec", "timeZone"]).and_then(Value::as_str)
        && let Err(why) = cron::zone(zone)
    {
        errors.push(FieldError::invalid(path.child("timeZone"), &zone.into(), why));
    }
    check::one_of(
        errors,
        path.child("concurrencyPolicy"),
        object.str_at(&["spec", "concurrencyPolicy"]),
        &["Allow", "Forbid", "Replace"],
    );
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        check::non_negative(errors, path.child(field), object.i64_at(&["spec", field]));
    }
    let path = path.child("jobTemplate").child("spec");
    let spec = object.at(&["spec", "jobTemplate", "spec"]).unwrap_or(&Value::Null);
    job_spec(errors, rules, &path, spec, false);
    if let Some(selector) = spec.get("selector") {
        errors.push(FieldError::invalid(
            path.child("selector"),
            selector,
            "`selector` will be auto-generated",
        ));
    }
    if spec.bool_at(&["manualSelector"]) == Some(true) {
        errors.push(FieldError::not_supported(
            path.child("manualSelector"),
            &Value::Bool(true),
            &["nil", "false"],
        ));
    }
}

/// A change of a CronJob.
pub(super) fn cron_job_update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    cron_spec(errors, rules, new);
}
