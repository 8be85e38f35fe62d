//! The smallest set of NetworkPolicies that lets observed traffic pass and nothing else.
//!
//! Pods with the same labels in the same namespace cannot be told apart by any policy, so what is seen of one is allowed
//! to all of them. Every namespace with pods is isolated; each class of pods gets at most one policy; selectors say no
//! more than what tells their pods from the others there are. Knows no ICMP, which NetworkPolicy does not name.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use gatehouse_model::{Map, Object, Value, json};

use super::compile::Network;
use super::explain::End;
use super::policy::{Direction, Port, Protocol};

/// Traffic that was seen and is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Where it came from.
    pub from: End,
    /// Where it went.
    pub to: End,
    /// The destination port.
    pub port: Port,
}

/// Pods that no policy can tell apart.
#[derive(Clone, Debug, PartialEq)]
struct Class {
    namespace: String,
    labels: Map,
    /// The name of its first pod.
    name: String,
}

/// The other end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Other {
    Class(usize),
    Ip(IpAddr),
}

/// For each class and direction: whom it talks with on which ports.
type Wanted = BTreeMap<(usize, bool), BTreeMap<Other, BTreeSet<Port>>>;

impl Network {
    /// The policies that allow exactly what was observed, as far as policies can tell pods apart.
    #[must_use]
    pub fn suggest(&self, observed: &[Observed]) -> Vec<Object> {
        let mut classes: Vec<Class> = Vec::new();
        let mut class_of: Vec<Option<usize>> = Vec::new();
        for pod in self.pods() {
            if pod.host_network {
                class_of.push(None);
                continue;
            }
            let known =
                classes.iter().position(|c| c.namespace == pod.namespace && same(&c.labels, &pod.labels));
            class_of.push(Some(known.unwrap_or_else(|| {
                classes.push(Class {
                    namespace: pod.namespace.clone(),
                    labels: pod.labels.clone(),
                    name: pod.name.clone(),
                });
                classes.len() - 1
            })));
        }
        let other = |end: End| match end {
            End::Ip(ip) => Some(Other::Ip(ip)),
            End::Pod(i) => match class_of.get(i).copied().flatten() {
                Some(class) => Some(Other::Class(class)),
                None => self.pods().get(i).and_then(|p| p.ips.first()).map(|ip| Other::Ip(*ip)),
            },
        };
        let mut wanted = Wanted::new();
        for flow in observed.iter().filter(|f| !matches!(f.port.protocol, Protocol::Icmp | Protocol::Icmpv6))
        {
            let (Some(from), Some(to)) = (other(flow.from), other(flow.to)) else { continue };
            for (subject, peer, ingress) in [(to, from, true), (from, to, false)] {
                if let Other::Class(class) = subject {
                    wanted.entry((class, ingress)).or_default().entry(peer).or_default().insert(flow.port);
                }
            }
        }
        let writer = Writer { network: self, classes: &classes };
        writer.write(&wanted)
    }
}

fn same(a: &Map, b: &Map) -> bool {
    a.len() == b.len() && a.iter().all(|(k, v)| b.get(k) == Some(v))
}

struct Writer<'a> {
    network: &'a Network,
    classes: &'a [Class],
}

