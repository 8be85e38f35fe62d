//! One node's pods: started, watched, restarted, removed.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_core::controllers::events::{self, EventType, Source};
use gatehouse_core::{Cluster, Timestamp};
use gatehouse_model::{Object, Value};

use super::around::Neighbours;
use super::plan::{Plan, Site};
use super::{Node, admit, probe, runtime, status, volume};
use crate::machine::Machine;

/// How a container stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is not there.
    Waiting {
        /// For instance `ContainerCreating`.
        reason: String,
        /// May be empty.
        message: String,
    },
    /// Its process runs, until a moment if that is known.
    Running {
        /// When it started.
        since: Timestamp,
        /// When it will end by itself, and the exit code.
        until: Option<(Timestamp, i32)>,
    },
    /// Its process ended.
    Terminated {
        /// The exit code.
        exit: i32,
        /// When it started.
        since: Timestamp,
        /// When it ended.
        at: Timestamp,
        /// `Completed`, `Error`, `ContainerCannotRun`, `StartError`.
        reason: &'static str,
        /// What the runtime said, where it could not run.
        message: String,
    },
}

/// A container as its kubelet knows it.
#[derive(Clone, Debug)]
pub struct Container {
    /// How it stands.
    pub state: State,
    /// How it ended the last time.
    pub last: Option<State>,
    /// How often it was started again.
    pub restarts: i64,
    /// When it may be started again.
    pub not_before: Timestamp,
    /// What it wrote since it was started.
    pub log: Vec<(Timestamp, String)>,
    /// What the one before wrote.
    pub previous_log: Option<Vec<(Timestamp, String)>>,
    /// Its namespaces on the node's machine.
    pub space: Option<u32>,
    /// What it was made from.
    pub plan: Option<Arc<Plan>>,
    /// The image it was made from.
    pub image: String,
    /// The runtime's number for it.
    pub id: String,
    /// Its process on the node's machine.
    pub pid: u32,
    /// How its probes stand.
    pub probes: probe::Workers,
    /// Since when it may be asked whether it is ready: its start, or that of its startup probe's success.
    pub ready_from: Timestamp,
    /// When it will be gone, and with which exit code, since it was told to end.
    pub stopping: Option<(Timestamp, i32)>,
    /// When it was last started again, and how many seconds it waits after its next end.
    pub back_off: Option<(Timestamp, i64)>,
    /// The file it leaves its last words in.
    pub farewell: Option<u64>,
    /// The last pull of its image, if that failed.
    pub pull: Option<super::pull::Failed>,
    /// What its image takes of the disk.
    pub image_size: u64,
}

/// A pod as its kubelet knows it.
#[derive(Clone, Debug)]
pub struct Running {
    /// Its address.
    pub ip: String,
    /// The runtime handler, empty for the default.
    pub handler: String,
    /// By name, init containers too.
    pub containers: BTreeMap<String, Container>,
    /// Directories that live as long as the pod, by volume: the root inode.
    pub volumes: BTreeMap<String, u64>,
    /// Whether the sandbox is there.
    pub sandbox: bool,
    /// When the kubelet met it.
    pub since: Timestamp,
    /// Whether its init containers are done: they are not looked at again.
    pub initialized: bool,
    /// The space of the process that holds a process namespace its containers share.
    pub pause: Option<u32>,
    /// Versions of what its volumes were made of.
    pub sources: Vec<String>,
    /// When volumes whose sources changed will be written anew.
    pub refresh: Option<Timestamp>,
    /// When it will be evicted, if it takes too much of the disk.
    pub evicted_at: Option<Timestamp>,
    /// Whether it has failed as a whole.
    pub failed: bool,
}

impl Container {
    pub(super) fn new(image: &str) -> Self {
        Self {
            state: State::Waiting { reason: "ContainerCreating".into(), message: String::new() },
            last: None,
            restarts: 0,
            not_before: Timestamp(0),
            log: Vec::new(),
            previous_log: None,
            space: None,
            plan: None,
            image: image.to_owned(),
            id: String::new(),
            pid: 0,
            probes: probe::Workers::default(),
            ready_from: Timestamp(0),
            stopping: None,
            back_off: None,
            farewell: None,
            pull: None,
            image_size: 0,
        }
    }

    fn succeeded(&self) -> bool {
        matches!(self.state, State::Terminated { exit: 0, .. })
    }
}

