//! kube-apiserver's command line: which flags it has, what they must be, and what they set in core.
//!
//! Models cmd/kube-apiserver/app/options and the words pflag and the server's own validation have for what is wrong.

use gatehouse_core::ApiServerConfig;
use gatehouse_core::config::{AuthorizationMode, StaticToken};
use gatehouse_model::{Value, yaml};

use super::pod_of;
use crate::machine::Machine;

/// Why the API server is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no manifest.
    Gone,
    /// The kubelet cannot read the manifest: what it says.
    Manifest(String),
    /// The server ends as soon as it starts: its last words.
    Start(String),
}

/// What a flag's value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Bool,
    Number,
    /// A file that is read at the start.
    File,
}

/// Flags that manifests of kubeadm and of the course have.
const FLAGS: &[(&str, Kind)] = &[
    ("admission-control-config-file", Kind::File),
    ("advertise-address", Kind::Text),
    ("allow-privileged", Kind::Bool),
    ("anonymous-auth", Kind::Bool),
    ("api-audiences", Kind::Text),
    ("audit-log-format", Kind::Text),
    ("audit-log-maxage", Kind::Number),
    ("audit-log-maxbackup", Kind::Number),
    ("audit-log-maxsize", Kind::Number),
    ("audit-log-path", Kind::Text),
    ("audit-policy-file", Kind::File),
    ("audit-webhook-config-file", Kind::File),
    ("authentication-config", Kind::File),
    ("authentication-token-webhook-config-file", Kind::File),
    ("authorization-config", Kind::File),
    ("authorization-mode", Kind::Text),
    ("authorization-webhook-config-file", Kind::File),
    ("bind-address", Kind::Text),
    ("client-ca-file", Kind::File),
    ("disable-admission-plugins", Kind::Text),
    ("enable-admission-plugins", Kind::Text),
    ("enable-aggregator-routing", Kind::Bool),
    ("enable-bootstrap-token-auth", Kind::Bool),
    ("encryption-provider-config", Kind::File),
    ("encryption-provider-config-automatic-reload", Kind::Bool),
    ("etcd-cafile", Kind::File),
    ("etcd-certfile", Kind::File),
    ("etcd-keyfile", Kind::File),
    ("etcd-servers", Kind::Text),
    ("event-ttl", Kind::Text),
    ("feature-gates", Kind::Text),
    ("kubelet-certificate-authority", Kind::File),
    ("kubelet-client-certificate", Kind::File),
    ("kubelet-client-key", Kind::File),
    ("kubelet-preferred-address-types", Kind::Text),
    ("max-requests-inflight", Kind::Number),
    ("oidc-client-id", Kind::Text),
    ("oidc-issuer-url", Kind::Text),
    ("profiling", Kind::Bool),
    ("proxy-client-cert-file", Kind::File),
    ("proxy-client-key-file", Kind::File),
    ("request-timeout", Kind::Text),
    ("requestheader-allowed-names", Kind::Text),
    ("requestheader-client-ca-file", Kind::File),
    ("requestheader-extra-headers-prefix", Kind::Text),
    ("requestheader-group-headers", Kind::Text),
    ("requestheader-username-headers", Kind::Text),
    ("runtime-config", Kind::Text),
    ("secure-port", Kind::Number),
    ("service-account-extend-token-expiration", Kind::Bool),
    ("service-account-issuer", Kind::Text),
    ("service-account-key-file", Kind::File),
    ("service-account-lookup", Kind::Bool),
    ("service-account-signing-key-file", Kind::File),
    ("service-cluster-ip-range", Kind::Text),
    ("service-node-port-range", Kind::Text),
    ("tls-cert-file", Kind::File),
    ("tls-cipher-suites", Kind::Text),
    ("tls-min-version", Kind::Text),
    ("tls-private-key-file", Kind::File),
    ("token-auth-file", Kind::File),
    ("v", Kind::Number),
];

/// Admission plugins the server has, whether or not they decide anything here.
const PLUGINS: &[&str] = &[
    "AlwaysAdmit",
    "AlwaysDeny",
    "AlwaysPullImages",
    "CertificateApproval",
    "CertificateSigning",
    "CertificateSubjectRestriction",
    "ClusterTrustBundleAttest",
    "DefaultIngressClass",
    "DefaultStorageClass",
    "DefaultTolerationSeconds",
    "DenyServiceExternalIPs",
    "EventRateLimit",
    "ExtendedResourceToleration",
    "ImagePolicyWebhook",
    "LimitPodHardAntiAffinityTopology",
    "LimitRanger",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionWebhook",
    "NamespaceAutoProvision",
    "NamespaceExists",
    "NamespaceLifecycle",
    "NodeRestriction",
    "OwnerReferencesPermissionEnforcement",
    "PersistentVolumeClaimResize",
    "PodNodeSelector",
    "PodSecurity",
    "PodSecurityPolicy",
    "PodTolerationRestriction",
    "PodTopologyLabels",
    "Priority",
    "ResourceQuota",
    "RuntimeClass",
    "ServiceAccount",
    "StorageObjectInUseProtection",
    "TaintNodesByCondition",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
];

