//! `kubectl patch`. Models kubectl `pkg/cmd/patch/patch.go`.

use gatehouse_core::patch::{json as json_patch, merge};
use gatehouse_core::request::PatchType;
use gatehouse_core::{Reason, Status};
use gatehouse_model::{Object, Value, json, yaml};

use crate::cli::groups::{DRY_RUN, PRINT, RECORD, files};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change};
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Update fields of a resource",
    long: "Update fields of a resource using strategic merge patch, a JSON merge patch, or a JSON patch.\n\n JSON and YAML formats are accepted.\n\n Note: Strategic merge patch is not supported for custom resources.",
    examples: "# Partially update a node using a strategic merge patch, specifying the patch as JSON\nkubectl patch node k8s-node-1 -p '{\"spec\":{\"unschedulable\":true}}'\n\n# Update a container's image; spec.containers[*].name is required because it's a merge key\nkubectl patch pod valid-pod -p '{\"spec\":{\"containers\":[{\"name\":\"kubernetes-serve-hostname\",\"image\":\"new image\"}]}}'\n\n# Update a container's image using a JSON patch with positional arrays\nkubectl patch pod valid-pod --type='json' -p='[{\"op\": \"replace\", \"path\": \"/spec/containers/0/image\", \"value\":\"new image\"}]'",
    usage: "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
    flags: &[
        PRINT,
        &files("Filename, directory, or URL to files identifying the resource to update"),
        DRY_RUN,
        RECORD,
        &[
            Flag::str("field-manager", "Name of the manager used to track field ownership.")
                .default("kubectl-patch"),
            Flag::bool(
                "local",
                "If true, patch will operate on the content of the file, not the server-side resource.",
            ),
            Flag::str("patch", "The patch to be applied to the resource JSON file.").short('p'),
            Flag::str("patch-file", "A file containing a patch to be applied to the resource."),
            Flag::str(
                "subresource",
                "If specified, patch will operate on the subresource of the requested object.",
            ),
            Flag::str("type", "The type of patch being provided; one of [json merge strategic]")
                .default("strategic"),
        ],
    ],
    run: Some(run),
    ..Command::named("patch")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn kind_of(word: &str) -> Option<(PatchType, &'static str)> {
    match word.to_lowercase().as_str() {
        "" | "strategic" => Some((PatchType::StrategicMerge, "application/strategic-merge-patch+json")),
        "json" => Some((PatchType::Json, "application/json-patch+json")),
        "merge" => Some((PatchType::Merge, "application/merge-patch+json")),
        _ => None,
    }
}

/// The patch as a tree, or what the server says of JSON that cannot be read.
fn read(text: &str, kind: PatchType, shown: &str) -> Result<Result<Value, Error>, Error> {
    let trimmed = text.trim_start();
    // What begins as JSON is sent as it is: its errors are the server's.
    if trimmed.starts_with('{') {
        return Ok(json::parse(text.trim()).map_err(|e| {
            let message =
                if kind == PatchType::Json { format!("error decoding patch: {e}") } else { e.to_string() };
            Error::status(Status::bad_request(message))
        }));
    }
    match yaml::parse(text) {
        Ok(value) => Ok(Ok(value)),
        Err(e) => Err(Error::plain(format!("unable to parse {shown:?}: {}", e.bare()))),
    }
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let dry = Dry::parse(session, args)?;
    let namespace = session.namespace()?;
    let (text, file) = (args.str("patch"), args.str("patch-file"));
    if !text.is_empty() && !file.is_empty() {
        return Err(Error::plain("cannot specify --patch and --patch-file together"));
    }
    if text.is_empty() && file.is_empty() {
        return Err(Error::plain(
            "must specify --patch or --patch-file containing the contents of the patch",
        ));
    }
    let local = args.bool("local");
    if local && !args.words.is_empty() {
        return Err(Error::plain("cannot specify --local and server resources"));
    }
    if local && dry == Dry::Server {
        return Err(Error::plain(
            "cannot specify --local and --dry-run=server - did you mean --dry-run=client?",
        ));
    }
    let Some((kind, content_type)) = kind_of(args.str("type")) else {
        return Err(Error::plain(format!(
            "--type must be one of [json merge strategic], not {:?}",
            args.str("type")
        )));
    };
    let subresource = args.str("subresource");
    if session.version().minor < 30 && !matches!(subresource, "" | "status" | "scale") {
        return Err(Error::plain(format!(
            "invalid subresource value: {subresource:?}. Must be one of [status scale]"
        )));
    }
    let content = if file.is_empty() {
        text.to_owned()
    } else {
        let bytes = session
            .host
            .files
            .read(file)
            .map_err(|e| Error::plain(format!("unable to read patch file: open {file}: {}", e.errno)))?;
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let patch = read(&content, kind, text)?;
    // What was done replaces what was to be said of a dry run.
    let mut printer = Printer::new(session, args, Dry::No)?;
    let builder = Builder {
        subresource: args.str("subresource").to_owned(),
        words: args.words.clone(),
        continue_on_error: true,
        flatten: true,
        local,
        ..Builder::named_by(&namespace, args)
    };
    let change = Change {
        subresource: args.str("subresource").to_owned(),
        ..Change::by(args.str("field-manager"), dry)
    };
    let mut count = 0;
    builder.visit(session, |session, info| {
        count += 1;
        let before = info.object()?.clone();
        let patch = patch.clone()?;
        let after = if local || dry == Dry::Client {
            apply_locally(session, &before, kind, &patch)?
        } else {
            let mapping = info.mapping()?.clone();
            let patched =
                change.patch(session, &mapping, &info.namespace, &info.name, (kind, patch)).map_err(|e| {
                    if e.reason() == Some(Reason::UnsupportedMediaType) {
                        let gvk = format!("{}, Kind={}", mapping.gv, mapping.kind);
                        return e.prefixed(&format!("{content_type} is not supported by {gvk}"));
                    }
                    e
                })?;
            let mut noted = patched.clone();
            crate::client::record::note(args, &mut noted);
            if noted == patched {
                patched
            } else {
                let cause = merge::diff(&patched, &noted);
                change.patch(session, &mapping, &info.namespace, &info.name, (PatchType::Merge, cause))?
            }
        };
        let operation = if before == after { "patched (no change)" } else { "patched" };
        printer.print(session, &after, operation)
    })?;
    if count == 0 {
        return Err(Error::plain("no objects passed to patch"));
    }
    Ok(())
}

fn apply_locally(
    session: &Session<'_, '_>,
    before: &Object,
    kind: PatchType,
    patch: &Value,
) -> Result<Object, Error> {
    let patched = match kind {
        PatchType::Json => json_patch::apply(before, patch.items()),
        PatchType::Merge => Ok(merge::apply(before, patch)),
        PatchType::StrategicMerge | PatchType::Apply => {
            crate::patch::local::strategic(session.server_version(), before, patch)
        }
    };
    patched.map(Object).map_err(Error::plain)
}
