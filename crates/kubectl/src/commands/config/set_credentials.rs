//! `kubectl config set-credentials`. Models kubectl `pkg/cmd/config/set_credentials.go`.

use gatehouse_model::{Value, base64, json};

use super::{start, store};
use crate::cli::{Args, Command, Flag};
use crate::config::save::{default_file, relativize};
use crate::error::Error;
use crate::session::Session;

pub(super) static COMMAND: Command = Command {
    short: "Set a user entry in kubeconfig",
    long: "Set a user entry in kubeconfig.\n\n Specifying a name that already exists will merge new fields on top of existing values.\n\n        Client-certificate flags:\n        --client-certificate=certfile --client-key=keyfile\n        \n        Bearer token flags:\n        --token=bearer_token\n        \n        Basic auth flags:\n        --username=basic_user --password=basic_password\n        \n Bearer token and basic auth are mutually exclusive.",
    examples: "# Set only the \"client-key\" field on the \"cluster-admin\"\n# entry, without touching other values\nkubectl config set-credentials cluster-admin --client-key=~/.kube/admin.key\n\n# Embed client certificate data in the \"cluster-admin\" entry\nkubectl config set-credentials cluster-admin --client-certificate=~/.kube/admin.crt --embed-certs=true",
    usage: "NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password] [--auth-provider=provider_name] [--auth-provider-arg=key=value] [--exec-command=exec_command] [--exec-api-version=exec_api_version] [--exec-arg=arg] [--exec-env=key=value]",
    flags: &[&[
        Flag::str("auth-provider", "Auth provider for the user entry in kubeconfig"),
        Flag::slice("auth-provider-arg", "'key=value' arguments for the auth provider"),
        Flag::str("client-certificate", "Path to client-certificate file for the user entry in kubeconfig"),
        Flag::str("client-key", "Path to client-key file for the user entry in kubeconfig"),
        Flag::bool("embed-certs", "Embed client cert/key for the user entry in kubeconfig"),
        Flag::str(
            "exec-api-version",
            "API version of the exec credential plugin for the user entry in kubeconfig",
        ),
        Flag::slice(
            "exec-arg",
            "New arguments for the exec credential plugin command for the user entry in kubeconfig",
        ),
        Flag::str("exec-command", "Command for the exec credential plugin for the user entry in kubeconfig"),
        Flag::array("exec-env", "'key=value' environment values for the exec credential plugin"),
        Flag::str(
            "exec-interactive-mode",
            "InteractiveMode of the exec credentials plugin for the user entry in kubeconfig",
        )
        .since(30),
        Flag::bool(
            "exec-provide-cluster-info",
            "ProvideClusterInfo of the exec credentials plugin for the user entry in kubeconfig",
        )
        .since(30),
        Flag::str("password", "password for the user entry in kubeconfig"),
        Flag::str("token", "token for the user entry in kubeconfig"),
        Flag::str("username", "username for the user entry in kubeconfig"),
    ]],
    run: Some(run),
    ..Command::named("set-credentials")
};

const CERTIFICATES: [(&str, &str); 2] =
    [("client-certificate", "client-certificate-data"), ("client-key", "client-key-data")];

fn check(session: &mut Session<'_, '_>, args: &Args, name: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::plain("you must specify a non-empty user name"));
    }
    let mut methods = Vec::new();
    if !args.str("token").is_empty() {
        methods.push("--token");
    }
    if !args.str("username").is_empty() || !args.str("password").is_empty() {
        methods.push("--username/--password");
    }
    if methods.len() > 1 {
        return Err(Error::plain(format!(
            "you cannot specify more than one authentication method at the same time: {}",
            methods.join(", ")
        )));
    }
    if !args.bool("embed-certs") {
        return Ok(());
    }
    if CERTIFICATES.iter().all(|(flag, _)| args.str(flag).is_empty()) {
        return Err(Error::plain("you must specify a --client-certificate or --client-key to embed"));
    }
    for (flag, _) in CERTIFICATES {
        let path = args.str(flag);
        if !path.is_empty() && session.host.files.is_dir(path).is_none() {
            return Err(Error::plain(format!(
                "could not stat {flag} file {path}: stat {path}: no such file or directory"
            )));
        }
    }
    Ok(())
}

