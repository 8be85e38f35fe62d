//! `kubectl set`: single features of objects. Models kubectl `pkg/cmd/set`.

mod env;
mod image;
mod resources;
mod selector;
mod serviceaccount;
mod subject;
mod template;

use crate::cli::{Command, Flag};

/// The group.
pub(super) static COMMAND: Command = Command {
    short: "Set specific features on objects",
    long: "Configure application resources.\n\n These commands help you make changes to existing application resources.",
    usage: "SUBCOMMAND",
    subcommands: &[
        &env::COMMAND,
        &image::COMMAND,
        &resources::COMMAND,
        &selector::COMMAND,
        &serviceaccount::COMMAND,
        &subject::COMMAND,
    ],
    run: Some(super::run_group),
    ..Command::named("set")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// What most of them say of `--all`.
const ALL: &str = "Select all resources, in the namespace of the specified resource types";

/// What some say of it instead.
const ALL_PLAIN: &str = "Select all resources in the namespace of the specified resource types";

/// The flags all of them share, with what each says of `--all` and `--local`.
const fn shared(all: &'static str, local: &'static str) -> [Flag; 3] {
    let manager = "Name of the manager used to track field ownership.";
    [
        Flag::bool("all", all),
        Flag::str("field-manager", manager).default("kubectl-set"),
        Flag::bool("local", local),
    ]
}
