//! `kubectl config`: looking at and changing kubeconfig files. Models kubectl `pkg/cmd/config`.

mod contexts;
mod delete;
mod property;
mod set_cluster;
mod set_context;
mod set_credentials;
mod view;

use crate::cli::{Args, Command, help};
use crate::config::load::{self, ConfigFiles};
use crate::config::{KubeConfig, save};
use crate::error::Error;
use crate::session::Session;

/// The group.
pub(super) static COMMAND: Command = Command {
    short: "Modify kubeconfig files",
    long: "Modify kubeconfig files using subcommands like \"kubectl config set current-context my-context\".\n\n The loading order follows these rules:\n\n  1.  If the --kubeconfig flag is set, then only that file is loaded. The flag may only be set once and no merging takes place.\n  2.  If $KUBECONFIG environment variable is set, then it is used as a list of paths (normal path delimiting rules for your system). These paths are merged. When a value is modified, it is modified in the file that defines the stanza. When a value is created, it is created in the first file that exists. If no files in the chain exist, then it creates the last file in the list.\n  3.  Otherwise, ${HOME}/.kube/config is used and no merging takes place.",
    usage: "SUBCOMMAND",
    subcommands: &[
        &contexts::CURRENT,
        &delete::CLUSTER,
        &delete::CONTEXT,
        &delete::USER,
        &contexts::GET_CLUSTERS,
        &contexts::GET,
        &contexts::GET_USERS,
        &contexts::RENAME,
        &property::SET,
        &set_cluster::COMMAND,
        &set_context::COMMAND,
        &set_credentials::COMMAND,
        &property::UNSET,
        &contexts::USE,
        &view::COMMAND,
    ],
    run: Some(crate::commands::run_group),
    ..Command::named("config")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// The files in question and what they hold together.
fn start(session: &mut Session<'_, '_>, args: &Args) -> Result<(ConfigFiles, KubeConfig), Error> {
    let which = load::paths(session.host.files, args.str("kubeconfig"));
    // Commands that write may begin a file that `--kubeconfig` names.
    let readable = ConfigFiles { explicit: false, ..which.clone() };
    let config = load::load(session.host.files, &readable)?;
    Ok((which, config))
}

/// Writes the changes back.
fn store(
    session: &mut Session<'_, '_>,
    which: &ConfigFiles,
    before: &KubeConfig,
    after: &KubeConfig,
) -> Result<(), Error> {
    let version = session.version();
    save::modify(session.host.files, which, before, after, version)
}

/// Prints the help, then refuses the words.
fn unexpected(session: &mut Session<'_, '_>, args: &Args) -> Error {
    let version = session.version();
    session.print(help::help(args, &[], version));
    Error::plain(format!("Unexpected args: [{}]", args.words.join(" ")))
}
