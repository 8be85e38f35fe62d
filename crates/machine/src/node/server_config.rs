//! The files that configure kube-apiserver's admission, authentication and authorization.
//!
//! Models apiserver pkg/admission/config.go, pod-security-admission admission/api, kubernetes
//! pkg/kubeapiserver/options/{authentication,authorization}.go and plugin/pkg/admission/imagepolicy/config.go.
//! Authenticators of JSON web tokens and authorizers that are webhooks are read and decide nothing.

use std::collections::BTreeSet;

use gatehouse_core::ApiServerConfig;
use gatehouse_core::admission::pod_security::{Level, Version};
use gatehouse_core::config::AuthorizationMode;
use gatehouse_model::field::aggregate_texts;
use gatehouse_model::{FieldError, FieldPath, Value, names, time, yaml};

use super::apiserver::{End, Site};

const POD_SECURITY_NAME: &str = gatehouse_core::admission::pod_security::NAME;
const EVENT_RATE_LIMIT: &str = "EventRateLimit";

/// A kind of configuration file: its group and versions, where its scheme is, and the fields it has (by their path).
struct Format {
    kind: &'static str,
    group: &'static str,
    versions: &'static [&'static str],
    scheme: &'static str,
    fields: &'static [(&'static str, &'static [&'static str])],
}

const ADMISSION: Format = Format {
    kind: "AdmissionConfiguration",
    group: "apiserver.config.k8s.io",
    versions: &["v1"],
    scheme: "k8s.io/apiserver/pkg/server/options/admission.go:51",
    fields: &[("", &["apiVersion", "kind", "plugins"]), ("plugins[]", &["name", "path", "configuration"])],
};
const POD_SECURITY: Format = Format {
    kind: "PodSecurityConfiguration",
    group: "pod-security.admission.config.k8s.io",
    versions: &["v1", "v1beta1", "v1alpha1"],
    scheme: "k8s.io/pod-security-admission/admission/api/scheme/scheme.go:31",
    fields: &[
        ("", &["apiVersion", "kind", "defaults", "exemptions"]),
        ("defaults", &["enforce", "enforce-version", "audit", "audit-version", "warn", "warn-version"]),
        ("exemptions", &["usernames", "namespaces", "runtimeClasses"]),
    ],
};
const AUTHENTICATION: Format = Format {
    kind: "AuthenticationConfiguration",
    group: "apiserver.config.k8s.io",
    versions: &["v1", "v1beta1", "v1alpha1"],
    scheme: "k8s.io/kubernetes/pkg/kubeapiserver/options/authentication.go:75",
    fields: &[
        ("", &["apiVersion", "kind", "jwt", "anonymous"]),
        ("anonymous", &["enabled", "conditions"]),
        ("anonymous.conditions[]", &["path"]),
    ],
};
const AUTHORIZATION: Format = Format {
    kind: "AuthorizationConfiguration",
    group: "apiserver.config.k8s.io",
    versions: &["v1", "v1beta1", "v1alpha1"],
    scheme: "k8s.io/apiserver/pkg/apis/apiserver/load/load.go:33",
    fields: &[("", &["apiVersion", "kind", "authorizers"]), ("authorizers[]", &["type", "name", "webhook"])],
};

impl Format {
    /// Decodes a file strictly.
    fn read(&self, text: &str) -> Result<Value, String> {
        let value = yaml::parse(text)
            .map_err(|e| format!("error converting YAML to JSON: {}", super::yaml_error(&e)))?;
        self.check(&value, text)?;
        Ok(value)
    }

