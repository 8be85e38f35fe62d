//! The kubelets of all nodes: they make pods run, and say how that goes.
//!
//! What a container may be is decided in [`plan`]; what its process does is the machine's business. Everything is told to
//! the API server as `system:node:NAME`. Models pkg/kubelet (`kuberuntime`, `status`, `prober`, `lifecycle`).

mod admit;
mod around;
mod container;
mod downward;
mod evict;
mod heartbeat;
mod image_name;
pub mod mirror;
mod names;
pub mod plan;
mod pod;
pub(crate) mod probe;
mod pull;
mod refresh;
mod rootfs;
mod runtime;
mod service_env;
mod status;
mod stop;
mod volume;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_core::kubelet::Kubelet;
use gatehouse_core::{Cluster, Timestamp};

use around::Neighbours;
pub use plan::{Failure, Plan};
pub use pod::{Container, Running, State};

use crate::machine::Machine;
use crate::net::Hosts;
use crate::node::CriContainer;
use crate::outcome::Output;
use crate::outside::Outside;
use crate::shell::ShellState;

/// A node: its machine, and what its kubelet knows of its pods.
#[derive(Clone, Debug)]
pub struct Node {
    /// The machine.
    pub machine: Machine,
    /// The range its pods' addresses are taken from, without the last number: `10.244.1`.
    prefix: String,
    given: u32,
    /// Images that were pulled.
    pulled: Vec<String>,
    /// By UID.
    pods: BTreeMap<String, Arc<Running>>,
    /// What it said of the node.
    told: heartbeat::Told,
}

/// All kubelets.
#[derive(Clone, Debug, Default)]
pub struct Kubelets {
    /// By name.
    pub nodes: BTreeMap<String, Node>,
    /// Addresses that an exercise fixes, by `namespace/name`.
    pub addresses: BTreeMap<String, String>,
    /// The world outside the cluster.
    pub hosts: Hosts,
}

impl Node {
    /// A node that has just been started. `prefix` is its pods' range without the last number.
    #[must_use]
    pub fn new(name: &str, prefix: &str, cluster: &Cluster) -> Self {
        let mut machine = Machine::host(name, "root", cluster.now);
        crate::node::furnish(&mut machine, name == "controlplane", cluster);
        crate::node::units::boot(&mut machine);
        Self {
            machine,
            prefix: prefix.to_owned(),
            given: 0,
            pulled: Vec::new(),
            pods: BTreeMap::new(),
            told: heartbeat::Told::default(),
        }
    }

    /// Shows crictl what runs.
    fn report(&mut self, cluster: &Cluster) {
        let mut all: Vec<CriContainer> =
            self.machine.services.containers.iter().filter(|c| c.from_manifest).cloned().collect();
        for pod in cluster.store.list("pods", None) {
            let Some(running) = self.pods.get(pod.uid()) else { continue };
            for (name, c) in &running.containers {
                let (runs, exit, created) = match &c.state {
                    State::Running { since, .. } => (true, 0, since.0),
                    State::Terminated { exit, since, .. } => (false, *exit, since.0),
                    State::Waiting { .. } => match &c.last {
                        Some(State::Terminated { exit, since, .. }) => (false, *exit, since.0),
                        _ => continue,
                    },
                };
                all.push(CriContainer {
                    id: c.id.rsplit('/').next().unwrap_or("").to_owned(),
                    name: name.clone(),
                    pod: pod.name().to_owned(),
                    namespace: pod.namespace().to_owned(),
                    pod_id: pod.uid().replace('-', ""),
                    uid: pod.uid().to_owned(),
                    image: c.image.clone(),
                    args: c.plan.as_ref().map(|p| p.argv.clone()).unwrap_or_default(),
                    running: runs,
                    exit,
                    attempt: c.restarts,
                    created,
                    ended: created,
                    log: c.log.iter().map(|(at, l)| (at.0, l.clone())).collect(),
                    from_manifest: false,
                    handler: running.handler.clone(),
                });
            }
        }
        if all != self.machine.services.containers {
            Arc::make_mut(&mut self.machine.services).containers = all;
        }
    }

    /// Notices containers that were stopped past the kubelet.
    fn notice_killed(&mut self, now: Timestamp) {
        if self.machine.services.killed.is_empty() {
            return;
        }
        let killed = std::mem::take(&mut Arc::make_mut(&mut self.machine.services).killed);
        for running in self.pods.values_mut() {
            let is = |c: &Container| killed.iter().any(|id| c.id.ends_with(id.as_str()));
            if !running.containers.values().any(is) {
                continue;
            }
            for c in Arc::make_mut(running).containers.values_mut().filter(|c| is(c)) {
                let State::Running { since, .. } = c.state else { continue };
                c.state =
                    State::Terminated { exit: 137, since, at: now, reason: "Error", message: String::new() };
                if let Some(space) = c.space.take() {
                    runtime::remove(&mut self.machine, space);
                }
            }
        }
    }

