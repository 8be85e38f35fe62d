//! The kubelet's configuration file: what a kubelet that starts makes of it, and what it answers on its ports.
//!
//! Models pkg/kubelet/{apis/config/v1beta1/defaults,apis/config/validation,kubeletconfig/configfiles,server}.go and
//! containerd's configuration.

use gatehouse_core::authz::{self, Attributes};
use gatehouse_core::request::ResourceTarget;
use gatehouse_core::{Cluster, Credential, Target, Verb, authn};
use gatehouse_model::field::aggregate_texts;
use gatehouse_model::{Value, yaml};

use super::apiserver::tls_problems;
use super::manifest::{Sight, look};
use crate::machine::Machine;
use crate::net::tls;

/// What a running kubelet was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeletConfig {
    /// `authentication.anonymous.enabled`
    pub anonymous: bool,
    /// `authentication.webhook.enabled`: whether bearer tokens are asked about.
    pub webhook: bool,
    /// `authorization.mode: AlwaysAllow`; else the API server is asked.
    pub always_allow: bool,
    /// `readOnlyPort`; 0 for none.
    pub read_only_port: i64,
    /// `port`
    pub port: i64,
    /// `staticPodPath`; empty for none.
    pub static_pod_path: String,
    /// `protectKernelDefaults`
    pub protect_kernel_defaults: bool,
    /// `tlsMinVersion`, `tlsCipherSuites`
    pub tls: tls::Server,
    /// `allowedUnsafeSysctls`
    pub allowed_unsafe_sysctls: Vec<String>,
    /// `seccompDefault`: RuntimeDefault for pods that ask for no profile.
    pub seccomp_default: bool,
    /// What a kubelet that starts with it has to say.
    pub remarks: Vec<String>,
}

/// The file as kubeadm writes it.
pub(super) const STOCK: &str = include_str!("disk/kubelet-config.yaml");
/// The fields of the file, by name.
const FIELDS: &str = include_str!("flags/kubelet-config.txt");

impl Default for KubeletConfig {
    fn default() -> Self {
        Self {
            anonymous: false,
            webhook: true,
            always_allow: false,
            read_only_port: 0,
            port: 10250,
            static_pod_path: super::MANIFESTS.to_owned(),
            protect_kernel_defaults: false,
            tls: tls::Server::default(),
            allowed_unsafe_sysctls: Vec::new(),
            seccomp_default: false,
            remarks: Vec::new(),
        }
    }
}

/// What the kernel must be set to where `protectKernelDefaults` is on.
const KERNEL: [(&str, &str); 6] = [
    ("kernel/keys/root_maxbytes", "25000000"),
    ("kernel/keys/root_maxkeys", "1000000"),
    ("kernel/panic", "10"),
    ("kernel/panic_on_oops", "1"),
    ("vm/overcommit_memory", "1"),
    ("vm/panic_on_oom", "0"),
];

