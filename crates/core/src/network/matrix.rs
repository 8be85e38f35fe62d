//! The whole picture for one port.
//!
//! Pods fall into classes by what can be told apart: by the policies that select them, the numbers their named ports
//! have and, to Cilium, the node they run on. A class's row is computed once, so the picture costs classes squared, not
//! pods squared; a row whose policies have not changed since the last picture is not computed again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bits::Bits;
use super::cilium::{Enforcement, HOSTS};
use super::compile::{Facts, Network, Numbered};
use super::decide::requires;
use super::explain::End;
use super::policy::{Action, Direction, Port, PortMatch, Protocol, Rule, Side, Tier};

/// What tells a class of pods apart: policies by number, which named ports are the port asked for, and to Cilium the node
/// and whether the pod has a network of its own.
type Key = (Vec<u64>, Vec<bool>, Option<usize>, bool);

/// Who may reach whom on one port.
#[derive(Clone, Debug)]
pub struct Matrix {
    port: Port,
    facts: Arc<Facts>,
    egress: Half,
    ingress: Half,
    work: usize,
}

/// One direction: each pod's class, and for each class its members and the pods it may talk with.
#[derive(Clone, Debug)]
struct Half {
    class_of: Vec<usize>,
    members: Vec<Bits>,
    peers: Vec<Arc<Bits>>,
    rows: BTreeMap<Key, Arc<Bits>>,
}

/// The pods that have a port under a name.
type Named = BTreeMap<(Option<Protocol>, String), Bits>;

impl Network {
    /// Who may reach whom on `port`.
    #[must_use]
    pub fn matrix(&self, port: Port) -> Matrix {
        self.matrix_after(port, None)
    }

    /// The same, given the picture of the network this one was made from: only what differs is computed.
    #[must_use]
    pub fn matrix_after(&self, port: Port, before: Option<&Matrix>) -> Matrix {
        let known = before.filter(|m| m.port == port && Arc::ptr_eq(&m.facts, &self.facts));
        let mut work = 0;
        let egress = self.half_matrix(Direction::Egress, port, known.map(|m| &m.egress.rows), &mut work);
        let ingress = self.half_matrix(Direction::Ingress, port, known.map(|m| &m.ingress.rows), &mut work);
        Matrix { port, facts: Arc::clone(&self.facts), egress, ingress, work }
    }

    fn half_matrix(
        &self,
        direction: Direction,
        port: Port,
        known: Option<&BTreeMap<Key, Arc<Bits>>>,
        work: &mut usize,
    ) -> Half {
        let size = self.facts.size();
        let mut selecting: Vec<Vec<usize>> = vec![Vec::new(); size];
        let mut named = Named::new();
        for (p, numbered) in self.policies.iter().enumerate() {
            let Some(side) = numbered.policy.side(direction) else { continue };
            for i in numbered.policy.selects.iter() {
                if let Some(list) = selecting.get_mut(i) {
                    list.push(p);
                }
            }
            for name in &side.names {
                named.entry(name.clone()).or_insert_with(|| self.facts.named(name, port));
            }
        }
        let by_node = self.facts.cilium.as_ref().filter(|c| c.has_hosted());
        let mut half = Half {
            class_of: Vec::with_capacity(size),
            members: Vec::new(),
            peers: Vec::new(),
            rows: BTreeMap::new(),
        };
        let mut classes: BTreeMap<Key, usize> = BTreeMap::new();
        for (i, policies) in selecting.into_iter().enumerate() {
            let chosen = || policies.iter().filter_map(|p| self.policies.get(*p));
            let sides = || chosen().filter_map(|n| n.policy.side(direction));
            // An ingress rule's named port is the subject's own, so it is part of its class.
            let resolved: Vec<bool> = match direction {
                Direction::Ingress => sides()
                    .flat_map(|s| &s.names)
                    .map(|name| named.get(name).is_some_and(|b| b.contains(i)))
                    .collect(),
                Direction::Egress => Vec::new(),
            };
            let node = by_node.and_then(|c| c.node_of_pod(i));
            let own = self.facts.cilium.is_some() && self.facts.selectable.contains(i);
            let key = (chosen().map(|n| n.id).collect::<Vec<_>>(), resolved, node, own);
            let class = match classes.get(&key) {
                Some(class) => *class,
                None => {
                    let class = half.peers.len();
                    let row = known.and_then(|k| k.get(&key)).cloned().unwrap_or_else(|| {
                        *work += 1;
                        let chosen: Vec<&Numbered> = chosen().collect();
                        Arc::new(self.row(direction, &chosen, port, i, &named))
                    });
                    half.rows.insert(key.clone(), Arc::clone(&row));
                    half.peers.push(row);
                    half.members.push(Bits::none(size));
                    classes.insert(key, class);
                    class
                }
            };
            half.class_of.push(class);
            if let Some(members) = half.members.get_mut(class) {
                members.insert(i);
            }
        }
        half
    }

