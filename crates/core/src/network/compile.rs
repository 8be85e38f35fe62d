//! Policies, compiled against the pods there are.

use std::net::IpAddr;
use std::sync::Arc;

use gatehouse_model::{Object, Value};

use super::addr::Cidr;
use super::bits::Bits;
use super::explain::End;
use super::index::LabelIndex;
use super::input::{Namespace, Pod};
use crate::cluster::Cluster;

/// Which way traffic goes, seen from the pod a policy selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Into the pod.
    Ingress,
    /// Out of the pod.
    Egress,
}

/// A transport protocol that policies can name.
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

/// One entry of a rule's `ports`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PortMatch {
    /// Any number of one protocol.
    Any(Protocol),
    /// From the first to the last number, both included.
    Range(Protocol, u16, u16),
    /// Whatever number the destination pod gives this name.
    Named(Protocol, String),
}

impl PortMatch {
    fn of(entry: &Value) -> Self {
        let protocol = Protocol::of(entry);
        match entry.get("port") {
            Some(Value::Int(first)) => {
                let first = u16::try_from(*first).unwrap_or(0);
                let last = entry.i64_at(&["endPort"]).and_then(|l| u16::try_from(l).ok()).unwrap_or(first);
                Self::Range(protocol, first, last)
            }
            Some(Value::Str(name)) => match name.parse() {
                Ok(number) => Self::Range(protocol, number, number),
                Err(_) => Self::Named(protocol, name.to_string()),
            },
            _ => Self::Any(protocol),
        }
    }

    /// Whether it matches `port` on `destination`. A named port never matches a bare address.
    pub(super) fn matches(&self, port: Port, destination: Option<&Pod>) -> bool {
        match self {
            Self::Any(protocol) => *protocol == port.protocol,
            Self::Range(protocol, first, last) => {
                *protocol == port.protocol && (*first..=*last).contains(&port.number)
            }
            Self::Named(protocol, name) => {
                *protocol == port.protocol
                    && destination.is_some_and(|d| d.named_port(name, *protocol) == Some(port.number))
            }
        }
    }
}

/// One entry of a rule's `from` or `to`.
#[derive(Clone, Debug)]
pub(super) enum Peer {
    /// Pods, by selectors; the set was found when the policy was compiled.
    Pods(Bits),
    /// Addresses.
    Block {
        cidr: Cidr,
        except: Vec<Cidr>,
        /// The pods whose address lies in the block.
        pods: Bits,
    },
}

impl Peer {
    pub(super) const fn pods(&self) -> &Bits {
        match self {
            Self::Pods(pods) | Self::Block { pods, .. } => pods,
        }
    }

    pub(super) fn contains_ip(&self, ip: IpAddr) -> bool {
        match self {
            Self::Pods(_) => false,
            Self::Block { cidr, except, .. } => in_block(cidr, except, ip),
        }
    }
}

fn in_block(cidr: &Cidr, except: &[Cidr], ip: IpAddr) -> bool {
    cidr.contains(ip) && !except.iter().any(|e| e.contains(ip))
}

/// One rule. An empty list of peers or ports matches everything.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) peers: Option<Vec<Peer>>,
    pub(super) ports: Vec<PortMatch>,
}

/// A policy.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) namespace: String,
    pub(super) name: String,
    /// The pods it selects.
    pub(super) selects: Bits,
    pub(super) ingress: Option<Vec<Rule>>,
    pub(super) egress: Option<Vec<Rule>>,
}

impl Policy {
    /// The rules for a direction; `None` where the policy says nothing about it.
    pub(super) fn rules(&self, direction: Direction) -> Option<&[Rule]> {
        match direction {
            Direction::Ingress => self.ingress.as_deref(),
            Direction::Egress => self.egress.as_deref(),
        }
    }

