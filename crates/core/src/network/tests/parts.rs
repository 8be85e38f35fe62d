//! What changes when a part of the policies does, what may go, and what would be enough.

use std::sync::Arc;

use super::random::{admin_policy, namespaces, network_policy, nodes, one_in, pick, pods, some};
use super::*;
use crate::world::Entropy;

fn objects(policies: &[Object]) -> Vec<Arc<Object>> {
    policies.iter().cloned().map(Arc::new).collect()
}

/// Ten classes of pods, a policy for each, and one for everybody.
fn many() -> (Network, Vec<Arc<Object>>) {
    let pods = (0..30).map(|i| {
        let app = format!("a{}", i % 10);
        Pod {
            labels: labels(&[("app", app.as_str())]),
            ..pod("x", &format!("p{i}"), &[], &format!("10.0.0.{i}"))
        }
    });
    let policies: Vec<Object> = (0..10)
        .map(|i| {
            let spec = json!({
                "podSelector": {"matchLabels": {"app": (format!("a{i}"))}},
                "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "a1"}}}], "ports": [{"port": 80}]}],
            });
            Object(json!({"metadata": {"name": (format!("n{i}")), "namespace": "x"}, "spec": spec}))
        })
        .collect();
    (Network::new(&[namespace("x", &[])], pods.collect(), &policies), objects(&policies))
}

#[test]
fn an_edit_of_one_policy_is_the_work_of_one_policy() {
    let (network, mut policies) = many();
    assert_eq!(network.work(), 10);
    let picture = network.matrix(TCP80);
    // A row for each class of subjects, and one for everybody's way out.
    assert_eq!(picture.work(), 11);
    let mut edited = (*policies[3]).clone();
    edited.set(&["spec", "ingress"], json!([]));
    policies[3] = Arc::new(edited);
    let next = network.with(policies.clone());
    assert_eq!(next.work(), 1);
    let after = next.matrix_after(TCP80, Some(&picture));
    assert_eq!(after.work(), 1);
    assert!(picture.allows(1, 3) && !after.allows(1, 3));
    assert_eq!(after.count(), next.matrix(TCP80).count());
    // The same texts again are no work at all, also when they were read anew.
    let anew = next.with(policies.iter().map(|p| Arc::new((**p).clone())).collect());
    assert_eq!((anew.work(), anew.matrix_after(TCP80, Some(&after)).work()), (0, 0));
    // One that goes is a row of those it selected.
    policies.pop();
    let fewer = next.with(policies);
    assert_eq!((fewer.work(), fewer.matrix_after(TCP80, Some(&after)).work()), (0, 1));
}

#[test]
fn other_pods_are_other_facts() {
    let (network, _) = many();
    let mut snapshot = network.facts.snapshot.clone();
    snapshot.policies = network.sources().cloned().collect();
    assert_eq!(network.update(snapshot.clone()).work(), 0);
    snapshot.pods.pop();
    let next = network.update(snapshot);
    assert_eq!(next.work(), 10);
    assert_eq!(next.matrix_after(TCP80, Some(&network.matrix(TCP80))).work(), 11);
}

fn texts(network: &Network) -> Vec<String> {
    let found = network.useless().into_iter();
    found.map(|u| format!("{} {} {}: {}", u.object.kind, u.object.name, u.field, u.text)).collect()
}

