//! Pods start Pending, with their quality of service computed.
//!
//! Models `pkg/registry/core/pod/strategy.go` and `pkg/apis/core/helper/qos`.

use std::collections::BTreeMap;

use gatehouse_model::quantity::Quantity;
use gatehouse_model::{Object, Value, json};

use crate::server::Call;

/// Resets the status.
pub(super) fn prepare_for_create(call: &mut Call<'_>, object: &mut Object) {
    if (19..27).contains(&call.cluster.version.minor()) {
        super::seccomp::sync(object);
    }
    if call.cluster.version.minor() >= 30 {
        call.notes.warnings.extend(super::apparmor::annotations_to_fields(object));
    }
    let class = qos(object);
    let mut status = json!({"phase": "Pending", "qosClass": class});
    if !object.list_at(&["spec", "schedulingGates"]).is_empty() {
        let when = call.cluster.now.to_string();
        status.set(
            &["conditions"],
            json!([{
                "type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "lastProbeTime": null,
                "lastTransitionTime": when, "message": "Scheduling is blocked due to non-empty scheduling gates",
            }]),
        );
    }
    object.set(&["status"], status);
    if call.cluster.version.minor() >= 31 {
        label_keys(object);
    }
}

/// `matchLabelKeys` and `mismatchLabelKeys` become part of the selectors beside them.
fn label_keys(pod: &mut Object) {
    let labels = pod.labels().clone();
    let merge = |term: &mut Value| {
        if term.get("labelSelector").is_none() {
            return;
        }
        for (field, operator) in [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")] {
            let keys: Vec<Value> = term.list_at(&[field]).to_vec();
            for key in keys.iter().filter_map(Value::as_str) {
                let Some(value) = labels.get(key) else { continue };
                let requirement = json!({"key": key, "operator": operator, "values": [(value.clone())]});
                term.entry_at(&["labelSelector", "matchExpressions"]).make_list().push(requirement);
            }
        }
    };
    for kind in ["podAffinity", "podAntiAffinity"] {
        let path = ["spec", "affinity", kind, "requiredDuringSchedulingIgnoredDuringExecution"];
        if let Some(terms) = pod.at_mut(&path) {
            terms.make_list().iter_mut().for_each(merge);
        }
        let path = ["spec", "affinity", kind, "preferredDuringSchedulingIgnoredDuringExecution"];
        if let Some(terms) = pod.at_mut(&path) {
            for weighted in terms.make_list() {
                if let Some(term) = weighted.at_mut(&["podAffinityTerm"]) {
                    merge(term);
                }
            }
        }
    }
}

/// The status stays as it is.
pub(super) fn prepare_for_update(object: &mut Object, old: &Object) {
    super::copy(object, old, "status");
}

/// `Guaranteed`, `Burstable` or `BestEffort`.
pub(crate) fn qos(pod: &Object) -> &'static str {
    let mut requests: BTreeMap<String, Quantity> = BTreeMap::new();
    let mut limits: BTreeMap<String, Quantity> = BTreeMap::new();
    let mut guaranteed = true;
    let containers = ["containers", "initContainers"].into_iter().flat_map(|f| pod.list_at(&["spec", f]));
    for container in containers {
        add(&mut requests, container.at(&["resources", "requests"]));
        let own = add(&mut limits, container.at(&["resources", "limits"]));
        guaranteed &= own == 2;
    }
    if requests.is_empty() && limits.is_empty() {
        return "BestEffort";
    }
    let equal = requests.len() == limits.len() && requests.iter().all(|(k, v)| limits.get(k) == Some(v));
    if guaranteed && equal { "Guaranteed" } else { "Burstable" }
}

fn add(sums: &mut BTreeMap<String, Quantity>, amounts: Option<&Value>) -> usize {
    let mut found = 0;
    for (name, amount) in amounts.map(Value::entries).into_iter().flat_map(|m| m.iter()) {
        if name != "cpu" && name != "memory" {
            continue;
        }
        let text = amount.as_str().map_or_else(|| gatehouse_model::json::print(amount), str::to_owned);
        let Ok(amount) = Quantity::parse(&text) else { continue };
        if amount.is_zero() {
            continue;
        }
        found += 1;
        let sum = sums.remove(name).map_or(amount.clone(), |s| s.add(&amount));
        sums.insert(name.to_owned(), sum);
    }
    found
}
