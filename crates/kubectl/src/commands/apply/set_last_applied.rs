//! `kubectl apply set-last-applied`. Models kubectl `pkg/cmd/apply/apply_set_last_applied.go`.

use gatehouse_core::request::PatchType;
use gatehouse_model::json;

use crate::cli::groups::{DRY_RUN, PRINT};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change};
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::patch::last_applied;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Set the last-applied-configuration annotation on a live object to match the contents of a file",
    long: "Set the latest last-applied-configuration annotations by setting it to match the contents of a file. This results in the last-applied-configuration being updated as though 'kubectl apply -f<file> ' was run, without updating any other parts of the object.",
    usage: "-f FILENAME",
    flags: &[
        PRINT,
        &[Flag::slice(
            "filename",
            "Filename, directory, or URL to files that contains the last-applied-configuration annotations",
        )
        .short('f')],
        DRY_RUN,
        &[Flag::bool(
            "create-annotation",
            "Will create 'last-applied-configuration' annotations if current objects doesn't have one",
        )],
    ],
    run: Some(run),
    ..Command::named("set-last-applied")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let dry = Dry::parse(session, args)?;
    let mut printer = Printer::new(session, args, dry)?;
    let namespace = session.namespace()?;
    let builder = Builder {
        namespace: namespace.name,
        default_namespace: true,
        enforce_namespace: namespace.explicit,
        filenames: args.list("filename"),
        flatten: true,
        ..Builder::default()
    };
    let change = Change::by("kubectl-last-applied", dry);
    let mut count = 0;
    builder.visit(session, |session, info| {
        let text = last_applied::configuration(info.object()?);
        let mapping = info.mapping()?.clone();
        let current = session.get(&mapping, &info.namespace, &info.name)?;
        if last_applied::original(&current).is_none() && !args.bool("create-annotation") {
            return Err(Error::plain(format!("no last-applied-configuration annotation found on resource: {}, to create the annotation, run the command with --create-annotation", info.name)));
        }
        count += 1;
        if last_applied::original(&current) == Some(&text) {
            return printer.print(session, &current, "unchanged");
        }
        let patch = json!({"metadata": {"annotations": {(last_applied::KEY): text}}});
        let changed = if dry == Dry::Client {
            info.object()?.clone()
        } else {
            change.patch(session, &mapping, &info.namespace, &info.name, (PatchType::Merge, patch))?
        };
        printer.print(session, &changed, "configured")
    })?;
    if count == 0 {
        return Err(Error::plain("no objects passed to set-last-applied"));
    }
    Ok(())
}