/// Looks at every pod bound to the node.
pub(super) fn sync(
    cluster: &mut Cluster,
    name: &str,
    node: &mut Node,
    addresses: &BTreeMap<String, String>,
    around: Neighbours<'_>,
) {
    let mine = |p: &&Arc<Object>| p.str_at(&["spec", "nodeName"]) == name && !super::mirror::is_component(p);
    let pods: Vec<Arc<Object>> = cluster.store.list("pods", None).filter(mine).cloned().collect();
    node.pods.retain(|uid, running| {
        let there = pods.iter().any(|p| p.uid() == uid);
        if !there {
            runtime::remove_sandbox(&mut node.machine, running);
        }
        there
    });
    for pod in pods {
        let mut work = Work { cluster, node, name, pod: &pod, around };
        if pod.is_deleting() {
            work.stop();
        } else if !matches!(pod.str_at(&["status", "phase"]), "Succeeded" | "Failed") {
            work.run(addresses);
        }
    }
}

/// When something happens to a pod's containers without anybody's doing.
pub(super) fn next(pod: &Object, running: &Running) -> Option<Timestamp> {
    let own = running.containers.values().filter_map(|c| match (&c.state, c.stopping) {
        (State::Running { until, .. }, stopping) => {
            let until = until.map(|(at, _)| at);
            stopping.map(|(at, _)| until.map_or(at, |u| u.min(at))).or(until)
        }
        (State::Waiting { .. }, _) => Some(c.not_before),
        (State::Terminated { .. }, _) => None,
    });
    let rest = probe::next(pod, running).into_iter().chain(admit::deadline(pod, running));
    own.chain(rest).chain(running.refresh).chain(running.evicted_at).min()
}

/// One pod, its node and the cluster, while the kubelet looks at it.
pub(super) struct Work<'a> {
    pub(super) cluster: &'a mut Cluster,
    pub(super) node: &'a mut Node,
    pub(super) name: &'a str,
    pub(super) pod: &'a Object,
    pub(super) around: Neighbours<'a>,
}

/// The field path that events about a container carry.
pub(super) fn path_of(list: &str, container: &str) -> String {
    format!("spec.{list}{{{container}}}")
}

/// Whether a container that ended is started again: by its own rules and policy before the pod's.
pub(super) fn restarts(c: &Value, policy: &str, exit: i32) -> bool {
    let fits = |rule: &&Value| {
        let codes = rule.list_at(&["exitCodes", "values"]);
        let listed = codes.iter().any(|v| v.as_i64() == Some(i64::from(exit)));
        listed == (rule.str_at(&["exitCodes", "operator"]) == "In")
    };
    let policy = match c.str_at(&["restartPolicy"]) {
        "" => policy,
        own => own,
    };
    c.list_at(&["restartPolicyRules"]).iter().find(fits).is_some()
        || policy == "Always"
        || policy == "OnFailure" && exit != 0
}

