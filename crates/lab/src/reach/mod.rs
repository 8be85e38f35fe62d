//! The connectivity of any manifests, without a cluster: `gatehouse reach`.

mod change;
mod explain;
mod flows;
mod print;

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_core::network::{Cni, Matrix, Namespace, Network, Node, Pod, Snapshot, Useless};
use gatehouse_model::{Object, Value, json, yaml};

pub use crate::check::port;
pub use change::{Change, changes};
pub(crate) use explain::end;
pub use explain::{Question, explain};
pub use gatehouse_core::network::Port;

/// Why something cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReachError {
    /// File and line.
    pub place: String,
    /// What is wrong there.
    pub why: String,
}

/// The network some manifests describe.
#[derive(Clone, Debug)]
pub struct Reach {
    network: Network,
}

/// Kinds that make pods, and where they keep what the pods are like.
const WORKLOADS: [(&str, &[&str]); 7] = [
    ("Deployment", &["spec", "template"]),
    ("ReplicaSet", &["spec", "template"]),
    ("StatefulSet", &["spec", "template"]),
    ("DaemonSet", &["spec", "template"]),
    ("ReplicationController", &["spec", "template"]),
    ("Job", &["spec", "template"]),
    ("CronJob", &["spec", "jobTemplate", "spec", "template"]),
];

/// Kinds that are in `default` where they do not say.
const NAMESPACED: [&str; 5] = ["Pod", "NetworkPolicy", "CiliumNetworkPolicy", "Service", "Endpoints"];

const POLICIES: [&str; 5] = [
    "NetworkPolicy",
    "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy",
    "CiliumNetworkPolicy",
    "CiliumClusterwideNetworkPolicy",
];

impl Reach {
    /// Reads manifests, each with the name of its file. Lists are opened; kinds the network does not know are passed
    /// over. Of two with the same kind and name the later counts. A workload counts as one pod of its name. Pods without an address get one, so that manifests need not come
    /// from a running cluster; a namespace that is only mentioned exists, with the label every namespace has. Without a
    /// `cni`, the plugin is one that knows the policies there are.
    ///
    /// # Errors
    /// The first document that cannot be read.
    pub fn read(texts: &[(String, String)], cni: Option<Cni>) -> Result<Self, ReachError> {
        Self::parse(texts, cni).map(Self::compile)
    }

    /// The first half of [`Reach::read`]: what the manifests say.
    ///
    /// # Errors
    /// The first document that cannot be read.
    pub fn parse(texts: &[(String, String)], cni: Option<Cni>) -> Result<Snapshot, ReachError> {
        let mut objects = Vec::new();
        for (file, text) in texts {
            for document in yaml::parse_all(text) {
                let document = document
                    .map_err(|e| ReachError { place: format!("{file}:{}", e.line), why: e.to_string() })?;
                open(document.value, &mut objects);
            }
        }
        let mut snapshot = Snapshot::default();
        let mut mentioned = Vec::new();
        for mut object in latest(objects) {
            let workload = WORKLOADS.iter().find(|(kind, _)| *kind == object.kind());
            if let Some((_, at)) = workload {
                object = pod_of(&object, at);
            }
            let kind = object.kind().to_owned();
            if NAMESPACED.contains(&kind.as_str()) {
                if object.namespace().is_empty() {
                    object.set(&["metadata", "namespace"], "default");
                }
                mentioned.push(object.namespace().to_owned());
            }
            match kind.as_str() {
                "Namespace" => {
                    let mut namespace = Namespace::of(&object);
                    namespace.labels.insert("kubernetes.io/metadata.name", object.name());
                    snapshot.namespaces.push(namespace);
                }
                "Pod" => {
                    if object.str_at(&["status", "podIP"]).is_empty()
                        && object.list_at(&["status", "podIPs"]).is_empty()
                    {
                        let n = snapshot.pods.len() + 1;
                        let ip = format!("10.{}.{}.{}", 128 + n / 65_536 % 64, n / 256 % 256, n % 256);
                        object.set(&["status", "podIP"], ip);
                    }
                    snapshot.pods.extend(Pod::of(&object));
                }
                "Node" => snapshot.nodes.push(Node::of(&object)),
                "Service" | "Endpoints" | "CiliumCIDRGroup" => snapshot.referred.push(Arc::new(object)),
                kind if POLICIES.contains(&kind) => snapshot.policies.push(Arc::new(object)),
                _ => {}
            }
        }
        gatehouse_model::order::sort(&mut mentioned);
        mentioned.dedup();
        for name in mentioned {
            if !snapshot.namespaces.iter().any(|n| n.name == name) {
                let labels = [("kubernetes.io/metadata.name", name.as_str())].into_iter().collect();
                snapshot.namespaces.push(Namespace { name, labels });
            }
        }
        let has = |word: &str| snapshot.policies.iter().any(|p| p.kind().contains(word));
        snapshot.plugin.cni = cni.unwrap_or_else(|| match (has("Cilium"), has("Admin")) {
            (true, _) => Cni::Cilium,
            (_, true) => Cni::AdminPolicy,
            _ => Cni::Enforcing,
        });
        Ok(snapshot)
    }

    /// The second half: policies compiled against the pods there are.
    #[must_use]
    pub fn compile(snapshot: Snapshot) -> Self {
        Self { network: Network::compile(snapshot) }
    }

    /// Who reaches whom on a port.
    #[must_use]
    pub fn matrix(&self, port: Port) -> Matrix {
        self.network.matrix(port)
    }

    /// The network itself.
    #[must_use]
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// What could be taken away without changing anybody's reach, a line each.
    #[must_use]
    pub fn useless(&self) -> String {
        self.network.useless().iter().map(|u| format!("{}\n", sentence(u))).collect()
    }
}

/// What could be taken away, in a sentence.
pub(crate) fn sentence(u: &Useless) -> String {
    let part = if u.field.is_empty() { String::new() } else { format!(" {}", u.field) };
    format!("{}{part} {}", u.object, u.text)
}

/// Of objects with the same kind, namespace and name the last, in the place of the first.
fn latest(objects: Vec<Object>) -> Vec<Object> {
    let mut places: BTreeMap<[String; 3], usize> = BTreeMap::new();
    let mut kept: Vec<Object> = Vec::with_capacity(objects.len());
    for object in objects {
        let namespace = if object.namespace().is_empty() { "default" } else { object.namespace() };
        let key = [object.kind().to_owned(), namespace.to_owned(), object.name().to_owned()];
        match places.get(&key).and_then(|i| kept.get_mut(*i)) {
            Some(slot) => *slot = object,
            None => {
                places.insert(key, kept.len());
                kept.push(object);
            }
        }
    }
    kept
}

/// The one pod that stands for all of a workload's.
fn pod_of(workload: &Object, template: &[&str]) -> Object {
    let template = workload.at(template).cloned().unwrap_or_default();
    let mut pod = Object(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": (workload.name())}}));
    pod.set(&["metadata", "namespace"], workload.namespace());
    if let Some(labels) = template.at(&["metadata", "labels"]) {
        pod.set(&["metadata", "labels"], labels.clone());
    }
    pod.set(&["spec"], template.get("spec").cloned().unwrap_or_default());
    pod
}

fn open(value: Value, objects: &mut Vec<Object>) {
    if value.str_at(&["kind"]).ends_with("List") && value.get("items").is_some() {
        for item in value.list_at(&["items"]) {
            open(item.clone(), objects);
        }
    } else {
        objects.push(Object(value));
    }
}

#[cfg(test)]
mod tests;
