//! Services, endpoints, ingresses and network policies.

use gatehouse_model::{KubeVersion, Value};

use super::fill;

/// A Service; its address is allocated later.
pub(super) fn service(version: KubeVersion, object: &mut Value) {
    fill::structure(object, &["status"]);
    fill::structure(object, &["status", "loadBalancer"]);
    let spec = object.entry_at(&["spec"]);
    fill::text(spec, &["sessionAffinity"], "None");
    match spec.str_at(&["sessionAffinity"]) {
        "None" => {
            spec.remove(&["sessionAffinityConfig"]);
        }
        "ClientIP" => fill::pointer(spec, &["sessionAffinityConfig", "clientIP", "timeoutSeconds"], 10_800),
        _ => {}
    }
    fill::text(spec, &["type"], "ClusterIP");
    fill::each(spec, &["ports"], |port| {
        fill::text(port, &["protocol"], "TCP");
        let zero = port
            .get("targetPort")
            .is_none_or(|t| t.is_null() || t.as_i64() == Some(0) || t.as_str() == Some(""));
        if zero && let Some(number) = port.get("port").cloned() {
            port.set(&["targetPort"], number);
        }
    });
    let kind = spec.str_at(&["type"]).to_owned();
    let external = !spec.list_at(&["externalIPs"]).is_empty();
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") || (kind == "ClusterIP" && external) {
        fill::text(spec, &["externalTrafficPolicy"], "Cluster");
    }
    if version.minor() >= 22 && matches!(kind.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer") {
        fill::pointer(spec, &["internalTrafficPolicy"], "Cluster");
    }
    if version.minor() >= 22 && kind == "LoadBalancer" {
        fill::pointer(spec, &["allocateLoadBalancerNodePorts"], true);
    }
}

/// Endpoints.
pub(super) fn endpoints(object: &mut Value) {
    fill::each(object, &["subsets"], |subset| {
        fill::each(subset, &["ports"], |p| fill::text(p, &["protocol"], "TCP"));
    });
}

/// An EndpointSlice.
pub(super) fn endpoint_slice(object: &mut Value) {
    fill::each(object, &["ports"], |p| {
        fill::pointer(p, &["name"], "");
        fill::pointer(p, &["protocol"], "TCP");
    });
    fill::each(object, &["endpoints"], |e| fill::structure(e, &["conditions"]));
}

/// A NetworkPolicy: without types it is about ingress, and about egress where it has such rules.
pub(super) fn policy(object: &mut Value) {
    let spec = object.entry_at(&["spec"]);
    fill::structure(spec, &["podSelector"]);
    if spec.list_at(&["policyTypes"]).is_empty() {
        let mut types = vec!["Ingress"];
        if !spec.list_at(&["egress"]).is_empty() {
            types.push("Egress");
        }
        spec.set(&["policyTypes"], types);
    }
    for direction in ["ingress", "egress"] {
        fill::each(spec, &[direction], |rule| {
            fill::each(rule, &["ports"], |p| fill::text(p, &["protocol"], "TCP"));
        });
    }
}

/// An IngressClass.
pub(super) fn ingress_class(object: &mut Value) {
    fill::inside(object, &["spec", "parameters"], |p| fill::pointer(p, &["scope"], "Cluster"));
}

/// An Ingress.
pub(super) fn ingress(object: &mut Value) {
    if object.get("apiVersion").and_then(Value::as_str) != Some("networking.k8s.io/v1") {
        fill::each(object, &["spec", "rules"], |rule| {
            fill::each(rule, &["http", "paths"], |p| {
                fill::pointer(p, &["pathType"], "ImplementationSpecific")
            });
        });
    }
    fill::structure(object, &["status"]);
    fill::structure(object, &["status", "loadBalancer"]);
}