    /// Whether a decoded file is of this kind and has no fields but its own.
    fn check(&self, value: &Value, text: &str) -> Result<(), String> {
        let (kind, version) = (value.str_at(&["kind"]), value.str_at(&["apiVersion"]));
        for (word, shown) in [(kind, "Kind"), (version, "apiVersion")] {
            if word.is_empty() {
                return Err(format!("Object '{shown}' is missing in '{text}'"));
            }
        }
        let (group, minor) = version.split_once('/').unwrap_or(("", version));
        if kind != self.kind || group != self.group || !self.versions.contains(&minor) {
            return Err(format!(
                "no kind {kind:?} is registered for version {version:?} in scheme {:?}",
                self.scheme
            ));
        }
        let mut unknown = Vec::new();
        self.strange(value, "", "", &mut unknown);
        if unknown.is_empty() {
            Ok(())
        } else {
            Err(format!("strict decoding error: {}", unknown.join(", ")))
        }
    }

    /// The fields below a place that the format does not have.
    fn strange(&self, value: &Value, place: &str, shown: &str, unknown: &mut Vec<String>) {
        let Some((_, fields)) = self.fields.iter().find(|(of, _)| *of == place) else { return };
        for (key, inner) in value.entries().iter() {
            let name = |to: &str| if to.is_empty() { key.to_owned() } else { format!("{to}.{key}") };
            if !fields.contains(&key) {
                unknown.push(format!("unknown field {:?}", name(shown)));
                continue;
            }
            self.strange(inner, &name(place), &name(shown), unknown);
            for (i, item) in inner.items().iter().enumerate() {
                self.strange(item, &format!("{}[]", name(place)), &format!("{}[{i}]", name(shown)), unknown);
            }
        }
    }
}

/// Nothing wrong, or everything that is in one text.
fn aggregate(errors: &[String]) -> Result<(), String> {
    if errors.is_empty() { Ok(()) } else { Err(aggregate_texts(errors)) }
}

