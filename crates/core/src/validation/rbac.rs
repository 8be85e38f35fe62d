//! Roles and bindings.
//!
//! Models `pkg/apis/rbac/validation/validation.go`.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::{internal, meta};

const GROUP: &str = "rbac.authorization.k8s.io";

/// A Role or ClusterRole.
pub(super) fn role(errors: &mut Errors, object: &Object, namespaced: bool) {
    meta::object(errors, object, namespaced, names::path_segment);
    for (i, rule) in object.list_at(&["rules"]).iter().enumerate() {
        policy_rule(errors, &FieldPath::new("rules").index(i), rule, namespaced);
    }
    let selectors = object.at(&["aggregationRule", "clusterRoleSelectors"]);
    if object.get("aggregationRule").is_some() && !namespaced {
        let path = FieldPath::new("aggregationRule.clusterRoleSelectors");
        let selectors = selectors.map(Value::items).unwrap_or_default();
        if selectors.is_empty() {
            errors.push(FieldError::required(
                path.clone(),
                "at least one clusterRoleSelector required if aggregationRule is non-nil",
            ));
        }
        for (i, selector) in selectors.iter().enumerate() {
            let at = path.index(i);
            meta::selector(errors, &at, Some(selector));
        }
    }
}

fn policy_rule(errors: &mut Errors, path: &FieldPath, rule: &Value, namespaced: bool) {
    let list = |field: &str| rule.list_at(&[field]);
    if list("verbs").is_empty() {
        errors.push(FieldError::required(path.child("verbs"), "verbs must contain at least one value"));
    }
    let urls = list("nonResourceURLs");
    if !urls.is_empty() {
        let shown = Value::from(urls.to_vec());
        let mut invalid =
            |why: &str| errors.push(FieldError::invalid(path.child("nonResourceURLs"), &shown, why));
        if namespaced {
            invalid("namespaced rules cannot apply to non-resource URLs");
        }
        if !list("apiGroups").is_empty() || !list("resources").is_empty() || !list("resourceNames").is_empty()
        {
            invalid("rules cannot apply to both regular resources and non-resource URLs");
        }
        return;
    }
    if list("apiGroups").is_empty() {
        errors.push(FieldError::required(
            path.child("apiGroups"),
            "resource rules must supply at least one api group",
        ));
    }
    if list("resources").is_empty() {
        errors.push(FieldError::required(
            path.child("resources"),
            "resource rules must supply at least one resource",
        ));
    }
}

/// A RoleBinding or ClusterRoleBinding.
pub(super) fn binding(errors: &mut Errors, object: &Object, namespaced: bool) {
    meta::object(errors, object, namespaced, names::path_segment);
    let path = FieldPath::new("roleRef");
    let text = |field: &str| object.str_at(&["roleRef", field]);
    if text("apiGroup") != GROUP {
        errors.push(FieldError::not_supported(path.child("apiGroup"), &text("apiGroup").into(), &[GROUP]));
    }
    let kinds: &[&str] = if namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&text("kind")) {
        errors.push(FieldError::not_supported(path.child("kind"), &text("kind").into(), kinds));
    }
    let name = text("name");
    if check::required(errors, path.child("name"), name) {
        check::text(errors, &path.child("name"), name, names::path_segment(name));
    }
    for (i, subject) in object.list_at(&["subjects"]).iter().enumerate() {
        self::subject(errors, &FieldPath::new("subjects").index(i), subject, namespaced);
    }
}

fn subject(errors: &mut Errors, path: &FieldPath, subject: &Value, namespaced: bool) {
    let text = |field: &str| subject.str_at(&[field]);
    let (kind, name, group) = (text("kind"), text("name"), text("apiGroup"));
    check::required(errors, path.child("name"), name);
    match kind {
        "ServiceAccount" => {
            if !name.is_empty() {
                check::text(errors, &path.child("name"), name, names::dns1123_subdomain(name));
            }
            if !group.is_empty() {
                errors.push(FieldError::not_supported(path.child("apiGroup"), &group.into(), &[""]));
            }
            if !namespaced && text("namespace").is_empty() {
                errors.push(FieldError::required(path.child("namespace"), ""));
            }
        }
        "User" | "Group" => {
            if group != GROUP {
                errors.push(FieldError::not_supported(path.child("apiGroup"), &group.into(), &[GROUP]));
            }
        }
        other => errors.push(FieldError::not_supported(
            path.child("kind"),
            &other.into(),
            &["ServiceAccount", "User", "Group"],
        )),
    }
}

/// A change of a binding: never of the role.
pub(super) fn binding_update(errors: &mut Errors, new: &Object, old: &Object, namespaced: bool) {
    binding(errors, new, namespaced);
    meta::update(errors, new, old);
    if new.get("roleRef") != old.get("roleRef") {
        let shown = internal::print("RoleRef", new.get("roleRef").unwrap_or(&Value::Null));
        errors.push(FieldError::invalid_rendered(FieldPath::new("roleRef"), shown, "cannot change roleRef"));
    }
}
