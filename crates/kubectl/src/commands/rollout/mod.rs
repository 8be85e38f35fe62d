//! `kubectl rollout`: the rollouts of deployments, daemon sets and stateful sets.

mod change;
mod history;
mod status;
mod undo;

use crate::cli::{Args, Command};
use crate::client::Builder;
use crate::error::Error;
use crate::session::Session;

/// The group.
pub(super) static COMMAND: Command = Command {
    short: "Manage the rollout of a resource",
    long: "Manage the rollout of one or many resources.\n        \n Valid resource types include:\n\n  *  deployments\n  *  daemonsets\n  *  statefulsets",
    examples: "# Rollback to the previous deployment\nkubectl rollout undo deployment/abc\n\n# Check the rollout status of a daemonset\nkubectl rollout status daemonset/foo\n\n# Restart a deployment\nkubectl rollout restart deployment/abc\n\n# Restart deployments with the 'app=nginx' label\nkubectl rollout restart deployment --selector=app=nginx",
    usage: "SUBCOMMAND",
    subcommands: &[
        &history::COMMAND,
        &change::PAUSE,
        &change::RESTART,
        &change::RESUME,
        &status::COMMAND,
        &undo::COMMAND,
    ],
    run: Some(run),
    ..Command::named("rollout")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// What a command of the group works on.
fn builder(session: &mut Session<'_, '_>, args: &Args) -> Result<Builder, Error> {
    let namespace = session.namespace()?;
    if args.words.is_empty() && args.list("filename").is_empty() && args.str("kustomize").is_empty() {
        return Err(Error::plain("required resource not specified"));
    }
    Ok(Builder {
        selector: args.str("selector").to_owned(),
        words: args.words.clone(),
        allow_bare_type: true,
        continue_on_error: true,
        latest: true,
        flatten: true,
        typed: true,
        ..Builder::named_by(&namespace, args)
    })
}

/// Without a command the help goes to standard output, unlike that of other groups.
fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    match super::run_group(session, args) {
        Err(Error::Exit(code, help)) => {
            session.println(help.trim_end());
            Err(Error::Exit(code, String::new()))
        }
        other => other,
    }
}
