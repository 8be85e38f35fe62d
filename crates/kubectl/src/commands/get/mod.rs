//! `kubectl get`. Models kubectl `pkg/cmd/get/get.go`.

mod generic;
mod human;
mod watch;

use crate::cli::{Args, Command, Flag};
use crate::client::Builder;
use crate::error::Error;
use crate::print::{PrintFlags, Printer};
use crate::session::Session;

use super::reading::API_RESOURCES;
use crate::cli::groups::{CHUNK_SIZE, FROM_SERVER, SELECTOR, files};

const FLAGS: &[Flag] = &[
    Flag::bool("all-namespaces", "If present, list the requested object(s) across all namespaces. Namespace in current context is ignored even if specified with --namespace.").short('A'),
    Flag::bool("allow-missing-template-keys", "If true, ignore any errors in templates when a field or map key is missing in the template. Only applies to golang and jsonpath output formats.").default("true"),
    CHUNK_SIZE,
    Flag::str("field-selector", "Selector (field query) to filter on, supports '=', '==', and '!='.(e.g. --field-selector key1=value1,key2=value2). The server only supports a limited number of field queries per type."),
    Flag::bool("ignore-not-found", "If set to true, suppresses NotFound error for specific objects that do not exist. Using this flag with commands that query for collections of resources has no effect when no resources are found."),
    Flag::slice("label-columns", "Accepts a comma separated list of labels that are going to be presented as columns. Names are case-sensitive. You can also use multiple flag options like -L label1 -L label2...").short('L'),
    Flag::bool("no-headers", "When using the default or custom-column output format, don't print headers (default print headers)."),
    Flag::str("output", "Output format. One of: (json, yaml, kyaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file, custom-columns, custom-columns-file, wide). See custom columns [https://kubernetes.io/docs/reference/kubectl/#custom-columns], golang template [http://golang.org/pkg/text/template/#pkg-overview] and jsonpath template [https://kubernetes.io/docs/reference/kubectl/jsonpath/].").short('o'),
    Flag::bool("output-watch-events", "Output watch event objects when --watch or --watch-only is used. Existing objects are output as initial ADDED events."),
    Flag::str("raw", "Raw URI to request from the server.  Uses the transport specified by the kubeconfig file."),
    Flag::bool("server-print", "If true, have the server return the appropriate table output. Supports extension APIs and CRDs.").default("true"),
    Flag::bool("show-kind", "If present, list the resource type for the requested object(s)."),
    Flag::bool("show-labels", "When printing, show all labels as the last column (default hide labels column)"),
    Flag::bool("show-managed-fields", "If true, keep the managedFields when printing objects in JSON or YAML format."),
    Flag::str("sort-by", "If non-empty, sort list types using this field specification.  The field specification is expressed as a JSONPath expression (e.g. '{.metadata.name}'). The field in the API resource specified by this JSONPath expression must be an integer or a string."),
    Flag::str("subresource", "If specified, gets the subresource of the requested object."),
    Flag::str("template", "Template string or path to template file to use when -o=go-template, -o=go-template-file. The template format is golang templates [http://golang.org/pkg/text/template/#pkg-overview]."),
    Flag::bool("watch", "After listing/getting the requested object, watch for changes.").short('w'),
    Flag::bool("watch-only", "Watch for changes to the requested object(s), without listing/getting first."),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Display one or many resources",
    long: "Display one or many resources.\n\n Prints a table of the most important information about the specified resources. You can filter the list using a label selector and the --selector flag. If the desired resource type is namespaced you will only see results in the current namespace if you don't specify any namespace.\n\n By specifying the output as 'template' and providing a Go template as the value of the --template flag, you can filter the attributes of the fetched resources.\n\nUse \"kubectl api-resources\" for a complete list of supported resources.",
    usage: "[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]",
    examples: "# List all pods in ps output format\nkubectl get pods\n\n# List all pods in ps output format with more information (such as node name)\nkubectl get pods -o wide\n\n# List a single replication controller with specified NAME in ps output format\nkubectl get replicationcontroller web\n\n# List deployments in JSON output format, in the \"v1\" version of the \"apps\" API group\nkubectl get deployments.v1.apps -o json\n\n# List all pods existing in all namespaces\nkubectl get pods --all-namespaces",
    flags: &[FLAGS, &files(FROM_SERVER), SELECTOR],
    run: Some(run),
    ..Command::named("get")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// What the command line asks for.
struct Get {
    builder: Builder,
    printer: Printer,
    flags: PrintFlags,
    sort_by: String,
    ignore_not_found: bool,
    /// The namespace that messages name.
    namespace: String,
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    if !args.str("raw").is_empty() {
        return super::raw::get(session, args);
    }
    let namespace = session.namespace()?;
    let watching = args.bool("watch") || args.bool("watch-only");
    if watching {
        let what = if args.bool("watch") { "--watch" } else { "--watch-only" };
        if !args.str("sort-by").is_empty() {
            let when = if args.bool("watch") { " for watch events received" } else { "" };
            session.eprintln(if session.version().minor < 30 {
                "warning: --watch or --watch-only requested, --sort-by will be ignored".to_owned()
            } else {
                format!("warning: {what} requested, --sort-by will be ignored{when}")
            });
        }
    } else if args.words.is_empty() && args.list("filename").is_empty() && args.str("kustomize").is_empty() {
        session.eprintln(format!("You must specify the type of resource to get. {API_RESOURCES}\n"));
        return Err(args.usage_error(
            "Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).",
        ));
    }
    let output = args.str("output");
    if args.bool("show-labels") && !matches!(output, "" | "wide") {
        return Err(Error::plain(format!("--show-labels option cannot be used with {output} printer")));
    }
    if args.bool("output-watch-events") && !watching {
        return Err(Error::plain(
            "--output-watch-events option can only be used with --watch or --watch-only",
        ));
    }
    let builder = Builder {
        all_namespaces: args.bool("all-namespaces"),
        enforce_namespace: namespace.explicit && !args.bool("all-namespaces"),
        selector: args.str("selector").to_owned(),
        field_selector: args.str("field-selector").to_owned(),
        subresource: args.str("subresource").to_owned(),
        words: args.words.clone(),
        allow_bare_type: true,
        continue_on_error: true,
        latest: true,
        single_type: watching,
        // Lists of the server stay whole: each is one table.
        flatten: !args.list("filename").is_empty() || !args.str("kustomize").is_empty(),
        ..Builder::named_by(&namespace, args)
    };
    let flags = PrintFlags {
        output: output.to_owned(),
        template: args.str("template").to_owned(),
        allow_missing_keys: args.bool("allow-missing-template-keys"),
        show_managed_fields: args.bool("show-managed-fields"),
        no_headers: args.bool("no-headers"),
        tables: true,
        kyaml: session.version().minor >= 34,
    };
    let human = (output.is_empty() && flags.template.is_empty()) || output == "wide";
    let mut get = Get {
        builder,
        printer: Printer::default(),
        flags,
        sort_by: args.str("sort-by").to_owned(),
        ignore_not_found: args.bool("ignore-not-found"),
        namespace: namespace.name,
    };
    match (human, watching) {
        (_, true) => watch::run(session, args, &mut get),
        (true, false) => human::run(session, args, &get),
        (false, false) => generic::run(session, &mut get),
    }
}

/// Without what was not found, where that is to be ignored.
fn ignoring(result: Result<(), Error>, not_found: bool) -> Result<(), Error> {
    match result {
        Err(error) if not_found && error.is_not_found() => Ok(()),
        Err(Error::Many(errors)) if not_found => {
            Error::collect(errors.into_iter().filter(|e| !e.is_not_found()).collect())
        }
        other => other,
    }
}
