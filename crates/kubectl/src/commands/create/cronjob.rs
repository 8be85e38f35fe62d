//! `kubectl create cronjob`. Models kubectl `pkg/cmd/create/create_cronjob.go`.

use gatehouse_model::json;

use super::{Generator, job};
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::str("image", "Image name to run.").required(),
    Flag::str("schedule", "A schedule in the Cron format the job should be run with.").required(),
    Flag::str("restart", "job's restart policy. supported values: OnFailure, Never"),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    aliases: &["cj"],
    short: "Create a cron job with the specified name",
    long: "Create a cron job with the specified name.",
    examples: "# Create a cron job\nkubectl create cronjob my-job --image=busybox --schedule=\"*/1 * * * *\"\n\n# Create a cron job with a command\nkubectl create cronjob my-job --image=busybox --schedule=\"*/1 * * * *\" -- date",
    usage: "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [flags]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, FLAGS],
    run: Some(run),
    ..Command::named("cronjob")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let restart = if args.str("restart").is_empty() { "OnFailure" } else { args.str("restart") };
    let name = generator.name.clone();
    let spec = job::pod_spec(&name, args, restart);
    let mut object = generator.object("batch/v1", "CronJob", true);
    object.set(
        &["spec"],
        json!({
            "schedule": (args.str("schedule")),
            "jobTemplate": {"metadata": {"name": (name.as_str())}, "spec": {"template": {"metadata": {}, "spec": spec}}},
        }),
    );
    object.set(&["status"], json!({}));
    generator.finish(session, args, object, "cronjobs", true, "failed to create cronjob: ")
}
