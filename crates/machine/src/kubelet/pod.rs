//! One node's pods: started, watched, restarted, removed.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_core::controllers::Client;
use gatehouse_core::controllers::events::{self, EventType, Source};
use gatehouse_core::{Cluster, Timestamp};
use gatehouse_model::{Object, Value};

use super::plan::{self, Failure, Plan, Site};
use super::{Node, runtime, status, volume};
use crate::images;
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
}

impl Container {
    fn new(image: &str) -> Self {
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
        }
    }

    fn finished(&self) -> bool {
        matches!(self.state, State::Terminated { .. })
    }

    fn succeeded(&self) -> bool {
        matches!(self.state, State::Terminated { exit: 0, .. })
    }
}

/// Looks at every pod bound to the node.
pub(super) fn sync(cluster: &mut Cluster, name: &str, node: &mut Node, addresses: &BTreeMap<String, String>) {
    let mine = |p: &&Arc<Object>| p.str_at(&["spec", "nodeName"]) == name;
    let pods: Vec<Arc<Object>> = cluster.store.list("pods", None).filter(mine).cloned().collect();
    node.pods.retain(|uid, running| {
        let there = pods.iter().any(|p| p.uid() == uid);
        if !there {
            for space in running.containers.values().filter_map(|c| c.space) {
                runtime::remove(&mut node.machine, space);
            }
        }
        there
    });
    for pod in pods {
        let mut work = Work { cluster, node, name, pod: &pod };
        if pod.is_deleting() {
            work.stop();
        } else if !matches!(pod.str_at(&["status", "phase"]), "Succeeded" | "Failed") {
            work.run(addresses);
        }
    }
}

struct Work<'a> {
    cluster: &'a mut Cluster,
    node: &'a mut Node,
    name: &'a str,
    pod: &'a Object,
}

/// The field path that events about a container carry.
fn path_of(list: &str, container: &str) -> String {
    format!("spec.{list}{{{container}}}")
}

