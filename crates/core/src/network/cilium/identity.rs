//! Who is who to Cilium: the labels of pods, and the identities of what is no pod.

use std::net::IpAddr;
use std::sync::Arc;

use gatehouse_model::{Map, Object, Value};

use super::super::bits::Bits;
use super::super::index::LabelIndex;
use super::super::input::Snapshot;
use super::super::policy::{Direction, PortMatch, Protocol};

/// The subject's own node.
pub(in super::super) const HOST: u8 = 1;
/// The subject's own node, where the API server runs there.
pub(in super::super) const HOST_API: u8 = 2;
/// Another node.
pub(in super::super) const REMOTE: u8 = 4;
/// Another node, where the API server runs there.
pub(in super::super) const REMOTE_API: u8 = 8;
/// Outside the cluster.
pub(in super::super) const WORLD: u8 = 16;
/// The subject's own node, whatever runs there.
pub(in super::super) const HOSTS: u8 = HOST | HOST_API;

/// The reserved labels of the identities above, in the order of their bits.
const RESERVED: [&[&str]; 5] = [
    &["reserved:host"],
    &["reserved:host", "reserved:kube-apiserver"],
    &["reserved:remote-node"],
    &["reserved:remote-node", "reserved:kube-apiserver"],
    &["reserved:world"],
];

/// The label that holds a pod's namespace.
pub(super) const NAMESPACE: &str = "io.kubernetes.pod.namespace";
/// What stands before the labels of a pod's namespace.
pub(super) const NAMESPACE_LABELS: &str = "io.cilium.k8s.namespace.labels.";

/// What Cilium knows besides pods and namespaces.
#[derive(Debug)]
pub(in super::super) struct Facts {
    /// Pods by the labels of their identities.
    pub(super) pods: LabelIndex,
    /// What is no pod, by its reserved labels.
    pub(super) reserved: LabelIndex,
    /// The node of each pod, by position; `usize::MAX` where it is unknown.
    node_of: Vec<usize>,
    /// For each node: the pods that live in its own network.
    hosted: Vec<Bits>,
    /// For each node: whether the API server runs there.
    api: Vec<bool>,
    /// The API server's addresses that are no node's.
    pub(super) api_outside: Vec<IpAddr>,
    nodes: Vec<Vec<IpAddr>>,
}

impl Facts {
    pub(in super::super) fn new(snapshot: &Snapshot) -> Self {
        let namespaces: std::collections::BTreeMap<&str, &Map> =
            snapshot.namespaces.iter().map(|n| (n.name.as_str(), &n.labels)).collect();
        let identities: Vec<Map> = snapshot
            .pods
            .iter()
            .map(|pod| {
                let mut labels = Map::new();
                for (key, value) in pod.labels.iter().filter(|(key, _)| matters(key)) {
                    labels.insert(key, value.clone());
                }
                labels.insert(NAMESPACE, pod.namespace.as_str());
                labels.insert("io.cilium.k8s.policy.cluster", "default");
                labels.insert("io.cilium.k8s.policy.serviceaccount", pod.service_account.as_str());
                for (key, value) in namespaces.get(pod.namespace.as_str()).iter().flat_map(|l| l.iter()) {
                    labels.insert(format!("{NAMESPACE_LABELS}{key}"), value.clone());
                }
                labels
            })
            .collect();
        let reserved: Vec<Map> =
            RESERVED.iter().map(|labels| labels.iter().map(|l| (*l, "")).collect()).collect();
        let place = |name: &str| snapshot.nodes.iter().position(|n| n.name == name).unwrap_or(usize::MAX);
        let node_of: Vec<usize> = snapshot.pods.iter().map(|p| place(&p.node)).collect();
        let hosted = (0..snapshot.nodes.len()).map(|n| {
            Bits::of(snapshot.pods.len(), |i| {
                node_of.get(i) == Some(&n) && snapshot.pods.get(i).is_some_and(|p| p.host_network)
            })
        });
        let servers = api_servers(&snapshot.referred);
        let nodes: Vec<Vec<IpAddr>> = snapshot.nodes.iter().map(|n| n.ips.clone()).collect();
        Self {
            pods: LabelIndex::new(identities.iter()),
            reserved: LabelIndex::new(reserved.iter()),
            hosted: hosted.collect(),
            api: nodes.iter().map(|ips| ips.iter().any(|ip| servers.contains(ip))).collect(),
            api_outside: servers.into_iter().filter(|s| !nodes.iter().flatten().any(|ip| ip == s)).collect(),
            node_of,
            nodes,
        }
    }

