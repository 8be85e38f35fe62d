//! How containers come to an end: hooks, signals, the grace period, what they leave behind.
//!
//! Models pkg/kubelet/kuberuntime/kuberuntime_container.go (`killContainer`, `getTerminationMessage`) and
//! pkg/kubelet/lifecycle/handlers.go.

use gatehouse_core::Timestamp;
use gatehouse_core::controllers::Client;
use gatehouse_core::controllers::events::EventType;
use gatehouse_model::Value;

use super::pod::{Container, Running, State, Work, path_of};
use super::{probe, runtime, status};
use crate::outcome::Output;

/// The shortest time a process is given after SIGTERM.
const LEAST: i64 = 2;
/// How much of a message a container may leave.
const MESSAGE: usize = 4096;
/// How much of the log stands in for one.
const LOG_MESSAGE: (usize, usize) = (80, 2048);

impl Work<'_> {
    /// The pod's grace period in seconds.
    pub(super) fn grace(&self) -> i64 {
        self.pod.i64_at(&["spec", "terminationGracePeriodSeconds"]).unwrap_or(30)
    }

    /// Runs a command in a container at a moment; what it printed, and how many milliseconds it took.
    pub(super) fn run_inside(
        &mut self,
        known: &Container,
        argv: &[String],
        at: Timestamp,
    ) -> (Result<Output, String>, i64) {
        let (Some(space), Some(plan)) = (known.space, known.plan.clone()) else {
            return (Err(format!("container \"{}\" not found", known.id)), 0);
        };
        let machine = &mut self.node.machine;
        let now = std::mem::replace(&mut machine.now, at);
        let ran = runtime::exec_sync(machine, space, &plan, argv);
        let took = machine.now.0 - at.0;
        machine.now = now;
        match ran {
            Ok(Some(output)) => (Ok(output), took),
            // It would run for ever.
            Ok(None) => (Ok(Output::default()), i64::MAX / 2),
            Err(why) => (Err(why), 0),
        }
    }

    /// Runs a hook. Gives how long it took.
    ///
    /// # Errors
    /// What the kubelet says of its failure.
    pub(super) fn hook(
        &mut self,
        running: &Running,
        known: &Container,
        c: &Value,
        hook: &Value,
    ) -> Result<i64, String> {
        let now = self.cluster.now;
        let pod = format!("{}_{}({})", self.pod.name(), self.pod.namespace(), self.pod.uid());
        let name = c.str_at(&["name"]);
        if let Some(seconds) = hook.i64_at(&["sleep", "seconds"]) {
            return Ok(seconds * 1000);
        }
        if let Some(exec) = hook.get("exec") {
            let argv: Vec<String> =
                exec.list_at(&["command"]).iter().filter_map(Value::as_str).map(str::to_owned).collect();
            let (result, took) = self.run_inside(known, &argv, now);
            let (error, printed) = match result {
                Ok(o) if o.exit == 0 => return Ok(took),
                Ok(o) => {
                    let stderr = String::from_utf8_lossy(&o.stderr).into_owned();
                    let all = String::from_utf8_lossy(&[o.stdout, o.stderr].concat()).into_owned();
                    (format!("command '{}' exited with {}: {stderr}", argv.join(" "), o.exit), all)
                }
                Err(why) => (format!("rpc error: code = Unknown desc = {why}"), String::new()),
            };
            return Err(format!(
                "Exec lifecycle hook ([{}]) for Container \"{name}\" in Pod \"{pod}\" failed - error: {error}, message: {printed:?}",
                argv.join(" ")
            ));
        }
        match hook.get("httpGet") {
            None => Ok(0),
            Some(get) => match probe::hook_request(&self.node.machine, &running.ip, get, c) {
                Ok(()) => Ok(0),
                Err(why) => Err(format!(
                    "HTTP lifecycle hook ({}) for Container \"{name}\" in Pod \"{pod}\" failed - error: {why}, message: \"\"",
                    get.str_at(&["path"])
                )),
            },
        }
    }

    /// Asks a container to end: says so, runs its hook, sends SIGTERM, and SIGKILL when the grace period is over.
    pub(super) fn kill(
        &mut self,
        running: &Running,
        known: &mut Container,
        (list, c): (&str, &Value),
        message: Option<&str>,
        grace: i64,
    ) {
        if known.stopping.is_some() || !matches!(known.state, State::Running { .. }) {
            return;
        }
        let now = self.cluster.now;
        let name = c.str_at(&["name"]);
        let path = path_of(list, name);
        let message = message.map_or_else(|| format!("Stopping container {name}"), str::to_owned);
        self.event(&path, EventType::Normal, "Killing", &message);
        let mut left = grace * 1000;
        if grace > 0
            && let Some(hook) = c.at(&["lifecycle", "preStop"]).filter(|h| !h.is_null())
        {
            match self.hook(running, known, c, hook) {
                Ok(took) => left -= took.min(left),
                Err(_) => {
                    self.event(&path, EventType::Warning, "FailedPreStopHook", "PreStopHook failed");
                }
            }
        }
        let term = now.plus_millis(grace * 1000 - left);
        let left = left.max(LEAST * 1000);
        known.stopping = Some(match runtime::on_sigterm(&self.node.machine, known.pid) {
            runtime::OnSigterm::Ends(exit) => (term, exit),
            runtime::OnSigterm::EndsAfter(wait, exit) if wait < left => (term.plus_millis(wait), exit),
            _ => (term.plus_millis(left), 137),
        });
    }

    /// Ends a container whose time has come.
    pub(super) fn stopped(&mut self, known: &mut Container) {
        if let Some((at, exit)) = known.stopping
            && at <= self.cluster.now
        {
            self.end(known, exit, at);
        }
    }

    /// The container's process is over.
    pub(super) fn end(&mut self, known: &mut Container, exit: i32, at: Timestamp) {
        known.stopping = None;
        if let State::Running { since, .. } = known.state {
            let starved = known.space.is_some_and(|s| self.node.machine.out_of_memory.remove(&s));
            let reason = match (starved, exit) {
                (true, 137) => "OOMKilled",
                (_, 0) => "Completed",
                _ => "Error",
            };
            let message = self.last_words(known, exit);
            known.state = State::Terminated { exit, since, at, reason, message };
        }
        if let Some(space) = known.space.take() {
            runtime::remove(&mut self.node.machine, space);
        }
    }

    /// What a container left in its termination log, or the end of its log where it asks for that.
    fn last_words(&self, known: &Container, exit: i32) -> String {
        let Some(plan) = &known.plan else { return String::new() };
        let left = known.farewell.and_then(|ino| self.node.machine.fs.content(ino)).unwrap_or_default();
        let text = String::from_utf8_lossy(left.get(..MESSAGE).unwrap_or(&left)).into_owned();
        if !text.is_empty() || !plan.log_as_message || exit == 0 {
            return text;
        }
        let from = known.log.len().saturating_sub(LOG_MESSAGE.0);
        let lines: String =
            known.log.get(from..).unwrap_or_default().iter().map(|(_, l)| format!("{l}\n")).collect();
        let cut = lines.len().saturating_sub(LOG_MESSAGE.1);
        let cut = (cut..=lines.len()).find(|i| lines.is_char_boundary(*i)).unwrap_or(0);
        lines.get(cut..).unwrap_or_default().to_owned()
    }

    /// Brings down a pod that is being deleted: containers first, side-cars after them, then the object goes.
    pub(super) fn stop(&mut self) {
        let uid = self.pod.uid().to_owned();
        let grace = self.pod.i64_at(&["metadata", "deletionGracePeriodSeconds"]).unwrap_or(30);
        if let Some(running) = self.node.pods.get(&uid) {
            let mut running = (**running).clone();
            let mut alive = false;
            for list in ["containers", "ephemeralContainers", "initContainers"] {
                if list == "initContainers" && alive {
                    break;
                }
                for c in self.pod.list_at(&["spec", list]).to_vec() {
                    let name = c.str_at(&["name"]).to_owned();
                    let Some(mut known) = running.containers.get(&name).cloned() else { continue };
                    self.go_on(&mut known);
                    self.kill(&running, &mut known, (list, &c), None, grace);
                    self.stopped(&mut known);
                    if matches!(known.state, State::Running { .. }) {
                        let path = path_of(list, &name);
                        let _ = self.probe(&running, &mut known, &c, &path);
                        alive = true;
                    }
                    running.containers.insert(name, known);
                }
            }
            if alive {
                self.report(&running);
                self.node.pods.insert(uid, std::sync::Arc::new(running));
                return;
            }
            runtime::remove_sandbox(&mut self.node.machine, &running);
            self.node.pods.remove(&uid);
        }
        let _ = Client::kubelet(self.cluster, self.name).delete_now(
            "pods",
            self.pod.namespace(),
            self.pod.name(),
        );
    }

    /// Tells the API server how the pod stands.
    pub(super) fn report(&mut self, running: &Running) {
        let status = status::of(self.pod, running, self.name, self.cluster);
        let current = self.cluster.store.get("pods", self.pod.namespace(), self.pod.name()).cloned();
        if let Some(current) = current {
            let _ = Client::kubelet(self.cluster, self.name).update_status("pods", &current, status);
        }
    }
}

/// Whether the container's last words are its log where it left none.
pub(super) fn log_as_message(c: &Value) -> bool {
    c.str_at(&["terminationMessagePolicy"]) == "FallbackToLogsOnError"
}

/// The file a container leaves its last words in.
pub(super) fn message_path(c: &Value) -> &str {
    match c.str_at(&["terminationMessagePath"]) {
        "" => "/dev/termination-log",
        path => path,
    }
}