    pub(super) fn id(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

/// Pods, namespaces and compiled policies.
#[derive(Clone, Debug)]
pub struct Network {
    pub(super) pods: Vec<Pod>,
    pub(super) policies: Vec<Policy>,
}

impl Network {
    /// The network of a cluster.
    #[must_use]
    pub fn of(cluster: &Cluster) -> Self {
        let store = &cluster.store;
        let namespaces: Vec<Namespace> = store.list("namespaces", None).map(|o| Namespace::of(o)).collect();
        let pods: Vec<Pod> = store.list("pods", None).filter_map(|o| Pod::of(o)).collect();
        let policies: Vec<Arc<Object>> =
            store.list("networkpolicies.networking.k8s.io", None).cloned().collect();
        Self::new(&namespaces, pods, policies.iter().map(|p| &**p))
    }

    /// A network of these namespaces, pods and policies (`networking.k8s.io/v1`, defaulted or not).
    #[must_use]
    pub fn new<'a>(
        namespaces: &[Namespace],
        pods: Vec<Pod>,
        policies: impl IntoIterator<Item = &'a Object>,
    ) -> Self {
        let compiler = Compiler::new(namespaces, &pods);
        let policies = policies.into_iter().map(|p| compiler.policy(p)).collect();
        Self { pods, policies }
    }

    /// The pods, in the order given.
    #[must_use]
    pub fn pods(&self) -> &[Pod] {
        &self.pods
    }

    /// Whose address this is: the pod's that has it in its own network, or nobody's within the cluster.
    #[must_use]
    pub fn end(&self, ip: IpAddr) -> End {
        let pod = self.pods.iter().position(|p| !p.host_network && p.ips.contains(&ip));
        pod.map_or(End::Ip(ip), End::Pod)
    }

    /// The position of a pod among [`Network::pods`].
    #[must_use]
    pub fn find(&self, namespace: &str, name: &str) -> Option<usize> {
        self.pods.iter().position(|p| p.namespace == namespace && p.name == name)
    }
}

struct Compiler<'a> {
    pods: &'a [Pod],
    labels: LabelIndex,
    namespace_labels: LabelIndex,
    /// The pods of each namespace, as `namespaces` are ordered.
    namespaces: Vec<(&'a str, Bits)>,
    selectable: Bits,
}

impl<'a> Compiler<'a> {
    fn new(namespaces: &'a [Namespace], pods: &'a [Pod]) -> Self {
        let mut selectable = Bits::none(pods.len());
        for (i, _) in pods.iter().enumerate().filter(|(_, p)| !p.host_network) {
            selectable.insert(i);
        }
        let of_namespace = |name: &str| {
            let mut bits = Bits::none(pods.len());
            for (i, _) in pods.iter().enumerate().filter(|(_, p)| p.namespace == name) {
                bits.insert(i);
            }
            bits
        };
        Self {
            pods,
            labels: LabelIndex::new(pods.iter().map(|p| &p.labels)),
            namespace_labels: LabelIndex::new(namespaces.iter().map(|n| &n.labels)),
            namespaces: namespaces.iter().map(|n| (n.name.as_str(), of_namespace(&n.name))).collect(),
            selectable,
        }
    }

    fn pods_of(&self, namespace: &str) -> Bits {
        let found = self.namespaces.iter().find(|(name, _)| *name == namespace);
        found.map_or_else(|| Bits::none(self.pods.len()), |(_, bits)| bits.clone())
    }

    fn policy(&self, object: &Object) -> Policy {
        let spec = object.get("spec").unwrap_or(&Value::Null);
        let namespace = if object.namespace().is_empty() { "default" } else { object.namespace() };
        let mut selects = self.pods_of(namespace);
        selects.intersect(&self.selectable);
        selects.intersect(&self.labels.select(spec.get("podSelector").unwrap_or(&Value::Null)));
        let types: Vec<&str> = spec.list_at(&["policyTypes"]).iter().filter_map(Value::as_str).collect();
        // Without policyTypes: always ingress, and egress where a rule for it is written.
        let (ingress, egress) = if types.is_empty() {
            (true, !spec.list_at(&["egress"]).is_empty())
        } else {
            (types.contains(&"Ingress"), types.contains(&"Egress"))
        };
        Policy {
            namespace: namespace.to_owned(),
            name: object.name().to_owned(),
            selects,
            ingress: ingress.then(|| self.rules(spec.list_at(&["ingress"]), "from", namespace)),
            egress: egress.then(|| self.rules(spec.list_at(&["egress"]), "to", namespace)),
        }
    }

    fn rules(&self, rules: &[Value], peers: &str, namespace: &str) -> Vec<Rule> {
        rules
            .iter()
            .map(|rule| {
                let list = rule.list_at(&[peers]);
                let peers =
                    (!list.is_empty()).then(|| list.iter().filter_map(|p| self.peer(p, namespace)).collect());
                Rule { peers, ports: rule.list_at(&["ports"]).iter().map(PortMatch::of).collect() }
            })
            .collect()
    }

    fn peer(&self, peer: &Value, namespace: &str) -> Option<Peer> {
        if let Some(block) = peer.get("ipBlock").filter(|b| !b.is_null()) {
            let cidr = Cidr::parse(block.str_at(&["cidr"]))?;
            let except: Vec<Cidr> =
                block.list_at(&["except"]).iter().filter_map(|e| Cidr::parse(e.as_str()?)).collect();
            let mut pods = Bits::none(self.pods.len());
            for (i, pod) in self.pods.iter().enumerate() {
                if pod.ips.iter().any(|ip| in_block(&cidr, &except, *ip)) {
                    pods.insert(i);
                }
            }
            return Some(Peer::Block { cidr, except, pods });
        }
        let mut pods = match peer.get("namespaceSelector").filter(|s| !s.is_null()) {
            None => self.pods_of(namespace),
            Some(selector) => {
                let mut pods = Bits::none(self.pods.len());
                for n in self.namespace_labels.select(selector).iter() {
                    if let Some((_, bits)) = self.namespaces.get(n) {
                        pods.union(bits);
                    }
                }
                pods
            }
        };
        if let Some(selector) = peer.get("podSelector").filter(|s| !s.is_null()) {
            pods.intersect(&self.labels.select(selector));
        }
        pods.intersect(&self.selectable);
        Some(Peer::Pods(pods))
    }
}
