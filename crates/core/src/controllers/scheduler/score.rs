//! Which of several nodes that suit a pod is the best.
//!
//! Models the default scores of `pkg/scheduler/framework/plugins` as far as they decide visibly: taints that only
//! discourage, preferred node affinity, spreading, least allocated. Where upstream draws lots, the first name wins.

use std::sync::Arc;

use gatehouse_model::Object;

use super::fit;
use super::resources;
use crate::admission::quantities::{Quantity, of_pod};
use crate::controllers::owner;

const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// The best of these nodes.
pub(super) fn best<'n>(
    pod: &Object,
    fitting: &[(&'n Arc<Object>, &'n Vec<Arc<Object>>)],
) -> Option<&'n Arc<Object>> {
    if let [(only, _)] = fitting {
        return Some(only);
    }
    let taints: Vec<i64> = fitting.iter().map(|(n, _)| discouraging(pod, n)).collect();
    let wishes: Vec<i64> = fitting.iter().map(|(n, _)| wished(pod, n)).collect();
    let alike: Vec<i64> = fitting.iter().map(|(_, there)| siblings(pod, there)).collect();
    let mut best: Option<(i64, &Arc<Object>)> = None;
    for (i, (node, there)) in fitting.iter().enumerate() {
        let score = 3 * inverse(&taints, i)
            + 2 * normal(&wishes, i)
            + 2 * inverse(&alike, i)
            + room(pod, node, there);
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, node));
        }
    }
    best.map(|(_, node)| node)
}

/// A count as 0 to 100 of the largest.
fn normal(all: &[i64], i: usize) -> i64 {
    let most = all.iter().copied().max().unwrap_or(0);
    if most == 0 { 0 } else { 100 * all.get(i).copied().unwrap_or(0) / most }
}

fn inverse(all: &[i64], i: usize) -> i64 {
    100 - normal(all, i)
}

fn discouraging(pod: &Object, node: &Object) -> i64 {
    let tolerations = pod.list_at(&["spec", "tolerations"]);
    let taints = node.list_at(&["spec", "taints"]).iter().filter(|t| {
        t.str_at(&["effect"]) == "PreferNoSchedule" && !tolerations.iter().any(|x| fit::tolerates(x, t))
    });
    i64::try_from(taints.count()).unwrap_or(i64::MAX)
}

fn wished(pod: &Object, node: &Object) -> i64 {
    pod.list_at(&["spec", "affinity", "nodeAffinity", PREFERRED])
        .iter()
        .filter(|t| t.get("preference").is_some_and(|p| fit::matches_term(p, node)))
        .filter_map(|t| t.i64_at(&["weight"]))
        .sum()
}

/// How many pods of the same controller are there.
fn siblings(pod: &Object, there: &[Arc<Object>]) -> i64 {
    let Some(mine) = pod.controller().map(|c| c.str_at(&["uid"])) else { return 0 };
    let same = there.iter().filter(|p| owner::references(p).iter().any(|r| r.str_at(&["uid"]) == mine));
    i64::try_from(same.count()).unwrap_or(i64::MAX)
}

/// How much of cpu and memory would be free, as 0 to 100.
fn room(pod: &Object, node: &Object, there: &[Arc<Object>]) -> i64 {
    let can = resources::allocatable(node);
    let used = resources::requested(there);
    let wanted = of_pod(pod, "requests");
    let nothing = Quantity::from_units(0);
    let free = |name: &str| {
        let part = |m: &crate::admission::quantities::Amounts| m.get(name).unwrap_or(&nothing).units();
        let (can, used) = (part(&can), part(&used) + part(&wanted));
        if can == 0 { 0 } else { (100 * (can - used).max(0)) / can }
    };
    i64::midpoint(free("cpu"), free("memory"))
}
