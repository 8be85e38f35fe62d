//! `kubectl alpha`: a room that is empty. Models kubectl `pkg/cmd/alpha.go`.

use crate::cli::{Args, Command};
use crate::error::Error;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Commands for features in alpha",
    long: "These commands correspond to alpha features that are not enabled in Kubernetes clusters by default.",
    run: Some(run),
    ..Command::named("alpha")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn run(session: &mut Session<'_, '_>, _: &Args) -> Result<(), Error> {
    session.eprintln("No alpha commands are available in this version of kubectl");
    Ok(())
}
