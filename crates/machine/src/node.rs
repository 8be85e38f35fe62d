//! A kubeadm node: its files, its services, and the control plane that its static pods make.
//!
//! The kubelet watches /etc/kubernetes/manifests: an edited kube-apiserver.yaml becomes core's `ApiServerConfig`, and a
//! component that cannot start leaves its last words in its log. Knows no exercise; flags that are not modelled are
//! accepted if the component has them.

mod apiserver;
mod audit_flags;
mod audit_log;
mod components;
pub mod daemon;
mod encryption;
mod files;
pub mod firewall;
mod flags;
pub mod kubelet_config;
mod logs;
mod manifest;
mod server_config;
pub mod sshd;
mod static_pods;
mod static_probes;
pub mod units;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use apiserver::ServerFiles;
pub use audit_log::{Sink, write as write_audit_log};
pub use files::{furnish, user_config};
pub use kubelet_config::KubeletConfig;
pub use logs::{write as write_logs, write_syslog};
pub use static_pods::{COMPONENTS, Failure, StaticPod, sync as sync_static_pods};
pub use static_probes::Port;

/// Where the kubelet looks for static pods, unless its configuration says otherwise.
pub const MANIFESTS: &str = "/etc/kubernetes/manifests";
/// The API server's static pod.
pub const API_SERVER: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";
/// The kubelet's configuration.
pub const KUBELET_CONFIG: &str = "/var/lib/kubelet/config.yaml";

/// A container as containerd on a node knows it: what crictl shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriContainer {
    /// Its number.
    pub id: String,
    /// Its name in the pod.
    pub name: String,
    /// The pod.
    pub pod: String,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod sandbox's number.
    pub pod_id: String,
    /// The pod's UID.
    pub uid: String,
    /// The image.
    pub image: String,
    /// Its command line.
    pub args: Vec<String>,
    /// Whether it runs; else it has ended.
    pub running: bool,
    /// The exit code, once it ended.
    pub exit: i32,
    /// How often it was started again.
    pub attempt: i64,
    /// When it was made, in milliseconds since 1970.
    pub created: i64,
    /// When it ended, if it has.
    pub ended: i64,
    /// What it wrote.
    pub log: Vec<(i64, String)>,
    /// Whether it belongs to a pod of the node's own manifests.
    pub from_manifest: bool,
    /// The runtime handler, empty for the default.
    pub handler: String,
}

/// What services of a node know and wrote.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// Containers of pods, and of static pods.
    pub containers: Vec<CriContainer>,
    /// Lines of the journal: when, the unit, the line.
    pub journal: Vec<(i64, String, String)>,
    /// The units of tags in the journal that are named otherwise.
    tags: BTreeMap<String, String>,
    /// What is known of units: whether they run, since when, how they failed.
    pub units: BTreeMap<String, units::Unit>,
    /// The configuration that the running kubelet read.
    pub kubelet: KubeletConfig,
    /// The version of the kubelet that runs.
    pub kubelet_version: String,
    /// What the running SSH server read.
    pub sshd: sshd::Config,
    /// The runtime handlers that the running containerd read.
    pub handlers: Vec<String>,
    /// The URLs where etcd listens, while it runs.
    pub etcd: Option<Vec<String>>,
    /// Whether etcd asks for client certificates.
    pub etcd_client_auth: bool,
    /// What etcd was told about TLS.
    pub etcd_tls: crate::net::tls::Server,
    /// What the running API server holds.
    pub server: ServerFiles,
    components: BTreeMap<String, static_pods::Component>,
    manifests: BTreeMap<String, Arc<Vec<u8>>>,
    pods: Vec<StaticPod>,
    /// The kernel's packet filter.
    pub filter: firewall::Filter,
    /// Containers that were stopped past the kubelet.
    pub killed: Vec<String>,
    /// How much of the journal and of the kernel's messages is in rsyslog's files.
    syslogged: (usize, usize),
    /// How many lines of each container are in its log file.
    logged: BTreeMap<String, usize>,
}

impl Services {
    /// Adds a line to the journal.
    pub fn log(&mut self, now: i64, unit: &str, line: String) {
        let pid = match unit {
            "systemd" => 1,
            unit => self.units.get(unit).map_or(0, |u| u.pid),
        };
        self.journal.push((now, format!("{unit}[{pid}]"), line));
    }

    /// Adds a line that a process of a unit wrote.
    fn log_as(&mut self, now: i64, tag: &str, unit: &str, line: String) {
        self.tags.insert(tag.to_owned(), unit.to_owned());
        self.journal.push((now, tag.to_owned(), line));
    }

    /// The unit that a tag of the journal belongs to.
    #[must_use]
    pub fn unit_of<'t>(&'t self, tag: &'t str) -> &'t str {
        self.tags.get(tag).map_or_else(|| tag.split('[').next().unwrap_or(tag), String::as_str)
    }

    /// Stops a container as `crictl stop` does; its kubelet will notice.
    pub fn kill(&mut self, id: &str) {
        let Some(c) = self.containers.iter().find(|c| c.id == id && c.running) else { return };
        if let Some(component) = self.components.get_mut(&c.name).filter(|_| c.from_manifest) {
            component.stopped();
        }
        self.killed.push(id.to_owned());
    }

    /// The pods of the node's own manifests.
    #[must_use]
    pub fn static_pods(&self) -> &[StaticPod] {
        &self.pods
    }

    /// Whether a unit runs.
    #[must_use]
    pub fn runs(&self, unit: &str) -> bool {
        self.units.get(unit).is_some_and(|u| u.active)
    }

    fn kubelet_pid(&self) -> u32 {
        self.units.get("kubelet").map_or(0, |u| u.pid)
    }
}

/// A YAML error as decoders of components word it.
fn yaml_error(error: &gatehouse_model::yaml::YamlError) -> String {
    let text = error.to_string();
    text.strip_prefix("error converting YAML to JSON: ").map_or(text.clone(), str::to_owned)
}

/// The start of a klog line: `E1120 00:00:00.000000`.
fn klog(level: char, now: i64) -> String {
    let c = crate::programs::civil(now);
    format!("{level}{c}.{:03}000", now.rem_euclid(1000))
}

#[cfg(test)]
mod tests;