impl Work<'_> {
    fn event(&mut self, path: &str, kind: EventType, reason: &str, message: &str) {
        let source = Source { component: "kubelet", host: self.name };
        events::record(self.cluster, source, self.pod, path, kind, reason, message);
    }

    /// An event that is told once, however often the kubelet meets the same thing.
    fn event_once(&mut self, path: &str, reason: &str, message: &str) {
        let told = self.cluster.store.list("events", Some(self.pod.namespace())).any(|e| {
            e.str_at(&["involvedObject", "uid"]) == self.pod.uid()
                && e.str_at(&["reason"]) == reason
                && e.str_at(&["message"]) == message
        });
        if !told {
            self.event(path, EventType::Warning, reason, message);
        }
    }

    fn stop(&mut self) {
        if let Some(running) = self.node.pods.remove(self.pod.uid()) {
            for list in ["initContainers", "containers"] {
                for c in self.pod.list_at(&["spec", list]) {
                    let name = c.str_at(&["name"]);
                    let Some(container) = running.containers.get(name) else { continue };
                    if matches!(container.state, State::Running { .. }) {
                        let message = format!("Stopping container {name}");
                        self.event(&path_of(list, name), EventType::Normal, "Killing", &message);
                    }
                    if let Some(space) = container.space {
                        runtime::remove(&mut self.node.machine, space);
                    }
                }
            }
        }
        let _ = Client::kubelet(self.cluster, self.name).delete_now(
            "pods",
            self.pod.namespace(),
            self.pod.name(),
        );
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
            },
        };
        if running.sandbox || self.sandbox(&mut running, addresses) {
            self.containers(&mut running);
        }
        let status = status::of(self.pod, &running, self.name, self.cluster);
        self.node.pods.insert(uid, Arc::new(running));
        let current = self.cluster.store.get("pods", self.pod.namespace(), self.pod.name()).cloned();
        if let Some(current) = current {
            let _ = Client::kubelet(self.cluster, self.name).update_status("pods", &current, status);
        }
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
            let mut site = Site { cluster: self.cluster, node: &self.node.machine, ip: &ip };
            if let Err(why) = volume::content(&mut site, self.pod, v) {
                let message =
                    format!("MountVolume.SetUp failed for volume \"{}\" : {why}", v.str_at(&["name"]));
                self.event_once("", "FailedMount", &message);
                return false;
            }
        }
        if !running.handler.is_empty() && !self.node.handlers.contains(&running.handler) {
            let message = format!(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox runtime: \
                 no runtime for \"{}\" is configured",
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
        true
    }

    fn containers(&mut self, running: &mut Running) {
        let policy = match self.pod.str_at(&["spec", "restartPolicy"]) {
            "" => "Always",
            policy => policy,
        }
        .to_owned();
        for c in self.pod.list_at(&["spec", "initContainers"]).to_vec() {
            let sidecar = c.str_at(&["restartPolicy"]) == "Always";
            let rule = if sidecar || policy == "Always" { "OnFailure" } else { policy.as_str() };
            self.container(running, "initContainers", &c, if sidecar { "Always" } else { rule });
            let there = running.containers.get(c.str_at(&["name"]));
            let done = there.is_some_and(|k| {
                if sidecar { matches!(k.state, State::Running { .. }) } else { k.succeeded() }
            });
            if !done {
                return;
            }
        }
        for c in self.pod.list_at(&["spec", "containers"]).to_vec() {
            self.container(running, "containers", &c, &policy);
        }
    }

    /// Brings one container forward.
    fn container(&mut self, running: &mut Running, list: &str, c: &Value, policy: &str) {
        let now = self.cluster.now;
        let name = c.str_at(&["name"]).to_owned();
        let image = c.str_at(&["image"]).to_owned();
        let mut known = running.containers.get(&name).cloned().unwrap_or_else(|| Container::new(&image));
        let path = path_of(list, &name);
        if known.image != image && matches!(known.state, State::Running { .. }) {
            let message = format!("Container {name} definition changed, will be restarted");
            self.event(&path, EventType::Normal, "Killing", &message);
            self.end(&mut known, 0, now);
        }
        known.image = image;
        self.go_on(&mut known);
        let again = match &known.state {
            State::Running { .. } => false,
            State::Waiting { .. } => true,
            State::Terminated { exit, .. } => policy == "Always" || policy == "OnFailure" && *exit != 0,
        };
        if again {
            self.start(running, &mut known, c, &path);
        }
        running.containers.insert(name, known);
    }

    /// Goes on with a command whose time has come: a script behind its `sleep`; a program that only slept ends.
    fn go_on(&mut self, known: &mut Container) {
        // A clock that jumped far catches up in bounded steps.
        for _ in 0..500 {
            let State::Running { until: Some((at, exit)), .. } = known.state else { return };
            if at > self.cluster.now {
                return;
            }
            let now = std::mem::replace(&mut self.node.machine.now, at);
            let (began, output) = runtime::resume(&mut self.node.machine, known.pid);
            self.node.machine.now = now;
            let text = String::from_utf8_lossy(&output).into_owned();
            known.log.extend(text.lines().map(|l| (at, l.to_owned())));
            if let Some(code) = began.ended {
                self.end(known, code.max(exit), at);
                return;
            }
            if let State::Running { until, .. } = &mut known.state {
                *until = began.until;
            }
        }
        let now = self.cluster.now;
        if let State::Running { until: Some((at, _)), .. } = &mut known.state {
            *at = now.plus_millis(1000);
        }
    }

    fn end(&mut self, known: &mut Container, exit: i32, at: Timestamp) {
        if let State::Running { since, .. } = known.state {
            let reason = if exit == 0 { "Completed" } else { "Error" };
            known.state = State::Terminated { exit, since, at, reason, message: String::new() };
        }
        if let Some(space) = known.space.take() {
            runtime::remove(&mut self.node.machine, space);
        }
    }

    /// Starts a container, again if it ended: after the back-off, which doubles from ten seconds to five minutes.
    fn start(&mut self, running: &mut Running, known: &mut Container, c: &Value, path: &str) {
        let now = self.cluster.now;
        let name = c.str_at(&["name"]).to_owned();
        let place = format!("{}_{}({})", self.pod.name(), self.pod.namespace(), self.pod.uid());
        if known.finished() {
            known.last = Some(known.state.clone());
            if let State::Terminated { at, .. } = known.state {
                let factor = 1_i64 << known.restarts.min(5);
                let wait = if known.restarts == 0 && known.not_before == Timestamp(0) {
                    0
                } else {
                    (10 * factor / 2).min(300)
                };
                known.not_before = at.plus_millis(wait * 1000);
            }
        }
        if known.last.is_some() && now < known.not_before {
            let factor = 1_i64 << known.restarts.min(5);
            let wait = (10 * factor / 2).clamp(10, 300);
            let message =
                format!("back-off {} restarting failed container={name} pod={place}", minutes(wait));
            known.state = State::Waiting { reason: "CrashLoopBackOff".into(), message: message.clone() };
            let event = format!("Back-off restarting failed container {name} in pod {place}");
            self.event_once(path, "BackOff", &event);
            return;
        }
        self.pull(c, path);
        let ip = running.ip.clone();
        let mut site = Site { cluster: self.cluster, node: &self.node.machine, ip: &ip };
        let plan = match plan::plan(&mut site, self.pod, c) {
            Ok(plan) => Arc::new(plan),
            Err(failure) => return self.fail(known, path, failure),
        };
        if known.last.is_some() {
            known.restarts += 1;
            known.previous_log = Some(std::mem::take(&mut known.log));
        }
        known.id = container_id(self.cluster);
        let made = runtime::create(&mut self.node.machine, &plan, running, &known.id);
        let space = match made {
            Ok(space) => space,
            Err(failure) => return self.fail(known, path, failure),
        };
        self.event(path, EventType::Normal, "Created", &created(self.cluster, &name));
        known.space = Some(space);
        known.plan = Some(Arc::clone(&plan));
        match runtime::start(&mut self.node.machine, space, &plan, &known.id) {
            Err(failure) => {
                let message = failure.message.clone();
                self.fail(known, path, failure);
                let state = State::Terminated {
                    exit: 128,
                    since: Timestamp(0),
                    at: now,
                    reason: "StartError",
                    message,
                };
                known.last = Some(state.clone());
                known.state = state;
                known.not_before = now.plus_millis(10_000);
                runtime::remove(&mut self.node.machine, space);
                known.space = None;
            }
            Ok((until, output)) => {
                self.event(path, EventType::Normal, "Started", &started(self.cluster, &name));
                let text = String::from_utf8_lossy(&output).into_owned();
                known.log.extend(text.lines().map(|l| (now, l.to_owned())));
                known.state = State::Running { since: now, until: until.until };
                known.pid = until.pid;
                if let Some(exit) = until.ended {
                    self.end(known, exit, now);
                }
            }
        }
    }

    fn fail(&mut self, known: &mut Container, path: &str, failure: Failure) {
        let message = format!("Error: {}", failure.message);
        self.event_once(path, "Failed", &message);
        known.state = State::Waiting { reason: failure.reason.to_owned(), message: failure.message };
    }

    /// Pulls the image unless it is there and may be used as it is.
    fn pull(&mut self, c: &Value, path: &str) {
        let image = c.str_at(&["image"]).to_owned();
        let there = self.node.pulled.contains(&image);
        if there && c.str_at(&["imagePullPolicy"]) != "Always" {
            let told = self.cluster.store.list("events", Some(self.pod.namespace())).any(|e| {
                e.str_at(&["involvedObject", "uid"]) == self.pod.uid()
                    && e.str_at(&["involvedObject", "fieldPath"]) == path
                    && e.str_at(&["reason"]) == "Pulled"
            });
            if !told {
                let message = format!("Container image \"{image}\" already present on machine");
                self.event(path, EventType::Normal, "Pulled", &message);
            }
            return;
        }
        if !there {
            self.node.pulled.push(image.clone());
        }
        let told = self.cluster.store.list("events", Some(self.pod.namespace())).any(|e| {
            e.str_at(&["involvedObject", "uid"]) == self.pod.uid()
                && e.str_at(&["involvedObject", "fieldPath"]) == path
                && e.str_at(&["reason"]) == "Pulling"
        });
        if told {
            return;
        }
        self.event(path, EventType::Normal, "Pulling", &format!("Pulling image \"{image}\""));
        let size = images::find(&image).size;
        let took = 400 + size / 50_000;
        let seconds = format!("{}.{:03}s", took / 1000, took % 1000);
        let message = format!(
            "Successfully pulled image \"{image}\" in {seconds} ({seconds} including waiting). Image size: {size} bytes."
        );
        self.event(path, EventType::Normal, "Pulled", &message);
    }
}

/// A back-off as Go prints a duration.
fn minutes(seconds: i64) -> String {
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) }
}

fn container_id(cluster: &mut Cluster) -> String {
    (0..4).map(|_| format!("{:016x}", cluster.entropy.next_u64())).collect()
}

/// The words changed with 1.32.
fn created(cluster: &Cluster, name: &str) -> String {
    if cluster.version.minor() < 32 {
        format!("Created container {name}")
    } else {
        format!("Created container: {name}")
    }
}

fn started(cluster: &Cluster, name: &str) -> String {
    let _ = cluster;
    format!("Started container {name}")
}

impl Machine {
    /// Whether the kernel knows an AppArmor profile of this name.
    #[must_use]
    pub fn has_profile(&self, name: &str) -> bool {
        self.apparmor.as_ref().is_some_and(|p| p.get(name).is_some())
    }
}
