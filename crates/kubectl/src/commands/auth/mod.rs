//! `kubectl auth`. Models kubectl `pkg/cmd/auth`.

mod can_i;
mod list;
mod reconcile;
mod whoami;

use gatehouse_core::request::{Body, ResourceTarget};
use gatehouse_core::{Target, Verb};
use gatehouse_model::{Object, Value};

use crate::cli::Command;
use crate::error::Error;
use crate::session::{Session, object};

/// The group.
pub(super) static COMMAND: Command = Command {
    short: "Inspect authorization",
    long: "Inspect authorization.",
    usage: "[flags]",
    subcommands: &[&can_i::COMMAND, &reconcile::COMMAND, &whoami::COMMAND],
    run: Some(crate::commands::run_group),
    ..Command::named("auth")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// Asks the server a question that is put as an object.
fn ask(session: &mut Session<'_, '_>, group: &str, resource: &str, question: Value) -> Result<Object, Error> {
    let target = Target::Resource(ResourceTarget {
        group: group.to_owned(),
        version: "v1".to_owned(),
        resource: resource.to_owned(),
        ..ResourceTarget::default()
    });
    let mut request = session.request(Verb::Create, target)?;
    request.body = Body::Object(question);
    object(session.send(request)?)
}
