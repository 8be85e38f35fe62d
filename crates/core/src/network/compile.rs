//! Policies, compiled against the pods there are: NetworkPolicy here, the others in modules of their own.

use std::net::IpAddr;
use std::sync::Arc;

use gatehouse_model::{Object, Value};

use super::addr::Cidr;
use super::admin_policy;
use super::bits::Bits;
use super::cilium;
use super::explain::End;
use super::index::LabelIndex;
use super::input::{Namespace, Pod, Snapshot};
use super::policy::{Action, Block, Direction, Peer, Policy, PortMatch, Protocol, Rule, Side, Tier};
use super::state::{Cni, Plugin};
use crate::cluster::Cluster;
use crate::decision::ObjectRef;

/// A compiled policy and the number it keeps while it does not change.
#[derive(Clone, Debug)]
pub(super) struct Numbered {
    pub(super) id: u64,
    pub(super) policy: Arc<Policy>,
}

/// What an object was compiled to.
#[derive(Clone, Debug)]
struct Compiled {
    source: Arc<Object>,
    policies: Vec<Numbered>,
}

/// Pods, namespaces and compiled policies. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Network {
    pub(super) facts: Arc<Facts>,
    compiled: Vec<Compiled>,
    /// In the order in which they are asked.
    pub(super) policies: Vec<Numbered>,
    next: u64,
    work: usize,
}

impl Network {
    /// The network of a cluster. What has not changed since it was last asked for is not compiled again.
    #[must_use]
    pub fn of(cluster: &Cluster) -> Self {
        cluster.networks.of(cluster)
    }

    /// A network of these namespaces, pods and policies (`networking.k8s.io/v1`, defaulted or not).
    #[must_use]
    pub fn new<'a>(
        namespaces: &[Namespace],
        pods: Vec<Pod>,
        policies: impl IntoIterator<Item = &'a Object>,
    ) -> Self {
        Self::compile(Snapshot {
            namespaces: namespaces.to_vec(),
            pods,
            policies: policies.into_iter().cloned().map(Arc::new).collect(),
            ..Snapshot::default()
        })
    }

    /// The network of a snapshot.
    #[must_use]
    pub fn compile(mut snapshot: Snapshot) -> Self {
        let policies = std::mem::take(&mut snapshot.policies);
        let facts = Arc::new(Facts::new(snapshot));
        Self { facts, compiled: Vec::new(), policies: Vec::new(), next: 0, work: 0 }.with(policies)
    }

    /// The network of a later snapshot: policies that are as they were are not compiled again.
    #[must_use]
    pub fn update(&self, mut snapshot: Snapshot) -> Self {
        let policies = std::mem::take(&mut snapshot.policies);
        if self.facts.snapshot == snapshot {
            return self.with(policies);
        }
        let facts = Arc::new(Facts::new(snapshot));
        Self { facts, compiled: Vec::new(), policies: Vec::new(), next: self.next, work: 0 }.with(policies)
    }

    /// This network with other policies.
    #[must_use]
    pub fn with(&self, policies: Vec<Arc<Object>>) -> Self {
        let mut next = self.next;
        let mut work = 0;
        // Policies are usually listed in the same order as last time.
        let mut compiled = Vec::with_capacity(policies.len());
        for (at, source) in policies.into_iter().enumerate() {
            let same = |c: &&Compiled| Arc::ptr_eq(&c.source, &source) || c.source == source;
            let known = self.compiled.get(at).filter(same).or_else(|| self.compiled.iter().find(same));
            if let Some(known) = known {
                compiled.push(Compiled { source, policies: known.policies.clone() });
                continue;
            }
            work += 1;
            let policies = self.facts.compile(&source).into_iter().map(|policy| {
                next += 1;
                Numbered { id: next, policy: Arc::new(policy) }
            });
            compiled.push(Compiled { policies: policies.collect(), source });
        }
        let mut policies: Vec<Numbered> = compiled.iter().flat_map(|c| c.policies.clone()).collect();
        gatehouse_model::order::by(&mut policies, |a, b| a.policy.tier.cmp(&b.policy.tier));
        Self { facts: Arc::clone(&self.facts), compiled, policies, next, work }
    }

    /// How many objects had to be compiled to make this network out of the one before.
    #[must_use]
    pub const fn work(&self) -> usize {
        self.work
    }

    /// The policies' objects, in the order given.
    pub fn sources(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.compiled.iter().map(|c| &c.source)
    }

    /// What an object was compiled to.
    pub(super) fn policies_of(&self, object: &Object) -> Vec<Arc<Policy>> {
        let found = self.compiled.iter().find(|c| *c.source == *object);
        found.iter().flat_map(|c| &c.policies).map(|n| Arc::clone(&n.policy)).collect()
    }

    /// The pods, in the order given.
    #[must_use]
    pub fn pods(&self) -> &[Pod] {
        &self.facts.snapshot.pods
    }

    /// The namespaces, in the order given.
    #[must_use]
    pub fn namespaces(&self) -> &[Namespace] {
        &self.facts.snapshot.namespaces
    }

    /// The network plugin that enforces the policies.
    #[must_use]
    pub fn plugin(&self) -> &Plugin {
        &self.facts.snapshot.plugin
    }

    /// Whose address this is: the pod's that has it in its own network, or nobody's within the cluster.
    #[must_use]
    pub fn end(&self, ip: IpAddr) -> End {
        let pod = self.pods().iter().position(|p| !p.host_network && p.ips.contains(&ip));
        pod.map_or(End::Ip(ip), End::Pod)
    }

    /// The position of a pod among [`Network::pods`].
    #[must_use]
    pub fn find(&self, namespace: &str, name: &str) -> Option<usize> {
        self.pods().iter().position(|p| p.namespace == namespace && p.name == name)
    }
}

