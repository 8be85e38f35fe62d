//! `kubectl delete`. Models kubectl `pkg/cmd/delete/delete.go` and `delete_flags.go`.

use gatehouse_core::Reason;
use gatehouse_core::request::Propagation;
use gatehouse_model::resource::qualified;

use crate::cli::groups::{DRY_RUN, SELECTOR, doomed_files};
use crate::cli::{Args, Command, Flag, value};
use crate::client::requests::uid_of;
use crate::client::{Builder, Info, Removal};
use crate::error::Error;
use crate::output::Dry;
use crate::session::Session;

/// The flags that `apply` and `replace` share.
pub(super) const SHARED: &[Flag] = &[
    Flag::str("cascade", "Must be \"background\", \"orphan\", or \"foreground\". Selects the deletion cascading strategy for the dependents (e.g. Pods created by a ReplicationController). Defaults to background.").default("background").no_opt("background"),
    Flag::bool("force", "If true, immediately remove resources from API and bypass graceful deletion. Note that immediate deletion of some resources may result in inconsistency or data loss and requires confirmation."),
    Flag::int("grace-period", "-1", "Period of time in seconds given to the resource to terminate gracefully. Ignored if negative. Set to 1 for immediate shutdown. Can only be set to 0 when --force is true (force deletion)."),
    Flag::duration("timeout", "0s", "The length of time to wait before giving up on a delete, zero means determine a timeout from the size of the object"),
];

