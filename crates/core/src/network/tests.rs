use std::net::IpAddr;

use gatehouse_model::{Map, Object, Value, json};

use super::*;
use crate::world::Entropy;

fn labels(pairs: &[(&str, &str)]) -> Map {
    pairs.iter().map(|(k, v)| (*k, *v)).collect()
}

fn pod(namespace: &str, name: &str, own: &[(&str, &str)], ip: &str) -> Pod {
    let ports = vec![
        ContainerPort { name: "http".into(), number: 80, protocol: Protocol::Tcp },
        ContainerPort { name: "dns".into(), number: 53, protocol: Protocol::Udp },
    ];
    let ips = vec![ip.parse().expect("an address")];
    Pod {
        namespace: namespace.into(),
        name: name.into(),
        labels: labels(own),
        ips,
        ports,
        host_network: false,
    }
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

/// What the documentation says, in as few words as possible: the reference.
mod naive {
    use super::*;

    fn selects(selector: &Value, labels: &Map) -> bool {
        let get = |k: &str| labels.get(k).and_then(Value::as_str);
        let listed = |e: &Value, v: &str| e.list_at(&["values"]).iter().any(|x| x.as_str() == Some(v));
        selector.map_at(&["matchLabels"]).iter().all(|(k, v)| get(k) == v.as_str())
            && selector.list_at(&["matchExpressions"]).iter().all(|e| {
                let value = get(e.str_at(&["key"]));
                match e.str_at(&["operator"]) {
                    "In" => value.is_some_and(|v| listed(e, v)),
                    "NotIn" => !value.is_some_and(|v| listed(e, v)),
                    "Exists" => value.is_some(),
                    _ => value.is_none(),
                }
            })
    }

    fn peer(p: &Value, ns: &str, namespaces: &[Namespace], other: &Pod) -> bool {
        if let Some(block) = p.get("ipBlock") {
            let inside = |c: &str| Cidr::parse(c).is_some_and(|c| other.ips.iter().any(|ip| c.contains(*ip)));
            return inside(block.str_at(&["cidr"]))
                && !block.list_at(&["except"]).iter().any(|e| inside(e.as_str().expect("text")));
        }
        let in_namespace = match p.get("namespaceSelector") {
            Some(s) => namespaces.iter().any(|n| n.name == other.namespace && selects(s, &n.labels)),
            None => other.namespace == ns,
        };
        in_namespace && p.get("podSelector").is_none_or(|s| selects(s, &other.labels))
    }

    fn open(entry: &Value, port: Port, to: &Pod) -> bool {
        let protocol = Protocol::parse(entry.str_at(&["protocol"])).unwrap_or_default();
        protocol == port.protocol
            && match entry.get("port") {
                None => true,
                Some(Value::Int(n)) => {
                    (*n..=entry.i64_at(&["endPort"]).unwrap_or(*n)).contains(&i64::from(port.number))
                }
                Some(name) => to.named_port(name.as_str().expect("text"), protocol) == Some(port.number),
            }
    }

    pub(super) fn allowed(ns: &[Namespace], policies: &[Object], from: &Pod, to: &Pod, port: Port) -> bool {
        if from == to {
            return true;
        }
        [("Ingress", "ingress", "from", to, from), ("Egress", "egress", "to", from, to)].into_iter().all(
            |(word, rules, peers, subject, other)| {
                let mut selecting = policies
                    .iter()
                    .filter(|p| {
                        let types = p.list_at(&["spec", "policyTypes"]);
                        let typed = match types {
                            [] => word == "Ingress" || !p.list_at(&["spec", "egress"]).is_empty(),
                            types => types.iter().any(|t| t.as_str() == Some(word)),
                        };
                        typed
                            && p.namespace() == subject.namespace
                            && selects(p.at(&["spec", "podSelector"]).expect("a selector"), &subject.labels)
                    })
                    .peekable();
                selecting.peek().is_none()
                    || selecting.any(|p| {
                        p.list_at(&["spec", rules]).iter().any(|r| {
                            let (ps, os) = (r.list_at(&[peers]), r.list_at(&["ports"]));
                            (ps.is_empty() || ps.iter().any(|q| peer(q, p.namespace(), ns, other)))
                                && (os.is_empty() || os.iter().any(|e| open(e, port, to)))
                        })
                    })
            },
        )
    }
}

fn pick<'a, T>(rng: &mut Entropy, from: &'a [T]) -> &'a T {
    &from[usize::try_from(rng.next_u64() % from.len() as u64).expect("small")]
}

fn random_labels(rng: &mut Entropy) -> Map {
    ["app", "tier"]
        .into_iter()
        .filter_map(|key| pick(rng, &[None, Some("a"), Some("b"), Some("")]).map(|v| (key, v)))
        .collect()
}