/// What policies are compiled against: pods found by label, by namespace and by address.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) snapshot: Snapshot,
    pub(super) labels: LabelIndex,
    namespace_labels: LabelIndex,
    /// The pods of each namespace, as `snapshot.namespaces` are ordered.
    namespaces: Vec<Bits>,
    /// The pods with a network of their own.
    pub(super) selectable: Bits,
    /// What Cilium knows besides.
    pub(super) cilium: Option<cilium::Facts>,
}

impl Facts {
    fn new(snapshot: Snapshot) -> Self {
        let pods = &snapshot.pods;
        let selectable = Bits::of(pods.len(), |i| pods.get(i).is_some_and(|p| !p.host_network));
        let mut namespaces: Vec<Bits> = snapshot.namespaces.iter().map(|_| Bits::none(pods.len())).collect();
        let places = gatehouse_model::order::map(
            snapshot.namespaces.iter().enumerate().map(|(i, n)| (n.name.as_str(), i)),
        );
        for (i, pod) in pods.iter().enumerate() {
            let place = places.get(pod.namespace.as_str());
            if let Some(bits) = place.and_then(|p| namespaces.get_mut(*p)) {
                bits.insert(i);
            }
        }
        Self {
            labels: LabelIndex::new(pods.iter().map(|p| &p.labels)),
            namespace_labels: LabelIndex::new(snapshot.namespaces.iter().map(|n| &n.labels)),
            namespaces,
            selectable,
            cilium: (snapshot.plugin.cni == Cni::Cilium).then(|| cilium::Facts::new(&snapshot)),
            snapshot,
        }
    }

    pub(super) fn size(&self) -> usize {
        self.snapshot.pods.len()
    }

    /// Compiles an object; to nothing where the plugin does not know its kind.
    fn compile(&self, object: &Object) -> Vec<Policy> {
        match (object.kind(), self.snapshot.plugin.cni) {
            ("AdminNetworkPolicy" | "BaselineAdminNetworkPolicy", Cni::AdminPolicy) => {
                vec![admin_policy::compile(self, object)]
            }
            ("CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy", Cni::Cilium) => {
                cilium::compile(self, object)
            }
            ("NetworkPolicy" | "", _) => vec![self.network_policy(object)],
            _ => Vec::new(),
        }
    }

