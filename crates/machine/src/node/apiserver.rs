//! kube-apiserver: what its flags set in core, and the words it ends with.
//!
//! Flags are read ([`Flags`]), then validated together, then acted upon in the server's order: serving certificates,
//! encryption, authentication, authorization, audit, admission, storage. The first that fails ends it.
//!
//! Models cmd/kube-apiserver/app, pkg/kubeapiserver/options and apiserver pkg/server/options.

use std::sync::Arc;

use gatehouse_core::admission::is_known;
use gatehouse_core::config::{AuthorizationMode, StaticToken};
use gatehouse_core::pki::{Certificate, Key, der};
use gatehouse_core::store::at_rest::{Encryption, Flags as Encrypting};
use gatehouse_core::{ApiServerConfig, Cluster};
use gatehouse_model::field::aggregate_texts;

use super::audit_log::Sink;
use super::encryption::{self, Watched};
use super::flags::Flags;
use super::klog;
use super::manifest::Manifest;
use super::static_pods::{Effect, Failure};
use crate::machine::Machine;
use crate::net::tls;

/// What the server read and holds besides its configuration.
#[derive(Clone, Debug, Default)]
pub struct ServerFiles {
    /// `--encryption-provider-config`
    pub encryption: Arc<Encryption>,
    /// What it was told about TLS.
    pub tls: tls::Server,
    /// Where audit lines go.
    pub audit: Option<Sink>,
    /// The encryption's configuration, where it may change while the server runs.
    pub(super) watched: Option<Watched>,
    /// What it wrote when it started.
    pub(super) greeting: Vec<String>,
}

/// Cipher suites Go knows.
const SUITES: &str = "TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 TLS_ECDHE_ECDSA_WITH_RC4_128_SHA TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256 TLS_ECDHE_RSA_WITH_RC4_128_SHA TLS_RSA_WITH_3DES_EDE_CBC_SHA TLS_RSA_WITH_AES_128_CBC_SHA TLS_RSA_WITH_AES_128_CBC_SHA256 TLS_RSA_WITH_AES_128_GCM_SHA256 TLS_RSA_WITH_AES_256_CBC_SHA TLS_RSA_WITH_AES_256_GCM_SHA384 TLS_RSA_WITH_RC4_128_SHA";

/// What a server that starts writes first.
fn greeting(now: i64, version: &str) -> Vec<String> {
    let line = |rest: &str| format!("{}       1 {rest}", klog('I', now));
    vec![
        line("options.go:263] external host was not specified, using 172.30.1.2"),
        line(&format!("server.go:150] Version: {version}")),
        line("server.go:152] \"Golang settings\" GOGC=\"\" GOMAXPROCS=\"\" GOTRACEBACK=\"\""),
    ]
}

/// The last line of a server that ends with an error.
pub(super) fn command_failed(now: i64, why: &str) -> String {
    let why = why.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{}       1 run.go:72] \"command failed\" err=\"{why}\"", klog('E', now))
}

/// What the TLS flags of a component say that is wrong.
pub(super) fn tls_errors(flags: &Flags) -> Vec<String> {
    tls_problems(flags.text("tls-min-version"), &flags.list("tls-cipher-suites"))
}

/// What is wrong with a version and with suites.
pub(super) fn tls_problems(version: &str, suites: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    if !matches!(version, "" | "VersionTLS10" | "VersionTLS11" | "VersionTLS12" | "VersionTLS13") {
        wrong.push(format!("unknown tls version {version:?}"));
    }
    if let Some(suite) = suites.iter().find(|s| !SUITES.split(' ').any(|k| k == *s)) {
        wrong.push(format!("Cipher suite {suite} not supported or doesn't exist"));
    }
    wrong
}

