//! Services as packets meet them: which addresses are a service's, and who answers behind them.
//!
//! Looks at Services and EndpointSlices alone, never at a selector. Knows no policy: whoever asks applies policies to the
//! endpoint, as a CNI sees packets after their destination was rewritten. Models kube-proxy `pkg/proxy/iptables` and
//! `pkg/proxy/topology.go` without topology hints.

use std::net::{IpAddr, SocketAddr};

use gatehouse_model::{Object, Value};

use super::Protocol;
use crate::store::Store;

const SLICES: &str = "endpointslices.discovery.k8s.io";
const SERVICE: &str = "kubernetes.io/service-name";

/// Where a packet enters the cluster's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// It comes from a pod or a process of this node.
    Inside(&'a str),
    /// It comes from elsewhere and enters at this node.
    Outside(&'a str),
}

/// What becomes of a packet's destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// The address is no service's.
    Direct,
    /// It is rewritten to one of these endpoints. `masked` says that the node puts its own address as the source.
    To {
        /// `namespace/name` of the service.
        service: String,
        /// The endpoints, ready ones if any is.
        endpoints: Vec<SocketAddr>,
        /// Whether the endpoint sees the node instead of the client.
        masked: bool,
        /// Whether a client always meets the same endpoint (`sessionAffinity: ClientIP`).
        sticky: bool,
    },
    /// A service that has no endpoints: the node answers that the port is unreachable.
    Refused,
    /// A service without an endpoint on this node, where only local ones serve; or a port its address does not have.
    Dropped,
}

/// An endpoint of a service's port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its address and port.
    pub address: SocketAddr,
    /// The node it is on, empty where unknown.
    pub node: String,
    /// Its host name within the service, if it has one.
    pub hostname: String,
    /// Whether it takes new connections.
    pub ready: bool,
}

/// The ready endpoints of a service's port, by the port's name; where none is ready, those that end but still serve.
#[must_use]
pub fn endpoints(store: &Store, service: &Object, port: &str) -> Vec<Endpoint> {
    let (mut ready, mut ending) = (Vec::new(), Vec::new());
    let slices = store.list(SLICES, Some(service.namespace()));
    for slice in slices.filter(|s| s.label(SERVICE) == Some(service.name())) {
        let of_port = |p: &&Value| p.str_at(&["name"]) == port;
        let ports = slice.list_at(&["ports"]);
        // A headless service need not name a port.
        let none = (ports.is_empty() && port.is_empty()).then_some(0);
        let Some(number) = ports.iter().find(of_port).and_then(port_number).or(none) else { continue };
        for e in slice.list_at(&["endpoints"]) {
            let condition = |name: &str| e.bool_at(&["conditions", name]);
            let is_ready = condition("ready") != Some(false);
            let is_ending = condition("serving") == Some(true) && condition("terminating") == Some(true);
            for ip in e.list_at(&["addresses"]).iter().filter_map(|a| a.as_str()?.parse::<IpAddr>().ok()) {
                let endpoint = Endpoint {
                    address: SocketAddr::new(ip, number),
                    node: e.str_at(&["nodeName"]).to_owned(),
                    hostname: e.str_at(&["hostname"]).to_owned(),
                    ready: is_ready,
                };
                match (is_ready, is_ending) {
                    (true, _) => ready.push(endpoint),
                    (false, true) => ending.push(endpoint),
                    (false, false) => {}
                }
            }
        }
    }
    if ready.is_empty() { ending } else { ready }
}

fn port_number(port: &Value) -> Option<u16> {
    port.i64_at(&["port"]).and_then(|p| u16::try_from(p).ok())
}

/// The address of a node.
#[must_use]
pub fn node_address(node: &Object) -> Option<IpAddr> {
    let addresses = node.list_at(&["status", "addresses"]);
    let internal = addresses.iter().find(|a| a.str_at(&["type"]) == "InternalIP")?;
    internal.str_at(&["address"]).parse().ok()
}

/// The service that a packet is for, by its destination, and which of its ports.
fn find<'a>(store: &'a Store, to: SocketAddr, protocol: Protocol) -> Option<(&'a Object, Found<'a>)> {
    let text = to.ip().to_string();
    let on_node = store.list("nodes", None).any(|n| node_address(n) == Some(to.ip()));
    for service in store.list("services", None) {
        if service.str_at(&["spec", "type"]) == "ExternalName" {
            continue;
        }
        let ports = service.list_at(&["spec", "ports"]);
        let same = |p: &&Value| Protocol::of(p) == protocol;
        let mut own = service.list_at(&["spec", "clusterIPs"]).iter().filter_map(Value::as_str);
        if own.any(|ip| ip == text) || service.str_at(&["spec", "clusterIP"]) == text {
            let port = ports.iter().filter(same).find(|p| port_number(p) == Some(to.port()));
            return Some((service, Found { port, way: Way::Cluster }));
        }
        let balanced = service.list_at(&["status", "loadBalancer", "ingress"]);
        let outer = service.list_at(&["spec", "externalIPs"]).iter().any(|i| i.as_str() == Some(&text))
            || balanced.iter().any(|i| i.str_at(&["ip"]) == text);
        if outer && let Some(port) = ports.iter().filter(same).find(|p| port_number(p) == Some(to.port())) {
            return Some((service, Found { port: Some(port), way: Way::External }));
        }
        let node_port = |p: &&Value| p.i64_at(&["nodePort"]) == Some(i64::from(to.port()));
        if on_node && let Some(port) = ports.iter().filter(same).find(node_port) {
            return Some((service, Found { port: Some(port), way: Way::External }));
        }
    }
    None
}

#[derive(Clone, Copy)]
struct Found<'a> {
    port: Option<&'a Value>,
    way: Way,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Cluster,
    External,
}

/// What kube-proxy makes of a packet to an address and port.
#[must_use]
pub fn route(store: &Store, to: SocketAddr, protocol: Protocol, entry: Entry<'_>) -> Route {
    let Some((service, found)) = find(store, to, protocol) else { return Route::Direct };
    let Some(port) = found.port else { return Route::Dropped };
    let all = endpoints(store, service, port.str_at(&["name"]));
    if all.is_empty() {
        return Route::Refused;
    }
    let spec = |field: &str| service.str_at(&["spec", field]) == "Local";
    let (node, local) = match (found.way, entry) {
        (Way::Cluster, Entry::Inside(node) | Entry::Outside(node)) => (node, spec("internalTrafficPolicy")),
        (Way::External, Entry::Outside(node)) => (node, spec("externalTrafficPolicy")),
        (Way::External, Entry::Inside(node)) => (node, false),
    };
    let masked = found.way == Way::External && !spec("externalTrafficPolicy");
    let endpoints: Vec<SocketAddr> =
        all.iter().filter(|e| !local || e.node == node).map(|e| e.address).collect();
    if endpoints.is_empty() {
        return Route::Dropped;
    }
    let sticky = service.str_at(&["spec", "sessionAffinity"]) == "ClientIP";
    Route::To { service: format!("{}/{}", service.namespace(), service.name()), endpoints, masked, sticky }
}

#[cfg(test)]
pub(in crate::network) mod tests;
