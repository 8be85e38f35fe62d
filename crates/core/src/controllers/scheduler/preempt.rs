//! Making room for a pod by removing others of lower priority.
//!
//! Models `pkg/scheduler/framework/{preemption,plugins/defaultpreemption}`.

use std::sync::Arc;

use gatehouse_model::{Object, Value};

use super::view::View;
use super::{SOURCE, Verdict, priority, refuse};
use crate::controllers::client::Client;
use crate::controllers::events::{self, EventType};
use crate::controllers::pods;

/// How preemption went.
pub(super) enum Outcome {
    /// These pods leave this node.
    Nominated(String, Vec<Arc<Object>>),
    /// It cannot help; why, in the scheduler's words.
    Hopeless(String),
}

/// Looks for pods whose leaving would let `pod` in.
pub(super) fn find(client: &Client<'_>, view: &View, pod: &Object, verdicts: &[Verdict]) -> Outcome {
    if pod.str_at(&["spec", "preemptionPolicy"]) == "Never" {
        return Outcome::Hopeless("not eligible due to preemptionPolicy=Never.".to_owned());
    }
    let nominated = pod.str_at(&["status", "nominatedNodeName"]);
    let leaving = view
        .nodes
        .iter()
        .filter(|(n, _)| n.name() == nominated)
        .flat_map(|(_, there)| there)
        .any(|p| p.is_deleting() && priority(p) < priority(pod));
    if leaving {
        return Outcome::Hopeless("not eligible due to a terminating pod on the nominated node.".to_owned());
    }
    let total = view.nodes.len();
    let (mut useless, mut without) = (0, 0);
    let mut best: Option<(String, Vec<Arc<Object>>)> = None;
    for (at, (node, there)) in view.nodes.iter().enumerate() {
        if verdicts.iter().any(|v| v.node == node.name() && v.is_lasting()) {
            useless += 1;
            continue;
        }
        match victims(client, view, at, pod, there) {
            Some(victims) => {
                let better = |old: &[Arc<Object>]| rank(&victims) < rank(old);
                if best.as_ref().is_none_or(|(_, old)| better(old)) {
                    best = Some((node.name().to_owned(), victims));
                }
            }
            None => without += 1,
        }
    }
    if let Some((node, victims)) = best {
        return Outcome::Nominated(node, victims);
    }
    let mut reasons = Vec::new();
    if without > 0 {
        reasons.push(format!("{without} No preemption victims found for incoming pod"));
    }
    if useless > 0 {
        reasons.push(format!("{useless} Preemption is not helpful for scheduling"));
    }
    Outcome::Hopeless(format!("0/{total} nodes are available: {}.", reasons.join(", ")))
}

/// Nodes lose as little as possible: low priorities first, then few pods.
fn rank(victims: &[Arc<Object>]) -> (i64, i64, usize) {
    let highest = victims.iter().map(|v| priority(v)).max().unwrap_or(i64::MIN);
    (highest, victims.iter().map(|v| priority(v)).sum(), victims.len())
}

/// The fewest pods of a node that have to leave; those of higher priority are spared first.
fn victims(
    client: &Client<'_>,
    view: &View,
    at: usize,
    pod: &Object,
    there: &[Arc<Object>],
) -> Option<Vec<Arc<Object>>> {
    let (mut lower, stays): (Vec<_>, Vec<_>) =
        there.iter().cloned().partition(|p| priority(p) < priority(pod));
    if lower.is_empty() {
        return None;
    }
    let with = |there: Vec<Arc<Object>>| {
        let node = view.nodes.get(at).map(|(node, _)| Arc::clone(node))?;
        refuse(client, &view.with(at, there), pod, &node).is_empty().then_some(())
    };
    with(stays.clone())?;
    gatehouse_model::order::by(&mut lower, |a, b| {
        priority(b).cmp(&priority(a)).then(pods::created(a).cmp(pods::created(b)))
    });
    let (mut kept, mut victims) = (stays, Vec::new());
    for candidate in lower {
        let mut more = kept.clone();
        more.push(Arc::clone(&candidate));
        if with(more.clone()).is_some() {
            kept = more;
        } else {
            victims.push(candidate);
        }
    }
    Some(victims)
}

/// Removes a victim.
pub(super) fn evict(client: &mut Client<'_>, preemptor: &Object, node: &str, victim: &Object) {
    if victim.is_deleting() {
        return;
    }
    let mut status = victim.get("status").cloned().unwrap_or_else(Value::map);
    let words =
        ("PreemptionByScheduler", "default-scheduler: preempting to accommodate a higher priority pod");
    let condition = pods::disruption(victim, client.cluster.version.minor(), words, &client.now());
    status.entry_at(&["conditions"]).make_list().push(condition);
    if client.cluster.version.minor() >= 26 {
        let _ = client.update_status("pods", victim, status);
    }
    if client.delete("pods", victim.namespace(), victim.name()).is_ok() {
        let message = if client.cluster.version.minor() >= 27 {
            format!("Preempted by pod {} on node {node}", preemptor.uid())
        } else {
            format!("Preempted by {}/{} on node {node}", preemptor.namespace(), preemptor.name())
        };
        let words = ("Preempted", "Preempting");
        events::note_action(client, SOURCE, victim, EventType::Normal, words, &message);
    }
}
