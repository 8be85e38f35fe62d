//! Controllers of pods.
//!
//! Models `pkg/apis/apps/validation/validation.go` and the replication controllers of `pkg/apis/core`.

use gatehouse_model::selector::Selector;
use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::{Rules, internal, meta, pod};

/// A Deployment.
pub(super) fn deployment(errors: &mut Errors, rules: &Rules, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    deployment_spec(errors, rules, object);
}

fn deployment_spec(errors: &mut Errors, rules: &Rules, object: &Object) {
    let path = FieldPath::new("spec");
    let number = |field: &str| object.i64_at(&["spec", field]);
    check::non_negative(errors, path.child("replicas"), number("replicas"));
    selector(errors, &path, object, "deployment");
    template(errors, rules, &path, object, "ReplicaSet");
    strategy(errors, &path.child("strategy"), object.at(&["spec", "strategy"]).unwrap_or(&Value::Null));
    for field in ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"] {
        check::non_negative(errors, path.child(field), number(field));
    }
    if let Some(deadline) = number("progressDeadlineSeconds")
        && deadline <= number("minReadySeconds").unwrap_or(0)
    {
        let path = path.child("progressDeadlineSeconds");
        errors.push(FieldError::invalid(path, &Value::Int(deadline), "must be greater than minReadySeconds"));
    }
}

fn strategy(errors: &mut Errors, path: &FieldPath, strategy: &Value) {
    match strategy.str_at(&["type"]) {
        "Recreate" => {
            if strategy.get("rollingUpdate").is_some() {
                let why = "may not be specified when strategy `type` is 'Recreate'";
                errors.push(FieldError::forbidden(path.child("rollingUpdate"), why));
            }
        }
        "RollingUpdate" => match strategy.get("rollingUpdate") {
            None => errors.push(FieldError::required(
                path.child("rollingUpdate"),
                "this should be defaulted and never be nil",
            )),
            Some(rolling) => rolling_update(errors, &path.child("rollingUpdate"), rolling),
        },
        _ => {
            // The whole strategy is shown.
            let shown = internal::print("DeploymentStrategy", strategy);
            let supported = ["Recreate", "RollingUpdate"];
            errors.push(FieldError::not_supported_rendered(path.clone(), shown, &supported));
        }
    }
}

fn rolling_update(errors: &mut Errors, path: &FieldPath, rolling: &Value) {
    for field in ["maxUnavailable", "maxSurge"] {
        amount(errors, &path.child(field), rolling.get(field));
    }
    if is_zero(rolling.get("maxUnavailable")) && is_zero(rolling.get("maxSurge")) {
        let shown = rolling.get("maxUnavailable").cloned().unwrap_or(Value::Int(0));
        let why = "may not be 0 when `maxSurge` is 0";
        errors.push(FieldError::invalid(path.child("maxUnavailable"), &shown, why));
    }
    at_most_all(errors, &path.child("maxUnavailable"), rolling.get("maxUnavailable"));
}

/// No number, or none of a hundred.
fn is_zero(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Int(n)) => *n == 0,
        Some(Value::Str(s)) => s.trim_end_matches('%').parse::<i64>().unwrap_or(0) == 0,
        _ => true,
    }
}

fn at_most_all(errors: &mut Errors, path: &FieldPath, value: Option<&Value>) {
    if let Some(value @ Value::Str(percent)) = value
        && percent.trim_end_matches('%').parse::<i64>().is_ok_and(|n| n > 100)
    {
        errors.push(FieldError::invalid(path.clone(), value, "must not be greater than 100%"));
    }
}

/// A number or a percentage.
pub(super) fn amount(errors: &mut Errors, path: &FieldPath, value: Option<&Value>) {
    match value {
        Some(Value::Int(n)) => check::non_negative(errors, path.clone(), Some(*n)),
        Some(Value::Str(s)) => check::text(errors, path, s, names::percent(s)),
        _ => {}
    }
}

/// The selector: there, valid, not empty.
fn selector(errors: &mut Errors, path: &FieldPath, object: &Object, kind: &str) {
    let path = path.child("selector");
    let Some(selector) = object.at(&["spec", "selector"]) else {
        errors.push(FieldError::required(path, ""));
        return;
    };
    meta::selector(errors, &path, Some(selector));
    if selector.map_at(&["matchLabels"]).is_empty() && selector.list_at(&["matchExpressions"]).is_empty() {
        let why = format!("empty selector is invalid for {kind}");
        errors.push(FieldError::invalid(path, selector, why));
    }
}

