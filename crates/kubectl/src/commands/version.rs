//! `kubectl version`. Models kubectl `pkg/cmd/version`.

use gatehouse_core::{Target, Verb};
use gatehouse_model::{ClientVersion, KubeVersion, Value, json, yaml};

use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::bool("client", "If true, shows client version only (no server required)."),
    Flag::str("output", "One of 'yaml' or 'json'.").short('o'),
    Flag::bool("short", "If true, print just the version number.")
        .until(28)
        .deprecated("and will be removed in the future. The --short output will become the default."),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Print the client and server version information",
    long: "Print the client and server version information for the current context.",
    examples: "# Print the client and server versions for the current context\nkubectl version",
    usage: "[flags]",
    flags: &[FLAGS],
    run: Some(run),
    ..Command::named("version")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// The kustomize that kubectl has inside.
fn kustomize(client: ClientVersion) -> &'static str {
    match client.minor {
        ..=27 => "v5.0.1",
        28..=35 => "v5.7.1",
        _ => "v5.8.1",
    }
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let client_only = args.bool("client");
    if !args.words.is_empty() && !client_only {
        return Err(Error::plain(format!("extra arguments: [{}]", args.words.join(" "))));
    }
    let output = args.str("output");
    if !matches!(output, "" | "yaml" | "json") {
        return Err(Error::plain("--output must be 'yaml' or 'json'"));
    }
    if !client_only {
        session.target()?;
    }
    let client = session.version();
    let mut failed = None;
    let mut server = None;
    if !client_only {
        let asked = session
            .request(Verb::Get, Target::Path("/version?timeout=32s".to_owned()))
            .and_then(|request| session.send(request));
        match asked {
            Ok(_) => server = Some(session.server_version()),
            Err(error) => failed = Some(error),
        }
    }
    match output {
        "" if client.minor < 28 && !args.bool("short") => {
            session.eprintln("WARNING: This version information is deprecated and will be replaced with the output from kubectl version --short.  Use --output=yaml|json to get the full version.");
            session.println(format!("Client Version: {}", in_go(&info(&client.to_string(), client.minor))));
            session.println(format!("Kustomize Version: {}", kustomize(client)));
            if let Some(server) = server {
                let server = info(&server.git_version(), server.minor());
                session.println(format!("Server Version: {}", in_go(&server)));
            }
        }
        "" => {
            session.println(format!("Client Version: {client}"));
            session.println(format!("Kustomize Version: {}", kustomize(client)));
            if let Some(server) = server {
                session.println(format!("Server Version: {}", server.git_version()));
            }
        }
        format => {
            let mut info = json!({"clientVersion": (info(&client.to_string(), client.minor)), "kustomizeVersion": (kustomize(client))});
            if let Some(server) = server {
                info.set(&["serverVersion"], self::info(&server.git_version(), server.minor()));
            }
            session.println(if format == "yaml" { yaml::emit(&info) } else { in_json(&info) });
        }
    }
    if let Some(server) = server {
        skew(session, client, server);
    }
    failed.map_or(Ok(()), Err)
}

/// How the releases were built: commit, date, Go.
const BUILDS: &[(&str, &str, &str, &str)] = &[
    ("v1.20.2", "faecb196815e248d3ecfb03c680a4507229c2a56", "2021-01-13T13:20:00Z", "go1.15.5"),
    ("v1.27.16", "cbb86e0d7f4a049666fac0551e8b02ef3d6c3d9a", "2024-07-17T01:53:56Z", "go1.22.5"),
];

fn info(version: &str, minor: u8) -> Value {
    let built = BUILDS.iter().find(|(of, ..)| *of == version);
    let (commit, date, go) = built.map_or(
        ("0000000000000000000000000000000000000000", "2026-06-10T09:31:00Z", "go1.26.3"),
        |(_, commit, date, go)| (commit, date, go),
    );
    json!({
        "buildDate": date, "compiler": "gc", "gitCommit": commit, "gitTreeState": "clean", "gitVersion": version,
        "goVersion": go, "major": "1", "minor": (minor.to_string()), "platform": "linux/amd64",
    })
}

/// The fields of a version, in Go and in JSON.
const FIELDS: [(&str, &str); 9] = [
    ("Major", "major"),
    ("Minor", "minor"),
    ("GitVersion", "gitVersion"),
    ("GitCommit", "gitCommit"),
    ("GitTreeState", "gitTreeState"),
    ("BuildDate", "buildDate"),
    ("GoVersion", "goVersion"),
    ("Compiler", "compiler"),
    ("Platform", "platform"),
];

/// JSON in the order of the structure's fields, not of their names.
fn in_json(versions: &Value) -> String {
    let member = |key: &str| match versions.get(key)? {
        Value::Str(text) => Some(format!("  {key:?}: {text:?}")),
        info => {
            let fields: Vec<String> = FIELDS
                .iter()
                .map(|(_, member)| format!("    {member:?}: {:?}", info.str_at(&[member])))
                .collect();
            Some(format!("  {key:?}: {{\n{}\n  }}", fields.join(",\n")))
        }
    };
    let members: Vec<String> =
        ["clientVersion", "kustomizeVersion", "serverVersion"].into_iter().filter_map(member).collect();
    format!("{{\n{}\n}}", members.join(",\n"))
}

/// The structure as Go prints it for programmers.
fn in_go(info: &Value) -> String {
    let shown: Vec<String> =
        FIELDS.iter().map(|(name, member)| format!("{name}:{:?}", info.str_at(&[member]))).collect();
    format!("version.Info{{{}}}", shown.join(", "))
}

/// Client and server may be one minor apart.
fn skew(session: &mut Session<'_, '_>, client: ClientVersion, server: KubeVersion) {
    if client.minor.abs_diff(server.minor()) <= 1 {
        return;
    }
    let pair = (client.minor, server.minor());
    if client.minor >= 30 {
        session.warn(format!(
            "version difference between client (1.{}) and server (1.{}) exceeds the supported minor version skew of +/-1",
            pair.0, pair.1
        ));
    } else {
        session.eprintln(format!(
            "WARNING: version difference between client (1.{}) and server (1.{}) exceeds the supported minor version skew of +/-1",
            pair.0, pair.1
        ));
    }
}
