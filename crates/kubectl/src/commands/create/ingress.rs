//! `kubectl create ingress`. Models kubectl `pkg/cmd/create/create_ingress.go`.

use gatehouse_model::{Value, json};

use super::Generator;
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::str("class", "Ingress Class to be used"),
    Flag::array(
        "rule",
        "Rule in format host/path=service:port[,tls=secretname]. Paths containing the leading character '*' are considered pathType=Prefix. tls argument is optional.",
    ),
    Flag::str("default-backend", "Default service for backend, in format of svcname:port"),
    Flag::array("annotation", "Annotation to insert in the ingress object, in the format annotation=value"),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    aliases: &["ing"],
    short: "Create an ingress with the specified name",
    long: "Create an ingress with the specified name.",
    examples: "# Create a single ingress called 'simple' that directs requests to foo.com/bar to svc\n# svc1:8080 with a TLS secret \"my-cert\"\nkubectl create ingress simple --rule=\"foo.com/bar=svc1:8080,tls=my-cert\"",
    usage: "NAME --rule=host/path=service:port[,tls[=secret]] ",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, FLAGS],
    run: Some(run),
    ..Command::named("ingress")
};

fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// Whether a rule begins with `host/path=service:port`: upstream's expression is not bound to the end.
fn is_rule(rule: &str) -> bool {
    let Some((host, rest)) = rule.split_once('/') else { return false };
    if !host.chars().all(|c| word(c) || c == '*' || c == '.') {
        return false;
    }
    rest.match_indices('=').any(|(i, _)| {
        let after = rest.get(i + 1..).unwrap_or("");
        let Some((service, port)) = after.split_once(':') else { return false };
        !service.is_empty() && service.chars().all(word) && port.starts_with(word)
    })
}

fn backend(service: &str) -> Value {
    let mut parts = service.split(':');
    let (name, port) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let port = match port.parse::<i64>() {
        Ok(number) => json!({"number": number}),
        Err(_) => json!({"name": port}),
    };
    json!({"service": {"name": name, "port": port}})
}

fn path(text: &str) -> Value {
    let mut parts = text.split('=');
    let mut path = format!("/{}", parts.next().unwrap_or(""));
    let service = parts.next().unwrap_or("");
    let mut kind = "Exact";
    if path.ends_with('*') {
        path.pop();
        kind = "Prefix";
    }
    json!({"path": path, "pathType": kind, "backend": (backend(service))})
}

fn rules(all: &[String]) -> Vec<Value> {
    let mut rules: Vec<(String, Vec<Value>)> = Vec::new();
    for rule in all {
        let without_tls = rule.split(',').next().unwrap_or("");
        let (host, rest) = without_tls.split_once('/').unwrap_or((without_tls, ""));
        let path = path(rest);
        match rules.iter_mut().find(|(h, _)| h == host) {
            Some((_, paths)) => paths.push(path),
            None => rules.push((host.to_owned(), vec![path])),
        }
    }
    rules
        .into_iter()
        .map(|(host, paths)| {
            let mut rule = json!({"http": {"paths": paths}});
            if !host.is_empty() {
                rule.set(&["host"], host);
            }
            rule
        })
        .collect()
}

fn tls(all: &[String]) -> Vec<Value> {
    let mut entries: Vec<(String, Vec<String>)> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for rule in all {
        let parts: Vec<&str> = rule.split(',').collect();
        let [_, option] = parts.as_slice() else { continue };
        let host = rule.split('/').next().unwrap_or("");
        if seen.contains(&host) {
            continue;
        }
        seen.push(host);
        let secret = option.split('=').nth(1).unwrap_or("");
        match entries.iter_mut().find(|(s, _)| s == secret) {
            Some((_, hosts)) => hosts.push(host.to_owned()),
            None if host.is_empty() && secret.is_empty() => {}
            None => {
                let hosts = if host.is_empty() { Vec::new() } else { vec![host.to_owned()] };
                entries.push((secret.to_owned(), hosts));
            }
        }
    }
    entries
        .into_iter()
        .map(|(secret, hosts)| {
            let mut entry = Value::map();
            if !hosts.is_empty() {
                entry.set(&["hosts"], hosts);
            }
            if !secret.is_empty() {
                entry.set(&["secretName"], secret);
            }
            entry
        })
        .collect()
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let (default, all) = (args.str("default-backend"), args.list("rule"));
    if default.is_empty() && all.is_empty() {
        return Err(Error::plain(
            "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
        ));
    }
    if let Some(rule) = all.iter().find(|r| !is_rule(r)) {
        return Err(Error::plain(format!(
            "rule {rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]] "
        )));
    }
    let mut object = generator.object("networking.k8s.io/v1", "Ingress", true);
    for annotation in args.list("annotation") {
        let Some((key, value)) = annotation.split_once('=') else {
            return Err(Error::plain(format!(
                "annotation {annotation} is invalid and should be in format key=[value]"
            )));
        };
        object.set(&["metadata", "annotations", key], value);
    }
    if !default.is_empty() && default.split(':').count() != 2 {
        return Err(Error::plain("default-backend should be in format servicename:serviceport"));
    }
    object.set(&["spec"], json!({}));
    if !args.str("class").is_empty() {
        object.set(&["spec", "ingressClassName"], args.str("class"));
    }
    if !default.is_empty() {
        object.set(&["spec", "defaultBackend"], backend(default));
    }
    let (tls, rules) = (tls(&all), rules(&all));
    if !tls.is_empty() {
        object.set(&["spec", "tls"], tls);
    }
    if !rules.is_empty() {
        object.set(&["spec", "rules"], rules);
    }
    object.set(&["status"], json!({"loadBalancer": {}}));
    generator.finish(session, args, object, "ingresses", true, "failed to create ingress: ")
}