impl Site<'_> {
    /// `--admission-control-config-file`, and what the plugins make of their part of it.
    pub(super) fn admission(&self, config: &mut ApiServerConfig) -> Result<(), End> {
        let failed = |why: String| End::Failed(format!("failed to apply admission: {why}"));
        config.admission_configuration.clear();
        if let Some(path) = self.flags.get("admission-control-config-file").filter(|p| !p.is_empty()) {
            let unread = |why: String| format!("failed to read plugin config: {why}");
            let text = self.read(path).map_err(|why| {
                failed(unread(format!(
                    "unable to read admission control configuration from {path:?} [{why}]"
                )))
            })?;
            match ADMISSION.read(&text) {
                Ok(value) => self.plugins(path, &value, config)?,
                // Two plugins may have the file to themselves, as in the days before there was a format.
                Err(why) => {
                    let value = yaml::parse(&text).unwrap_or_default();
                    let old = [
                        ("imagePolicy", "ImagePolicyWebhook"),
                        ("podNodeSelectorPluginConfig", "PodNodeSelector"),
                    ];
                    let undecided = why.starts_with("Object '") || why.starts_with("no kind ");
                    if !undecided || !old.iter().any(|(field, _)| value.get(field).is_some()) {
                        return Err(failed(unread(why)));
                    }
                    for (_, plugin) in old {
                        config.admission_configuration.insert(plugin.to_owned(), value.clone());
                    }
                }
            }
        }
        let asked = |name: &str| config.enable_admission_plugins.iter().any(|p| p == name);
        let refused = |name: &str| config.disable_admission_plugins.iter().any(|p| p == name);
        if let Some(own) = config.admission_configuration.get(POD_SECURITY_NAME)
            && !refused(POD_SECURITY_NAME)
        {
            pod_security(own).map_err(failed)?;
        }
        if asked(EVENT_RATE_LIMIT) {
            event_limits(config).map_err(failed)?;
        }
        if asked("ImagePolicyWebhook") {
            self.image_policy(config).map_err(|why| {
                failed(format!("couldn't init admission plugin \"ImagePolicyWebhook\": {why}"))
            })?;
        }
        Ok(())
    }

    /// The configuration of each plugin, in the file itself or in one of its own.
    #[inline(never)]
    fn plugins(&self, path: &str, value: &Value, config: &mut ApiServerConfig) -> Result<(), End> {
        let folder = path.rsplit_once('/').map_or("", |(d, _)| d);
        for plugin in value.list_at(&["plugins"]) {
            let file = plugin.str_at(&["path"]);
            let own = match plugin.get("configuration").filter(|v| !v.is_null()) {
                Some(own) => own.clone(),
                None if file.is_empty() => continue,
                None => {
                    let file =
                        if file.starts_with('/') { file.to_owned() } else { format!("{folder}/{file}") };
                    let text = self.read(&file).map_err(|why| {
                        let (op, number) = if why.ends_with("is a directory") { ("read", 21) } else { ("open", 2) };
                        End::Fatal(format!(
                            "config.go:145] Couldn't open admission plugin configuration {file}: &fs.PathError{{Op:{op:?}, Path:{file:?}, Err:{number:#x}}}"
                        ))
                    })?;
                    yaml::parse(&text).unwrap_or_default()
                }
            };
            config.admission_configuration.insert(plugin.str_at(&["name"]).to_owned(), own);
        }
        Ok(())
    }

    /// The plugin that will not start without its backend's kubeconfig; it is told where the backend is.
    #[inline(never)]
    fn image_policy(&self, config: &mut ApiServerConfig) -> Result<(), String> {
        let Some(own) = config.admission_configuration.get_mut("ImagePolicyWebhook") else {
            return Err("no config specified".to_owned());
        };
        let policy = own.get("imagePolicy").cloned().unwrap_or_default();
        const SECOND: i64 = 1_000_000_000;
        for (field, scale, least, most) in [
            ("retryBackoff", SECOND / 1000, 1, 300 * SECOND),
            ("allowTTL", SECOND, SECOND, 1800 * SECOND),
            ("denyTTL", SECOND, SECOND, 1800 * SECOND),
        ] {
            let given = policy.i64_at(&[field]).unwrap_or(0);
            let value = given.saturating_mul(scale);
            // 0 is the default, -1 turns it off.
            let fits = matches!(given, 0 | -1) || (least < value && value <= most);
            if !fits {
                let shown = [least, most, value].map(time::duration);
                let [least, most, value] = shown;
                return Err(format!("valid value is between {least} and {most}, got {value}"));
            }
        }
        let path = policy.str_at(&["kubeConfigFile"]);
        let text = self.read(path).map_err(|why| match why.strip_prefix("open ") {
            Some(rest) => format!("stat {rest}"),
            None => format!("error loading config file {path:?}: {why}"),
        })?;
        let parsed = yaml::parse(&text).map_err(|e| format!("error loading config file {path:?}: {e}"))?;
        self.kubeconfig_files(&parsed)?;
        own.set(&["imagePolicy", "server"], current_server(&parsed));
        Ok(())
    }

    /// The certificates that a backend's kubeconfig names.
    pub(super) fn kubeconfig_files(&self, config: &Value) -> Result<(), String> {
        for cluster in config.list_at(&["clusters"]) {
            let path = cluster.str_at(&["cluster", "certificate-authority"]);
            if !path.is_empty() {
                self.read(path).map_err(|why| {
                    format!("invalid configuration: unable to read certificate-authority {path} for {} due to {why}", cluster.str_at(&["name"]))
                })?;
            }
        }
        for user in config.list_at(&["users"]) {
            for (field, what) in [("client-certificate", "client-cert"), ("client-key", "client-key")] {
                let path = user.str_at(&["user", field]);
                if !path.is_empty() {
                    self.read(path).map_err(|why| {
                        format!(
                            "invalid configuration: unable to read {what} {path} for {} due to {why}",
                            user.str_at(&["name"])
                        )
                    })?;
                }
            }
        }
        Ok(())
    }

    /// `--authentication-config`: who may come without a credential, and where to.
    pub(super) fn authentication(&self, config: &mut ApiServerConfig) -> Result<(), String> {
        config.anonymous_paths.clear();
        match self.flags.get("authentication-config").filter(|p| !p.is_empty()) {
            Some(path) => self.authentication_file(path, config),
            None => Ok(()),
        }
    }

    #[inline(never)]
    fn authentication_file(&self, path: &str, config: &mut ApiServerConfig) -> Result<(), String> {
        let text = self.read(path)?;
        if text.is_empty() {
            return Err("empty config data".to_owned());
        }
        let file = AUTHENTICATION.read(&text)?;
        let Some(anonymous) = file.get("anonymous").filter(|a| !a.is_null()) else { return Ok(()) };
        if self.flags.get("anonymous-auth").is_some() {
            return Err("anonymous: Forbidden: --anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file".to_owned());
        }
        config.anonymous_auth = anonymous.bool_at(&["enabled"]) == Some(true);
        let conditions = anonymous.list_at(&["conditions"]);
        if !config.anonymous_auth && !conditions.is_empty() {
            let path = FieldPath::new("anonymous").child("conditions");
            let value: Value = conditions.to_vec().into();
            let why = FieldError::invalid(
                path,
                &value,
                "enabled should be set to true when conditions are defined",
            );
            return Err(format!("invalid authentication configuration: {why}"));
        }
        config.anonymous_paths = conditions.iter().map(|c| c.str_at(&["path"]).to_owned()).collect();
        Ok(())
    }

    /// `--authorization-config`: the authorizers in order; everything that is wrong with the file.
    #[inline(never)]
    pub(super) fn authorization_file(&self, path: &str, config: &mut ApiServerConfig) -> Vec<String> {
        if self.flags.get("authorization-mode").is_some() {
            return vec!["--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined".to_owned()];
        }
        let file = match self.read(path).and_then(|text| AUTHORIZATION.read(&text)) {
            Ok(file) => file,
            Err(why) => return vec![format!("failed to load AuthorizationConfiguration from file: {why}")],
        };
        let mut errors = Vec::new();
        let authorizers = file.list_at(&["authorizers"]);
        let root = FieldPath::new("authorizers");
        if authorizers.is_empty() {
            errors.push(
                FieldError::required(root.clone(), "at least one authorization mode must be defined")
                    .to_string(),
            );
        }
        config.authorization_modes.clear();
        let (mut types, mut seen, mut misnamed) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for (i, authorizer) in authorizers.iter().enumerate() {
            let at = root.index(i);
            let (kind, name) = (authorizer.str_at(&["type"]), authorizer.str_at(&["name"]));
            let wanted = kind.to_lowercase();
            if kind != "Webhook" && wanted != name {
                misnamed.push(format!("expected name {wanted} for authorizer {kind} instead of {name}"));
            }
            let known = ["ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"];
            let value: Value = kind.into();
            if kind.is_empty() {
                errors.push(FieldError::required(at.child("type"), "").to_string());
                continue;
            }
            if !known.contains(&kind) {
                errors.push(FieldError::not_supported(at.child("type"), &value, &known).to_string());
                continue;
            }
            if !types.insert(kind) && kind != "Webhook" {
                errors.push(FieldError::duplicate(at.child("type"), &value).to_string());
                continue;
            }
            if name.is_empty() {
                errors.push(FieldError::required(at.child("name"), "").to_string());
            } else if !seen.insert(name) {
                errors.push(FieldError::duplicate(at.child("name"), &name.into()).to_string());
            }
            if kind == "Webhook" && authorizer.get("webhook").is_none() {
                errors.push(
                    FieldError::required(at.child("webhook"), "required when type=Webhook").to_string(),
                );
            }
            config.authorization_modes.extend(match kind {
                "AlwaysAllow" => Some(AuthorizationMode::AlwaysAllow),
                "AlwaysDeny" => Some(AuthorizationMode::AlwaysDeny),
                "Node" => Some(AuthorizationMode::Node),
                "RBAC" => Some(AuthorizationMode::Rbac),
                _ => None,
            });
        }
        errors.append(&mut misnamed);
        errors
    }
}

