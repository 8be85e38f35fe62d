//! AppArmor profiles, chosen by annotations of the policy.
//!
//! Models `pkg/security/podsecuritypolicy/apparmor/strategy.go`.

use gatehouse_model::json::go_quote;
use gatehouse_model::{FieldError, FieldPath, Object, Value};

use super::Policy;

const DEFAULT: &str = "apparmor.security.beta.kubernetes.io/defaultProfileName";
const ALLOWED: &str = "apparmor.security.beta.kubernetes.io/allowedProfileNames";
const CONTAINER: &str = "container.apparmor.security.beta.kubernetes.io/";

fn key(container: &Value) -> String {
    format!("{CONTAINER}{}", container.str_at(&["name"]))
}

pub(super) fn fill_in(policy: &Policy<'_>, pod: &mut Object, list: &str, index: usize) {
    let Some(default) = policy.0.annotation(DEFAULT).filter(|d| !d.is_empty()) else { return };
    let Some(key) = pod.list_at(&["spec", list]).get(index).map(key) else { return };
    if pod.annotation(&key).is_none_or(str::is_empty) {
        pod.set(&["metadata", "annotations", &key], default);
    }
}

pub(super) fn check(policy: &Policy<'_>, pod: &Object, container: &Value) -> Option<FieldError> {
    let listed = policy.0.annotation(ALLOWED)?;
    let key = key(container);
    let path = FieldPath::new("pod").children(&["metadata", "annotations"]).key(&key);
    let profile = pod.annotation(&key).unwrap_or_default();
    if profile.is_empty() {
        return Some(FieldError::forbidden(path, "AppArmor profile must be set"));
    }
    if listed.split(',').any(|p| p == profile) {
        return None;
    }
    let detail = format!("{profile} is not an allowed profile. Allowed values: {}", go_quote(listed));
    Some(FieldError::forbidden(path, detail))
}
