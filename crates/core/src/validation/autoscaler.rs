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
        if let Some(percent) = resource.i64_at(&["target", "averageUtilization"]).filter(|p| *p < 1) {
            let at = source.child("target").child("averageUtilization");
            errors.push(FieldError::invalid(at, &Value::Int(percent), "must be greater than 0"));
        }
    }
}