    /// The node a pod runs on.
    pub(in super::super) fn node_of_pod(&self, pod: usize) -> Option<usize> {
        self.node_of.get(pod).copied().filter(|n| *n != usize::MAX)
    }

    /// The node that has an address.
    pub(in super::super) fn node_of_ip(&self, ip: IpAddr) -> Option<usize> {
        self.nodes.iter().position(|ips| ips.contains(&ip))
    }

    /// The identity that a node has to a subject on `own`.
    pub(in super::super) fn kind(&self, own: Option<usize>, node: usize) -> u8 {
        match (own == Some(node), self.api.get(node) == Some(&true)) {
            (true, false) => HOST,
            (true, true) => HOST_API,
            (false, false) => REMOTE,
            (false, true) => REMOTE_API,
        }
    }

    /// Whether there are pods in a node's own network: what they are depends on where one asks.
    pub(in super::super) fn has_hosted(&self) -> bool {
        self.hosted.iter().any(|b| !b.is_empty())
    }

    /// The pods in nodes' own networks that have one of these identities to a subject on `own`.
    pub(in super::super) fn hosted(&self, own: Option<usize>, kinds: u8, into: &mut Bits) {
        for (node, pods) in self.hosted.iter().enumerate() {
            if self.kind(own, node) & kinds != 0 {
                into.union(pods);
            }
        }
    }

    /// A port entry as Cilium compiles it. A name that stands for a destination's port is looked up among all pods of
    /// the cluster: where they do not agree, or nobody has it, the entry matches nothing.
    pub(in super::super) fn settle(
        snapshot: &Snapshot,
        direction: Direction,
        entry: PortMatch,
        into: &mut Vec<PortMatch>,
    ) {
        let PortMatch::Named(protocol, name) = &entry else { return into.push(entry) };
        if direction == Direction::Ingress {
            return into.push(entry);
        }
        for of in [Protocol::Tcp, Protocol::Udp, Protocol::Sctp] {
            if protocol.is_some_and(|p| p != of) {
                continue;
            }
            let mut numbers = snapshot.pods.iter().filter_map(|p| p.named_port(name, of));
            match numbers.next() {
                Some(first) if numbers.all(|n| n == first) => into.push(PortMatch::Range(of, first, first)),
                _ => into.push(PortMatch::Nothing),
            }
        }
    }
}

/// Whether a label of a pod is part of its identity, by Cilium's default filter.
///
/// Models `pkg/labelsfilter/filter.go`.
fn matters(key: &str) -> bool {
    if key.starts_with("app.kubernetes.io") {
        return true;
    }
    let dropped = [
        "io.kubernetes",
        "kubernetes.io",
        "k8s.io",
        "annotation",
        "etcd_node",
        "pod-template-generation",
        "pod-template-hash",
        "controller-revision-hash",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/job-completion-index",
    ];
    !dropped.iter().any(|d| key.starts_with(d)) && !key.contains("beta.kubernetes.io")
}

/// The addresses behind the Service `default/kubernetes`.
fn api_servers(referred: &[Arc<Object>]) -> Vec<IpAddr> {
    let endpoints = referred
        .iter()
        .find(|o| o.kind() == "Endpoints" && o.namespace() == "default" && o.name() == "kubernetes");
    let subsets = endpoints.map_or(&[][..], |e| e.list_at(&["subsets"]));
    subsets.iter().flat_map(|s| s.list_at(&["addresses"])).filter_map(address).collect()
}

/// The address of an entry of Endpoints.
pub(super) fn address(entry: &Value) -> Option<IpAddr> {
    entry.str_at(&["ip"]).parse().ok()
}
