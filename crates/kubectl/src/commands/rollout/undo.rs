//! `kubectl rollout undo`. Models kubectl `pkg/cmd/rollout/rollout_undo.go` and `pkg/polymorphichelpers/rollback.go`.

use gatehouse_core::request::PatchType;
use gatehouse_model::{Map, Object, ResourceType, Value, json};

use super::builder;
use crate::cli::groups::{DRY_RUN, FROM_SERVER, PRINT, SELECTOR, files};
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change};
use crate::describe::{Writer, pod_template};
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::patch::last_applied;
use crate::session::Session;

pub(super) static COMMAND: Command = Command {
    short: "Undo a previous rollout",
    long: "Roll back to a previous rollout.",
    examples: "# Roll back to the previous deployment\nkubectl rollout undo deployment/abc\n\n# Roll back to daemonset revision 3\nkubectl rollout undo daemonset/abc --to-revision=3",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    flags: &[
        PRINT,
        &files(FROM_SERVER),
        SELECTOR,
        DRY_RUN,
        &[Flag::int("to-revision", "0", "The revision to rollback to. Default to 0 (last revision).")],
    ],
    run: Some(run),
    ..Command::named("undo")
};

const REVISION: &str = "deployment.kubernetes.io/revision";
/// Annotations that stay with the deployment, whichever revision it goes back to.
const KEPT: &[&str] = &[
    last_applied::KEY,
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

fn not_found(revision: i64) -> Error {
    Error::plain(format!("unable to find specified revision {revision} in history"))
}

/// Objects of a type that the workload controls.
fn owned(session: &mut Session<'_, '_>, resource: &str, owner: &Object) -> Result<Vec<Object>, Error> {
    let all = Builder {
        namespace: owner.namespace().to_owned(),
        words: vec![resource.to_owned()],
        allow_bare_type: true,
        flatten: true,
        ..Builder::default()
    };
    let infos = all.infos(session)?;
    let mine = |o: &Object| o.controller().is_some_and(|r| r.str_at(&["uid"]) == owner.uid());
    Ok(infos.into_iter().filter_map(|i| i.object).filter(mine).collect())
}

fn revision_of(set: &Object) -> Option<i64> {
    set.annotation(REVISION).and_then(|r| r.parse().ok())
}

/// The replica set of a revision; of the one before the newest with 0.
fn replica_set(session: &mut Session<'_, '_>, deployment: &Object, to: i64) -> Result<Object, Error> {
    let mut sets: Vec<(i64, Object)> = owned(session, "replicasets.apps", deployment)?
        .into_iter()
        .filter_map(|s| revision_of(&s).map(|r| (r, s)))
        .collect();
    gatehouse_model::order::by_key(&mut sets, |(r, _)| *r);
    if to > 0 {
        return sets.into_iter().find(|(r, _)| *r == to).map(|(_, s)| s).ok_or_else(|| not_found(to));
    }
    let place = sets.len().checked_sub(2);
    place.and_then(|i| sets.into_iter().nth(i)).map(|(_, s)| s).ok_or_else(|| {
        Error::plain(format!("no rollout history found for deployment {:?}", deployment.name()))
    })
}

fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    template.remove(&["metadata", "labels", "pod-template-hash"]);
    template
}

fn deployment(
    session: &mut Session<'_, '_>,
    change: &Change,
    mapping: &ResourceType,
    object: &Object,
    to: i64,
) -> Result<String, Error> {
    let set = replica_set(session, object, to)?;
    let template = without_hash(set.at(&["spec", "template"]).unwrap_or(&Value::Null));
    if change.dry == Dry::Client {
        return Ok(described(session, set.at(&["spec", "template"])));
    }
    if object.bool_at(&["spec", "paused"]) == Some(true) {
        return Err(Error::plain(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        ));
    }
    if template == without_hash(object.at(&["spec", "template"]).unwrap_or(&Value::Null)) {
        return Ok(format!("skipped rollback (current template already matches revision {to})"));
    }
    let mut annotations = Map::new();
    for (key, value) in object.annotations().iter().filter(|(k, _)| KEPT.contains(k)) {
        annotations.insert(key, value.clone());
    }
    for (key, value) in set.annotations().iter().filter(|(k, _)| !KEPT.contains(k)) {
        annotations.insert(key, value.clone());
    }
    let patch = json!([
        {"op": "replace", "path": "/spec/template", "value": template},
        {"op": "replace", "path": "/metadata/annotations", "value": annotations},
    ]);
    let target = set_revision(&set);
    change.patch(session, mapping, object.namespace(), object.name(), (PatchType::Json, patch)).map_err(
        |e| e.prefixed(&format!("failed restoring revision {}", if to > 0 { to } else { target })),
    )?;
    Ok("rolled back".to_owned())
}

/// The template that a client's dry run shows in place of what it would do.
fn described(session: &Session<'_, '_>, template: Option<&Value>) -> String {
    let mut w = Writer::of(session.version());
    pod_template(&mut w, template);
    w.finish_unaligned()
}

fn set_revision(set: &Object) -> i64 {
    revision_of(set).unwrap_or(0)
}

fn by_history(
    session: &mut Session<'_, '_>,
    change: &Change,
    mapping: &ResourceType,
    object: &Object,
    to: i64,
) -> Result<String, Error> {
    let mut history = owned(session, "controllerrevisions.apps", object)?;
    gatehouse_model::order::by_key(&mut history, |h| h.i64_at(&["revision"]).unwrap_or(0));
    if to == 0 && history.len() <= 1 {
        return Err(Error::plain("no last revision to roll back to"));
    }
    let chosen = if to == 0 {
        history.len().checked_sub(2).and_then(|i| history.get(i))
    } else {
        history.iter().find(|h| h.i64_at(&["revision"]) == Some(to))
    };
    let Some(chosen) = chosen else { return Err(not_found(to)) };
    let data = chosen.get("data").cloned().unwrap_or_default();
    let mut template = data.at(&["spec", "template"]).cloned().unwrap_or_default();
    template.remove(&["$patch"]);
    if change.dry == Dry::Client {
        return Ok(described(session, Some(&template)));
    }
    if Some(&template) == object.at(&["spec", "template"]) {
        return Ok(format!("skipped rollback (current template already matches revision {to})"));
    }
    change
        .patch(session, mapping, object.namespace(), object.name(), (PatchType::StrategicMerge, data))
        .map_err(|e| e.prefixed(&format!("failed restoring revision {to}")))?;
    Ok("rolled back".to_owned())
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let builder = builder(session, args)?;
    let dry = Dry::parse(session, args)?;
    let mut printer = Printer::new(session, args, dry)?.typed();
    let to = args.int("to-revision");
    let change = Change { dry, ..Change::default() };
    builder.visit(session, |session, info| {
        let mapping = info.mapping()?.clone();
        let object = info.object()?.clone();
        if last_applied::original(&object).is_some() && session.version().minor >= 34 {
            session.warn(format!("resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the {} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.", mapping.plural, info.name, last_applied::KEY));
        }
        let kind = gatehouse_model::resource::qualified(&mapping.kind, &mapping.gv.group);
        if !matches!(mapping.kind.as_ref(), "Deployment" | "DaemonSet" | "StatefulSet") {
            return Err(Error::plain(format!("no rollbacker has been implemented for {kind:?}")));
        }
        if to < 0 {
            return Err(not_found(to));
        }
        let operation = if mapping.kind == "Deployment" {
            deployment(session, &change, &mapping, &object, to)?
        } else {
            by_history(session, &change, &mapping, &object, to)?
        };
        printer.print(session, &object, &operation)
    })
}