    pub(super) fn pods_of(&self, namespace: &str) -> Bits {
        let place = self.snapshot.namespaces.iter().position(|n| n.name == namespace);
        let found = place.and_then(|p| self.namespaces.get(p));
        found.cloned().unwrap_or_else(|| Bits::none(self.size()))
    }

    /// The pods of the namespaces a selector selects.
    pub(super) fn in_namespaces(&self, selector: &Value) -> Bits {
        let mut pods = Bits::none(self.size());
        for n in self.namespace_labels.select(selector).iter() {
            if let Some(bits) = self.namespaces.get(n) {
                pods.union(bits);
            }
        }
        pods
    }

    /// The pods one of whose addresses is in the block.
    pub(super) fn in_block(&self, block: &Block) -> Bits {
        let pods = &self.snapshot.pods;
        Bits::of(pods.len(), |i| pods.get(i).is_some_and(|p| p.ips.iter().any(|ip| block.contains(*ip))))
    }

    fn network_policy(&self, object: &Object) -> Policy {
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
        let side = |direction: Direction| {
            let word = direction.as_str();
            let rules = spec.list_at(&[word]).iter().enumerate();
            let rules =
                rules.map(|(i, rule)| self.rule(rule, format!("spec.{word}[{i}]"), direction, namespace));
            Side::new(true, rules.collect())
        };
        Policy {
            source: ObjectRef {
                kind: "NetworkPolicy".to_owned(),
                namespace: namespace.to_owned(),
                name: object.name().to_owned(),
            },
            tier: Tier::Standard,
            selects,
            nodes: Vec::new(),
            ingress: ingress.then(|| side(Direction::Ingress)),
            egress: egress.then(|| side(Direction::Egress)),
        }
    }

    fn rule(&self, rule: &Value, field: String, direction: Direction, namespace: &str) -> Rule {
        let list = rule.list_at(&[if direction == Direction::Ingress { "from" } else { "to" }]);
        let peers = (!list.is_empty()).then(|| list.iter().filter_map(|p| self.peer(p, namespace)).collect());
        let mut ports = Vec::new();
        for entry in rule.list_at(&["ports"]).iter().map(port_match) {
            if self.cilium.is_some() {
                cilium::Facts::settle(&self.snapshot, direction, entry, &mut ports);
            } else {
                ports.push(entry);
            }
        }
        Rule { field, action: Action::Allow, peers, ports, beyond: None }
    }

    fn peer(&self, peer: &Value, namespace: &str) -> Option<Peer> {
        if let Some(block) = peer.get("ipBlock").filter(|b| !b.is_null()) {
            let except = block.list_at(&["except"]).iter().filter_map(|e| Cidr::parse(e.as_str()?));
            let block = Block { cidr: Cidr::parse(block.str_at(&["cidr"]))?, except: except.collect() };
            // To Cilium a block is outside the cluster.
            let pods = if self.cilium.is_some() { Bits::none(self.size()) } else { self.in_block(&block) };
            return Some(Peer { blocks: vec![block], ..Peer::pods(pods) });
        }
        let mut pods = match peer.get("namespaceSelector").filter(|s| !s.is_null()) {
            None => self.pods_of(namespace),
            Some(selector) => self.in_namespaces(selector),
        };
        if let Some(selector) = peer.get("podSelector").filter(|s| !s.is_null()) {
            pods.intersect(&self.labels.select(selector));
        }
        pods.intersect(&self.selectable);
        Some(Peer::pods(pods))
    }
}

/// An entry of a NetworkPolicy rule's `ports`.
fn port_match(entry: &Value) -> PortMatch {
    let protocol = Protocol::of(entry);
    match entry.get("port") {
        Some(Value::Int(first)) => {
            let first = u16::try_from(*first).unwrap_or(0);
            let last = entry.i64_at(&["endPort"]).and_then(|l| u16::try_from(l).ok()).unwrap_or(first);
            PortMatch::Range(protocol, first, last)
        }
        Some(Value::Str(name)) => match name.parse() {
            Ok(number) => PortMatch::Range(protocol, number, number),
            Err(_) => PortMatch::Named(Some(protocol), name.to_string()),
        },
        _ => PortMatch::Any(protocol),
    }
}
