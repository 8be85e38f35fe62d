//! `kubectl cluster-info dump`: what there is in some namespaces, and every log.
//!
//! Models kubectl `pkg/cmd/clusterinfo/clusterinfo_dump.go`.

use gatehouse_core::request::ResourceTarget;
use gatehouse_core::{Reply, Target, Verb};
use gatehouse_model::{Object, Value, json};

use crate::cli::groups::print_as;
use crate::cli::{Args, Command, Flag};
use crate::commands::logs;
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Dump relevant information for debugging and diagnosis",
    long: "Dump cluster information out suitable for debugging and diagnosing cluster problems.  By default, dumps everything to stdout. You can optionally specify a directory with --output-directory.  If you specify a directory, Kubernetes will build a set of files in that directory.  By default, only dumps things in the current namespace and 'kube-system' namespace, but you can switch to a different namespace with the --namespaces flag, or specify --all-namespaces to dump all namespaces.\n\n The command also dumps the logs of all of the pods in the cluster; these logs are dumped into different directories based on namespace and pod name.",
    examples: "# Dump current cluster state to stdout\nkubectl cluster-info dump\n\n# Dump current cluster state to /path/to/cluster-state\nkubectl cluster-info dump --output-directory=/path/to/cluster-state\n\n# Dump all namespaces to stdout\nkubectl cluster-info dump --all-namespaces\n\n# Dump a set of namespaces to /path/to/cluster-state\nkubectl cluster-info dump --namespaces default,kube-system --output-directory=/path/to/cluster-state",
    usage: "[flags]",
    flags: &[
        &print_as("json"),
        &[
            Flag::bool("all-namespaces", "If true, dump all namespaces.  If true, --namespaces is ignored.")
                .short('A'),
            Flag::slice("namespaces", "A comma separated list of namespaces to dump."),
            Flag::str(
                "output-directory",
                "Where to output the files.  If empty or '-' uses stdout, otherwise creates a directory hierarchy in that directory",
            ),
            Flag::duration(
                "pod-running-timeout",
                "20s",
                "The length of time (like 5s, 2m, or 3h, higher than zero) to wait until at least one pod is running",
            ),
        ],
    ],
    run: Some(run),
    ..Command::named("dump")
};

/// What is dumped of a namespace: file, group and resource, kind of the list.
const KINDS: [(&str, &str, &str, &str); 7] = [
    ("events", "", "events", "EventList"),
    ("replication-controllers", "", "replicationcontrollers", "ReplicationControllerList"),
    ("services", "", "services", "ServiceList"),
    ("daemonsets", "apps", "daemonsets", "DaemonSetList"),
    ("deployments", "apps", "deployments", "DeploymentList"),
    ("replicasets", "apps", "replicasets", "ReplicaSetList"),
    ("pods", "", "pods", "PodList"),
];

struct Dump<'a> {
    directory: &'a str,
    format: &'a str,
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    // Fails on a format that does not exist, before anything is asked.
    Printer::new(session, args, Dry::No)?;
    let format = args.str("output");
    let dump = Dump { directory: args.str("output-directory"), format };
    dump.list(session, args, "nodes", "", ("", "nodes", "NodeList"))?;
    let namespaces = if args.bool("all-namespaces") {
        list(session, "", "namespaces", "")?.1.iter().map(|n| n.name().to_owned()).collect()
    } else if args.list("namespaces").is_empty() {
        vec!["kube-system".to_owned(), session.namespace()?.name]
    } else {
        args.list("namespaces")
    };
    for namespace in namespaces {
        let mut last = Vec::new();
        for (file, group, resource, kind) in KINDS {
            let file = format!("{namespace}/{file}");
            last = dump.list(session, args, &file, &namespace, (group, resource, kind))?;
        }
        for pod in &last {
            dump.logs(session, &namespace, pod)?;
        }
    }
    if !dump.directory.is_empty() && dump.directory != "-" {
        session.println(format!("Cluster info dumped to {}", dump.directory));
    }
    Ok(())
}

fn list(
    session: &mut Session<'_, '_>,
    group: &str,
    resource: &str,
    namespace: &str,
) -> Result<(String, Vec<Object>), Error> {
    let target = ResourceTarget {
        group: group.to_owned(),
        version: "v1".to_owned(),
        resource: resource.to_owned(),
        namespace: namespace.to_owned(),
        ..ResourceTarget::default()
    };
    let request = session.request(Verb::List, Target::Resource(target))?;
    match session.send(request)? {
        Reply::List { resource_version, items, .. } => Ok((resource_version, items)),
        _ => Ok((String::new(), Vec::new())),
    }
}

impl Dump<'_> {
    fn list(
        &self,
        session: &mut Session<'_, '_>,
        args: &Args,
        file: &str,
        namespace: &str,
        (group, resource, kind): (&str, &str, &str),
    ) -> Result<Vec<Object>, Error> {
        let (version, items) = list(session, group, resource, namespace)?;
        let bare: Vec<Value> = items
            .iter()
            .map(|item| {
                let mut value = item.0.clone();
                for field in ["apiVersion", "kind"] {
                    value.remove(&[field]);
                }
                value.remove(&["metadata", "managedFields"]);
                value
            })
            .collect();
        let api_version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
        let list = Object(json!({
            "kind": kind, "apiVersion": api_version, "metadata": {"resourceVersion": version}, "items": bare,
        }));
        let text = if self.format == "json" {
            crate::structs::json(&list)
        } else {
            Printer::new(session, args, Dry::No)?.typed().text(&list)?
        };
        let extension = match self.format {
            "json" => ".json",
            "yaml" => ".yaml",
            _ => ".txt",
        };
        self.put(session, &format!("{file}{extension}"), &text)?;
        Ok(items)
    }

    fn logs(&self, session: &mut Session<'_, '_>, namespace: &str, pod: &Object) -> Result<(), Error> {
        let mut text = String::new();
        for kind in ["initContainers", "containers"] {
            for container in pod.list_at(&["spec", kind]) {
                let name = container.str_at(&["name"]);
                let of =
                    format!("logs for container {name} of pod {}/{} ====\n", pod.namespace(), pod.name());
                text.push_str(&format!("==== START {of}"));
                match logs::lines(session, pod, name, false) {
                    Ok(lines) => text.extend(lines.into_iter().map(|(_, line)| line + "\n")),
                    Err(error) => text.push_str(&format!("Request log error: {}\n", error.text())),
                }
                text.push_str(&format!("==== END {of}"));
            }
        }
        self.put(session, &format!("{namespace}/{}/logs.txt", pod.name()), &text)
    }

    fn put(&self, session: &mut Session<'_, '_>, file: &str, text: &str) -> Result<(), Error> {
        if matches!(self.directory, "" | "-") {
            session.print(text);
            return Ok(());
        }
        let path = format!("{}/{file}", self.directory.trim_end_matches('/'));
        let parent = path.rsplit_once('/').map_or(".", |(parent, _)| parent);
        let made = session.host.files.make_dirs(parent);
        made.map_err(|e| Error::plain(format!("mkdir {parent}: {}", e.errno)))?;
        let written = session.host.files.write(&path, text.as_bytes());
        written.map_err(|e| Error::plain(format!("open {path}: {}", e.errno)))
    }
}
