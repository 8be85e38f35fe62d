//! Endpoints that somebody wrote by hand, as slices.
//!
//! Models `pkg/controller/endpointslicemirroring`.

use std::sync::Arc;

use gatehouse_model::{Map, Object, Value, json};

use super::client::Client;
use super::owner;

const SLICES: &str = "endpointslices.discovery.k8s.io";
const SERVICE: &str = "kubernetes.io/service-name";
const MANAGED: &str = "endpointslice.kubernetes.io/managed-by";
const MIRROR: &str = "endpointslicemirroring-controller.k8s.io";
const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";
const LEADER: &str = "control-plane.alpha.kubernetes.io/leader";
const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(super) fn pass(client: &mut Client<'_>) {
    for endpoints in client.list("endpoints", None) {
        let service = client.get("services", endpoints.namespace(), endpoints.name());
        let by_hand = service.is_some_and(|s| s.map_at(&["spec", "selector"]).is_empty());
        let skipped = endpoints.label(SKIP) == Some("true") || endpoints.annotation(LEADER).is_some();
        sync(client, &endpoints, by_hand && !skipped);
    }
}

fn sync(client: &mut Client<'_>, endpoints: &Object, wanted: bool) {
    let mut old: Vec<Arc<Object>> = client
        .list(SLICES, Some(endpoints.namespace()))
        .into_iter()
        .filter(|s| s.label(SERVICE) == Some(endpoints.name()) && s.label(MANAGED) == Some(MIRROR))
        .collect();
    let subsets = if wanted { endpoints.list_at(&["subsets"]) } else { &[] };
    for subset in subsets {
        for (family, list) in by_family(subset) {
            let slice = slice(endpoints, family, list, subset);
            let same = |s: &Arc<Object>| {
                ["addressType", "endpoints", "ports"].iter().all(|k| s.get(k) == slice.get(k))
                    && s.get("metadata").map(|m| m.map_at(&["labels"]))
                        == slice.get("metadata").map(|m| m.map_at(&["labels"]))
            };
            if let Some(at) = old.iter().position(same) {
                old.remove(at);
            } else {
                let _ = client.create(SLICES, slice);
            }
        }
    }
    for slice in old {
        let _ = client.delete(SLICES, slice.namespace(), slice.name());
    }
}

/// The endpoints of a subset, by the family of their addresses.
fn by_family(subset: &Value) -> Vec<(&'static str, Vec<Value>)> {
    let mut families: Vec<(&'static str, Vec<Value>)> = Vec::new();
    for (list, ready) in [("addresses", true), ("notReadyAddresses", false)] {
        for address in subset.list_at(&[list]) {
            let ip = address.str_at(&["ip"]);
            let family = if ip.contains(':') { "IPv6" } else { "IPv4" };
            let mut endpoint = json!({"addresses": [ip], "conditions": {"ready": ready}});
            for field in ["hostname", "nodeName", "targetRef"] {
                if let Some(value) = address.get(field).filter(|v| !v.is_null()) {
                    endpoint.set(&[field], value.clone());
                }
            }
            match families.iter_mut().find(|(f, _)| *f == family) {
                Some((_, all)) => all.push(endpoint),
                None => families.push((family, vec![endpoint])),
            }
        }
    }
    families
}

fn slice(endpoints: &Object, family: &str, list: Vec<Value>, subset: &Value) -> Value {
    let mut labels = endpoints.labels().clone();
    labels.insert(SERVICE, endpoints.name());
    labels.insert(MANAGED, MIRROR);
    let annotations: Map =
        endpoints.annotations().iter().filter(|(k, _)| *k != APPLIED).map(|(k, v)| (k, v.clone())).collect();
    let named = |p: &Value| {
        let mut p = p.clone();
        if p.get("name").is_none() {
            p.set(&["name"], "");
        }
        p
    };
    let ports: Value = subset.list_at(&["ports"]).iter().map(named).collect();
    let mut slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "generateName": (format!("{}-", endpoints.name())), "namespace": (endpoints.namespace()),
            "labels": labels, "ownerReferences": [(owner::controller_ref(endpoints))],
        },
        "addressType": family, "endpoints": list, "ports": ports,
    });
    if !annotations.is_empty() {
        slice.set(&["metadata", "annotations"], annotations);
    }
    slice
}
