//! What the documentation of the admin policies says in so many words.

use std::sync::Arc;

use super::*;

fn network(policies: &[Value]) -> Network {
    let pods = vec![
        pod("x", "a", &[("app", "a")], "10.0.0.1"),
        pod("x", "b", &[("app", "b")], "10.0.0.2"),
        pod("y", "c", &[("app", "c")], "10.0.1.1"),
        Pod { host_network: true, node: "n1".into(), ..pod("y", "agent", &[("app", "c")], "192.168.0.1") },
    ];
    let node = Node {
        name: "n1".into(),
        labels: labels(&[("role", "edge")]),
        ips: vec!["192.168.0.1".parse().expect("an address")],
    };
    let mut plugin = Plugin { cni: Cni::AdminPolicy, ..Plugin::default() };
    plugin.learned.learn("www.example.com.", ["1.2.3.4".parse().expect("an address")]);
    Network::compile(Snapshot {
        namespaces: vec![namespace("x", &[("team", "a")]), namespace("y", &[("team", "b")])],
        pods,
        nodes: vec![node],
        policies: policies.iter().cloned().map(Object).map(Arc::new).collect(),
        plugin,
        ..Snapshot::default()
    })
}

fn admin(name: &str, priority: i64, ingress: Value, egress: Value) -> Value {
    json!({
        "kind": "AdminNetworkPolicy", "metadata": {"name": name},
        "spec": {"priority": priority, "subject": {"namespaces": {}}, "ingress": ingress, "egress": egress}
    })
}

fn baseline(ingress: Value) -> Value {
    json!({
        "kind": "BaselineAdminNetworkPolicy", "metadata": {"name": "default"},
        "spec": {"subject": {"namespaces": {}}, "ingress": ingress}
    })
}

fn all(action: &str) -> Value {
    json!([{"action": action, "from": [{"namespaces": {}}]}])
}

fn isolate() -> Value {
    json!({"kind": "NetworkPolicy", "metadata": {"name": "none", "namespace": "x"}, "spec": {"podSelector": {}}})
}

#[test]
fn the_lower_number_comes_first() {
    let n =
        network(&[admin("late", 20, all("Deny"), json!([])), admin("early", 10, all("Allow"), json!([]))]);
    assert!(allowed(&n, 2, 0));
    let why = n.flow(End::Pod(2), End::Pod(0), TCP80).ingress;
    assert_eq!(why.because[0].text, "AdminNetworkPolicy early spec.ingress[0] allows y/c on TCP/80");
    let selecting: Vec<String> = why.selecting.iter().map(ToString::to_string).collect();
    assert_eq!(selecting, ["AdminNetworkPolicy early", "AdminNetworkPolicy late"]);
}

#[test]
fn allow_overrides_a_network_policy_and_pass_hands_on_to_it() {
    let n = network(&[admin("a", 1, all("Allow"), json!([])), isolate()]);
    assert!(allowed(&n, 2, 0));
    let n =
        network(&[admin("a", 1, all("Pass"), json!([])), admin("b", 2, all("Allow"), json!([])), isolate()]);
    assert!(!allowed(&n, 2, 0));
    let because = n.flow(End::Pod(2), End::Pod(0), TCP80).ingress.because;
    let texts: Vec<&str> = because.iter().map(|c| c.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "AdminNetworkPolicy a spec.ingress[0] passes on y/c on TCP/80",
            "NetworkPolicy x/none spec.ingress has no rule, so it admits nothing",
        ]
    );
}

#[test]
fn the_baseline_is_for_pods_that_no_network_policy_selects() {
    let n = network(&[baseline(all("Deny"))]);
    assert!(!allowed(&n, 2, 0));
    let open = json!({
        "kind": "NetworkPolicy", "metadata": {"name": "open", "namespace": "x"},
        "spec": {"podSelector": {"matchLabels": {"app": "a"}}, "ingress": [{}]}
    });
    let n = network(&[baseline(all("Deny")), open]);
    assert!(allowed(&n, 2, 0), "a NetworkPolicy has said otherwise");
    assert!(!allowed(&n, 2, 1), "no NetworkPolicy selects it");
}

#[test]
fn a_policy_without_rules_for_a_direction_does_not_affect_it() {
    let n = network(&[admin(
        "a",
        1,
        json!([]),
        json!([{"action": "Deny", "to": [{"networks": ["10.0.1.0/24"]}]}]),
    )]);
    assert!(allowed(&n, 2, 0));
    assert!(!allowed(&n, 0, 2), "networks are checked for traffic within the cluster too");
}

#[test]
fn nodes_are_meant_by_their_addresses_and_named_ports_in_any_protocol() {
    let n = network(&[admin(
        "a",
        1,
        json!([]),
        json!([
            {"action": "Deny", "to": [{"nodes": {"matchLabels": {"role": "edge"}}}]},
            {"action": "Deny", "to": [{"namespaces": {}}], "ports": [{"namedPort": "dns"}]},
        ]),
    )]);
    let node = End::Ip("192.168.0.1".parse().expect("an address"));
    assert!(!n.flow(End::Pod(0), node, TCP80).allowed());
    assert!(!allowed(&n, 0, 3), "a pod on the node's network has the node's address");
    assert!(allowed(&n, 0, 2));
    assert!(!n.flow(End::Pod(0), End::Pod(2), Port { protocol: Protocol::Udp, number: 53 }).allowed());
    assert!(n.flow(End::Pod(0), End::Pod(2), Port { protocol: Protocol::Tcp, number: 53 }).allowed());
}

#[test]
fn domain_names_are_an_allow_list_of_learnt_addresses() {
    let n = network(&[admin(
        "a",
        1,
        json!([]),
        json!([
            {"action": "Allow", "to": [{"domainNames": ["*.example.com"]}]},
            {"action": "Deny", "to": [{"networks": ["0.0.0.0/0"]}]},
        ]),
    )]);
    let to = |ip: &str| n.flow(End::Pod(0), End::Ip(ip.parse().expect("an address")), TCP80).allowed();
    assert!(to("1.2.3.4"));
    assert!(!to("1.2.3.5"));
}

#[test]
fn a_peer_of_an_unknown_kind_fails_closed() {
    let strange = |action: &str| json!([{"action": action, "from": [{"planets": {}}]}]);
    let n = network(&[admin("a", 1, strange("Allow"), json!([])), baseline(all("Deny"))]);
    assert!(!allowed(&n, 2, 0));
    let n = network(&[admin("a", 1, strange("Pass"), json!([]))]);
    assert!(!allowed(&n, 2, 0));
}

#[test]
fn without_the_plugin_they_are_only_objects() {
    let deny = Object(admin("a", 1, all("Deny"), json!([])));
    let pods = vec![pod("x", "a", &[], "10.0.0.1"), pod("x", "b", &[], "10.0.0.2")];
    assert!(allowed(&Network::new(&[namespace("x", &[])], pods, [&deny]), 0, 1));
}
