//! One end's decision about one packet: which rule makes it, tier by tier.
//!
//! [`super::matrix`] makes the same decision for sets of pods at once; [`super::explain`] puts this one into words.

use std::net::IpAddr;

use super::bits::Bits;
use super::cilium::{Authentication, Enforcement, HOSTS, WORLD};
use super::compile::Network;
use super::explain::End;
use super::input::Pod;
use super::policy::{Action, Direction, Policy, Port, PortMatch, Rule, Side, Tier};

/// A policy that selects the subject and what it says of the direction.
pub(super) type Selecting<'a> = (&'a Policy, &'a Side);

/// A rule and the policy it stands in.
pub(super) type Placed<'a> = (&'a Policy, &'a Rule);

/// A packet, seen from one end.
pub(super) struct Asked<'a> {
    pub(super) direction: Direction,
    pub(super) subject: End,
    pub(super) peer: End,
    pub(super) port: Port,
    destination: Option<&'a Pod>,
    /// What Cilium takes the peer for, where it is no pod of its own network.
    kind: Option<u8>,
    /// What all `Requires` of the policies that select the subject leave, for allowing and denying rules.
    requires: [Option<Bits>; 2],
}

/// What a rule lacks to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    Peer,
    Port,
}

/// Why it was decided so.
pub(super) enum Reason<'a> {
    /// No policy selects the subject in this direction.
    Unselected,
    /// Policies select it, but none isolates it and no rule matched.
    Open,
    /// Policies isolate it, or the settings do, and no rule admits the packet.
    Isolated,
    /// A rule decided.
    Rule(Placed<'a>),
    /// A rule admits it, but the peer cannot prove who it is.
    Unproven(Placed<'a>),
    /// Cilium lets a node talk to the pods it runs.
    OwnNode,
    /// Cilium is told to enforce nothing.
    Never,
}

/// The decision of one end.
pub(super) struct Decided<'a> {
    pub(super) allowed: bool,
    pub(super) reason: Reason<'a>,
    /// Rules that passed the packet on to the next tier.
    pub(super) passed: Vec<Placed<'a>>,
    /// Every policy that selects the subject.
    pub(super) selecting: Vec<Selecting<'a>>,
    /// Every allowing rule of the standard tier that matches.
    pub(super) admitting: Vec<Placed<'a>>,
}

