//! What one object takes of a namespace's quota.
//!
//! Models kubernetes `pkg/quota/v1/evaluator/core/{pods,services,persistent_volume_claims}.go`.

use gatehouse_model::{Object, Value};

use super::super::quantities::{Amounts, Quantity, amounts, of_pod};
use crate::store::Store;

/// Resources that quotas also count by their bare names.
const ALIASES: [&str; 5] = ["configmaps", "replicationcontrollers", "resourcequotas", "secrets", "services"];

fn one() -> Quantity {
    Quantity::from_units(1)
}

/// Whether objects of a resource take any of what a quota calls `name`.
#[must_use]
pub fn concerns(group_resource: &str, name: &str) -> bool {
    if name.strip_prefix("count/") == Some(group_resource) {
        return true;
    }
    match group_resource {
        "pods" => {
            matches!(name, "pods" | "cpu" | "memory" | "ephemeral-storage")
                || name.starts_with("limits.")
                || name.starts_with("hugepages-")
                || (name.starts_with("requests.") && name != "requests.storage")
        }
        "services" => matches!(name, "services" | "services.nodeports" | "services.loadbalancers"),
        "persistentvolumeclaims" => {
            matches!(name, "persistentvolumeclaims" | "requests.storage")
                || name.contains(".storageclass.storage.k8s.io/")
        }
        other => ALIASES.contains(&other) && name == other,
    }
}

/// What an object takes, by the names quotas use. Pods that are over take nothing.
#[must_use]
pub fn of(group_resource: &str, object: &Object) -> Amounts {
    let mut out = Amounts::new();
    out.insert(format!("count/{group_resource}"), one());
    match group_resource {
        "pods" => pod(object, &mut out),
        "services" => service(object, &mut out),
        "persistentvolumeclaims" => claim(object, &mut out),
        other if ALIASES.contains(&other) => {
            out.insert(other.to_owned(), one());
        }
        _ => {}
    }
    out
}

/// How much of each of a quota's resources the namespace uses now.
#[must_use]
pub fn recount(store: &Store, quota: &Object) -> Amounts {
    let named = ["pods", "persistentvolumeclaims"].into_iter().chain(ALIASES);
    let mut out = Amounts::new();
    for (name, _) in quota.map_at(&["spec", "hard"]).iter() {
        let counted = name.strip_prefix("count/");
        let mut total = Quantity::from_units(0);
        for table in named.clone().filter(|t| counted.is_none() && concerns(t, name)).chain(counted) {
            for object in store.list(table, Some(quota.namespace())) {
                if super::scopes::matches(quota, table, object)
                    && let Some(amount) = of(table, object).get(name)
                {
                    total = total.add(amount);
                }
            }
        }
        out.insert(name.to_owned(), total);
    }
    out
}

fn pod(pod: &Object, out: &mut Amounts) {
    if matches!(pod.str_at(&["status", "phase"]), "Succeeded" | "Failed") {
        return;
    }
    out.insert("pods".to_owned(), one());
    for (name, amount) in of_pod(pod, "requests") {
        if matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-") {
            out.insert(name.clone(), amount.clone());
        }
        out.insert(format!("requests.{name}"), amount);
    }
    for (name, amount) in of_pod(pod, "limits") {
        if matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") {
            out.insert(format!("limits.{name}"), amount);
        }
    }
}

fn service(service: &Object, out: &mut Amounts) {
    out.insert("services".to_owned(), one());
    let ports = i64::try_from(service.list_at(&["spec", "ports"]).len()).unwrap_or(i64::MAX);
    let kind = service.str_at(&["spec", "type"]);
    let without_node_ports = service.bool_at(&["spec", "allocateLoadBalancerNodePorts"]) == Some(false);
    if kind == "NodePort" || (kind == "LoadBalancer" && !without_node_ports) {
        out.insert("services.nodeports".to_owned(), Quantity::from_units(ports));
    }
    if kind == "LoadBalancer" {
        out.insert("services.loadbalancers".to_owned(), one());
    }
}

fn claim(claim: &Object, out: &mut Amounts) {
    out.insert("persistentvolumeclaims".to_owned(), one());
    let class = claim.at(&["spec", "storageClassName"]).and_then(Value::as_str).unwrap_or_default();
    let storage = amounts(claim.at(&["spec", "resources", "requests"])).remove("storage");
    if !class.is_empty() {
        out.insert(format!("{class}.storageclass.storage.k8s.io/persistentvolumeclaims"), one());
    }
    if let Some(storage) = storage {
        if !class.is_empty() {
            out.insert(format!("{class}.storageclass.storage.k8s.io/requests.storage"), storage.clone());
        }
        out.insert("requests.storage".to_owned(), storage);
    }
}
