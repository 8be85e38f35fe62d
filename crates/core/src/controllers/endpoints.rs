//! The addresses behind a Service, as Endpoints.
//!
//! Models `pkg/controller/endpoint/endpoints_controller.go`.

use std::sync::Arc;

use gatehouse_model::{Object, Selector, Value, json};

use super::client::Client;
use super::pods;

const HEADLESS: &str = "service.kubernetes.io/headless";
const MANAGED: &str = "endpoints.kubernetes.io/managed-by";
pub(super) const TRIGGER: &str = "endpoints.kubernetes.io/last-change-trigger-time";

pub(super) fn pass(client: &mut Client<'_>) {
    let due = client.due("services", &[], &["pods", "endpoints"]);
    for service in client.list("services", None) {
        if has_endpoints(&service) && client.looks_at(&due, &service) {
            sync(client, &service);
        }
    }
    let orphaned =
        |e: &Arc<Object>| e.label(MANAGED) == Some("endpoint-controller") || e.annotation(TRIGGER).is_some();
    for endpoints in client.list("endpoints", None) {
        let (namespace, name) = (endpoints.namespace(), endpoints.name());
        if orphaned(&endpoints) && client.get("services", namespace, name).is_none() {
            let _ = client.delete("endpoints", namespace, name);
        }
    }
}

/// Whether a controller looks for the service's pods: it has a selector and is no alias.
pub(super) fn has_endpoints(service: &Object) -> bool {
    !service.map_at(&["spec", "selector"]).is_empty()
        && service.str_at(&["spec", "type"]) != "ExternalName"
        && !service.is_deleting()
}

/// The pods a service selects that have an address and have not ended.
pub(super) fn selected(client: &Client<'_>, service: &Object) -> Vec<Arc<Object>> {
    let selector = Selector::from_labels(service.map_at(&["spec", "selector"]));
    client
        .list("pods", Some(service.namespace()))
        .into_iter()
        .filter(|p| selector.matches(p.labels()))
        .filter(|p| !pods::is_finished(p) && !p.str_at(&["status", "podIP"]).is_empty())
        .collect()
}

pub(super) fn is_headless(service: &Object) -> bool {
    matches!(service.str_at(&["spec", "clusterIP"]), "" | "None")
}

/// The ports of a service as one pod serves them; a named port that the pod does not have is left out.
pub(super) fn ports(service: &Object, pod: &Object) -> Vec<Value> {
    let mut all = Vec::new();
    for port in service.list_at(&["spec", "ports"]) {
        let protocol = match port.str_at(&["protocol"]) {
            "" => "TCP",
            protocol => protocol,
        };
        let number = match port.get("targetPort") {
            Some(Value::Int(n)) if *n > 0 => Some(*n),
            Some(Value::Str(name)) => named_port(pod, name, protocol),
            _ => port.i64_at(&["port"]),
        };
        let Some(number) = number else { continue };
        let mut made = json!({"port": number, "protocol": protocol});
        for field in ["name", "appProtocol"] {
            if !port.str_at(&[field]).is_empty() {
                made.set(&[field], port.str_at(&[field]));
            }
        }
        all.push(made);
    }
    all
}

fn named_port(pod: &Object, name: &str, protocol: &str) -> Option<i64> {
    let restarts = |c: &&Value| c.str_at(&["restartPolicy"]) == "Always";
    let sidecars = pod.list_at(&["spec", "initContainers"]).iter().filter(restarts);
    let protocol_of = |p: &Value| match p.str_at(&["protocol"]) {
        "" => "TCP".to_owned(),
        protocol => protocol.to_owned(),
    };
    pod.list_at(&["spec", "containers"])
        .iter()
        .chain(sidecars)
        .flat_map(|c| c.list_at(&["ports"]))
        .find(|p| p.str_at(&["name"]) == name && protocol_of(p) == protocol)
        .and_then(|p| p.i64_at(&["containerPort"]))
}

