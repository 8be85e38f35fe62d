//! `kubectl cluster-info`. Models kubectl `pkg/cmd/clusterinfo/clusterinfo.go`.

mod dump;

use gatehouse_core::request::ResourceTarget;
use gatehouse_core::{Reply, Target, Verb};
use gatehouse_model::Object;

use crate::cli::{Args, Command};
use crate::error::Error;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Display cluster information",
    long: "Display addresses of the control plane and services with label kubernetes.io/cluster-service=true. To further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.",
    examples: "# Print the address of the control plane and cluster services\nkubectl cluster-info",
    usage: "[flags]",
    subcommands: &[&dump::COMMAND],
    run: Some(run),
    ..Command::named("cluster-info")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let host = session.target()?.server;
    let namespace = match args.str("namespace") {
        "" => "kube-system",
        given => given,
    };
    let target = ResourceTarget {
        version: "v1".to_owned(),
        resource: "services".to_owned(),
        namespace: namespace.to_owned(),
        ..ResourceTarget::default()
    };
    let mut request = session.request(Verb::List, Target::Resource(target))?;
    "kubernetes.io/cluster-service=true".clone_into(&mut request.options.label_selector);
    let result = session.send(request);
    if let Ok(Reply::List { items, .. }) = &result {
        session.println(format!("Kubernetes control plane is running at {host}"));
        for service in items {
            let name = service.label("kubernetes.io/name").unwrap_or_else(|| service.name());
            session.println(format!("{name} is running at {}", link(service, &host)));
        }
    }
    session.println("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.");
    result.map(drop)
}

/// Where a service is reached: its load balancer, or through the API server.
fn link(service: &Object, host: &str) -> String {
    let ports = service.list_at(&["spec", "ports"]);
    let balancer = service.list_at(&["status", "loadBalancer", "ingress"]).first();
    if let Some(ingress) = balancer {
        let ip = ingress.str_at(&["ip"]);
        let ip = if ip.is_empty() { ingress.str_at(&["hostname"]) } else { ip };
        return ports.iter().map(|p| format!("http://{ip}:{} ", p.i64_at(&["port"]).unwrap_or(0))).collect();
    }
    let mut name = service.name().to_owned();
    if let Some(port) = ports.first() {
        let port_name = port.str_at(&["name"]);
        let https = port_name == "https" || port.i64_at(&["port"]) == Some(443);
        name = match (https, port_name) {
            (true, port) => format!("https:{name}:{port}"),
            (false, "") => name,
            (false, port) => format!("{name}:{port}"),
        };
    }
    format!("{host}/api/v1/namespaces/{}/services/{name}/proxy", service.namespace())
}
