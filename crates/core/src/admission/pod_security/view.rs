//! What Pod Security looks at of a pod, read once from the tree.

use gatehouse_model::{Map, Value};

/// The fields a pod's and a container's security context share.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Security<'a> {
    /// `runAsNonRoot`
    pub run_as_non_root: Option<bool>,
    /// `runAsUser`
    pub run_as_user: Option<i64>,
    /// `seccompProfile.type`; empty where the profile has none.
    pub seccomp: Option<&'a str>,
    /// `appArmorProfile.type`; empty where the profile has none.
    pub apparmor: Option<&'a str>,
    /// `seLinuxOptions`
    pub selinux: Option<SeLinux<'a>>,
    /// `windowsOptions.hostProcess: true`
    pub host_process: bool,
}

/// `seLinuxOptions`, without the level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeLinux<'a> {
    /// `type`
    pub kind: &'a str,
    /// `user`
    pub user: &'a str,
    /// `role`
    pub role: &'a str,
}

/// `capabilities`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities<'a> {
    /// `add`
    pub add: Vec<&'a str>,
    /// `drop`
    pub drop: Vec<&'a str>,
}

/// A container of any sort.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container<'a> {
    /// Its name.
    pub name: &'a str,
    /// `containers`, `initContainers` or `ephemeralContainers`.
    pub list: &'static str,
    /// Its position there.
    pub index: usize,
    /// What its security context shares with the pod's.
    pub security: Security<'a>,
    /// `privileged: true`
    pub privileged: bool,
    /// `allowPrivilegeEscalation`
    pub allow_privilege_escalation: Option<bool>,
    /// `capabilities`
    pub capabilities: Option<Capabilities<'a>>,
    /// `procMount`
    pub proc_mount: Option<&'a str>,
    /// `ports[*].hostPort`, zeros left out.
    pub host_ports: Vec<i64>,
    /// Hosts of its probes and lifecycle handlers, empty ones left out.
    pub handler_hosts: Vec<&'a str>,
}

/// A volume and what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volume<'a> {
    /// Its name.
    pub name: &'a str,
    /// The field that is set besides the name; `None` where none is.
    pub source: Option<&'a str>,
}

/// A pod, or the pod of a workload's template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodView<'a> {
    /// `metadata.annotations`
    pub annotations: Option<&'a Map>,
    /// `hostNetwork: true`
    pub host_network: bool,
    /// `hostPID: true`
    pub host_pid: bool,
    /// `hostIPC: true`
    pub host_ipc: bool,
    /// `hostUsers: false`: the pod has a user namespace of its own.
    pub user_namespace: bool,
    /// `os.name: windows`
    pub windows: bool,
    /// `runtimeClassName`
    pub runtime_class: &'a str,
    /// The pod's security context.
    pub security: Security<'a>,
    /// `securityContext.sysctls[*].name`
    pub sysctls: Vec<&'a str>,
    /// `volumes`
    pub volumes: Vec<Volume<'a>>,
    /// Init containers, containers, then ephemeral ones: the order in which messages name them.
    pub containers: Vec<Container<'a>>,
}

const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

fn words<'a>(v: &'a Value, field: &str) -> Vec<&'a str> {
    v.list_at(&[field]).iter().filter_map(Value::as_str).collect()
}

fn set<'a>(v: &'a Value, field: &str) -> Option<&'a Value> {
    v.get(field).filter(|v| !v.is_null())
}

fn security(context: &Value) -> Security<'_> {
    let kind = |field| set(context, field).map(|profile| profile.str_at(&["type"]));
    Security {
        run_as_non_root: context.bool_at(&["runAsNonRoot"]),
        run_as_user: context.i64_at(&["runAsUser"]),
        seccomp: kind("seccompProfile"),
        apparmor: kind("appArmorProfile"),
        selinux: set(context, "seLinuxOptions").map(|o| SeLinux {
            kind: o.str_at(&["type"]),
            user: o.str_at(&["user"]),
            role: o.str_at(&["role"]),
        }),
        host_process: context.bool_at(&["windowsOptions", "hostProcess"]) == Some(true),
    }
}

fn handler_hosts(container: &Value) -> Vec<&str> {
    let mut hosts = Vec::new();
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"].map(|p| container.get(p));
    let hooks = ["postStart", "preStop"].map(|h| container.at(&["lifecycle", h]));
    for handler in probes.into_iter().chain(hooks).flatten() {
        for action in ["httpGet", "tcpSocket"] {
            let host = handler.str_at(&[action, "host"]);
            if !host.is_empty() {
                hosts.push(host);
            }
        }
    }
    hosts
}

fn container<'a>(v: &'a Value, list: &'static str, index: usize) -> Container<'a> {
    let mut out = Container {
        name: v.str_at(&["name"]),
        list,
        index,
        host_ports: v
            .list_at(&["ports"])
            .iter()
            .filter_map(|p| p.i64_at(&["hostPort"]))
            .filter(|port| *port != 0)
            .collect(),
        handler_hosts: handler_hosts(v),
        ..Container::default()
    };
    if let Some(context) = set(v, "securityContext") {
        out.security = security(context);
        out.privileged = context.bool_at(&["privileged"]) == Some(true);
        out.allow_privilege_escalation = context.bool_at(&["allowPrivilegeEscalation"]);
        out.capabilities = set(context, "capabilities")
            .map(|c| Capabilities { add: words(c, "add"), drop: words(c, "drop") });
        out.proc_mount = set(context, "procMount").and_then(Value::as_str);
    }
    out
}

impl<'a> PodView<'a> {
    /// Reads a pod, or a template: anything with `metadata` and `spec`.
    #[must_use]
    pub fn new(pod: &'a Value) -> Self {
        let annotations = pod.at(&["metadata", "annotations"]).and_then(Value::as_map);
        let Some(spec) = pod.get("spec") else { return Self { annotations, ..Self::default() } };
        let flag = |field: &str| spec.bool_at(&[field]) == Some(true);
        let mut containers = Vec::new();
        for list in LISTS {
            containers.extend(spec.list_at(&[list]).iter().enumerate().map(|(i, c)| container(c, list, i)));
        }
        let volume = |v: &'a Value| Volume {
            name: v.str_at(&["name"]),
            source: v.entries().iter().find(|(k, v)| *k != "name" && !v.is_null()).map(|(k, _)| k),
        };
        let context = spec.get("securityContext");
        Self {
            annotations,
            host_network: flag("hostNetwork"),
            host_pid: flag("hostPID"),
            host_ipc: flag("hostIPC"),
            user_namespace: spec.bool_at(&["hostUsers"]) == Some(false),
            windows: spec.str_at(&["os", "name"]) == "windows",
            runtime_class: spec.str_at(&["runtimeClassName"]),
            security: context.map(security).unwrap_or_default(),
            sysctls: spec
                .list_at(&["securityContext", "sysctls"])
                .iter()
                .map(|s| s.str_at(&["name"]))
                .collect(),
            volumes: spec.list_at(&["volumes"]).iter().map(volume).collect(),
            containers,
        }
    }
}

impl Container<'_> {
    /// The path of one of its fields: `spec.containers[0].securityContext.privileged`.
    #[must_use]
    pub fn field(&self, rest: &str) -> String {
        format!("spec.{}[{}].{rest}", self.list, self.index)
    }
}
