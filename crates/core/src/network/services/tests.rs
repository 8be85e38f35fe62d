//! Where packets to a service's addresses go.

use std::net::SocketAddr;

use gatehouse_model::yaml;

use super::{Entry, Route, route};
use crate::network::Protocol;
use crate::store::Store;

pub(in crate::network) const SHOP: &str = "
kind: Namespace
metadata: {name: shop}
---
kind: Node
metadata: {name: node01}
status: {addresses: [{type: InternalIP, address: 172.30.2.2}]}
---
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  clusterIP: 10.96.0.20
  clusterIPs: [10.96.0.20]
  ports: [{name: http, port: 80, protocol: TCP, nodePort: 30080}]
---
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
endpoints:
- {addresses: [10.244.1.2], nodeName: node01, conditions: {ready: true}}
- {addresses: [10.244.0.9], nodeName: other, conditions: {ready: true}}
- {addresses: [10.244.1.3], nodeName: node01, conditions: {ready: false}}
ports: [{name: http, port: 8080, protocol: TCP}]
---
kind: Service
metadata: {name: nobody, namespace: shop}
spec: {clusterIP: 10.96.0.21, clusterIPs: [10.96.0.21], ports: [{port: 80, protocol: TCP}]}
---
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: None, ports: [{name: redis, port: 6379}]}
---
kind: EndpointSlice
metadata: {name: db-1, namespace: shop, labels: {kubernetes.io/service-name: db}}
endpoints:
- {addresses: [10.244.1.7], hostname: db-0, conditions: {ready: true}}
- {addresses: [10.244.1.8], conditions: {ready: true}}
ports: [{name: redis, port: 6379, protocol: TCP}]
---
kind: Service
metadata: {name: away, namespace: shop}
spec: {type: ExternalName, externalName: example.com}
";

pub(in crate::network) fn store(text: &str) -> Store {
    let mut store = Store::default();
    for document in yaml::parse_all(text) {
        let value = document.expect("YAML").value;
        let table = match value.str_at(&["kind"]) {
            "EndpointSlice" => "endpointslices.discovery.k8s.io",
            "Namespace" => "namespaces",
            "Node" => "nodes",
            _ => "services",
        };
        store.seed(table, value);
    }
    store
}

fn at(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn to(store: &Store, address: &str, entry: Entry<'_>) -> Option<(Vec<SocketAddr>, bool)> {
    match route(store, at(address), Protocol::Tcp, entry) {
        Route::To { endpoints, masked, .. } => Some((endpoints, masked)),
        _ => None,
    }
}

#[test]
fn a_cluster_address_leads_to_ready_endpoints() {
    let store = store(SHOP);
    let inside = Entry::Inside("node01");
    let both = vec![at("10.244.1.2:8080"), at("10.244.0.9:8080")];
    assert_eq!(to(&store, "10.96.0.20:80", inside), Some((both.clone(), false)));
    assert_eq!(to(&store, "172.30.2.2:30080", inside), Some((both, true)), "a node port hides who asks");
    assert_eq!(route(&store, at("10.96.0.20:81"), Protocol::Tcp, inside), Route::Dropped);
    assert_eq!(route(&store, at("10.96.0.20:80"), Protocol::Udp, inside), Route::Dropped);
    assert_eq!(route(&store, at("10.96.0.21:80"), Protocol::Tcp, inside), Route::Refused);
    assert_eq!(route(&store, at("10.244.1.2:8080"), Protocol::Tcp, inside), Route::Direct);
    assert_eq!(route(&store, at("172.30.2.2:22"), Protocol::Tcp, inside), Route::Direct);
}

#[test]
fn local_policies_keep_to_the_node() {
    let local = SHOP.replace("type: NodePort", "type: NodePort\n  externalTrafficPolicy: Local");
    let store = store(&local);
    let outside = Entry::Outside("node01");
    assert_eq!(to(&store, "172.30.2.2:30080", outside), Some((vec![at("10.244.1.2:8080")], false)));
    assert_eq!(route(&store, at("172.30.2.2:30080"), Protocol::Tcp, Entry::Outside("empty")), Route::Dropped);
    assert!(to(&store, "10.96.0.20:80", Entry::Inside("empty")).is_some(), "inside it does not count");
}
