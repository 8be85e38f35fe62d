//! `kubectl annotate`. Models kubectl `pkg/cmd/annotate/annotate.go`.

use std::collections::BTreeMap;

use gatehouse_core::patch::merge;
use gatehouse_core::request::PatchType;
use gatehouse_model::Object;

use super::label::{builder, check, list, marking_flags, resources_and_pairs};
use crate::cli::groups::{ALL_NAMESPACES, DRY_RUN, PRINT, RECORD, SELECTOR, files};
use crate::cli::{Args, Command, Flag};
use crate::client::Change;
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::session::Session;

const FLAGS: &[Flag] = marking_flags!(
    "annotation",
    "annotations",
    "annotation",
    "annotation",
    "Select all resources, in the namespace of the specified resource types."
);

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Update the annotations on a resource",
    long: "Update the annotations on one or more resources.\n\n All Kubernetes objects support the ability to store additional data with the object as annotations. Annotations are key/value pairs that can be larger than labels and include arbitrary string values such as structured JSON. Tools and system extensions may use annotations to store their own data.\n\n Attempting to set an annotation that already exists will fail unless --overwrite is set. If --resource-version is specified and does not match the current resource version on the server the command will fail.\n\nUse \"kubectl api-resources\" for a complete list of supported resources.",
    examples: "# Update pod 'foo' with the annotation 'description' and the value 'my frontend'\n# If the same annotation is set multiple times, only the last value will be applied\nkubectl annotate pods foo description='my frontend'\n\n# Update pod 'foo' by removing an annotation named 'description' if it exists\nkubectl annotate pods foo description-",
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]",
    flags: &[
        FLAGS,
        PRINT,
        &files("Filename, directory, or URL to files identifying the resource to update the annotation"),
        SELECTOR,
        ALL_NAMESPACES,
        DRY_RUN,
        RECORD,
        &[Flag::str("field-manager", "Name of the manager used to track field ownership.")
            .default("kubectl-annotate")],
    ],
    run: Some(run),
    ..Command::named("annotate")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// `rollout history` writes this one itself: it may always be overwritten.
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

fn parse(pairs: &[String]) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut new, mut gone) = (BTreeMap::new(), Vec::new());
    for pair in pairs {
        match pair.split_once('=') {
            Some((key, value)) => {
                new.insert(key.to_owned(), value.to_owned());
            }
            None => gone.push(pair.strip_suffix('-').unwrap_or(pair).to_owned()),
        }
    }
    (new, gone)
}

fn change(
    object: &mut Object,
    overwrite: bool,
    new: &BTreeMap<String, String>,
    gone: &[String],
) -> Result<(), Error> {
    if !overwrite {
        let taken: Vec<String> = new
            .iter()
            .filter(|(key, _)| *key != CHANGE_CAUSE)
            .filter_map(|(key, value)| {
                let old = object.annotation(key).filter(|old| old != value)?;
                Some(format!("'{key}' already has a value ({old})"))
            })
            .collect();
        if !taken.is_empty() {
            let taken = taken.join("; ");
            return Err(Error::plain(format!(
                "--overwrite is false but found the following declared annotation(s): {taken}"
            )));
        }
    }
    let annotations = object.entry_at(&["metadata", "annotations"]).make_map();
    for (key, value) in new {
        annotations.insert(key.as_str(), value.as_str());
    }
    for key in gone {
        annotations.remove(key);
    }
    if annotations.is_empty() {
        object.remove(&["metadata", "annotations"]);
    }
    Ok(())
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let dry = Dry::parse(session, args)?;
    let (resources, pairs) = resources_and_pairs(&args.words, "annotation")?;
    let (new, gone) = parse(&pairs);
    check(args, dry, &resources, pairs.is_empty(), ("annotation", "rsrc"))?;
    let both: Vec<&str> = gone.iter().filter(|g| new.contains_key(*g)).map(String::as_str).collect();
    if !both.is_empty() {
        let both = both.join(", ");
        return Err(Error::plain(format!(
            "can not both modify and remove the following annotation(s) in the same command: {both}"
        )));
    }
    let mut printer = Printer::new(session, args, dry)?;
    let builder = builder(session, args, resources)?;
    let single = builder.single_item_implied(session);
    if !single && !args.str("resource-version").is_empty() {
        return Err(Error::plain("--resource-version may only be used with a single resource"));
    }
    let request = Change::by(args.str("field-manager"), dry);
    builder.visit(session, |session, info| {
        let before = info.object()?.clone();
        let mut after = before.clone();
        change(&mut after, args.bool("overwrite"), &new, &gone)?;
        if !args.str("resource-version").is_empty() {
            after.set(&["metadata", "resourceVersion"], args.str("resource-version"));
        }
        crate::client::record::note(args, &mut after);
        if args.bool("list") {
            list(session, &after, "annotations", single);
            return Ok(());
        }
        if dry != Dry::Client && !args.bool("local") {
            let mapping = info.mapping()?.clone();
            let patch = merge::diff(&before, &after);
            after =
                request.patch(session, &mapping, &info.namespace, &info.name, (PatchType::Merge, patch))?;
        }
        printer.print(session, &after, "annotated")
    })
}