/// A line of `run.go`: what ends the server.
fn command_failed(machine: &Machine, why: &str) -> Failure {
    Failure::Start(format!(
        "{}       1 run.go:72] \"command failed\" err=\"{}\"",
        super::klog('E', machine.now.0),
        why.replace('"', "\\\"")
    ))
}

/// What the manifest starts.
///
/// # Errors
/// Why it does not start.
pub fn read_config(
    machine: &Machine,
    manifest: &str,
    before: &ApiServerConfig,
) -> Result<ApiServerConfig, Failure> {
    let pod = pod_of(manifest).map_err(Failure::Manifest)?;
    let container = pod.list_at(&["spec", "containers"]).first().cloned().unwrap_or_default();
    let mut words = container.list_at(&["command"]).to_vec();
    words.extend(container.list_at(&["args"]).iter().cloned());
    let mut words = words.iter().filter_map(Value::as_str);
    let program = words.next().unwrap_or("kube-apiserver");
    if program != "kube-apiserver" {
        return Err(Failure::Start(format!("exec: \"{program}\": executable file not found in $PATH")));
    }
    let mut flags: Vec<(&str, String)> = Vec::new();
    for word in words {
        let text = word.strip_prefix("--").unwrap_or("");
        if text.is_empty() {
            return Err(Failure::Start(format!("Error: unknown command \"{word}\" for \"kube-apiserver\"")));
        }
        let (name, value) = text.split_once('=').map_or((text, None), |(n, v)| (n, Some(v)));
        let Some((name, kind)) = FLAGS.iter().find(|(n, _)| *n == name) else {
            return Err(Failure::Start(format!("Error: unknown flag: --{name}")));
        };
        let value = match (value, kind) {
            (Some(v), _) => v.to_owned(),
            (None, Kind::Bool) => "true".to_owned(),
            (None, _) => return Err(Failure::Start(format!("Error: flag needs an argument: --{name}"))),
        };
        let (parser, fine) = match kind {
            Kind::Bool => (
                "ParseBool",
                matches!(
                    value.as_str(),
                    "1" | "t"
                        | "T"
                        | "TRUE"
                        | "true"
                        | "True"
                        | "0"
                        | "f"
                        | "F"
                        | "FALSE"
                        | "false"
                        | "False"
                ),
            ),
            Kind::Number => ("ParseInt", value.parse::<i64>().is_ok()),
            _ => ("", true),
        };
        if !fine {
            return Err(Failure::Start(format!(
                "Error: invalid argument \"{value}\" for \"--{name}\" flag: strconv.{parser}: parsing \"{value}\": invalid syntax"
            )));
        }
        flags.push((name, value));
    }
    let site = Site { machine, pod: &pod, container: &container };
    site.apply(&flags, before)
}

struct Site<'a> {
    machine: &'a Machine,
    pod: &'a Value,
    container: &'a Value,
}

