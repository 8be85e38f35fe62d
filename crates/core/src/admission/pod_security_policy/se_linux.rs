//! `seLinux`: MustRunAs, RunAsAny.
//!
//! Models `pkg/security/podsecuritypolicy/selinux`.

use gatehouse_model::{FieldError, FieldPath, Object, Value};

use super::Policy;

/// The options the policy demands.
pub(super) fn demanded<'a>(policy: &'a Policy<'_>) -> Option<&'a Value> {
    if policy.rule("seLinux") != "MustRunAs" {
        return None;
    }
    policy.at("seLinux").and_then(|s| s.get("seLinuxOptions")).filter(|o| !o.is_null())
}

pub(super) fn fill_in_pod(policy: &Policy<'_>, pod: &mut Object) {
    let path = ["spec", "securityContext", "seLinuxOptions"];
    if pod.at(&path).is_none_or(Value::is_null)
        && let Some(options) = demanded(policy)
    {
        pod.set(&path, options.clone());
    }
}

pub(super) fn check(policy: &Policy<'_>, path: &FieldPath, options: Option<&Value>) -> Vec<FieldError> {
    let Some(wanted) = demanded(policy) else { return Vec::new() };
    let Some(options) = options.filter(|o| !o.is_null()) else {
        return vec![FieldError::required(path.clone(), "")];
    };
    let mut errors = Vec::new();
    for field in ["level", "role", "type", "user"] {
        let (want, have) = (wanted.str_at(&[field]), options.str_at(&[field]));
        let same = if field == "level" { same_level(want, have) } else { want == have };
        if !same {
            errors.push(FieldError::invalid(path.child(field), &have.into(), format!("must be {want}")));
        }
    }
    errors
}

/// Levels are the same if sensitivity and categories are, in whatever order.
fn same_level(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let (Some((a, a_categories)), Some((b, b_categories))) = (a.split_once(':'), b.split_once(':')) else {
        return false;
    };
    let sorted = |list: &str| {
        let mut words: Vec<String> = list.split(',').map(str::to_owned).collect();
        gatehouse_model::order::sort(&mut words);
        words
    };
    a == b && sorted(a_categories) == sorted(b_categories)
}