impl Work<'_> {
    pub(super) fn event(&mut self, path: &str, kind: EventType, reason: &str, message: &str) {
        let source = Source { component: "kubelet", host: self.name };
        events::record(self.cluster, source, self.pod, path, kind, reason, message);
    }

    /// An event that is told once, however often the kubelet meets the same thing.
    pub(super) fn event_once(&mut self, path: &str, reason: &str, message: &str) {
        let told = self.cluster.store.list("events", Some(self.pod.namespace())).any(|e| {
            e.str_at(&["involvedObject", "uid"]) == self.pod.uid()
                && e.str_at(&["reason"]) == reason
                && e.str_at(&["message"]) == message
        });
        if !told {
            self.event(path, EventType::Warning, reason, message);
        }
    }

    fn run(&mut self, addresses: &BTreeMap<String, String>) {
        let uid = self.pod.uid().to_owned();
        let mut running = match self.node.pods.get(&uid) {
            Some(running) => (**running).clone(),
            None => Running {
                ip: String::new(),
                handler: String::new(),
                containers: BTreeMap::new(),
                volumes: BTreeMap::new(),
                sandbox: false,
                since: self.cluster.now,
                initialized: false,
                pause: None,
                sources: Vec::new(),
                refresh: None,
                evicted_at: None,
                failed: false,
            },
        };
        if !running.sandbox && running.since == self.cluster.now && self.refuse() {
            return;
        }
        if self.deadline(&mut running) {
            self.node.pods.insert(uid, Arc::new(running));
            return;
        }
        if running.sandbox || self.sandbox(&mut running, addresses) {
            self.containers(&mut running);
            self.refresh(&mut running);
            if self.evict(&mut running) {
                self.node.pods.insert(uid, Arc::new(running));
                return;
            }
        }
        self.report(&running);
        self.node.pods.insert(uid, Arc::new(running));
    }

    /// Makes the sandbox: the handler must be known and the volumes must be there.
    fn sandbox(&mut self, running: &mut Running, addresses: &BTreeMap<String, String>) -> bool {
        let class = self.pod.str_at(&["spec", "runtimeClassName"]);
        if !class.is_empty() {
            let classes = "runtimeclasses.node.k8s.io";
            let Some(class) = self.cluster.store.get(classes, "", class).cloned() else {
                let message = format!("Failed to create pod sandbox: RuntimeClass \"{class}\" not found");
                self.event_once("", "FailedCreatePodSandBox", &message);
                return false;
            };
            class.str_at(&["handler"]).clone_into(&mut running.handler);
        }
        let volumes = self.pod.list_at(&["spec", "volumes"]).to_vec();
        for v in &volumes {
            let ip = running.ip.clone();
            let mut site = Site { cluster: self.cluster, node: &self.node.machine, ip: &ip, handler: "" };
            if let Err(why) = volume::content(&mut site, self.pod, v) {
                let message =
                    format!("MountVolume.SetUp failed for volume \"{}\" : {why}", v.str_at(&["name"]));
                self.event_once("", "FailedMount", &message);
                return false;
            }
        }
        if !running.handler.is_empty() && !self.node.machine.services.handlers.contains(&running.handler) {
            let message = format!(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = unable to get OCI runtime for sandbox \
                 \"{}\": no runtime for \"{}\" is configured",
                crate::programs::sums::sha256(self.pod.uid().as_bytes()),
                running.handler
            );
            self.event_once("", "FailedCreatePodSandBox", &message);
            return false;
        }
        if self.pod.bool_at(&["spec", "hostNetwork"]) == Some(true) {
            running.ip = status::host_ip(self.cluster, self.name);
        } else {
            let fixed = addresses.get(&format!("{}/{}", self.pod.namespace(), self.pod.name()));
            running.ip = match fixed {
                Some(ip) => ip.clone(),
                None => {
                    self.node.given += 1;
                    format!("{}.{}", self.node.prefix, 1 + self.node.given % 253)
                }
            };
        }
        running.sandbox = true;
        running.sources = self.versions();
        true
    }

    fn containers(&mut self, running: &mut Running) {
        let policy = match self.pod.str_at(&["spec", "restartPolicy"]) {
            "" => "Always",
            policy => policy,
        }
        .to_owned();
        for c in self.pod.list_at(&["spec", "ephemeralContainers"]).to_vec() {
            self.container(running, "ephemeralContainers", &c, "Never");
        }
        for c in self.pod.list_at(&["spec", "initContainers"]).to_vec() {
            let sidecar = c.str_at(&["restartPolicy"]) == "Always";
            if running.initialized && !sidecar {
                continue;
            }
            let rule = if policy == "Always" { "OnFailure" } else { policy.as_str() };
            let over = running.initialized && self.over(running, &policy);
            self.container(
                running,
                "initContainers",
                &c,
                match (sidecar, over) {
                    (true, true) => "Never",
                    (true, false) => "Always",
                    (false, _) => rule,
                },
            );
            let there = running.containers.get(c.str_at(&["name"]));
            let done = there.is_some_and(|k| if sidecar { probe::has_started(&c, k) } else { k.succeeded() });
            if !done && !running.initialized {
                return;
            }
        }
        running.initialized = true;
        for c in self.pod.list_at(&["spec", "containers"]).to_vec() {
            self.container(running, "containers", &c, &policy);
        }
        if self.over(running, &policy) {
            self.dismiss(running);
        }
    }

    /// Whether the pod's own containers are done for good.
    fn over(&self, running: &Running, policy: &str) -> bool {
        let done = |c: &Value| match running.containers.get(c.str_at(&["name"])).map(|k| &k.state) {
            Some(State::Terminated { exit, .. }) => !restarts(c, policy, *exit),
            _ => false,
        };
        self.pod.list_at(&["spec", "containers"]).iter().all(done)
    }

    /// Ends the side-cars of a pod that is done.
    fn dismiss(&mut self, running: &mut Running) {
        let grace = self.grace();
        for c in self.pod.list_at(&["spec", "initContainers"]).to_vec() {
            let name = c.str_at(&["name"]).to_owned();
            let Some(mut known) = running.containers.get(&name).cloned() else { continue };
            self.kill(running, &mut known, ("initContainers", &c), None, grace);
            self.stopped(&mut known);
            running.containers.insert(name, known);
        }
    }
}

impl Machine {
    /// Whether the kernel knows an AppArmor profile of this name.
    #[must_use]
    pub fn has_profile(&self, name: &str) -> bool {
        self.apparmor.as_ref().is_some_and(|p| p.has(name))
    }
}