impl KubeletConfig {
    /// Reads the file as a kubelet that starts does.
    ///
    /// # Errors
    /// The place in its source and what it says before it ends.
    pub fn load(machine: &Machine) -> Result<Self, (&'static str, String)> {
        let path = super::KUBELET_CONFIG;
        let failed = |why: String| {
            (
                "run.go:72",
                format!(
                    "failed to load kubelet config file, path: {path}, error: failed to load Kubelet config file {path}, error {why}"
                ),
            )
        };
        let text = match look(machine, path) {
            Sight::File(text) => text,
            other => {
                let why = other.read(path).err().unwrap_or_default();
                return Err(failed(format!("failed to read kubelet config file {path:?}, error: {why}")));
            }
        };
        if text.trim().is_empty() {
            return Err(failed(format!("kubelet config file {path:?} was empty")));
        }
        let value =
            yaml::parse(&text).map_err(|e| failed(format!("failed to decode: {}", super::yaml_error(&e))))?;
        let (kind, version) = (value.str_at(&["kind"]), value.str_at(&["apiVersion"]));
        if (kind, version) != ("KubeletConfiguration", "kubelet.config.k8s.io/v1beta1") {
            return Err(failed(format!(
                "failed to decode: no kind {kind:?} is registered for version {version:?} in scheme \"k8s.io/kubernetes/pkg/kubelet/apis/config/scheme/scheme.go:33\""
            )));
        }
        if let Some(why) = wrong_type(&value) {
            return Err(failed(format!("failed to decode: {why}")));
        }
        let texts = |field: &str| -> Vec<String> {
            value.list_at(&[field]).iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let config = Self {
            anonymous: value.bool_at(&["authentication", "anonymous", "enabled"]).unwrap_or(false),
            webhook: value.bool_at(&["authentication", "webhook", "enabled"]).unwrap_or(true),
            always_allow: value.str_at(&["authorization", "mode"]) == "AlwaysAllow",
            read_only_port: value.i64_at(&["readOnlyPort"]).unwrap_or(0),
            port: value.i64_at(&["port"]).filter(|p| *p != 0).unwrap_or(10250),
            static_pod_path: value.str_at(&["staticPodPath"]).to_owned(),
            protect_kernel_defaults: value.bool_at(&["protectKernelDefaults"]) == Some(true),
            tls: tls::Server::new(value.str_at(&["tlsMinVersion"]), texts("tlsCipherSuites")),
            allowed_unsafe_sysctls: texts("allowedUnsafeSysctls"),
            seccomp_default: value.bool_at(&["seccompDefault"]) == Some(true),
            remarks: if text == STOCK { Vec::new() } else { remarks(machine, &text, &value) },
        };
        config.validate(machine, &value)?;
        Ok(config)
    }

    fn validate(&self, machine: &Machine, value: &Value) -> Result<(), (&'static str, String)> {
        let mut wrong = Vec::new();
        if !(0..=65535).contains(&self.read_only_port) {
            wrong.push(format!("invalid configuration: readOnlyPort (--read-only-port) {} must be between 0 and 65535, inclusive", self.read_only_port));
        }
        if !(1..=65535).contains(&self.port) {
            wrong.push(format!(
                "invalid configuration: port (--port) {} must be between 1 and 65535, inclusive",
                self.port
            ));
        }
        if !wrong.is_empty() {
            return Err((
                "run.go:72",
                format!(
                    "failed to validate kubelet configuration, error: [{}], path: &TypeMeta{{Kind:,APIVersion:,}}",
                    wrong.join(", ")
                ),
            ));
        }
        let mode = value.str_at(&["authorization", "mode"]);
        if !matches!(mode, "" | "Webhook" | "AlwaysAllow") {
            return Err(("run.go:72", format!("failed to run Kubelet: unknown authorization mode {mode}")));
        }
        if let Some(why) = tls_problems(value.str_at(&["tlsMinVersion"]), &self.tls.suites).into_iter().next()
        {
            let why = format!("failed to construct kubelet dependencies: {why}");
            return Err(("run.go:72", why));
        }
        if let Some(why) = self.tls.http2_error() {
            return Err(("server.go:203", why.to_owned()));
        }
        let ca = value.str_at(&["authentication", "x509", "clientCAFile"]);
        if !ca.is_empty() && !matches!(look(machine, ca), Sight::File(_)) {
            return Err((
                "run.go:72",
                format!(
                    "failed to construct kubelet dependencies: unable to load client CA file {ca}: open {ca}: no such file or directory"
                ),
            ));
        }
        if self.protect_kernel_defaults {
            for (name, expected) in KERNEL {
                let Some(actual) = machine.read_file(&format!("/proc/sys/{name}")) else { continue };
                let actual = String::from_utf8_lossy(&actual).trim().to_owned();
                if actual != expected {
                    wrong.push(format!(
                        "invalid kernel flag: {name}, expected value: {expected}, actual value: {actual}"
                    ));
                }
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(("kubelet.go:1703", aggregate_texts(&wrong)))
    }
}

/// What a kubelet says of a file that it takes all the same.
#[inline(never)]
fn remarks(machine: &Machine, text: &str, value: &Value) -> Vec<String> {
    let mut strict = Vec::new();
    let doubles = yaml::parse_document(text).map(|d| d.duplicates).unwrap_or_default();
    if !doubles.is_empty() {
        let shown = doubles.iter().map(|d| {
            let key = d.path.clone();
            let key = key.rsplit('.').next().unwrap_or_default().to_owned();
            format!("\n  line {}: key \"{key}\" already set in map", d.kept.line)
        });
        strict.push(format!("yaml: unmarshal errors:{}", shown.collect::<String>()));
    }
    let parts: [(&[&str], &str); 6] = [
        (&[], FIELDS),
        (&["authentication"], "anonymous webhook x509"),
        (&["authentication", "anonymous"], "enabled"),
        (&["authentication", "webhook"], "cacheTTL enabled"),
        (&["authentication", "x509"], "clientCAFile"),
        (&["authorization"], "mode webhook"),
    ];
    for (path, known) in parts {
        let Some(part) = value.at(path) else { continue };
        for (key, _) in part.entries().iter().filter(|(k, _)| !known.split_whitespace().any(|n| n == *k)) {
            let shown = [path, &[key]].concat().join(".");
            strict.push(format!("unknown field \"{shown}\""));
        }
    }
    let mut all = Vec::new();
    if !strict.is_empty() {
        let why =
            format!("strict decoding error: {}", strict.join(", ")).replace('"', "\\\"").replace('\n', "\\n");
        all.push(format!("codec.go:100] \"Using lenient decoding as strict decoding failed\" err=\"{why}\""));
    }
    let folder = value.str_at(&["staticPodPath"]);
    if !folder.is_empty() && matches!(look(machine, folder), Sight::Nothing) {
        all.push(format!("file.go:104] \"Unable to read config path\" err=\"path does not exist, ignoring\" path={folder:?}"));
    }
    all
}

/// Fields whose values have the wrong type, in the decoder's words.
fn wrong_type(value: &Value) -> Option<String> {
    let go = |v: &Value| match v {
        Value::Str(_) => "string",
        Value::Bool(_) => "bool",
        Value::Map(_) => "object",
        Value::List(_) => "array",
        _ => "number",
    };
    for (path, of, wanted, goes) in [
        (&["authentication", "anonymous", "enabled"][..], "KubeletAnonymousAuthentication", "bool", "bool"),
        (&["authentication", "webhook", "enabled"], "KubeletWebhookAuthentication", "bool", "bool"),
        (&["protectKernelDefaults"], "KubeletConfiguration", "bool", "bool"),
        (&["readOnlyPort"], "KubeletConfiguration", "number", "int32"),
        (&["authorization", "mode"], "KubeletAuthorization", "string", "v1beta1.KubeletAuthorizationMode"),
        (&["staticPodPath"], "KubeletConfiguration", "string", "string"),
    ] {
        let Some(found) = value.at(path).filter(|v| !v.is_null()) else { continue };
        if go(found) != wanted {
            return Some(format!(
                "json: cannot unmarshal {} into Go struct field {of}.{} of type {goes}",
                go(found),
                path.join(".")
            ));
        }
    }
    None
}

/// The runtimes that containerd's configuration names.
///
/// # Errors
/// What containerd says of a file it cannot read.
pub fn runtimes(machine: &Machine) -> Result<Vec<String>, String> {
    let path = "/etc/containerd/config.toml";
    let Sight::File(text) = look(machine, path) else { return Ok(vec!["runc".to_owned()]) };
    let mut all = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix('[') {
            let Some(head) = head.strip_suffix(']') else {
                return Err(format!(
                    "containerd: failed to load TOML: {path}: ({}, {}): unclosed table key",
                    i + 1,
                    line.len()
                ));
            };
            let Some((_, name)) = head.rsplit_once(".runtimes.") else { continue };
            let name = name.trim_matches(|c| c == '"' || c == '\'');
            if !name.contains('.') && !all.iter().any(|n| n == name) {
                all.push(name.to_owned());
            }
        } else if !line.contains('=') && !line.ends_with(['{', '}', '[', ']', ',', '"', '\'']) {
            return Err(format!(
                "containerd: failed to load TOML: {path}: ({}, 1): expected = after a key",
                i + 1
            ));
        }
    }
    if all.is_empty() {
        all.push("runc".to_owned());
    }
    Ok(all)
}

/// What a kubelet answers to a GET: the status and the body. `None` where it does not listen on that port.
///
/// `who` is what the caller presented. 401 where that is nobody, 403 where they may not ask for the node.
#[must_use]
pub fn answer(
    machine: &Machine,
    cluster: &Cluster,
    node: &str,
    port: u16,
    path: &str,
    who: &Credential,
) -> Option<(u16, String)> {
    let services = &machine.services;
    let config = &services.kubelet;
    if !services.runs("kubelet") {
        return None;
    }
    let open = i64::from(port) == config.read_only_port && port != 0;
    if !open && i64::from(port) != config.port {
        return None;
    }
    if !open {
        let user = match who {
            Credential::Anonymous if config.anonymous => gatehouse_core::request::User {
                name: "system:anonymous".to_owned(),
                groups: vec!["system:unauthenticated".to_owned()],
                ..Default::default()
            },
            Credential::Anonymous => return Some((401, "Unauthorized".to_owned())),
            Credential::Token(_) if !config.webhook => return Some((401, "Unauthorized".to_owned())),
            who => match authn::authenticate(cluster, who) {
                Ok(user) => user,
                Err(_) => return Some((401, "Unauthorized".to_owned())),
            },
        };
        if !config.always_allow {
            let sub = subresource(path);
            let target = Target::Resource(ResourceTarget {
                version: "v1".to_owned(),
                resource: "nodes".to_owned(),
                subresource: sub.to_owned(),
                name: node.to_owned(),
                ..ResourceTarget::default()
            });
            let attributes =
                Attributes { user: &user, verb: &Verb::Get, target: &target, field_selector: "" };
            if !authz::authorize(cluster, &attributes).allowed() {
                return Some((
                    403,
                    format!(
                        "Forbidden (user={}, verb=get, resource=nodes, subresource(s)=[{sub}])",
                        user.name
                    ),
                ));
            }
        }
    }
    Some(body(cluster, node, path))
}

/// The subresource of the node that a path is about.
fn subresource(path: &str) -> &'static str {
    let is = |p: &str| path == p || path.starts_with(&format!("{p}/"));
    if is("/stats") {
        "stats"
    } else if is("/metrics") {
        "metrics"
    } else if is("/logs") {
        "log"
    } else if is("/spec") {
        "spec"
    } else if is("/pods") || is("/runningpods") {
        "pods"
    } else if is("/healthz") {
        "healthz"
    } else if is("/configz") {
        "configz"
    } else {
        "proxy"
    }
}

fn body(cluster: &Cluster, node: &str, path: &str) -> (u16, String) {
    match path.split('?').next().unwrap_or(path).trim_end_matches('/') {
        "/healthz" => (200, "ok".to_owned()),
        "/pods" | "/runningpods" => {
            let pods: Value = cluster
                .store
                .list("pods", None)
                .filter(|p| p.str_at(&["spec", "nodeName"]) == node)
                .map(|p| p.0.clone())
                .collect();
            let list = gatehouse_model::json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": pods});
            (200, crate::net::in_go_order(&list))
        }
        "/metrics" => (200, "# HELP kubelet_node_name [ALPHA] The node's name. The count is always 1.\n# TYPE kubelet_node_name gauge\nkubelet_node_name{node=\"NODE\"} 1\n".replace("NODE", node)),
        _ => (404, "404 page not found\n".to_owned()),
    }
}