/// The template: selected, valid, restarted always.
fn template(errors: &mut Errors, rules: &Rules, path: &FieldPath, object: &Object, kind: &str) {
    let path_template = path.child("template");
    let Some(template) = object.at(&["spec", "template"]) else {
        errors.push(FieldError::required(path_template, ""));
        return;
    };
    let selector = object.at(&["spec", "selector"]);
    match Selector::from_object(selector) {
        Err(_) => {
            let shown = selector.cloned().unwrap_or_default();
            errors.push(FieldError::invalid(path.child("selector"), &shown, "invalid label selector"));
            return;
        }
        Ok(selects) => {
            let empty = selects.is_everything() || selector.is_none();
            let labels = template.map_at(&["metadata", "labels"]);
            if !empty && !selects.matches(labels) {
                let path = path_template.children(&["metadata", "labels"]);
                // An empty label map prints as Go's nil.
                let shown = if labels.is_empty() { Value::Null } else { labels.clone().into() };
                errors.push(FieldError::invalid(path, &shown, "`selector` does not match template `labels`"));
            }
        }
    }
    if kind == "StatefulSet" {
        // Its pods mount claims that the template does not know: the pods themselves are judged when they are made.
        let labels = template.map_at(&["metadata", "labels"]);
        meta::labels(errors, &path_template.child("labels"), labels);
        pod::template_annotations(errors, rules, &path_template, template);
    } else {
        pod::template(errors, rules, &path_template, template);
    }
    let policy = template.str_at(&["spec", "restartPolicy"]);
    if policy != "Always" {
        let path = path_template.children(&["spec", "restartPolicy"]);
        errors.push(FieldError::not_supported(path, &policy.into(), &["Always"]));
    }
    if template.at(&["spec", "activeDeadlineSeconds"]).is_some() {
        let why = format!("activeDeadlineSeconds in {kind} is not Supported");
        errors.push(FieldError::forbidden(path_template.children(&["spec", "activeDeadlineSeconds"]), why));
    }
}

/// A change of a Deployment.
pub(super) fn deployment_update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    deployment_spec(errors, rules, new);
    selector_stays(errors, new, old);
}

fn selector_stays(errors: &mut Errors, new: &Object, old: &Object) {
    let path = ["spec", "selector"];
    check::immutable(errors, FieldPath::new("spec.selector"), new.at(&path), old.at(&path));
}

/// A ReplicaSet.
pub(super) fn replica_set(errors: &mut Errors, rules: &Rules, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    replica_set_spec(errors, rules, object);
}

fn replica_set_spec(errors: &mut Errors, rules: &Rules, object: &Object) {
    let path = FieldPath::new("spec");
    for field in ["replicas", "minReadySeconds"] {
        check::non_negative(errors, path.child(field), object.i64_at(&["spec", field]));
    }
    selector(errors, &path, object, "deployment");
    template(errors, rules, &path, object, "ReplicaSet");
}

/// A change of a ReplicaSet.
pub(super) fn replica_set_update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    replica_set_spec(errors, rules, new);
    selector_stays(errors, new, old);
}

/// A DaemonSet.
pub(super) fn daemon_set(errors: &mut Errors, rules: &Rules, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    daemon_set_spec(errors, rules, object);
}

