//! `kubectl diff`. Models kubectl `pkg/cmd/diff/diff.go`, and `diff -u -N` which it runs.

use gatehouse_core::request::PatchType;
use gatehouse_machine::programs::diff::unified;
use gatehouse_model::{Object, Value, json, time, yaml};

use super::apply::one::make_patch;
use super::apply::prune::leftovers;
use crate::chance;
use crate::cli::groups::{SELECTOR, files};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change, Info};
use crate::error::Error;
use crate::output::Dry;
use crate::patch::last_applied;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::int(
        "concurrency",
        "1",
        "Number of objects to process in parallel when diffing against the live version. Larger number = faster, but more memory, I/O and CPU over that shorter period of time.",
    ),
    Flag::str("field-manager", "Name of the manager used to track field ownership.")
        .default("kubectl-client-side-apply"),
    Flag::bool("force-conflicts", "If true, server-side apply will force the changes against conflicts."),
    Flag::bool(
        "prune",
        "Include resources that would be deleted by pruning. Can be used with -l and default shows all resources would be pruned",
    ),
    Flag::array("prune-allowlist", "Overwrite the default allowlist with <group/version/kind> for --prune"),
    Flag::bool("server-side", "If true, apply runs in the server instead of the client."),
    Flag::bool("show-managed-fields", "If true, include managed fields in the diff."),
    Flag::bool("show-secrets", "If true, do not mask secret values in the diff.").since(35),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Diff the live version against a would-be applied version",
    long: "Diff configurations specified by file name or stdin between the current online configuration, and the configuration as it would be if applied.\n\n The output is always YAML.\n\n KUBECTL_EXTERNAL_DIFF environment variable can be used to select your own diff command. Users can use external commands with params too, example: KUBECTL_EXTERNAL_DIFF=\"colordiff -N -u\"\n\n By default, the \"diff\" command available in your path will be run with the \"-u\" (unified diff) and \"-N\" (treat absent files as empty) options.\n\n Exit status: 0 No differences were found. 1 Differences were found. >1 Kubectl or diff failed with an error.\n\n Note: KUBECTL_EXTERNAL_DIFF, if used, is expected to follow that convention.",
    examples: "# Diff resources included in pod.json\nkubectl diff -f pod.json\n\n# Diff file read from stdin\ncat service.yaml | kubectl diff -f -",
    usage: "-f FILENAME",
    flags: &[
        FLAGS,
        &files("Filename, directory, or URL to files contains the configuration to diff"),
        SELECTOR,
    ],
    run: Some(run),
    exit_shift: 1,
    ..Command::named("diff")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// One file of the two directories: its name, the live text, the merged text.
type Pair = (String, String, String);

fn file_name(info: &Info) -> Result<String, Error> {
    let m = info.mapping()?;
    let group = if m.gv.group.is_empty() { String::new() } else { format!("{}.", m.gv.group) };
    Ok(format!("{group}{}.{}.{}.{}", m.gv.version, m.kind, info.namespace, info.name))
}

/// Hides the data of secrets; what differs stays different.
fn mask(live: &mut Option<Object>, merged: &mut Object) {
    let data = |o: &Object| o.map_at(&["data"]).clone();
    let (from, to) = (live.as_ref().map(data).unwrap_or_default(), data(merged));
    let mut set = |key: &str, old: &str, new: &str| {
        if let Some(live) = live.as_mut()
            && from.contains_key(key)
        {
            live.set(&["data", key], old);
        }
        if to.contains_key(key) {
            merged.set(&["data", key], new);
        }
    };
    for key in from.keys().chain(to.keys()) {
        match (from.get(key), to.get(key)) {
            (Some(old), Some(new)) if old != new => set(key, "*** (before)", "*** (after)"),
            _ => set(key, "***", "***"),
        }
    }
}

/// How the object would be afterwards.
fn merged(
    session: &mut Session<'_, '_>,
    info: &Info,
    local: &Object,
    change: &Change,
    server_side: bool,
) -> Result<Object, Error> {
    let mapping = info.mapping()?.clone();
    let (namespace, name) = (info.namespace.as_str(), info.name.as_str());
    if server_side {
        return change.patch(session, &mapping, namespace, name, (PatchType::Apply, local.0.clone()));
    }
    let Some(live) = &info.object else {
        return change.create(session, &mapping, namespace, local);
    };
    let text = last_applied::configuration(local);
    let modified = Object(json::parse(text.trim()).unwrap_or_else(|_| Value::map()));
    let (kind, mut patch) = make_patch(session, info, live, &modified)?;
    if patch.entries().is_empty() {
        return Ok(live.clone());
    }
    patch.set(&["metadata", "resourceVersion"], live.str_at(&["metadata", "resourceVersion"]));
    change.patch(session, &mapping, namespace, name, (kind, patch))
}

