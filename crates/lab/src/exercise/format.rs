//! `exercise.yaml`, format version 1: the file an author writes.
//!
//! Also compiled into the build script, which turns every exercise into JSON: this module therefore stands alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The format version this engine reads.
pub const FORMAT_VERSION: u32 = 1;

/// One exercise.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Exercise {
    /// Always 1.
    pub format_version: u32,
    /// Lower-case words joined by `-`; also the name of the folder.
    pub id: String,
    /// A short title.
    pub title: String,
    /// One of the six domains of the curriculum.
    pub domain: Domain,
    /// How long it takes somebody who knows how, in minutes.
    pub minutes: u32,
    /// The cluster it runs on.
    #[serde(default)]
    pub cluster: ClusterSpec,
    /// What is there before the learner arrives.
    #[serde(default)]
    pub start: Start,
    /// The tabs of the editor: files of the learner's home directory (taken from `starter/`), or `node:/path`.
    #[serde(default)]
    pub files: Vec<String>,
    /// What must be true at the end.
    pub checks: Vec<Check>,
    /// From the first nudge to nearly the answer.
    #[serde(default)]
    pub hints: Vec<String>,
    /// Other right answers than `solution/`.
    #[serde(default)]
    pub right: Vec<Right>,
    /// Wrong answers, each with the checks that must fail.
    pub wrong: Vec<Wrong>,
    /// What the picture pane shows first.
    #[serde(default)]
    pub picture: PictureKind,
}

/// A domain of the curriculum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Domain {
    /// Network policies, CIS benchmarks, ingress, metadata, binaries.
    ClusterSetup,
    /// RBAC, service accounts, the API server, upgrades.
    ClusterHardening,
    /// The host, AppArmor, seccomp.
    SystemHardening,
    /// Pod security, secrets, sandboxes, encryption between pods.
    MicroserviceVulnerabilities,
    /// Images, signatures, static analysis.
    SupplyChainSecurity,
    /// Audit, behaviour, immutability.
    MonitoringLoggingRuntimeSecurity,
}

impl Domain {
    /// As the curriculum writes it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::ClusterSetup => "Cluster setup",
            Self::ClusterHardening => "Cluster hardening",
            Self::SystemHardening => "System hardening",
            Self::MicroserviceVulnerabilities => "Minimize microservice vulnerabilities",
            Self::SupplyChainSecurity => "Supply chain security",
            Self::MonitoringLoggingRuntimeSecurity => "Monitoring, logging and runtime security",
        }
    }
}

/// The cluster an exercise runs on.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterSpec {
    /// `"1.36"` or `"1.20"`.
    pub version: String,
    /// Admission plugins switched on besides those on by default.
    pub enable_admission_plugins: Vec<String>,
    /// The network plugin, which decides what policies there are.
    pub cni: Cni,
    /// What is installed besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addons: Vec<Addon>,
    /// What answers the API server's calls: admission webhooks and ImagePolicyWebhook. By address: a URL, or
    /// `https://NAME.NAMESPACE.svc:PORT/PATH` for a Service. The first rule that fits decides; none means yes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub backends: BTreeMap<String, Vec<BackendRule>>,
}

/// One answer of a backend.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BackendRule {
    /// Where a webhook looks: `spec.containers[*].image`. ImagePolicyWebhook looks at every image.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// What must stand there, `*` for any text.
    pub pattern: String,
    /// Whether the request is allowed.
    pub allowed: bool,
    /// What the backend says.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The operations of a JSON patch, as JSON, for mutating webhooks.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub patch: String,
    /// Warnings for the user.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What can be installed in a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Addon {
    /// The NGINX ingress controller, on the node ports 30080 and 30443.
    IngressNginx,
    /// Istio: its custom resources, and the injector of sidecars.
    Istio,
}

/// A network plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Cni {
    /// One that enforces NetworkPolicy.
    #[default]
    Enforcing,
    /// One that enforces AdminNetworkPolicy and BaselineAdminNetworkPolicy besides.
    AdminPolicy,
    /// Cilium, with CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy.
    Cilium,
}

impl Default for ClusterSpec {
    fn default() -> Self {
        Self {
            version: "1.36".to_owned(),
            enable_admission_plugins: Vec::new(),
            cni: Cni::default(),
            addons: Vec::new(),
            backends: BTreeMap::new(),
        }
    }
}

/// What is there before the learner arrives.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Start {
    /// Manifests of the exercise's folder, applied by the administrator in this order.
    pub manifests: Vec<String>,
    /// Files on hosts: by host, the path there and the file of the exercise's folder it comes from.
    pub hosts: BTreeMap<String, BTreeMap<String, String>>,
    /// Pods whose address is fixed: `namespace/name` and the address.
    pub addresses: BTreeMap<String, String>,
    /// Hosts of the world outside, besides a few that are always there (`example.com`, the metadata service at
    /// 169.254.169.254); one of the same name or address takes the place of those.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outside: Vec<OutsideHost>,
}

/// A host of the world outside.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OutsideHost {
    /// Its name; may be empty.
    #[serde(default)]
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<String>,
    /// The TCP ports it listens on: HTTPS on 443, HTTP on all others.
    pub ports: Vec<u16>,
    /// What it answers, by path; `*` stands for every path.
    #[serde(default)]
    pub pages: BTreeMap<String, String>,
}

/// What the picture pane shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PictureKind {
    /// Who can reach whom.
    #[default]
    Network,
    /// No picture.
    None,
}