fn daemon_set_spec(errors: &mut Errors, rules: &Rules, object: &Object) {
    let path = FieldPath::new("spec");
    let wanted = object.at(&["spec", "selector"]);
    meta::selector(errors, &path.child("selector"), wanted);
    let labels = object.map_at(&["spec", "template", "metadata", "labels"]);
    if let Ok(selects) = Selector::from_object(wanted)
        && wanted.is_some()
        && !selects.matches(labels)
    {
        let path = path.children(&["template", "metadata", "labels"]);
        let shown = if labels.is_empty() { Value::Null } else { labels.clone().into() };
        errors.push(FieldError::invalid(path, &shown, "`selector` does not match template `labels`"));
    }
    let empty = wanted.is_some_and(|s| {
        s.map_at(&["matchLabels"]).is_empty() && s.list_at(&["matchExpressions"]).is_empty()
    });
    if empty {
        let shown = wanted.cloned().unwrap_or_default();
        errors.push(FieldError::invalid(
            path.child("selector"),
            &shown,
            "empty selector is invalid for daemonset",
        ));
    }
    let template = object.at(&["spec", "template"]).unwrap_or(&Value::Null);
    let template_path = path.child("template");
    pod::template(errors, rules, &template_path, template);
    let policy = template.str_at(&["spec", "restartPolicy"]);
    if policy != "Always" {
        let path = template_path.children(&["spec", "restartPolicy"]);
        errors.push(FieldError::not_supported(path, &policy.into(), &["Always"]));
    }
    if template.at(&["spec", "activeDeadlineSeconds"]).is_some() {
        let why = "activeDeadlineSeconds in DaemonSet is not Supported";
        errors.push(FieldError::forbidden(template_path.children(&["spec", "activeDeadlineSeconds"]), why));
    }
    check::non_negative(errors, path.child("minReadySeconds"), object.i64_at(&["spec", "minReadySeconds"]));
    let strategy = object.at(&["spec", "updateStrategy"]).unwrap_or(&Value::Null);
    let at = path.child("updateStrategy");
    match strategy.str_at(&["type"]) {
        "OnDelete" => {}
        "RollingUpdate" => match strategy.get("rollingUpdate") {
            None => errors.push(FieldError::required(at.child("rollingUpdate"), "")),
            Some(rolling) => daemon_rolling(errors, &at.child("rollingUpdate"), rolling),
        },
        _ => {
            // The whole strategy is shown.
            let shown = internal::print("DaemonSetUpdateStrategy", strategy);
            errors.push(FieldError::not_supported_rendered(at, shown, &["RollingUpdate", "OnDelete"]));
        }
    }
    let history = object.i64_at(&["spec", "revisionHistoryLimit"]);
    check::non_negative(errors, path.child("revisionHistoryLimit"), history);
}

fn daemon_rolling(errors: &mut Errors, path: &FieldPath, rolling: &Value) {
    let fields = ["maxUnavailable", "maxSurge"];
    for field in fields {
        amount(errors, &path.child(field), rolling.get(field));
    }
    for field in fields {
        at_most_all(errors, &path.child(field), rolling.get(field));
    }
    let surge = rolling.get("maxSurge").cloned().unwrap_or(Value::Int(0));
    match (is_zero(rolling.get("maxUnavailable")), is_zero(rolling.get("maxSurge"))) {
        (false, false) => {
            let why = "may not be set when maxUnavailable is non-zero";
            errors.push(FieldError::invalid(path.child("maxSurge"), &surge, why));
        }
        (true, true) => {
            let why = "cannot be 0 when maxSurge is 0";
            errors.push(FieldError::required(path.child("maxUnavailable"), why));
        }
        _ => {}
    }
}

/// A change of a DaemonSet.
pub(super) fn daemon_set_update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    selector_stays(errors, new, old);
    daemon_set_spec(errors, rules, new);
}

/// A StatefulSet.
pub(super) fn stateful_set(errors: &mut Errors, rules: &Rules, object: &Object) {
    let rule = if rules.version.minor() >= 33 { names::dns1123_label } else { names::dns1123_subdomain };
    meta::object(errors, object, true, rule);
    stateful_set_spec(errors, rules, object);
}

