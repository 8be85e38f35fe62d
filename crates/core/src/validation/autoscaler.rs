//! Horizontal pod autoscalers.
//!
//! Models `pkg/apis/autoscaling/validation/validation.go`.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::meta;

/// A HorizontalPodAutoscaler, in the shape of v2.
pub(super) fn autoscaler(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    let path = FieldPath::new("spec");
    let min = object.i64_at(&["spec", "minReplicas"]);
    let max = object.i64_at(&["spec", "maxReplicas"]).unwrap_or(0);
    let mut invalid = |field: &str, value: i64, why: &str| {
        errors.push(FieldError::invalid(path.child(field), &Value::Int(value), why));
    };
    if let Some(min) = min.filter(|m| *m < 1) {
        invalid("minReplicas", min, "must be greater than or equal to 1");
    }
    if max < 1 {
        invalid("maxReplicas", max, "must be greater than 0");
    }
    if min.is_some_and(|min| max < min) {
        invalid("maxReplicas", max, "must be greater than or equal to `minReplicas`");
    }
    let target = path.child("scaleTargetRef");
    for field in ["kind", "name"] {
        let text = object.str_at(&["spec", "scaleTargetRef", field]);
        if check::required(errors, target.child(field), text) {
            check::text(errors, &target.child(field), text, names::path_segment(text));
        }
    }
    for (i, metric) in object.list_at(&["spec", "metrics"]).iter().enumerate() {
        self::metric(errors, &path.child("metrics").index(i), metric);
    }
    for direction in ["scaleUp", "scaleDown"] {
        if let Some(rules) = object.at(&["spec", "behavior", direction]) {
            scaling(errors, &path.child("behavior").child(direction), rules);
        }
    }
}

/// How fast it may go in one direction.
fn scaling(errors: &mut Errors, path: &FieldPath, rules: &Value) {
    let window = rules.i64_at(&["stabilizationWindowSeconds"]);
    check::non_negative(errors, path.child("stabilizationWindowSeconds"), window);
    if let Some(window) = window.filter(|w| *w > 3600) {
        let why = "must be less than or equal to 3600";
        errors.push(FieldError::invalid(path.child("stabilizationWindowSeconds"), &Value::Int(window), why));
    }
    if let Some(select) = rules.get("selectPolicy").and_then(Value::as_str) {
        check::allowed(errors, path.child("selectPolicy"), select, &["Disabled", "Max", "Min"]);
    }
    let (path, policies) = (path.child("policies"), rules.list_at(&["policies"]));
    if policies.is_empty() {
        errors.push(FieldError::required(path.clone(), "must specify at least one Policy"));
    }
    for (i, policy) in policies.iter().enumerate() {
        let path = path.index(i);
        check::allowed(errors, path.child("type"), policy.str_at(&["type"]), &["Percent", "Pods"]);
        check::positive(errors, path.child("value"), Some(policy.i64_at(&["value"]).unwrap_or(0)));
        let period = policy.i64_at(&["periodSeconds"]).unwrap_or(0);
        check::positive(errors, path.child("periodSeconds"), Some(period));
        if period > 1800 {
            let why = "must be less than or equal to 1800";
            errors.push(FieldError::invalid(path.child("periodSeconds"), &Value::Int(period), why));
        }
    }
}

fn metric(errors: &mut Errors, path: &FieldPath, metric: &Value) {
    let kind = metric.str_at(&["type"]);
    if kind.is_empty() {
        errors.push(FieldError::required(path.child("type"), "must specify a metric source type"));
        return;
    }
    let kinds = ["ContainerResource", "External", "Object", "Pods", "Resource"];
    check::allowed(errors, path.child("type"), kind, &kinds);
    if kind == "Resource" {
        let source = path.child("resource");
        let Some(resource) = metric.get("resource") else {
            errors
                .push(FieldError::required(source, "must populate information for the given metric source"));
            return;
        };
        if resource.str_at(&["name"]).is_empty() {
            errors.push(FieldError::required(source.child("name"), "must specify a resource name"));
        }
        let target = source.child("target");
        let kind = resource.str_at(&["target", "type"]);
        if kind.is_empty() {
            let why = "must specify a metric target type";
            errors.push(FieldError::required(target.child("type"), why));
        }
        if !matches!(kind, "AverageValue" | "Utilization" | "Value") {
            let why = "must be either Utilization, Value, or AverageValue";
            errors.push(FieldError::invalid(target.child("type"), &kind.into(), why));
        }
        if let Some(percent) = resource.i64_at(&["target", "averageUtilization"]).filter(|p| *p < 1) {
            let at = target.child("averageUtilization");
            errors.push(FieldError::invalid(at, &Value::Int(percent), "must be greater than 0"));
        }
        let (value, percent) =
            (resource.at(&["target", "averageValue"]), resource.i64_at(&["target", "averageUtilization"]));
        if value.is_none() && percent.is_none() {
            let why = "must set either a target raw value or a target utilization";
            errors.push(FieldError::required(target.child("averageUtilization"), why));
        }
        if value.is_some() && percent.is_some() {
            let why = "may not set both a target raw value and a target utilization";
            errors.push(FieldError::forbidden(target.child("averageValue"), why));
        }
    }
}