    /// The pod of this UID, if the kubelet runs it.
    #[must_use]
    pub fn pod(&self, uid: &str) -> Option<&Running> {
        self.pods.get(uid).map(|p| &**p)
    }
}

impl Kubelets {
    /// When something happens on a node although nobody does anything: a probe, the end of a back-off, of a grace
    /// period, of a `sleep`.
    #[must_use]
    pub fn next_wake(&self, cluster: &Cluster) -> Option<Timestamp> {
        let now = cluster.now;
        let pods = cluster.store.list("pods", None);
        let next = |p: &Arc<gatehouse_model::Object>| {
            let node = self.nodes.get(p.str_at(&["spec", "nodeName"]))?;
            pod::next(p, node.pods.get(p.uid())?).filter(|at| *at > now)
        };
        pods.filter_map(next).min()
    }

    /// Where a container is.
    ///
    /// # Errors
    /// What the kubelet says of a container that is not there.
    pub fn find(
        &self,
        cluster: &Cluster,
        namespace: &str,
        pod: &str,
        container: &str,
    ) -> Result<Place, String> {
        let pod = cluster.store.get("pods", namespace, pod).ok_or_else(|| not_found(container))?;
        Ok(Place {
            node: pod.str_at(&["spec", "nodeName"]).to_owned(),
            uid: pod.uid().to_owned(),
            container: container.to_owned(),
        })
    }

    /// The container's node, its namespaces and what it was made from, while it runs.
    fn running(&mut self, place: &Place, now: Timestamp) -> Result<(&mut Machine, u32, Arc<Plan>), String> {
        let missing = || not_found(&place.container);
        let node = self.nodes.get_mut(&place.node).ok_or_else(missing)?;
        node.machine.now = now;
        let pod = node.pods.get(&place.uid).ok_or_else(missing)?;
        let running = pod.containers.get(&place.container).ok_or_else(missing)?;
        let State::Running { .. } = running.state else { return Err(missing()) };
        let (Some(space), Some(plan)) = (running.space, running.plan.clone()) else { return Err(missing()) };
        Ok((&mut node.machine, space, plan))
    }

    /// A container's namespaces on its node's machine and what it was made from, while it runs: what [`exec`] needs.
    ///
    /// # Errors
    /// What the kubelet says of a container that does not run.
    pub fn container(&mut self, place: &Place, now: Timestamp) -> Result<(u32, Arc<Plan>), String> {
        self.running(place, now).map(|(_, space, plan)| (space, plan))
    }

    /// Whether a place is a running component of the control plane ([`exec_component`]).
    #[must_use]
    pub fn is_component(&self, place: &Place) -> bool {
        let runs = |c: &CriContainer| c.from_manifest && c.running && c.name == place.container;
        let node = self.nodes.get(&place.node).filter(|n| !n.pods.contains_key(&place.uid));
        node.is_some_and(|n| n.machine.services.containers.iter().any(runs))
    }

    /// Ends a container's own process with an exit code: whoever typed into it left.
    pub fn hang_up(&mut self, place: &Place, now: Timestamp, exit: i32) {
        let pod = self.nodes.get_mut(&place.node).and_then(|n| n.pods.get_mut(&place.uid));
        if let Some(container) = pod.and_then(|p| Arc::make_mut(p).containers.get_mut(&place.container)) {
            container.stopping = Some((now, exit));
        }
    }

    /// Opens a shell in a container for a person; its lines run on the node's machine.
    ///
    /// # Errors
    /// As [`exec`].
    pub fn shell(&mut self, place: &Place, now: Timestamp, command: &str) -> Result<ShellState, String> {
        let (machine, space, plan) = self.running(place, now)?;
        runtime::shell(machine, space, &plan, command)
    }

    /// A container's own process has ended by itself.
    pub fn end(&mut self, place: &Place, now: Timestamp, exit: i32) {
        let pod = self.nodes.get_mut(&place.node).and_then(|n| n.pods.get_mut(&place.uid));
        if let Some(known) = pod.and_then(|p| Arc::make_mut(p).containers.get_mut(&place.container)) {
            known.stopping = Some((now, exit));
        }
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
        let waiting =
            |why: &str| format!("container \"{container}\" in pod \"{pod}\" is waiting to start: {why}");
        let Ok(Place { node, uid, .. }) = self.find(cluster, namespace, pod, container) else {
            return Err(waiting("ContainerCreating"));
        };
        if stored.is_some_and(|p| mirror::is_component(p)) {
            let containers = self.nodes.get(&node).map(|n| &n.machine.services.containers);
            let uid = stored.map_or("", |p| mirror::hash(p));
            let mine = containers.into_iter().flatten();
            let mine = mine.filter(|c| c.from_manifest && c.name == container && c.uid == uid);
            let mut mine: Vec<&CriContainer> = mine.collect();
            gatehouse_model::order::by_key(&mut mine, |c| -c.attempt);
            let chosen = mine.get(usize::from(previous)).ok_or_else(|| {
                format!("previous terminated container \"{container}\" in pod \"{pod}\" not found")
            })?;
            return Ok(chosen.log.iter().map(|(at, l)| (Timestamp(*at), l.clone())).collect());
        }
        let known =
            self.nodes.get(&node).and_then(|n| n.pods.get(&uid)).and_then(|p| p.containers.get(container));
        let Some(known) = known.filter(|_| stored.is_some()) else {
            return Err(waiting("ContainerCreating"));
        };
        if previous {
            return match &known.previous_log {
                Some(log) => Ok(log.clone()),
                None => {
                    Err(format!("previous terminated container \"{container}\" in pod \"{pod}\" not found"))
                }
            };
        }
        match &known.state {
            State::Waiting { reason, .. } if known.log.is_empty() && known.last.is_none() => {
                Err(waiting(match reason.as_str() {
                    "ErrImagePull" => "image can't be pulled",
                    "ImagePullBackOff" => "trying and failing to pull image",
                    other => other,
                }))
            }
            _ => Ok(known.log.clone()),
        }
    }
}