impl Writer<'_> {
    fn write(&self, wanted: &Wanted) -> Vec<Object> {
        let mut out = Vec::new();
        let namespaces = set(self.classes.iter().map(|c| c.namespace.as_str()));
        for namespace in namespaces {
            out.push(policy(
                namespace,
                "default-deny",
                json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
            ));
            // Classes that want the same share a policy where one selector can mean them all.
            let mut alike: Vec<(Value, Vec<usize>)> = Vec::new();
            for class in self.of(namespace) {
                let mut spec = Value::map();
                for direction in [Direction::Ingress, Direction::Egress] {
                    let peers = wanted.get(&(class, direction == Direction::Ingress));
                    if let Some(rules) = peers.map(|p| self.rules(namespace, direction, p)) {
                        spec.set(&[direction.as_str()], rules);
                    }
                }
                if spec.entries().is_empty() {
                    continue;
                }
                match alike.iter_mut().find(|(known, _)| *known == spec) {
                    Some((_, classes)) => classes.push(class),
                    None => alike.push((spec, vec![class])),
                }
            }
            for (spec, classes) in alike {
                for (selector, named) in self.selectors(namespace, &set(classes.into_iter())) {
                    let mut whole = json!({"podSelector": selector});
                    let types: Vec<&str> = [("ingress", "Ingress"), ("egress", "Egress")]
                        .into_iter()
                        .filter(|(list, _)| spec.get(list).is_some())
                        .map(|(_, word)| word)
                        .collect();
                    whole.set(&["policyTypes"], types);
                    for (list, rules) in spec.entries().iter() {
                        whole.set(&[list], rules.clone());
                    }
                    let name = self.classes.get(named).map_or("pods", |c| c.name.as_str());
                    out.push(policy(namespace, &format!("allow-{name}"), whole));
                }
            }
        }
        out
    }

    fn of(&self, namespace: &str) -> Vec<usize> {
        let all = self.classes.iter().enumerate();
        all.filter(|(_, c)| c.namespace == namespace).map(|(i, _)| i).collect()
    }

    /// Rules: peers that want the same ports stand in one.
    fn rules(&self, namespace: &str, direction: Direction, peers: &BTreeMap<Other, BTreeSet<Port>>) -> Value {
        let mut by_ports: Vec<(&BTreeSet<Port>, Vec<Other>)> = Vec::new();
        for (peer, ports) in peers {
            match by_ports.iter_mut().find(|(known, _)| *known == ports) {
                Some((_, list)) => list.push(*peer),
                None => by_ports.push((ports, vec![*peer])),
            }
        }
        let word = if direction == Direction::Ingress { "from" } else { "to" };
        let rules = by_ports.into_iter().map(|(ports, list)| {
            let mut rule = Value::map();
            rule.set(&[word], self.peers(namespace, &list));
            rule.set(&["ports"], entries(ports));
            rule
        });
        rules.collect()
    }

    fn peers(&self, home: &str, list: &[Other]) -> Value {
        let wanted = set(list.iter().filter_map(|o| match o {
            Other::Class(class) => Some(*class),
            Other::Ip(_) => None,
        }));
        let mut peers = Vec::new();
        if !wanted.is_empty() && wanted.len() == self.classes.len() {
            peers.push(json!({"namespaceSelector": {}}));
        } else {
            let namespaces =
                set(wanted.iter().filter_map(|c| self.classes.get(*c)).map(|c| c.namespace.as_str()));
            for namespace in namespaces {
                let here = set(self.of(namespace).into_iter().filter(|c| wanted.contains(c)));
                for (selector, _) in self.selectors(namespace, &here) {
                    let mut peer = Value::map();
                    if namespace != home {
                        peer.set(&["namespaceSelector"], self.namespace_selector(namespace));
                    }
                    if namespace == home || !selector.entries().is_empty() {
                        peer.set(&["podSelector"], selector);
                    }
                    peers.push(peer);
                }
            }
        }
        for other in list {
            if let Other::Ip(ip) = other {
                let bits = if ip.is_ipv4() { 32 } else { 128 };
                peers.push(json!({"ipBlock": {"cidr": (format!("{ip}/{bits}"))}}));
            }
        }
        peers.into_iter().collect()
    }

    /// A selector of one namespace: by the label every namespace has, or by all of its labels.
    fn namespace_selector(&self, name: &str) -> Value {
        const NAME: &str = "kubernetes.io/metadata.name";
        let known = self.network.namespaces();
        let own = known.iter().find(|n| n.name == name).map(|n| &n.labels);
        if own.is_none_or(|l| l.get(NAME).and_then(Value::as_str) == Some(name)) {
            return json!({"matchLabels": {NAME: name}});
        }
        let others: Vec<&Map> = known.iter().filter(|n| n.name != name).map(|n| &n.labels).collect();
        own.map_or_else(|| json!({}), |own| telling(own, &others))
    }

    /// Selectors that together select just these classes of a namespace, each with a class it selects.
    fn selectors(&self, namespace: &str, wanted: &BTreeSet<usize>) -> Vec<(Value, usize)> {
        let all = self.of(namespace);
        if let (true, Some(first)) = (all.len() == wanted.len(), wanted.first()) {
            return vec![(json!({}), *first)];
        }
        let labels = |class: &usize| self.classes.get(*class).map(|c| &c.labels);
        let others: Vec<&Map> = all.iter().filter(|c| !wanted.contains(c)).filter_map(labels).collect();
        let mut left = wanted.clone();
        let mut out = Vec::new();
        while let Some(class) = left.first().copied() {
            let Some(own) = labels(&class) else { break };
            // The one label that selects most of what is left and nothing else, or what tells this class alone.
            let covers = |key: &str, value: &Value| {
                left.iter().filter(|c| labels(c).is_some_and(|l| l.get(key) == Some(value))).count()
            };
            let single = own
                .iter()
                .rev()
                .filter(|(k, v)| others.iter().all(|l| l.get(k) != Some(*v)))
                .max_by_key(|(k, v)| covers(k, v));
            let selector = match single {
                Some((key, value)) => json!({"matchLabels": {key: (value.clone())}}),
                None => telling(own, &others),
            };
            let index = super::index::LabelIndex::new(self.classes.iter().map(|c| &c.labels));
            let selected = index.select(&selector);
            left.retain(|c| !selected.contains(*c));
            left.remove(&class);
            out.push((selector, class));
        }
        out
    }
}

