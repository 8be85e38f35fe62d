//! `kubectl scale`. Models kubectl `pkg/cmd/scale/scale.go` and `pkg/scale/scale.go`.

use gatehouse_core::request::{Body, PatchType};
use gatehouse_core::{Reply, Verb};
use gatehouse_model::{Object, ResourceType, Value, json};

use crate::cli::groups::{DRY_RUN, PRINT, RECORD, SELECTOR, files};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change};
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::session::{Session, object, target_of};

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Set a new size for a deployment, replica set, or replication controller",
    long: "Set a new size for a deployment, replica set, replication controller, or stateful set.\n\n Scale also allows users to specify one or more preconditions for the scale action.\n\n If --current-replicas or --resource-version is specified, it is validated before the scale is attempted, and it is guaranteed that the precondition holds true when the scale is sent to the server.",
    examples: "# Scale a replica set named 'foo' to 3\nkubectl scale --replicas=3 rs/foo\n\n# If the deployment named mysql's current size is 2, scale mysql to 3\nkubectl scale --current-replicas=2 --replicas=3 deployment/mysql\n\n# Scale stateful set named 'web' to 3\nkubectl scale --replicas=3 statefulset/web",
    usage: "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)",
    flags: &[
        PRINT,
        &files("Filename, directory, or URL to files identifying the resource to set a new size"),
        SELECTOR,
        DRY_RUN,
        RECORD,
        &[
            Flag::bool("all", "Select all resources in the namespace of the specified resource types"),
            Flag::int(
                "current-replicas",
                "-1",
                "Precondition for current size. Requires that the current size of the resource match this value in order to scale. -1 (default) for no condition.",
            ),
            Flag::int("replicas", "0", "The new desired number of replicas. Required.").required(),
            Flag::str(
                "resource-version",
                "Precondition for resource version. Requires that the current resource version match this value in order to scale.",
            ),
            Flag::duration(
                "timeout",
                "0s",
                "The length of time to wait before giving up on a scale operation, zero means don't wait. Any other values should contain a corresponding time unit (e.g. 1s, 2m, 3h).",
            ),
        ],
    ],
    run: Some(run),
    ..Command::named("scale")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn scale_of(
    session: &mut Session<'_, '_>,
    mapping: &ResourceType,
    namespace: &str,
    name: &str,
) -> Result<Object, Error> {
    session.read(mapping, namespace, name, "scale")
}

/// Sets the size through the scale subresource; says what it came to.
fn scale(
    session: &mut Session<'_, '_>,
    args: &Args,
    mapping: &ResourceType,
    (namespace, name): (&str, &str),
    dry: Dry,
) -> Result<i64, Error> {
    let size = args.int("replicas");
    let (current, version) = (args.int("current-replicas"), args.str("resource-version"));
    if current == -1 && version.is_empty() {
        let change = Change { dry, subresource: "scale".to_owned(), ..Change::default() };
        let patch = json!({"spec": {"replicas": size}});
        let scaled = change.patch(session, mapping, namespace, name, (PatchType::Merge, patch))?;
        return Ok(scaled.i64_at(&["spec", "replicas"]).unwrap_or(size));
    }
    let mut found = scale_of(session, mapping, namespace, name)?;
    let has = found.i64_at(&["spec", "replicas"]).unwrap_or(0);
    if current != -1 && has != current {
        return Err(Error::plain(format!("Expected replicas to be {current}, was {has}")));
    }
    let found_version = found.str_at(&["metadata", "resourceVersion"]).to_owned();
    if !version.is_empty() && found_version != version {
        return Err(Error::plain(format!("Expected resource version to be {version}, was {found_version}")));
    }
    found.set(&["spec", "replicas"], size);
    let mut request = session.request(Verb::Update, target_of(mapping, namespace, name, "scale"))?;
    request.body = Body::Object(found.0);
    request.options.dry_run = dry.option();
    let reply: Reply = session.send(request)?;
    Ok(object(reply)?.i64_at(&["spec", "replicas"]).unwrap_or(size))
}

/// Waits until as many are there as were asked for.
fn wait(
    session: &mut Session<'_, '_>,
    mapping: &ResourceType,
    namespace: &str,
    name: &str,
    size: i64,
    limit: i64,
) -> Result<(), Error> {
    let mut waited = 0;
    loop {
        let found = scale_of(session, mapping, namespace, name)?;
        let wanted = found.i64_at(&["spec", "replicas"]).unwrap_or(0);
        if wanted != size || found.i64_at(&["status", "replicas"]).unwrap_or(0) == size {
            return Ok(());
        }
        if waited >= limit {
            return Err(Error::plain(format!("timed out waiting for {name:?} to be synced")));
        }
        session.advance(1000);
        waited += 1000;
    }
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let dry = Dry::parse(session, args)?;
    let mut printer = Printer::new(session, args, dry)?;
    let namespace = session.namespace()?;
    if args.int("replicas") < 0 {
        return Err(Error::plain(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ));
    }
    if args.int("current-replicas") < -1 {
        return Err(Error::plain("The --current-replicas must specify an integer of -1 or greater"));
    }
    let builder = Builder {
        selector: args.str("selector").to_owned(),
        allow_bare_type: args.bool("all"),
        words: args.words.clone(),
        continue_on_error: true,
        flatten: true,
        ..Builder::named_by(&namespace, args)
    };
    let (infos, result) = builder.infos_and_errors(session);
    if !args.str("resource-version").is_empty() && infos.len() > 1 {
        return Err(Error::plain("cannot use --resource-version with multiple resources"));
    }
    if infos.is_empty() {
        result?;
        return Err(Error::plain("no objects passed to scale"));
    }
    for info in &infos {
        let mapping = info.mapping()?.clone();
        let mut object = info.object()?.clone();
        let mut size = args.int("replicas");
        if dry != Dry::Client {
            size = scale(session, args, &mapping, (&info.namespace, &info.name), dry)?;
            if args.millis("timeout") != 0 && dry == Dry::No {
                wait(session, &mapping, &info.namespace, &info.name, size, args.millis("timeout"))?;
            }
            let mut noted = object.clone();
            crate::client::record::note(args, &mut noted);
            if noted != object && dry == Dry::No {
                let cause = crate::patch::merge::diff(&object, &noted);
                let change = Change::default();
                change.patch(session, &mapping, &info.namespace, &info.name, (PatchType::Merge, cause))?;
            }
        }
        if matches!(mapping.gv.group.as_ref(), "apps" | "") {
            object.set(&["spec", "replicas"], Value::from(size));
        }
        printer.print(session, &object, "scaled")?;
    }
    result
}
