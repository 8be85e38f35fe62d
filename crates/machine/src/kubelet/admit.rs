//! What a kubelet refuses before it makes anything, and when it has had enough of a pod.
//!
//! Models pkg/kubelet/{sysctl,lifecycle} and active_deadline.go.

use gatehouse_core::controllers::Client;
use gatehouse_core::controllers::events::EventType;
use gatehouse_core::effects::plan::apparmor_rejection;
use gatehouse_core::{Cluster, Timestamp};
use gatehouse_model::{Object, Value};

use super::pod::{Running, State, Work};
use crate::machine::Machine;

/// Sysctls that every pod may set, and the minor version of Kubernetes from which on.
const SAFE: &[(&str, u8)] = &[
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 21),
    ("net.ipv4.ip_unprivileged_port_start", 22),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

/// A sysctl's name with dots: slashes are allowed as well.
pub(super) fn dotted(name: &str) -> String {
    name.replace('/', ".")
}

/// Why a pod's sysctls are refused.
fn sysctls(pod: &Object, machine: &Machine, cluster: &Cluster) -> Option<String> {
    let minor = cluster.version.minor();
    let allowed = &machine.services.kubelet.allowed_unsafe_sysctls;
    let unsafe_ones: Vec<String> = allowed.iter().map(|p| dotted(p)).collect();
    let on = |field: &str| pod.bool_at(&["spec", field]) == Some(true);
    for sysctl in pod.list_at(&["spec", "securityContext", "sysctls"]) {
        let name = dotted(sysctl.str_at(&["name"]));
        let safe = SAFE.iter().any(|(n, from)| *n == name && *from <= minor);
        let allowed = |p: &String| p.strip_suffix('*').map_or(*p == name, |start| name.starts_with(start));
        if !safe && !unsafe_ones.iter().any(allowed) {
            let word = if minor < 23 { "whitelisted" } else { "allowlisted" };
            return Some(format!("forbidden sysctl: \"{name}\" not {word}"));
        }
        let space = if name.starts_with("net.") { ("hostNetwork", "net") } else { ("hostIPC", "ipc") };
        if on(space.0) {
            return Some(format!("forbidden sysctl: \"{name}\" not allowed with host {} enabled", space.1));
        }
    }
    None
}

impl Work<'_> {
    /// Refuses a pod that this node will never run. Says whether it did.
    pub(super) fn refuse(&mut self) -> bool {
        let machine = &self.node.machine;
        let (reason, message) = if let Some(why) = sysctls(self.pod, machine, self.cluster) {
            ("SysctlForbidden", why)
        } else if let Some(why) = apparmor_rejection(self.pod, machine.apparmor.is_some()) {
            ("AppArmor", why.to_owned())
        } else {
            return false;
        };
        self.event("", EventType::Warning, reason, &message);
        let said = if self.cluster.version.minor() < 28 {
            format!("Pod {message}")
        } else {
            format!("Pod was rejected: {message}")
        };
        self.give_up(reason, &said);
        true
    }

    /// The pod has failed as a whole.
    fn give_up(&mut self, reason: &str, message: &str) {
        let mut status = self.pod.get("status").cloned().unwrap_or_else(Value::map);
        status.set(&["phase"], "Failed");
        status.set(&["reason"], reason);
        status.set(&["message"], message);
        if status.get("startTime").is_none() {
            status.set(&["startTime"], self.cluster.now.to_string());
        }
        let current = self.cluster.store.get("pods", self.pod.namespace(), self.pod.name()).cloned();
        if let Some(current) = current {
            let _ = Client::kubelet(self.cluster, self.name).update_status("pods", &current, status);
        }
    }

    /// Ends a pod that was active for longer than it may be. Says whether it did.
    pub(super) fn deadline(&mut self, running: &mut Running) -> bool {
        let Some(at) = deadline(self.pod, running) else { return false };
        if at > self.cluster.now {
            return false;
        }
        let message = "Pod was active on the node longer than the specified deadline";
        self.event("", EventType::Normal, "DeadlineExceeded", message);
        let grace = self.grace();
        self.fail_pod(running, "DeadlineExceeded", message, grace);
        true
    }

    /// Ends all containers of a pod that has failed as a whole.
    pub(super) fn fail_pod(&mut self, running: &mut Running, reason: &str, message: &str, grace: i64) {
        for list in ["initContainers", "containers"] {
            for c in self.pod.list_at(&["spec", list]).to_vec() {
                let name = c.str_at(&["name"]).to_owned();
                let Some(mut known) = running.containers.get(&name).cloned() else { continue };
                if matches!(known.state, State::Running { .. }) {
                    self.kill(running, &mut known, (list, &c), None, grace);
                    if let Some((at, exit)) = known.stopping {
                        self.end(&mut known, exit, at);
                    }
                }
                running.containers.insert(name, known);
            }
        }
        running.failed = true;
        self.report(running);
        let stored = self.cluster.store.get("pods", self.pod.namespace(), self.pod.name()).cloned();
        if let Some(pod) = stored {
            Work { cluster: self.cluster, node: self.node, name: self.name, pod: &pod, around: self.around }
                .give_up(reason, message);
        }
    }
}

/// When a pod has been active for as long as it may be.
pub(super) fn deadline(pod: &Object, running: &Running) -> Option<Timestamp> {
    let seconds = pod.i64_at(&["spec", "activeDeadlineSeconds"])?;
    Some(running.since.plus_millis(seconds.saturating_mul(1000)))
}
