//! The addresses behind a Service, in slices.
//!
//! Models `pkg/controller/endpointslice` and `staging/src/k8s.io/endpointslice/{reconciler,utils}.go`.

use std::sync::Arc;

use gatehouse_model::{Map, Object, Value, json};

use super::client::Client;
use super::endpoints::{
    TRIGGER, has_endpoints, hostname, is_headless, ports, publishes_all, selected, target_ref,
};
use super::{owner, pods};

const SLICES: &str = "endpointslices.discovery.k8s.io";
const SERVICE: &str = "kubernetes.io/service-name";
const MANAGED: &str = "endpointslice.kubernetes.io/managed-by";
const MANAGER: &str = "endpointslice-controller.k8s.io";
const HEADLESS: &str = "service.kubernetes.io/headless";
/// How many endpoints a slice holds.
const MOST: usize = 100;

/// The endpoints that share a set of ports.
struct Group {
    ports: Vec<Value>,
    endpoints: Vec<Value>,
}

pub(super) fn pass(client: &mut Client<'_>) {
    let due = client.due("services", &[], &["pods", "nodes", SLICES]);
    for service in client.list("services", None) {
        if has_endpoints(&service) && client.looks_at(&due, &service) {
            sync(client, &service);
        }
    }
}

fn sync(client: &mut Client<'_>, service: &Object) {
    let mut groups: Vec<Group> = Vec::new();
    for pod in selected(client, service) {
        let ports = ports(service, &pod);
        let endpoint = endpoint(client, service, &pod);
        match groups.iter_mut().find(|g| g.ports == ports) {
            Some(group) => group.endpoints.push(endpoint),
            None => groups.push(Group { ports, endpoints: vec![endpoint] }),
        }
    }
    if groups.is_empty() {
        groups.push(Group { ports: Vec::new(), endpoints: Vec::new() });
    }
    let families = service.list_at(&["spec", "ipFamilies"]);
    let family = families.first().and_then(Value::as_str).unwrap_or("IPv4").to_owned();
    let mut old: Vec<Arc<Object>> = client
        .list(SLICES, Some(service.namespace()))
        .into_iter()
        .filter(|s| s.label(SERVICE) == Some(service.name()) && s.label(MANAGED) == Some(MANAGER))
        .collect();
    for group in groups {
        let mut chunks: Vec<&[Value]> = group.endpoints.chunks(MOST).collect();
        if chunks.is_empty() {
            chunks.push(&[]);
        }
        let ports = slice_ports(&group.ports);
        for chunk in chunks {
            // A slice with these ports is used again; of several the one that needs the least change.
            let same = old.iter().position(|s| same_ports(s, &ports) && s.list_at(&["endpoints"]) == chunk);
            let same = same.or_else(|| old.iter().position(|s| same_ports(s, &ports)));
            let same = same.or_else(|| old.iter().position(|s| s.list_at(&["endpoints"]).is_empty()));
            let known = same.map(|i| old.remove(i));
            write(client, service, &family, known, chunk, &ports);
        }
    }
    for slice in old {
        let _ = client.delete(SLICES, slice.namespace(), slice.name());
    }
}

/// Slices name every port, if only with an empty name.
fn slice_ports(ports: &[Value]) -> Vec<Value> {
    let named = |p: &Value| {
        let mut p = p.clone();
        if p.get("name").is_none() {
            p.set(&["name"], "");
        }
        p
    };
    ports.iter().map(named).collect()
}

fn same_ports(slice: &Object, ports: &[Value]) -> bool {
    let old = slice.list_at(&["ports"]);
    old.len() == ports.len() && ports.iter().all(|p| old.contains(p))
}

fn endpoint(client: &Client<'_>, service: &Object, pod: &Object) -> Value {
    let serving = pods::is_ready(pod);
    let terminating = pod.is_deleting();
    let ready = publishes_all(service) || (serving && !terminating);
    let mut endpoint = json!({
        "addresses": [(pod.str_at(&["status", "podIP"]))],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": (target_ref(pod)),
    });
    let node = pods::node(pod);
    if !node.is_empty() {
        endpoint.set(&["nodeName"], node);
        let zone = client.get("nodes", "", node);
        if let Some(zone) = zone.as_ref().and_then(|n| n.label("topology.kubernetes.io/zone")) {
            endpoint.set(&["zone"], zone);
        }
    }
    if let Some(hostname) = hostname(service, pod) {
        endpoint.set(&["hostname"], hostname);
    }
    endpoint
}

fn labels(service: &Object) -> Map {
    let mut labels = service.labels().clone();
    labels.remove(HEADLESS);
    labels.insert(SERVICE, service.name());
    labels.insert(MANAGED, MANAGER);
    if is_headless(service) {
        labels.insert(HEADLESS, "");
    }
    labels
}

fn write(
    client: &mut Client<'_>,
    service: &Object,
    family: &str,
    known: Option<Arc<Object>>,
    endpoints: &[Value],
    ports: &[Value],
) {
    let list = |l: &[Value]| if l.is_empty() { Value::Null } else { Value::from(l.to_vec()) };
    let labels = labels(service);
    let now = client.now();
    let Some(known) = known else {
        let slice = json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {
                "generateName": (format!("{}-", service.name())), "namespace": (service.namespace()),
                "labels": labels, "annotations": {TRIGGER: now},
                "ownerReferences": [(owner::controller_ref(service))],
            },
            "addressType": family, "endpoints": (list(endpoints)), "ports": (list(ports)),
        });
        let _ = client.create(SLICES, slice);
        return;
    };
    if known.list_at(&["endpoints"]) == endpoints && same_ports(&known, ports) && *known.labels() == labels {
        return;
    }
    let mut changed = (*known).clone();
    changed.set(&["metadata", "labels"], labels);
    changed.set(&["metadata", "annotations", TRIGGER], now);
    changed.set(&["endpoints"], list(endpoints));
    changed.set(&["ports"], list(ports));
    let _ = client.update(SLICES, &changed, "");
}