fn random_selector(rng: &mut Entropy) -> Value {
    let key = *pick(rng, &["app", "tier"]);
    let value = *pick(rng, &["a", "b", ""]);
    match rng.next_u64() % 6 {
        0 | 1 => json!({}),
        2 => json!({"matchLabels": {key: value}}),
        3 => json!({"matchExpressions": [{"key": key, "operator": "In", "values": [value, "a"]}]}),
        4 => json!({"matchExpressions": [{"key": key, "operator": "NotIn", "values": [value]}]}),
        _ => {
            json!({"matchExpressions": [{"key": key, "operator": (*pick(rng, &["Exists", "DoesNotExist"]))}]})
        }
    }
}

fn random_peer(rng: &mut Entropy) -> Value {
    match rng.next_u64() % 4 {
        0 => json!({"podSelector": (random_selector(rng))}),
        1 => json!({"namespaceSelector": (random_selector(rng))}),
        2 => json!({"namespaceSelector": (random_selector(rng)), "podSelector": (random_selector(rng))}),
        _ => {
            let cidr = *pick(rng, &["0.0.0.0/0", "10.0.0.0/30", "10.0.0.4/32", "::/0", "fd00::/126"]);
            let choices: [&[&str]; 3] = [&[], &["10.0.0.1/32"], &["fd00::2/128"]];
            let except = *pick(rng, &choices);
            json!({"ipBlock": {"cidr": cidr, "except": (except.to_vec())}})
        }
    }
}

fn random_rule(rng: &mut Entropy, peers: &str) -> Value {
    let mut rule = Value::map();
    let many = rng.next_u64() % 3;
    rule.set(&[peers], (0..many).map(|_| random_peer(rng)).collect::<Value>());
    let ports = (0..rng.next_u64() % 3).map(|_| match rng.next_u64() % 5 {
        0 => json!({"protocol": "UDP"}),
        1 => json!({"port": 80}),
        2 => json!({"port": 50, "endPort": 90, "protocol": (*pick(rng, &["TCP", "UDP", "SCTP"]))}),
        3 => json!({"port": "http"}),
        _ => json!({"port": "dns", "protocol": "UDP"}),
    });
    rule.set(&["ports"], ports.collect::<Value>());
    rule
}

#[test]
fn the_compiled_network_equals_the_naive_one_on_random_clusters() {
    let mut rng = Entropy::new(20);
    for round in 0..10_000 {
        let namespaces: Vec<Namespace> = ["x", "y", "z"]
            .iter()
            .map(|n| Namespace { name: (*n).into(), labels: random_labels(&mut rng) })
            .collect();
        let pods: Vec<Pod> = (0..6)
            .map(|i| {
                let ip = if rng.next_u64().is_multiple_of(4) {
                    format!("fd00::{i}")
                } else {
                    format!("10.0.0.{i}")
                };
                let home = *pick(&mut rng, &["x", "y", "z"]);
                let mut p = pod(home, &format!("p{i}"), &[], &ip);
                p.labels = random_labels(&mut rng);
                if rng.next_u64().is_multiple_of(3) {
                    p.ports =
                        vec![ContainerPort { name: "http".into(), number: 81, protocol: Protocol::Tcp }];
                }
                p
            })
            .collect();
        let policies: Vec<Object> = (0..rng.next_u64() % 5)
            .map(|i| {
                let mut spec = json!({"podSelector": (random_selector(&mut rng))});
                for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
                    if !rng.next_u64().is_multiple_of(3) {
                        let many = rng.next_u64() % 3;
                        spec.set(
                            &[rules],
                            (0..many).map(|_| random_rule(&mut rng, peers)).collect::<Value>(),
                        );
                    }
                }
                let choices: [&[&str]; 4] = [&[], &["Ingress"], &["Egress"], &["Ingress", "Egress"]];
                let types = *pick(&mut rng, &choices);
                if !types.is_empty() {
                    spec.set(&["policyTypes"], types.to_vec());
                }
                let ns = *pick(&mut rng, &["x", "y", "z"]);
                Object(json!({"metadata": {"name": (format!("n{i}")), "namespace": ns}, "spec": spec}))
            })
            .collect();
        let network = Network::new(&namespaces, pods.clone(), &policies);
        for port in [TCP80, Port { protocol: Protocol::Udp, number: 53 }] {
            let matrix = network.matrix(port);
            let mut count = 0;
            for (i, from) in pods.iter().enumerate() {
                for (j, to) in pods.iter().enumerate() {
                    let expected = naive::allowed(&namespaces, &policies, from, to, port);
                    let flow = network.flow(End::Pod(i), End::Pod(j), port);
                    assert_eq!(
                        flow.allowed(),
                        expected,
                        "round {round}: {} to {} {policies:#?}",
                        from.id(),
                        to.id()
                    );
                    assert_eq!(
                        matrix.allows(i, j),
                        expected,
                        "round {round}: matrix {} to {}",
                        from.id(),
                        to.id()
                    );
                    count += u64::from(expected && i != j);
                }
            }
            assert_eq!(matrix.count(), count, "round {round}");
        }
    }
}
