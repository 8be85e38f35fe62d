//! `kubectl set selector`. Models kubectl `pkg/cmd/set/set_selector.go`.

use gatehouse_model::Value;
use gatehouse_model::selector::Selector;

use super::template::Setter;
use super::{ALL_PLAIN, shared};
use crate::cli::groups::{DRY_RUN, PLAIN_FILES, PRINT, RECORD};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Set the selector on a resource",
    long: "Set the selector on a resource. Note that the new selector will overwrite the old selector if the resource had one prior to the invocation of 'set selector'.\n\n A selector must begin with a letter or number, and may contain letters, numbers, hyphens, dots, and underscores, up to 63 characters. If --resource-version is specified, then updates will use this resource version, otherwise the existing resource-version will be used. Note: currently selectors can only be set on Service objects.",
    examples: "# Set the labels and selector before creating a deployment/service pair\nkubectl create service clusterip my-svc --clusterip=\"None\" -o yaml --dry-run=client | kubectl set selector --local -f - 'environment=qa' -o yaml | kubectl create -f -",
    usage: "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]",
    flags: &[
        &shared(ALL_PLAIN, "If true, annotation will NOT contact api-server but run locally."),
        PRINT,
        PLAIN_FILES,
        DRY_RUN,
        RECORD,
        &[Flag::str(
            "resource-version",
            "If non-empty, the selectors update will only succeed if this is the current resource-version for the object. Only valid when specifying a single resource.",
        )],
    ],
    run: Some(run),
    ..Command::named("selector")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let Some((expression, resources)) = args.words.split_last() else {
        return Err(Error::plain("one selector is required"));
    };
    let parsed = Selector::parse(expression)
        .map_err(|e| format!("couldn't parse the selector string {expression:?}: {e}"))
        .and_then(|s| s.to_object())
        .map_err(Error::plain)?;
    let setter = Setter::new(session, args, resources)?;
    setter.apply(session, "selector updated", "", true, |_, object| {
        if object.kind() != "Service" {
            return Err(Error::plain("setting a selector is only supported for Services"));
        }
        if !parsed.list_at(&["matchExpressions"]).is_empty() {
            return Err(Error::plain(format!(
                "match expression {} not supported on this object",
                requirements(&parsed)
            )));
        }
        object.set(&["spec", "selector"], parsed.map_at(&["matchLabels"]).clone());
        Ok(())
    })
}

/// A selector's expressions as Go prints its structs.
fn requirements(selector: &Value) -> String {
    let one = |r: &Value| {
        let values: Vec<&str> = r.list_at(&["values"]).iter().filter_map(Value::as_str).collect();
        format!("{{{} {} [{}]}}", r.str_at(&["key"]), r.str_at(&["operator"]), values.join(" "))
    };
    let all: Vec<String> = selector.list_at(&["matchExpressions"]).iter().map(one).collect();
    format!("[{}]", all.join(" "))
}