fn one(session: &mut Session<'_, '_>, args: &Args, info: &mut Info, change: &Change) -> Result<Pair, Error> {
    let local = info.object()?.clone();
    match info.get(session) {
        Ok(()) => {}
        Err(e) if e.is_not_found() => info.object = None,
        Err(e) => return Err(e),
    }
    let mut new = merged(session, info, &local, change, args.bool("server-side"))?;
    let mut live = info.object.clone();
    if !args.bool("show-managed-fields") {
        new.remove(&["metadata", "managedFields"]);
        if let Some(live) = &mut live {
            live.remove(&["metadata", "managedFields"]);
        }
    }
    if new.kind() == "Secret" && new.str_at(&["apiVersion"]) == "v1" && !args.bool("show-secrets") {
        mask(&mut live, &mut new);
    }
    if info.object.as_ref().is_some_and(Object::is_deleting) {
        let name = &info.name;
        session.warn(format!("Detected changes to resource {name} which is currently being deleted."));
    }
    let live = live.map(|o| yaml::emit(&o)).unwrap_or_default();
    Ok((file_name(info)?, live, yaml::emit(&new)))
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    if !args.words.is_empty() {
        return Err(args.usage_error(format!("Unexpected args: [{}]", args.words.join(" "))));
    }
    if args.list("filename").is_empty() && args.str("kustomize").is_empty() {
        return Err(Error::plain("must specify one of -f and -k"));
    }
    let server_side = args.bool("server-side");
    if args.bool("force-conflicts") && !server_side {
        return Err(Error::plain("--force-conflicts only works with --server-side"));
    }
    let manager =
        if server_side && !args.changed("field-manager") { "kubectl" } else { args.str("field-manager") };
    let namespace = session.ready()?;
    let builder = Builder {
        selector: args.str("selector").to_owned(),
        flatten: true,
        ..Builder::named_by(&namespace, args)
    };
    let mut infos = builder.infos(session)?;
    let change = Change { force: args.bool("force-conflicts"), ..Change::by(manager, Dry::Server) };
    let mut pairs = Vec::new();
    for info in &mut infos {
        pairs.push(one(session, args, info, &change)?);
    }
    if args.bool("prune") {
        for info in leftovers(session, args, &infos)? {
            let mut live = info.object()?.clone();
            if !args.bool("show-managed-fields") {
                live.remove(&["metadata", "managedFields"]);
            }
            pairs.push((file_name(&info)?, yaml::emit(&live), String::new()));
        }
    }
    show(session, pairs)
}

/// What the program `diff` prints of the two directories.
fn show(session: &mut Session<'_, '_>, mut pairs: Vec<Pair>) -> Result<(), Error> {
    let external = session.host.files.env("KUBECTL_EXTERNAL_DIFF").unwrap_or_default();
    let mut words = external.split(' ');
    let program = words.next().unwrap_or("");
    if !matches!(program, "" | "diff") {
        let why = "executable file not found in $PATH";
        return Err(Error::plain(format!("failed to run {program:?}: {why}")));
    }
    let options =
        if program.is_empty() { "-u -N".to_owned() } else { words.clone().collect::<Vec<_>>().join(" ") };
    let context = words.filter_map(|w| w.strip_prefix("-U")).find_map(|n| n.parse().ok()).unwrap_or(3);
    pairs.sort();
    let seconds = session.now().seconds();
    let day = time::rfc3339(seconds);
    let (date, clock) = day.trim_end_matches('Z').split_once('T').unwrap_or(("", ""));
    let stamp = format!("{date} {clock}.000000000 +0000");
    let directory = |kind: &str| format!("/tmp/{kind}-{}", chance::temporary(session, kind));
    let (from, to) = (directory("LIVE"), directory("MERGED"));
    let mut differs = false;
    for (name, live, merged) in pairs {
        if live == merged {
            continue;
        }
        differs = true;
        let (a, b) = (format!("{from}/{name}"), format!("{to}/{name}"));
        session.println(format!("diff {options} {a} {b}"));
        session.println(format!("--- {a}\t{stamp}"));
        session.println(format!("+++ {b}\t{stamp}"));
        session.print(unified(&live, &merged, context));
    }
    if differs { Err(Error::Exit(1, String::new())) } else { Ok(()) }
}
