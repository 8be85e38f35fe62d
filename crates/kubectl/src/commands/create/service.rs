//! `kubectl create service` and its four types. Models kubectl `pkg/cmd/create/create_service.go`.

use gatehouse_model::{Value, json, names};

use super::Generator;
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

/// The group.
pub(super) static COMMAND: Command = Command {
    aliases: &["svc"],
    short: "Create a service using a specified subcommand",
    long: "Create a service using a specified subcommand.",
    usage: "[flags]",
    subcommands: &[&CLUSTER_IP, &EXTERNAL_NAME, &LOAD_BALANCER, &NODE_PORT],
    run: Some(crate::commands::run_group),
    ..Command::named("service")
};

const TCP: Flag = Flag::slice("tcp", "Port pairs can be specified as '<port>:<targetPort>'.");

static CLUSTER_IP: Command = Command {
    short: "Create a ClusterIP service",
    long: "Create a ClusterIP service with the specified name.",
    usage: "NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none]",
    flags: &[
        PRINT,
        SAVE_CONFIG,
        VALIDATE,
        DRY_RUN,
        CREATE_MANAGER,
        &[
            TCP,
            Flag::str(
                "clusterip",
                "Assign your own ClusterIP or set to 'None' for a 'headless' service (no loadbalancing).",
            ),
        ],
    ],
    run: Some(|session, args| run(session, args, "ClusterIP")),
    ..Command::named("clusterip")
};

static NODE_PORT: Command = Command {
    short: "Create a NodePort service",
    long: "Create a NodePort service with the specified name.",
    usage: "NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
    flags: &[
        PRINT,
        SAVE_CONFIG,
        VALIDATE,
        DRY_RUN,
        CREATE_MANAGER,
        &[TCP, Flag::int("node-port", "0", "Port used to expose the service on each node in a cluster.")],
    ],
    run: Some(|session, args| run(session, args, "NodePort")),
    ..Command::named("nodeport")
};

static LOAD_BALANCER: Command = Command {
    short: "Create a LoadBalancer service",
    long: "Create a LoadBalancer service with the specified name.",
    usage: "NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, &[TCP]],
    run: Some(|session, args| run(session, args, "LoadBalancer")),
    ..Command::named("loadbalancer")
};

static EXTERNAL_NAME: Command = Command {
    short: "Create an ExternalName service",
    long: "Create an ExternalName service with the specified name.\n\n ExternalName service references to an external DNS address instead of only pods, which will allow application authors to reference services that exist off platform, on other clusters, or locally.",
    usage: "NAME --external-name external.name [--dry-run=server|client|none]",
    flags: &[
        PRINT,
        SAVE_CONFIG,
        VALIDATE,
        DRY_RUN,
        CREATE_MANAGER,
        &[TCP, Flag::str("external-name", "External name of service").required()],
    ],
    run: Some(|session, args| run(session, args, "ExternalName")),
    ..Command::named("externalname")
};

/// `80` or `80:8080` or `80:http`: port and target port.
fn ports(pair: &str) -> Result<(i64, Value), Error> {
    let mut parts = pair.split(':');
    let first = parts.next().unwrap_or("");
    let port = match first.parse::<u16>() {
        Ok(port) if !first.starts_with('+') => i64::from(port),
        _ => {
            let digits = !first.is_empty() && first.chars().all(|c| c.is_ascii_digit());
            let why = if digits { "value out of range" } else { "invalid syntax" };
            return Err(Error::plain(format!("strconv.ParseUint: parsing {first:?}: {why}")));
        }
    };
    let Some(target) = parts.next() else { return Ok((port, Value::from(port))) };
    let (wrong, target) = match target.parse::<i64>() {
        Ok(number) => (names::port_number(number), Value::from(number)),
        Err(_) => (names::port_name(target), Value::from(target)),
    };
    if wrong.is_empty() { Ok((port, target)) } else { Err(Error::plain(wrong.join(","))) }
}

fn run(session: &mut Session<'_, '_>, args: &Args, kind: &str) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let tcp = args.list("tcp");
    let cluster_ip = args.str("clusterip");
    if cluster_ip != "None" && tcp.is_empty() && kind != "ExternalName" {
        return Err(Error::plain("at least one tcp port specifier must be provided"));
    }
    let external = args.str("external-name");
    if kind == "ExternalName" && !names::dns1123_subdomain(external).is_empty() {
        return Err(Error::plain(format!("invalid service external name {external}")));
    }
    let mut list = Vec::new();
    for pair in &tcp {
        let (port, target) = ports(pair)?;
        let mut entry =
            json!({"name": (pair.replace(':', "-")), "port": port, "protocol": "TCP", "targetPort": target});
        if args.int("node-port") != 0 {
            entry.set(&["nodePort"], args.int("node-port"));
        }
        list.push(entry);
    }
    let mut object = generator.object("v1", "Service", true);
    let name = generator.name.clone();
    object.set(&["metadata", "labels", "app"], name.as_str());
    object.set(&["spec", "type"], kind);
    object.set(&["spec", "selector", "app"], name.as_str());
    if !list.is_empty() {
        object.set(&["spec", "ports"], list);
    }
    if !cluster_ip.is_empty() {
        object.set(&["spec", "clusterIP"], cluster_ip);
    }
    if !external.is_empty() {
        object.set(&["spec", "externalName"], external);
    }
    object.set(&["status"], json!({"loadBalancer": {}}));
    generator.finish(session, args, object, "services", true, &format!("failed to create {kind} service: "))
}
