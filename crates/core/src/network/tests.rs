use std::net::IpAddr;

use gatehouse_model::{Map, Object, Value, json};

use super::*;

mod admin_policy;
mod cilium;
mod naive;
mod naive_admin;
mod parts;
mod random;

/// One end: a pod, or an address that is no pod's.
#[derive(Clone, Copy, PartialEq)]
enum Who<'a> {
    Pod(&'a Pod),
    Ip(IpAddr),
}

impl Who<'_> {
    fn ips(&self) -> Vec<IpAddr> {
        match self {
            Self::Pod(pod) => pod.ips.clone(),
            Self::Ip(ip) => vec![*ip],
        }
    }
}

fn labels(pairs: &[(&str, &str)]) -> Map {
    pairs.iter().map(|(k, v)| (*k, *v)).collect()
}

fn pod(namespace: &str, name: &str, own: &[(&str, &str)], ip: &str) -> Pod {
    let ports = vec![
        ContainerPort { name: "http".into(), number: 80, protocol: Protocol::Tcp },
        ContainerPort { name: "dns".into(), number: 53, protocol: Protocol::Udp },
    ];
    let ips = vec![ip.parse().expect("an address")];
    Pod { namespace: namespace.into(), name: name.into(), labels: labels(own), ips, ports, ..Pod::default() }
}

fn namespace(name: &str, own: &[(&str, &str)]) -> Namespace {
    Namespace { name: name.into(), labels: labels(own) }
}

fn policy(name: &str, spec: Value) -> Object {
    Object(json!({"metadata": {"name": name, "namespace": "x"}, "spec": spec}))
}

const TCP80: Port = Port { protocol: Protocol::Tcp, number: 80 };

fn small(policies: &[Object]) -> Network {
    let namespaces = [namespace("x", &[("team", "a")]), namespace("y", &[("team", "b")])];
    let pods = vec![
        pod("x", "a", &[("app", "a"), ("empty", "")], "10.0.0.1"),
        pod("x", "b", &[("app", "b")], "10.0.0.2"),
        pod("y", "a", &[("app", "a")], "10.0.1.1"),
        pod("y", "six", &[("app", "six")], "fd00::1"),
    ];
    Network::new(&namespaces, pods, policies)
}

fn allowed(network: &Network, from: usize, to: usize) -> bool {
    let flow = network.flow(End::Pod(from), End::Pod(to), TCP80).allowed();
    assert_eq!(flow, network.matrix(TCP80).allows(from, to), "the matrix disagrees");
    flow
}

#[test]
fn without_policies_everything_passes() {
    let n = small(&[]);
    assert!(allowed(&n, 0, 2));
    assert_eq!(n.matrix(TCP80).count(), 12);
}

#[test]
fn not_in_and_does_not_exist_match_a_missing_key() {
    let expr = |op: &str, values: Value| json!({"matchExpressions": [{"key": "tier", "operator": op, "values": values}]});
    for selector in [expr("NotIn", json!(["db"])), expr("DoesNotExist", Value::Null)] {
        let n = small(&[policy(
            "p",
            json!({"podSelector": {}, "ingress": [{"from": [{"podSelector": selector}]}]}),
        )]);
        assert!(allowed(&n, 1, 0));
        assert!(!allowed(&n, 2, 0), "another namespace");
    }
}

#[test]
fn an_empty_label_value_needs_the_key() {
    let n = small(&[policy(
        "p",
        json!({"podSelector": {}, "ingress": [{"from": [{"podSelector": {"matchLabels": {"empty": ""}}}]}]}),
    )]);
    assert!(allowed(&n, 0, 1));
    let n = small(&[policy(
        "p",
        json!({"podSelector": {}, "ingress": [{"from": [{"podSelector": {"matchLabels": {"none": ""}}}]}]}),
    )]);
    assert!(!allowed(&n, 0, 1));
}

#[test]
fn a_port_entry_without_a_port_still_has_a_protocol() {
    let n = small(&[policy("p", json!({"podSelector": {}, "ingress": [{"ports": [{"protocol": "UDP"}]}]}))]);
    assert!(!allowed(&n, 1, 0));
    let udp = Port { protocol: Protocol::Udp, number: 9 };
    assert!(n.flow(End::Pod(1), End::Pod(0), udp).allowed());
}

#[test]
fn a_block_of_one_family_holds_no_address_of_the_other() {
    let n = small(&[policy(
        "p",
        json!({"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "::/0"}}]}]}),
    )]);
    assert!(allowed(&n, 3, 0));
    assert!(!allowed(&n, 1, 0));
}

#[test]
fn a_named_port_never_matches_a_bare_address() {
    let n = small(&[policy(
        "p",
        json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": [{"port": "http"}]}]}),
    )]);
    assert!(allowed(&n, 0, 2));
    let outside: IpAddr = "1.2.3.4".parse().expect("an address");
    assert!(!n.flow(End::Pod(0), End::Ip(outside), TCP80).allowed());
}

#[test]
fn missing_policy_types_with_empty_egress_mean_ingress_only() {
    let n = small(&[policy("p", json!({"podSelector": {}, "egress": []}))]);
    assert!(allowed(&n, 0, 2));
    assert!(!allowed(&n, 2, 0));
}

#[test]
fn a_block_matches_a_pods_own_address_and_respects_except() {
    let block = json!({"cidr": "10.0.0.0/16", "except": ["10.0.1.0/24"]});
    let n = small(&[policy(
        "p",
        json!({"podSelector": {"matchLabels": {"app": "b"}}, "ingress": [{"from": [{"ipBlock": block}]}]}),
    )]);
    assert!(allowed(&n, 0, 1));
    assert!(!allowed(&n, 2, 1));
    let why = n.flow(End::Pod(2), End::Pod(1), TCP80).ingress.because;
    assert_eq!(why[0].text, "NetworkPolicy x/p spec.ingress[0] does not list y/a");
}
