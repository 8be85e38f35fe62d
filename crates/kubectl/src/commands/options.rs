//! `kubectl options`: the flags that every command takes.

use crate::cli::global::GLOBAL_FLAGS;
use crate::cli::{Args, Command, help};
use crate::error::Error;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Print the list of flags inherited by all commands",
    run: Some(run),
    ..Command::named("options")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn run(session: &mut Session<'_, '_>, _args: &Args) -> Result<(), Error> {
    let minor = session.version().minor;
    let rows: Vec<String> = GLOBAL_FLAGS
        .iter()
        .filter(|f| f.since <= minor && minor < f.until && !f.hidden)
        .map(help::flag_row)
        .collect();
    session.println("The following options can be passed to any command:\n");
    session.println(rows.join("\n\n"));
    session.println("");
    Ok(())
}
