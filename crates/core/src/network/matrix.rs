//! The whole picture for one port.
//!
//! Pods fall into classes by what can be told apart: by the policies that select them and the numbers their named
//! ports have. A class's row is computed once, so the picture costs classes squared, not pods squared.

use std::collections::BTreeMap;

use super::bits::Bits;
use super::compile::{Direction, Network, Port, PortMatch, Protocol};

/// Who may reach whom on one port.
#[derive(Clone, Debug)]
pub struct Matrix {
    size: usize,
    egress: Half,
    ingress: Half,
}

/// One direction: each pod's class, and for each class its members and the pods it may talk with.
#[derive(Clone, Debug)]
struct Half {
    class_of: Vec<usize>,
    members: Vec<Bits>,
    peers: Vec<Bits>,
}

impl Network {
    /// Who may reach whom on `port`.
    #[must_use]
    pub fn matrix(&self, port: Port) -> Matrix {
        Matrix {
            size: self.pods.len(),
            egress: self.half_matrix(Direction::Egress, port),
            ingress: self.half_matrix(Direction::Ingress, port),
        }
    }

    fn half_matrix(&self, direction: Direction, port: Port) -> Half {
        let size = self.pods.len();
        let mut selecting: Vec<Vec<usize>> = vec![Vec::new(); size];
        for (p, policy) in self.policies.iter().enumerate().filter(|(_, p)| p.rules(direction).is_some()) {
            for i in policy.selects.iter() {
                if let Some(list) = selecting.get_mut(i) {
                    list.push(p);
                }
            }
        }
        // Which pods have this number under a name: asked by egress rules, resolved at the destination.
        let mut named: BTreeMap<(Protocol, &str), Bits> = BTreeMap::new();
        for rule in self.policies.iter().filter_map(|p| p.rules(direction)).flatten() {
            for entry in &rule.ports {
                if let PortMatch::Named(protocol, name) = entry {
                    named.entry((*protocol, name)).or_insert_with(|| {
                        let mut bits = Bits::none(size);
                        for (i, _) in
                            self.pods.iter().enumerate().filter(|(_, pod)| entry.matches(port, Some(pod)))
                        {
                            bits.insert(i);
                        }
                        bits
                    });
                }
            }
        }
        let mut half = Half { class_of: Vec::with_capacity(size), members: Vec::new(), peers: Vec::new() };
        let mut classes: BTreeMap<(Vec<usize>, Vec<bool>), usize> = BTreeMap::new();
        for (i, policies) in selecting.into_iter().enumerate() {
            // An ingress rule's named port is the subject's own, so it is part of its class.
            let resolved: Vec<bool> = match direction {
                Direction::Ingress if !policies.is_empty() => named.values().map(|b| b.contains(i)).collect(),
                _ => Vec::new(),
            };
            let key = (policies, resolved);
            let class = match classes.get(&key) {
                Some(class) => *class,
                None => {
                    let class = half.peers.len();
                    half.peers.push(self.peers(direction, &key.0, port, i, &named));
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

    /// The pods a pod selected by `policies` may talk with.
    fn peers(
        &self,
        direction: Direction,
        policies: &[usize],
        port: Port,
        subject: usize,
        named: &BTreeMap<(Protocol, &str), Bits>,
    ) -> Bits {
        let size = self.pods.len();
        if policies.is_empty() {
            return Bits::all(size);
        }
        let mut allowed = Bits::none(size);
        let rules = policies
            .iter()
            .filter_map(|p| self.policies.get(*p))
            .filter_map(|p| p.rules(direction))
            .flatten();
        for rule in rules {
            // The destinations on which the rule's ports are this port.
            let open = match direction {
                Direction::Ingress => {
                    let subject = self.pods.get(subject);
                    let open = rule.ports.is_empty() || rule.ports.iter().any(|p| p.matches(port, subject));
                    if open { Bits::all(size) } else { continue }
                }
                Direction::Egress
                    if rule.ports.is_empty() || rule.ports.iter().any(|p| p.matches(port, None)) =>
                {
                    Bits::all(size)
                }
                Direction::Egress => {
                    let mut open = Bits::none(size);
                    for entry in &rule.ports {
                        if let PortMatch::Named(protocol, name) = entry
                            && let Some(bits) = named.get(&(*protocol, name.as_str()))
                        {
                            open.union(bits);
                        }
                    }
                    open
                }
            };
            match &rule.peers {
                None => allowed.union(&open),
                Some(peers) => {
                    let mut listed = Bits::none(size);
                    for peer in peers {
                        listed.union(peer.pods());
                    }
                    listed.intersect(&open);
                    allowed.union(&listed);
                }
            }
        }
        allowed
    }
}

impl Half {
    fn allows(&self, subject: usize, peer: usize) -> bool {
        self.class_of.get(subject).and_then(|c| self.peers.get(*c)).is_some_and(|row| row.contains(peer))
    }
}

impl Matrix {
    /// Whether the pod at position `from` may reach the one at `to`.
    #[must_use]
    pub fn allows(&self, from: usize, to: usize) -> bool {
        from == to || (self.egress.allows(from, to) && self.ingress.allows(to, from))
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
        let selves =
            (0..self.size).filter(|i| self.egress.allows(*i, *i) && self.ingress.allows(*i, *i)).count();
        pairs - selves as u64
    }
}
