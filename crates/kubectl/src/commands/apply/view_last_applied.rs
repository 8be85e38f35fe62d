//! `kubectl apply view-last-applied`. Models kubectl `pkg/cmd/apply/apply_view_last_applied.go`.

use gatehouse_model::{json, yaml};

use crate::cli::groups::{SELECTOR, files};
use crate::cli::{Args, Command, Flag};
use crate::client::Builder;
use crate::error::Error;
use crate::patch::last_applied;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "View the latest last-applied-configuration annotations of a resource/object",
    long: "View the latest last-applied-configuration annotations by type/name or file.\n\n The default output will be printed to stdout in YAML format. You can use the -o option to change the output format.",
    usage: "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
    flags: &[
        &files(
            "Filename, directory, or URL to files that contains the last-applied-configuration annotations",
        ),
        SELECTOR,
        &[
            Flag::bool("all", "Select all resources in the namespace of the specified resource types"),
            Flag::str("output", "Output format. Must be one of (yaml, json)").short('o').default("yaml"),
        ],
    ],
    run: Some(run),
    ..Command::named("view-last-applied")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let namespace = session.namespace()?;
    let builder = Builder {
        selector: args.str("selector").to_owned(),
        all: args.bool("all"),
        words: args.words.clone(),
        flatten: true,
        latest: true,
        ..Builder::named_by(&namespace, args)
    };
    let mut texts = Vec::new();
    builder.visit(session, |_, info| {
        let object = info.object()?;
        match last_applied::original(object) {
            Some(text) => texts.push(text.to_owned()),
            // The words of a failure that is none are only put before the name of a file.
            None if !info.source.is_empty() => {
                return Err(Error::plain(format!(
                    "error when no last-applied-configuration annotation found on resource: {}\n {:?}: <nil>",
                    info.name, info.source
                )));
            }
            None => {}
        }
        Ok(())
    })?;
    let format = args.str("output");
    if !matches!(format, "yaml" | "json") {
        return Err(args.usage_error(format!(
            "Unexpected -o output mode: {format}, the flag 'output' must be one of yaml|json"
        )));
    }
    for text in texts {
        let value = json::parse(text.trim()).map_err(|e| Error::plain(e.to_string()))?;
        match format {
            "json" => session.print(json::print_indent(&value, "  ") + "\n"),
            _ => session.print(yaml::emit(&value)),
        }
    }
    Ok(())
}