/// The host name under which a headless service's DNS knows the pod.
pub(super) fn hostname<'a>(service: &Object, pod: &'a Object) -> Option<&'a str> {
    let hostname = pod.str_at(&["spec", "hostname"]);
    (!hostname.is_empty() && pod.str_at(&["spec", "subdomain"]) == service.name()).then_some(hostname)
}

/// Whether the service wants its pods before they are ready.
pub(super) fn publishes_all(service: &Object) -> bool {
    service.bool_at(&["spec", "publishNotReadyAddresses"]) == Some(true)
}

pub(super) fn target_ref(pod: &Object) -> Value {
    json!({"kind": "Pod", "namespace": (pod.namespace()), "name": (pod.name()), "uid": (pod.uid())})
}

fn sync(client: &mut Client<'_>, service: &Object) {
    // One subset for each set of ports.
    let mut subsets: Vec<(Vec<Value>, Vec<Value>, Vec<Value>)> = Vec::new();
    for pod in selected(client, service) {
        if pod.is_deleting() && !publishes_all(service) {
            continue;
        }
        let ports = ports(service, &pod);
        if ports.is_empty() && !service.list_at(&["spec", "ports"]).is_empty() {
            continue;
        }
        let mut address = json!({"ip": (pod.str_at(&["status", "podIP"])), "targetRef": (target_ref(&pod))});
        if let Some(hostname) = hostname(service, &pod) {
            address.set(&["hostname"], hostname);
        }
        if !pods::node(&pod).is_empty() {
            address.set(&["nodeName"], pods::node(&pod));
        }
        let at = subsets.iter().position(|(p, _, _)| *p == ports).unwrap_or_else(|| {
            subsets.push((ports, Vec::new(), Vec::new()));
            subsets.len() - 1
        });
        if let Some((_, ready, not_ready)) = subsets.get_mut(at) {
            if publishes_all(service) || pods::is_ready(&pod) {
                ready.push(address);
            } else {
                not_ready.push(address);
            }
        }
    }
    let subsets: Vec<Value> = subsets.into_iter().map(subset).collect();
    write(client, service, subsets);
}

fn subset((ports, mut ready, mut not_ready): (Vec<Value>, Vec<Value>, Vec<Value>)) -> Value {
    let mut subset = Value::map();
    for (key, addresses) in [("addresses", &mut ready), ("notReadyAddresses", &mut not_ready)] {
        if !addresses.is_empty() {
            gatehouse_model::order::by(addresses, |a, b| a.str_at(&["ip"]).cmp(b.str_at(&["ip"])));
            subset.set(&[key], addresses.clone());
        }
    }
    if !ports.is_empty() {
        subset.set(&["ports"], ports);
    }
    subset
}

fn write(client: &mut Client<'_>, service: &Object, subsets: Vec<Value>) {
    let mut labels = service.labels().clone();
    labels.remove(HEADLESS);
    if is_headless(service) {
        labels.insert(HEADLESS, "");
    }
    // The label came in 1.33.
    if client.cluster.version.minor() >= 33 {
        labels.insert(MANAGED, "endpoint-controller");
    }
    let now = client.now();
    let Some(old) = client.get("endpoints", service.namespace(), service.name()) else {
        let mut endpoints = json!({
            "apiVersion": "v1", "kind": "Endpoints",
            "metadata": {"name": (service.name()), "namespace": (service.namespace()),
                "annotations": {TRIGGER: now}},
        });
        if !labels.is_empty() {
            endpoints.set(&["metadata", "labels"], labels);
        }
        if !subsets.is_empty() {
            endpoints.set(&["subsets"], subsets);
        }
        let _ = client.create("endpoints", endpoints);
        return;
    };
    if old.list_at(&["subsets"]) == subsets.as_slice() && *old.labels() == labels {
        return;
    }
    let mut changed = (*old).clone();
    changed.set(&["metadata", "labels"], labels);
    changed.set(&["metadata", "annotations", TRIGGER], now);
    if subsets.is_empty() {
        changed.remove(&["subsets"]);
    } else {
        changed.set(&["subsets"], subsets);
    }
    let _ = client.update("endpoints", &changed, "");
}
