//! `kubectl create`, from files and, by its subcommands, from flags. Models kubectl `pkg/cmd/create/create.go`.

mod clusterrole;
mod clusterrolebinding;
mod configmap;
mod cronjob;
mod deployment;
mod ingress;
mod job;
mod namespace;
mod pdb;
mod priorityclass;
mod quota;
mod role;
mod rolebinding;
mod secret;
mod secret_docker;
mod secret_tls;
mod service;
mod serviceaccount;
mod sources;
mod token;

use gatehouse_core::request::{Body, FieldValidation, ResourceTarget};
use gatehouse_core::{Target, Verb};
use gatehouse_model::{Object, Value};

use super::edit::GO_ON;
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, RECORD, SAVE_CONFIG, SELECTOR, VALIDATE, files};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, record};
use crate::config::Namespace;
use crate::error::Error;
use crate::output::{Dry, Printer, validation};
use crate::patch::last_applied;
use crate::session::{Session, object, target_of};

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Create a resource from a file or from stdin",
    long: "Create a resource from a file or from stdin.\n\n JSON and YAML formats are accepted.",
    examples: "# Create a pod using the data in pod.json\nkubectl create -f ./pod.json\n\n# Create a pod based on the JSON passed into stdin\ncat pod.json | kubectl create -f -",
    usage: "-f FILENAME",
    flags: &[
        PRINT,
        &files("Filename, directory, or URL to files to use to create the resource"),
        VALIDATE,
        SAVE_CONFIG,
        DRY_RUN,
        SELECTOR,
        CREATE_MANAGER,
        RECORD,
        GO_ON,
        &[
            Flag::bool("edit", "Edit the API resource before creating"),
            Flag::str(
                "raw",
                "Raw URI to POST to the server.  Uses the transport specified by the kubeconfig file.",
            ),
            Flag::bool(
                "windows-line-endings",
                "Only relevant if --edit=true. Defaults to the line ending native to your platform.",
            ),
        ],
    ],
    subcommands: &[
        &clusterrole::COMMAND,
        &clusterrolebinding::COMMAND,
        &configmap::COMMAND,
        &cronjob::COMMAND,
        &deployment::COMMAND,
        &ingress::COMMAND,
        &job::COMMAND,
        &namespace::COMMAND,
        &pdb::COMMAND,
        &priorityclass::COMMAND,
        &quota::COMMAND,
        &role::COMMAND,
        &rolebinding::COMMAND,
        &secret::COMMAND,
        &service::COMMAND,
        &serviceaccount::COMMAND,
        &token::COMMAND,
    ],
    run: Some(run),
    ..Command::named("create")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// The flags every generator has.
const GENERATOR: &[&[Flag]] = &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER];

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let nothing = args.list("filename").is_empty() && args.str("kustomize").is_empty();
    if nothing && session.version().minor < 30 {
        // Old clients show what they can do instead.
        session.eprintln("Error: must specify one of -f and -k\n");
        return super::run_group(session, args);
    }
    if !args.words.is_empty() {
        return Err(args.usage_error(format!("Unexpected args: [{}]", args.words.join(" "))));
    }
    let dry = Dry::parse(session, args)?;
    let validation = validation(args)?;
    let mut printer = Printer::new(session, args, dry)?;
    if args.bool("edit") {
        return super::edit::before_create(session, args);
    }
    if args.list("filename").is_empty() && args.str("kustomize").is_empty() {
        return Err(Error::plain("must specify one of -f and -k"));
    }
    if !args.str("raw").is_empty() {
        return super::raw::write(session, args, Verb::Create);
    }
    let namespace = session.ready()?;
    let builder = Builder {
        selector: args.str("selector").to_owned(),
        continue_on_error: true,
        flatten: true,
        validate: validation != FieldValidation::Ignore,
        ..Builder::named_by(&namespace, args)
    };
    let mut count = 0;
    let save = args.bool("save-config");
    let manager = args.str("field-manager");
    builder.visit(session, |session, info| {
        if save {
            last_applied::update(info.object.as_mut());
        }
        if let Some(object) = &mut info.object {
            record::note(args, object);
        }
        if dry != Dry::Client {
            let mapping = info.mapping()?.clone();
            let mut request = session.request(Verb::Create, target_of(&mapping, &info.namespace, "", ""))?;
            request.body = Body::Object(info.object()?.0.clone());
            manager.clone_into(&mut request.options.field_manager);
            request.options.dry_run = dry.option();
            request.options.field_validation = validation;
            let created = session.send(request).map_err(|e| e.with_source("creating", &info.source))?;
            info.refresh(object(created)?);
        }
        count += 1;
        let object = info.object()?.clone();
        printer.print(session, &object, "created")
    })?;
    if count == 0 {
        return Err(Error::plain("no objects passed to create"));
    }
    Ok(())
}

