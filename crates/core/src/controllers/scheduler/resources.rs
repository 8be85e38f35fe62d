//! Whether a node has room: what its pods ask for against what it can give.
//!
//! Models `pkg/scheduler/framework/plugins/noderesources/fit.go`.

use std::sync::Arc;

use gatehouse_model::Object;

use super::Refusal;
use crate::admission::quantities::{Amounts, Quantity, add, amounts, of_pod};

/// What pods ask for together.
pub(super) fn requested(pods: &[Arc<Object>]) -> Amounts {
    let mut sum = Amounts::new();
    for pod in pods {
        add(&mut sum, &of_pod(pod, "requests"));
    }
    sum
}

/// What a node can give to pods.
pub(super) fn allocatable(node: &Object) -> Amounts {
    let given = amounts(node.at(&["status", "allocatable"]));
    if given.is_empty() { amounts(node.at(&["status", "capacity"])) } else { given }
}

/// What the node lacks for the pod: how many pods it takes, then each resource in the order the scheduler names them.
pub(super) fn lacking(pod: &Object, node: &Object, there: &[Arc<Object>]) -> Vec<Refusal> {
    let can = allocatable(node);
    let mut lacks = Vec::new();
    let most = can.get("pods").map_or(0, Quantity::units);
    if i64::try_from(there.len()).unwrap_or(i64::MAX) + 1 > most {
        lacks.push(Refusal::resolvable("Too many pods"));
    }
    let wanted = of_pod(pod, "requests");
    let mut names: Vec<&String> = wanted.iter().filter(|(_, q)| !q.is_zero()).map(|(n, _)| n).collect();
    gatehouse_model::order::by_key(&mut names, |name| match name.as_str() {
        "cpu" => 0,
        "memory" => 1,
        "ephemeral-storage" => 2,
        _ => 3,
    });
    if names.is_empty() {
        return lacks;
    }
    let used = requested(there);
    let nothing = Quantity::from_units(0);
    for name in names {
        let Some(wanted) = wanted.get(name) else { continue };
        let can = can.get(name).unwrap_or(&nothing);
        let free = can.sub(used.get(name).unwrap_or(&nothing));
        if *wanted > free {
            let why = format!("Insufficient {name}");
            // A pod that is larger than the whole node is not helped by others leaving.
            lacks.push(if wanted > can { Refusal::lasting(why) } else { Refusal::resolvable(why) });
        }
    }
    lacks
}
