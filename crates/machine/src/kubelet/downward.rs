//! What a pod may learn of itself: its fields and its containers' resources.
//!
//! Models pkg/fieldpath and pkg/api/v1/resource (`ExtractContainerResourceValue`). Knows no huge pages.

use gatehouse_model::{Object, Quantity, Value};

use super::plan::Site;

/// A field of the pod.
pub(super) fn field(site: &Site<'_>, pod: &Object, path: &str) -> String {
    let subscript = |prefix: &str| path.strip_prefix(prefix).and_then(|p| p.strip_suffix("']"));
    match path {
        "status.podIP" | "status.podIPs" => site.ip.to_owned(),
        "status.hostIP" | "status.hostIPs" => pod.str_at(&["status", "hostIP"]).to_owned(),
        _ => {
            if let Some(key) = subscript("metadata.labels['") {
                return pod.label(key).unwrap_or_default().to_owned();
            }
            if let Some(key) = subscript("metadata.annotations['") {
                return pod.annotation(key).unwrap_or_default().to_owned();
            }
            let parts: Vec<&str> = path.split('.').collect();
            match pod.at(&parts) {
                Some(Value::Map(m)) => {
                    let line = |(k, v): (&str, &Value)| format!("{k}={:?}", v.as_str().unwrap_or_default());
                    let mut lines: Vec<String> = m.iter().map(line).collect();
                    gatehouse_model::order::sort(&mut lines);
                    lines.join("\n")
                }
                Some(value) => value.as_str().unwrap_or_default().to_owned(),
                None => String::new(),
            }
        }
    }
}

/// A resource of a container, in units of the divisor, rounded up. A limit that is not set is the node's.
pub(super) fn resource(site: &Site<'_>, pod: &Object, own: Option<&Value>, reference: &Value) -> String {
    let named = reference.str_at(&["containerName"]);
    let lists = ["containers", "initContainers"].into_iter().flat_map(|l| pod.list_at(&["spec", l]));
    let container =
        if named.is_empty() { own } else { lists.into_iter().find(|c| c.str_at(&["name"]) == named) };
    let (kind, name) = reference.str_at(&["resource"]).split_once('.').unwrap_or_default();
    let parse = |v: &Value| {
        v.as_str().and_then(|t| Quantity::parse(t).ok()).or_else(|| v.as_i64().map(Quantity::from_units))
    };
    let set = |kind: &str| container.and_then(|c| c.at(&["resources", kind, name])).and_then(parse);
    let node = || {
        let node = site.cluster.store.get("nodes", "", pod.str_at(&["spec", "nodeName"]))?;
        node.at(&["status", "allocatable", name]).and_then(parse)
    };
    let value =
        set(kind).or_else(|| (kind == "limits").then(node).flatten()).unwrap_or(Quantity::from_units(0));
    let divisor =
        reference.get("divisor").and_then(parse).filter(|d| !d.is_zero()).unwrap_or(Quantity::from_units(1));
    let (value, divisor) = if name == "cpu" {
        (value.milli(), divisor.milli())
    } else {
        (value.units(), divisor.units().max(1))
    };
    let whole = value / divisor.max(1);
    (whole + i64::from(value % divisor.max(1) > 0)).to_string()
}
