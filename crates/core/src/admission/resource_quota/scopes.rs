//! Which objects a quota's scopes select.
//!
//! Models kubernetes `pkg/quota/v1/evaluator/core/pods.go` (`podMatchesScopeFunc`).

use gatehouse_model::{Object, Value};

use crate::strategy::qos;

/// Whether every scope of a quota selects the object. Only pods have scopes.
#[must_use]
pub fn matches(quota: &Object, group_resource: &str, object: &Object) -> bool {
    let scopes = quota.list_at(&["spec", "scopes"]).iter().filter_map(Value::as_str);
    let selected = quota.list_at(&["spec", "scopeSelector", "matchExpressions"]);
    if quota.list_at(&["spec", "scopes"]).is_empty() && selected.is_empty() {
        return true;
    }
    if group_resource != "pods" {
        return false;
    }
    let requirement = |r: &Value| {
        let words: Vec<&str> = r.list_at(&["values"]).iter().filter_map(Value::as_str).collect();
        scope(object, r.str_at(&["scopeName"]), r.str_at(&["operator"]), &words)
    };
    scopes.into_iter().all(|s| scope(object, s, "Exists", &[])) && selected.iter().all(requirement)
}

fn scope(pod: &Object, name: &str, operator: &str, values: &[&str]) -> bool {
    let terminating = pod.i64_at(&["spec", "activeDeadlineSeconds"]).is_some_and(|s| s >= 0);
    let best_effort = qos(pod) == "BestEffort";
    match name {
        "Terminating" => terminating,
        "NotTerminating" => !terminating,
        "BestEffort" => best_effort,
        "NotBestEffort" => !best_effort,
        "PriorityClass" => {
            let class = pod.str_at(&["spec", "priorityClassName"]);
            match operator {
                "Exists" => !class.is_empty(),
                "DoesNotExist" => class.is_empty(),
                "In" => values.contains(&class),
                "NotIn" => !values.contains(&class),
                _ => false,
            }
        }
        "CrossNamespacePodAffinity" => crosses_namespaces(pod),
        _ => false,
    }
}

fn crosses_namespaces(pod: &Object) -> bool {
    let crosses = |term: &Value| {
        !term.list_at(&["namespaces"]).is_empty()
            || term.get("namespaceSelector").is_some_and(|s| !s.is_null())
    };
    ["podAffinity", "podAntiAffinity"].iter().any(|kind| {
        let base = |field: &str| pod.list_at(&["spec", "affinity", kind, field]).to_vec();
        base("requiredDuringSchedulingIgnoredDuringExecution").iter().any(crosses)
            || base("preferredDuringSchedulingIgnoredDuringExecution")
                .iter()
                .any(|w| w.get("podAffinityTerm").is_some_and(crosses))
    })
}
