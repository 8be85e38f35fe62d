//! `kubectl create priorityclass`. Models kubectl `pkg/cmd/create/create_priorityclass.go`.

use super::Generator;
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::int32("value", "0", "the value of this priority class."),
    Flag::bool(
        "global-default",
        "global-default specifies whether this PriorityClass should be considered as the default priority.",
    ),
    Flag::str(
        "description",
        "description is an arbitrary string that usually provides guidelines on when this priority class should be used.",
    ),
    Flag::str(
        "preemption-policy",
        "preemption-policy is the policy for preempting pods with lower priority.",
    )
    .default("PreemptLowerPriority"),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    aliases: &["pc"],
    short: "Create a priority class with the specified name",
    long: "Create a priority class with the specified name, value, globalDefault and description.",
    usage: "NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, FLAGS],
    run: Some(run),
    ..Command::named("priorityclass")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let mut object = generator.object("scheduling.k8s.io/v1", "PriorityClass", false);
    object.set(&["value"], args.int("value"));
    if args.bool("global-default") {
        object.set(&["globalDefault"], true);
    }
    if !args.str("description").is_empty() {
        object.set(&["description"], args.str("description"));
    }
    object.set(&["preemptionPolicy"], args.str("preemption-policy"));
    generator.finish(session, args, object, "priorityclasses", false, "failed to create priorityclass: ")
}
