//! What the network is about: namespaces, pods, nodes and policies, read from stored objects.

use std::net::IpAddr;
use std::sync::Arc;

use gatehouse_model::{Map, Object, Value};

use super::cilium::Settings;
use super::policy::Protocol;
use super::state::{Cni, Plugin};
use crate::cluster::Cluster;

/// A namespace and its labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Map,
}

/// A port a container declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerPort {
    /// Empty where it has none.
    pub name: String,
    /// The number.
    pub number: u16,
    /// The protocol.
    pub protocol: Protocol,
}

/// A pod as the network sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Map,
    /// Its addresses, the primary one first.
    pub ips: Vec<IpAddr>,
    /// The ports its containers declare.
    pub ports: Vec<ContainerPort>,
    /// Whether it lives in the node's own network: policies then neither select nor match it.
    pub host_network: bool,
    /// The node it runs on.
    pub node: String,
    /// Its service account.
    pub service_account: String,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Map,
    /// Its addresses.
    pub ips: Vec<IpAddr>,
}

impl Node {
    /// Reads a stored `Node`.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        let addresses = object.list_at(&["status", "addresses"]).iter();
        Self {
            name: object.name().to_owned(),
            labels: object.labels().clone(),
            ips: addresses.filter_map(|a| a.str_at(&["address"]).parse().ok()).collect(),
        }
    }
}

/// All that decides who may reach whom, at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The namespaces.
    pub namespaces: Vec<Namespace>,
    /// The pods.
    pub pods: Vec<Pod>,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// What Cilium's policies may refer to: Services, Endpoints, CiliumCIDRGroups.
    pub referred: Vec<Arc<Object>>,
    /// The network plugin.
    pub plugin: Plugin,
    /// Cilium's settings.
    pub settings: Settings,
    /// The policies of every kind, defaulted or not. The plugin decides which of them count.
    pub policies: Vec<Arc<Object>>,
}

impl Snapshot {
    /// What a cluster holds now.
    #[must_use]
    pub fn of(cluster: &Cluster) -> Self {
        let store = &cluster.store;
        let mut snapshot = Self {
            namespaces: store.list("namespaces", None).map(|o| Namespace::of(o)).collect(),
            pods: store.list("pods", None).filter_map(|o| Pod::of(o)).collect(),
            policies: store.list("networkpolicies.networking.k8s.io", None).cloned().collect(),
            plugin: cluster.network.clone(),
            ..Self::default()
        };
        let mut also = |tables: &[&str]| {
            for table in tables {
                snapshot.policies.extend(store.list(table, None).cloned());
            }
        };
        match snapshot.plugin.cni {
            Cni::Enforcing => {}
            Cni::AdminPolicy => {
                also(&[
                    "adminnetworkpolicies.policy.networking.k8s.io",
                    "baselineadminnetworkpolicies.policy.networking.k8s.io",
                ]);
                snapshot.nodes.extend(store.list("nodes", None).map(|o| Node::of(o)));
            }
            Cni::Cilium => {
                also(&["ciliumnetworkpolicies.cilium.io", "ciliumclusterwidenetworkpolicies.cilium.io"]);
                snapshot.nodes.extend(store.list("nodes", None).map(|o| Node::of(o)));
                for table in ["services", "endpoints", "ciliumcidrgroups.cilium.io"] {
                    snapshot.referred.extend(store.list(table, None).cloned());
                }
                let config = store.get("configmaps", "kube-system", "cilium-config");
                snapshot.settings = config.map_or_else(Settings::default, |c| Settings::of(c));
            }
        }
        snapshot
    }
}

impl Namespace {
    /// Reads a stored `Namespace`.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        Self { name: object.name().to_owned(), labels: object.labels().clone() }
    }
}

impl Pod {
    /// Reads a stored `Pod`; `None` once it has finished or while it has no address.
    #[must_use]
    pub fn of(object: &Object) -> Option<Self> {
        let status = object.get("status")?;
        if matches!(status.str_at(&["phase"]), "Succeeded" | "Failed") {
            return None;
        }
        let mut ips: Vec<IpAddr> =
            status.list_at(&["podIPs"]).iter().filter_map(|ip| ip.str_at(&["ip"]).parse().ok()).collect();
        if ips.is_empty() {
            ips.extend(status.str_at(&["podIP"]).parse::<IpAddr>());
        }
        if ips.is_empty() {
            return None;
        }
        let containers =
            ["initContainers", "containers"].into_iter().flat_map(|list| object.list_at(&["spec", list]));
        let sidecars_only = |c: &&Value| {
            object.list_at(&["spec", "containers"]).contains(c) || c.str_at(&["restartPolicy"]) == "Always"
        };
        Some(Self {
            namespace: object.namespace().to_owned(),
            name: object.name().to_owned(),
            labels: object.labels().clone(),
            ips,
            ports: containers
                .filter(sidecars_only)
                .flat_map(|c| c.list_at(&["ports"]))
                .filter_map(port)
                .collect(),
            host_network: object.bool_at(&["spec", "hostNetwork"]) == Some(true),
            node: object.str_at(&["spec", "nodeName"]).to_owned(),
            service_account: object.str_at(&["spec", "serviceAccountName"]).to_owned(),
        })
    }

    /// How people write it: `namespace/name`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The number the named port has on this pod for this protocol; the first declared wins.
    #[must_use]
    pub fn named_port(&self, name: &str, protocol: Protocol) -> Option<u16> {
        self.ports.iter().find(|p| p.name == name && p.protocol == protocol).map(|p| p.number)
    }
}

fn port(v: &Value) -> Option<ContainerPort> {
    Some(ContainerPort {
        name: v.str_at(&["name"]).to_owned(),
        number: u16::try_from(v.i64_at(&["containerPort"])?).ok()?,
        protocol: Protocol::of(v),
    })
}
