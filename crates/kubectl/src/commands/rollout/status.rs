//! `kubectl rollout status`. Models kubectl `pkg/cmd/rollout/rollout_status.go` and
//! `pkg/polymorphichelpers/rollout_status.go`.

use gatehouse_model::json::go_quote;
use gatehouse_model::{Object, Value};

use super::builder;
use crate::cli::groups::{FROM_SERVER, SELECTOR, files};
use crate::cli::{Args, Command, Flag};
use crate::commands::patience;
use crate::error::Error;
use crate::session::{Finish, Session};

const FLAGS: &[Flag] = &[
    Flag::int(
        "revision",
        "0",
        "Pin to a specific revision for showing its status. Defaults to 0 (last revision).",
    ),
    Flag::duration(
        "timeout",
        "0s",
        "The length of time to wait before ending watch, zero means never. Any other values should contain a corresponding time unit (e.g. 1s, 2m, 3h).",
    ),
    Flag::bool("watch", "Watch the status of the rollout until it's done.").short('w').default("true"),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Show the status of the rollout",
    long: "Show the status of the rollout.\n\n By default 'rollout status' will watch the status of the latest rollout until it's done. If you don't want to wait for the rollout to finish then you can use --watch=false. Note that if a new rollout starts in-between, then 'rollout status' will continue watching the latest revision. If you want to pin to a specific revision and abort if it is rolled over by another revision, use --revision=N where N is the revision you need to watch for.",
    examples: "# Watch the rollout status of a deployment\nkubectl rollout status deployment/nginx",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    flags: &[FLAGS, &files(FROM_SERVER), SELECTOR],
    run: Some(run),
    ..Command::named("status")
};

/// Without a timeout one would wait for ever: after so long the terminal gets the choice.
const PATIENCE: i64 = 3_600_000;

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let revision = args.int("revision");
    let builder = builder(session, args)?;
    if revision < 0 {
        return Err(Error::plain(format!("revision must be a positive integer: {revision}")));
    }
    let timeout = args.millis("timeout");
    let watch = args.bool("watch");
    let mut any = false;
    builder.visit(session, |session, info| {
        any = true;
        let mapping = info.mapping()?.clone();
        let deadline = session.now().0 + if timeout > 0 { timeout } else { PATIENCE };
        let mut said = String::new();
        let done = patience::until(session, deadline, |session| {
            let object = match session.get(&mapping, &info.namespace, &info.name) {
                Err(e) if e.is_not_found() => return Err(Error::plain("object has been deleted")),
                other => other?,
            };
            let (text, done) = status(&object, revision).map_err(Error::plain)?;
            if text != said {
                session.print(&text);
                said = text;
            }
            Ok((done || !watch).then_some(()))
        })?;
        match done {
            Some(()) => Ok(()),
            None if timeout > 0 => Err(Error::plain("timed out waiting for the condition")),
            None => {
                session.finish = Finish::Stream;
                Ok(())
            }
        }
    })?;
    if !any {
        session.eprintln(format!("No resources found in {} namespace.", builder.namespace));
    }
    Ok(())
}

/// What there is to say of a rollout, and whether it is over.
fn status(object: &Object, revision: i64) -> Result<(String, bool), String> {
    match (object.kind(), &*object.group_version().group) {
        ("Deployment", "apps" | "extensions") => deployment(object, revision),
        ("DaemonSet", "apps" | "extensions") => daemon_set(object),
        ("StatefulSet", "apps") => stateful_set(object),
        (kind, group) => Err(format!(
            "no status viewer has been implemented for {}",
            gatehouse_model::resource::qualified(kind, group)
        )),
    }
}

fn n(object: &Value, path: &[&str]) -> i64 {
    object.i64_at(path).unwrap_or(0)
}