/// Runs a command in a container on its node's machine ([`Kubelets::container`]).
///
/// # Errors
/// What the runtime says when it cannot start.
pub fn exec(
    machine: &mut Machine,
    container: &(u32, Arc<Plan>),
    argv: &[String],
    stdin: &[u8],
    outside: &mut dyn Outside,
) -> Result<Output, String> {
    runtime::exec(machine, container.0, &container.1, argv, stdin, outside)
}

/// Where a container is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The node's name.
    pub node: String,
    /// The pod's UID.
    pub uid: String,
    /// The container's name.
    pub container: String,
}

/// Runs a command in a component's container: etcd's image has etcdctl, the others have nothing but themselves.
///
/// # Errors
/// What the runtime says when it cannot start.
pub fn exec_component(
    machine: &mut Machine,
    container: &str,
    argv: &[String],
    stdin: &[u8],
    outside: &mut dyn Outside,
) -> Result<Output, String> {
    let program = argv.first().map_or("", |a| a.rsplit('/').next().unwrap_or(a));
    if container != "etcd" || !matches!(program, "etcdctl" | "etcdutl") {
        let name = argv.first().map_or("", String::as_str);
        return Err(format!(
            "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: \"{name}\": executable file not found in $PATH"
        ));
    }
    let words: Vec<String> = argv.iter().map(|a| format!("'{}'", a.replace('\'', r"'\''"))).collect();
    let mut shell = ShellState::interactive("root");
    shell.interactive = false;
    let streams = crate::shell::Streams::Captured;
    let line = words.join(" ");
    match crate::shell::run_with_input(machine, &mut shell, outside, streams, stdin, &line) {
        crate::Outcome::Done(output) => Ok(output),
        _ => Ok(Output::default()),
    }
}

fn not_found(container: &str) -> String {
    format!("container not found (\"{container}\")")
}

/// What tar in a container says when `cat` or `tee`, which do its work here, ended with an error.
#[must_use]
pub fn tar_error(path: &str, stderr: &[u8]) -> String {
    format!("tar: {path}: {}", errno_text(stderr))
}

/// The words of the error number at the end of a message.
fn errno_text(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    text.trim_end().rsplit(": ").next().unwrap_or_default().to_owned()
}

impl Kubelet for Kubelets {
    fn sync(&mut self, cluster: &mut Cluster) -> bool {
        let before = cluster.store.revision();
        let mut changed = false;
        let names: Vec<String> = self.nodes.keys().cloned().collect();
        for name in &names {
            // The others stay where its pods can reach them.
            let Some(mut own) = self.nodes.remove(name) else { continue };
            let around = Neighbours { nodes: &self.nodes, hosts: &self.hosts };
            let node = &mut own;
            if node.machine.space(crate::machine::HOST).is_none_or(|s| s.hostname.is_empty()) {
                // Somebody works on the machine just now.
                self.nodes.insert(name.clone(), own);
                continue;
            }
            node.machine.now = cluster.now;
            node.notice_killed(cluster.now);
            crate::node::units::tick(&mut node.machine, &mut around::Net { cluster, around });
            changed |= crate::node::sync_static_pods(&mut node.machine, cluster);
            changed |= heartbeat::beat(cluster, name, &node.machine, &mut node.told);
            if node.machine.services.runs("kubelet") && cluster.config.is_found() {
                mirror::sync(cluster, name, &node.machine);
                pod::sync(cluster, name, node, &self.addresses, around);
            }
            node.report(cluster);
            crate::node::write_logs(&mut node.machine);
            crate::node::write_syslog(&mut node.machine);
            if name == "controlplane" {
                crate::node::write_audit_log(&mut node.machine, cluster);
            }
            self.nodes.insert(name.clone(), own);
        }
        changed || cluster.store.revision() != before
    }
}
