//! What the API server makes of itself at its start: its own endpoints, an APIService for each API it serves, and
//! the range of service addresses.

use gatehouse_model::{Value, json};

use crate::cluster::Cluster;

/// Puts the objects in place.
pub(super) fn seed(cluster: &mut Cluster) {
    endpoints(cluster);
    let mut versions: Vec<(String, String)> = Vec::new();
    for resource in cluster.resources() {
        let version = (resource.gv.group.to_string(), resource.gv.version.to_string());
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    for (group, version) in versions {
        let object = api_service(cluster, &group, &version);
        put(cluster, "apiservices.apiregistration.k8s.io", object);
    }
    if cluster.version.minor() >= 33 {
        let now = cluster.now.to_string();
        let range = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "kubernetes"},
            "spec": {"cidrs": ["10.96.0.0/12"]},
            "status": {"conditions": [{
                "type": "Ready", "status": "True", "reason": "", "lastTransitionTime": now,
                "message": "Kubernetes Service CIDR is ready",
            }]},
        });
        put(cluster, "servicecidrs.networking.k8s.io", range);
        let address = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "IPAddress",
            "metadata": {"name": "10.96.0.1", "labels": {
                "ipaddress.kubernetes.io/ip-family": "IPv4", "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
            }},
            "spec": {"parentRef": {"resource": "services", "namespace": "default", "name": "kubernetes"}},
        });
        put(cluster, "ipaddresses.networking.k8s.io", address);
    }
}

fn put(cluster: &mut Cluster, table: &str, mut object: Value) {
    let uid = cluster.entropy.uid();
    object.set(&["metadata", "uid"], uid);
    object.set(&["metadata", "creationTimestamp"], cluster.now.to_string());
    cluster.store.seed(table, object);
}

/// The endpoints of service `kubernetes`, as its slice has them.
fn endpoints(cluster: &mut Cluster) {
    let slice = cluster.store.get("endpointslices.discovery.k8s.io", "default", "kubernetes").cloned();
    let Some(slice) = slice else { return };
    let addresses: Vec<Value> = slice
        .list_at(&["endpoints"])
        .iter()
        .flat_map(|e| e.list_at(&["addresses"]))
        .map(|a| json!({"ip": (a.clone())}))
        .collect();
    let ports = slice.get("ports").cloned().unwrap_or_default();
    let object = json!({
        "apiVersion": "v1", "kind": "Endpoints",
        "metadata": {
            "name": "kubernetes", "namespace": "default",
            "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
        },
        "subsets": [{"addresses": addresses, "ports": ports}],
    });
    put(cluster, "endpoints", object);
}

/// The aggregation layer's entry of an API that is served locally.
fn api_service(cluster: &Cluster, group: &str, version: &str) -> Value {
    let core = group.is_empty();
    let mut spec = json!({"version": version, "groupPriorityMinimum": (if core { 18_000 } else { 17_000 }), "versionPriority": (if core { 1 } else { 15 })});
    if !core {
        spec.set(&["group"], group);
    }
    json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": {
            "name": (format!("{version}.{group}")),
            "labels": {"kube-aggregator.kubernetes.io/automanaged": "onstart"},
        },
        "spec": spec,
        "status": {"conditions": [{
            "type": "Available", "status": "True", "reason": "Local", "message": "Local APIServices are always available",
            "lastTransitionTime": (cluster.now.to_string()),
        }]},
    })
}
