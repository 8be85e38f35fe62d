//! `kubectl create serviceaccount`. Models kubectl `pkg/cmd/create/create_serviceaccount.go`.

use super::{GENERATOR, Generator};
use crate::cli::{Args, Command};
use crate::error::Error;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    aliases: &["sa"],
    short: "Create a service account with the specified name",
    long: "Create a service account with the specified name.",
    examples: "# Create a new service account named my-service-account\nkubectl create serviceaccount my-service-account",
    usage: "NAME [--dry-run=server|client|none]",
    flags: GENERATOR,
    run: Some(run),
    ..Command::named("serviceaccount")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let object = generator.object("v1", "ServiceAccount", true);
    generator.finish(session, args, object, "serviceaccounts", true, "failed to create serviceaccount: ")
}
