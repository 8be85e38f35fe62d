//! What every kind of policy is compiled to: whom it selects, and rules that match peers and ports.
//!
//! NetworkPolicy, the two admin policies and Cilium's differ in how rules are written and in who wins ([`Tier`],
//! [`Action`]); what a rule matches is the same thing everywhere. Knows no manifests.

use std::net::IpAddr;
use std::sync::Arc;

use gatehouse_model::Value;

use super::addr::Cidr;
use super::bits::Bits;
use super::cilium::Beyond;
use super::input::Pod;
use crate::decision::ObjectRef;

/// Which way traffic goes, seen from the pod a policy selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Into the pod.
    Ingress,
    /// Out of the pod.
    Egress,
}

impl Direction {
    /// As manifests write it in small letters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}

/// A protocol that policies can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP, the default.
    #[default]
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
    /// ICMP; the port is the message's type, 8 for what `ping` sends.
    Icmp,
    /// ICMP of IPv6; the port is the message's type, 128 for what `ping` sends.
    Icmpv6,
}

impl Protocol {
    /// Reads `TCP`, `UDP`, `SCTP`, `ICMP` or `ICMPv6`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "TCP" => Some(Self::Tcp),
            "UDP" => Some(Self::Udp),
            "SCTP" => Some(Self::Sctp),
            "ICMP" => Some(Self::Icmp),
            "ICMPv6" => Some(Self::Icmpv6),
            _ => None,
        }
    }

    /// The `protocol` member of a port; TCP where there is none.
    pub(super) fn of(port: &Value) -> Self {
        Self::parse(port.str_at(&["protocol"])).unwrap_or_default()
    }

    /// The word manifests use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
            Self::Icmp => "ICMP",
            Self::Icmpv6 => "ICMPv6",
        }
    }
}

/// A destination port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    /// The protocol.
    pub protocol: Protocol,
    /// The number.
    pub number: u16,
}

impl Port {
    /// What `ping` to `to` sends: an echo request of its family.
    #[must_use]
    pub const fn echo(to: IpAddr) -> Self {
        if to.is_ipv4() {
            Self { protocol: Protocol::Icmp, number: 8 }
        } else {
            Self { protocol: Protocol::Icmpv6, number: 128 }
        }
    }
}

impl std::fmt::Display for Port {
    /// `TCP/80`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.protocol.as_str(), self.number)
    }
}

/// One entry of a rule's ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PortMatch {
    /// Any number of one protocol.
    Any(Protocol),
    /// From the first to the last number, both included.
    Range(Protocol, u16, u16),
    /// Whatever number the destination pod gives this name, for one protocol or for any.
    Named(Option<Protocol>, String),
    /// No port at all.
    Nothing,
}

impl PortMatch {
    /// Whether it matches `port` on `destination`. A named port never matches a bare address.
    pub(super) fn matches(&self, port: Port, destination: Option<&Pod>) -> bool {
        match self {
            Self::Nothing => false,
            Self::Any(protocol) => *protocol == port.protocol,
            Self::Range(protocol, first, last) => {
                *protocol == port.protocol && (*first..=*last).contains(&port.number)
            }
            Self::Named(protocol, name) => {
                protocol.is_none_or(|p| p == port.protocol)
                    && destination.is_some_and(|d| d.named_port(name, port.protocol) == Some(port.number))
            }
        }
    }
}

/// A block of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) cidr: Cidr,
    pub(super) except: Vec<Cidr>,
}

impl Block {
    pub(super) fn contains(&self, ip: IpAddr) -> bool {
        self.cidr.contains(ip) && !self.except.iter().any(|e| e.contains(ip))
    }

    /// One address.
    pub(super) fn single(ip: IpAddr) -> Self {
        Self { cidr: Cidr::single(ip), except: Vec::new() }
    }
}

/// One peer of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    /// The pods it matches, found when the policy was compiled; those whose address lies in a block among them.
    pub(super) pods: Bits,
    /// Addresses that are no pod's.
    pub(super) blocks: Vec<Block>,
    /// What has no pod and no fixed address: the node the subject runs on, the world. Only Cilium tells them apart.
    pub(super) kinds: u8,
    /// Whether Cilium's `fromRequires` and `toRequires` narrow it.
    pub(super) narrowed: bool,
}

impl Peer {
    pub(super) const fn pods(pods: Bits) -> Self {
        Self { pods, blocks: Vec::new(), kinds: 0, narrowed: false }
    }

    pub(super) fn holds(&self, ip: IpAddr) -> bool {
        self.blocks.iter().any(|b| b.contains(ip))
    }
}

/// What a rule does with what it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Allow,
    Deny,
    /// On to the next tier.
    Pass,
}

/// One rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Where it stands, `spec.ingress[0]`.
    pub(super) field: String,
    pub(super) action: Action,
    /// Everyone, where it names nobody.
    pub(super) peers: Option<Arc<[Peer]>>,
    /// Every port of every protocol, where it names none.
    pub(super) ports: Vec<PortMatch>,
    /// What it asks for beyond addresses and ports.
    pub(super) beyond: Option<Box<Beyond>>,
}

/// The rules for one direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    /// Whether what no rule allows is denied.
    pub(super) isolates: bool,
    pub(super) rules: Vec<Rule>,
    /// Pods to which Cilium's `Requires` narrow peers, of allowing and of denying rules.
    pub(super) requires: [Option<Bits>; 2],
    /// The port names its rules use.
    pub(super) names: Vec<(Option<Protocol>, String)>,
}

impl Side {
    pub(super) fn new(isolates: bool, rules: Vec<Rule>) -> Self {
        let mut names = Vec::new();
        for entry in rules.iter().flat_map(|r| &r.ports) {
            if let PortMatch::Named(protocol, name) = entry
                && !names.contains(&(*protocol, name.clone()))
            {
                names.push((*protocol, name.clone()));
            }
        }
        Self { isolates, rules, requires: [None, None], names }
    }
}

/// Which policies are asked before which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    /// AdminNetworkPolicy by rising priority: the first rule that matches decides or passes on.
    Admin(i64),
    /// NetworkPolicy and Cilium's policies: all together; a denying rule wins over allowing ones.
    Standard,
    /// BaselineAdminNetworkPolicy: the first rule that matches decides.
    Baseline,
}

/// A policy, or one of several a Cilium object holds.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// The object it was read from.
    pub(super) source: ObjectRef,
    pub(super) tier: Tier,
    /// The pods it selects.
    pub(super) selects: Bits,
    /// The nodes it selects, by position.
    pub(super) nodes: Vec<usize>,
    pub(super) ingress: Option<Side>,
    pub(super) egress: Option<Side>,
}

impl Policy {
    /// What it says of a direction; `None` where it says nothing about it.
    pub(super) const fn side(&self, direction: Direction) -> Option<&Side> {
        match direction {
            Direction::Ingress => self.ingress.as_ref(),
            Direction::Egress => self.egress.as_ref(),
        }
    }

    /// How people write it: `NetworkPolicy shop/web`.
    pub(super) fn id(&self) -> String {
        self.source.to_string()
    }
}