/// What Pod Security has to say of its configuration.
#[inline(never)]
fn pod_security(own: &Value) -> Result<(), String> {
    const NAME: &str = POD_SECURITY_NAME;
    POD_SECURITY
        .check(own, &gatehouse_model::json::print(own))
        .map_err(|why| format!("couldn't init admission plugin \"{NAME}\": {why}"))?;
    let initial = |why: String| format!("failed to initialize admission plugin \"{NAME}\": {NAME} {why}");
    let mut wrong = Vec::new();
    for mode in ["enforce", "audit", "warn"] {
        let (level, version) = (own.str_at(&["defaults", mode]), format!("{mode}-version"));
        if let Some(why) = Level::parse(level).err().filter(|_| !level.is_empty()) {
            wrong.push(format!("{mode}: {why}"));
        }
        let text = own.str_at(&["defaults", &version]);
        if let Some(why) = Version::parse(text).err().filter(|_| !text.is_empty()) {
            wrong.push(format!("{version}: {why}"));
        }
    }
    aggregate(&wrong).map_err(|why| initial(format!("configuration error: {why}")))?;
    let mut errors: Vec<String> = Vec::new();
    for list in ["namespaces", "runtimeClasses", "usernames"] {
        let mut seen = BTreeSet::new();
        for (i, name) in own.list_at(&["exemptions", list]).iter().enumerate() {
            let path = FieldPath::new("exemptions").child(list).index(i);
            let text = name.as_str().unwrap_or_default();
            let why = match list {
                "namespaces" => names::dns1123_label(text),
                "runtimeClasses" => names::dns1123_subdomain(text),
                _ if text.is_empty() => vec!["username must not be empty".to_owned()],
                _ => Vec::new(),
            };
            if !why.is_empty() {
                errors.push(FieldError::invalid(path, name, why.join(", ")).to_string());
            } else if !seen.insert(text) {
                errors.push(FieldError::duplicate(path, name).to_string());
            }
        }
    }
    aggregate(&errors).map_err(|why| initial(format!("invalid: {why}")))
}

