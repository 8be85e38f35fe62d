//! What could be taken away without changing anybody's reach: shadowed and useless rules.
//!
//! A part of an object (a rule, or all of it) is useless if the network without it decides the same of every packet to and
//! from every pod it selects: on every port that any rule or pod can tell apart, and for every address that any block
//! can. Parts are tried from the last to the first and stay away, so that all that is reported can go at once and what is
//! left is needed. Knows
//! nothing of requests over connections that may be opened: a rule that asks for some is never reported.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use gatehouse_model::{Object, Value};

use super::compile::Network;
use super::decide::Reason;
use super::explain::End;
use super::matrix::Matrix;
use super::policy::{Direction, Policy, Port, PortMatch, Protocol, Rule};
use crate::decision::ObjectRef;

/// Something that could be taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Useless {
    /// The object.
    pub object: ObjectRef,
    /// The part of it, `spec.ingress[0]`; empty for the whole object.
    pub field: String,
    /// Why, in the tutor's words.
    pub text: String,
}

/// Lists of rules in a specification.
const LISTS: [&str; 4] = ["ingress", "ingressDeny", "egress", "egressDeny"];

const PROTOCOLS: [Protocol; 5] =
    [Protocol::Tcp, Protocol::Udp, Protocol::Sctp, Protocol::Icmp, Protocol::Icmpv6];

impl Network {
    /// All that could be taken away at once, by object in the order given, and by field.
    #[must_use]
    pub fn useless(&self) -> Vec<Useless> {
        let mut search = Search::new(self);
        let objects: Vec<Arc<Object>> = self.sources().cloned().collect();
        let mut found: BTreeMap<(usize, Option<usize>), Useless> = BTreeMap::new();
        // What goes may leave something else without a use.
        loop {
            let before = found.len();
            for (at, object) in objects.iter().enumerate().rev() {
                search.reduce(at, object, &mut found);
            }
            if found.len() == before {
                break;
            }
        }
        let whole: Vec<usize> = found.keys().filter(|(_, part)| part.is_none()).map(|(at, _)| *at).collect();
        found.retain(|(at, part), _| part.is_none() || !whole.contains(at));
        found.into_values().collect()
    }

    /// The ports that some rule or some pod's port names can tell apart, one of each kind.
    #[must_use]
    pub fn telling_ports(&self) -> Vec<Port> {
        let mut ports: BTreeSet<Port> = BTreeSet::new();
        for protocol in PROTOCOLS {
            ports.insert(Port { protocol, number: 0 });
        }
        let mut edge = |protocol, number: u16| {
            ports.insert(Port { protocol, number });
            ports.extend(number.checked_add(1).map(|number| Port { protocol, number }));
        };
        for rule in self.policies.iter().flat_map(|n| rules_of(&n.policy)) {
            for entry in &rule.ports {
                if let PortMatch::Range(protocol, first, last) = entry {
                    edge(*protocol, *first);
                    edge(*protocol, *last);
                }
            }
        }
        for port in self.pods().iter().flat_map(|p| &p.ports).filter(|p| !p.name.is_empty()) {
            edge(port.protocol, port.number);
        }
        ports.into_iter().collect()
    }

    /// The addresses that some block can tell apart, one of each kind.
    fn telling_addresses(&self) -> Vec<IpAddr> {
        let mut ips: BTreeSet<IpAddr> = BTreeSet::new();
        ips.insert(Ipv4Addr::UNSPECIFIED.into());
        ips.insert(Ipv6Addr::UNSPECIFIED.into());
        for rule in self.policies.iter().flat_map(|n| rules_of(&n.policy)) {
            for block in rule.peers.iter().flat_map(|p| p.iter()).flat_map(|p| &p.blocks) {
                for cidr in std::iter::once(&block.cidr).chain(&block.except) {
                    let (first, next) = cidr.edges();
                    ips.insert(first);
                    ips.extend(next);
                }
            }
        }
        ips.extend(self.facts.snapshot.nodes.iter().flat_map(|n| n.ips.iter().copied()));
        ips.into_iter().collect()
    }
}

fn rules_of(policy: &Policy) -> impl Iterator<Item = &Rule> {
    [&policy.ingress, &policy.egress].into_iter().flatten().flat_map(|side| &side.rules)
}

