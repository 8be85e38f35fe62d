//! `kubectl create namespace`. Models kubectl `pkg/cmd/create/create_namespace.go`.

use gatehouse_model::json;

use super::{GENERATOR, Generator};
use crate::cli::{Args, Command};
use crate::error::Error;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    aliases: &["ns"],
    short: "Create a namespace with the specified name",
    long: "Create a namespace with the specified name.",
    examples: "# Create a new namespace named my-namespace\nkubectl create namespace my-namespace",
    usage: "NAME [--dry-run=server|client|none]",
    flags: GENERATOR,
    run: Some(run),
    ..Command::named("namespace")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let mut object = generator.object("v1", "Namespace", false);
    object.set(&["spec"], json!({}));
    object.set(&["status"], json!({}));
    generator.finish(session, args, object, "namespaces", false, "")
}