    /// The pods a pod that these policies select may talk with: what [`Network::decide`] says of each, all at once.
    fn row(
        &self,
        direction: Direction,
        policies: &[&Numbered],
        port: Port,
        subject: usize,
        named: &Named,
    ) -> Bits {
        let size = self.facts.size();
        let sides: Vec<(Tier, &Side)> =
            policies.iter().filter_map(|n| Some((n.policy.tier, n.policy.side(direction)?))).collect();
        let rules = || sides.iter().flat_map(|(_, s)| &s.rules);
        if rules().any(|r| r.beyond.as_ref().is_some_and(|b| b.authentication.is_some())) {
            return self.row_of_each(direction, port, subject);
        }
        let cilium = self.facts.cilium.as_ref();
        let managed = self.facts.selectable.contains(subject);
        let enforcement = cilium.map_or(Enforcement::Default, |_| self.facts.snapshot.settings.enforcement);
        if enforcement == Enforcement::Never || (sides.is_empty() && enforcement == Enforcement::Default) {
            return Bits::all(size);
        }
        let row = Row {
            network: self,
            direction,
            port,
            subject,
            named,
            requires: requires(sides.iter().map(|s| s.1)),
        };
        let mut allowed = Bits::none(size);
        let mut left = Bits::all(size);
        let mut passed = Bits::none(size);
        let of = |wanted: fn(Tier) -> bool| sides.iter().filter(move |(t, _)| wanted(*t)).map(|(_, s)| *s);
        for rule in of(|t| matches!(t, Tier::Admin(_))).flat_map(|s| &s.rules) {
            let mut matched = row.matched(rule);
            matched.intersect(&left);
            left.subtract(&matched);
            match rule.action {
                Action::Allow => allowed.union(&matched),
                Action::Deny => {}
                Action::Pass => passed.union(&matched),
            }
        }
        left.union(&passed);
        let isolates = of(|t| t == Tier::Standard).any(|s| s.isolates);
        if of(|t| t == Tier::Standard).next().is_some() || (enforcement == Enforcement::Always && managed) {
            let mut admitted = if isolates || enforcement == Enforcement::Always {
                Bits::none(size)
            } else {
                Bits::all(size)
            };
            let standard = || of(|t| t == Tier::Standard).flat_map(|s| &s.rules);
            for rule in standard().filter(|r| r.action == Action::Allow) {
                admitted.union(&row.matched(rule));
            }
            if let (Some(cilium), Direction::Ingress, true) = (cilium, direction, managed) {
                cilium.hosted(cilium.node_of_pod(subject), HOSTS, &mut admitted);
            }
            for rule in standard().filter(|r| r.action == Action::Deny) {
                admitted.subtract(&row.matched(rule));
            }
            admitted.intersect(&left);
            allowed.union(&admitted);
            return allowed;
        }
        for rule in of(|t| t == Tier::Baseline).flat_map(|s| &s.rules) {
            let mut matched = row.matched(rule);
            matched.intersect(&left);
            left.subtract(&matched);
            if rule.action == Action::Allow {
                allowed.union(&matched);
            }
        }
        allowed.union(&left);
        allowed
    }

    /// A row pod by pod, where more than sets must be looked at.
    fn row_of_each(&self, direction: Direction, port: Port, subject: usize) -> Bits {
        Bits::of(self.facts.size(), |peer| {
            let (subject, peer) = (End::Pod(subject), End::Pod(peer));
            let (from, to) = match direction {
                Direction::Ingress => (peer, subject),
                Direction::Egress => (subject, peer),
            };
            self.decide(&self.asked(direction, from, to, port)).allowed
        })
    }
}

impl Facts {
    /// The pods on which a name stands for the port.
    fn named(&self, (protocol, name): &(Option<Protocol>, String), port: Port) -> Bits {
        let entry = PortMatch::Named(*protocol, name.clone());
        let pods = &self.snapshot.pods;
        Bits::of(pods.len(), |i| pods.get(i).is_some_and(|pod| entry.matches(port, Some(pod))))
    }
}

