//! `kubectl apply`. Models kubectl `pkg/cmd/apply/apply.go`.

mod applyset;
mod migrate;
pub(super) mod one;
pub(super) mod prune;
mod set_last_applied;
mod view_last_applied;

use gatehouse_core::request::FieldValidation;
use gatehouse_model::{Object, Value, json};

use super::delete::{SHARED, cascade};
use crate::cli::groups::{DRY_RUN, PRINT, RECORD, SELECTOR, VALIDATE, doomed_files};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change, Removal, record};
use crate::error::Error;
use crate::output::{Dry, Printer, validation};
use crate::session::Session;
use applyset::ApplySet;

const FLAGS: &[Flag] = &[
    Flag::bool("all", "Select all resources in the namespace of the specified resource types."),
    Flag::str("applyset", "[alpha] The name of the ApplySet that tracks which resources are being managed, for the purposes of determining what to prune. Live resources that are part of the ApplySet but have been removed from the provided configs will be deleted. Format: [RESOURCE][.GROUP]/NAME. A Secret will be used if no resource or group is specified.").hidden(),
    Flag::str("field-manager", "Name of the manager used to track field ownership.").default("kubectl-client-side-apply"),
    Flag::bool("force-conflicts", "If true, server-side apply will force the changes against conflicts."),
    Flag::bool("openapi-patch", "If true, use openapi to calculate diff when the openapi presents and the resource can be found in the openapi spec. Otherwise, fall back to use baked-in types.").default("true"),
    Flag::bool("overwrite", "Automatically resolve conflicts between the modified and live configuration by using values from the modified configuration").default("true"),
    Flag::bool("prune", "Automatically delete resource objects, that do not appear in the configs and are created by either apply or create --save-config. Should be used with either -l or --all."),
    Flag::array("prune-allowlist", "Overwrite the default allowlist with <group/version/kind> for --prune"),
    Flag::bool("server-side", "If true, apply runs in the server instead of the client."),
    Flag::str("subresource", "If specified, apply will operate on the subresource of the requested object.  Only allowed when using --server-side.").since(31),
    Flag::bool("wait", "If true, wait for resources to be gone before returning. This waits for finalizers."),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Apply a configuration to a resource by file name or stdin",
    long: "Apply a configuration to a resource by file name or stdin. The resource name must be specified. This resource will be created if it doesn't exist yet. To use 'apply', always create the resource initially with either 'apply' or 'create --save-config'.\n\n JSON and YAML formats are accepted.\n\n Alpha Disclaimer: the --prune functionality is not yet complete. Do not use unless you are aware of what the current state is. See https://issues.k8s.io/34274.",
    examples: "# Apply the configuration in pod.json to a pod\nkubectl apply -f ./pod.json\n\n# Apply resources from a directory containing kustomization.yaml - e.g. dir/kustomization.yaml\nkubectl apply -k dir/\n\n# Apply the JSON passed into stdin to a pod\ncat pod.json | kubectl apply -f -",
    usage: "(-f FILENAME | -k DIRECTORY)",
    flags: &[
        SHARED,
        FLAGS,
        PRINT,
        &doomed_files("The files that contain the configurations to apply."),
        SELECTOR,
        DRY_RUN,
        VALIDATE,
        RECORD,
    ],
    subcommands: &[&super::edit::LAST_APPLIED, &set_last_applied::COMMAND, &view_last_applied::COMMAND],
    run: Some(run),
    ..Command::named("apply")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// How objects are applied.
struct Apply {
    dry: Dry,
    server_side: bool,
    force: bool,
    change: Change,
    removal: Removal,
    printer: Printer,
    /// Whether the objects themselves are printed, all at the end.
    print_objects: bool,
}

fn check(args: &Args, dry: Dry, in_set: bool) -> Result<(), Error> {
    let refuse = |why: &str| Err(Error::plain(why));
    let (server_side, force) = (args.bool("server-side"), args.bool("force"));
    if args.bool("force-conflicts") && !server_side {
        return refuse("--force-conflicts only works with --server-side");
    }
    if dry == Dry::Client && server_side {
        return refuse(
            "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
        );
    }
    if server_side && force {
        return refuse("--force cannot be used with --server-side");
    }
    if dry == Dry::Server && force {
        return refuse("--dry-run=server cannot be used with --force");
    }
    if args.bool("all") && !args.str("selector").is_empty() {
        return refuse("cannot set --all and --selector at the same time");
    }
    if args.bool("prune") && !in_set {
        if force {
            return refuse("--force cannot be used with --prune");
        }
        if !args.bool("all") && args.str("selector").is_empty() {
            return refuse(
                "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector",
            );
        }
        if server_side {
            return refuse(
                "--prune is in alpha and doesn't currently work on objects created by server-side apply",
            );
        }
    }
    if !args.str("subresource").is_empty() && !server_side {
        return refuse("--subresource can only be specified for --server-side");
    }
    Ok(())
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    if !args.words.is_empty() {
        return Err(args.usage_error(format!("Unexpected args: [{}]", args.words.join(" "))));
    }
    let dry = Dry::parse(session, args)?;
    let propagation = cascade(session, args)?;
    if args.list("filename").is_empty() && args.str("kustomize").is_empty() {
        return Err(Error::plain("must specify one of -f and -k"));
    }
    let validation = validation(args)?;
    let namespace = session.ready()?;
    let mut set = match args.changed("applyset") {
        true => ApplySet::parse(session, args, &namespace)?,
        false => None,
    };
    if args.bool("prune") {
        prune::allowed(session, args)?;
    }
    check(args, dry, set.is_some())?;
    if let Some(set) = &set {
        set.check(session, args)?;
    }
    let server_side = args.bool("server-side");
    let manager =
        if server_side && !args.changed("field-manager") { "kubectl" } else { args.str("field-manager") };
    let grace = args.int("grace-period");
    let builder = Builder {
        selector: args.str("selector").to_owned(),
        continue_on_error: true,
        flatten: true,
        validate: validation != FieldValidation::Ignore,
        ..Builder::named_by(&namespace, args)
    };
    let (mut infos, result) = builder.infos_and_errors(session);
    let mut errors: Vec<Error> = result.err().into_iter().collect();
    if infos.is_empty() && errors.is_empty() {
        return Err(Error::plain("no objects passed to apply"));
    }
    if let Some(set) = &set {
        set.mark(&mut infos)?;
    }
    // Whether the format is known is only found out when the first result is printed.
    let printer = Printer::new(session, args, dry)?;
    let print_objects = printer.has_format() && !printer.is_name();
    let mut apply = Apply {
        dry,
        server_side,
        force: args.bool("force"),
        change: Change {
            dry,
            manager: manager.to_owned(),
            validation: Some(validation),
            subresource: args.str("subresource").to_owned(),
            force: args.bool("force-conflicts"),
        },
        removal: Removal { propagation: Some(propagation), grace: (grace >= 0).then_some(grace), dry },
        printer,
        print_objects,
    };
    if let Some(set) = &mut set {
        set.begin(session, &apply.change, &infos)?;
    }
    for info in &mut infos {
        if let Some(object) = &mut info.object {
            record::note(args, object);
        }
        if let Err(e) = apply.one(session, info) {
            errors.push(e);
        }
    }
    Error::collect(errors)?;
    if print_objects {
        let objects: Vec<Object> = infos.iter().filter_map(|i| i.object.clone()).collect();
        match objects.as_slice() {
            [] => {}
            [one] => apply.printer.print(session, one, "")?,
            many => {
                let items: Value = many.iter().map(|o| o.0.clone()).collect();
                let list =
                    Object(json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}));
                apply.printer.print(session, &list, "")?;
            }
        }
    }
    match set {
        Some(set) => set.prune(session, &mut apply, &infos),
        None if args.bool("prune") => prune::run(session, args, &mut apply, &infos),
        None => Ok(()),
    }
}
