//! `kubectl rollout` `restart`, `pause` and `resume`. Models kubectl `pkg/cmd/rollout` and
//! `pkg/polymorphichelpers/object{restarter,pauser,resumer}.go`.

use gatehouse_core::request::PatchType;
use gatehouse_model::{Object, schema};

use super::builder;
use crate::cli::groups::{FROM_SERVER, PRINT, SELECTOR, files};
use crate::cli::{Args, Command, Flag};
use crate::client::Change;
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::patch::strategic;
use crate::session::Session;

const FLAGS: &[Flag] = &[Flag::str("field-manager", "Name of the manager used to track field ownership.")
    .default("kubectl-rollout")];

pub(super) static RESTART: Command = Command {
    short: "Restart a resource",
    long: "Restart a resource.\n\n        Resource rollout will be restarted.",
    examples: "# Restart all deployments in the test-namespace namespace\nkubectl rollout restart deployment -n test-namespace\n\n# Restart a deployment\nkubectl rollout restart deployment/nginx\n\n# Restart a daemon set\nkubectl rollout restart daemonset/abc",
    usage: "RESOURCE",
    flags: &[PRINT, &files(FROM_SERVER), SELECTOR, FLAGS],
    run: Some(|session, args| run(session, args, "restarted", restart)),
    ..Command::named("restart")
};

pub(super) static PAUSE: Command = Command {
    short: "Mark the provided resource as paused",
    long: "Mark the provided resource as paused.\n\n Paused resources will not be reconciled by a controller. Use \"kubectl rollout resume\" to resume a paused resource. Currently only deployments support being paused.",
    examples: "# Mark the nginx deployment as paused\n# Any current state of the deployment will continue its function; new updates\n# to the deployment will not have an effect as long as the deployment is paused\nkubectl rollout pause deployment/nginx",
    usage: "RESOURCE",
    flags: &[PRINT, &files(FROM_SERVER), SELECTOR, FLAGS],
    run: Some(|session, args| run(session, args, "paused", pause)),
    ..Command::named("pause")
};

pub(super) static RESUME: Command = Command {
    short: "Resume a paused resource",
    long: "Resume a paused resource.\n\n Paused resources will not be reconciled by a controller. By resuming a resource, we allow it to be reconciled again. Currently only deployments support being resumed.",
    examples: "# Resume an already paused deployment\nkubectl rollout resume deployment/nginx",
    usage: "RESOURCE",
    flags: &[PRINT, &files(FROM_SERVER), SELECTOR, FLAGS],
    run: Some(|session, args| run(session, args, "resumed", resume)),
    ..Command::named("resume")
};

fn restart(object: &mut Object, now: &str) -> Result<(), &'static str> {
    if !matches!(object.kind(), "Deployment" | "DaemonSet" | "StatefulSet") {
        return Err("restarting is not supported");
    }
    if object.bool_at(&["spec", "paused"]) == Some(true) {
        return Err("can't restart paused deployment (run rollout resume first)");
    }
    object.set(&["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"], now);
    Ok(())
}

fn pause(object: &mut Object, _now: &str) -> Result<(), &'static str> {
    if object.kind() != "Deployment" {
        return Err("pausing is not supported");
    }
    if object.bool_at(&["spec", "paused"]) == Some(true) {
        return Err("is already paused");
    }
    object.set(&["spec", "paused"], true);
    Ok(())
}

fn resume(object: &mut Object, _now: &str) -> Result<(), &'static str> {
    if object.kind() != "Deployment" {
        return Err("resuming is not supported");
    }
    if object.bool_at(&["spec", "paused"]) != Some(true) {
        return Err("is not paused");
    }
    object.remove(&["spec", "paused"]);
    Ok(())
}

fn run(
    session: &mut Session<'_, '_>,
    args: &Args,
    done: &str,
    mutate: fn(&mut Object, &str) -> Result<(), &'static str>,
) -> Result<(), Error> {
    let builder = builder(session, args)?;
    let mut printer = Printer::new(session, args, Dry::No)?.typed();
    let (infos, result) = builder.infos_and_errors(session);
    let mut errors: Vec<Error> = result.err().into_iter().collect();
    if infos.is_empty() && errors.is_empty() {
        session.eprintln(format!("No resources found in {} namespace.", builder.namespace));
        return Ok(());
    }
    let change = Change::by(args.str("field-manager"), Dry::No);
    let now = session.now().to_string();
    for info in infos {
        let mapping = info.mapping()?.clone();
        let before = info.object()?.clone();
        let mut after = before.clone();
        if let Err(why) = mutate(&mut after, &now) {
            errors.push(Error::plain(format!("error: {} {:?} {why}", mapping.group_resource(), info.name)));
            continue;
        }
        let shape = schema::for_kind(session.server_version(), &before.group_version(), before.kind());
        let patch = strategic::two_way(&before, &after, shape).map_err(Error::plain)?;
        if patch.entries().is_empty() {
            if done == "restarted" {
                errors.push(Error::plain(format!("failed to create patch for {}: if restart has already been triggered within the past second, please wait before attempting to trigger another", info.name)));
            } else {
                printer.print(session, &after, &format!("already {done}"))?;
            }
            continue;
        }
        match change.patch(session, &mapping, &info.namespace, &info.name, (PatchType::StrategicMerge, patch))
        {
            Ok(object) => printer.print(session, &object, done)?,
            Err(e) => errors.push(e.prefixed("failed to patch")),
        }
    }
    Error::collect(errors)
}
