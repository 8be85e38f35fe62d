//! From a pod's spec to what a container will be, or why the kubelet or the runtime will not make it.
//!
//! Decides nothing about what the process does later. Models kubelet `kuberuntime/{kuberuntime_container,
//! security_context,kuberuntime_container_linux}.go`, `kubelet_pods.go` (environment) and containerd's CRI plugin.

use std::sync::Arc;

use gatehouse_core::Cluster;
use gatehouse_core::effects;
use gatehouse_core::effects::apparmor::Label;
use gatehouse_core::effects::capabilities::{Accounts, OciProcess};
use gatehouse_core::effects::plan::{Confinement, Refusal, confine};
use gatehouse_core::effects::seccomp::start::{StartError, Step};
use gatehouse_core::effects::seccomp::{Filter, RuntimeVersion};
use gatehouse_model::{Object, Value, base64};

use super::downward;
use super::volume::{self, Content};
use crate::images::{self, Image};
use crate::machine::Machine;

/// Why a container is not there: the reason in its waiting state, and the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `CreateContainerConfigError`, `CreateContainerError`, `RunContainerError`, `InvalidImageName`, …
    pub reason: &'static str,
    /// The words behind it.
    pub message: String,
}

impl Failure {
    fn config(message: impl Into<String>) -> Self {
        Self { reason: "CreateContainerConfigError", message: message.into() }
    }

    pub(super) fn create(message: impl Into<String>) -> Self {
        Self { reason: "CreateContainerError", message: message.into() }
    }

    pub(super) fn run(message: impl Into<String>) -> Self {
        Self { reason: "RunContainerError", message: message.into() }
    }

    fn runtime(error: StartError) -> Self {
        match error.step {
            Step::CreateContainer => Self::create(error.message),
            Step::StartContainer => Self::run(error.message),
        }
    }
}

/// What is mounted into a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where, in the container.
    pub path: String,
    /// The volume.
    pub volume: String,
    /// The part of it, empty for the whole.
    pub sub_path: String,
    /// Whether it is read-only there.
    pub read_only: bool,
    /// What it is.
    pub content: Content,
    /// Whether a path of the node that is missing becomes a file.
    pub as_file: bool,
}

/// What a container will be.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The image.
    pub image: Image,
    /// User, groups, capabilities.
    pub process: OciProcess,
    /// The memory its processes may hold together, in bytes.
    pub memory: Option<u64>,
    /// The command.
    pub argv: Vec<String>,
    /// Its environment, in order.
    pub env: Vec<(String, String)>,
    /// Where it starts.
    pub cwd: String,
    /// Which calls it may make.
    pub filter: Option<Arc<Filter>>,
    /// The AppArmor profile; `None` for unconfined.
    pub profile: Option<String>,
    /// Whether its root is read-only.
    pub read_only_root: bool,
    /// Whether /proc is seen unmasked.
    pub unmasked_proc: bool,
    /// What is mounted.
    pub mounts: Vec<Mount>,
    /// The host name.
    pub hostname: String,
    /// The runtime handler, empty for the default.
    pub handler: String,
    /// Sysctls of the pod, with dots.
    pub sysctls: Vec<(String, String)>,
    /// The first user of the host that stands for its root in a user namespace of its own; 0 without.
    pub id_shift: u32,
    /// /etc/hosts; the usual one where empty.
    pub hosts: String,
    /// /etc/resolv.conf.
    pub resolv_conf: String,
    /// The file it may leave its last words in.
    pub message_path: String,
    /// Whether its log stands in for them where it fails without any.
    pub log_as_message: bool,
    /// Whether somebody may type into it.
    pub stdin: bool,
    /// The ports it declares.
    pub ports: Vec<u16>,
    /// The group of its volumes.
    pub fs_group: Option<u32>,
}

/// Where a pod lives: what planning may look at.
pub struct Site<'a> {
    /// The cluster: config maps, secrets, service accounts.
    pub cluster: &'a mut Cluster,
    /// The node.
    pub node: &'a Machine,
    /// The pod's address.
    pub ip: &'a str,
    /// The pod's runtime handler, empty for the default.
    pub handler: &'a str,
}

