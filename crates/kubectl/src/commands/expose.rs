//! `kubectl expose`. Models kubectl `pkg/cmd/expose/expose.go` and `pkg/polymorphichelpers`.

use gatehouse_model::{Map, Object, Value, json};

use super::create::null_timestamps;
use super::run::override_with;
use crate::cli::groups::{DRY_RUN, PRINT, RECORD, SAVE_CONFIG, files};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change};
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::patch::last_applied;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::str(
        "cluster-ip",
        "ClusterIP to be assigned to the service. Leave empty to auto-allocate, or set to 'None' to create a headless service.",
    ),
    Flag::str(
        "external-ip",
        "Additional external IP address (not managed by Kubernetes) to accept for the service. If this IP is routed to a node, the service can be accessed by this IP in addition to its generated service IP.",
    ),
    Flag::str("field-manager", "Name of the manager used to track field ownership.")
        .default("kubectl-expose"),
    Flag::str("labels", "Labels to apply to the service created by this call.").short('l'),
    Flag::str(
        "load-balancer-ip",
        "IP to assign to the LoadBalancer. If empty, an ephemeral IP will be created and used (cloud-provider specific).",
    ),
    Flag::str("name", "The name for the newly created object."),
    Flag::str(
        "override-type",
        "The method used to override the generated object: json, merge, or strategic.",
    )
    .default("merge"),
    Flag::str(
        "overrides",
        "An inline JSON override for the generated object. If this is non-empty, it is used to override the generated object. Requires that the object supply a valid apiVersion field.",
    ),
    Flag::str(
        "port",
        "The port that the service should serve on. Copied from the resource being exposed, if unspecified",
    ),
    Flag::str("protocol", "The network protocol for the service to be created. Default is 'TCP'."),
    Flag::str(
        "selector",
        "A label selector to use for this service. Only equality-based selector requirements are supported. If empty (the default) infer the selector from the resource being exposed.",
    ),
    Flag::str(
        "session-affinity",
        "If non-empty, set the session affinity for the service to this; legal values: 'None', 'ClientIP'",
    ),
    Flag::str(
        "target-port",
        "Name or number for the port on the container that the service should direct traffic to. Optional.",
    ),
    Flag::str(
        "type",
        "Type for this service: ClusterIP, NodePort, LoadBalancer, or ExternalName. Default is 'ClusterIP'.",
    ),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
    long: "Expose a resource as a new Kubernetes service.\n\n Looks up a deployment, service, replica set, replication controller or pod by name and uses the selector for that resource as the selector for a new service on the specified port. A deployment or replica set will be exposed as a service only if its selector is convertible to a selector that service supports, i.e. when the selector contains only the matchLabels component. Note that if no port is specified via --port and the exposed resource has multiple ports, all will be re-used by the new service. Also if no labels are specified, the new service will re-use the labels from the resource it exposes.\n\n Possible resources include (case insensitive):\n\n pod (po), service (svc), replicationcontroller (rc), deployment (deploy), replicaset (rs)",
    examples: "# Create a service for a replicated nginx, which serves on port 80 and connects to the containers on port 8000\nkubectl expose rc nginx --port=80 --target-port=8000\n\n# Create a service for a pod valid-pod, which serves on port 444 with the name \"frontend\"\nkubectl expose pod valid-pod --port=444 --name=frontend\n\n# Create a service for an nginx deployment, which serves on port 80 and connects to the containers on port 8000\nkubectl expose deployment nginx --port=80 --target-port=8000",
    usage: "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type]",
    flags: &[
        FLAGS,
        PRINT,
        &files("Filename, directory, or URL to files identifying the resource to expose a service"),
        DRY_RUN,
        SAVE_CONFIG,
        RECORD,
    ],
    run: Some(run),
    ..Command::named("expose")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn parse_labels(text: &str) -> Result<Map, Error> {
    let mut labels = Map::new();
    for pair in text.split(',') {
        let parts: Vec<&str> = pair.split('=').collect();
        match parts.as_slice() {
            ["", _] => return Err(Error::plain("unexpected empty label key")),
            [key, value] => labels.insert(*key, *value),
            _ => return Err(Error::plain(format!("unexpected label spec: {pair}"))),
        };
    }
    Ok(labels)
}

