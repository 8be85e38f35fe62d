//! Namespaces, nodes, limits, autoscalers and pod security policies.

use gatehouse_model::{KubeVersion, Value, base64, json};

use super::fill;

/// A Namespace is labelled with its own name since 1.21.
pub(super) fn namespace(version: KubeVersion, object: &mut Value) {
    let name = object.str_at(&["metadata", "name"]).to_owned();
    if version.minor() >= 21 && !name.is_empty() {
        object.set(&["metadata", "labels", "kubernetes.io/metadata.name"], name);
    }
    fill::text(object, &["status", "phase"], "Active");
    fill::structure(object, &["spec"]);
}

/// A Secret's `stringData` is written into `data`, which wins nothing over it, and is gone.
pub(super) fn secret(object: &mut Value) {
    fill::text(object, &["type"], "Opaque");
    let Some(plain) = object.remove(&["stringData"]) else { return };
    for (key, value) in plain.entries().iter() {
        let encoded = base64::encode(value.as_str().unwrap_or_default().as_bytes());
        object.set(&["data", key], encoded);
    }
}

/// A Node can allocate all it has unless it says otherwise.
pub(super) fn node(object: &mut Value) {
    if let Some(capacity) = object.at(&["status", "capacity"]).cloned() {
        fill::pointer(object, &["status", "allocatable"], capacity);
    }
}

/// Limits of containers default from one another.
pub(super) fn limit_range(object: &mut Value) {
    fill::each(object, &["spec", "limits"], |item| {
        if item.str_at(&["type"]) != "Container" {
            return;
        }
        for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
            let amounts = item.map_at(&[from]).clone();
            for (resource, amount) in amounts.iter() {
                fill::pointer(item, &[to, resource], amount.clone());
            }
        }
    });
}

/// An autoscaler looks at CPU where it is told nothing.
pub(super) fn autoscaler(object: &mut Value) {
    fill::pointer(object, &["spec", "minReplicas"], 1);
    let v1 = object.str_at(&["apiVersion"]) == "autoscaling/v1";
    if !v1 && object.list_at(&["spec", "metrics"]).is_empty() {
        object.set(
            &["spec", "metrics"],
            json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]),
        );
    }
}

/// A PodSecurityPolicy allows privilege escalation unless told otherwise.
pub(super) fn pod_security_policy(object: &mut Value) {
    fill::pointer(object, &["spec", "allowPrivilegeEscalation"], true);
}
