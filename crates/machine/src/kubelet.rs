//! The kubelets of all nodes: they make pods run, and say how that goes.
//!
//! What a container may be is decided in [`plan`]; what its process does is the machine's business. Everything is told to
//! the API server as `system:node:NAME`. Models pkg/kubelet (`kuberuntime`, `status`, `prober` not at all).

pub mod plan;
mod pod;
mod runtime;
mod status;
mod volume;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_core::kubelet::Kubelet;
use gatehouse_core::{Cluster, Timestamp};

pub use plan::{Failure, Plan};
pub use pod::{Container, Running, State};

use crate::machine::Machine;
use crate::outcome::Output;
use crate::outside::Outside;

/// A node: its machine, and what its kubelet knows of its pods.
#[derive(Clone, Debug)]
pub struct Node {
    /// The machine.
    pub machine: Machine,
    /// The runtime handlers that containerd is configured with.
    pub handlers: Vec<String>,
    /// The range its pods' addresses are taken from, without the last number: `10.244.1`.
    prefix: String,
    given: u32,
    /// Images that were pulled.
    pulled: Vec<String>,
    /// By UID.
    pods: BTreeMap<String, Arc<Running>>,
}

/// All kubelets.
#[derive(Clone, Debug, Default)]
pub struct Kubelets {
    /// By name.
    pub nodes: BTreeMap<String, Node>,
    /// Addresses that an exercise fixes, by `namespace/name`.
    pub addresses: BTreeMap<String, String>,
}

impl Node {
    /// A node that has just been started. `prefix` is its pods' range without the last number.
    #[must_use]
    pub fn new(name: &str, prefix: &str, now: Timestamp) -> Self {
        Self {
            machine: Machine::host(name, "root", now),
            handlers: vec!["runc".to_owned(), "runsc".to_owned()],
            prefix: prefix.to_owned(),
            given: 0,
            pulled: Vec::new(),
            pods: BTreeMap::new(),
        }
    }

    /// The pod of this UID, if the kubelet runs it.
    #[must_use]
    pub fn pod(&self, uid: &str) -> Option<&Running> {
        self.pods.get(uid).map(|p| &**p)
    }
}

impl Kubelets {
    /// Where a pod runs: its node and its UID.
    fn find(&self, cluster: &Cluster, namespace: &str, pod: &str) -> Option<(String, String)> {
        let pod = cluster.store.get("pods", namespace, pod)?;
        Some((pod.str_at(&["spec", "nodeName"]).to_owned(), pod.uid().to_owned()))
    }

    /// Runs a command in a container.
    ///
    /// # Errors
    /// What the kubelet or the runtime says when it cannot start.
    #[expect(clippy::too_many_arguments, reason = "what kubectl exec hands on, as it is")]
    pub fn exec(
        &mut self,
        cluster: &Cluster,
        (namespace, pod, container): (&str, &str, &str),
        argv: &[String],
        stdin: &[u8],
        outside: &mut dyn Outside,
    ) -> Result<Output, String> {
        let missing = || format!("container not found (\"{container}\")");
        let (node, uid) = self.find(cluster, namespace, pod).ok_or_else(missing)?;
        let node = self.nodes.get_mut(&node).ok_or_else(missing)?;
        node.machine.now = cluster.now;
        let running = node.pods.get(&uid).and_then(|p| p.containers.get(container)).ok_or_else(missing)?;
        let State::Running { .. } = running.state else { return Err(missing()) };
        let (Some(space), Some(plan)) = (running.space, running.plan.clone()) else { return Err(missing()) };
        runtime::exec(&mut node.machine, space, &plan, argv, stdin, outside)
    }

    /// What a container wrote; of the one before the last restart with `previous`.
    ///
    /// # Errors
    /// What the kubelet says when there is no log.
    pub fn logs(
        &self,
        cluster: &Cluster,
        (namespace, pod, container): (&str, &str, &str),
        previous: bool,
    ) -> Result<Vec<(Timestamp, String)>, String> {
        let stored = cluster.store.get("pods", namespace, pod);
        let waiting = |why: &str| {
            format!("container \"{container}\" in pod \"{pod}\" is waiting to start: {why}")
        };
        let Some((node, uid)) = self.find(cluster, namespace, pod) else { return Err(waiting("ContainerCreating")) };
        let known = self.nodes.get(&node).and_then(|n| n.pods.get(&uid)).and_then(|p| p.containers.get(container));
        let Some(known) = known.filter(|_| stored.is_some()) else { return Err(waiting("ContainerCreating")) };
        if previous {
            return match &known.previous_log {
                Some(log) => Ok(log.clone()),
                None => Err(format!("previous terminated container \"{container}\" in pod \"{pod}\" not found")),
            };
        }
        match &known.state {
            State::Waiting { reason, message } if known.log.is_empty() && known.restarts == 0 => {
                let trying = matches!(reason.as_str(), "CreateContainerConfigError" | "CreateContainerError");
                let _ = message;
                Err(waiting(if trying { reason } else { "ContainerCreating" }))
            }
            _ => Ok(known.log.clone()),
        }
    }

    /// A file of a container, past every check of its own user: `kubectl cp` runs tar as the container's user, so
    /// what that user may not read is refused.
    ///
    /// # Errors
    /// What tar in the container says.
    pub fn read_file(
        &mut self,
        cluster: &Cluster,
        place: (&str, &str, &str),
        path: &str,
        outside: &mut dyn Outside,
    ) -> Result<Vec<u8>, String> {
        let output = self.exec(cluster, place, &["cat".to_owned(), path.to_owned()], b"", outside)?;
        if output.exit == 0 {
            return Ok(output.stdout);
        }
        Err(format!("tar: {path}: {}", errno_text(&output.stderr)))
    }

    /// Writes a file of a container, as its user.
    ///
    /// # Errors
    /// What tar in the container says.
    pub fn write_file(
        &mut self,
        cluster: &Cluster,
        place: (&str, &str, &str),
        path: &str,
        content: &[u8],
        outside: &mut dyn Outside,
    ) -> Result<(), String> {
        let output = self.exec(cluster, place, &["tee".to_owned(), path.to_owned()], content, outside)?;
        if output.exit == 0 { Ok(()) } else { Err(format!("tar: {path}: Cannot open: {}", errno_text(&output.stderr))) }
    }
}

/// The words of the error number at the end of a message.
fn errno_text(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    text.trim_end().rsplit(": ").next().unwrap_or_default().to_owned()
}

impl Kubelet for Kubelets {
    fn sync(&mut self, cluster: &mut Cluster) -> bool {
        let before = cluster.store.revision();
        for (name, node) in &mut self.nodes {
            node.machine.now = cluster.now;
            pod::sync(cluster, name, node, &self.addresses);
        }
        cluster.store.revision() != before
    }
}