/// The labels by which the object's pods are found.
fn selector(object: &Object) -> Result<Map, String> {
    let labels = match object.kind() {
        "Pod" if object.labels().is_empty() => {
            return Err("the pod has no labels and cannot be exposed".to_owned());
        }
        "Pod" => object.labels(),
        "Service" if object.map_at(&["spec", "selector"]).is_empty() => {
            return Err("the service has no pod selector set".to_owned());
        }
        "Service" | "ReplicationController" => object.map_at(&["spec", "selector"]),
        kind => {
            let labels = object.map_at(&["spec", "selector", "matchLabels"]);
            if labels.is_empty() {
                return Err(format!(
                    "invalid {}: no selectors, therefore cannot be exposed",
                    kind.to_lowercase()
                ));
            }
            if !object.list_at(&["spec", "selector", "matchExpressions"]).is_empty() {
                let expressions = crate::print::gofmt::sprint(
                    object.at(&["spec", "selector", "matchExpressions"]).unwrap_or(&Value::Null),
                );
                return Err(format!(
                    "couldn't convert expressions - \"{expressions}\" to map-based selector format"
                ));
            }
            labels
        }
    };
    Ok(labels.clone())
}

/// The ports of the object and their protocols, each port once.
fn ports(object: &Object) -> Vec<(i64, Vec<String>)> {
    let mut found: Vec<(i64, Vec<String>)> = Vec::new();
    let mut add = |port: Option<i64>, protocol: &str| {
        let Some(port) = port else { return };
        let protocol = if protocol.is_empty() { "TCP" } else { protocol }.to_owned();
        match found.iter_mut().find(|(p, _)| *p == port) {
            Some((_, protocols)) if protocols.contains(&protocol) => {}
            Some((_, protocols)) => protocols.push(protocol),
            None => found.push((port, vec![protocol])),
        }
    };
    if object.kind() == "Service" {
        for port in object.list_at(&["spec", "ports"]) {
            add(port.i64_at(&["port"]), port.str_at(&["protocol"]));
        }
        return found;
    }
    let path: &[&str] = if object.kind() == "Pod" {
        &["spec", "containers"]
    } else {
        &["spec", "template", "spec", "containers"]
    };
    for container in object.list_at(path) {
        for port in container.list_at(&["ports"]) {
            add(port.i64_at(&["containerPort"]), port.str_at(&["protocol"]));
        }
    }
    found
}

fn atoi(text: &str) -> Result<i64, Error> {
    text.parse::<i64>().map_err(|_| Error::plain(format!("strconv.Atoi: parsing {text:?}: invalid syntax")))
}

fn number_or_name(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
}

fn service_ports(args: &Args, known: &[(i64, Vec<String>)]) -> Result<Vec<Value>, Error> {
    let given = args.str("port");
    let wanted: Vec<String> = if given.is_empty() {
        known.iter().map(|(p, _)| p.to_string()).collect()
    } else {
        given.split(',').map(str::to_owned).collect()
    };
    let mut list = Vec::new();
    for (i, text) in wanted.iter().enumerate() {
        let port = atoi(text)?;
        let name = if wanted.len() > 1 { format!("port-{}", i + 1) } else { String::new() };
        let protocols = known.iter().find(|(p, _)| *p == port).map_or(&[][..], |(_, p)| p);
        let make = |name: &str, protocol: &str| {
            let mut entry = json!({"port": port, "protocol": protocol});
            if !name.is_empty() {
                entry.set(&["name"], name);
            }
            entry
        };
        match (args.str("protocol"), protocols) {
            ("", []) => list.push(make(&name, "TCP")),
            ("", [one]) => list.push(make(&name, one)),
            ("", many) => {
                for protocol in many {
                    list.push(make(&format!("port-{}-{}", i + 1, protocol.to_lowercase()), protocol));
                }
            }
            (protocol, _) => list.push(make(&name, protocol)),
        }
    }
    for entry in &mut list {
        let target = match args.str("target-port") {
            "" => entry.get("port").cloned().unwrap_or_default(),
            text => number_or_name(text),
        };
        entry.set(&["targetPort"], target);
    }
    Ok(list)
}

