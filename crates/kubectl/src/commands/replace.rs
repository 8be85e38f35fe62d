//! `kubectl replace`. Models kubectl `pkg/cmd/replace/replace.go`.

use gatehouse_core::request::FieldValidation;
use gatehouse_core::{Reason, Verb};

use super::delete::{Deletion, SHARED, cascade};
use super::patience;
use crate::cli::groups::{DRY_RUN, PRINT, RECORD, SAVE_CONFIG, VALIDATE, doomed_files};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change, Removal};
use crate::error::Error;
use crate::output::{Dry, Printer, validation};
use crate::patch::last_applied;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Replace a resource by file name or stdin",
    long: "Replace a resource by file name or stdin.\n\n JSON and YAML formats are accepted. If replacing an existing resource, the complete resource spec must be provided. This can be obtained by\n\n        $ kubectl get TYPE NAME -o yaml",
    examples: "# Replace a pod using the data in pod.json\nkubectl replace -f ./pod.json\n\n# Force replace, delete and then re-create the resource\nkubectl replace --force -f ./pod.json",
    usage: "-f FILENAME",
    flags: &[
        SHARED,
        PRINT,
        &doomed_files("The files that contain the configurations to replace."),
        DRY_RUN,
        VALIDATE,
        SAVE_CONFIG,
        RECORD,
        &[
            Flag::str("field-manager", "Name of the manager used to track field ownership.")
                .default("kubectl-replace"),
            Flag::str(
                "raw",
                "Raw URI to PUT to the server.  Uses the transport specified by the kubeconfig file.",
            ),
            Flag::str(
                "subresource",
                "If specified, replace will operate on the subresource of the requested object.",
            ),
            Flag::bool(
                "wait",
                "If true, wait for resources to be gone before returning. This waits for finalizers.",
            ),
        ],
    ],
    run: Some(run),
    ..Command::named("replace")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let validation = validation(args)?;
    let dry = Dry::parse(session, args)?;
    let mut printer = Printer::new(session, args, dry)?;
    let propagation = cascade(session, args)?;
    let force = args.bool("force");
    let mut grace = args.int("grace-period");
    let mut wait = args.bool("wait");
    if grace == 0 {
        grace = 1;
        wait = true;
    }
    if args.list("filename").is_empty() && args.str("kustomize").is_empty() {
        return Err(Error::plain("must specify one of -f and -k"));
    }
    let namespace = session.namespace()?;
    if grace >= 0 && !force {
        return Err(Error::plain("--grace-period must have --force specified"));
    }
    if args.millis("timeout") != 0 && !force {
        return Err(Error::plain("--timeout must have --force specified"));
    }
    if force && dry != Dry::No {
        return Err(Error::plain("--dry-run can not be used when --force is set"));
    }
    if !args.str("raw").is_empty() {
        return super::raw::write(session, args, Verb::Update);
    }
    let builder = Builder {
        subresource: args.str("subresource").to_owned(),
        continue_on_error: true,
        flatten: true,
        validate: validation != FieldValidation::Ignore,
        ..Builder::named_by(&namespace, args)
    };
    let change = Change {
        dry,
        manager: args.str("field-manager").to_owned(),
        validation: Some(validation),
        subresource: args.str("subresource").to_owned(),
        force: false,
    };
    let save = args.bool("save-config");
    if force {
        let stdin = session.host.stdin.clone();
        let deletion = Deletion {
            removal: Removal { propagation: Some(propagation), grace: (grace >= 0).then_some(grace), dry },
            grace,
            ignore_missing: true,
            wait,
            timeout: args.millis("timeout"),
            output: args.str("output").to_owned(),
            warn_scope: false,
        };
        let choice = Builder { lazy: true, words: args.words.clone(), validate: false, ..builder.clone() };
        deletion.run(session, &choice)?;
        // The objects must be gone before they can come back.
        session.host.stdin.clone_from(&stdin);
        let patience = match args.millis("timeout") {
            0 => 300_000,
            millis => millis,
        };
        choice.visit(session, |session, info| {
            let deadline = session.now().0 + patience;
            let gone = patience::until(session, deadline, |session| {
                let mapping = info.mapping()?;
                match session.get(mapping, &info.namespace, &info.name) {
                    Ok(_) => Ok(None),
                    Err(e) if matches!(e.reason(), Some(Reason::NotFound)) => Ok(Some(())),
                    Err(e) => Err(e),
                }
            })?;
            gone.ok_or_else(|| Error::plain("context deadline exceeded"))
        })?;
        session.host.stdin = stdin;
        let mut count = 0;
        builder.visit(session, |session, info| {
            if save {
                last_applied::update(info.object.as_mut());
            }
            let mapping = info.mapping()?.clone();
            let created = change.create(session, &mapping, &info.namespace, &info.object()?.clone())?;
            count += 1;
            printer.print(session, &created, "replaced")
        })?;
        if count == 0 {
            return Err(Error::plain("no objects passed to replace"));
        }
        return Ok(());
    }
    builder.visit(session, |session, info| {
        if save {
            last_applied::update(info.object.as_mut());
        }
        if let Some(object) = &mut info.object {
            crate::client::record::note(args, object);
        }
        if dry != Dry::Client {
            let mapping = info.mapping()?.clone();
            let new = info.object()?.clone();
            let replaced = change
                .replace(session, &mapping, &info.namespace, &info.name, &new)
                .map_err(|e| e.with_source("replacing", &info.source))?;
            info.refresh(replaced);
        }
        let object = info.object()?.clone();
        printer.print(session, &object, "replaced")
    })
}