impl Network {
    /// The question `direction`'s end has to answer about a packet from `from` to `to`.
    pub(super) fn asked(&self, direction: Direction, from: End, to: End, port: Port) -> Asked<'_> {
        let (subject, peer) = match direction {
            Direction::Ingress => (to, from),
            Direction::Egress => (from, to),
        };
        let destination = match to {
            End::Pod(i) => self.pods().get(i),
            End::Ip(_) => None,
        };
        let kind = self.kind(self.node_of(subject), peer);
        let selecting = self.selecting(subject, direction);
        let requires = requires(selecting.iter().map(|(_, side)| *side));
        Asked { direction, subject, peer, port, destination, kind, requires }
    }

    /// The node a subject runs on or is.
    fn node_of(&self, subject: End) -> Option<usize> {
        let cilium = self.facts.cilium.as_ref()?;
        match subject {
            End::Pod(i) => cilium.node_of_pod(i),
            End::Ip(ip) => cilium.node_of_ip(ip),
        }
    }

    /// What Cilium takes a peer for, seen from a subject on a node; `None` for pods, and for other plugins.
    pub(super) fn kind(&self, own: Option<usize>, peer: End) -> Option<u8> {
        let cilium = self.facts.cilium.as_ref()?;
        let node = match peer {
            End::Pod(i) if self.facts.selectable.contains(i) => return None,
            End::Pod(i) => cilium.node_of_pod(i),
            End::Ip(ip) => match cilium.node_of_ip(ip) {
                None => return Some(WORLD),
                node => node,
            },
        };
        Some(cilium.kind(own, node.unwrap_or(usize::MAX)))
    }

    /// The policies that say something about a subject in a direction, in the order in which they are asked.
    pub(super) fn selecting(&self, subject: End, direction: Direction) -> Vec<Selecting<'_>> {
        let node = match (subject, &self.facts.cilium) {
            (End::Ip(ip), Some(cilium)) => cilium.node_of_ip(ip),
            _ => None,
        };
        let chosen = |p: &Policy| match subject {
            End::Pod(i) => p.selects.contains(i),
            End::Ip(_) => node.is_some_and(|n| p.nodes.contains(&n)),
        };
        let policies = self.policies.iter().map(|n| &*n.policy).filter(|p| chosen(p));
        policies.filter_map(|p| p.side(direction).map(|s| (p, s))).collect()
    }

    /// Decides.
    pub(super) fn decide(&self, asked: &Asked<'_>) -> Decided<'_> {
        let selecting = self.selecting(asked.subject, asked.direction);
        let mut decided = Decided {
            allowed: true,
            reason: Reason::Unselected,
            passed: Vec::new(),
            selecting,
            admitting: Vec::new(),
        };
        let (allowed, reason) = self.verdict(asked, &mut decided);
        Decided { allowed, reason, ..decided }
    }

    fn verdict<'a>(&'a self, asked: &Asked<'_>, decided: &mut Decided<'a>) -> (bool, Reason<'a>) {
        let selecting = decided.selecting.clone();
        let of = |admin: fn(Tier) -> bool| selecting.iter().filter(move |(p, _)| admin(p.tier));
        if let Some(placed) = first(of(|t| matches!(t, Tier::Admin(_))), asked) {
            match placed.1.action {
                Action::Pass => decided.passed.push(placed),
                action => return (action == Action::Allow, Reason::Rule(placed)),
            }
        }
        let managed = matches!(asked.subject, End::Pod(i) if self.facts.selectable.contains(i));
        let cilium = self.facts.cilium.as_ref().map(|_| self.facts.snapshot.settings);
        let enforcement = cilium.map_or(Enforcement::Default, |s| s.enforcement);
        if enforcement == Enforcement::Never {
            return (true, Reason::Never);
        }
        let standard: Vec<Selecting<'_>> = of(|t| t == Tier::Standard).copied().collect();
        if !standard.is_empty() || (enforcement == Enforcement::Always && managed) {
            let rules = standard.iter().flat_map(|(p, s)| s.rules.iter().map(move |r| (*p, r)));
            let (mut denied, mut admitting) = (None, Vec::new());
            for placed in rules.filter(|(_, r)| asked.lack(r).is_none()) {
                match placed.1.action {
                    Action::Deny => denied = denied.or(Some(placed)),
                    _ => admitting.push(placed),
                }
            }
            decided.admitting = admitting;
            if let Some(denied) = denied {
                return (false, Reason::Rule(denied));
            }
            if let Some(unproven) =
                cilium.and_then(|s| self.unproven(asked, &decided.admitting, s.mutual_authentication))
            {
                return (false, Reason::Unproven(unproven));
            }
            if let Some(admits) = decided.admitting.first() {
                return (true, Reason::Rule(*admits));
            }
            if asked.direction == Direction::Ingress && managed && asked.kind.is_some_and(|k| k & HOSTS != 0)
            {
                return (true, Reason::OwnNode);
            }
            if enforcement == Enforcement::Always || standard.iter().any(|(_, s)| s.isolates) {
                return (false, Reason::Isolated);
            }
            return (true, Reason::Open);
        }
        if let Some(placed) = first(of(|t| t == Tier::Baseline), asked) {
            return (placed.1.action == Action::Allow, Reason::Rule(placed));
        }
        (true, if selecting.is_empty() { Reason::Unselected } else { Reason::Open })
    }

    /// The rule whose demand for authentication the peer cannot meet.
    ///
    /// Models the datapath's choice among entries that allow: one that a proxy reads wins over one that none does, then
    /// the one with fewer ports, then the one that names a peer; a rule that says nothing about authentication takes what
    /// the next one says.
    fn unproven<'a>(&self, asked: &Asked<'_>, admitting: &[Placed<'a>], mutual: bool) -> Option<Placed<'a>> {
        let beyond = |r: &Rule| r.beyond.as_ref().map(|b| (b.requests.is_some(), b.authentication));
        let rank = |r: &Rule| {
            let read = beyond(r).is_some_and(|(read, _)| read);
            let ports = r.ports.iter().filter(|p| p.matches(asked.port, asked.destination)).map(width).min();
            (!read, ports.unwrap_or(u32::MAX), r.peers.is_none())
        };
        let read = admitting.iter().any(|(_, r)| !rank(r).0);
        let mut asking: Vec<(Placed<'a>, Authentication)> = admitting
            .iter()
            .filter(|(_, r)| !read || !rank(r).0)
            .filter_map(|placed| Some((*placed, beyond(placed.1)?.1?)))
            .collect();
        gatehouse_model::order::by(&mut asking, |(a, mode_a), (b, mode_b)| {
            rank(a.1).cmp(&rank(b.1)).then(mode_b.cmp(mode_a))
        });
        let (placed, mode) = asking.first()?;
        // Nodes and the world have no identity that could be proven.
        let proves = mutual && asked.kind.is_none();
        match mode {
            Authentication::Disabled => None,
            Authentication::Required => (!proves).then_some(*placed),
            Authentication::AlwaysFail => Some(*placed),
        }
    }
}

/// How many numbers an entry matches.
const fn width(entry: &PortMatch) -> u32 {
    match entry {
        PortMatch::Range(_, first, last) => (*last as u32).saturating_sub(*first as u32) + 1,
        PortMatch::Named(..) => 1,
        PortMatch::Any(_) => 65_536,
        PortMatch::Nothing => 0,
    }
}

/// What the `Requires` of several policies leave together.
pub(super) fn requires<'a>(sides: impl Iterator<Item = &'a Side>) -> [Option<Bits>; 2] {
    let mut left: [Option<Bits>; 2] = [None, None];
    for side in sides {
        for (left, more) in left.iter_mut().zip(&side.requires) {
            match (&mut *left, more) {
                (Some(left), Some(more)) => left.intersect(more),
                (None, Some(more)) => *left = Some(more.clone()),
                (_, None) => {}
            }
        }
    }
    left
}

