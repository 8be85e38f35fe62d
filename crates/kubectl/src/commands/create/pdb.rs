//! `kubectl create poddisruptionbudget`. Models kubectl `pkg/cmd/create/create_pdb.go`.

use gatehouse_model::selector::Selector;
use gatehouse_model::{Value, json};

use super::Generator;
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::str("min-available", "The minimum number or percentage of available pods this budget requires."),
    Flag::str(
        "max-unavailable",
        "The maximum number or percentage of unavailable pods this budget requires.",
    ),
    Flag::str(
        "selector",
        "A label selector to use for this budget. Only equality-based selector requirements are supported.",
    ),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    aliases: &["pdb"],
    short: "Create a pod disruption budget with the specified name",
    long: "Create a pod disruption budget with the specified name, selector, and desired minimum available pods.",
    usage: "NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, FLAGS],
    run: Some(run),
    ..Command::named("poddisruptionbudget")
};

fn count(text: &str) -> Option<Value> {
    let digits = text.strip_suffix('%').unwrap_or(text);
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    Some(text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from))
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let (min, max, selector) = (args.str("min-available"), args.str("max-unavailable"), args.str("selector"));
    if selector.is_empty() {
        return Err(Error::plain("a selector must be specified"));
    }
    if min.is_empty() && max.is_empty() {
        return Err(Error::plain("one of min-available or max-unavailable must be specified"));
    }
    if !min.is_empty() && !max.is_empty() {
        return Err(Error::plain("min-available and max-unavailable cannot be both specified"));
    }
    let (field, flag, text) = if min.is_empty() {
        ("maxUnavailable", "max-unavailable", max)
    } else {
        ("minAvailable", "min-available", min)
    };
    let Some(count) = count(text) else {
        return Err(Error::plain(format!("invalid format specified for {flag}")));
    };
    let selector = Selector::parse(selector)
        .map_err(|e| format!("couldn't parse the selector string {selector:?}: {e}"))
        .and_then(|s| s.to_object())
        .map_err(Error::plain)?;
    let mut object = generator.object("policy/v1", "PodDisruptionBudget", true);
    object.set(&["spec", field], count);
    object.set(&["spec", "selector"], selector);
    object.set(
        &["status"],
        json!({"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0}),
    );
    generator.finish(
        session,
        args,
        object,
        "poddisruptionbudgets",
        true,
        "failed to create poddisruptionbudgets: ",
    )
}