fn deployment(o: &Object, revision: i64) -> Result<(String, bool), String> {
    let name = go_quote(o.name());
    if revision > 0 {
        let running =
            o.annotation("deployment.kubernetes.io/revision").and_then(|r| r.parse().ok()).unwrap_or(0);
        if revision != running {
            return Err(format!(
                "desired revision ({revision}) is different from the running revision ({running})"
            ));
        }
    }
    if o.generation() > n(o, &["status", "observedGeneration"]) {
        return Ok(("Waiting for deployment spec update to be observed...\n".to_owned(), false));
    }
    let conditions = o.list_at(&["status", "conditions"]);
    let progressing = conditions.iter().find(|c| c.str_at(&["type"]) == "Progressing");
    if progressing.is_some_and(|c| c.str_at(&["reason"]) == "ProgressDeadlineExceeded") {
        return Err(format!("deployment {name} exceeded its progress deadline"));
    }
    let (wanted, updated) = (n(o, &["spec", "replicas"]), n(o, &["status", "updatedReplicas"]));
    let (total, available) = (n(o, &["status", "replicas"]), n(o, &["status", "availableReplicas"]));
    let waiting =
        |what: String| Ok((format!("Waiting for deployment {name} rollout to finish: {what}...\n"), false));
    if updated < wanted {
        return waiting(format!("{updated} out of {wanted} new replicas have been updated"));
    }
    if total > updated {
        return waiting(format!("{} old replicas are pending termination", total - updated));
    }
    if available < updated {
        return waiting(format!("{available} of {updated} updated replicas are available"));
    }
    Ok((format!("deployment {name} successfully rolled out\n"), true))
}

const ROLLING: &str = "rollout status is only available for RollingUpdate strategy type";

fn daemon_set(o: &Object) -> Result<(String, bool), String> {
    let name = go_quote(o.name());
    if o.str_at(&["spec", "updateStrategy", "type"]) != "RollingUpdate" {
        return Err(ROLLING.to_owned());
    }
    if o.generation() > n(o, &["status", "observedGeneration"]) {
        return Ok(("Waiting for daemon set spec update to be observed...\n".to_owned(), false));
    }
    let wanted = n(o, &["status", "desiredNumberScheduled"]);
    let (updated, available) =
        (n(o, &["status", "updatedNumberScheduled"]), n(o, &["status", "numberAvailable"]));
    let waiting =
        |what: String| Ok((format!("Waiting for daemon set {name} rollout to finish: {what}...\n"), false));
    if updated < wanted {
        return waiting(format!("{updated} out of {wanted} new pods have been updated"));
    }
    if available < wanted {
        return waiting(format!("{available} of {wanted} updated pods are available"));
    }
    Ok((format!("daemon set {name} successfully rolled out\n"), true))
}

fn stateful_set(o: &Object) -> Result<(String, bool), String> {
    if o.str_at(&["spec", "updateStrategy", "type"]) != "RollingUpdate" {
        return Err(ROLLING.to_owned());
    }
    let observed = n(o, &["status", "observedGeneration"]);
    if observed == 0 || o.generation() > observed {
        return Ok(("Waiting for statefulset spec update to be observed...\n".to_owned(), false));
    }
    let (wanted, ready) = (n(o, &["spec", "replicas"]), n(o, &["status", "readyReplicas"]));
    if ready < wanted {
        return Ok((format!("Waiting for {} pods to be ready...\n", wanted - ready), false));
    }
    let updated = n(o, &["status", "updatedReplicas"]);
    if let Some(update) = o.at(&["spec", "updateStrategy", "rollingUpdate"]).filter(|u| !u.is_null()) {
        if let Some(partition) = update.i64_at(&["partition"])
            && updated < wanted - partition
        {
            let text = format!(
                "Waiting for partitioned roll out to finish: {updated} out of {} new pods have been updated...\n",
                wanted - partition
            );
            return Ok((text, false));
        }
        return Ok((
            format!("partitioned roll out complete: {updated} new pods have been updated...\n"),
            true,
        ));
    }
    let (update, current) =
        (o.str_at(&["status", "updateRevision"]), o.str_at(&["status", "currentRevision"]));
    if update != current {
        let text = format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {update}...\n"
        );
        return Ok((text, false));
    }
    let replicas = n(o, &["status", "currentReplicas"]);
    Ok((format!("statefulset rolling update complete {replicas} pods at revision {current}...\n"), true))
}
