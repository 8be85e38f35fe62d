//! Whether a node suits a pod by what both say: names, selectors, taints, ports.
//!
//! Models `pkg/scheduler/framework/plugins/{nodeunschedulable,nodename,tainttoleration,nodeaffinity,nodeports}` and
//! `component-helpers/scheduling/corev1`.

use std::sync::Arc;

use gatehouse_model::{Object, Value};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// Whether a node is one the pod's node selector and required node affinity pick.
pub(in crate::controllers) fn matches_node(pod: &Object, node: &Object) -> bool {
    let selector = pod.map_at(&["spec", "nodeSelector"]);
    if selector.iter().any(|(k, v)| node.label(k) != v.as_str()) {
        return false;
    }
    match pod.at(&["spec", "affinity", "nodeAffinity", REQUIRED]) {
        Some(required) if !required.is_null() => matches_selector(required, node),
        _ => true,
    }
}

/// Whether any term of a node selector picks the node.
pub(super) fn matches_selector(selector: &Value, node: &Object) -> bool {
    selector.list_at(&["nodeSelectorTerms"]).iter().any(|t| matches_term(t, node))
}

/// Whether all of a node selector term holds; an empty one picks nothing.
pub(super) fn matches_term(term: &Value, node: &Object) -> bool {
    let (labels, fields) = (term.list_at(&["matchExpressions"]), term.list_at(&["matchFields"]));
    if labels.is_empty() && fields.is_empty() {
        return false;
    }
    labels.iter().all(|e| holds(e, node.label(e.str_at(&["key"]))))
        && fields.iter().all(|e| e.str_at(&["key"]) == "metadata.name" && holds(e, Some(node.name())))
}

fn holds(expression: &Value, actual: Option<&str>) -> bool {
    let values = expression.list_at(&["values"]);
    let listed = || values.iter().any(|v| v.as_str() == actual && actual.is_some());
    let number = |text: Option<&str>| text.and_then(|t| t.parse::<i64>().ok());
    let wanted = || number(values.first().and_then(Value::as_str));
    match expression.str_at(&["operator"]) {
        "In" => listed(),
        "NotIn" => !listed(),
        "Exists" => actual.is_some(),
        "DoesNotExist" => actual.is_none(),
        "Gt" => number(actual).zip(wanted()).is_some_and(|(a, w)| a > w),
        "Lt" => number(actual).zip(wanted()).is_some_and(|(a, w)| a < w),
        _ => false,
    }
}

/// The names of the nodes to which the pod's required node affinity pins it by field, if it does.
pub(super) fn pinned(pod: &Object) -> Option<Vec<String>> {
    let terms = pod.list_at(&["spec", "affinity", "nodeAffinity", REQUIRED, "nodeSelectorTerms"]);
    if terms.is_empty() {
        return None;
    }
    let mut names = Vec::new();
    for term in terms {
        let fields = term.list_at(&["matchFields"]);
        let by_name = fields.iter().filter(|f| f.str_at(&["operator"]) == "In");
        let mut found = false;
        for field in by_name {
            found = true;
            names.extend(field.list_at(&["values"]).iter().filter_map(Value::as_str).map(str::to_owned));
        }
        if !found {
            return None;
        }
    }
    Some(names)
}

/// The first taint with one of these effects that the pod does not tolerate.
pub(in crate::controllers) fn untolerated<'n>(
    pod: &Object,
    node: &'n Object,
    effects: &[&str],
) -> Option<&'n Value> {
    let tolerations = pod.list_at(&["spec", "tolerations"]);
    node.list_at(&["spec", "taints"])
        .iter()
        .filter(|t| effects.contains(&t.str_at(&["effect"])))
        .find(|taint| !tolerations.iter().any(|t| tolerates(t, taint)))
}

/// Whether a toleration tolerates a taint.
pub(in crate::controllers) fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let (effect, key) = (toleration.str_at(&["effect"]), toleration.str_at(&["key"]));
    let fits = (effect.is_empty() || effect == taint.str_at(&["effect"]))
        && (key.is_empty() || key == taint.str_at(&["key"]));
    let numbers = || {
        let taint = taint.str_at(&["value"]).parse::<i64>().ok()?;
        Some((taint, toleration.str_at(&["value"]).parse::<i64>().ok()?))
    };
    fits && match toleration.str_at(&["operator"]) {
        "Exists" => true,
        "Gt" => numbers().is_some_and(|(taint, wanted)| taint > wanted),
        "Lt" => numbers().is_some_and(|(taint, wanted)| taint < wanted),
        _ => toleration.str_at(&["value"]) == taint.str_at(&["value"]),
    }
}

/// The host ports of a pod: protocol, address, number.
fn host_ports(pod: &Object) -> Vec<(String, String, i64)> {
    let or = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
    let sidecar = |c: &&Value| c.str_at(&["restartPolicy"]) == "Always";
    pod.list_at(&["spec", "containers"])
        .iter()
        .chain(pod.list_at(&["spec", "initContainers"]).iter().filter(sidecar))
        .flat_map(|c| c.list_at(&["ports"]))
        .filter_map(|p| {
            let number = p.i64_at(&["hostPort"]).filter(|n| *n > 0)?;
            Some((or(p.str_at(&["protocol"]), "TCP"), or(p.str_at(&["hostIP"]), "0.0.0.0"), number))
        })
        .collect()
}

/// Whether a port of the node that the pod wants is taken.
pub(super) fn ports_taken(pod: &Object, there: &[Arc<Object>]) -> bool {
    let wanted = host_ports(pod);
    if wanted.is_empty() {
        return false;
    }
    let taken: Vec<_> = there.iter().flat_map(|p| host_ports(p)).collect();
    let any = "0.0.0.0";
    wanted.iter().any(|(protocol, ip, port)| {
        taken.iter().any(|(p, i, n)| p == protocol && n == port && (i == ip || i == any || ip == any))
    })
}