/// Starts the server.
///
/// # Errors
/// Why it ends.
pub(super) fn start(
    machine: &mut Machine,
    cluster: &Cluster,
    manifest: &Manifest,
) -> Result<Effect, Failure> {
    let flags = Flags::parse("kube-apiserver", manifest.argv().skip(1))
        .map_err(|why| Failure::Exit(vec![format!("Error: {why}")], 1))?;
    let now = machine.now.0;
    let version = cluster.version.git_version();
    let greeting = || greeting(now, &version);
    let files = ServerFiles { greeting: greeting(), ..ServerFiles::default() };
    let mut site = Site { machine, manifest, flags: &flags, files };
    site.complete().map_err(|why| Failure::Exit(vec![command_failed(now, &why)], 1))?;
    let last_words = |lines: usize, why: &str| {
        let mut log = greeting();
        log.truncate(lines);
        log.push(command_failed(now, why));
        Failure::Exit(log, 1)
    };
    let (config, wrong) = site.validate(&cluster.config, cluster.version.minor());
    if !wrong.is_empty() {
        return Err(last_words(1, &aggregate_texts(&wrong)));
    }
    let config = site.configure(config).map_err(|end| match end {
        End::Failed(why) => last_words(3, &why),
        End::Fatal(line) => {
            let mut log = greeting();
            log.push(format!("{}       1 {line}", klog('F', now)));
            Failure::Exit(log, 255)
        }
    })?;
    site.storage().map_err(|lines| {
        let mut log = greeting();
        log.extend(lines);
        Failure::Exit(log, 1)
    })?;
    site.files.tls = tls::Server::new(flags.text("tls-min-version"), flags.list("tls-cipher-suites"));
    if let Some(why) = site.files.tls.http2_error() {
        return Err(last_words(3, &format!("error configuring http2: {why}")));
    }
    let files = std::mem::take(&mut site.files);
    Ok(Effect::ApiServer(Box::new(config), Box::new(files)))
}

/// How a server that was well started ends all the same.
pub(super) enum End {
    /// With an error.
    Failed(String),
    /// At once: where in its source, and its last line.
    Fatal(String),
}

impl From<String> for End {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

/// A server that starts: its machine, its manifest and its flags.
pub(super) struct Site<'a> {
    pub(super) machine: &'a mut Machine,
    pub(super) manifest: &'a Manifest,
    pub(super) flags: &'a Flags,
    pub(super) files: ServerFiles,
}

