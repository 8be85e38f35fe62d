//! `kubectl cordon`, `uncordon` and `drain`. Models kubectl `pkg/cmd/drain/drain.go` and `pkg/drain`.

mod evict;
mod pods;

use gatehouse_core::request::PatchType;
use gatehouse_model::json;

use crate::cli::groups::{CHUNK_SIZE, DRY_RUN, SELECTOR};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change, Info};
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::session::Session;

/// `cordon`
pub(super) static CORDON: Command = Command {
    short: "Mark node as unschedulable",
    long: "Mark node as unschedulable.",
    examples: "# Mark node \"foo\" as unschedulable\nkubectl cordon foo",
    usage: "NODE",
    flags: &[SELECTOR, DRY_RUN],
    run: Some(|session, args| cordon_nodes(session, args, true)),
    ..Command::named("cordon")
};

/// The same, for the registry.
pub(super) fn cordon_command() -> &'static Command {
    &CORDON
}

/// `uncordon`
pub(super) static UNCORDON: Command = Command {
    short: "Mark node as schedulable",
    long: "Mark node as schedulable.",
    examples: "# Mark node \"foo\" as schedulable\nkubectl uncordon foo",
    usage: "NODE",
    flags: &[SELECTOR, DRY_RUN],
    run: Some(|session, args| cordon_nodes(session, args, false)),
    ..Command::named("uncordon")
};

/// The same, for the registry.
pub(super) fn uncordon_command() -> &'static Command {
    &UNCORDON
}