/// The first rule, policy by policy, that matches.
fn first<'a: 'b, 'b>(
    policies: impl Iterator<Item = &'b Selecting<'a>>,
    asked: &Asked<'_>,
) -> Option<Placed<'a>> {
    let mut rules = policies.flat_map(|(p, s)| s.rules.iter().map(move |r| (*p, r)));
    rules.find(|(_, r)| asked.lack(r).is_none())
}

impl Asked<'_> {
    /// What a rule lacks to match the packet; `None` where it matches.
    pub(super) fn lack(&self, rule: &Rule) -> Option<Lack> {
        let [allowing, denying] = &self.requires;
        let requires = if rule.action == Action::Deny { denying } else { allowing };
        let listed = rule.peers.as_ref().is_none_or(|peers| {
            peers.iter().any(|p| {
                let narrow = requires.as_ref().filter(|_| p.narrowed);
                match (self.peer, self.kind) {
                    (End::Pod(i), None) => p.pods.contains(i) && narrow.is_none_or(|left| left.contains(i)),
                    (End::Ip(ip), None) => p.holds(ip),
                    (peer, Some(kind)) => {
                        let outside = |ip: IpAddr| kind == WORLD && p.holds(ip);
                        (p.kinds & kind != 0 && narrow.is_none())
                            || matches!(peer, End::Ip(ip) if outside(ip))
                    }
                }
            })
        });
        if !listed {
            return Some(Lack::Peer);
        }
        let open = rule.ports.is_empty() || rule.ports.iter().any(|p| p.matches(self.port, self.destination));
        (!open).then_some(Lack::Port)
    }

    /// Whether a rule that matches does so through an entry for just this port, as Cilium's DNS proxy needs it.
    pub(super) fn names_port(&self, rule: &Rule) -> bool {
        rule.ports.iter().any(|p| width(p) == 1 && p.matches(self.port, self.destination))
    }
}