/// One thing that must be true at the end. Exactly one of `canI`, `traffic`, `run`, `object` and `pod` is given.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Check {
    /// Unique within the exercise.
    pub id: String,
    /// Points; all weights of an exercise add up to 100.
    pub weight: u32,
    /// What must be true, in the learner's language.
    pub wants: String,
    /// Checks that must pass before this one counts: for what is also true before the learner began.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// What somebody may or may not do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_i: Option<Vec<CanI>>,
    /// Who reaches whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Vec<Traffic>>,
    /// What commands print, on a copy of the world.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Vec<Run>>,
    /// What a stored object says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectCheck>,
    /// How a pod is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<PodCheck>,
}

/// A question to the authorizer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CanI {
    /// The user, for instance `system:serviceaccount:ci:builder`.
    #[serde(rename = "as")]
    pub user: String,
    /// The user's groups; a service account's own are added.
    #[serde(default)]
    pub groups: Vec<String>,
    /// For instance `list`.
    pub verb: String,
    /// `pods`, `deployments.apps`, `pods/log`.
    pub resource: String,
    /// Empty for the whole cluster.
    #[serde(default)]
    pub namespace: String,
    /// One object only.
    #[serde(default)]
    pub name: String,
    /// The answer that is right.
    pub expect: YesNo,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum YesNo {
    /// yes
    Yes,
    /// no
    No,
}

/// A connection somebody might open.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Traffic {
    /// `namespace/pod`, or an address.
    pub from: String,
    /// `namespace/pod`, or an address.
    pub to: String,
    /// `TCP/80`; `ICMP/8` is a ping.
    pub port: String,
    /// What is asked over the connection: `GET /path`, or a name that is looked up. Only Cilium looks at it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request: String,
    /// What must happen.
    pub expect: Passage,
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Passage {
    /// It is made.
    Allowed,
    /// A policy drops it, or lets a proxy refuse the request.
    Denied,
}

/// A command line run in the learner's terminal, on a copy of the world, and what it must print.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Run {
    /// The line.
    pub command: String,
    /// The exit code it must have, if that matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// Texts that standard output or standard error must contain.
    pub prints: Vec<String>,
    /// Texts that neither may contain.
    pub never_prints: Vec<String>,
}

/// Facts of a stored object.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ObjectCheck {
    /// `pods`, `runtimeclasses.node.k8s.io`.
    pub resource: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Paths (`spec.runtimeClassName`) and the values they must have, as text.
    pub has: BTreeMap<String, String>,
}

/// How a pod is doing, in the words of the STATUS column.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PodCheck {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// For instance `Running` or `Error`; any of these is right.
    pub status: Vec<String>,
}

/// Another right answer, kept so that nobody is refused points for it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Right {
    /// Its folder, laid out like `solution/`.
    pub dir: String,
    /// How it differs.
    pub why: String,
}

/// A wrong answer, kept so that nobody gets points for it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Wrong {
    /// Its folder, laid out like `solution/`.
    pub dir: String,
    /// What is wrong with it.
    pub why: String,
    /// The checks that fail; all others pass.
    pub fails: Vec<String>,
}

impl Exercise {
    /// What is wrong with the exercise in itself, each with the field it concerns; nothing where it is sound.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut out = Vec::new();
        if self.format_version != FORMAT_VERSION {
            out.push(format!("formatVersion: {} is not {FORMAT_VERSION}", self.format_version));
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.id.is_empty() || !self.id.chars().all(plain) {
            out.push(format!("id: \"{}\" must be lower-case words joined by \"-\"", self.id));
        }
        if self.title.trim().is_empty() {
            out.push("title: must not be empty".to_owned());
        }
        if self.minutes == 0 || self.minutes > 60 {
            out.push(format!("minutes: {} must be between 1 and 60", self.minutes));
        }
        if !matches!(self.cluster.version.as_str(), "1.36" | "1.20") {
            out.push(format!("cluster.version: \"{}\" must be \"1.36\" or \"1.20\"", self.cluster.version));
        }
        let total: u32 = self.checks.iter().map(|c| c.weight).sum();
        if total != 100 {
            out.push(format!("checks: the weights add up to {total}, not 100"));
        }
        for (i, check) in self.checks.iter().enumerate() {
            self.check_problems(i, check, &mut out);
        }
        if self.wrong.len() < 2 {
            out.push("wrong: at least two wrong answers are needed".to_owned());
        }
        for (i, wrong) in self.wrong.iter().enumerate() {
            if wrong.fails.is_empty() {
                out.push(format!("wrong[{i}].fails: must name a check"));
            }
            for id in wrong.fails.iter().filter(|id| !self.checks.iter().any(|c| c.id == **id)) {
                out.push(format!("wrong[{i}].fails: no check has the id \"{id}\""));
            }
        }
        out
    }

    fn check_problems(&self, i: usize, check: &Check, out: &mut Vec<String>) {
        if check.id.is_empty() {
            out.push(format!("checks[{i}].id: must not be empty"));
        }
        if self.checks.iter().filter(|c| c.id == check.id).count() > 1 {
            out.push(format!("checks[{i}].id: \"{}\" is used twice", check.id));
        }
        if check.wants.is_empty() {
            out.push(format!("checks[{i}].wants: must not be empty"));
        }
        let probes = [
            check.can_i.is_some(),
            check.traffic.is_some(),
            check.run.is_some(),
            check.object.is_some(),
            check.pod.is_some(),
        ];
        if probes.into_iter().filter(|p| *p).count() != 1 {
            out.push(format!("checks[{i}]: exactly one of canI, traffic, run, object and pod is needed"));
        }
        let earlier = self.checks.iter().take(i);
        let known: Vec<&str> = earlier.map(|c| c.id.as_str()).collect();
        for id in check.after.iter().filter(|id| !known.contains(&id.as_str())) {
            out.push(format!("checks[{i}].after: no earlier check has the id \"{id}\""));
        }
    }
}
