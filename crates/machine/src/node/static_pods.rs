//! The control plane's static pods: what the kubelet finds in its folder, starts, and starts again.
//!
//! An edited manifest makes a new pod, which is started at once; a container that ended is started again after a back-off
//! that doubles. Models pkg/kubelet/{config,pod_workers,kuberuntime}.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_core::cluster::Process;
use gatehouse_core::{ApiServerConfig, Cluster, Entropy};

use super::manifest::Manifest;
use super::static_probes::{self, Failing, Port};
use super::{CriContainer, Services, klog};
use super::{apiserver, components};
use crate::fs::Kind;
use crate::machine::{HOST, Machine};
use crate::programs::sums;

/// The components, in the order in which one needs another.
pub const COMPONENTS: [&str; 4] = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];

/// Why a component does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no manifest for it.
    Gone,
    /// The kubelet cannot read the manifest: what it says.
    Manifest(String),
    /// A volume cannot be set up: its name and why.
    Volume(String, String),
    /// The image cannot be had: why.
    Image(String),
    /// The runtime cannot start the process: why.
    Process(String),
    /// The process ends: its last words and its exit code.
    Exit(Vec<String>, i32),
}

/// How a component stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Component {
    /// The text of the manifest it was started from; the mark of the pod.
    text: Arc<Vec<u8>>,
    running: bool,
    /// How often it ended in a row.
    failures: u32,
    /// When it may be started again.
    retry: i64,
    /// What its kubelet finds wrong with it.
    failing: Vec<Failing>,
}

impl Component {
    /// Somebody stopped its container.
    pub(super) const fn stopped(&mut self) {
        self.running = false;
        self.retry = 0;
    }

    pub(super) const fn is_running(&self) -> bool {
        self.running
    }

    pub(super) fn failing(&self) -> Option<&[Failing]> {
        (!self.failing.is_empty()).then_some(&self.failing)
    }

    pub(super) const fn failing_mut(&mut self) -> &mut Vec<Failing> {
        &mut self.failing
    }
}

/// What starting a component does to the cluster.
pub(super) enum Effect {
    /// etcd listens, and may ask for client certificates.
    Etcd(Vec<String>, bool, crate::net::tls::Server),
    /// The API server serves.
    ApiServer(Box<ApiServerConfig>, Box<super::ServerFiles>),
    /// The component acts.
    Acts,
}

/// A pod that a file of the folder describes.
#[derive(Clone, Debug, PartialEq)]
pub struct StaticPod {
    /// As the file has it.
    pub pod: gatehouse_model::Value,
    /// What tells one text from another: the pod's UID on its node.
    pub hash: String,
}

/// The files of the folder, by path.
type Files = BTreeMap<String, Arc<Vec<u8>>>;

fn folder(machine: &Machine, path: &str) -> Files {
    let mut files = Files::new();
    let Some(dir) = machine.space(HOST).and_then(|s| s.mounts.locate(&machine.fs, path)) else {
        return files;
    };
    let Some(Kind::Dir(dir)) = machine.fs.get(dir.ino).map(|i| &i.kind) else { return files };
    for (name, ino) in dir.entries.iter().filter(|(n, _)| !n.starts_with('.')) {
        if let Some(content) = machine.fs.content(*ino) {
            files.insert(format!("{}/{name}", path.trim_end_matches('/')), content);
        }
    }
    files
}

