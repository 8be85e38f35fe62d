//! `kubectl events`. Models kubectl `pkg/cmd/events`.

use gatehouse_core::request::ResourceTarget;
use gatehouse_core::{Reply, Target, Verb};
use gatehouse_model::{Object, Value, json};

use crate::cli::groups::{CHUNK_SIZE, PRINT};
use crate::cli::{Args, Command, Flag};
use crate::describe::interval;
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::print::table::escape_terminal;
use crate::print::tabwriter::TabWriter;
use crate::session::{Finish, Session};

const FLAGS: &[Flag] = &[
    Flag::bool("all-namespaces", "If present, list the requested object(s) across all namespaces. Namespace in current context is ignored even if specified with --namespace.").short('A'),
    CHUNK_SIZE,
    Flag::str("for", "Filter events to only those pertaining to the specified resource."),
    Flag::bool("no-headers", "When using the default output format, don't print headers."),
    Flag::slice("types", "Output only events of given types."),
    Flag::bool("watch", "After listing the requested events, watch for more events.").short('w'),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "List events",
    long: "Display events.\n\n Prints a table of the most important information about events. You can request events for a namespace, for all namespace, or filtered to only those pertaining to a specified resource.",
    examples: "# List recent events in the default namespace\nkubectl events\n\n# List recent events in all namespaces\nkubectl events --all-namespaces\n\n# List recent only events of type 'Warning' or 'Normal'\nkubectl events --types=Warning,Normal",
    usage: "[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file] [--for TYPE/NAME] [--watch] [--types=Normal,Warning]",
    flags: &[FLAGS, PRINT],
    run: Some(run),
    ..Command::named("events")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let namespace = session.namespace()?.name;
    let all = args.bool("all-namespaces");
    let fields = match args.str("for") {
        "" => String::new(),
        about => field_selector(session, about)?,
    };
    let mut printer = Printer::new(session, args, Dry::No)?;
    let types = args.list("types");
    if types.iter().any(|t| !["normal", "warning"].contains(&t.to_lowercase().as_str())) {
        return Err(Error::plain("valid --types are Normal or Warning"));
    }
    let target = ResourceTarget {
        version: "v1".to_owned(),
        resource: "events".to_owned(),
        namespace: if all { String::new() } else { namespace.clone() },
        ..ResourceTarget::default()
    };
    let mut request = session.request(Verb::List, Target::Resource(target))?;
    request.options.field_selector = fields;
    let Reply::List { mut items, .. } = session.send(request)? else { return Ok(()) };
    items.retain(|e| types.is_empty() || types.iter().any(|t| t.eq_ignore_ascii_case(e.str_at(&["type"]))));
    if args.bool("watch") {
        session.finish = Finish::Stream;
    }
    if items.is_empty() {
        if !args.bool("watch") {
            session.eprintln(if all {
                "No events found.".to_owned()
            } else {
                format!("No events found in {namespace} namespace.")
            });
        }
        return Ok(());
    }
    gatehouse_model::order::by(&mut items, |a, b| seen(a).cmp(seen(b)));
    if !args.str("output").is_empty() {
        let items: Vec<Value> = items.into_iter().map(|e| e.0).collect();
        let list = json!({"apiVersion": "v1", "kind": "EventList", "metadata": {}, "items": items});
        return printer.print(session, &Object(list), "");
    }
    table(session, &items, all, args.bool("no-headers"));
    Ok(())
}

/// The time events are sorted by.
fn seen(e: &Object) -> &str {
    let series = e.str_at(&["series", "lastObservedTime"]);
    let last = e.str_at(&["lastTimestamp"]);
    match (series, last) {
        ("", "") => e.str_at(&["eventTime"]),
        ("", last) => last,
        (series, _) => series,
    }
}

fn field_selector(session: &mut Session<'_, '_>, about: &str) -> Result<String, Error> {
    let parts: Vec<&str> = about.split('/').collect();
    let (word, name) = match parts.as_slice() {
        [word, name] => (*word, *name),
        [_] => return Err(Error::plain("--for must be in resource/name form")),
        _ => return Err(Error::plain("arguments in resource/name form may not have more than one slash")),
    };
    let mapping = session.resource(word).map_err(|_| Error::NoResource {
        resource: word.to_owned(),
        group: String::new(),
        version: String::new(),
    })?;
    Ok(format!(
        "involvedObject.kind={},involvedObject.apiVersion={},involvedObject.name={name}",
        mapping.kind, mapping.gv
    ))
}

fn table(session: &mut Session<'_, '_>, items: &[Object], with_namespace: bool, no_headers: bool) {
    let mut w = TabWriter::table();
    if !no_headers {
        w.write(if with_namespace { "NAMESPACE\t" } else { "" });
        w.write("LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n");
    }
    let now = session.now();
    for e in items {
        if with_namespace {
            w.write(&format!("{}\t", e.namespace()));
        }
        let about = e.get("involvedObject").unwrap_or(&Value::Null);
        let cells = [
            interval(e, now),
            escape_terminal(e.str_at(&["type"])),
            escape_terminal(e.str_at(&["reason"])),
            escape_terminal(&format!("{}/{}", about.str_at(&["kind"]), about.str_at(&["name"]))),
            escape_terminal(e.str_at(&["message"]).trim()),
        ];
        w.write(&(cells.join("\t") + "\n"));
    }
    session.print(w.take());
}