/// Plans one container.
///
/// # Errors
/// Why it cannot be made, in the kubelet's or containerd's words.
pub fn plan(site: &mut Site<'_>, pod: &Object, container: &Value) -> Result<Plan, Failure> {
    let image = images::find(container.str_at(&["image"]));
    let empty = Value::map();
    let security = container.get("securityContext").unwrap_or(&empty);
    let pod_security = pod.at(&["spec", "securityContext"]).unwrap_or(&empty);
    let env = environment(site, pod, container, &image)?;
    let mounts = mounts(site, pod, container, &env)?;
    let confinement = confinement(site, pod, container, &image)?;
    let argv = command(container, &image, &env);
    if argv.is_empty() {
        return Err(Failure::create("no command specified"));
    }
    let gid = |v: Option<i64>| v.and_then(|g| u32::try_from(g).ok());
    let hostname = hostname(pod);
    Ok(Plan {
        image,
        process: confinement.process,
        memory: container
            .at(&["resources", "limits", "memory"])
            .and_then(|m| gatehouse_model::Quantity::parse(m.as_str()?).ok())
            .and_then(|q| u64::try_from(q.units()).ok()),
        argv,
        env,
        cwd: match container.str_at(&["workingDir"]) {
            "" => image.workdir.to_owned(),
            dir => dir.to_owned(),
        },
        filter: confinement.seccomp.map(Arc::new),
        profile: match confinement.apparmor {
            Label::Profile(name) => Some(name),
            Label::Unconfined => None,
        },
        read_only_root: confinement.read_only_root,
        unmasked_proc: security.str_at(&["procMount"]) == "Unmasked",
        mounts,
        hostname: hostname.chars().take(63).collect(),
        handler: site.handler.to_owned(),
        sysctls: pod
            .list_at(&["spec", "securityContext", "sysctls"])
            .iter()
            .map(|s| (super::admit::dotted(s.str_at(&["name"])), s.str_at(&["value"]).to_owned()))
            .collect(),
        id_shift: if pod.bool_at(&["spec", "hostUsers"]) == Some(false) { id_shift(pod) } else { 0 },
        hosts: super::names::hosts(site, pod),
        resolv_conf: super::names::resolv_conf(site, pod),
        message_path: super::stop::message_path(container).to_owned(),
        log_as_message: super::stop::log_as_message(container),
        stdin: container.bool_at(&["stdin"]) == Some(true),
        ports: container
            .list_at(&["ports"])
            .iter()
            .filter_map(|p| p.i64_at(&["containerPort"]).and_then(|p| u16::try_from(p).ok()))
            .collect(),
        fs_group: gid(pod_security.i64_at(&["fsGroup"])),
    })
}

/// The pod's host name: its node's where it lives in the node's network.
pub(super) fn hostname(pod: &Object) -> &str {
    match pod.str_at(&["spec", "hostname"]) {
        _ if pod.bool_at(&["spec", "hostNetwork"]) == Some(true) => pod.str_at(&["spec", "nodeName"]),
        "" => pod.name(),
        name => name,
    }
}

/// Each pod gets 65536 users of its own above the host's.
fn id_shift(pod: &Object) -> u32 {
    let seed = pod.uid().bytes().fold(7_u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b)));
    (1 + seed % 110) * 65536
}

/// Users, capabilities and profiles, as core decides them.
fn confinement(
    site: &Site<'_>,
    pod: &Object,
    container: &Value,
    image: &Image,
) -> Result<Confinement, Failure> {
    let (passwd, group) = super::rootfs::accounts(image);
    let accounts = Accounts { passwd: &passwd, group: &group };
    let node = effects::plan::Node {
        runtime: RuntimeVersion::default(),
        apparmor: Some(&|name| site.node.has_profile(name)),
        seccomp_default: site.node.services.kubelet.seccomp_default,
        seccomp_annotations: site.cluster.version.minor() < 25,
        read: &|path| site.node.read_file(path).map(|b| String::from_utf8_lossy(&b).into_owned()),
    };
    let image = effects::plan::Image { user: image.user, accounts };
    confine(pod, container, &image, &node).map_err(|refusal| match refusal {
        Refusal::Config(message) => Failure::config(message),
        Refusal::Runtime(error) => Failure::runtime(error),
    })
}

/// The command line: the container's own, else the image's. `$(NAME)` is replaced from the environment.
fn command(container: &Value, image: &Image, env: &[(String, String)]) -> Vec<String> {
    let words = |list: &[Value]| -> Vec<String> {
        list.iter().filter_map(Value::as_str).map(|w| expand(w, env)).collect()
    };
    let owned = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    let (own, args) = (words(container.list_at(&["command"])), words(container.list_at(&["args"])));
    match (own.is_empty(), args.is_empty()) {
        (false, _) => own.into_iter().chain(args).collect(),
        (true, false) => owned(image.entrypoint).into_iter().chain(args).collect(),
        (true, true) => owned(image.entrypoint).into_iter().chain(owned(image.cmd)).collect(),
    }
}