impl Site<'_> {
    /// A file as the server's container sees it, or what `os.ReadFile` says.
    pub(super) fn read(&self, path: &str) -> Result<String, String> {
        self.manifest.look(self.machine, path).read(path)
    }

    /// What is read before anything is validated: the keys of service accounts.
    fn complete(&self) -> Result<(), String> {
        let path = self.flags.text("service-account-signing-key-file");
        if !path.is_empty() {
            let text = self
                .read(path)
                .map_err(|why| format!("failed to parse service-account-issuer-key-file: {why}"))?;
            if Key::from_pem(&text).is_none() {
                return Err(format!(
                    "failed to parse service-account-issuer-key-file: error parsing private key file {path}: data does not contain a valid RSA or ECDSA private key"
                ));
            }
        }
        Ok(())
    }

    /// The flags that need no file, and everything that is wrong with them.
    fn validate(&self, before: &ApiServerConfig, minor: u8) -> (ApiServerConfig, Vec<String>) {
        let flags = self.flags;
        let mut config = ApiServerConfig { up: true, auditing: None, ..before.clone() };
        config.static_tokens.clear();
        let mut wrong = Vec::new();
        if flags.get("etcd-servers").is_none() {
            wrong.push("--etcd-servers must be specified".to_owned());
        }
        if flags.is("encryption-provider-config-automatic-reload", false)
            && flags.text("encryption-provider-config").is_empty()
        {
            wrong.push(
                "--encryption-provider-config-automatic-reload must be set with --encryption-provider-config"
                    .to_owned(),
            );
        }
        let port = flags.number("secure-port", 6443);
        if !(1..=65535).contains(&port) {
            wrong.push(format!(
                "--secure-port {port} must be between 1 and 65535, inclusive. It cannot be turned off with 0"
            ));
        }
        if flags.text("request-timeout").starts_with('-') {
            wrong.push("--request-timeout can not be negative value".to_owned());
        }
        if flags.number("max-requests-inflight", 400) < 0 {
            wrong.push("--max-requests-inflight can not be negative value".to_owned());
        }
        config.secure_port = u16::try_from(port).unwrap_or(0);
        config.profiling = flags.is("profiling", true);
        config.toleration_seconds =
            ["default-not-ready-toleration-seconds", "default-unreachable-toleration-seconds"]
                .map(|name| flags.number(name, 300));
        config.anonymous_auth = flags.is("anonymous-auth", true);
        if flags.get("service-account-issuer").is_none() {
            wrong.push("service-account-issuer is a required flag".to_owned());
        }
        if flags.get("service-account-signing-key-file").is_none() {
            wrong.push("service-account-signing-key-file is a required flag".to_owned());
        }
        wrong.extend(self.authorization(&mut config));
        wrong.extend(super::audit_flags::wrong(flags));
        config.enable_admission_plugins = flags.list("enable-admission-plugins");
        config.disable_admission_plugins = flags.list("disable-admission-plugins");
        wrong.extend(plugins(&config, minor));
        let node_port = flags.number("kubernetes-service-node-port", 0);
        if !(0..=65535).contains(&node_port) {
            wrong.push(format!("--kubernetes-service-node-port {node_port} must be between 0 and 65535, inclusive. If 0, the Kubernetes master service will be of type ClusterIP"));
        }
        config.kubernetes_service_node_port = node_port;
        (config, wrong)
    }

    fn authorization(&self, config: &mut ApiServerConfig) -> Vec<String> {
        let words = self.flags.list("authorization-mode");
        if let Some(path) = self.flags.get("authorization-config") {
            return self.authorization_file(path, config);
        }
        if words.is_empty() {
            config.authorization_modes = vec![AuthorizationMode::AlwaysAllow];
            return Vec::new();
        }
        let mut wrong = Vec::new();
        config.authorization_modes.clear();
        for w in &words {
            match w.as_str() {
                "AlwaysAllow" => config.authorization_modes.push(AuthorizationMode::AlwaysAllow),
                "AlwaysDeny" => config.authorization_modes.push(AuthorizationMode::AlwaysDeny),
                "Node" => config.authorization_modes.push(AuthorizationMode::Node),
                "RBAC" => config.authorization_modes.push(AuthorizationMode::Rbac),
                "ABAC" if self.flags.text("authorization-policy-file").is_empty() => {
                    wrong.push("authorization-mode ABAC's authorization policy file not passed".to_owned());
                }
                "Webhook" if self.flags.text("authorization-webhook-config-file").is_empty() => {
                    wrong
                        .push("authorization-mode Webhook's authorization config file not passed".to_owned());
                }
                "ABAC" | "Webhook" => {}
                other => wrong.push(format!("authorization-mode {other:?} is not a valid mode")),
            }
        }
        if words.iter().enumerate().any(|(i, w)| words.iter().take(i).any(|v| v == w)) {
            let quoted: Vec<String> = words.iter().map(|w| format!("{w:?}")).collect();
            wrong
                .push(format!("authorization-mode [{}] has mode specified more than once", quoted.join(" ")));
        }
        wrong
    }

    /// Reads every file the flags name, in the server's order.
    fn configure(&mut self, mut config: ApiServerConfig) -> Result<ApiServerConfig, End> {
        let flags = self.flags;
        self.serving()?;
        if let Some(wrong) = tls_errors(flags).into_iter().next() {
            return Err(End::Failed(wrong));
        }
        if let Some(path) = flags.get("encryption-provider-config").filter(|p| !p.is_empty()) {
            let given = Encrypting {
                reload: flags.is("encryption-provider-config-automatic-reload", false),
                kms_v1: flags.list("feature-gates").iter().any(|g| g == "KMSv1=true"),
            };
            let (encryption, watched) = encryption::start(self.machine, self.manifest, path, given)?;
            let complaints = encryption::complaints(&encryption, self.machine.now.0);
            self.files.greeting.extend(complaints);
            (self.files.encryption, self.files.watched) = (Arc::new(encryption), watched);
        }
        for (name, what) in
            [("client-ca-file", "client-ca-bundle"), ("requestheader-client-ca-file", "request-header")]
        {
            let Some(path) = flags.get(name) else { continue };
            let text = self.read(path)?;
            if Certificate::from_pem(&text).is_none() {
                return Err(End::Failed(format!(
                    "unable to load client CA provider: error loading {what}: data does not contain any valid RSA or ECDSA certificates"
                )));
            }
        }
        for path in flags.list("service-account-key-file") {
            let text = self.read(&path)?;
            if der::pem_blocks(&text).is_empty() {
                return Err(End::Failed(format!(
                    "error reading public key file {path}: data does not contain any valid RSA or ECDSA public keys"
                )));
            }
        }
        self.authentication(&mut config)?;
        if let Some(path) = flags.get("token-auth-file") {
            config.static_tokens = tokens(path, &self.read(path)?)?;
        }
        for name in [
            "authentication-token-webhook-config-file",
            "authorization-webhook-config-file",
            "authorization-policy-file",
        ] {
            if let Some(path) = flags.get(name) {
                self.read(path)?;
            }
        }
        config.auditing = self.audit()?;
        self.admission(&mut config)?;
        for name in [
            "kubelet-client-certificate",
            "kubelet-client-key",
            "kubelet-certificate-authority",
            "proxy-client-cert-file",
            "proxy-client-key-file",
        ] {
            if let Some(path) = flags.get(name) {
                self.read(path)?;
            }
        }
        Ok(config)
    }

    fn serving(&self) -> Result<(), String> {
        let (cert, key) = (self.flags.text("tls-cert-file"), self.flags.text("tls-private-key-file"));
        if cert.is_empty() || key.is_empty() {
            return Ok(());
        }
        let (cert, key) = (self.read(cert)?, self.read(key)?);
        let Some(certificate) = Certificate::from_pem(&cert) else {
            return Err("tls: failed to find any PEM data in certificate input".to_owned());
        };
        let Some(key) = Key::from_pem(&key) else {
            return Err("tls: failed to find any PEM data in key input".to_owned());
        };
        if gatehouse_core::pki::key::public_of(&certificate.key) != key.public {
            return Err("tls: private key does not match public key".to_owned());
        }
        Ok(())
    }

    /// The way to etcd: its certificates, and whether anybody listens there.
    fn storage(&self) -> Result<(), Vec<String>> {
        let now = self.machine.now.0;
        let leases = |why: &str| {
            format!(
                "{}       1 instance.go:232] Error creating leases: error creating storage factory: {why}",
                klog('F', now)
            )
        };
        for name in ["etcd-cafile", "etcd-certfile", "etcd-keyfile"] {
            if let Some(path) = self.flags.get(name)
                && let Err(why) = self.read(path)
            {
                return Err(vec![leases(&why)]);
            }
        }
        let listens = self.machine.services.etcd.clone().unwrap_or_default();
        let servers = self.flags.list("etcd-servers");
        if servers.iter().any(|s| listens.iter().any(|l| l == s.trim_end_matches('/'))) {
            return Ok(());
        }
        let mut lines = Vec::new();
        for (i, server) in servers.iter().enumerate() {
            let address = server.split("://").nth(1).unwrap_or(server).trim_end_matches('/');
            let plain = listens.iter().any(|l| l.ends_with(&format!("://{address}")));
            let why = if plain {
                "error reading server preface: EOF".to_owned()
            } else {
                format!("transport: Error while dialing: dial tcp {address}: connect: connection refused")
            };
            lines.push(format!("{}       1 logging.go:55] [core] [Channel #{} SubChannel #{}]grpc: addrConn.createTransport failed to connect to {{Addr: {address:?}, ServerName: {address:?}, }}. Err: connection error: desc = {why:?}", klog('W', now), i + 1, i + 2));
        }
        lines.push(leases("context deadline exceeded"));
        Err(lines)
    }
}

