//! `kubectl top`: what only a metrics server could tell. Models kubectl `pkg/cmd/top`.

use gatehouse_core::request::ResourceTarget;
use gatehouse_core::{Reply, Target, Verb};
use gatehouse_model::{Object, Quantity, Value};

use crate::cli::groups::SELECTOR;
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::print::tabwriter::TabWriter;
use crate::session::Session;

/// The group.
pub(super) static COMMAND: Command = Command {
    short: "Display resource (CPU/memory) usage",
    long: "Display resource (CPU/memory) usage.\n\n This command provides a view of recent resource consumption for nodes and pods. It fetches metrics from the Metrics Server, which aggregates this data from the kubelet on each node. The Metrics Server must be installed and running in the cluster for this command to work.\n\n The metrics shown are specifically optimized for Kubernetes autoscaling decisions, such as those made by the Horizontal Pod Autoscaler (HPA) and Vertical Pod Autoscaler (VPA). Because of this, the values may not match those from standard OS tools like 'top', as the metrics are designed to provide a stable signal for autoscalers rather than for pinpoint accuracy.\n\n FAQ for Metrics Server: https://github.com/kubernetes-sigs/metrics-server/blob/master/FAQ.md\n\n When to use this command:\n\n  *  For on-the-fly spot-checks of resource usage (e.g. identify which pods are consuming the most resources at a glance, or get a quick sense of the load on your nodes)\n  *  Understand current resource consumption patterns\n  *  Validate the behavior of your HPA or VPA configurations by seeing the metrics they use for scaling decisions.\n\n It is not intended to be a replacement for full-featured monitoring solutions. Its primary design goal is to provide a low-overhead signal for autoscalers, not to be a perfectly accurate monitoring tool. For high-accuracy reporting, historical analysis, dashboarding, or alerting, you should use a dedicated monitoring solution.",
    usage: "[flags]",
    subcommands: &[&NODE, &POD],
    run: Some(super::run_group),
    ..Command::named("top")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

const PROTOBUF: Flag =
    Flag::bool("use-protocol-buffers", "Enables using protocol-buffers to access Metrics API.")
        .default("true");

const NODE_FLAGS: &[Flag] = &[
    Flag::bool("no-headers", "If present, print output without headers"),
    Flag::bool(
        "show-capacity",
        "Print node resources based on Capacity instead of Allocatable(default) of the nodes.",
    ),
    Flag::bool("show-swap", "Print node resources related to swap memory.").since(34),
    Flag::str(
        "sort-by",
        "If non-empty, sort nodes list using specified field. The field can be either 'cpu' or 'memory'.",
    ),
    PROTOBUF,
];

const POD_FLAGS: &[Flag] = &[
    Flag::bool("all-namespaces", "If present, list the requested object(s) across all namespaces. Namespace in current context is ignored even if specified with --namespace.").short('A'),
    Flag::bool("containers", "If present, print usage of containers within a pod."),
    Flag::str("field-selector", "Selector (field query) to filter on, supports '=', '==', and '!='.(e.g. --field-selector key1=value1,key2=value2). The server only supports a limited number of field queries per type."),
    Flag::bool("no-headers", "If present, print output without headers."),
    Flag::bool("show-swap", "Print pod resources related to swap memory.").since(34),
    Flag::str(
        "sort-by",
        "If non-empty, sort pods list using specified field. The field can be either 'cpu' or 'memory'.",
    ),
    Flag::bool("sum", "Print the sum of the resource usage"),
    PROTOBUF,
];

static NODE: Command = Command {
    aliases: &["nodes", "no"],
    short: "Display resource (CPU/memory) usage of nodes",
    long: "Display resource (CPU/memory) usage of nodes.\n\n The top-node command allows you to see the resource consumption of nodes.",
    examples: "# Show metrics for all nodes\nkubectl top node\n\n# Show metrics for a given node\nkubectl top node NODE_NAME",
    usage: "[NAME | -l label]",
    flags: &[NODE_FLAGS, SELECTOR],
    run: Some(|session, args| run(session, args, "nodes")),
    ..Command::named("node")
};

static POD: Command = Command {
    aliases: &["pods", "po"],
    short: "Display resource (CPU/memory) usage of pods",
    long: "Display resource (CPU/memory) usage of pods.\n\n The 'top pod' command allows you to see the resource consumption of pods.\n\n Due to the metrics pipeline delay, they may be unavailable for a few minutes since pod creation.",
    examples: "# Show metrics for all pods in the default namespace\nkubectl top pod\n\n# Show metrics for a given pod and its containers\nkubectl top pod POD_NAME --containers",
    usage: "[NAME | -l label]",
    flags: &[POD_FLAGS, SELECTOR],
    run: Some(|session, args| run(session, args, "pods")),
    ..Command::named("pod")
};

fn run(session: &mut Session<'_, '_>, args: &Args, resource: &str) -> Result<(), Error> {
    if args.words.len() > 1 {
        return Err(args.usage_error(format!("unexpected arguments: [{}]", args.words.join(" "))));
    }
    if !args.words.is_empty() && !args.str("selector").is_empty() {
        return Err(Error::plain("only one of NAME or selector can be provided"));
    }
    if !matches!(args.str("sort-by"), "" | "cpu" | "memory") {
        return Err(Error::plain("--sort-by accepts only cpu or memory"));
    }
    if !session.resources()?.iter().any(|r| r.gv.group == "metrics.k8s.io") {
        return Err(Error::plain("Metrics API not available"));
    }
    let namespace = match (resource, args.bool("all-namespaces")) {
        ("pods", false) => session.ready()?.name,
        _ => String::new(),
    };
    let target = ResourceTarget {
        group: "metrics.k8s.io".to_owned(),
        version: "v1beta1".to_owned(),
        resource: resource.to_owned(),
        namespace: namespace.clone(),
        name: args.word(0).unwrap_or("").to_owned(),
        ..ResourceTarget::default()
    };
    let verb = if target.name.is_empty() { Verb::List } else { Verb::Get };
    let mut request = session.request(verb, Target::Resource(target))?;
    args.str("selector").clone_into(&mut request.options.label_selector);
    let mut items = match session.send(request)? {
        Reply::List { items, .. } => items,
        Reply::Object(object) => vec![object],
        _ => Vec::new(),
    };
    if items.is_empty() {
        session.eprintln(match (resource, namespace.as_str()) {
            ("pods", "") | ("nodes", _) => "No resources found".to_owned(),
            (_, namespace) => format!("No resources found in {namespace} namespace."),
        });
        return Ok(());
    }
    match args.str("sort-by") {
        "cpu" => gatehouse_model::order::by_key(&mut items, |o| std::cmp::Reverse(usage(o).0)),
        "memory" => gatehouse_model::order::by_key(&mut items, |o| std::cmp::Reverse(usage(o).1)),
        _ => {}
    }
    let mut w = TabWriter::table();
    let with_namespace = args.bool("all-namespaces");
    if !args.bool("no-headers") {
        w.write(if with_namespace { "NAMESPACE\t" } else { "" });
        w.write("NAME\tCPU(cores)\tMEMORY(bytes)\n");
    }
    for o in &items {
        let (cpu, memory) = usage(o);
        w.write(&if with_namespace { format!("{}\t", o.namespace()) } else { String::new() });
        w.write(&format!("{}\t{cpu}m\t{memory}Mi\n", o.name()));
    }
    session.print(w.take());
    Ok(())
}

/// Thousandths of a CPU and mebibytes, of an object of the metrics API.
fn usage(object: &Object) -> (i64, i64) {
    let of = |value: &Value, name: &str| Quantity::parse(value.str_at(&["usage", name])).ok();
    let sum = |name: &str, unit: fn(&Quantity) -> i64| -> i64 {
        let containers = object.list_at(&["containers"]).iter().chain([&object.0]);
        containers.filter_map(|c| of(c, name)).map(|q| unit(&q)).sum()
    };
    (sum("cpu", |q| q.milli()), sum("memory", |q| q.units() / (1024 * 1024)))
}