const FLAGS: &[Flag] = &[
    Flag::bool("all", "Delete all resources, in the namespace of the specified resource types."),
    Flag::bool("all-namespaces", "If present, list the requested object(s) across all namespaces. Namespace in current context is ignored even if specified with --namespace.").short('A'),
    Flag::str("field-selector", "Selector (field query) to filter on, supports '=', '==', and '!='.(e.g. --field-selector key1=value1,key2=value2). The server only supports a limited number of field queries per type."),
    Flag::bool("ignore-not-found", "Treat \"resource not found\" as a successful delete. Defaults to \"true\" when --all is specified."),
    Flag::bool("interactive", "If true, delete resource only when user confirms.").short('i'),
    Flag::bool("now", "If true, resources are signaled for immediate shutdown (same as --grace-period=1)."),
    Flag::str("output", "Output mode. Use \"-o name\" for shorter output (resource/name).").short('o'),
    Flag::str("raw", "Raw URI to DELETE to the server.  Uses the transport specified by the kubeconfig file."),
    Flag::bool("wait", "If true, wait for resources to be gone before returning. This waits for finalizers.").default("true"),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Delete resources by file names, stdin, resources and names, or by resources and label selector",
    long: "Delete resources by file names, stdin, resources and names, or by resources and label selector.\n\n JSON and YAML formats are accepted. Only one type of argument may be specified: file names, resources and names, or resources and label selector.\n\n Some resources, such as pods, support graceful deletion. These resources define a default period before they are forcibly terminated (the grace period) but you may override that value with the --grace-period flag, or pass --now to set a grace-period of 1. Because these resources often represent entities in the cluster, deletion may not be acknowledged immediately. If the node hosting a pod is down or cannot reach the API server, termination may take significantly longer than the grace period. To force delete a resource, you must specify the --force flag. Note: only a subset of resources support graceful deletion. In absence of the support, the --grace-period flag is ignored.\n\n IMPORTANT: Force deleting pods does not wait for confirmation that the pod's processes have been terminated, which can leave those processes running until the node detects the deletion and completes graceful deletion. If your processes use shared storage or talk to a remote API and depend on the name of the pod to identify themselves, force deleting those pods may result in multiple processes running on different machines using the same identification which may lead to data corruption or inconsistency. Only force delete pods when you are sure the pod is terminated, or if your application can tolerate multiple copies of the same pod running at once. Also, if you force delete pods, the scheduler may place new pods on those nodes before the node has released those resources and causing those pods to be evicted immediately.\n\n Note that the delete command does NOT do resource version checks, so if someone submits an update to a resource right when you submit a delete, their update will be lost along with the rest of the resource.\n\n After a CustomResourceDefinition is deleted, invalidation of discovery cache may take up to 6 hours. If you don't want to wait, you might want to run \"kubectl api-resources\" to refresh the discovery cache.",
    usage: "([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)])",
    examples: "# Delete a pod using the type and name specified in pod.json\nkubectl delete -f ./pod.json\n\n# Delete pods and services with same names \"baz\" and \"foo\"\nkubectl delete pod,service baz foo\n\n# Delete pods and services with label name=myLabel\nkubectl delete pods,services -l name=myLabel\n\n# Delete a pod with minimal delay\nkubectl delete pod foo --now\n\n# Force delete a pod on a dead node\nkubectl delete pod foo --force\n\n# Delete all pods\nkubectl delete pods --all",
    flags: &[SHARED, FLAGS, &doomed_files("containing the resource to delete."), SELECTOR, DRY_RUN],
    run: Some(run),
    ..Command::named("delete")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// How much is removed, and how it is reported.
pub(super) struct Deletion {
    pub(super) removal: Removal,
    pub(super) grace: i64,
    pub(super) ignore_missing: bool,
    pub(super) wait: bool,
    pub(super) timeout: i64,
    pub(super) output: String,
    /// Remark on cluster-scoped objects that `-n` does not concern.
    pub(super) warn_scope: bool,
}

/// Reads `--cascade`.
pub(super) fn cascade(session: &mut Session<'_, '_>, args: &Args) -> Result<Propagation, Error> {
    let text = args.str("cascade");
    if let Ok(on) = value::parse_bool(text) {
        let (policy, word) =
            if on { (Propagation::Background, "background") } else { (Propagation::Orphan, "orphan") };
        session.eprintln(format!(
            "warning: --cascade={text} is deprecated (boolean value) and can be replaced with --cascade={word}."
        ));
        return Ok(policy);
    }
    match text {
        "orphan" => Ok(Propagation::Orphan),
        "foreground" => Ok(Propagation::Foreground),
        "background" => Ok(Propagation::Background),
        _ => Err(Error::plain(format!(
            "invalid cascade value ({text}). Must be \"background\", \"foreground\", or \"orphan\""
        ))),
    }
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let propagation = cascade(session, args)?;
    let namespace = session.namespace()?;
    let selective =
        args.bool("all") || !args.str("selector").is_empty() || !args.str("field-selector").is_empty();
    let mut grace = args.int("grace-period");
    let force = args.bool("force");
    if args.bool("now") {
        if grace != -1 {
            return Err(Error::plain("--now and --grace-period cannot be specified together"));
        }
        grace = 1;
    }
    if grace == 0 && !force {
        // What zero meant before --force had to be said: wait for the confirmation.
        grace = 1;
    }
    if force && grace < 0 {
        grace = 0;
    }
    let dry = Dry::parse(session, args)?;
    if !args.str("raw").is_empty() {
        return super::raw::delete(session, args);
    }
    let builder = Builder {
        all_namespaces: args.bool("all-namespaces"),
        selector: args.str("selector").to_owned(),
        field_selector: args.str("field-selector").to_owned(),
        all: args.bool("all"),
        words: args.words.clone(),
        continue_on_error: true,
        lazy: true,
        flatten: true,
        ..Builder::named_by(&namespace, args)
    };
    check(session, args, grace, force)?;
    let deletion = Deletion {
        removal: Removal { propagation: Some(propagation), grace: (grace >= 0).then_some(grace), dry },
        grace,
        ignore_missing: args.bool("ignore-not-found") || (selective && !args.changed("ignore-not-found")),
        wait: args.bool("wait"),
        timeout: args.millis("timeout"),
        output: args.str("output").to_owned(),
        warn_scope: namespace.explicit && !args.bool("all-namespaces"),
    };
    if args.bool("interactive") && !confirmed(session, &builder)? {
        return Ok(());
    }
    deletion.run(session, &builder)
}

fn check(session: &mut Session<'_, '_>, args: &Args, grace: i64, force: bool) -> Result<(), Error> {
    let output = args.str("output");
    if !output.is_empty() && output != "name" {
        return Err(Error::plain(format!("unexpected -o output mode: {output}. We only support '-o name'")));
    }
    if args.bool("all") && (!args.str("selector").is_empty() || !args.str("field-selector").is_empty()) {
        return Err(Error::plain("setting 'all' parameter but found a non empty selector. "));
    }
    if force && grace == 0 {
        session.warn("Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.");
    } else if force && grace > 0 {
        return Err(Error::plain("--force and --grace-period greater than 0 cannot be specified together"));
    }
    Ok(())
}

fn confirmed(session: &mut Session<'_, '_>, builder: &Builder) -> Result<bool, Error> {
    let infos = builder.infos(session)?;
    if infos.is_empty() {
        session.println("No resources found");
        return Ok(false);
    }
    session.println(format!("You are about to delete the following {} resource(s):", infos.len()));
    for info in &infos {
        session.println(info.object_name());
    }
    session.print("Do you want to continue? (y/N): ");
    let answer = session.host.stdin.take().unwrap_or_default();
    let yes =
        String::from_utf8_lossy(&answer).lines().next().is_some_and(|l| l.trim().eq_ignore_ascii_case("y"));
    if !yes {
        session.println("deletion is cancelled");
    }
    Ok(yes)
}

impl Deletion {
    /// Removes what was chosen and waits until it is gone.
    pub(super) fn run(&self, session: &mut Session<'_, '_>, builder: &Builder) -> Result<(), Error> {
        let mut deleted: Vec<(Info, String)> = Vec::new();
        let mut found = 0;
        let mut warn_scope = self.warn_scope;
        let result = builder.visit(session, |session, info| {
            found += 1;
            let mapping = info.mapping()?.clone();
            if warn_scope && !mapping.namespaced() {
                session.warn("deleting cluster-scoped resources, not scoped to the provided namespace");
                warn_scope = false;
            }
            if self.removal.dry == Dry::Client {
                self.report(session, info);
                return Ok(());
            }
            match self.removal.delete(session, &mapping, &info.namespace, &info.name) {
                Ok(reply) => {
                    self.report(session, info);
                    deleted.push((info.clone(), uid_of(&reply)));
                    Ok(())
                }
                Err(e) if e.is_not_found() && self.ignore_missing => Ok(()),
                Err(e) => Err(e.with_source("deleting", &info.source)),
            }
        });
        let result = match result {
            Err(e) if e.is_not_found() && self.ignore_missing => Ok(()),
            // What is filtered is a list inside a list.
            Err(e) if self.ignore_missing => Err(Error::Many(vec![e])),
            other => other,
        };
        result?;
        if found == 0 {
            session.println("No resources found");
            return Ok(());
        }
        if self.wait && self.removal.dry == Dry::No {
            wait_gone(session, &deleted, self.timeout)?;
        }
        Ok(())
    }

    fn report(&self, session: &mut Session<'_, '_>, info: &Info) {
        let Some(mapping) = &info.mapping else { return };
        let kind = qualified(&mapping.kind.to_lowercase(), &mapping.gv.group);
        if self.output == "name" {
            session.println(format!("{kind}/{}", info.name));
            return;
        }
        let mut operation = if self.grace == 0 { "force deleted" } else { "deleted" }.to_owned();
        // Older clients do not say from where.
        if mapping.namespaced() && session.version().minor >= 34 {
            operation = format!("{operation} from {} namespace", info.namespace);
        }
        session.println(format!("{kind} \"{}\" {operation}{}", info.name, self.removal.dry.suffix()));
    }
}

/// How long kubectl waits where nothing else is said: a week.
const WEEK: i64 = 168 * 3_600_000;
/// Where nothing happens any more it would hang; the simulation gives up being patient after this.
const PATIENCE: i64 = 900_000;

/// Waits until the objects (of these UIDs) are gone.
fn wait_gone(session: &mut Session<'_, '_>, deleted: &[(Info, String)], timeout: i64) -> Result<(), Error> {
    let limit = if timeout == 0 { WEEK } else { timeout };
    let mut waited = 0;
    for (info, uid) in deleted {
        let Some(mapping) = info.mapping.clone() else { continue };
        loop {
            match session.get(&mapping, &info.namespace, &info.name) {
                Ok(object) if !uid.is_empty() && object.uid() != uid => break,
                Ok(_) => {}
                Err(e) if matches!(e.reason(), Some(Reason::NotFound)) => break,
                // Who may delete need not be allowed to look.
                Err(e) if matches!(e.reason(), Some(Reason::Forbidden | Reason::MethodNotAllowed)) => {
                    return Ok(());
                }
                Err(e) => return Err(e),
            }
            if waited >= limit {
                return Err(Error::plain(format!(
                    "timed out waiting for the condition on {}/{}",
                    mapping.plural, info.name
                )));
            }
            if waited >= PATIENCE {
                session.finish = crate::session::Finish::Stream;
                return Ok(());
            }
            let step = if waited < 10_000 { 500 } else { 10_000 };
            session.advance(step);
            waited += step;
        }
    }
    Ok(())
}