fn certificates(
    session: &mut Session<'_, '_>,
    args: &Args,
    user: &mut Value,
    file: &str,
) -> Result<(), Error> {
    for (flag, data) in CERTIFICATES {
        if !args.changed(flag) {
            continue;
        }
        let path = args.str(flag);
        if args.bool("embed-certs") {
            let bytes = session
                .host
                .files
                .read(path)
                .map_err(|e| Error::plain(format!("open {path}: {}", e.errno)))?;
            user.set(&[data], base64::encode(&bytes));
            user.remove(&[flag]);
        } else {
            let dir = session.host.files.working_dir();
            if path.is_empty() {
                user.remove(&[flag]);
            } else {
                user.set(&[flag], relativize(path, file, &dir));
                user.remove(&[data]);
            }
        }
    }
    Ok(())
}

/// `--auth-provider` and its arguments; `key-` takes one away.
fn auth_provider(args: &Args, user: &mut Value) {
    if args.changed("auth-provider") {
        if args.str("auth-provider").is_empty() {
            user.remove(&["auth-provider"]);
            return;
        }
        user.set(&["auth-provider", "name"], args.str("auth-provider"));
        if user.at(&["auth-provider", "config"]).is_none() {
            user.set(&["auth-provider", "config"], Value::map());
        }
    }
    if user.get("auth-provider").is_none() {
        return;
    }
    for argument in args.list("auth-provider-arg") {
        match (argument.split_once('='), argument.strip_suffix('-')) {
            (Some((key, value)), _) => user.set(&["auth-provider", "config", key], value),
            (None, Some(key)) => {
                user.remove(&["auth-provider", "config", key]);
            }
            (None, None) => {}
        }
    }
}

/// The `--exec-…` flags, of which only `--exec-command` begins a plugin.
fn exec(args: &Args, user: &mut Value) {
    if args.changed("exec-command") {
        user.set(&["exec", "command"], args.str("exec-command"));
    }
    if user.get("exec").is_none() {
        return;
    }
    if args.changed("exec-api-version") {
        user.set(&["exec", "apiVersion"], args.str("exec-api-version"));
    }
    if args.changed("exec-arg") {
        user.set(&["exec", "args"], args.list("exec-arg"));
    }
    if args.changed("exec-interactive-mode") {
        user.set(&["exec", "interactiveMode"], args.str("exec-interactive-mode"));
    }
    if args.bool("exec-provide-cluster-info") {
        user.set(&["exec", "provideClusterInfo"], true);
    }
    if !args.changed("exec-env") {
        return;
    }
    let mut variables = user.list_at(&["exec", "env"]).to_vec();
    for variable in args.list("exec-env") {
        match (variable.split_once('='), variable.strip_suffix('-')) {
            (Some((key, value)), _) => match variables.iter_mut().find(|v| v.str_at(&["name"]) == key) {
                Some(old) => old.set(&["value"], value),
                None => variables.push(json!({"name": key, "value": value})),
            },
            (None, Some(key)) => variables.retain(|v| v.str_at(&["name"]) != key),
            (None, None) => {}
        }
    }
    user.set(&["exec", "env"], variables);
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let [name] = args.words.as_slice() else { return Err(super::unexpected(session, args)) };
    check(session, args, name)?;
    let (which, before) = start(session, args)?;
    let mut after = before.clone();
    let file = default_file(session.host.files, &which);
    let entry = after.users.entry(name.clone()).or_default();
    if entry.value.is_null() {
        entry.value = Value::map();
    }
    certificates(session, args, &mut entry.value, &file)?;
    for key in ["token", "username", "password"] {
        if args.changed(key) {
            if args.str(key).is_empty() {
                entry.value.remove(&[key]);
            } else {
                entry.value.set(&[key], args.str(key));
            }
        }
    }
    // One way to authenticate at a time.
    let token = !args.str("token").is_empty();
    let basic = !args.str("username").is_empty() || !args.str("password").is_empty();
    if token {
        entry.value.remove(&["username"]);
        entry.value.remove(&["password"]);
    } else if basic {
        entry.value.remove(&["token"]);
    }
    auth_provider(args, &mut entry.value);
    exec(args, &mut entry.value);
    store(session, &which, &before, &after)?;
    session.println(format!("User {name:?} set."));
    Ok(())
}