/// The server of a kubeconfig's current context; without one, of its first cluster.
pub(super) fn current_server(config: &Value) -> String {
    let named = |list: &str, name: &str| {
        config.list_at(&[list]).iter().find(|entry| entry.str_at(&["name"]) == name).cloned()
    };
    let context = named("contexts", config.str_at(&["current-context"])).unwrap_or_default();
    let cluster = named("clusters", context.str_at(&["context", "cluster"]));
    let cluster = cluster.or_else(|| config.list_at(&["clusters"]).first().cloned()).unwrap_or_default();
    cluster.str_at(&["cluster", "server"]).to_owned()
}

/// What EventRateLimit has to say of its limits.
#[inline(never)]
fn event_limits(config: &ApiServerConfig) -> Result<(), String> {
    const NAME: &str = EVENT_RATE_LIMIT;
    let own = config.admission_configuration.get(NAME).cloned().unwrap_or_default();
    let root = FieldPath::new("limits");
    let mut errors = Vec::new();
    if own.list_at(&["limits"]).is_empty() {
        errors.push(FieldError::invalid(root.clone(), &Value::Null, "must not be empty").to_string());
    }
    for (i, limit) in own.list_at(&["limits"]).iter().enumerate() {
        let (at, kind) = (root.index(i), limit.str_at(&["type"]));
        let kinds = ["Namespace", "Server", "SourceAndObject", "User"];
        if !kinds.contains(&kind) {
            errors.push(FieldError::not_supported(at.child("type"), &kind.into(), &kinds).to_string());
        }
        for field in ["burst", "qps"] {
            let value = limit.i64_at(&[field]).unwrap_or(0);
            if value <= 0 {
                errors.push(
                    FieldError::invalid(at.child(field), &Value::Int(value), "must be positive").to_string(),
                );
            }
        }
    }
    aggregate(&errors).map_err(|why| format!("couldn't init admission plugin \"{NAME}\": {why}"))
}