impl Site<'_> {
    /// A file as the server's container sees it: through the volumes that the manifest mounts.
    fn file(&self, path: &str) -> Option<String> {
        let mount = self
            .container
            .list_at(&["volumeMounts"])
            .iter()
            .filter(|m| {
                let at = m.str_at(&["mountPath"]).trim_end_matches('/');
                path == at || path.strip_prefix(at).is_some_and(|r| r.starts_with('/'))
            })
            .max_by_key(|m| m.str_at(&["mountPath"]).len())?;
        let volume = self
            .pod
            .list_at(&["spec", "volumes"])
            .iter()
            .find(|v| v.str_at(&["name"]) == mount.str_at(&["name"]))?;
        let at = mount.str_at(&["mountPath"]).trim_end_matches('/');
        let rest = path.strip_prefix(at).unwrap_or("");
        let on_host = format!("{}{rest}", volume.str_at(&["hostPath", "path"]).trim_end_matches('/'));
        self.machine.read_file(&on_host).map(|t| String::from_utf8_lossy(&t).into_owned())
    }

    fn failed(&self, why: &str) -> Failure {
        command_failed(self.machine, why)
    }

    fn apply(&self, flags: &[(&str, String)], before: &ApiServerConfig) -> Result<ApiServerConfig, Failure> {
        let get = |name: &str| flags.iter().rev().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
        let list = |name: &str| -> Vec<String> {
            get(name)
                .unwrap_or("")
                .split(',')
                .map(str::trim)
                .filter(|w| !w.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let is = |name: &str, default: bool| {
            get(name).map_or(default, |v| matches!(v, "1" | "t" | "T" | "TRUE" | "true" | "True"))
        };
        let mut config = ApiServerConfig { up: true, ..before.clone() };
        config.authorization_modes = self.modes(&list("authorization-mode"))?;
        config.anonymous_auth = is("anonymous-auth", true);
        config.enable_admission_plugins = list("enable-admission-plugins");
        config.disable_admission_plugins = list("disable-admission-plugins");
        for (flag, plugins) in
            [("enable", &config.enable_admission_plugins), ("disable", &config.disable_admission_plugins)]
        {
            if let Some(unknown) = plugins.iter().find(|p| !PLUGINS.contains(&p.as_str())) {
                return Err(self.failed(&format!("{flag}-admission-plugins plugin \"{unknown}\" is unknown")));
            }
        }
        if let Some(both) =
            config.enable_admission_plugins.iter().find(|p| config.disable_admission_plugins.contains(p))
        {
            return Err(self.failed(&format!(
                "[{both}] in enable-admission-plugins and disable-admission-plugins overlapped"
            )));
        }
        if let Some(v) = get("tls-min-version")
            .filter(|v| !matches!(*v, "VersionTLS10" | "VersionTLS11" | "VersionTLS12" | "VersionTLS13"))
        {
            return Err(self.failed(&format!("unknown tls version \"{v}\"")));
        }
        self.admission(get("admission-control-config-file"), &mut config)?;
        self.files(flags)?;
        if let Some(path) = get("token-auth-file") {
            config.static_tokens = tokens(&self.file(path).unwrap_or_default());
        }
        Ok(config)
    }

    fn modes(&self, words: &[String]) -> Result<Vec<AuthorizationMode>, Failure> {
        if words.is_empty() {
            return Ok(vec![AuthorizationMode::AlwaysAllow]);
        }
        let mut modes = Vec::new();
        for w in words {
            let mode = match w.as_str() {
                "AlwaysAllow" => AuthorizationMode::AlwaysAllow,
                "AlwaysDeny" => AuthorizationMode::AlwaysDeny,
                "Node" => AuthorizationMode::Node,
                "RBAC" => AuthorizationMode::Rbac,
                "ABAC" => {
                    return Err(self.failed("authorization-mode ABAC's authorization policy file not passed"));
                }
                "Webhook" => {
                    return Err(
                        self.failed("authorization-mode Webhook's authorization config file not passed")
                    );
                }
                other => {
                    return Err(self.failed(&format!("authorization-mode \"{other}\" is not a valid mode")));
                }
            };
            if modes.contains(&mode) {
                return Err(
                    self.failed(&format!("authorization-mode {words:?} has mode specified more than once"))
                );
            }
            modes.push(mode);
        }
        Ok(modes)
    }

    fn admission(&self, path: Option<&str>, config: &mut ApiServerConfig) -> Result<(), Failure> {
        config.admission_configuration.clear();
        let Some(path) = path else { return Ok(()) };
        let Some(text) = self.file(path) else {
            return Err(self.failed(&format!(
                "failed to initialize admission: failed to read plugin config: unable to read admission control configuration from \"{path}\" [open {path}: no such file or directory]"
            )));
        };
        let value = yaml::parse(&text).map_err(|e| {
            self.failed(&format!("failed to initialize admission: failed to read plugin config: unable to read admission control configuration from \"{path}\" [error converting YAML to JSON: {e}]"))
        })?;
        for plugin in value.list_at(&["plugins"]) {
            let own = match plugin.get("configuration") {
                Some(v) if !v.is_null() => v.clone(),
                _ => {
                    let file = plugin.str_at(&["path"]);
                    let folder = path.rsplit_once('/').map_or("", |(d, _)| d);
                    let file =
                        if file.starts_with('/') { file.to_owned() } else { format!("{folder}/{file}") };
                    self.file(&file).and_then(|t| yaml::parse(&t).ok()).unwrap_or_default()
                }
            };
            config.admission_configuration.insert(plugin.str_at(&["name"]).to_owned(), own);
        }
        Ok(())
    }

    /// Files that must be there, each with its reader's words.
    fn files(&self, flags: &[(&str, String)]) -> Result<(), Failure> {
        for (name, path) in flags {
            if !FLAGS.contains(&(*name, Kind::File)) || self.file(path).is_some() {
                continue;
            }
            let missing = format!("open {path}: no such file or directory");
            return Err(self.failed(&match *name {
                "audit-policy-file" => format!("loading audit policy file: failed to read file path \"{path}\": {missing}"),
                "encryption-provider-config" => format!("error while parsing file: error opening encryption provider configuration file \"{path}\": {missing}"),
                "client-ca-file" | "requestheader-client-ca-file" => format!("unable to load client CA provider: {missing}"),
                "tls-cert-file" | "tls-private-key-file" => missing,
                "etcd-cafile" | "etcd-certfile" | "etcd-keyfile" => missing,
                _ => missing,
            }));
        }
        Ok(())
    }
}

/// Lines of a token file: token, user, uid and groups in quotes.
fn tokens(text: &str) -> Vec<StaticToken> {
    text.lines()
        .filter_map(|line| {
            let (head, groups) =
                line.split_once(",\"").map_or((line, ""), |(h, g)| (h, g.trim_end_matches('"')));
            let mut f = head.split(',').map(str::trim);
            let (token, user, uid) = (f.next()?, f.next()?, f.next()?);
            let single = f.next().unwrap_or("");
            let groups = groups
                .split(',')
                .chain([single])
                .map(str::trim)
                .filter(|g| !g.is_empty())
                .map(str::to_owned)
                .collect();
            Some(StaticToken { token: token.to_owned(), user: user.to_owned(), uid: uid.to_owned(), groups })
        })
        .collect()
}