/// A selector of one set of labels that selects none of the others.
fn telling(own: &Map, others: &[&Map]) -> Value {
    let mut labels = Map::new();
    let mut left: Vec<&&Map> = others.iter().collect();
    // Labels that rule out most of the others first.
    while !left.is_empty() {
        let rules_out = |key: &str, value: &Value| left.iter().filter(|l| l.get(key) != Some(value)).count();
        let best = own.iter().rev().max_by_key(|(k, v)| rules_out(k, v)).filter(|(k, v)| rules_out(k, v) > 0);
        let Some((key, value)) = best else { break };
        labels.insert(key, value.clone());
        left.retain(|l| l.get(key) == Some(value));
    }
    // What is left has all these labels and more.
    let mut keys: BTreeSet<&str> = BTreeSet::new();
    for other in left {
        if !keys.iter().any(|k| other.contains_key(k)) {
            keys.extend(other.keys().find(|k| !own.contains_key(k)));
        }
    }
    let mut selector = json!({"matchLabels": labels});
    if selector.map_at(&["matchLabels"]).is_empty() {
        selector.remove(&["matchLabels"]);
    }
    if !keys.is_empty() {
        let absent = keys.into_iter().map(|key| json!({"key": key, "operator": "DoesNotExist"}));
        selector.set(&["matchExpressions"], absent.collect::<Value>());
    }
    selector
}

/// A set, filled one by one: collecting sorts first, which is code of its own for each type.
fn set<T: Ord>(items: impl Iterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    items.for_each(|item| {
        set.insert(item);
    });
    set
}

/// Entries of `ports`: numbers that follow each other are a range.
fn entries(ports: &BTreeSet<Port>) -> Value {
    let mut ranges: Vec<(Protocol, u16, u16)> = Vec::new();
    for port in ports {
        match ranges.last_mut() {
            Some((protocol, _, last))
                if *protocol == port.protocol && last.checked_add(1) == Some(port.number) =>
            {
                *last = port.number;
            }
            _ => ranges.push((port.protocol, port.number, port.number)),
        }
    }
    let entry = |(protocol, first, last): (Protocol, u16, u16)| {
        let mut entry = json!({"protocol": (protocol.as_str()), "port": (i64::from(first))});
        if last > first {
            entry.set(&["endPort"], i64::from(last));
        }
        entry
    };
    ranges.into_iter().map(entry).collect()
}

fn policy(namespace: &str, name: &str, spec: Value) -> Object {
    Object(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace}, "spec": spec,
    }))
}