/// What is wrong with the lists of admission plugins.
fn plugins(config: &ApiServerConfig, minor: u8) -> Vec<String> {
    let mut wrong = Vec::new();
    for (flag, list) in
        [("enable", &config.enable_admission_plugins), ("disable", &config.disable_admission_plugins)]
    {
        for plugin in list.iter().filter(|p| !is_known(p, minor)) {
            wrong.push(format!("{flag}-admission-plugins plugin {plugin:?} is unknown"));
        }
    }
    let both: Vec<&str> = config
        .enable_admission_plugins
        .iter()
        .filter(|p| config.disable_admission_plugins.contains(p))
        .map(String::as_str)
        .collect();
    if !both.is_empty() {
        wrong.push(format!(
            "[{}] in enable-admission-plugins and disable-admission-plugins overlapped",
            both.join(" ")
        ));
    }
    wrong
}

/// Lines of a token file: token, user, uid and groups in quotes.
fn tokens(path: &str, text: &str) -> Result<Vec<StaticToken>, String> {
    let mut all = Vec::new();
    for line in text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')) {
        let (head, groups) = line.split_once(",\"").map_or((line, ""), |(h, g)| (h, g.trim_end_matches('"')));
        let mut f = head.split(',').map(str::trim);
        let (Some(token), Some(user), Some(uid)) = (f.next(), f.next(), f.next()) else {
            let columns = line.split(',').count();
            return Err(format!(
                "token file '{path}' must have at least 3 columns (token, user name, user uid), found {columns}"
            ));
        };
        if token.is_empty() {
            continue;
        }
        let single = f.next().unwrap_or("");
        let groups = groups.split(',').chain([single]).map(str::trim);
        let groups = groups.filter(|g| !g.is_empty()).map(str::to_owned).collect();
        all.push(StaticToken { token: token.to_owned(), user: user.to_owned(), uid: uid.to_owned(), groups });
    }
    Ok(all)
}