/// Who a generator makes its object for, and how: what all generators settle before they look at their own flags.
struct Generator {
    dry: Dry,
    printer: Printer,
    validation: FieldValidation,
    /// The namespace of the request.
    namespace: Namespace,
    /// The one NAME argument.
    name: String,
}

impl Generator {
    /// Reads the name and the shared flags.
    fn new(session: &mut Session<'_, '_>, args: &Args) -> Result<Self, Error> {
        let name = name(args)?;
        let dry = Dry::parse(session, args)?;
        let printer = Printer::new(session, args, dry)?.typed();
        let validation = validation(args)?;
        let namespace = session.ready()?;
        Ok(Self { dry, printer, validation, namespace, name })
    }

    /// An object with the name, and the namespace where a flag chose it.
    fn object(&self, api_version: &str, kind: &str, namespaced: bool) -> Object {
        let mut object = Object::new(api_version, kind);
        object.set(&["metadata", "name"], self.name.as_str());
        if namespaced && self.namespace.explicit {
            object.set(&["metadata", "namespace"], self.namespace.name.as_str());
        }
        object
    }

    /// Sends the object to `plural` and prints the result; a refusal stands behind `failed`, if there are such words.
    fn finish(
        mut self,
        session: &mut Session<'_, '_>,
        args: &Args,
        mut made: Object,
        plural: &str,
        namespaced: bool,
        failed: &str,
    ) -> Result<(), Error> {
        if args.bool("append-hash") {
            let name = format!("{}-{}", made.name(), crate::hash::of(&made));
            made.set(&["metadata", "name"], name);
        }
        if session.version().minor < 34 {
            null_timestamps(&mut made.0);
        }
        if args.bool("save-config") {
            last_applied::update_typed(&mut made);
        }
        if self.dry != Dry::Client {
            let gv = made.group_version();
            let target = Target::Resource(ResourceTarget {
                group: gv.group.into_owned(),
                version: gv.version.into_owned(),
                resource: plural.to_owned(),
                namespace: if namespaced { self.namespace.name.clone() } else { String::new() },
                ..ResourceTarget::default()
            });
            let mut request = session.request(Verb::Create, target)?;
            request.body = Body::Object(made.0);
            args.str("field-manager").clone_into(&mut request.options.field_manager);
            request.options.dry_run = self.dry.option();
            request.options.field_validation = self.validation;
            let reply = session.send(request).map_err(|e| match failed {
                "" => e,
                words => Error::plain(format!("{words}{}", e.text())),
            })?;
            made = object(reply)?;
        }
        self.printer.print(session, &made, "created")
    }
}

/// Go structs of old clients print the time they do not have.
pub(super) fn null_timestamps(value: &mut Value) {
    if let Value::Map(_) = value {
        for (key, inner) in value.make_map().iter_mut() {
            if key == "metadata" && inner.as_map().is_some_and(|m| !m.contains_key("creationTimestamp")) {
                inner.set(&["creationTimestamp"], Value::Null);
            }
            if matches!(key, "spec" | "template" | "jobTemplate") {
                null_timestamps(inner);
            }
        }
    }
}

/// The one NAME argument of a generator.
fn name(args: &Args) -> Result<String, Error> {
    let count = args.dash.unwrap_or(args.words.len());
    match (count, args.word(0)) {
        (1, Some(name)) => Ok(name.to_owned()),
        _ => Err(args.usage_error(format!("exactly one NAME is required, got {count}"))),
    }
}
