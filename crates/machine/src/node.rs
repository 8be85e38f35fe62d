//! A kubeadm node: its files, its services, and the API server that its static pod manifest starts.
//!
//! The kubelet watches /etc/kubernetes/manifests: an edited kube-apiserver.yaml becomes core's `ApiServerConfig`, and a
//! server that cannot start leaves its last words in its log. Knows no exercise; the flags it does not model are accepted
//! if kube-apiserver has them.

mod apiserver;
mod files;

use std::sync::Arc;

use gatehouse_core::{Cluster, Entropy};
use gatehouse_model::yaml;

use crate::machine::Machine;

pub use apiserver::{Failure, read_config};
pub use files::furnish;

/// Where the kubelet looks for static pods.
pub const MANIFESTS: &str = "/etc/kubernetes/manifests";
/// The API server's static pod.
pub const API_SERVER: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";

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
    /// The image.
    pub image: String,
    /// Whether it runs; else it has ended.
    pub running: bool,
    /// The exit code, once it ended.
    pub exit: i32,
    /// How often it was started again.
    pub attempt: i64,
    /// When it was made, in milliseconds since 1970.
    pub created: i64,
    /// What it wrote.
    pub log: Vec<(i64, String)>,
    /// Whether it belongs to a pod of the node's own manifests.
    pub from_manifest: bool,
}

/// What services of a node know and wrote.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// Containers of pods, and of static pods.
    pub containers: Vec<CriContainer>,
    /// Lines of the journal: when, the unit, the line.
    pub journal: Vec<(i64, String, String)>,
    /// Units that were stopped.
    pub stopped: Vec<String>,
    /// The text of the API server's manifest that was acted on last.
    api_server: Option<String>,
    restarts: i64,
}

impl Services {
    fn log(&mut self, now: i64, unit: &str, line: String) {
        self.journal.push((now, unit.to_owned(), line));
    }
}

/// Lets the kubelet of a control plane look at its manifests. Says whether the API server changed.
pub fn sync_static_pods(machine: &mut Machine, cluster: &mut Cluster) -> bool {
    let stopped = machine.services.stopped.iter().any(|u| u == "kubelet");
    let text = machine.read_file(API_SERVER).map(|t| String::from_utf8_lossy(&t).into_owned());
    if stopped || text == machine.services.api_server {
        return false;
    }
    let first = machine.services.api_server.is_none();
    let mut config = (*cluster.config).clone();
    let now = machine.now.0;
    let host = machine.space(crate::machine::HOST).map(|s| s.hostname.clone()).unwrap_or_default();
    let outcome = match &text {
        None => Err(Failure::Gone),
        Some(t) => read_config(machine, t, &config),
    };
    let services = Arc::make_mut(&mut machine.services);
    services.api_server.clone_from(&text);
    let ended = |services: &mut Services| {
        for c in services.containers.iter_mut().filter(|c| c.name == "kube-apiserver" && c.running) {
            c.running = false;
            c.exit = 0;
        }
    };
    match outcome {
        Ok(new) => {
            config = new;
            config.up = true;
            ended(services);
            let log = vec![(
                now,
                format!(
                    "{} 1 options.go:263] external host was not specified, using 172.30.1.2",
                    klog('I', now)
                ),
            )];
            services.start("kube-apiserver", &host, true, 0, log, now);
        }
        Err(failure) => {
            config.up = false;
            ended(services);
            match failure {
                Failure::Gone => {}
                Failure::Manifest(why) => {
                    let line = format!(
                        "{}    1402 file_linux.go:61] \"Unable to read config path\" err=\"unable to process watch event: can't process config file \\\"{API_SERVER}\\\": {why}\" path=\"{MANIFESTS}\"",
                        klog('E', now)
                    );
                    services.log(now, "kubelet", line);
                }
                Failure::Start(line) => {
                    services.restarts += 1;
                    let log = vec![(now, line)];
                    services.start("kube-apiserver", &host, false, 1, log, now);
                    let line = format!(
                        "{}    1402 pod_workers.go:1301] \"Error syncing pod, skipping\" err=\"failed to \\\"StartContainer\\\" for \\\"kube-apiserver\\\" with CrashLoopBackOff: \\\"back-off 10s restarting failed container=kube-apiserver pod=kube-apiserver-{host}_kube-system\\\"\" pod=\"kube-system/kube-apiserver-{host}\"",
                        klog('E', now)
                    );
                    services.log(now, "kubelet", line);
                }
            }
        }
    }
    if first && config.up {
        // The server the cluster was made with is the one its manifest describes.
        return false;
    }
    let changed = *cluster.config != config;
    cluster.config = Arc::new(config);
    changed
}

/// The start of a klog line: `E1120 00:00:00.000000`.
fn klog(level: char, now: i64) -> String {
    let c = crate::programs::civil(now);
    format!("{level}{c}.{:03}000", now.rem_euclid(1000))
}

impl Services {
    /// Notes that a container of a static pod was started (or ended at once).
    fn start(&mut self, name: &str, host: &str, running: bool, exit: i32, log: Vec<(i64, String)>, now: i64) {
        let mut numbers =
            Entropy::new(now.unsigned_abs() ^ self.containers.len() as u64 ^ (name.len() as u64) << 40);
        let mut hex = || (0..4).map(|_| format!("{:016x}", numbers.next_u64())).collect::<String>();
        let attempt =
            self.containers.iter().filter(|c| c.name == name).map(|c| c.attempt + 1).max().unwrap_or(0);
        self.containers.retain(|c| c.name != name || c.running || attempt - c.attempt < 3);
        self.containers.push(CriContainer {
            id: hex(),
            name: name.to_owned(),
            pod: format!("{name}-{host}"),
            namespace: "kube-system".to_owned(),
            pod_id: hex(),
            image: format!("registry.k8s.io/{name}:v1.36.2"),
            running,
            exit,
            attempt,
            created: now,
            log,
            from_manifest: true,
        });
    }
}

/// Reads a manifest as the kubelet does: a pod, or why it is none.
fn pod_of(text: &str) -> Result<gatehouse_model::Value, String> {
    let not = "couldn't parse as pod(";
    let value = yaml::parse(text).map_err(|e| format!("{not}yaml: {e}), please check config file"))?;
    if value.str_at(&["kind"]) != "Pod" {
        return Err(format!("{not}invalid pod: {:?}), please check config file", value.str_at(&["kind"])));
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