/// Lets the kubelet look at its manifests. Says whether anything of the control plane changed.
pub fn sync(machine: &mut Machine, cluster: &mut Cluster) -> bool {
    if !machine.services.runs("kubelet") || !machine.services.runs("containerd") {
        return false;
    }
    let path = machine.services.kubelet.static_pod_path.clone();
    let files = folder(machine, &path);
    let now = machine.now.0;
    let lost: Vec<String> = machine
        .services
        .components
        .iter()
        .filter(|(name, c)| {
            c.running && !machine.processes.values().any(|p| p.space == HOST && p.argv.first() == Some(name))
        })
        .map(|(name, _)| name.clone())
        .collect();
    for name in lost {
        if let Some(c) = Arc::make_mut(&mut machine.services).components.get_mut(&name) {
            c.stopped();
        }
    }
    let reloaded = super::encryption::reload(machine, cluster);
    let unwell = machine.services.components.values().any(|c| c.running && !c.failing.is_empty());
    let killed = if unwell { static_probes::tick(machine, cluster) } else { Vec::new() };
    for name in &killed {
        if let Some(c) = Arc::make_mut(&mut machine.services).components.get_mut(name) {
            c.stopped();
        }
    }
    let known = &machine.services;
    let due = known.components.values().any(|c| !c.running && !c.text.is_empty() && c.retry <= now);
    if files == known.manifests && !due {
        return reloaded;
    }
    let read: Vec<Found> = files
        .iter()
        .map(|(p, t)| (p.clone(), Arc::clone(t), Manifest::read(p, &String::from_utf8_lossy(t))))
        .collect();
    let services = Arc::make_mut(&mut machine.services);
    for (p, t, outcome) in &read {
        if let Err(why) = outcome
            && services.manifests.get(p) != Some(t)
        {
            let why = why.replace('"', "\\\"");
            services.kubelet_says('E', now, &format!("file_linux.go:61] \"Unable to read config path\" err=\"unable to process watch event: can't process config file \\\"{p}\\\": {why}\" path=\"{path}\""));
            services.kubelet_says(
                'E',
                now,
                &format!("file.go:187] \"Could not process manifest file\" err=\"{why}\" path=\"{p}\""),
            );
        }
    }
    if services.manifests != files {
        let pods = read.iter().filter_map(|(_, text, m)| {
            let m = m.as_ref().ok()?;
            Some(StaticPod { pod: m.pod.clone(), hash: sums::md5(text) })
        });
        services.pods = pods.collect();
    }
    services.manifests = files;
    let mut changed = reloaded;
    for program in COMPONENTS {
        let found = read.iter().find(|(p, _, m)| match m {
            Ok(m) => m.name() == program,
            Err(_) => p.rsplit('/').next().is_some_and(|f| f.trim_end_matches(".yaml") == program),
        });
        changed |= bring(machine, cluster, program, found);
    }
    changed
}

/// A file of the folder: its path, its text, and the pod or why there is none.
type Found = (String, Arc<Vec<u8>>, Result<Manifest, String>);

/// Brings one component to what its manifest asks for.
fn bring(machine: &mut Machine, cluster: &mut Cluster, program: &str, found: Option<&Found>) -> bool {
    let now = machine.now.0;
    let was = machine.services.components.get(program).cloned().unwrap_or_default();
    let (text, manifest) = match found {
        None => (Arc::default(), Err(Failure::Gone)),
        Some((_, text, Ok(m))) => (Arc::clone(text), Ok(m)),
        Some((_, text, Err(why))) => (Arc::clone(text), Err(Failure::Manifest(why.clone()))),
    };
    let same = was.text == text;
    let starved = program == "kube-apiserver" && machine.services.etcd.is_none();
    if same && (was.running && !starved || !was.running && (text.is_empty() || was.retry > now)) {
        return false;
    }
    let first = was.text.is_empty();
    let outcome = manifest.and_then(|m| start(machine, cluster, program, m));
    let failures = if same { was.failures } else { 0 };
    let mut component = Component { text, running: outcome.is_ok(), failures, ..Component::default() };
    if let Err(failure) = &outcome {
        let wait = match failure {
            Failure::Gone | Failure::Manifest(_) => i64::MAX / 2,
            Failure::Volume(..) | Failure::Image(_) => 5000,
            Failure::Exit(..) | Failure::Process(_) => {
                component.failures += 1;
                (5000_i64 << component.failures.min(7)).min(300_000)
            }
        };
        component.retry = now.saturating_add(wait);
        if component.retry - now < i64::MAX / 4 {
            cluster.controllers.alarm(gatehouse_core::Timestamp(component.retry));
        }
    }
    let manifest = found.and_then(|(_, _, m)| m.as_ref().ok());
    note(machine, program, manifest, &component, &outcome);
    let runs = outcome.is_ok();
    let changed = apply(machine, cluster, program, outcome.ok(), first);
    // What kubeadm wrote answers its own probes.
    if let (true, Some(manifest)) = (runs, manifest)
        && !super::files::is_stock(program, &component.text, cluster)
    {
        component.failing = static_probes::examine(machine, cluster, program, manifest);
        if let Some(at) = static_probes::alarm(&component.failing) {
            cluster.controllers.alarm(gatehouse_core::Timestamp(at));
        }
    }
    Arc::make_mut(&mut machine.services).components.insert(program.to_owned(), component);
    changed
}

/// Starts the component's container.
fn start(
    machine: &mut Machine,
    cluster: &Cluster,
    program: &str,
    manifest: &Manifest,
) -> Result<Effect, Failure> {
    manifest.mount_volumes(machine).map_err(|(volume, why)| Failure::Volume(volume, why))?;
    let image = manifest.container.str_at(&["image"]);
    image_exists(program, image)?;
    let called = manifest.argv().next().unwrap_or(program).rsplit('/').next().unwrap_or_default();
    if called != program {
        let called = manifest.argv().next().unwrap_or_default();
        return Err(Failure::Process(format!(
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: \"{called}\": executable file not found in $PATH"
        )));
    }
    if program == "kube-apiserver" {
        apiserver::start(machine, cluster, manifest)
    } else {
        components::start(machine, program, manifest)
    }
}