/// `drain`
pub(super) static COMMAND: Command = Command {
    short: "Drain node in preparation for maintenance",
    long: "Drain node in preparation for maintenance.\n\n The given node will be marked unschedulable to prevent new pods from arriving. 'drain' evicts the pods if the API server supports https://kubernetes.io/docs/concepts/workloads/pods/disruptions/ eviction https://kubernetes.io/docs/concepts/workloads/pods/disruptions/ . Otherwise, it will use normal DELETE to delete the pods. The 'drain' evicts or deletes all pods except mirror pods (which cannot be deleted through the API server).  If there are daemon set-managed pods, drain will not proceed without --ignore-daemonsets, and regardless it will not delete any daemon set-managed pods, because those pods would be immediately replaced by the daemon set controller, which ignores unschedulable markings.  If there are any pods that are neither mirror pods nor managed by a replication controller, replica set, daemon set, stateful set, or job, then drain will not delete any pods unless you use --force.  --force will also allow deletion to proceed if the managing resource of one or more pods is missing.\n\n 'drain' waits for graceful termination. You should not operate on the machine until the command completes.\n\n When you are ready to put the node back into service, use kubectl uncordon, which will make the node schedulable again.\n\nhttps://kubernetes.io/images/docs/kubectl_drain.svg Workflowhttps://kubernetes.io/images/docs/kubectl_drain.svg",
    examples: "# Drain node \"foo\", even if there are pods not managed by a replication controller, replica set, job, daemon set, or stateful set on it\nkubectl drain foo --force\n\n# As above, but abort if there are pods not managed by a replication controller, replica set, job, daemon set, or stateful set, and use a grace period of 15 minutes\nkubectl drain foo --grace-period=900",
    usage: "NODE",
    flags: &[
        SELECTOR,
        DRY_RUN,
        &[
            CHUNK_SIZE,
            Flag::bool(
                "delete-emptydir-data",
                "Continue even if there are pods using emptyDir (local data that will be deleted when the node is drained).",
            ),
            Flag::bool(
                "disable-eviction",
                "Force drain to use delete, even if eviction is supported. This will bypass checking PodDisruptionBudgets, use with caution.",
            ),
            Flag::bool("force", "Continue even if there are pods that do not declare a controller."),
            Flag::int(
                "grace-period",
                "-1",
                "Period of time in seconds given to each pod to terminate gracefully. If negative, the default value specified in the pod will be used.",
            ),
            Flag::bool("ignore-daemonsets", "Ignore DaemonSet-managed pods."),
            Flag::str("pod-selector", "Label selector to filter pods on the node"),
            Flag::int(
                "skip-wait-for-delete-timeout",
                "0",
                "If pod DeletionTimestamp older than N seconds, skip waiting for the pod.  Seconds must be greater than 0 to skip.",
            ),
            Flag::duration(
                "timeout",
                "0s",
                "The length of time to wait before giving up, zero means infinite",
            ),
        ],
    ],
    run: Some(drain_command),
    ..Command::named("drain")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// The nodes that the words or the selector mean.
fn nodes(session: &mut Session<'_, '_>, args: &Args) -> Result<Vec<Info>, Error> {
    let selector = args.str("selector");
    if args.words.is_empty() && !args.changed("selector") {
        return Err(args.usage_error(format!("USAGE: {} NODE [flags]", args.command.name)));
    }
    if !args.words.is_empty() && !selector.is_empty() {
        return Err(args.usage_error("error: cannot specify both a node name and a --selector option"));
    }
    if !args.str("pod-selector").is_empty()
        && gatehouse_model::selector::Selector::parse(args.str("pod-selector")).is_err()
    {
        return Err(Error::plain("--pod-selector=<pod_selector> must be a valid label selector"));
    }
    let words = if selector.is_empty() {
        args.words.iter().map(|w| if w.contains('/') { w.clone() } else { format!("nodes/{w}") }).collect()
    } else {
        vec!["nodes".to_owned()]
    };
    let namespace = session.ready()?.name;
    let builder = Builder {
        namespace,
        default_namespace: true,
        selector: selector.to_owned(),
        words,
        single_type: true,
        flatten: true,
        ..Builder::default()
    };
    let infos = builder.infos(session)?;
    for info in &infos {
        let mapping = info.mapping()?;
        if mapping.kind != "Node" {
            let gvr = format!("{}/{}, Resource={}", mapping.gv.group, mapping.gv.version, mapping.plural);
            return Err(Error::plain(format!("error: expected resource of type node, got {gvr:?}")));
        }
    }
    Ok(infos)
}

fn cordon_nodes(session: &mut Session<'_, '_>, args: &Args, desired: bool) -> Result<(), Error> {
    let dry = Dry::parse(session, args)?;
    let mut printer = Printer::new(session, args, dry)?.typed();
    let infos = nodes(session, args)?;
    cordon(session, &infos, desired, dry, &mut printer)
}

fn cordon(
    session: &mut Session<'_, '_>,
    infos: &[Info],
    desired: bool,
    dry: Dry,
    printer: &mut Printer,
) -> Result<(), Error> {
    let word = if desired { "cordon" } else { "uncordon" };
    for info in infos {
        let object = info.object()?.clone();
        let is = object.bool_at(&["spec", "unschedulable"]) == Some(true);
        if is == desired {
            printer.print(session, &object, &format!("already {word}ed"))?;
            continue;
        }
        if dry != Dry::Client {
            let value = if desired { json!(true) } else { gatehouse_model::Value::Null };
            let patch = json!({"spec": {"unschedulable": value}});
            let mapping = info.mapping()?.clone();
            let change = Change { dry, ..Change::default() };
            if let Err(e) =
                change.patch(session, &mapping, "", &info.name, (PatchType::StrategicMerge, patch))
            {
                session.eprintln(format!("error: unable to {word} node {:?}: {}", info.name, e.text()));
                continue;
            }
        }
        printer.print(session, &object, &format!("{word}ed"))?;
    }
    Ok(())
}

fn drain_command(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let dry = Dry::parse(session, args)?;
    let mut printer = Printer::new(session, args, dry)?.typed();
    let infos = nodes(session, args)?;
    cordon(session, &infos, true, dry, &mut printer)?;
    let mut fatal = Vec::new();
    let mut remaining = Vec::new();
    for info in &infos {
        match evict::node(session, args, &info.name, dry) {
            Ok(()) => {
                let object = info.object()?.clone();
                printer.print(session, &object, "drained")?;
            }
            Err(e) => {
                session.eprintln(format!(
                    "error: unable to drain node {:?} due to error: {}, continuing command...",
                    info.name,
                    e.text()
                ));
                remaining.push(info.name.clone());
                fatal.push(e);
            }
        }
    }
    if !remaining.is_empty() {
        session.eprintln("There are pending nodes to be drained:");
        for name in remaining {
            session.eprintln(format!(" {name}"));
        }
    }
    Error::collect(fatal)
}
