//! One container's way: pulled, made, started, watched, started again.
//!
//! Models pkg/kubelet/kuberuntime (`computePodActions`, `startContainer`, `doBackOff`).

use std::sync::Arc;

use gatehouse_core::controllers::events::EventType;
use gatehouse_core::{Cluster, Timestamp};
use gatehouse_model::Value;

use super::around::Net;
use super::plan::{self, Failure, Site};
use super::pod::{Container, Running, State, Work, path_of, restarts};
use super::{probe, runtime, words};

/// The first wait before a container that ended is started again, and the longest, in seconds.
const BACK_OFF: (i64, i64) = (10, 300);

impl Work<'_> {
    /// Brings one container forward.
    pub(super) fn container(&mut self, running: &mut Running, list: &str, c: &Value, policy: &str) {
        let name = c.str_at(&["name"]).to_owned();
        let image = c.str_at(&["image"]).to_owned();
        let mut known = running.containers.get(&name).cloned().unwrap_or_else(|| Container::new(&image));
        let path = path_of(list, &name);
        let grace = self.grace();
        self.go_on(&mut known);
        if known.image != image && matches!(known.state, State::Running { .. }) {
            let message = format!("Container {name} definition changed, will be restarted");
            self.kill(running, &mut known, (list, c), Some(&message), grace);
        }
        if known.stopping.is_none()
            && let Some((kind, grace)) = self.probe(running, &mut known, c, &path)
        {
            let message = probe::killing(self.cluster, kind, &name, policy != "Never");
            self.kill(running, &mut known, (list, c), Some(&message), grace);
        }
        self.stopped(&mut known);
        let changed = known.image != image && !matches!(known.state, State::Running { .. });
        if changed {
            known.image = image;
            (known.back_off, known.pull, known.not_before) = (None, None, Timestamp(0));
        }
        let again = match &known.state {
            State::Running { .. } => false,
            State::Waiting { .. } => true,
            State::Terminated { exit, .. } => {
                changed
                    || if list == "containers" {
                        restarts(c, policy, *exit)
                    } else {
                        restarts(&Value::Null, policy, *exit)
                    }
            }
        };
        if again {
            self.start(running, &mut known, (list, c), policy);
        }
        running.containers.insert(name, known);
    }

    /// Goes on with a command whose time has come: a script behind its `sleep`; a program that only slept ends.
    pub(super) fn go_on(&mut self, known: &mut Container) {
        // Whichever of its processes held too much: the kernel ended all of them.
        let starved = known.space.is_some_and(|s| self.node.machine.out_of_memory.contains(&s));
        if starved && matches!(known.state, State::Running { .. }) {
            let now = self.cluster.now;
            self.end(known, 137, now);
            return;
        }
        // A clock that jumped far catches up in bounded steps.
        for _ in 0..500 {
            let State::Running { until: Some((at, exit)), .. } = known.state else { return };
            if at > self.cluster.now {
                return;
            }
            let now = std::mem::replace(&mut self.node.machine.now, at);
            let (began, output) = runtime::resume(
                &mut self.node.machine,
                known.pid,
                &mut Net { cluster: self.cluster, around: self.around },
            );
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

    /// Whether a container that ended must wait; the wait doubles each time, until it ran for long.
    fn waits(&mut self, known: &mut Container, name: &str, path: &str) -> bool {
        let now = self.cluster.now;
        let ended = match (&known.state, &known.last) {
            (State::Terminated { at, .. }, _) | (_, Some(State::Terminated { at, .. })) => *at,
            _ => return false,
        };
        if let Some((_, seconds)) = known.back_off
            && now.0 - ended.0 < seconds * 1000
        {
            let place = format!("{}_{}({})", self.pod.name(), self.pod.namespace(), self.pod.uid());
            let wait = words::duration(seconds);
            let message = format!("back-off {wait} restarting failed container={name} pod={place}");
            let over = ended.plus_millis(seconds * 1000);
            known.not_before = over.min(now.plus_millis(super::pull::RESYNC));
            known.state = State::Waiting { reason: "CrashLoopBackOff".into(), message };
            let event = format!("Back-off restarting failed container {name} in pod {place}");
            self.event(path, EventType::Warning, "BackOff", &event);
            return true;
        }
        let forgotten = |since: Timestamp| now.0 - since.0 > 2 * BACK_OFF.1 * 1000;
        known.back_off = Some(match known.back_off.filter(|(since, _)| !forgotten(*since)) {
            Some((_, seconds)) => (now, (seconds * 2).min(BACK_OFF.1)),
            None => (now, BACK_OFF.0),
        });
        false
    }

    /// Starts a container, again if it ended.
    fn start(
        &mut self,
        running: &mut Running,
        known: &mut Container,
        (list, c): (&str, &Value),
        policy: &str,
    ) {
        let now = self.cluster.now;
        let name = c.str_at(&["name"]).to_owned();
        let path = path_of(list, &name);
        if let State::Terminated { .. } = known.state {
            known.last = Some(known.state.clone());
        }
        if now < known.not_before || known.last.is_some() && self.waits(known, &name, &path) {
            return;
        }
        if !self.has_image(known, c, &path) {
            return;
        }
        let (ip, handler) = (running.ip.clone(), running.handler.clone());
        let mut site = Site { cluster: self.cluster, node: &self.node.machine, ip: &ip, handler: &handler };
        let plan = match plan::plan(&mut site, self.pod, c) {
            Ok(plan) => Arc::new(plan),
            Err(failure) => return self.fail(known, &path, failure),
        };
        if known.last.is_some() {
            known.restarts += 1;
            known.previous_log = Some(std::mem::take(&mut known.log));
        }
        known.id = container_id(self.cluster);
        (known.probes, known.stopping, known.ready_from) = (Default::default(), None, now);
        let joins = self.process_namespace(running, c);
        let space = match runtime::create(&mut self.node.machine, &plan, running, joins) {
            Ok((space, farewell)) => {
                known.farewell = farewell;
                space
            }
            Err(failure) => return self.fail(known, &path, failure),
        };
        self.event(&path, EventType::Normal, "Created", &words::created(self.cluster, &name));
        let root = self.node.machine.space(space).map(|s| s.mounts.root().ino);
        known.image_size = root.map_or(0, |r| super::evict::usage(&self.node.machine.fs, r));
        known.space = Some(space);
        known.plan = Some(Arc::clone(&plan));
        match runtime::start(
            &mut self.node.machine,
            space,
            &plan,
            &known.id,
            &mut Net { cluster: self.cluster, around: self.around },
        ) {
            Err(failure) => {
                let message = failure.message.clone();
                self.fail(known, &path, failure);
                let reason = "StartError";
                let state = State::Terminated { exit: 128, since: Timestamp(0), at: now, reason, message };
                known.last = Some(state.clone());
                if policy == "Never" {
                    known.state = state;
                }
                known.not_before = now.plus_millis(1000);
                runtime::remove(&mut self.node.machine, space);
                known.space = None;
            }
            Ok((began, output)) => {
                self.event(&path, EventType::Normal, "Started", &words::started(self.cluster, &name));
                let text = String::from_utf8_lossy(&output).into_owned();
                known.log.extend(text.lines().map(|l| (now, l.to_owned())));
                known.state = State::Running { since: now, until: began.until };
                known.pid = began.pid;
                if let Some(exit) = began.ended {
                    self.end(known, exit, now);
                } else {
                    self.after_start(running, known, (list, c), &path);
                }
            }
        }
    }

    /// The postStart hook, then the first look of probes that look at once.
    fn after_start(
        &mut self,
        running: &Running,
        known: &mut Container,
        (list, c): (&str, &Value),
        path: &str,
    ) {
        let Some(hook) = c.at(&["lifecycle", "postStart"]).filter(|h| !h.is_null()) else {
            let _ = self.probe(running, known, c, path);
            return;
        };
        match self.hook(running, known, c, hook) {
            Ok(_) => {
                let _ = self.probe(running, known, c, path);
            }
            Err(message) => {
                self.event(path, EventType::Warning, "FailedPostStartHook", "PostStartHook failed");
                // The hook is not asked again on the way out: nobody waits for a container that never was.
                let mut bare = c.clone();
                bare.remove(&["lifecycle"]);
                let grace = self.grace();
                self.kill(running, known, (list, &bare), Some("FailedPostStartHook"), grace);
                if let Some((_, exit)) = known.stopping {
                    self.end(known, exit, self.cluster.now);
                }
                known.last = Some(known.state.clone());
                known.not_before = self.cluster.now.plus_millis(1000);
                known.state = State::Waiting { reason: "PostStartHookError".into(), message };
            }
        }
    }

    /// The PID namespace a container joins: the host's, its pod's, its target's.
    fn process_namespace(&mut self, running: &mut Running, c: &Value) -> Option<u32> {
        if self.pod.bool_at(&["spec", "hostPID"]) == Some(true) {
            return Some(1);
        }
        if self.pod.bool_at(&["spec", "shareProcessNamespace"]) == Some(true) {
            if running.pause.is_none() {
                running.pause = Some(runtime::pause(&mut self.node.machine, self.pod.name(), &running.ip));
            }
            return running.pause.and_then(|s| self.node.machine.space(s)).map(|s| s.pid_ns);
        }
        let target = running.containers.get(c.str_at(&["targetContainerName"]))?;
        self.node.machine.space(target.space?).map(|s| s.pid_ns)
    }

    fn fail(&mut self, known: &mut Container, path: &str, failure: Failure) {
        let message = format!("Error: {}", failure.message);
        self.event_once(path, "Failed", &message);
        known.state = State::Waiting { reason: failure.reason.to_owned(), message: failure.message };
    }
}

fn container_id(cluster: &mut Cluster) -> String {
    (0..4).map(|_| format!("{:016x}", cluster.entropy.next_u64())).collect()
}