/// The rules of an object: where each stands, as steps and as text.
fn parts(object: &Object) -> Vec<(Vec<Step>, String)> {
    let mut out = Vec::new();
    let mut of = |spec: &Value, steps: &[Step], text: &str| {
        for list in LISTS {
            for i in 0..spec.list_at(&[list]).len() {
                let mut path = steps.to_vec();
                path.extend([Step::Member(list), Step::Item(i)]);
                out.push((path, format!("{text}.{list}[{i}]")));
            }
        }
    };
    if let Some(spec) = object.get("spec") {
        of(spec, &[Step::Member("spec")], "spec");
    }
    for (i, spec) in object.list_at(&["specs"]).iter().enumerate() {
        of(spec, &[Step::Member("specs"), Step::Item(i)], &format!("specs[{i}]"));
    }
    out
}

#[derive(Clone, Copy)]
enum Step {
    Member(&'static str),
    Item(usize),
}

fn take_away(value: &mut Value, path: &[Step]) {
    match path {
        [Step::Member(name), rest @ ..] => {
            if let Some(member) = value.at_mut(&[name]) {
                take_away(member, rest);
            }
        }
        [Step::Item(i)] => {
            let list = value.make_list();
            if *i < list.len() {
                list.remove(*i);
            }
        }
        [Step::Item(i), rest @ ..] => {
            if let Some(item) = value.make_list().get_mut(*i) {
                take_away(item, rest);
            }
        }
        [] => {}
    }
}

fn name(object: &Object, field: &str, text: String) -> Useless {
    let object = ObjectRef {
        kind: if object.kind().is_empty() { "NetworkPolicy" } else { object.kind() }.to_owned(),
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
    };
    Useless { object, field: field.to_owned(), text }
}

/// The network as it is after what was found so far has gone.
struct Search {
    network: Network,
    /// The network of the beginning.
    whole: Network,
    /// For each object of the beginning: what is left of it, and which of its parts have gone.
    left: Vec<(Option<Arc<Object>>, BTreeSet<usize>)>,
    pictures: Vec<Matrix>,
    addresses: Vec<IpAddr>,
}

impl Search {
    fn new(network: &Network) -> Self {
        let pictures = network.telling_ports().into_iter().map(|port| network.matrix(port)).collect();
        Self {
            left: network.sources().map(|o| (Some(Arc::clone(o)), BTreeSet::new())).collect(),
            whole: network.clone(),
            pictures,
            addresses: network.telling_addresses(),
            network: network.clone(),
        }
    }

    /// Takes away what it can of an object, all of it or rule by rule.
    fn reduce(
        &mut self,
        at: usize,
        object: &Arc<Object>,
        found: &mut BTreeMap<(usize, Option<usize>), Useless>,
    ) {
        let Some((Some(_), gone)) = self.left.get(at) else { return };
        let mut gone = gone.clone();
        if self.asks_for_requests(object) {
            return;
        }
        if let Some(text) = self.without(at, object, None, &gone, "") {
            found.insert((at, None), name(object, "", text));
            return;
        }
        let parts = parts(object);
        for (n, (_, field)) in parts.iter().enumerate().rev() {
            if !gone.insert(n) {
                continue;
            }
            let mut less = (**object).clone();
            let paths = gone.iter().rev().filter_map(|n| parts.get(*n));
            paths.for_each(|(path, _)| take_away(&mut less.0, path));
            match self.without(at, object, Some(Arc::new(less)), &gone, field) {
                Some(text) => {
                    found.insert((at, Some(n)), name(object, field, text));
                }
                None => {
                    gone.remove(&n);
                }
            }
        }
    }

    fn asks_for_requests(&self, object: &Object) -> bool {
        let policies = self.whole.policies_of(object);
        policies.iter().flat_map(|p| rules_of(p)).any(|r| r.beyond.is_some())
    }

    /// Tries the object at `at` away, or what is less of it; says why nothing changes, or takes it back.
    fn without(
        &mut self,
        at: usize,
        object: &Object,
        less: Option<Arc<Object>>,
        gone: &BTreeSet<usize>,
        field: &str,
    ) -> Option<String> {
        let before = self.left.get(at)?.0.clone()?;
        let mut left = self.left.clone();
        if let Some(slot) = left.get_mut(at) {
            *slot = (less, gone.clone());
        }
        let network = self.network.with(left.iter().filter_map(|(o, _)| o.clone()).collect());
        let mut subjects: BTreeSet<usize> = BTreeSet::new();
        for policy in self.network.policies_of(&before) {
            subjects.extend(policy.selects.iter());
        }
        let mut pictures = Vec::with_capacity(self.pictures.len());
        let mut asked: BTreeSet<(usize, usize)> = BTreeSet::new();
        for old in &self.pictures {
            let new = network.matrix_after(old.port(), Some(old));
            for subject in &subjects {
                if !old.same_rows(&new, *subject) {
                    return None;
                }
                // One pod of each class speaks for all towards addresses.
                if asked.insert(old.class_of(*subject)) && !self.same_outside(&network, *subject, old.port())
                {
                    return None;
                }
            }
            asked.clear();
            pictures.push(new);
        }
        (self.network, self.left, self.pictures) = (network, left, pictures);
        Some(self.reason(object, field))
    }

