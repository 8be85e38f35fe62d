//! `kubectl set serviceaccount`. Models kubectl `pkg/cmd/set/set_serviceaccount.go`.

use super::template::{Setter, pod_spec};
use super::{ALL, shared};
use crate::cli::groups::{DRY_RUN, FROM_SERVER, PRINT, RECORD, files};
use crate::cli::{Args, Command};
use crate::error::Error;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    aliases: &["sa"],
    short: "Update the service account of a resource",
    long: "Update the service account of pod template resources.\n\n Possible resources (case insensitive) can be:\n\n replicationcontroller (rc), deployment (deploy), daemonset (ds), job, replicaset (rs), statefulset",
    examples: "# Set deployment nginx-deployment's service account to serviceaccount1\nkubectl set serviceaccount deployment nginx-deployment serviceaccount1",
    usage: "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT",
    flags: &[
        &shared(ALL, "If true, set serviceaccount will NOT contact api-server but run locally."),
        PRINT,
        &files(FROM_SERVER),
        DRY_RUN,
        RECORD,
    ],
    run: Some(run),
    ..Command::named("serviceaccount")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let Some((account, resources)) = args.words.split_last() else {
        return Err(Error::plain("serviceaccount is required"));
    };
    let setter = Setter::new(session, args, resources)?;
    setter.check_local()?;
    setter.apply(
        session,
        "serviceaccount updated",
        "failed to patch ServiceAccountName ",
        true,
        |_, object| {
            pod_spec(object)?.set(&["serviceAccountName"], account.as_str());
            Ok(())
        },
    )
}
