//! The API server's flags, as far as they decide anything.

use std::collections::BTreeMap;

/// The API server's port in everybody's kubeconfig.
pub const API_PORT: u16 = 6443;

/// A mode of `--authorization-mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizationMode {
    /// Everybody may do everything.
    AlwaysAllow,
    /// Nobody may do anything.
    AlwaysDeny,
    /// Kubelets, for what concerns their own node.
    Node,
    /// Roles and bindings.
    Rbac,
}

impl AuthorizationMode {
    /// The word of the flag.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AlwaysAllow => "AlwaysAllow",
            Self::AlwaysDeny => "AlwaysDeny",
            Self::Node => "Node",
            Self::Rbac => "RBAC",
        }
    }
}

/// A line of `--token-auth-file`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaticToken {
    /// The bearer token.
    pub token: String,
    /// The user's name.
    pub user: String,
    /// The user's UID.
    pub uid: String,
    /// The user's groups.
    pub groups: Vec<String>,
}

/// What `kube-apiserver` was started with. Parsed from a manifest by `machine`, read by core.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiServerConfig {
    /// `--authorization-mode`, in order.
    pub authorization_modes: Vec<AuthorizationMode>,
    /// `--anonymous-auth`
    pub anonymous_auth: bool,
    /// `--profiling`
    pub profiling: bool,
    /// The only paths that may be asked for without a credential; empty for all.
    pub anonymous_paths: Vec<String>,
    /// `--token-auth-file`, read.
    pub static_tokens: Vec<StaticToken>,
    /// `--enable-admission-plugins`, besides those on by default.
    pub enable_admission_plugins: Vec<String>,
    /// `--disable-admission-plugins`
    pub disable_admission_plugins: Vec<String>,
    /// `--admission-control-config-file`: the configuration of each plugin, decoded.
    pub admission_configuration: BTreeMap<String, gatehouse_model::Value>,
    /// `--default-not-ready-toleration-seconds` and `--default-unreachable-toleration-seconds`.
    pub toleration_seconds: [i64; 2],
    /// `--kubernetes-service-node-port`; 0 for none.
    pub kubernetes_service_node_port: i64,
    /// The audit log, where a policy and a place for lines are given.
    pub auditing: Option<std::sync::Arc<crate::audit::Auditing>>,
    /// `--secure-port`
    pub secure_port: u16,
    /// Whether the server answers at all (`false` while its static pod is down).
    pub up: bool,
}

impl ApiServerConfig {
    /// Whether the components find the server where their kubeconfigs say it is.
    #[must_use]
    pub const fn is_found(&self) -> bool {
        self.up && self.secure_port == API_PORT
    }

    /// The flags of the recorded cluster of a version: 1.20 also turns PodSecurityPolicy and RuntimeClass on.
    #[must_use]
    pub fn for_version(version: gatehouse_model::KubeVersion) -> Self {
        let mut config = Self::default();
        if version.minor() < 25 {
            let more = ["PodSecurityPolicy", "RuntimeClass"];
            config.enable_admission_plugins.extend(more.map(str::to_owned));
        }
        config
    }
}

impl Default for ApiServerConfig {
    fn default() -> Self {
        Self {
            authorization_modes: vec![AuthorizationMode::Node, AuthorizationMode::Rbac],
            anonymous_auth: true,
            profiling: true,
            anonymous_paths: Vec::new(),
            static_tokens: Vec::new(),
            enable_admission_plugins: vec!["NodeRestriction".to_owned()],
            disable_admission_plugins: Vec::new(),
            admission_configuration: BTreeMap::new(),
            toleration_seconds: [300; 2],
            kubernetes_service_node_port: 0,
            auditing: None,
            secure_port: API_PORT,
            up: true,
        }
    }
}