#[test]
fn shadowed_rules_name_what_covers_them() {
    let n = small(&[
        policy("all", json!({"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {}}]}]})),
        policy(
            "web",
            json!({"podSelector": {"matchLabels": {"app": "a"}}, "ingress": [
                {"from": [{"podSelector": {}}], "ports": [{"port": 80}]},
                {"from": [{"ipBlock": {"cidr": "1.0.0.0/8"}}]},
                {"from": [{"podSelector": {"matchLabels": {"app": "nobody"}}}]},
            ]}),
        ),
        policy("none", json!({"podSelector": {"matchLabels": {"app": "ghost"}}})),
    ]);
    assert_eq!(
        texts(&n),
        [
            "NetworkPolicy web spec.ingress[0]: is covered by NetworkPolicy x/all spec.ingress[0]",
            "NetworkPolicy web spec.ingress[2]: matches no pod and no address",
            "NetworkPolicy none : selects no pod",
        ]
    );
}

#[test]
fn of_two_that_say_the_same_one_stays() {
    let twin = |name| policy(name, json!({"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}));
    assert_eq!(
        texts(&small(&[twin("one"), twin("two")])),
        ["NetworkPolicy two : is covered by NetworkPolicy x/one spec.ingress[0]"]
    );
    assert!(texts(&small(&[twin("one")])).is_empty());
    assert!(texts(&small(&[policy("deny", json!({"podSelector": {}}))])).is_empty(), "it isolates");
}

/// Takes everything reported out of the objects.
fn without(policies: &[Object], useless: &[Useless]) -> Vec<Object> {
    let mut left = Vec::new();
    for object in policies {
        let of = |u: &&Useless| {
            u.object.name == object.name() && (object.kind().is_empty() || u.object.kind == object.kind())
        };
        let gone: Vec<&str> = useless.iter().filter(of).map(|u| u.field.as_str()).collect();
        if gone.contains(&"") {
            continue;
        }
        let mut object = object.clone();
        for word in ["ingress", "egress"] {
            let kept = object.list_at(&["spec", word]).iter().enumerate();
            let kept = kept.filter(|(i, _)| !gone.contains(&format!("spec.{word}[{i}]").as_str()));
            let kept: Value = kept.map(|(_, r)| r.clone()).collect();
            if object.at(&["spec", word]).is_some() {
                object.set(&["spec", word], kept);
            }
        }
        left.push(object);
    }
    left
}

#[test]
fn all_that_is_reported_can_go_and_nothing_changes() {
    let mut rng = Entropy::new(24);
    let mut reported = 0;
    for round in 0..400 {
        let (namespaces, nodes) = (namespaces(&mut rng), nodes(&mut rng));
        let mut n = 0;
        let mut policies = some(&mut rng, 5, |rng| {
            n += 1;
            network_policy(rng, &format!("n{n}"))
        });
        if one_in(&mut rng, 2) {
            policies.push(admin_policy(&mut rng, "AdminNetworkPolicy", "a", 3));
            policies.push(admin_policy(&mut rng, "BaselineAdminNetworkPolicy", "default", 0));
        }
        let snapshot = |policies: &[Object], pods: Vec<Pod>| Snapshot {
            namespaces: namespaces.clone(),
            pods,
            nodes: nodes.clone(),
            policies: objects(policies),
            plugin: Plugin { cni: Cni::AdminPolicy, ..Plugin::default() },
            ..Snapshot::default()
        };
        let pods = pods(&mut rng, &nodes);
        let network = Network::compile(snapshot(&policies, pods.clone()));
        let useless = network.useless();
        reported += useless.len();
        let less = Network::compile(snapshot(&without(&policies, &useless), pods.clone()));
        assert!(less.useless().is_empty(), "round {round}: what is left is needed: {:#?}", less.useless());
        for number in [1, 49, 53, 80, 81, 90, 91, 443] {
            for protocol in [Protocol::Tcp, Protocol::Udp, Protocol::Sctp] {
                let port = Port { protocol, number };
                let (before, after) = (network.matrix(port), less.matrix(port));
                for (i, j) in (0..pods.len()).flat_map(|i| (0..pods.len()).map(move |j| (i, j))) {
                    assert_eq!(
                        before.allows(i, j),
                        after.allows(i, j),
                        "round {round}: {useless:#?} {policies:#?}"
                    );
                }
            }
        }
        for ip in ["1.2.3.4", "10.0.0.3", "10.0.0.200", "fd00::2", "fd01::1", "192.168.0.1"] {
            let ip = End::Ip(ip.parse().expect("an address"));
            for i in 0..pods.len() {
                let flows = |n: &Network| {
                    (n.flow(End::Pod(i), ip, TCP80).allowed(), n.flow(ip, End::Pod(i), TCP80).allowed())
                };
                assert_eq!(flows(&network), flows(&less), "round {round}: {useless:#?} {policies:#?}");
            }
        }
    }
    assert!(reported > 300, "only {reported} parts were found useless");
}

#[test]
fn the_suggested_policies_allow_what_was_seen_and_nothing_else() {
    let mut rng = Entropy::new(25);
    for round in 0..1_500 {
        let (mut namespaces, nodes) = (namespaces(&mut rng), nodes(&mut rng));
        for n in &mut namespaces {
            n.labels.insert("kubernetes.io/metadata.name", n.name.as_str());
        }
        let mut pods = pods(&mut rng, &nodes);
        pods.retain(|p| !p.host_network);
        if pods.is_empty() {
            continue;
        }
        let ports = [
            TCP80,
            Port { protocol: Protocol::Tcp, number: 81 },
            Port { protocol: Protocol::Udp, number: 53 },
        ];
        let outside: IpAddr = "1.2.3.4".parse().expect("an address");
        let observed = some(&mut rng, 9, |rng| {
            let end = |rng: &mut Entropy| {
                if one_in(rng, 6) {
                    return End::Ip(outside);
                }
                End::Pod(usize::try_from(rng.next_u64() % pods.len() as u64).expect("small"))
            };
            Observed { from: end(rng), to: end(rng), port: *pick(rng, &ports) }
        });
        let bare = Network::new(&namespaces, pods.clone(), []);
        let policies = bare.suggest(&observed);
        let network = bare.with(objects(&policies));
        let class = |end: End| match end {
            End::Pod(i) => (
                pods[i].namespace.clone(),
                gatehouse_model::json::print(&Value::Map(pods[i].labels.clone().into())),
                None,
            ),
            End::Ip(ip) => (String::new(), String::new(), Some(ip)),
        };
        let ends: Vec<End> = (0..pods.len()).map(End::Pod).chain([End::Ip(outside)]).collect();
        for port in ports.into_iter().chain([Port { protocol: Protocol::Tcp, number: 443 }]) {
            for (from, to) in ends.iter().flat_map(|a| ends.iter().map(move |b| (*a, *b))) {
                if matches!((from, to), (End::Ip(_), End::Ip(_))) {
                    continue;
                }
                let seen =
                    |o: &Observed| o.port == port && class(o.from) == class(from) && class(o.to) == class(to);
                let expected = from == to || observed.iter().any(seen);
                let got = network.flow(from, to, port).allowed();
                assert_eq!(
                    got, expected,
                    "round {round}: {from:?} to {to:?} on {port} {observed:?} {pods:#?} {policies:#?}"
                );
            }
        }
    }
}

#[test]
fn suggestions_are_short() {
    let network = small(&[]);
    let seen = |from, to| Observed { from: End::Pod(from), to: End::Pod(to), port: TCP80 };
    let policies = network.suggest(&[seen(2, 0), seen(1, 0)]);
    let ids: Vec<String> = policies.iter().map(|p| format!("{}/{}", p.namespace(), p.name())).collect();
    assert_eq!(ids, ["x/default-deny", "x/allow-a", "x/allow-b", "y/default-deny", "y/allow-a"]);
    assert_eq!(
        gatehouse_model::json::print(policies[1].get("spec").expect("a spec")),
        r#"{"ingress":[{"from":[{"podSelector":{"matchLabels":{"app":"b"}}},{"namespaceSelector":{"matchLabels":{"team":"b"}},"podSelector":{"matchLabels":{"app":"a"}}}],"ports":[{"port":80,"protocol":"TCP"}]}],"podSelector":{"matchLabels":{"app":"a"}},"policyTypes":["Ingress"]}"#
    );
}
