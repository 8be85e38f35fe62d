//! Whether nodes are heard of: a kubelet that is silent makes its node NotReady, one that speaks again Ready.
//!
//! Models kubelet's node status and pkg/controller/nodelifecycle (`--node-monitor-grace-period`).

use gatehouse_core::controllers::Client;
use gatehouse_core::{Cluster, Timestamp};
use gatehouse_model::Value;

use crate::machine::Machine;

/// How long the node controller waits for a silent kubelet.
const GRACE: i64 = 50_000;

/// Brings the node's conditions to what its kubelet does. Says whether anything changed.
pub(super) fn beat(cluster: &mut Cluster, name: &str, machine: &Machine) -> bool {
    let Some(unit) = machine.services.units.get("kubelet") else { return false };
    let Some(node) = cluster.store.get("nodes", "", name).cloned() else { return false };
    if !cluster.config.is_found() {
        return false;
    }
    let version = format!("v{}", machine.services.kubelet_version);
    let told = node.str_at(&["status", "nodeInfo", "kubeletVersion"]);
    // Only an upgrade within the cluster's own series can be made.
    let series = |v: &str| v.split('.').take(2).map(str::to_owned).collect::<Vec<_>>();
    if unit.active && told != version && series(told) == series(&version) {
        let mut status = node.get("status").cloned().unwrap_or_default();
        status.set(&["nodeInfo", "kubeletVersion"], version);
        return Client::kubelet(cluster, name).update_status("nodes", &node, status).is_ok();
    }
    let ready = |kind: &Value| kind.str_at(&["type"]) == "Ready";
    let status =
        node.list_at(&["status", "conditions"]).iter().find(|c| ready(c)).map(|c| c.str_at(&["status"]));
    let silent = !unit.active;
    if silent && cluster.now.0 - unit.since < GRACE {
        cluster.controllers.alarm(Timestamp(unit.since + GRACE));
        return false;
    }
    if silent && !cluster.components.controller_manager || silent == (status == Some("Unknown")) {
        return false;
    }
    let mut new = node.get("status").cloned().unwrap_or_default();
    let now = cluster.now.to_string();
    for condition in new.entry_at(&["conditions"]).make_list() {
        let kind = condition.str_at(&["type"]).to_owned();
        let (state, reason, message) = match (silent, kind.as_str()) {
            (true, _) => ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status."),
            (false, "MemoryPressure") => {
                ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available")
            }
            (false, "DiskPressure") => ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            (false, "PIDPressure") => {
                ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available")
            }
            (false, "Ready") => ("True", "KubeletReady", "kubelet is posting ready status"),
            _ => continue,
        };
        for (field, value) in [
            ("status", state),
            ("reason", reason),
            ("message", message),
            ("lastTransitionTime", now.as_str()),
        ] {
            condition.set(&[field], value);
        }
    }
    let mut client =
        if silent { Client::new(cluster, "node-controller") } else { Client::kubelet(cluster, name) };
    client.update_status("nodes", &node, new).is_ok()
}
