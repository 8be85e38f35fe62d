//! `kubectl config set-context`. Models kubectl `pkg/cmd/config/set_context.go`.

use super::{start, store, unexpected};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

pub(super) static COMMAND: Command = Command {
    short: "Set a context entry in kubeconfig",
    long: "Set a context entry in kubeconfig.\n\n Specifying a name that already exists will merge new fields on top of existing values for those fields.",
    examples: "# Set the user field on the gce context entry without touching other values\nkubectl config set-context gce --user=cluster-admin",
    usage: "[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]",
    flags: &[&[
        Flag::str("cluster", "cluster for the context entry in kubeconfig"),
        Flag::bool("current", "Modify the current context"),
        Flag::str("namespace", "namespace for the context entry in kubeconfig").short('n'),
        Flag::str("user", "user for the context entry in kubeconfig"),
    ]],
    run: Some(run),
    ..Command::named("set-context")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    if args.words.len() > 1 {
        return Err(unexpected(session, args));
    }
    let current = args.bool("current");
    let given = args.word(0).unwrap_or("");
    if given.is_empty() && !current {
        return Err(Error::plain("you must specify a non-empty context name or --current"));
    }
    if !given.is_empty() && current {
        return Err(Error::plain("you cannot specify both a context name and --current"));
    }
    let (which, before) = start(session, args)?;
    let name = if current { before.current_context.clone() } else { given.to_owned() };
    if name.is_empty() {
        return Err(Error::plain("no current context is set"));
    }
    let mut after = before.clone();
    let existed = after.contexts.contains_key(&name);
    let entry = after.contexts.entry(name.clone()).or_default();
    for key in ["cluster", "user", "namespace"] {
        if !args.changed(key) {
            continue;
        }
        if args.str(key).is_empty() {
            entry.value.remove(&[key]);
        } else {
            entry.value.set(&[key], args.str(key));
        }
    }
    // A context names both, even where they are empty.
    for key in ["cluster", "user"] {
        if entry.value.get(key).is_none() {
            entry.value.set(&[key], "");
        }
    }
    store(session, &which, &before, &after)?;
    session.println(format!("Context {name:?} {}.", if existed { "modified" } else { "created" }));
    Ok(())
}
