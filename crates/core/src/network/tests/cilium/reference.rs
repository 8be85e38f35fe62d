//! Cilium's policies as its documentation has them, evaluated as simply as possible, and compared on random clusters.

use super::super::Who;
use super::super::naive::selects;
use super::super::random::{
    PORTS, compare, namespaces, network_policy, nodes, one_in, pick, pods, selector, some,
};
use super::*;
use crate::world::Entropy;

struct World<'a> {
    namespaces: &'a [Namespace],
    nodes: &'a [Node],
    pods: &'a [Pod],
    policies: &'a [Object],
}

const NS: &str = "io.kubernetes.pod.namespace";

impl World<'_> {
    /// The labels somebody has, seen from a subject on a node; those of nodes and of the world are reserved.
    fn identity(&self, own: &str, who: Who<'_>) -> Map {
        match who {
            Who::Pod(p) if !p.host_network => {
                let mut all = p.labels.clone();
                all.insert(NS, p.namespace.as_str());
                for n in self.namespaces.iter().filter(|n| n.name == p.namespace) {
                    for (k, v) in n.labels.iter() {
                        all.insert(format!("io.cilium.k8s.namespace.labels.{k}"), v.clone());
                    }
                }
                all
            }
            _ => {
                let ips = match who {
                    Who::Pod(p) => p.ips.clone(),
                    Who::Ip(ip) => vec![ip],
                };
                match self.nodes.iter().find(|n| n.ips.iter().any(|ip| ips.contains(ip))) {
                    Some(n) if n.name == own => labels(&[("reserved:host", "")]),
                    Some(_) => labels(&[("reserved:remote-node", "")]),
                    None => labels(&[("reserved:world", "")]),
                }
            }
        }
    }

    /// Whether a selector of a policy in a namespace means an identity.
    fn means(s: &Value, home: Option<&str>, escapes: bool, identity: &Map) -> bool {
        let text = gatehouse_model::json::print(s);
        let names = |word: &str| text.contains(word);
        let scoped = (escapes && names("reserved:"))
            || names(NS)
            || match home {
                Some(_) if names("io.cilium.k8s.namespace.labels.") => true,
                Some(home) => identity.get(NS).and_then(Value::as_str) == Some(home),
                None => identity.contains_key(NS),
            };
        scoped && selects(&gatehouse_model::json::parse(&text.replace("k8s:", "")).expect("JSON"), identity)
    }

    fn peers(
        &self,
        rule: &Value,
        word: &str,
        home: Option<&str>,
        requires: &[Value],
        id: &Map,
        ip: Option<IpAddr>,
    ) -> Option<bool> {
        let list = |what: &str| rule.get(&format!("{word}{what}")).map(Value::items);
        let has = |label: &str| id.contains_key(label);
        let outside = |c: &str, except: &[Value]| {
            let holds = |c: &str| Cidr::parse(c).is_some_and(|c| ip.is_some_and(|ip| c.contains(ip)));
            has("reserved:world") && holds(c) && !except.iter().any(|e| holds(e.as_str().expect("text")))
        };
        if let Some(list) = list("Endpoints") {
            let required = requires.iter().all(|r| Self::means(r, home, false, id));
            return Some(required && list.iter().any(|s| Self::means(s, home, true, id)));
        }
        if let Some(list) = list("Entities") {
            return Some(list.iter().any(|e| match e.as_str().expect("text") {
                "all" => true,
                "cluster" => !has("reserved:world"),
                "none" => false,
                entity => has(&format!("reserved:{entity}")),
            }));
        }
        if let Some(list) = list("CIDR") {
            return Some(list.iter().any(|c| outside(c.as_str().expect("text"), &[])));
        }
        let list = list("CIDRSet")?;
        Some(list.iter().any(|c| outside(c.str_at(&["cidr"]), c.list_at(&["except"]))))
    }

    fn open(&self, entry: &Value, ingress: bool, to: Who<'_>, port: Port) -> bool {
        let protocol = match entry.str_at(&["protocol"]) {
            "" | "ANY" => !matches!(port.protocol, Protocol::Icmp | Protocol::Icmpv6),
            p => Protocol::parse(p) == Some(port.protocol),
        };
        let text = entry.str_at(&["port"]);
        protocol
            && match text.parse::<u16>() {
                Ok(0) => true,
                Ok(n) => {
                    let last = entry.i64_at(&["endPort"]).unwrap_or(0).max(i64::from(n));
                    (i64::from(n)..=last).contains(&i64::from(port.number))
                }
                Err(_) if ingress => {
                    matches!(to, Who::Pod(p) if p.named_port(text, port.protocol) == Some(port.number))
                }
                Err(_) => {
                    let all: Vec<u16> =
                        self.pods.iter().filter_map(|p| p.named_port(text, port.protocol)).collect();
                    !all.is_empty() && all.iter().all(|n| *n == port.number)
                }
            }
    }

    fn half(&self, ingress: bool, subject: Who<'_>, other: Who<'_>, to: Who<'_>, port: Port) -> bool {
        let Who::Pod(pod) = subject else { return true };
        if pod.host_network {
            return true;
        }
        let own = self.identity("", subject);
        let id = self.identity(&pod.node, other);
        let ip = match other {
            Who::Ip(ip) => Some(ip),
            Who::Pod(_) => None,
        };
        let (word, from) = if ingress { ("ingress", "from") } else { ("egress", "to") };
        let selecting = || {
            self.policies.iter().filter(|p| {
                let home = p.kind() == "CiliumNetworkPolicy";
                (!home || p.namespace() == pod.namespace)
                    && selects(p.at(&["spec", "endpointSelector"]).expect("a selector"), &own)
            })
        };
        let matched = |list: &str| {
            let rules = |p: &'_ Object| p.list_at(&["spec", list]).to_vec();
            let requires = |p: &'_ Object| -> Vec<(Option<String>, Value)> {
                let home = (!p.namespace().is_empty()).then(|| p.namespace().to_owned());
                let all =
                    rules(p).into_iter().flat_map(|r| r.list_at(&[&format!("{from}Requires")]).to_vec());
                all.map(|r| (home.clone(), r)).collect()
            };
            let all: Vec<_> = selecting().flat_map(requires).collect();
            let required = all.iter().all(|(home, r)| Self::means(r, home.as_deref(), false, &id));
            selecting().any(|p| {
                let home = Some(p.namespace()).filter(|n| !n.is_empty());
                rules(p).iter().any(|r| {
                    let peers = self.peers(r, from, home, &[], &id, ip);
                    let narrowed = r.get(&format!("{from}Endpoints")).is_none() || required;
                    let (lists, icmps) = (r.list_at(&["toPorts"]), r.list_at(&["icmps"]));
                    let open = if lists.is_empty() && icmps.is_empty() {
                        peers.is_some()
                    } else {
                        lists
                            .iter()
                            .flat_map(|l| l.list_at(&["ports"]))
                            .any(|e| self.open(e, ingress, to, port))
                            || icmps.iter().flat_map(|l| l.list_at(&["fields"])).any(|f| {
                                port.protocol == Protocol::Icmp
                                    && f.i64_at(&["type"]) == Some(i64::from(port.number))
                            })
                    };
                    peers.unwrap_or(true) && narrowed && open
                })
            })
        };
        let isolated = selecting().any(|p| {
            let rules = p.list_at(&["spec", word]).len() + p.list_at(&["spec", &format!("{word}Deny")]).len();
            rules > 0 && p.bool_at(&["spec", "enableDefaultDeny", word]) != Some(false)
        });
        let own_node = ingress && id.contains_key("reserved:host");
        !matched(&format!("{word}Deny")) && (!isolated || own_node || matched(word))
    }

    fn allowed(&self, from: Who<'_>, to: Who<'_>, port: Port) -> bool {
        from == to || (self.half(true, to, from, to, port) && self.half(false, from, to, to, port))
    }
}