/// What a row's rules are matched against.
struct Row<'a> {
    network: &'a Network,
    direction: Direction,
    port: Port,
    subject: usize,
    named: &'a Named,
    requires: [Option<Bits>; 2],
}

impl Row<'_> {
    /// The pods a rule matches.
    fn matched(&self, rule: &Rule) -> Bits {
        let size = self.network.facts.size();
        let any = rule.ports.is_empty() || rule.ports.iter().any(|p| p.matches(self.port, None));
        let open = match self.direction {
            _ if any => None,
            Direction::Ingress => {
                let subject = self.network.pods().get(self.subject);
                if !rule.ports.iter().any(|p| p.matches(self.port, subject)) {
                    return Bits::none(size);
                }
                None
            }
            // The destinations on which the rule's names are this port.
            Direction::Egress => {
                let mut open = Bits::none(size);
                for entry in &rule.ports {
                    if let PortMatch::Named(protocol, name) = entry
                        && let Some(bits) = self.named.get(&(*protocol, name.clone()))
                    {
                        open.union(bits);
                    }
                }
                if open.is_empty() {
                    return open;
                }
                Some(open)
            }
        };
        let Some(peers) = &rule.peers else { return open.unwrap_or_else(|| Bits::all(size)) };
        let [allowing, denying] = &self.requires;
        let narrow = if rule.action == Action::Deny { denying } else { allowing }.as_ref();
        let mut listed = Bits::none(size);
        for peer in peers.iter() {
            let narrow = narrow.filter(|_| peer.narrowed);
            match narrow {
                None => listed.union(&peer.pods),
                Some(narrow) => {
                    let mut pods = peer.pods.clone();
                    pods.intersect(narrow);
                    listed.union(&pods);
                }
            }
            if let Some(cilium) =
                self.network.facts.cilium.as_ref().filter(|_| peer.kinds != 0 && narrow.is_none())
            {
                cilium.hosted(cilium.node_of_pod(self.subject), peer.kinds, &mut listed);
            }
        }
        if let Some(open) = &open {
            listed.intersect(open);
        }
        listed
    }
}

impl Half {
    /// The pods a pod may talk with.
    fn row(&self, subject: usize) -> Option<&Arc<Bits>> {
        self.class_of.get(subject).and_then(|c| self.peers.get(*c))
    }

    fn allows(&self, subject: usize, peer: usize) -> bool {
        self.row(subject).is_some_and(|row| row.contains(peer))
    }
}

impl Matrix {
    /// Whether the pod at position `from` may reach the one at `to`.
    #[must_use]
    pub fn allows(&self, from: usize, to: usize) -> bool {
        from == to || (self.egress.allows(from, to) && self.ingress.allows(to, from))
    }

    /// The port it is about.
    #[must_use]
    pub const fn port(&self) -> Port {
        self.port
    }

    /// Whether a pod may talk with the same pods in both pictures, in both directions.
    pub(super) fn same_rows(&self, other: &Self, pod: usize) -> bool {
        let halves = [(&self.egress, &other.egress), (&self.ingress, &other.ingress)];
        halves.into_iter().all(|(a, b)| match (a.row(pod), b.row(pod)) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
            (a, b) => a.is_none() && b.is_none(),
        })
    }

    /// The classes a pod belongs to in either direction.
    pub(super) fn class_of(&self, pod: usize) -> (usize, usize) {
        let of = |half: &Half| half.class_of.get(pod).copied().unwrap_or(usize::MAX);
        (of(&self.egress), of(&self.ingress))
    }

    /// How many rows had to be computed.
    #[must_use]
    pub const fn work(&self) -> usize {
        self.work
    }

    /// The number of allowed ordered pairs of distinct pods.
    #[must_use]
    pub fn count(&self) -> u64 {
        let mut pairs = 0;
        for (from, reaches) in self.egress.members.iter().zip(&self.egress.peers) {
            if reaches.is_empty() {
                continue;
            }
            for (to, admits) in self.ingress.members.iter().zip(&self.ingress.peers) {
                pairs += from.count_common(admits) * to.count_common(reaches);
            }
        }
        let selves = (0..self.facts.size())
            .filter(|i| self.egress.allows(*i, *i) && self.ingress.allows(*i, *i))
            .count();
        pairs - selves as u64
    }
}