    fn same_outside(&self, other: &Network, subject: usize, port: Port) -> bool {
        self.addresses.iter().all(|ip| {
            let (pod, ip) = (End::Pod(subject), End::Ip(*ip));
            let decide =
                |n: &Network, direction, from, to| n.decide(&n.asked(direction, from, to, port)).allowed;
            [(Direction::Egress, pod, ip), (Direction::Ingress, ip, pod)].into_iter().all(
                |(direction, from, to)| {
                    decide(&self.network, direction, from, to) == decide(other, direction, from, to)
                },
            )
        })
    }

    /// Why nothing changes without a part of an object.
    fn reason(&self, object: &Object, field: &str) -> String {
        let policies = self.whole.policies_of(object);
        if policies.iter().all(|p| p.selects.is_empty()) {
            return "selects no pod".to_owned();
        }
        let within = |f: &str| {
            f.strip_prefix(field)
                .is_some_and(|rest| rest.is_empty() || field.is_empty() || rest.starts_with('.'))
        };
        let mut covering: Vec<String> = Vec::new();
        for (policy, direction) in
            policies.iter().flat_map(|p| [(p, Direction::Ingress), (p, Direction::Egress)])
        {
            for rule in policy.side(direction).iter().flat_map(|s| &s.rules).filter(|r| within(&r.field)) {
                for subject in policy.selects.iter().take(SAMPLES) {
                    self.cover(direction, rule, subject, &mut covering);
                }
            }
        }
        match (covering.as_slice(), field) {
            ([], "") => "says nothing that does not hold without it".to_owned(),
            ([], _) => "matches no pod and no address".to_owned(),
            (all, _) => format!("is covered by {}", all.join(", ")),
        }
    }

    /// What decides now the packets that a rule matched.
    fn cover(&self, direction: Direction, rule: &Rule, subject: usize, covering: &mut Vec<String>) {
        let pods = (0..self.network.pods().len()).map(End::Pod);
        let peers =
            pods.chain(self.addresses.iter().map(|ip| End::Ip(*ip))).filter(|p| *p != End::Pod(subject));
        for peer in peers {
            let (from, to) = match direction {
                Direction::Ingress => (peer, End::Pod(subject)),
                Direction::Egress => (End::Pod(subject), peer),
            };
            for picture in &self.pictures {
                if self.whole.asked(direction, from, to, picture.port()).lack(rule).is_some() {
                    continue;
                }
                let decided = self.network.decide(&self.network.asked(direction, from, to, picture.port()));
                let text = match decided.reason {
                    Reason::Rule((policy, rule)) => self.as_written(policy, &rule.field),
                    _ => continue,
                };
                if !covering.contains(&text) {
                    covering.push(text);
                }
            }
        }
    }

    /// A rule by the place it had in the beginning.
    fn as_written(&self, policy: &Policy, field: &str) -> String {
        let of = |(object, _): &&(Option<Arc<Object>>, BTreeSet<usize>)| {
            object.as_ref().is_some_and(|o| {
                self.network.policies_of(o).first().is_some_and(|p| p.source == policy.source)
            })
        };
        let place = self.left.iter().position(|l| of(&l));
        let found = place.and_then(|at| {
            let (object, gone) = self.left.get(at)?;
            let whole = self.whole.sources().nth(at)?;
            let kept =
                parts(whole).into_iter().enumerate().filter(|(n, _)| !gone.contains(n)).map(|(_, p)| p.1);
            let mut pairs = parts(object.as_ref()?).into_iter().map(|(_, now)| now).zip(kept);
            let starts = |now: &str| field.strip_prefix(now).filter(|r| r.is_empty() || r.starts_with('.'));
            pairs.find_map(|(now, then)| starts(&now).map(|rest| format!("{then}{rest}")))
        });
        format!("{} {}", policy.id(), found.as_deref().unwrap_or(field))
    }
}

/// How many pods are asked why a rule is covered.
const SAMPLES: usize = 4;
