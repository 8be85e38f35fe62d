//! `kubectl wait`. Models kubectl `pkg/cmd/wait`.

mod condition;

use gatehouse_model::Object;

use condition::Condition;

use super::patience;
use crate::cli::groups::{PLAIN_FILES, PRINT};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Info};
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::bool("all", "Select all resources in the namespace of the specified resource types"),
    Flag::bool("all-namespaces", "If present, list the requested object(s) across all namespaces. Namespace in current context is ignored even if specified with --namespace.").short('A'),
    Flag::str("field-selector", "Selector (field query) to filter on, supports '=', '==', and '!='.(e.g. --field-selector key1=value1,key2=value2). The server only supports a limited number of field queries per type."),
    Flag::array("for", "The condition to wait on: [create|delete|condition=condition-name[=condition-value]|jsonpath='{JSONPath expression}'=[JSONPath value]]. The default condition-value is true. Condition values are compared after Unicode simple case folding, which is a more general form of case-insensitivity. Multiple conditions are supported and AND'ed to each other in a sequential order. If --for=create is passed, it is always waited first."),
    Flag::bool("local", "If true, annotation will NOT contact api-server but run locally."),
    Flag::str("selector", "Selector (label query) to filter on, supports '=', '==', and '!='.(e.g. -l key1=value1,key2=value2)").short('l'),
    Flag::duration("timeout", "30s", "The length of time to wait before giving up. Zero means check once and don't wait, negative means wait for a week."),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Wait for a specific condition on one or many resources",
    long: "Wait for a specific condition on one or many resources.\n\n The command takes multiple resources and waits until the specified condition is seen in the Status field of every given resource.\n\n Alternatively, the command can wait for the given set of resources to be created or deleted by providing the \"create\" or \"delete\" keyword as the value to the --for flag.\n\n A successful message will be printed to stdout indicating when the specified condition has been met. You can use -o option to change to output destination.",
    examples: "# Wait for the pod \"busybox1\" to contain the status condition of type \"Ready\"\nkubectl wait --for=condition=Ready pod/busybox1\n\n# Wait for pod \"busybox1\" to contain the status phase to be \"Running\"\nkubectl wait --for=jsonpath='{.status.phase}'=Running pod/busybox1\n\n# Wait for the pod \"busybox1\" to be deleted, with a timeout of 60s, after having issued the \"delete\" command\nkubectl delete pod/busybox1\nkubectl wait --for=delete pod/busybox1 --timeout=60s",
    usage: "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]]",
    flags: &[FLAGS, PLAIN_FILES, PRINT],
    run: Some(run),
    ..Command::named("wait")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

const TIMED_OUT: &str = "timed out waiting for the condition";
const WEEK: i64 = 168 * 3_600_000;

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let mut printer = Printer::new(session, args, Dry::No)?;
    let conditions = Condition::parse_all(&args.list("for"), session.version()).map_err(Error::plain)?;
    let timeout = match args.millis("timeout") {
        t if t < 0 => WEEK,
        t => t,
    };
    let deadline = session.now().0 + timeout;
    let namespace = session.ready()?;
    let all_namespaces = args.bool("all-namespaces");
    let builder = Builder {
        all_namespaces,
        enforce_namespace: namespace.explicit && !all_namespaces,
        selector: args.str("selector").to_owned(),
        field_selector: args.str("field-selector").to_owned(),
        all: args.bool("all"),
        words: args.words.clone(),
        continue_on_error: true,
        latest: true,
        flatten: true,
        local: args.bool("local"),
        ..Builder::named_by(&namespace, args)
    };
    if conditions.iter().any(|c| matches!(c, Condition::Create)) {
        created(session, &builder, deadline)?;
    }
    let for_delete = conditions.iter().any(|c| matches!(c, Condition::Delete));
    let mut visited = 0;
    let result = builder.visit(session, |session, info| {
        visited += 1;
        for condition in &conditions {
            let object = meet(session, info, condition, timeout, deadline)?;
            printer.print(session, &object, "condition met")?;
        }
        Ok(())
    });
    match result {
        Err(Error::Many(errors)) if for_delete => {
            Error::collect(errors.into_iter().filter(|e| !e.is_not_found()).collect())?;
        }
        Err(error) if for_delete && error.is_not_found() => {}
        other => other?,
    }
    if visited == 0 && !for_delete {
        return Err(Error::plain("no matching resources found"));
    }
    Ok(())
}

/// Until everything that was named is there.
fn created(session: &mut Session<'_, '_>, builder: &Builder, deadline: i64) -> Result<(), Error> {
    let there = patience::until(session, deadline, |session| {
        let (infos, result) = builder.infos_and_errors(session);
        match result {
            Err(e) if e.is_not_found() => Ok(None),
            Err(e) => Err(e),
            Ok(()) if infos.is_empty() => Ok(None),
            Ok(()) => Ok(Some(())),
        }
    })?;
    there.ok_or_else(|| Error::plain(TIMED_OUT))
}

/// Until an object meets a condition; gives back the object as it was then.
fn meet(
    session: &mut Session<'_, '_>,
    info: &Info,
    condition: &Condition,
    timeout: i64,
    deadline: i64,
) -> Result<Object, Error> {
    if info.name.is_empty() {
        return Err(Error::plain("resource name must be provided"));
    }
    let mapping = info.mapping()?.clone();
    let mut first = true;
    let met = patience::until(session, deadline, |session| {
        let found = session.get(&mapping, &info.namespace, &info.name);
        let was_first = std::mem::replace(&mut first, false);
        match (condition, found) {
            (Condition::Delete, Err(e)) if e.is_not_found() => Ok(Some(info.object()?.clone())),
            (Condition::Delete, Ok(now)) => {
                // Another one of the same name is not the one that was there.
                let same = info.object.as_ref().is_none_or(|o| o.uid() == now.uid());
                Ok((!same).then_some(now))
            }
            // What disappears while it is waited for may come back.
            (_, Err(e)) if e.is_not_found() && !was_first => Ok(None),
            (_, Err(e)) => Err(e),
            (condition, Ok(now)) => Ok(condition.is_met(&now).map_err(Error::plain)?.then_some(now)),
        }
    })?;
    met.ok_or_else(|| {
        Error::plain(if timeout == 0 {
            format!("condition not met for {}/{}", mapping.plural, info.name)
        } else {
            format!("{TIMED_OUT} on {}/{}", mapping.plural, info.name)
        })
    })
}