fn endpoints(rng: &mut Entropy) -> Value {
    let mut s = selector(rng);
    match rng.next_u64() % 4 {
        0 => s.set(&["matchLabels", &format!("k8s:{NS}")], *pick(rng, &["x", "y"])),
        1 => s.set(&["matchLabels", "k8s:io.cilium.k8s.namespace.labels.app"], *pick(rng, &["a", "b"])),
        2 if one_in(rng, 3) => return json!({"matchLabels": {"reserved:world": ""}}),
        _ => {}
    }
    s
}

fn rule(rng: &mut Entropy, word: &str, deny: bool) -> Value {
    let mut rule = Value::map();
    let list = |rng: &mut Entropy, of: &mut dyn FnMut(&mut Entropy) -> Value| -> Value {
        (0..=rng.next_u64() % 2).map(|_| of(rng)).collect()
    };
    match rng.next_u64() % 6 {
        0 | 1 => rule.set(&[&format!("{word}Endpoints")], list(rng, &mut endpoints)),
        2 => {
            let entities = ["all", "world", "cluster", "host", "remote-node", "none"];
            rule.set(&[&format!("{word}Entities")], list(rng, &mut |rng| (*pick(rng, &entities)).into()));
        }
        3 => rule.set(
            &[&format!("{word}CIDR")],
            json!([(*pick(rng, &["0.0.0.0/0", "1.2.0.0/16", "10.0.0.0/8"]))]),
        ),
        4 => rule.set(&[&format!("{word}CIDRSet")], json!([{"cidr": "0.0.0.0/0", "except": ["1.2.3.0/24"]}])),
        _ => {}
    }
    if one_in(rng, 4) {
        rule.set(&[&format!("{word}Requires")], json!([(selector(rng))]));
    }
    match rng.next_u64() % 4 {
        0 => {
            let ports = list(rng, &mut |rng| match rng.next_u64() % 4 {
                0 => json!({"port": "80"}),
                1 => json!({"port": "50", "endPort": 90, "protocol": (*pick(rng, &["TCP", "UDP", "ANY"]))}),
                2 => json!({"port": "0", "protocol": "TCP"}),
                _ => json!({"port": "http", "protocol": (*pick(rng, &["TCP", "ANY"]))}),
            });
            rule.set(&["toPorts"], json!([{"ports": ports}]));
        }
        1 if !deny || one_in(rng, 2) => {
            rule.set(&["icmps"], json!([{"fields": [{"type": (*pick(rng, &[0, 8]))}]}]))
        }
        _ => {}
    }
    rule
}

