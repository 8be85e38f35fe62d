//! Bindings: API groups of subjects and of the role.
//!
//! Models `pkg/apis/rbac/v1/defaults.go`.

use gatehouse_model::Value;

use super::fill;

const GROUP: &str = "rbac.authorization.k8s.io";

/// A RoleBinding or ClusterRoleBinding.
pub(super) fn binding(object: &mut Value) {
    fill::text(object, &["roleRef", "apiGroup"], GROUP);
    fill::each(object, &["subjects"], |subject| {
        if matches!(subject.str_at(&["kind"]), "User" | "Group") {
            fill::text(subject, &["apiGroup"], GROUP);
        }
    });
}
