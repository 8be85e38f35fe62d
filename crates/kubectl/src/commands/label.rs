//! `kubectl label`. Models kubectl `pkg/cmd/label/label.go`.

use std::collections::BTreeMap;

use gatehouse_core::patch::merge;
use gatehouse_core::request::PatchType;
use gatehouse_model::{Object, Value, names};

use crate::cli::groups::{ALL_NAMESPACES, DRY_RUN, PRINT, RECORD, SELECTOR, files};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change};
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::session::Session;

/// The flags that `annotate` shares, with its own words in what is said of them.
macro_rules! marking_flags {
    ($command:literal, $marks:literal, $one:literal, $update:literal, $all:literal) => {
        &[
            Flag::bool("all", $all),
            Flag::str(
                "field-selector",
                "Selector (field query) to filter on, supports '=', '==', and '!='.(e.g. --field-selector key1=value1,key2=value2). The server only supports a limited number of field queries per type.",
            ),
            Flag::bool("list", concat!("If true, display the ", $marks, " for a given resource.")),
            Flag::bool("local", concat!("If true, ", $command, " will NOT contact api-server but run locally.")),
            Flag::bool(
                "overwrite",
                concat!("If true, allow ", $marks, " to be overwritten, otherwise reject ", $one, " updates that overwrite existing ", $marks, "."),
            ),
            Flag::str(
                "resource-version",
                concat!("If non-empty, the ", $update, " update will only succeed if this is the current resource-version for the object. Only valid when specifying a single resource."),
            ),
        ]
    };
}
pub(super) use marking_flags;

const FLAGS: &[Flag] = marking_flags!(
    "label",
    "labels",
    "label",
    "labels",
    "Select all resources, in the namespace of the specified resource types"
);

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Update the labels on a resource",
    long: "Update the labels on a resource.\n\n  *  A label key and value must begin with a letter or number, and may contain letters, numbers, hyphens, dots, and underscores, up to 63 characters each.\n  *  Optionally, the key can begin with a DNS subdomain prefix and a single '/', like example.com/my-app.\n  *  If --overwrite is true, then existing labels can be overwritten, otherwise attempting to overwrite a label will result in an error.\n  *  If --resource-version is specified, then updates will use this resource version, otherwise the existing resource-version will be used.",
    examples: "# Update pod 'foo' with the label 'unhealthy' and the value 'true'\nkubectl label pods foo unhealthy=true\n\n# Update pod 'foo' with the label 'status' and the value 'unhealthy', overwriting any existing value\nkubectl label --overwrite pods foo status=unhealthy\n\n# Update all pods in the namespace\nkubectl label pods --all status=unhealthy\n\n# Update pod 'foo' by removing a label named 'bar' if it exists\nkubectl label pods foo bar-",
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]",
    flags: &[
        FLAGS,
        PRINT,
        &files("Filename, directory, or URL to files identifying the resource to update the labels"),
        SELECTOR,
        ALL_NAMESPACES,
        DRY_RUN,
        RECORD,
        &[Flag::str("field-manager", "Name of the manager used to track field ownership.")
            .default("kubectl-label")],
    ],
    run: Some(run),
    ..Command::named("label")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// Splits the words into resources and `key=value` or `key-` pairs.
pub(super) fn resources_and_pairs(words: &[String], what: &str) -> Result<(Vec<String>, Vec<String>), Error> {
    let (mut resources, mut pairs) = (Vec::new(), Vec::new());
    for word in words {
        let is_pair = (word.contains('=') && !word.starts_with('=')) || (word.ends_with('-') && word != "-");
        if is_pair {
            pairs.push(word.clone());
        } else if pairs.is_empty() {
            resources.push(word.clone());
        } else {
            return Err(Error::plain(format!(
                "all resources must be specified before {what} changes: {word}"
            )));
        }
    }
    Ok((resources, pairs))
}

fn parse(pairs: &[String]) -> Result<(BTreeMap<String, String>, Vec<String>), Error> {
    let (mut new, mut gone) = (BTreeMap::new(), Vec::new());
    for pair in pairs {
        let parts: Vec<&str> = pair.split('=').collect();
        match parts.as_slice() {
            [key, value] => {
                let wrong = names::label_value(value);
                if !wrong.is_empty() {
                    return Err(Error::plain(format!("invalid label value: {pair:?}: {}", wrong.join(";"))));
                }
                new.insert((*key).to_owned(), (*value).to_owned());
            }
            [key] if key.ends_with('-') => gone.push(key.trim_end_matches('-').to_owned()),
            [_] => return Err(Error::plain(format!("unknown label spec: {pair}"))),
            _ => return Err(Error::plain(format!("invalid label spec: {pair}"))),
        }
    }
    if gone.iter().any(|g| new.contains_key(g)) {
        return Err(Error::plain("can not both modify and remove a label in the same command"));
    }
    Ok((new, gone))
}

