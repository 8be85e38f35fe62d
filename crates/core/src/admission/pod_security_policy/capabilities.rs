//! Capabilities: added by default, dropped by demand, allowed besides.
//!
//! Models `pkg/security/podsecuritypolicy/capabilities/capabilities.go`.

use std::collections::BTreeSet;

use gatehouse_model::{FieldError, FieldPath, Map, Value};

use super::Policy;

fn set<'a>(value: Option<&'a Value>, field: &str) -> BTreeSet<&'a str> {
    value.map_or(&[][..], |v| v.list_at(&[field])).iter().filter_map(Value::as_str).collect()
}

/// The capabilities a container should have; `None` where nothing changes.
pub(super) fn filled_in(policy: &Policy<'_>, own: Option<&Value>) -> Option<Value> {
    let (added, dropped) = (set(own, "add"), set(own, "drop"));
    let defaults = policy.words("defaultAddCapabilities").into_iter().filter(|c| !dropped.contains(c));
    let add: BTreeSet<&str> = defaults.chain(added.iter().copied()).collect();
    let drop: BTreeSet<&str> =
        policy.words("requiredDropCapabilities").into_iter().chain(dropped.iter().copied()).collect();
    if add.len() == added.len() && drop.len() == dropped.len() {
        return None;
    }
    let mut out = Map::new();
    for (field, words) in [("add", add), ("drop", drop)] {
        if !words.is_empty() {
            out.insert(field, words.into_iter().collect::<Value>());
        }
    }
    Some(out.into())
}

pub(super) fn check(policy: &Policy<'_>, path: &FieldPath, own: Option<&Value>) -> Vec<FieldError> {
    let (defaults, required) =
        (policy.words("defaultAddCapabilities"), policy.words("requiredDropCapabilities"));
    let Some(own) = own.filter(|o| !o.is_null()) else {
        if defaults.is_empty() && required.is_empty() {
            return Vec::new();
        }
        let detail = "required capabilities are not set on the securityContext";
        return vec![FieldError::invalid_rendered(path.clone(), "\"null\"", detail)];
    };
    let allowed = policy.words("allowedCapabilities");
    if allowed.contains(&"*") {
        return Vec::new();
    }
    let mut errors = Vec::new();
    for added in own.list_at(&["add"]).iter().filter_map(Value::as_str) {
        if !defaults.contains(&added) && !allowed.contains(&added) {
            errors.push(FieldError::invalid(path.child("add"), &added.into(), "capability may not be added"));
        }
    }
    let dropped: Vec<&str> = own.list_at(&["drop"]).iter().filter_map(Value::as_str).collect();
    for missing in required.into_iter().filter(|r| !dropped.contains(r)) {
        let shown: Vec<String> = dropped.iter().map(|d| format!("\"{d}\"")).collect();
        let shown = if shown.is_empty() {
            "[]core.Capability(nil)".to_owned()
        } else {
            format!("[]core.Capability{{{}}}", shown.join(", "))
        };
        let detail = format!("{missing} is required to be dropped but was not found");
        errors.push(FieldError::invalid_rendered(path.child("drop"), shown, detail));
    }
    errors
}
