//! Deployments and their replica sets.

use gatehouse_model::{Object, Selector, Value};

use super::replicaset::conditions;
use super::{Description, date, int_or_string, number, or_none, pod_template, present};
use crate::error::Error;

const HASH: &str = "pod-template-hash";

pub(super) fn describe(d: &mut Description<'_, '_, '_>, o: &Object) -> Result<(), Error> {
    let selector = Selector::from_object(o.at(&["spec", "selector"])).map_err(Error::plain)?;
    let sets = d.list(("apps", "v1", "replicasets"), o.namespace(), &selector.to_string(), "");
    d.heading(o);
    d.w.field(0, "CreationTimestamp", date(o, &["metadata", "creationTimestamp"]));
    d.labels_and_annotations(o);
    let w = &mut d.w;
    w.field(0, "Selector", selector.to_string());
    let n = |member: &str| number(o, &["status", member]);
    w.field(
        0,
        "Replicas",
        format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            number(o, &["spec", "replicas"]),
            n("updatedReplicas"),
            n("replicas"),
            n("availableReplicas"),
            n("unavailableReplicas")
        ),
    );
    w.field(0, "StrategyType", o.str_at(&["spec", "strategy", "type"]));
    w.field(0, "MinReadySeconds", number(o, &["spec", "minReadySeconds"]).to_string());
    if let Some(update) = present(o, &["spec", "strategy", "rollingUpdate"]) {
        let (down, up) = (int_or_string(update.get("maxUnavailable")), int_or_string(update.get("maxSurge")));
        w.field(0, "RollingUpdateStrategy", format!("{down} max unavailable, {up} max surge"));
    }
    pod_template(w, o.at(&["spec", "template"]));
    conditions(w, o);
    if let Ok(sets) = sets {
        let mine: Vec<&Object> =
            sets.iter().filter(|s| s.controller().is_some_and(|c| c.str_at(&["uid"]) == o.uid())).collect();
        let new = newest(o, &mine);
        let old: Vec<&Object> =
            mine.iter().copied().filter(|s| new.is_none_or(|n| n.uid() != s.uid())).collect();
        if !mine.is_empty() {
            w.field(0, "OldReplicaSets", replica_sets(&old));
            w.field(0, "NewReplicaSet", replica_sets(new.as_slice()));
        }
    }
    d.events(o);
    Ok(())
}

/// The oldest replica set whose template is the deployment's.
fn newest<'s>(deployment: &Object, sets: &[&'s Object]) -> Option<&'s Object> {
    let bare = |template: Option<&Value>| {
        let mut template = template.cloned().unwrap_or_default();
        template.remove(&["metadata", "labels", HASH]);
        template
    };
    let wanted = bare(deployment.at(&["spec", "template"]));
    let mut equal: Vec<&Object> =
        sets.iter().copied().filter(|s| bare(s.at(&["spec", "template"])) == wanted).collect();
    gatehouse_model::order::by_key(&mut equal, |s| {
        (s.str_at(&["metadata", "creationTimestamp"]).to_owned(), s.name().to_owned())
    });
    equal.first().copied()
}

fn replica_sets(sets: &[&Object]) -> String {
    let shown: Vec<String> = sets
        .iter()
        .map(|s| {
            let (made, wanted) = (number(s, &["status", "replicas"]), number(s, &["spec", "replicas"]));
            format!("{} ({made}/{wanted} replicas created)", s.name())
        })
        .collect();
    or_none(&shown.join(", ")).to_owned()
}
