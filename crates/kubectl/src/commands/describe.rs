//! `kubectl describe`. Models kubectl `pkg/cmd/describe/describe.go`.

use super::reading::API_RESOURCES;
use crate::cli::groups::{CHUNK_SIZE, SELECTOR, files};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Info};
use crate::describe::describe;
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::bool("all-namespaces", "If present, list the requested object(s) across all namespaces. Namespace in current context is ignored even if specified with --namespace.").short('A'),
    CHUNK_SIZE,
    Flag::bool("show-events", "If true, display events related to the described object. Defaults to true for a single object, false for multiple objects and prefix matching.").default("true"),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Show details of a specific resource or group of resources",
    long: "Show details of a specific resource or group of resources.\n\n Print a detailed description of the selected resources, including related resources such as events or controllers. You may select a single object by name, all objects of that type, provide a name prefix, or label selector. For example:\n\n        $ kubectl describe TYPE NAME_PREFIX\n        \n will first check for an exact match on TYPE and NAME_PREFIX. If no such resource exists, it will output details for every resource that has a name prefixed with NAME_PREFIX.\n\nUse \"kubectl api-resources\" for a complete list of supported resources.",
    examples: "# Describe a node\nkubectl describe nodes kubernetes-node-emt8.c.myproject.internal\n\n# Describe a pod\nkubectl describe pods/nginx\n\n# Describe all pods\nkubectl describe pods\n\n# Describe pods by label name=myLabel\nkubectl describe pods -l name=myLabel",
    usage: "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
    flags: &[
        FLAGS,
        &files("Filename, directory, or URL to files containing the resource to describe"),
        SELECTOR,
    ],
    run: Some(run),
    ..Command::named("describe")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let namespace = session.namespace()?;
    let all_namespaces = args.bool("all-namespaces");
    if args.words.is_empty() && args.list("filename").is_empty() && args.str("kustomize").is_empty() {
        return Err(Error::plain(format!(
            "You must specify the type of resource to describe. {API_RESOURCES}\n"
        )));
    }
    let builder = Builder {
        all_namespaces,
        enforce_namespace: namespace.explicit && !all_namespaces,
        selector: args.str("selector").to_owned(),
        words: args.words.clone(),
        allow_bare_type: true,
        continue_on_error: true,
        flatten: true,
        ..Builder::named_by(&namespace, args)
    };
    let (infos, result) = builder.infos_and_errors(session);
    let mut events = args.bool("show-events");
    if (result.is_err() || infos.len() > 1) && !args.changed("show-events") {
        events = false;
    }
    let mut errors: Vec<Error> = Vec::new();
    if let Err(error) = result {
        if let [resource, prefix] = args.words.as_slice()
            && error.is_not_found()
        {
            return matching(session, &builder, error, resource, prefix, events);
        }
        errors.push(error);
    }
    let mut first = true;
    for info in &infos {
        match one(session, info, events) {
            Ok(text) => {
                let gap = if first { "" } else { "\n\n" };
                first = false;
                session.print(format!("{gap}{text}"));
            }
            Err(error) if errors.iter().any(|e| e.text() == error.text()) => {}
            Err(error) => errors.push(error),
        }
    }
    if infos.is_empty() && errors.is_empty() {
        session.eprintln(if all_namespaces {
            "No resources found".to_owned()
        } else {
            format!("No resources found in {} namespace.", namespace.name)
        });
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Many(errors)) }
}

fn one(session: &mut Session<'_, '_>, info: &Info, events: bool) -> Result<String, Error> {
    let mapping = info.mapping()?.clone();
    describe(session, &mapping, &info.namespace, &info.name, events)
}

/// No object has the name: those whose names begin with it.
fn matching(
    session: &mut Session<'_, '_>,
    builder: &Builder,
    error: Error,
    resource: &str,
    prefix: &str,
    events: bool,
) -> Result<(), Error> {
    let all = Builder {
        words: vec![resource.to_owned()],
        all_namespaces: false,
        continue_on_error: false,
        single_type: true,
        ..builder.clone()
    };
    let mut found = false;
    for info in all.infos(session)?.iter().filter(|i| i.name.starts_with(prefix)) {
        found = true;
        let text = one(session, info, events)?;
        session.println(text);
    }
    if found { Ok(()) } else { Err(error) }
}
