//! The cells of nodes. Models `printNode` of kubernetes `pkg/printers/internalversion/printers.go`.

use std::collections::BTreeSet;

use gatehouse_model::Value;

use super::At;
use super::cells::condition;

pub(super) fn status(node: &Value, _: At) -> String {
    let mut status = match condition(node, "Ready") {
        Some(c) if c.str_at(&["status"]) == "True" => "Ready".to_owned(),
        Some(_) => "NotReady".to_owned(),
        None => "Unknown".to_owned(),
    };
    if node.bool_at(&["spec", "unschedulable"]) == Some(true) {
        status.push_str(",SchedulingDisabled");
    }
    status
}

/// The roles that labels give a node, in order.
pub(crate) fn role_names(node: &Value) -> Vec<String> {
    let mut roles = BTreeSet::new();
    for (key, value) in node.map_at(&["metadata", "labels"]).iter() {
        let value = value.as_str().unwrap_or("");
        match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) if !role.is_empty() => {
                roles.insert(role.to_owned());
            }
            None if key == "kubernetes.io/role" && !value.is_empty() => {
                roles.insert(value.to_owned());
            }
            _ => {}
        }
    }
    roles.into_iter().collect()
}

pub(super) fn roles(node: &Value, _: At) -> String {
    let roles = role_names(node).join(",");
    if roles.is_empty() { "<none>".to_owned() } else { roles }
}

/// The first address of a type.
pub(super) fn address(node: &Value, kind: &str) -> String {
    let addresses = node.list_at(&["status", "addresses"]);
    let found = addresses.iter().find(|a| a.str_at(&["type"]) == kind);
    found.map_or("<none>", |a| a.str_at(&["address"])).to_owned()
}
