//! Whether a pod may be beside others: affinity, anti-affinity, spreading over topologies.
//!
//! Models `pkg/scheduler/framework/plugins/{interpodaffinity,podtopologyspread}`.

use std::sync::Arc;

use gatehouse_model::{Object, Selector, Value};

use super::Refusal;
use super::fit;
use super::view::View;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// The required terms of a pod's affinity or anti-affinity.
fn terms<'p>(pod: &'p Object, kind: &str) -> &'p [Value] {
    pod.list_at(&["spec", "affinity", kind, REQUIRED])
}

/// Whether a term of `owner`'s picks `other`.
fn picks(view: &View, term: &Value, owner: &Object, other: &Object) -> bool {
    let Ok(selector) = Selector::from_object(term.get("labelSelector")) else { return false };
    if term.get("labelSelector").is_none_or(Value::is_null) || !selector.matches(other.labels()) {
        return false;
    }
    for key in term.list_at(&["matchLabelKeys"]).iter().filter_map(Value::as_str) {
        if owner.label(key).is_some() && owner.label(key) != other.label(key) {
            return false;
        }
    }
    for key in term.list_at(&["mismatchLabelKeys"]).iter().filter_map(Value::as_str) {
        if owner.label(key).is_some() && owner.label(key) == other.label(key) {
            return false;
        }
    }
    let named = term.list_at(&["namespaces"]);
    let selects = term.get("namespaceSelector").filter(|s| !s.is_null());
    if named.is_empty() && selects.is_none() {
        return owner.namespace() == other.namespace();
    }
    named.iter().any(|n| n.as_str() == Some(other.namespace()))
        || selects.is_some_and(|s| {
            let selector = Selector::from_object(Some(s));
            let namespace = view.namespaces.iter().find(|n| n.name() == other.namespace());
            selector.is_ok_and(|s| namespace.is_some_and(|n| s.matches(n.labels())))
        })
}

fn topology<'n>(term: &Value, node: &'n Object) -> Option<&'n str> {
    node.label(term.str_at(&["topologyKey"]))
}

/// Pods already there whose place shares the node's topology by this term.
fn beside<'v>(view: &'v View, term: &'v Value, node: &'v Object) -> impl Iterator<Item = &'v Arc<Object>> {
    let here = topology(term, node);
    view.nodes
        .iter()
        .filter(move |(n, _)| here.is_some() && topology(term, n) == here)
        .flat_map(|(_, pods)| pods)
}

/// Why the pods that are there keep this one from a node, or the other way round.
pub(super) fn refusal(view: &View, pod: &Object, node: &Object) -> Option<Refusal> {
    for term in terms(pod, "podAffinity") {
        if topology(term, node).is_none() || !beside(view, term, node).any(|p| picks(view, term, pod, p)) {
            // The first of a group that wants to be beside itself may start anywhere.
            let nobody = !view.nodes.iter().flat_map(|(_, pods)| pods).any(|p| picks(view, term, pod, p));
            if !(nobody && picks(view, term, pod, pod) && topology(term, node).is_some()) {
                return Some(Refusal::lasting("node(s) didn't match pod affinity rules"));
            }
        }
    }
    for term in terms(pod, "podAntiAffinity") {
        if beside(view, term, node).any(|p| picks(view, term, pod, p)) {
            return Some(Refusal::resolvable("node(s) didn't match pod anti-affinity rules"));
        }
    }
    for (there, pods) in &view.nodes {
        for other in pods {
            for term in terms(other, "podAntiAffinity") {
                let same = topology(term, there).is_some() && topology(term, there) == topology(term, node);
                if same && picks(view, term, other, pod) {
                    return Some(Refusal::resolvable(
                        "node(s) didn't satisfy existing pods anti-affinity rules",
                    ));
                }
            }
        }
    }
    None
}

/// Why spreading keeps a pod from a node.
pub(super) fn spread_refusal(view: &View, pod: &Object, node: &Object) -> Option<Refusal> {
    for constraint in pod.list_at(&["spec", "topologySpreadConstraints"]) {
        if constraint.str_at(&["whenUnsatisfiable"]) == "ScheduleAnyway" {
            continue;
        }
        let key = constraint.str_at(&["topologyKey"]);
        let Some(here) = node.label(key) else {
            let why = "node(s) didn't match pod topology spread constraints (missing required label)";
            return Some(Refusal::lasting(why));
        };
        let Ok(selector) = Selector::from_object(constraint.get("labelSelector")) else { continue };
        let keys: Vec<&str> =
            constraint.list_at(&["matchLabelKeys"]).iter().filter_map(Value::as_str).collect();
        let alike = |p: &Object| keys.iter().all(|k| pod.label(k).is_none() || pod.label(k) == p.label(k));
        let honours_taints = constraint.str_at(&["nodeTaintsPolicy"]) == "Honor";
        let ignores_affinity = constraint.str_at(&["nodeAffinityPolicy"]) == "Ignore";
        let mut domains: Vec<(&str, i64)> = Vec::new();
        for (n, pods) in &view.nodes {
            let Some(domain) = n.label(key) else { continue };
            let eligible = (ignores_affinity || fit::matches_node(pod, n))
                && !(honours_taints && fit::untolerated(pod, n, &["NoSchedule", "NoExecute"]).is_some());
            if !eligible {
                continue;
            }
            let counted = pods
                .iter()
                .filter(|p| {
                    p.namespace() == pod.namespace()
                        && !p.is_deleting()
                        && selector.matches(p.labels())
                        && alike(p)
                })
                .count();
            let counted = i64::try_from(counted).unwrap_or(i64::MAX);
            match domains.iter_mut().find(|(d, _)| *d == domain) {
                Some((_, n)) => *n += counted,
                None => domains.push((domain, counted)),
            }
        }
        let least = domains.iter().map(|(_, n)| *n).min().unwrap_or(0);
        let few = i64::try_from(domains.len()).unwrap_or(0) < constraint.i64_at(&["minDomains"]).unwrap_or(1);
        let least = if few { 0 } else { least };
        let there = domains.iter().find(|(d, _)| *d == here).map_or(0, |(_, n)| *n);
        let own = i64::from(selector.matches(pod.labels()));
        if there + own - least > constraint.i64_at(&["maxSkew"]).unwrap_or(1) {
            return Some(Refusal::resolvable("node(s) didn't match pod topology spread constraints"));
        }
    }
    None
}
