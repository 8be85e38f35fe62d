//! One packet's fate, and why.

use std::net::IpAddr;

use super::compile::{Direction, Network, Policy, Port, Rule};
use super::input::Pod;
use crate::decision::{Bearing, Cause, ObjectRef};

/// One end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A pod, by its position among [`Network::pods`].
    Pod(usize),
    /// An address outside the cluster's pods.
    Ip(IpAddr),
}

/// What the policies at one end say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HalfVerdict {
    /// Whether they let it pass.
    pub allowed: bool,
    /// The rule that admitted it, or what each policy that selects the pod lacked.
    pub because: Vec<Cause>,
}

/// What the policies at both ends say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// At the source.
    pub egress: HalfVerdict,
    /// At the destination.
    pub ingress: HalfVerdict,
}

impl Flow {
    /// Whether the packet arrives: both ends must let it pass.
    #[must_use]
    pub const fn allowed(&self) -> bool {
        self.egress.allowed && self.ingress.allowed
    }
}

impl Network {
    /// Whether `from` may open a connection to `port` of `to`, and why. Traffic of a pod to itself always passes.
    #[must_use]
    pub fn flow(&self, from: End, to: End, port: Port) -> Flow {
        if from == to {
            let same = HalfVerdict { allowed: true, because: vec![noted("a pod always reaches itself")] };
            return Flow { egress: same.clone(), ingress: same };
        }
        Flow {
            egress: self.half(Direction::Egress, from, to, port, to),
            ingress: self.half(Direction::Ingress, to, from, port, to),
        }
    }

    /// What the policies that select `subject` say of traffic with `peer`.
    fn half(
        &self,
        direction: Direction,
        subject: End,
        peer: End,
        port: Port,
        destination: End,
    ) -> HalfVerdict {
        let End::Pod(subject) = subject else {
            return HalfVerdict {
                allowed: true,
                because: vec![noted("no policy selects an address outside the cluster")],
            };
        };
        let Some(pod) = self.pods.get(subject) else {
            return HalfVerdict { allowed: true, because: Vec::new() };
        };
        let selecting: Vec<(&Policy, &[Rule])> = self
            .policies
            .iter()
            .filter(|p| p.selects.contains(subject))
            .filter_map(|p| p.rules(direction).map(|r| (p, r)))
            .collect();
        let word = if direction == Direction::Ingress { "ingress" } else { "egress" };
        if selecting.is_empty() {
            let why = if pod.host_network {
                format!("{} uses the node's network, which policies do not select", pod.id())
            } else {
                format!("no {word} policy selects {}", pod.id())
            };
            return HalfVerdict { allowed: true, because: vec![noted(&why)] };
        }
        let destination = match destination {
            End::Pod(i) => self.pods.get(i),
            End::Ip(_) => None,
        };
        let mut lacked = Vec::new();
        for (policy, rules) in &selecting {
            if rules.is_empty() {
                lacked.push(cause(
                    policy,
                    word,
                    None,
                    Bearing::NearMiss,
                    "has no rule, so it admits nothing".to_owned(),
                ));
            }
            for (i, rule) in rules.iter().enumerate() {
                match lack(rule, peer, port, destination) {
                    None => {
                        let text = format!(
                            "admits {} on {}/{}",
                            self.describe(peer),
                            port.protocol.as_str(),
                            port.number
                        );
                        return HalfVerdict {
                            allowed: true,
                            because: vec![cause(policy, word, Some(i), Bearing::Decided, text)],
                        };
                    }
                    Some(Lack::Peer) => {
                        let text = format!("does not list {}", self.describe(peer));
                        lacked.push(cause(policy, word, Some(i), Bearing::NearMiss, text));
                    }
                    Some(Lack::Port) => {
                        let text = format!(
                            "lists the peer, but not port {}/{}",
                            port.protocol.as_str(),
                            port.number
                        );
                        lacked.push(cause(policy, word, Some(i), Bearing::NearMiss, text));
                    }
                }
            }
        }
        HalfVerdict { allowed: false, because: lacked }
    }

    fn describe(&self, end: End) -> String {
        match end {
            End::Pod(i) => self.pods.get(i).map(Pod::id).unwrap_or_default(),
            End::Ip(ip) => ip.to_string(),
        }
    }
}

enum Lack {
    Peer,
    Port,
}

fn lack(rule: &Rule, peer: End, port: Port, destination: Option<&Pod>) -> Option<Lack> {
    let listed = rule.peers.as_ref().is_none_or(|peers| {
        peers.iter().any(|p| match peer {
            End::Pod(i) => p.pods().contains(i),
            End::Ip(ip) => p.contains_ip(ip),
        })
    });
    if !listed {
        return Some(Lack::Peer);
    }
    let open = rule.ports.is_empty() || rule.ports.iter().any(|p| p.matches(port, destination));
    (!open).then_some(Lack::Port)
}

fn noted(text: &str) -> Cause {
    Cause { bearing: Bearing::Noted, object: None, field: String::new(), text: text.to_owned() }
}

fn cause(policy: &Policy, word: &str, rule: Option<usize>, bearing: Bearing, text: String) -> Cause {
    let field = rule.map_or_else(|| format!("spec.{word}"), |i| format!("spec.{word}[{i}]"));
    let object = ObjectRef {
        kind: "NetworkPolicy".into(),
        namespace: policy.namespace.clone(),
        name: policy.name.clone(),
    };
    let text = format!("NetworkPolicy {} {field} {text}", policy.id());
    Cause { bearing, object: Some(object), field, text }
}
