//! `fsGroup`, `supplementalGroups` and `runAsGroup`: MustRunAs, MayRunAs, RunAsAny.
//!
//! Models `pkg/security/podsecuritypolicy/group`.

use gatehouse_model::{FieldError, FieldPath, Object, Value};

use super::{Policy, show};

/// The group a strategy gives to who has none.
pub(super) fn first(policy: &Policy<'_>, strategy: &str) -> Option<i64> {
    if policy.rule(strategy) != "MustRunAs" {
        return None;
    }
    policy.ranges(strategy).first().map(|r| r.min)
}

pub(super) fn fill_in_pod(policy: &Policy<'_>, pod: &mut Object) {
    let missing =
        |pod: &Object, field: &str| pod.at(&["spec", "securityContext", field]).is_none_or(Value::is_null);
    if missing(pod, "supplementalGroups")
        && let Some(group) = first(policy, "supplementalGroups")
    {
        pod.set(&["spec", "securityContext", "supplementalGroups"], vec![group]);
    }
    if missing(pod, "fsGroup")
        && let Some(group) = first(policy, "fsGroup")
    {
        pod.set(&["spec", "securityContext", "fsGroup"], group);
    }
}

pub(super) fn check(
    policy: &Policy<'_>,
    strategy: &str,
    path: &FieldPath,
    groups: &[i64],
) -> Vec<FieldError> {
    let rule = policy.rule(strategy);
    if rule != "MustRunAs" && rule != "MayRunAs" {
        return Vec::new();
    }
    let ranges = policy.ranges(strategy);
    let list: Vec<String> = groups.iter().map(ToString::to_string).collect();
    let shown =
        if groups.is_empty() { "[]int64(nil)".to_owned() } else { format!("[]int64{{{}}}", list.join(", ")) };
    let mut errors = Vec::new();
    if rule == "MustRunAs" && groups.is_empty() {
        let detail = "unable to validate empty groups against required ranges";
        errors.push(FieldError::invalid_rendered(path.clone(), shown.clone(), detail));
    }
    for group in groups.iter().filter(|g| !ranges.iter().any(|r| r.has(**g))) {
        let detail = format!("group {group} must be in the ranges: {}", show(&ranges));
        errors.push(FieldError::invalid_rendered(path.clone(), shown.clone(), detail));
    }
    errors
}