fn policy(rng: &mut Entropy, name: &str) -> Object {
    let mut spec = json!({"endpointSelector": (selector(rng))});
    for (list, word, deny) in [
        ("ingress", "from", false),
        ("ingressDeny", "from", true),
        ("egress", "to", false),
        ("egressDeny", "to", true),
    ] {
        if one_in(rng, if deny { 4 } else { 2 }) {
            let rules: Value = (0..=rng.next_u64() % 2).map(|_| rule(rng, word, deny)).collect();
            spec.set(&[list], rules);
        }
    }
    if spec.entries().len() == 1 {
        spec.set(&["ingress"], json!([{}]));
    }
    if one_in(rng, 5) {
        spec.set(&["enableDefaultDeny", *pick(rng, &["ingress", "egress"])], false);
    }
    let mut object = Object(json!({"kind": "CiliumNetworkPolicy", "metadata": {"name": name}, "spec": spec}));
    if one_in(rng, 3) {
        object.set(&["kind"], "CiliumClusterwideNetworkPolicy");
    } else {
        object.set(&["metadata", "namespace"], *pick(rng, &["x", "y", "z"]));
    }
    object
}

#[test]
fn the_compiled_policies_equal_the_naive_ones_on_random_clusters() {
    let mut rng = Entropy::new(22);
    for round in 0..5_000 {
        let (namespaces, nodes) = (namespaces(&mut rng), nodes(&mut rng));
        let pods = pods(&mut rng, &nodes);
        let mut n = 0;
        let policies = some(&mut rng, 4, |rng| {
            n += 1;
            policy(rng, &format!("c{n}"))
        });
        let network = Network::compile(Snapshot {
            namespaces: namespaces.clone(),
            pods: pods.clone(),
            nodes: nodes.clone(),
            policies: policies.iter().cloned().map(Arc::new).collect(),
            plugin: Plugin { cni: Cni::Cilium, ..Plugin::default() },
            ..Snapshot::default()
        });
        let world = World { namespaces: &namespaces, nodes: &nodes, pods: &pods, policies: &policies };
        let port = *pick(&mut rng, &PORTS);
        compare(&network, round, port, &|from, to| world.allowed(from, to, port));
    }
}

#[test]
fn a_network_policy_means_the_same_to_cilium_but_for_blocks_and_names() {
    let mut rng = Entropy::new(23);
    for round in 0..500 {
        let (namespaces, nodes) = (namespaces(&mut rng), nodes(&mut rng));
        let mut pods = pods(&mut rng, &nodes);
        pods.retain(|p| !p.host_network);
        let mut policies = some(&mut rng, 4, |rng| network_policy(rng, "n"));
        policies.retain(|p| {
            let text = gatehouse_model::json::print(&p.0);
            !text.contains("ipBlock") && !text.contains("\"http\"") && !text.contains("\"dns\"")
        });
        let plain = Network::new(&namespaces, pods.clone(), &policies);
        let cilium = Network::compile(Snapshot {
            namespaces,
            pods: pods.clone(),
            nodes,
            policies: policies.into_iter().map(Arc::new).collect(),
            plugin: Plugin { cni: Cni::Cilium, ..Plugin::default() },
            ..Snapshot::default()
        });
        let port = *pick(&mut rng, &PORTS);
        for (from, to) in (0..pods.len()).flat_map(|i| (0..pods.len()).map(move |j| (i, j))) {
            assert_eq!(
                plain.matrix(port).allows(from, to),
                cilium.matrix(port).allows(from, to),
                "round {round}"
            );
        }
    }
}
