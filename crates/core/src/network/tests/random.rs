//! Random clusters, on which the compiled network equals the reference.

use std::sync::Arc;

use super::Who;
use super::naive::World;
use super::*;
use crate::world::Entropy;

pub(super) fn pick<'a, T>(rng: &mut Entropy, from: &'a [T]) -> &'a T {
    &from[usize::try_from(rng.next_u64() % from.len() as u64).expect("small")]
}

pub(super) fn one_in(rng: &mut Entropy, many: u64) -> bool {
    rng.next_u64().is_multiple_of(many)
}

pub(super) fn some<T>(rng: &mut Entropy, below: u64, mut make: impl FnMut(&mut Entropy) -> T) -> Vec<T> {
    (0..rng.next_u64() % below).map(|_| make(rng)).collect()
}

fn random_labels(rng: &mut Entropy) -> Map {
    ["app", "tier"]
        .into_iter()
        .filter_map(|key| pick(rng, &[None, Some("a"), Some("b"), Some("")]).map(|v| (key, v)))
        .collect()
}

pub(super) fn selector(rng: &mut Entropy) -> Value {
    let key = *pick(rng, &["app", "tier"]);
    let value = *pick(rng, &["a", "b", ""]);
    match rng.next_u64() % 8 {
        0 | 1 => json!({}),
        2 => json!({"matchLabels": {key: value}}),
        3 => json!({"matchExpressions": [{"key": key, "operator": "In", "values": [value, "a"]}]}),
        4 => json!({"matchExpressions": [{"key": key, "operator": "NotIn", "values": [value]}]}),
        5 => {
            json!({"matchLabels": {"app": "a"}, "matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["a"]}, {"key": "tier", "operator": "Exists"}]})
        }
        // The API server refuses these; a manifest that nobody checked may have them.
        6 => {
            json!({"matchExpressions": [{"key": key, "operator": (*pick(rng, &["Gt", "Lt"])), "values": ["1"]}]})
        }
        _ => {
            json!({"matchExpressions": [{"key": key, "operator": (*pick(rng, &["Exists", "DoesNotExist"]))}]})
        }
    }
}

fn peer(rng: &mut Entropy) -> Value {
    match rng.next_u64() % 4 {
        0 => json!({"podSelector": (selector(rng))}),
        1 => json!({"namespaceSelector": (selector(rng))}),
        2 => json!({"namespaceSelector": (selector(rng)), "podSelector": (selector(rng))}),
        _ => {
            let cidr =
                *pick(rng, &["0.0.0.0/0", "10.0.0.0/30", "10.0.0.4/32", "::/0", "fd00::/126", "10.0.0.2/31"]);
            let choices: [&[&str]; 4] =
                [&[], &["10.0.0.1/32"], &["fd00::2/128"], &["10.0.0.0/31", "fd00::/127"]];
            let except = *pick(rng, &choices);
            json!({"ipBlock": {"cidr": cidr, "except": (except.to_vec())}})
        }
    }
}

fn ports(rng: &mut Entropy) -> Value {
    let any = |rng: &mut Entropy| *pick(rng, &["TCP", "UDP", "SCTP"]);
    some(rng, 3, |rng| match rng.next_u64() % 9 {
        0 => json!({"protocol": (any(rng))}),
        1 => json!({"port": 80}),
        2 => json!({"port": 50, "endPort": 90, "protocol": (any(rng))}),
        3 => json!({"port": "http", "protocol": (any(rng))}),
        4 => json!({"port": 80, "endPort": 80}),
        5 => json!({}),
        6 => json!({"port": 53, "protocol": (any(rng))}),
        7 => json!({"port": 80, "endPort": 50}),
        _ => json!({"port": "dns", "protocol": "UDP"}),
    })
    .into_iter()
    .collect()
}

pub(super) fn network_policy(rng: &mut Entropy, name: &str) -> Object {
    let mut spec = json!({"podSelector": (selector(rng))});
    for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
        if !one_in(rng, 3) {
            let list: Value = some(rng, 3, |rng| {
                let mut rule = Value::map();
                rule.set(&[peers], some(rng, 3, peer).into_iter().collect::<Value>());
                rule.set(&["ports"], ports(rng));
                rule
            })
            .into_iter()
            .collect();
            spec.set(&[rules], list);
        }
    }
    let choices: [&[&str]; 4] = [&[], &["Ingress"], &["Egress"], &["Ingress", "Egress"]];
    let types = *pick(rng, &choices);
    if !types.is_empty() {
        spec.set(&["policyTypes"], types.to_vec());
    }
    let ns = *pick(rng, &["x", "y", "z"]);
    Object(json!({"kind": "NetworkPolicy", "metadata": {"name": name, "namespace": ns}, "spec": spec}))
}

fn admin_rule(rng: &mut Entropy, word: &str, actions: &[&str]) -> Value {
    let kinds = if word == "egress" { 4 } else { 2 };
    let peers = (0..=rng.next_u64() % 2).map(|_| match rng.next_u64() % kinds {
        0 => json!({"namespaces": (selector(rng))}),
        1 => json!({"pods": {"namespaceSelector": (selector(rng)), "podSelector": (selector(rng))}}),
        2 => json!({"nodes": (selector(rng))}),
        _ => {
            json!({"networks": [(*pick(rng, &["0.0.0.0/0", "10.0.0.0/30", "fd00::/126", "192.168.0.0/31"]))]})
        }
    });
    let peers: Value = peers.collect();
    let mut rule = json!({"action": (*pick(rng, actions))});
    rule.set(&[if word == "egress" { "to" } else { "from" }], peers);
    let ports: Value = some(rng, 3, |rng| match rng.next_u64() % 3 {
        0 => json!({"portNumber": {"port": 80, "protocol": (*pick(rng, &["TCP", "UDP"]))}}),
        1 => {
            json!({"portRange": {"start": 50, "end": 90, "protocol": (*pick(rng, &["TCP", "UDP", "SCTP"]))}})
        }
        _ => json!({"namedPort": (*pick(rng, &["http", "dns"]))}),
    })
    .into_iter()
    .collect();
    if !ports.items().is_empty() {
        rule.set(&["ports"], ports);
    }
    rule
}

pub(super) fn admin_policy(rng: &mut Entropy, kind: &str, name: &str, priority: i64) -> Object {
    let actions: &[&str] =
        if kind == "AdminNetworkPolicy" { &["Allow", "Deny", "Pass"] } else { &["Allow", "Deny"] };
    let subject = if one_in(rng, 2) {
        json!({"namespaces": (selector(rng))})
    } else {
        json!({"pods": {"namespaceSelector": (selector(rng)), "podSelector": (selector(rng))}})
    };
    let mut spec = json!({"subject": subject, "priority": priority});
    for word in ["ingress", "egress"] {
        let rules: Value = some(rng, 4, |rng| admin_rule(rng, word, actions)).into_iter().collect();
        spec.set(&[word], rules);
    }
    Object(json!({"kind": kind, "metadata": {"name": name}, "spec": spec}))
}

pub(super) fn namespaces(rng: &mut Entropy) -> Vec<Namespace> {
    let make = |n: &&str| Namespace { name: (*n).to_owned(), labels: random_labels(rng) };
    ["x", "y", "z"].iter().map(make).collect()
}

pub(super) fn nodes(rng: &mut Entropy) -> Vec<Node> {
    let make = |i: usize| Node {
        name: format!("node{i}"),
        labels: random_labels(rng),
        ips: vec![format!("192.168.0.{i}").parse().expect("an address")],
    };
    (0..3).map(make).collect()
}

/// Pods of one or two addresses, some with port names that stand for several numbers, some on their node's network.
pub(super) fn pods(rng: &mut Entropy, nodes: &[Node]) -> Vec<Pod> {
    (0..6)
        .map(|i| {
            let ip = if one_in(rng, 4) { format!("fd00::{i}") } else { format!("10.0.0.{i}") };
            let home = *pick(rng, &["x", "y", "z"]);
            let mut p = pod(home, &format!("p{i}"), &[], &ip);
            p.labels = random_labels(rng);
            let node = pick(rng, nodes);
            p.node.clone_from(&node.name);
            if one_in(rng, 4) {
                p.ips.push(format!("fd00::1{i}").parse().expect("an address"));
            }
            if one_in(rng, 6) {
                p.host_network = true;
                p.ips.clone_from(&node.ips);
            }
            let named = |name: &str, number, protocol| ContainerPort { name: name.into(), number, protocol };
            match rng.next_u64() % 4 {
                0 => p.ports = vec![named("http", 81, Protocol::Tcp)],
                1 => p.ports = vec![named("http", 80, Protocol::Tcp), named("http", 81, Protocol::Tcp)],
                2 => p.ports = vec![named("http", 53, Protocol::Udp), named("dns", 80, Protocol::Sctp)],
                _ => {}
            }
            p
        })
        .collect()
}

pub(super) const PORTS: [Port; 5] = [
    TCP80,
    Port { protocol: Protocol::Tcp, number: 81 },
    Port { protocol: Protocol::Udp, number: 53 },
    Port { protocol: Protocol::Sctp, number: 80 },
    Port { protocol: Protocol::Icmp, number: 8 },
];

/// Compares a network with what `allowed` says of every pair of pods and of some addresses outside.
pub(super) fn compare(network: &Network, round: u64, port: Port, allowed: &dyn Fn(Who<'_>, Who<'_>) -> bool) {
    let pods = network.pods();
    let matrix = network.matrix(port);
    let mut count = 0;
    for (i, from) in pods.iter().enumerate() {
        for (j, to) in pods.iter().enumerate() {
            let expected = allowed(Who::Pod(from), Who::Pod(to));
            let flow = network.flow(End::Pod(i), End::Pod(j), port);
            let about = || {
                let policies: Vec<_> = network.sources().map(|o| o.0.clone()).collect();
                format!(
                    "round {round}: {} to {} on {port}: {flow:#?} {policies:#?} {pods:#?}",
                    from.id(),
                    to.id()
                )
            };
            assert_eq!(flow.allowed(), expected, "{}", about());
            assert_eq!(matrix.allows(i, j), expected, "matrix, {}", about());
            count += u64::from(expected && i != j);
        }
        for ip in ["10.0.0.3", "10.0.0.99", "1.2.3.4", "fd00::2", "192.168.0.1"] {
            let ip: IpAddr = ip.parse().expect("an address");
            if pods.iter().any(|p| p.ips.contains(&ip)) {
                continue;
            }
            let out = network.flow(End::Pod(i), End::Ip(ip), port);
            let into = network.flow(End::Ip(ip), End::Pod(i), port);
            assert_eq!(
                out.allowed(),
                allowed(Who::Pod(from), Who::Ip(ip)),
                "round {round}: {} to {ip}",
                from.id()
            );
            assert_eq!(
                into.allowed(),
                allowed(Who::Ip(ip), Who::Pod(from)),
                "round {round}: {ip} to {}",
                from.id()
            );
        }
    }
    assert_eq!(matrix.count(), count, "round {round}");
}

#[test]
fn the_compiled_network_equals_the_naive_one_on_random_clusters() {
    let mut rng = Entropy::new(20);
    for round in 0..10_000 {
        let (namespaces, nodes) = (namespaces(&mut rng), nodes(&mut rng));
        let pods = pods(&mut rng, &nodes);
        let mut n = 0;
        let policies = some(&mut rng, 5, |rng| {
            n += 1;
            network_policy(rng, &format!("n{n}"))
        });
        let network = Network::new(&namespaces, pods, &policies);
        let world = World { namespaces: &namespaces, policies: &policies };
        let port = *pick(&mut rng, &PORTS);
        compare(&network, round, port, &|from, to| world.allowed(from, to, port));
    }
}

#[test]
fn admin_policies_equal_the_naive_ones_on_random_clusters() {
    let mut rng = Entropy::new(21);
    for round in 0..10_000 {
        let (namespaces, nodes) = (namespaces(&mut rng), nodes(&mut rng));
        let pods = pods(&mut rng, &nodes);
        let mut policies = some(&mut rng, 3, |rng| network_policy(rng, "n"));
        for (i, priority) in [7, 3, 1000].into_iter().enumerate() {
            if one_in(&mut rng, 2) {
                policies.push(admin_policy(&mut rng, "AdminNetworkPolicy", &format!("a{i}"), priority));
            }
        }
        if one_in(&mut rng, 2) {
            policies.push(admin_policy(&mut rng, "BaselineAdminNetworkPolicy", "default", 0));
        }
        let network = Network::compile(Snapshot {
            namespaces: namespaces.clone(),
            pods,
            nodes: nodes.clone(),
            policies: policies.iter().cloned().map(Arc::new).collect(),
            plugin: Plugin { cni: Cni::AdminPolicy, ..Plugin::default() },
            ..Snapshot::default()
        });
        let standard = World { namespaces: &namespaces, policies: &policies };
        let world = naive_admin::World { standard, nodes: &nodes };
        let port = *pick(&mut rng, &PORTS);
        compare(&network, round, port, &|from, to| world.allowed(from, to, port));
    }
}
