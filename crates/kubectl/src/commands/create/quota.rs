//! `kubectl create quota`. Models kubectl `pkg/cmd/create/create_quota.go`.

use gatehouse_model::quantity::Quantity;
use gatehouse_model::{Map, Value, json};

use super::Generator;
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::str("hard", "A comma-delimited set of resource=quantity pairs that define a hard limit."),
    Flag::str(
        "scopes",
        "A comma-delimited set of quota scopes that must all match each object tracked by the quota.",
    ),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    aliases: &["resourcequota"],
    short: "Create a quota with the specified name",
    long: "Create a resource quota with the specified name, hard limits, and optional scopes.",
    usage: "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, FLAGS],
    run: Some(run),
    ..Command::named("quota")
};

/// `cpu=1,memory=1Gi` as a resource list.
pub(in crate::commands) fn resource_list(spec: &str) -> Result<Map, Error> {
    let mut list = Map::new();
    for statement in spec.split(',').filter(|_| !spec.is_empty()) {
        let parts: Vec<&str> = statement.split('=').collect();
        let [resource, quantity] = parts.as_slice() else {
            return Err(Error::plain(format!(
                "Invalid argument syntax {statement}, expected <resource>=<value>"
            )));
        };
        let quantity = Quantity::parse(quantity).map_err(Error::plain)?;
        list.insert(*resource, quantity.to_string());
    }
    Ok(list)
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let hard = resource_list(args.str("hard"))?;
    let mut scopes = Vec::new();
    let spec = args.str("scopes");
    for scope in spec.split(',').filter(|_| !spec.is_empty()) {
        if scope.is_empty() {
            return Err(Error::plain("invalid resource quota scope \"\""));
        }
        scopes.push(Value::from(scope));
    }
    let mut object = generator.object("v1", "ResourceQuota", true);
    object.set(&["spec"], json!({}));
    object.set(&["status"], json!({}));
    if !hard.is_empty() {
        object.set(&["spec", "hard"], hard);
    }
    if !scopes.is_empty() {
        object.set(&["spec", "scopes"], scopes);
    }
    generator.finish(session, args, object, "resourcequotas", true, "failed to create quota: ")
}
