//! `kubectl rollout history`. Models kubectl `pkg/cmd/rollout/rollout_history.go` and
//! `pkg/polymorphichelpers/history.go`.

use std::collections::BTreeMap;

use gatehouse_core::request::ResourceTarget;
use gatehouse_core::{Reply, Target, Verb};
use gatehouse_model::{Object, Selector, Value};

use super::builder;
use crate::cli::groups::{FROM_SERVER, PRINT, SELECTOR, files};
use crate::cli::{Args, Command, Flag};
use crate::describe::{Writer, pod_template};
use crate::error::Error;
use crate::output::{Dry, Printer};
use crate::print::tabwriter::TabWriter;
use crate::session::Session;

const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

const FLAGS: &[Flag] =
    &[Flag::int("revision", "0", "See the details, including podTemplate of the revision specified")];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "View rollout history",
    long: "View previous rollout revisions and configurations.",
    examples: "# View the rollout history of a deployment\nkubectl rollout history deployment/abc\n\n# View the details of daemonset revision 3\nkubectl rollout history daemonset/abc --revision=3",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    flags: &[FLAGS, &files(FROM_SERVER), SELECTOR, PRINT],
    run: Some(run),
    ..Command::named("history")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let revision = args.int("revision");
    let builder = builder(session, args)?;
    if revision < 0 {
        return Err(Error::plain(format!("revision must be a positive integer: {revision}")));
    }
    let mut printer = Printer::new(session, args, Dry::No)?;
    builder.visit(session, |session, info| {
        let object = info.object()?.clone();
        let history = revisions(session, &object)?;
        let missing = || Error::plain("unable to find the specified revision");
        if args.changed("output") {
            let chosen: Vec<&Object> = match revision {
                0 => history.values().collect(),
                r => vec![history.get(&r).ok_or_else(missing)?],
            };
            for object in chosen {
                printer.print(session, object, "")?;
            }
            return Ok(());
        }
        let (with, text) = match revision {
            _ if history.is_empty() => (String::new(), "No rollout history found.".to_owned()),
            0 => (String::new(), overview(&history)),
            r => {
                let object = history.get(&r).ok_or_else(missing)?;
                let mut w = Writer::of(session.version());
                pod_template(&mut w, Some(&template(object)));
                (format!("with revision #{r}"), w.finish_unaligned())
            }
        };
        session.println(format!("{} {with}\n{text}", crate::output::name_of(&object)));
        Ok(())
    })
}

fn overview(history: &BTreeMap<i64, Object>) -> String {
    let mut w = TabWriter::description();
    w.write("REVISION\tCHANGE-CAUSE\n");
    for (revision, object) in history {
        let cause = object.annotation(CHANGE_CAUSE).unwrap_or("");
        w.write(&format!("{revision}\t{}\n", if cause.is_empty() { "<none>" } else { cause }));
    }
    w.take()
}

/// The pod template of a revision, with the cause of the change among its annotations.
fn template(object: &Object) -> Value {
    let is_revision = object.kind() == "ControllerRevision";
    let path: &[&str] = if is_revision { &["data", "spec", "template"] } else { &["spec", "template"] };
    let mut template = object.at(path).cloned().unwrap_or_default();
    template.remove(&["$patch"]);
    if let Some(cause) = object.annotation(CHANGE_CAUSE).filter(|c| !c.is_empty() && !is_revision) {
        template.set(&["metadata", "annotations", CHANGE_CAUSE], cause);
    }
    template
}

/// The objects that keep each revision: replica sets, or controller revisions.
fn revisions(session: &mut Session<'_, '_>, object: &Object) -> Result<BTreeMap<i64, Object>, Error> {
    let resource = match object.kind() {
        "Deployment" => "replicasets",
        "DaemonSet" | "StatefulSet" => "controllerrevisions",
        kind => {
            let group = object.group_version().group;
            let what = gatehouse_model::resource::qualified(kind, &group);
            return Err(Error::plain(format!(
                "no history viewer has been implemented for {}",
                gatehouse_model::json::go_quote(&what)
            )));
        }
    };
    let selector = Selector::from_object(object.at(&["spec", "selector"])).map_err(Error::plain)?;
    let target = ResourceTarget {
        group: "apps".to_owned(),
        version: "v1".to_owned(),
        resource: resource.to_owned(),
        namespace: object.namespace().to_owned(),
        ..ResourceTarget::default()
    };
    let mut request = session.request(Verb::List, Target::Resource(target))?;
    request.options.label_selector = selector.to_string();
    let Reply::List { items, .. } = session.send(request)? else { return Ok(BTreeMap::new()) };
    let mut found = BTreeMap::new();
    for item in items {
        if item.controller().is_none_or(|c| c.str_at(&["uid"]) != object.uid()) {
            continue;
        }
        let revision = match resource {
            "replicasets" => {
                item.annotation("deployment.kubernetes.io/revision").and_then(|r| r.parse::<i64>().ok())
            }
            _ => item.i64_at(&["revision"]),
        };
        if let Some(revision) = revision {
            found.insert(revision, item);
        }
    }
    Ok(found)
}
