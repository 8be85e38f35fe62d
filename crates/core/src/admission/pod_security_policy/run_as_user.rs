//! `runAsUser`: MustRunAs, MustRunAsNonRoot, RunAsAny.
//!
//! Models `pkg/security/podsecuritypolicy/user`.

use gatehouse_model::{FieldError, FieldPath, Object, Value};

use super::{Policy, effective, show};

/// The user a container gets that has none.
pub(super) fn first(policy: &Policy<'_>) -> Option<i64> {
    if policy.rule("runAsUser") != "MustRunAs" {
        return None;
    }
    policy.ranges("runAsUser").first().map(|r| r.min)
}

pub(super) fn check(
    policy: &Policy<'_>,
    pod: &Object,
    container: &Value,
    path: &FieldPath,
) -> Option<FieldError> {
    let user = effective(pod, container, "runAsUser").and_then(Value::as_i64);
    let non_root = effective(pod, container, "runAsNonRoot").and_then(Value::as_bool);
    let (user_path, non_root_path) = (path.child("runAsUser"), path.child("runAsNonRoot"));
    match (policy.rule("runAsUser"), user) {
        ("MustRunAs", None) => Some(FieldError::required(user_path, "")),
        ("MustRunAs", Some(id)) => {
            let ranges = policy.ranges("runAsUser");
            (!ranges.iter().any(|r| r.has(id))).then(|| {
                FieldError::invalid(
                    user_path,
                    &id.into(),
                    format!("must be in the ranges: {}", show(&ranges)),
                )
            })
        }
        ("MustRunAsNonRoot", None) if non_root.is_none() => {
            Some(FieldError::required(non_root_path, "must be true"))
        }
        ("MustRunAsNonRoot", _) if non_root == Some(false) => {
            Some(FieldError::invalid(non_root_path, &false.into(), "must be true"))
        }
        ("MustRunAsNonRoot", Some(0)) => {
            Some(FieldError::invalid(user_path, &0.into(), "running with the root UID is forbidden"))
        }
        _ => None,
    }
}
