//! Seccomp profiles, chosen by annotations of the policy.
//!
//! Models `pkg/security/podsecuritypolicy/seccomp/strategy.go`.

use gatehouse_model::{FieldError, FieldPath, Object, Value};

use super::Policy;
use crate::strategy::seccomp::annotation_for;

const DEFAULT: &str = "seccomp.security.alpha.kubernetes.io/defaultProfileName";
const ALLOWED: &str = "seccomp.security.alpha.kubernetes.io/allowedProfileNames";
const POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// The profile of a security context's field, as annotations write it.
fn of_field(context: Option<&Value>) -> Option<String> {
    context?.get("seccompProfile").filter(|p| !p.is_null()).map(annotation_for)
}

fn pod_profile(pod: &Object) -> String {
    match pod.annotation(POD) {
        Some(profile) if !profile.is_empty() => profile.to_owned(),
        _ => of_field(pod.at(&["spec", "securityContext"])).unwrap_or_default(),
    }
}

pub(super) fn fill_in(policy: &Policy<'_>, pod: &mut Object) {
    let mut profile = pod_profile(pod);
    if profile.is_empty() {
        policy.0.annotation(DEFAULT).unwrap_or_default().clone_into(&mut profile);
    }
    if !profile.is_empty() {
        pod.set(&["metadata", "annotations", POD], profile);
    }
}

pub(super) fn check_pod(policy: &Policy<'_>, pod: &Object) -> Option<FieldError> {
    check(policy, POD, &pod_profile(pod))
}

pub(super) fn check_container(policy: &Policy<'_>, pod: &Object, container: &Value) -> Option<FieldError> {
    let key = format!("{CONTAINER}{}", container.str_at(&["name"]));
    let profile = of_field(container.get("securityContext"))
        .or_else(|| pod.annotation(&key).map(str::to_owned))
        .or_else(|| of_field(pod.at(&["spec", "securityContext"])))
        .or_else(|| pod.annotation(POD).map(str::to_owned))
        .unwrap_or_default();
    check(policy, &key, &profile)
}

fn check(policy: &Policy<'_>, key: &str, profile: &str) -> Option<FieldError> {
    let listed = policy.0.annotation(ALLOWED);
    let names: Vec<&str> = listed.into_iter().flat_map(|l| l.split(',')).collect();
    let any = names.contains(&"*");
    let allowed: Vec<&str> = names.into_iter().filter(|n| *n != "*").collect();
    let path = || FieldPath::new("pod").children(&["metadata", "annotations"]).key(key);
    if !any && allowed.is_empty() && !profile.is_empty() {
        return Some(FieldError::forbidden(path(), "seccomp may not be set"));
    }
    if any || allowed.contains(&profile) || (allowed.is_empty() && profile.is_empty()) {
        return None;
    }
    let detail = format!(
        "{profile} is not an allowed seccomp profile. Valid values are {}",
        listed.unwrap_or_default()
    );
    Some(FieldError::forbidden(path(), detail))
}
