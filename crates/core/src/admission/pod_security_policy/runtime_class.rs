//! Runtime classes: a default, and those allowed.

use gatehouse_model::{FieldError, FieldPath, Object, Value};

use super::Policy;

pub(super) fn fill_in(policy: &Policy<'_>, pod: &mut Object) {
    let path = ["spec", "runtimeClassName"];
    let default =
        policy.at("runtimeClass").and_then(|r| r.get("defaultRuntimeClassName")).filter(|d| !d.is_null());
    if let Some(default) = default
        && pod.at(&path).is_none_or(Value::is_null)
    {
        pod.set(&path, default.clone());
    }
}

pub(super) fn check(policy: &Policy<'_>, pod: &Object) -> Option<FieldError> {
    let allowed = policy.at("runtimeClass")?.list_at(&["allowedRuntimeClassNames"]);
    let class = pod.at(&["spec", "runtimeClassName"]).filter(|c| !c.is_null())?;
    let fits = allowed.iter().any(|a| a == class || a.as_str() == Some("*"));
    (!fits).then(|| FieldError::invalid(FieldPath::new("spec").child("runtimeClassName"), class, ""))
}