/// Whether a registry has the image.
fn image_exists(program: &str, image: &str) -> Result<(), Failure> {
    let (name, tag) = image.rsplit_once(':').unwrap_or((image, "latest"));
    let version =
        tag.strip_prefix("v1.").and_then(|r| r.split('.').next()).and_then(|m| m.parse::<u8>().ok());
    let known = name == format!("registry.k8s.io/{program}")
        && (version.is_some_and(|m| (20..=36).contains(&m)) || program == "etcd" && tag.starts_with("3."));
    if known {
        return Ok(());
    }
    let full = if image.contains(':') { image.to_owned() } else { format!("{image}:latest") };
    Err(Failure::Image(format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{full}\": failed to resolve image: {full}: not found"
    )))
}

/// Shows crictl, the journal and the logs what became of it.
fn note(
    machine: &mut Machine,
    program: &str,
    manifest: Option<&Manifest>,
    component: &Component,
    outcome: &Result<Effect, Failure>,
) {
    let now = machine.now.0;
    let host = machine.space(HOST).map(|s| s.hostname.clone()).unwrap_or_default();
    let services = Arc::make_mut(&mut machine.services);
    for c in services.containers.iter_mut().filter(|c| c.name == program && c.from_manifest && c.running) {
        c.running = false;
        c.exit = 0;
        c.ended = now;
    }
    let uid = sums::md5(&component.text);
    let pod = format!("{program}-{host}");
    let worker = |what: &str| {
        format!(
            "pod_workers.go:1324] \"Error syncing pod, skipping\" err=\"{what}\" pod=\"kube-system/{pod}\" podUID=\"{uid}\""
        )
    };
    let old: Vec<u32> = machine
        .processes
        .values()
        .filter(|p| p.space == HOST && p.argv.first().is_some_and(|a| a == program))
        .map(|p| p.pid)
        .collect();
    old.iter().for_each(|pid| {
        machine.processes.remove(pid);
    });
    if let (Ok(_), Some(m)) = (outcome, manifest) {
        let words: Vec<&str> = m.argv().collect();
        let process = machine.new_process(HOST, crate::process::Cred::user(0, 0), &words);
        machine.processes.insert(process.pid, Arc::new(process));
    }
    let services = Arc::make_mut(&mut machine.services);
    let (log, exit) = match outcome {
        Ok(Effect::ApiServer(_, files)) => (files.greeting.clone(), None),
        Ok(_) => (components::greeting(program, now), None),
        Err(Failure::Exit(lines, exit)) => {
            let wait = ((component.retry - now) / 1000).max(10);
            let wait = if wait < 60 { format!("{wait}s") } else { format!("{}m{}s", wait / 60, wait % 60) };
            services.kubelet_says('E', now, &worker(&format!("failed to \\\"StartContainer\\\" for \\\"{program}\\\" with CrashLoopBackOff: \\\"back-off {wait} restarting failed container={program} pod={pod}_kube-system({uid})\\\"")));
            (lines.clone(), Some(*exit))
        }
        Err(Failure::Process(why)) => {
            services.kubelet_says('E', now, &worker(&format!("failed to \\\"StartContainer\\\" for \\\"{program}\\\" with RunContainerError: \\\"{}\\\"", why.replace('"', "\\\\\\\""))));
            (Vec::new(), Some(128))
        }
        Err(Failure::Volume(volume, why)) => {
            services.kubelet_says('E', now, &format!("nestedpendingoperations.go:348] Operation for \"{{volumeName:kubernetes.io/host-path/{uid}-{volume} podName:{uid} nodeName:}}\" failed. No retries permitted until {} (durationBeforeRetry 500ms). Error: MountVolume.SetUp failed for volume \"{volume}\" (UniqueName: \"kubernetes.io/host-path/{uid}-{volume}\") pod \"{pod}\" (UID: \"{uid}\") : {why}", gatehouse_core::Timestamp(now + 500)));
            return;
        }
        Err(Failure::Image(why)) => {
            let image = manifest.map_or("", |m| m.container.str_at(&["image"]));
            let why = why.replace('"', "\\\\\\\"");
            services.kubelet_says(
                'E',
                now,
                &worker(&format!(
                    "failed to \\\"StartContainer\\\" for \\\"{program}\\\" with ErrImagePull: \\\"{why}\\\""
                )),
            );
            services.kubelet_says('E', now, &worker(&format!("failed to \\\"StartContainer\\\" for \\\"{program}\\\" with ImagePullBackOff: \\\"Back-off pulling image \\\\\\\"{image}\\\\\\\": ErrImagePull: {why}\\\"")));
            return;
        }
        Err(Failure::Gone | Failure::Manifest(_)) => return,
    };
    let mut numbers =
        Entropy::new(now.unsigned_abs() ^ services.containers.len() as u64 ^ (program.len() as u64) << 40);
    let mut hex = || (0..4).map(|_| format!("{:016x}", numbers.next_u64())).collect::<String>();
    let pod_id = sums::sha256(format!("{uid}{program}").as_bytes());
    let mine = |c: &&CriContainer| c.name == program && c.from_manifest && c.uid == uid;
    let attempt = services.containers.iter().filter(mine).map(|c| c.attempt + 1).max().unwrap_or(0);
    services.containers.retain(|c| !mine(&c) || c.running || attempt - c.attempt < 2);
    // Another pod's containers go when the kubelet next clears up.
    let other = |c: &CriContainer| c.name == program && c.from_manifest && c.uid != uid;
    services.containers.retain(|c| !other(c) || c.running || now - c.ended < 60_000);
    services.containers.push(CriContainer {
        id: hex(),
        name: program.to_owned(),
        pod,
        namespace: "kube-system".to_owned(),
        pod_id,
        uid,
        image: manifest.map(|m| m.container.str_at(&["image"]).to_owned()).unwrap_or_default(),
        args: manifest.map(|m| m.argv().map(str::to_owned).collect()).unwrap_or_default(),
        running: exit.is_none(),
        exit: exit.unwrap_or(0),
        attempt,
        created: now,
        ended: now,
        log: log.into_iter().map(|l| (now, l)).collect(),
        from_manifest: true,
        handler: String::new(),
    });
}

