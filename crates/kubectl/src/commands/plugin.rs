//! `kubectl plugin`: there are none here. Models kubectl `pkg/cmd/plugin/plugin.go`.

use super::run_group;
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

static LIST: Command = Command {
    short: "List all visible plugin executables on a user's PATH",
    long: "List all available plugin files on a user's PATH. To see plugins binary names without the full path use --name-only flag.\n\n Available plugin files are those that are: - executable - anywhere on the user's PATH - begin with \"kubectl-\"",
    usage: "[flags]",
    flags: &[&[Flag::bool(
        "name-only",
        "If true, display only the binary name of each plugin, rather than its full path",
    )]],
    run: Some(list),
    ..Command::named("list")
};

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Provides utilities for interacting with plugins",
    long: "Provides utilities for interacting with plugins.\n\n Plugins provide extended functionality that is not part of the major command-line distribution. Please refer to the documentation and examples for more information about how write your own plugins.\n\n The easiest way to discover and install plugins is via the kubernetes sub-project krew: [krew.sigs.k8s.io]. To install krew, visit https://krew.sigs.k8s.io/docs/user-guide/setup/install",
    usage: "[flags]",
    subcommands: &[&LIST],
    run: Some(run_group),
    ..Command::named("plugin")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn list(_: &mut Session<'_, '_>, _: &Args) -> Result<(), Error> {
    Err(Error::plain("unable to find any kubectl plugins in your PATH"))
}