fn stateful_set_spec(errors: &mut Errors, rules: &Rules, object: &Object) {
    let path = FieldPath::new("spec");
    let policy = object.str_at(&["spec", "podManagementPolicy"]);
    if !matches!(policy, "OrderedReady" | "Parallel") {
        let why = "must be 'OrderedReady' or 'Parallel'";
        errors.push(FieldError::invalid(path.child("podManagementPolicy"), &policy.into(), why));
    }
    let strategy = object.at(&["spec", "updateStrategy"]).unwrap_or(&Value::Null);
    let at = path.child("updateStrategy");
    match strategy.str_at(&["type"]) {
        "" => errors.push(FieldError::required(at, "")),
        "OnDelete" => {
            if let Some(rolling) = strategy.get("rollingUpdate") {
                let shown = internal::print("RollingUpdateStatefulSetStrategy", rolling);
                let why = "only allowed for updateStrategy 'RollingUpdate'";
                errors.push(FieldError::invalid_rendered(at.child("rollingUpdate"), shown, why));
            }
        }
        "RollingUpdate" => {
            let partition = strategy.i64_at(&["rollingUpdate", "partition"]);
            let at = at.child("rollingUpdate");
            check::non_negative(errors, at.child("partition"), partition);
            if let Some(most) = strategy.at(&["rollingUpdate", "maxUnavailable"]) {
                let at = at.child("maxUnavailable");
                amount(errors, &at, Some(most));
                if is_zero(Some(most)) {
                    errors.push(FieldError::invalid(at.clone(), most, "cannot be 0"));
                }
                at_most_all(errors, &at, Some(most));
            }
        }
        _ => {
            let shown = internal::print("StatefulSetUpdateStrategy", strategy);
            errors.push(FieldError::invalid_rendered(at, shown, "must be 'RollingUpdate' or 'OnDelete'"));
        }
    }
    for field in ["whenDeleted", "whenScaled"] {
        const RETENTION: &str = "persistentVolumeClaimRetentionPolicy";
        if let Some(policy) = object.at(&["spec", RETENTION, field]).and_then(Value::as_str) {
            check::allowed(errors, path.child(RETENTION).child(field), policy, &["Retain", "Delete"]);
        }
    }
    check::non_negative(errors, path.child("replicas"), object.i64_at(&["spec", "replicas"]));
    check::non_negative(errors, path.child("minReadySeconds"), object.i64_at(&["spec", "minReadySeconds"]));
    check::non_negative(errors, path.child("ordinals.start"), object.i64_at(&["spec", "ordinals", "start"]));
    let wanted = object.at(&["spec", "selector"]);
    let at = path.child("selector");
    match wanted {
        None => errors.push(FieldError::required(at, "")),
        Some(s) => {
            meta::selector(errors, &at, Some(s));
            if s.map_at(&["matchLabels"]).is_empty() && s.list_at(&["matchExpressions"]).is_empty() {
                errors.push(FieldError::invalid(at, s, "empty selector is invalid for statefulset"));
            }
        }
    }
    template(errors, rules, &path, object, "StatefulSet");
}

/// A change of a StatefulSet.
pub(super) fn stateful_set_update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    stateful_set_spec(errors, rules, new);
    const OPEN: &[&str] = &[
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let fixed = |o: &Object| {
        let mut spec = o.get("spec").cloned().unwrap_or_default();
        for field in OPEN {
            spec.remove(&[field]);
        }
        spec
    };
    if fixed(new) != fixed(old) {
        let fields = if rules.version.minor() >= 33 {
            "'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds'"
        } else {
            "'replicas', 'template', and 'updateStrategy'"
        };
        let why = format!("updates to statefulset spec for fields other than {fields} are forbidden");
        errors.push(FieldError::forbidden(FieldPath::new("spec"), why));
    }
}

/// A ControllerRevision.
pub(super) fn revision(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    if object.get("data").is_none() {
        errors.push(FieldError::required(FieldPath::new("data"), "data is mandatory"));
    }
    check::non_negative(errors, FieldPath::new("revision"), object.i64_at(&["revision"]));
}

/// A change of a ControllerRevision: what it remembers stays.
pub(super) fn revision_update(errors: &mut Errors, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    revision(errors, new);
    check::immutable(errors, FieldPath::new("data"), new.get("data"), old.get("data"));
}

/// A ReplicationController.
pub(super) fn replication_controller(errors: &mut Errors, rules: &Rules, object: &Object) {
    let path = FieldPath::new("spec");
    check::non_negative(errors, path.child("minReadySeconds"), object.i64_at(&["spec", "minReadySeconds"]));
    let wanted = object.map_at(&["spec", "selector"]);
    if wanted.is_empty() {
        errors.push(FieldError::required(path.child("selector"), ""));
    }
    check::non_negative(errors, path.child("replicas"), object.i64_at(&["spec", "replicas"]));
    let at = path.child("template");
    let Some(template) = object.at(&["spec", "template"]) else {
        errors.push(FieldError::required(at, ""));
        return;
    };
    let labels = template.map_at(&["metadata", "labels"]);
    if !wanted.is_empty() && !Selector::from_labels(wanted).matches(labels) {
        let shown = if labels.is_empty() { Value::Null } else { labels.clone().into() };
        let path = at.children(&["metadata", "labels"]);
        errors.push(FieldError::invalid(path, &shown, "`selector` does not match template `labels`"));
    }
    pod::template(errors, rules, &at, template);
    let policy = template.str_at(&["spec", "restartPolicy"]);
    if policy != "Always" {
        errors.push(FieldError::not_supported(
            at.children(&["spec", "restartPolicy"]),
            &policy.into(),
            &["Always"],
        ));
    }
    if template.at(&["spec", "activeDeadlineSeconds"]).is_some() {
        let why = "activeDeadlineSeconds in ReplicationController is not Supported";
        errors.push(FieldError::forbidden(at.children(&["spec", "activeDeadlineSeconds"]), why));
    }
}
