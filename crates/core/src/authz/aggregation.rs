//! Aggregated cluster roles: the rules of all cluster roles that a selector picks.
//!
//! Models kubernetes `pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go`. The controller
//! that writes the result is elsewhere; this is what it computes.

use gatehouse_model::{Map, Object, Value};

use crate::store::Store;

/// The rules an aggregated cluster role should have; `None` where the role does not aggregate.
/// Rules come in the order of the selectors, then of the picked roles' names, each once.
#[must_use]
pub fn rules(store: &Store, role: &Object) -> Option<Vec<Value>> {
    let aggregation = role.at(&["aggregationRule"]).filter(|v| !v.is_null())?;
    let mut rules: Vec<Value> = Vec::new();
    for selector in aggregation.list_at(&["clusterRoleSelectors"]) {
        for other in store.list("clusterroles.rbac.authorization.k8s.io", None) {
            if other.name() == role.name() || !selects(selector, other.labels()) {
                continue;
            }
            for rule in other.list_at(&["rules"]) {
                if !rules.contains(rule) {
                    rules.push(rule.clone());
                }
            }
        }
    }
    Some(rules)
}

fn selects(selector: &Value, labels: &Map) -> bool {
    let label = |key: &str| labels.get(key).and_then(Value::as_str);
    let equal = selector.map_at(&["matchLabels"]).iter().all(|(k, v)| label(k) == v.as_str());
    equal
        && selector.list_at(&["matchExpressions"]).iter().all(|e| {
            let actual = label(e.str_at(&["key"]));
            let listed = || e.list_at(&["values"]).iter().any(|v| v.as_str() == actual);
            match e.str_at(&["operator"]) {
                "In" => actual.is_some() && listed(),
                "NotIn" => actual.is_none() || !listed(),
                "Exists" => actual.is_some(),
                "DoesNotExist" => actual.is_none(),
                _ => false,
            }
        })
}