fn service(args: &Args, object: &Object) -> Result<Object, Error> {
    let default_name: String = object.name().chars().take(63).collect();
    let selector = match args.str("selector") {
        "" => selector(object).map_err(|e| {
            Error::plain(format!("couldn't retrieve selectors via --selector flag or introspection: {e}"))
        })?,
        text => parse_labels(text)?,
    };
    let known = ports(object);
    if args.str("port").is_empty() && known.is_empty() && args.str("cluster-ip") != "None" {
        return Err(Error::plain("couldn't find port via --port flag or introspection"));
    }
    let labels = match args.str("labels") {
        "" => object.labels().clone(),
        text => parse_labels(text)?,
    };
    let ports = service_ports(args, &known)?;
    let name = if args.str("name").is_empty() { default_name.as_str() } else { args.str("name") };
    let mut service = Object::new("v1", "Service");
    service.set(&["metadata", "name"], name);
    if !labels.is_empty() {
        service.set(&["metadata", "labels"], labels);
    }
    service.set(&["spec", "selector"], selector);
    if !ports.is_empty() {
        service.set(&["spec", "ports"], ports);
    }
    if !args.str("external-ip").is_empty() {
        service.set(&["spec", "externalIPs"], vec![args.str("external-ip")]);
    }
    if !args.str("type").is_empty() {
        service.set(&["spec", "type"], args.str("type"));
    }
    if args.str("type") == "LoadBalancer" && !args.str("load-balancer-ip").is_empty() {
        service.set(&["spec", "loadBalancerIP"], args.str("load-balancer-ip"));
    }
    match args.str("session-affinity") {
        "" => {}
        word @ ("None" | "ClientIP") => service.set(&["spec", "sessionAffinity"], word),
        other => return Err(Error::plain(format!("unknown session affinity: {other}"))),
    }
    if !args.str("cluster-ip").is_empty() {
        service.set(&["spec", "clusterIP"], args.str("cluster-ip"));
    }
    service.set(&["status", "loadBalancer"], Value::map());
    Ok(service)
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let dry = Dry::parse(session, args)?;
    let mut printer = Printer::new(session, args, dry)?.typed();
    let namespace = session.namespace()?;
    let builder = Builder {
        words: args.words.clone(),
        continue_on_error: true,
        flatten: true,
        typed: true,
        ..Builder::named_by(&namespace, args)
    };
    let services = session.resource("services")?;
    builder.visit(session, |session, info| {
        let mapping = info.mapping()?.clone();
        let exposable = matches!(
            (mapping.gv.group.as_ref(), mapping.kind.as_ref()),
            ("", "ReplicationController" | "Service" | "Pod")
                | ("apps" | "extensions", "Deployment" | "ReplicaSet")
        );
        if !exposable {
            let kind = gatehouse_model::resource::qualified(&mapping.kind, &mapping.gv.group);
            return Err(Error::plain(format!("cannot expose a {kind}")));
        }
        let made = service(args, info.object()?)?;
        let mut made = override_with(session, args, made)?;
        if session.version().minor < 34 {
            null_timestamps(&mut made.0);
        }
        if dry == Dry::Client {
            if namespace.explicit {
                made.set(&["metadata", "namespace"], namespace.name.as_str());
            }
        } else {
            if args.bool("save-config") {
                last_applied::update_typed(&mut made);
            }
            made = Change::by(args.str("field-manager"), dry).create(
                session,
                &services,
                &namespace.name,
                &made,
            )?;
        }
        printer.print(session, &made, "exposed")
    })
}