/// Replaces `$(NAME)`; `$$` is a dollar, and a name that is not known stays as it is.
fn expand(text: &str, env: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, tail)) = after.strip_prefix('(').and_then(|a| a.split_once(')')) {
            match env.iter().rev().find(|(n, _)| n == name) {
                Some((_, value)) => out.push_str(value),
                None => out.push_str(&format!("$({name})")),
            }
            rest = tail;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn environment(
    site: &mut Site<'_>,
    pod: &Object,
    container: &Value,
    image: &Image,
) -> Result<Vec<(String, String)>, Failure> {
    let mut env: Vec<(String, String)> = vec![
        ("PATH".into(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into()),
        ("HOSTNAME".into(), pod.name().to_owned()),
    ];
    if image.repository.contains("nginx") {
        env.push(("NGINX_VERSION".into(), "1.29.3".into()));
    }
    for source in container.list_at(&["envFrom"]) {
        let prefix = source.str_at(&["prefix"]);
        for (kind, table) in [("configMapRef", "configmaps"), ("secretRef", "secrets")] {
            let Some(reference) = source.get(kind) else { continue };
            let name = reference.str_at(&["name"]);
            match site.cluster.store.get(table, pod.namespace(), name) {
                Some(object) => {
                    for (key, value) in object.map_at(&["data"]).iter() {
                        env.push((format!("{prefix}{key}"), volume::text(table, value)));
                    }
                }
                None if reference.bool_at(&["optional"]) == Some(true) => {}
                None => return Err(missing(table, name)),
            }
        }
    }
    env.extend(super::service_env::of(&site.cluster.store, pod));
    for entry in container.list_at(&["env"]) {
        let name = entry.str_at(&["name"]).to_owned();
        let value = match entry.get("valueFrom") {
            None => Some(expand(entry.str_at(&["value"]), &env)),
            Some(from) => value_from(site, pod, container, from)?,
        };
        if let Some(value) = value {
            env.retain(|(n, _)| *n != name);
            env.push((name, value));
        }
    }
    if !env.iter().any(|(n, _)| n == "HOME") {
        env.push(("HOME".into(), if image.user.is_empty() { "/root".into() } else { "/".into() }));
    }
    Ok(env)
}

fn missing(table: &str, name: &str) -> Failure {
    let kind = table.trim_end_matches('s');
    Failure::config(format!("{kind} \"{name}\" not found"))
}

fn value_from(
    site: &Site<'_>,
    pod: &Object,
    container: &Value,
    from: &Value,
) -> Result<Option<String>, Failure> {
    for (kind, table, shown) in
        [("configMapKeyRef", "configmaps", "ConfigMap"), ("secretKeyRef", "secrets", "Secret")]
    {
        let Some(reference) = from.get(kind) else { continue };
        let (name, key) = (reference.str_at(&["name"]), reference.str_at(&["key"]));
        let optional = reference.bool_at(&["optional"]) == Some(true);
        let Some(object) = site.cluster.store.get(table, pod.namespace(), name) else {
            return if optional { Ok(None) } else { Err(missing(table, name)) };
        };
        return match object.at(&["data"]).and_then(|d| d.get(key)) {
            Some(value) => Ok(Some(volume::text(table, value))),
            None if optional => Ok(None),
            None => {
                Err(Failure::config(format!("couldn't find key {key} in {shown} {}/{name}", pod.namespace())))
            }
        };
    }
    if let Some(reference) = from.get("resourceFieldRef") {
        return Ok(Some(downward::resource(site, pod, Some(container), reference)));
    }
    let path = from.str_at(&["fieldRef", "fieldPath"]);
    Ok((!path.is_empty()).then(|| downward::field(site, pod, path)))
}

fn mounts(
    site: &mut Site<'_>,
    pod: &Object,
    container: &Value,
    env: &[(String, String)],
) -> Result<Vec<Mount>, Failure> {
    let mut out = Vec::new();
    for mount in container.list_at(&["volumeMounts"]) {
        let name = mount.str_at(&["name"]);
        let Some(volume) = pod.list_at(&["spec", "volumes"]).iter().find(|v| v.str_at(&["name"]) == name)
        else {
            continue;
        };
        let content = volume::content(site, pod, volume).unwrap_or(Content::Empty);
        let (mut sub_path, pattern) = (mount.str_at(&["subPath"]).to_owned(), mount.str_at(&["subPathExpr"]));
        if !pattern.is_empty() {
            sub_path = expand(pattern, env);
            // What no variable has stays a reference, which is no path.
            if let Some((name, _)) = sub_path.split_once("$(").and_then(|(_, rest)| rest.split_once(')')) {
                return Err(Failure::config(format!("missing value for {name:?}")));
            }
        }
        out.push(Mount {
            path: mount.str_at(&["mountPath"]).to_owned(),
            volume: name.to_owned(),
            sub_path,
            read_only: mount.bool_at(&["readOnly"]) == Some(true) || content.always_read_only(),
            content,
            as_file: volume.str_at(&["hostPath", "type"]) == "FileOrCreate",
        });
    }
    Ok(out)
}

/// A value of a secret is base64, of a config map plain.
pub(super) fn decoded(table: &str, value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap_or_default();
    if table == "secrets" { base64::decode(text).unwrap_or_default() } else { text.as_bytes().to_vec() }
}
