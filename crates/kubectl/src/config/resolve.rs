//! What a command talks to: server, credential and namespace. Models clientcmd `client_config.go` and `validation.go`.

use gatehouse_core::Credential;
use gatehouse_core::request::Impersonation;
use gatehouse_model::{Value, base64};

use crate::cli::Args;
use crate::cli::value::parse_duration;
use crate::config::{KubeConfig, credential};
use crate::error::Error;
use crate::host::Files;

/// The namespace of a command, and whether `-n` chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// For instance `default`.
    pub name: String,
    /// Whether a flag asked for it, so that a manifest may not say otherwise.
    pub explicit: bool,
}

/// Where requests go, and as whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The server's URL.
    pub server: String,
    /// Who asks.
    pub credential: Credential,
    /// Whom it wants to be.
    pub impersonate: Option<Impersonation>,
}

/// The context's name, and its content with the flags' overrides.
struct Chosen {
    name: String,
    context: Value,
}

fn context(config: &KubeConfig, args: &Args) -> Result<Chosen, Error> {
    let flag = args.global("context");
    let name = if flag.is_empty() { config.current_context.as_str() } else { flag };
    let mut context = match config.contexts.get(name) {
        Some(entry) => entry.value.clone(),
        None if !flag.is_empty() => return Err(Error::plain(format!("context {flag:?} does not exist"))),
        None => Value::map(),
    };
    for key in ["cluster", "user", "namespace"] {
        if !args.global(key).is_empty() {
            context.set(&[key], args.global(key));
        }
    }
    Ok(Chosen { name: name.to_owned(), context })
}

/// What is wrong with what the flags ask for, in the words of who only wants a namespace. Models client-go
/// `DirectClientConfig.ConfirmUsable`.
fn usable(config: &KubeConfig, args: &Args) -> Result<(), Error> {
    let wrong = |cause: String| Err(Error::Configuration { causes: vec![cause], wrapped: false });
    let (context, cluster) = (args.global("context"), args.global("cluster"));
    if !context.is_empty() && !config.contexts.contains_key(context) {
        return wrong(format!("context was not found for specified context: {context}"));
    }
    if !cluster.is_empty() && !config.clusters.contains_key(cluster) {
        return wrong(format!("no server found for cluster {cluster:?}"));
    }
    Ok(())
}

/// The namespace to work in.
///
/// # Errors
/// A context that does not exist.
pub fn namespace(config: &KubeConfig, args: &Args) -> Result<Namespace, Error> {
    let flag = args.global("namespace");
    if !flag.is_empty() {
        return Ok(Namespace { name: flag.to_owned(), explicit: true });
    }
    usable(config, args)?;
    let chosen = context(config, args)?;
    let name = chosen.context.str_at(&["namespace"]);
    Ok(Namespace { name: if name.is_empty() { "default" } else { name }.to_owned(), explicit: false })
}

/// Server and credential.
///
/// # Errors
/// What is missing or contradictory in the kubeconfig.
pub fn target(config: &KubeConfig, args: &Args, files: &mut dyn Files) -> Result<Target, Error> {
    let chosen = context(config, args)?;
    let timeout = args.global("request-timeout");
    if timeout.parse::<u64>().is_err() && parse_duration(timeout).is_err() {
        return Err(Error::plain(
            "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)",
        ));
    }
    let user_name = chosen.context.str_at(&["user"]);
    let mut user = match config.users.get(user_name) {
        Some(entry) => entry.value.clone(),
        None if !args.global("user").is_empty() => {
            return Err(Error::plain(format!("auth info {user_name:?} does not exist")));
        }
        None => Value::map(),
    };
    let cluster_name = chosen.context.str_at(&["cluster"]);
    let mut cluster = match config.clusters.get(cluster_name) {
        Some(entry) => entry.value.clone(),
        None if !args.global("cluster").is_empty() => {
            return Err(Error::plain(format!("cluster {cluster_name:?} does not exist")));
        }
        None => Value::map(),
    };
    let origin = config.users.get(user_name).map(|e| e.origin.clone()).unwrap_or_default();
    for key in ["token", "client-certificate", "client-key", "username", "password"] {
        if !args.global(key).is_empty() {
            user.set(&[key], args.global(key));
        }
    }
    if !args.global("server").is_empty() {
        cluster.set(&["server"], args.global("server"));
    }
    let mut wrong = Vec::new();
    if !chosen.name.is_empty() && !config.contexts.contains_key(&chosen.name) {
        wrong.push(format!("context was not found for specified context: {}", chosen.name));
    }
    validate_user(&mut wrong, user_name, &user, &origin, files);
    let mut server = cluster.str_at(&["server"]).to_owned();
    if server.is_empty() {
        if wrong.is_empty() && cluster.entries().is_empty() {
            // Nothing configured at all: kubectl falls back to the insecure port of old.
            "http://localhost:8080".clone_into(&mut server);
        } else if cluster.entries().is_empty() {
            wrong.push("cluster has no server defined".to_owned());
        } else {
            wrong.push(format!("no server found for cluster {cluster_name:?}"));
        }
    }
    let impersonate = impersonation(args, &user);
    if impersonate.as_ref().is_some_and(|i| i.user.is_empty()) {
        wrong.push(format!(
            "requesting uid, groups or user-extra for {user_name} without impersonating a user"
        ));
    }
    if !wrong.is_empty() {
        return Err(Error::Configuration { causes: wrong, wrapped: false });
    }
    Ok(Target { server, credential: credential_of(&user, &origin, files)?, impersonate })
}

