//! Aggregated cluster roles get the rules of the roles their selectors pick.
//!
//! Models `pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go`.

use gatehouse_model::{Object, Value};

use super::client::Client;
use crate::authz::aggregation;

const ROLES: &str = "clusterroles.rbac.authorization.k8s.io";

pub(super) fn pass(client: &mut Client<'_>) {
    for role in client.list(ROLES, None) {
        let Some(rules) = aggregation::rules(&client.cluster.store, &role) else { continue };
        if role.list_at(&["rules"]) == rules.as_slice() {
            continue;
        }
        let mut changed: Object = (*role).clone();
        changed.set(&["rules"], if rules.is_empty() { Value::Null } else { Value::from(rules) });
        let _ = client.update(ROLES, &changed, "");
    }
}