/// What the two commands choose by.
pub(super) fn builder(
    session: &mut Session<'_, '_>,
    args: &Args,
    resources: Vec<String>,
) -> Result<Builder, Error> {
    let namespace = session.namespace()?;
    let local = args.bool("local");
    Ok(Builder {
        all_namespaces: args.bool("all-namespaces"),
        selector: if local { String::new() } else { args.str("selector").to_owned() },
        field_selector: args.str("field-selector").to_owned(),
        words: if local { Vec::new() } else { resources },
        allow_bare_type: args.bool("all"),
        continue_on_error: true,
        flatten: true,
        latest: !local,
        local,
        ..Builder::named_by(&namespace, args)
    })
}

/// What the two commands refuse before they look at anything. They name what they change (`label`, `annotation`) and a
/// file for example (`pod`, `rsrc`), and say all else alike.
pub(super) fn check(
    args: &Args,
    dry: Dry,
    resources: &[String],
    nothing: bool,
    (what, file): (&str, &str),
) -> Result<(), Error> {
    let no_files = args.list("filename").is_empty() && args.str("kustomize").is_empty();
    let refuse = |why: &str| Err(Error::plain(why));
    if args.bool("list") && !args.str("output").is_empty() {
        return refuse("--list and --output may not be specified together");
    }
    if args.bool("all") && !args.str("selector").is_empty() {
        return refuse("cannot set --all and --selector at the same time");
    }
    if args.bool("all") && !args.str("field-selector").is_empty() {
        return refuse("cannot set --all and --field-selector at the same time");
    }
    if args.bool("local") {
        if dry == Dry::Server {
            return refuse("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
        }
        if !resources.is_empty() {
            return refuse(&format!(
                "can only use local files by -f {file}.yaml or --filename={file}.json when --local=true is set"
            ));
        }
        if no_files {
            return refuse(&format!(
                "one or more files must be specified as -f {file}.yaml or --filename={file}.json"
            ));
        }
    } else if resources.is_empty() && no_files {
        return refuse("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    }
    if nothing && !args.bool("list") {
        return refuse(&format!("at least one {what} update is required"));
    }
    Ok(())
}

/// Changes the labels; says which keys were added or changed, and which removed.
fn change(
    object: &mut Object,
    overwrite: bool,
    new: &BTreeMap<String, String>,
    gone: &[String],
) -> Result<(usize, usize), Error> {
    if !overwrite {
        let taken: Vec<Error> = new
            .iter()
            .filter_map(|(key, value)| {
                let old = object.label(key).filter(|old| old != value)?;
                Some(Error::plain(format!("'{key}' already has a value ({old}), and --overwrite is false")))
            })
            .collect();
        Error::collect(taken)?;
    }
    let (mut added, mut removed) = (0, 0);
    for (key, value) in new {
        if object.label(key) != Some(value) {
            object.entry_at(&["metadata", "labels"]).make_map().insert(key.as_str(), value.as_str());
            added += 1;
        }
    }
    for key in gone {
        if object.labels().contains_key(key) {
            object.entry_at(&["metadata", "labels"]).make_map().remove(key);
            removed += 1;
        }
    }
    Ok((added, removed))
}

/// Lists `key=value` lines (`--list`).
pub(super) fn list(session: &mut Session<'_, '_>, object: &Object, what: &str, single: bool) {
    let field = if what == "labels" { object.labels() } else { object.annotations() };
    let mut indent = "";
    if !single {
        indent = " ";
        let group = object.group_version().group;
        session.println(format!("Listing {what} for {}.{group}/{}:", object.kind(), object.name()));
    }
    for (key, value) in field.iter() {
        session.println(format!("{indent}{key}={}", value.as_str().unwrap_or("")));
    }
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let dry = Dry::parse(session, args)?;
    let (resources, pairs) = resources_and_pairs(&args.words, "label")?;
    let (new, gone) = parse(&pairs)?;
    check(args, dry, &resources, pairs.is_empty(), ("label", "pod"))?;
    let builder = builder(session, args, resources)?;
    let single = builder.single_item_implied(session);
    if !single && !args.str("resource-version").is_empty() {
        return Err(Error::plain("--resource-version may only be used with a single resource"));
    }
    let mut printer = Printer::new(session, args, dry)?;
    let request = Change::by(args.str("field-manager"), dry);
    builder.visit(session, |session, info| {
        let before = info.object()?.clone();
        let mut after = before.clone();
        let send = dry != Dry::Client && !args.bool("local") && !args.bool("list");
        if send {
            for key in gone.iter().filter(|k| !before.labels().contains_key(k)) {
                session.println(format!("label {key:?} not found."));
            }
        }
        let (added, removed) = change(&mut after, args.bool("overwrite"), &new, &gone)?;
        if !args.str("resource-version").is_empty() {
            after.set(&["metadata", "resourceVersion"], args.str("resource-version"));
        }
        if send && added + removed > 0 {
            crate::client::record::note(args, &mut after);
            let mapping = info.mapping()?.clone();
            let patch: Value = merge::diff(&before, &after);
            request.patch(session, &mapping, &info.namespace, &info.name, (PatchType::Merge, patch))?;
        }
        if args.bool("list") {
            list(session, &after, "labels", single);
            return Ok(());
        }
        let operation = match (added, removed) {
            (0, 0) => "not labeled",
            (_, 0) => "labeled",
            (0, _) => "unlabeled",
            _ => "modified",
        };
        printer.print(session, &after, operation)
    })
}