/// Tells the cluster what runs. Says whether that changed.
fn apply(
    machine: &mut Machine,
    cluster: &mut Cluster,
    program: &str,
    effect: Option<Effect>,
    first: bool,
) -> bool {
    let services = Arc::make_mut(&mut machine.services);
    match program {
        "etcd" => {
            let listens = match effect {
                Some(Effect::Etcd(urls, auth, tls)) => {
                    services.etcd_tls = tls;
                    services.etcd_client_auth = auth;
                    Some(urls)
                }
                _ => None,
            };
            let changed = services.etcd != listens;
            services.etcd = listens;
            changed
        }
        "kube-apiserver" => {
            let mut config = (*cluster.config).clone();
            match effect {
                Some(Effect::ApiServer(new, files)) => {
                    config = *new;
                    cluster.store.set_encryption(Arc::clone(&files.encryption));
                    services.server = *files;
                    cluster.process = Process::default();
                }
                _ => config.up = false,
            }
            if first && config.up {
                // The server the cluster was made with is the one its manifest describes; exercises may add to it.
                config.enable_admission_plugins.clone_from(&cluster.config.enable_admission_plugins);
            }
            let changed = *cluster.config != config;
            if changed {
                cluster.config = Arc::new(config);
                gatehouse_core::controllers::kubernetes_service::correct(cluster);
            }
            changed
        }
        name => {
            let acts = effect.is_some();
            let slot = if name == "kube-scheduler" {
                &mut cluster.components.scheduler
            } else {
                &mut cluster.components.controller_manager
            };
            std::mem::replace(slot, acts) != acts
        }
    }
}

impl Services {
    /// Whether a component answers all of its probes, and those for its start.
    #[must_use]
    pub fn answers(&self, program: &str) -> (bool, bool) {
        let failing = self.components.get(program).map_or(&[][..], |c| c.failing.as_slice());
        let started = failing.iter().all(|f| f.kind != crate::kubelet::probe::Kind::Startup);
        (failing.is_empty(), started)
    }

    /// The ports of the control plane's components that run, with their programs.
    #[must_use]
    #[inline(never)]
    pub fn component_ports(&self) -> Vec<(String, Port)> {
        let mut all = Vec::new();
        for (name, component) in self.components.iter().filter(|(_, c)| c.running) {
            if let Ok(manifest) = Manifest::read(name, &String::from_utf8_lossy(&component.text)) {
                all.extend(static_probes::ports(name, &manifest).into_iter().map(|p| (name.clone(), p)));
            }
        }
        all
    }

    /// A line of the kubelet's in the journal.
    pub(super) fn kubelet_says(&mut self, level: char, now: i64, rest: &str) {
        self.log(now, "kubelet", format!("{}    {} {rest}", klog(level, now), self.kubelet_pid()));
    }
}