fn relative(path: &str, origin: &str) -> String {
    match origin.rsplit_once('/') {
        Some((dir, _)) if !path.starts_with('/') => format!("{dir}/{path}"),
        _ => path.to_owned(),
    }
}

fn validate_user(wrong: &mut Vec<String>, name: &str, user: &Value, origin: &str, files: &mut dyn Files) {
    let field = |key: &str| user.str_at(&[key]);
    let mut methods = Vec::new();
    if !field("token").is_empty() {
        methods.push("token");
    }
    if !field("username").is_empty() || !field("password").is_empty() {
        methods.push("basicAuth");
    }
    if !field("client-certificate").is_empty() || !field("client-certificate-data").is_empty() {
        if field("client-key").is_empty() && field("client-key-data").is_empty() {
            wrong.push(format!(
                "client-key-data or client-key must be specified for {name} to use the clientCert authentication method."
            ));
        }
        for (key, what) in [("client-certificate", "client-cert"), ("client-key", "client-key")] {
            let path = field(key);
            if path.is_empty() {
                continue;
            }
            let path = relative(path, origin);
            if let Err(e) = files.read(&path) {
                wrong
                    .push(format!("unable to read {what} {path} for {name} due to open {path}: {}", e.errno));
            }
        }
    }
    if methods.len() > 1 {
        wrong.push(format!(
            "more than one authentication method found for {name}; found [{}], only one is allowed",
            methods.join(" ")
        ));
    }
}

fn credential_of(user: &Value, origin: &str, files: &mut dyn Files) -> Result<Credential, Error> {
    let mut token = user.str_at(&["token"]).to_owned();
    let token_file = user.str_at(&["tokenFile"]);
    if !token_file.is_empty() {
        let path = relative(token_file, origin);
        let bytes = files.read(&path).map_err(|e| {
            Error::plain(format!("failed to read token file \"{path}\": open {path}: {}", e.errno))
        })?;
        String::from_utf8_lossy(&bytes).trim().clone_into(&mut token);
    }
    if !token.is_empty() {
        return Ok(Credential::Token(token));
    }
    let mut pem = |field: &str| {
        let data = user.str_at(&[&format!("{field}-data")]);
        let bytes = if data.is_empty() {
            let path = user.str_at(&[field]);
            if path.is_empty() {
                return None;
            }
            files.read(&relative(path, origin)).unwrap_or_default()
        } else {
            base64::decode(data).unwrap_or_default()
        };
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let Some(certificate) = pem("client-certificate") else { return Ok(Credential::Anonymous) };
    if !credential::matches(&certificate, &pem("client-key").unwrap_or_default()) {
        return Err(Error::plain("tls: private key does not match public key"));
    }
    credential::from_certificate(&certificate)
        .ok_or_else(|| Error::plain("tls: failed to find any PEM data in certificate input"))
}

/// Whom the request wants to be; with an empty name where only groups and the like were asked for.
fn impersonation(args: &Args, user: &Value) -> Option<Impersonation> {
    let pick = |flag: &str, key: &str| {
        if args.changed(flag) { args.str(flag).to_owned() } else { user.str_at(&[key]).to_owned() }
    };
    let (name, uid) = (pick("as", "as"), pick("as-uid", "as-uid"));
    let mut groups = args.list("as-group");
    if groups.is_empty() {
        groups = user.list_at(&["as-groups"]).iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    let mut extra: Vec<(String, Vec<String>)> = Vec::new();
    for pair in args.list("as-user-extra") {
        let (key, value) = pair.split_once('=').unwrap_or((pair.as_str(), ""));
        match extra.iter_mut().find(|(k, _)| k == key) {
            Some((_, values)) => values.push(value.to_owned()),
            None => extra.push((key.to_owned(), vec![value.to_owned()])),
        }
    }
    let nobody = name.is_empty() && groups.is_empty() && uid.is_empty() && extra.is_empty();
    (!nobody).then_some(Impersonation { user: name, groups, uid, extra })
}
