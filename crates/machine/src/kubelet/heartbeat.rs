//! Whether nodes are heard of: a kubelet that is silent makes its node NotReady, one that speaks again Ready.
//!
//! Models kubelet's node status and pkg/controller/nodelifecycle (`--node-monitor-grace-period`).

use gatehouse_core::controllers::events::{self, EventType, Source};
use gatehouse_core::controllers::{Client, lease};
use gatehouse_core::{Cluster, Timestamp};
use gatehouse_model::{Object, Value, time};

use crate::machine::Machine;

/// What a kubelet last said of its node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    /// Since when it runs.
    started: Option<i64>,
    cordoned: bool,
}

/// How often a kubelet posts a status in which nothing changed, in milliseconds.
const REPORT: i64 = 300_000;

/// How long the node controller waits for a silent kubelet.
const GRACE: i64 = 50_000;

/// Brings the node's conditions to what its kubelet does. Says whether anything changed.
pub(super) fn beat(cluster: &mut Cluster, name: &str, machine: &Machine, told: &mut Told) -> bool {
    let Some(unit) = machine.services.units.get("kubelet") else { return false };
    let Some(node) = cluster.store.get("nodes", "", name).cloned() else { return false };
    if !cluster.config.is_found() {
        return false;
    }
    if unit.active {
        lease::renew(cluster, &node);
        tell(cluster, &node, unit.since, told);
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
    let posted = node
        .list_at(&["status", "conditions"])
        .iter()
        .find_map(|c| time::parse_rfc3339(c.str_at(&["lastHeartbeatTime"])).ok());
    let stale = posted.is_some_and(|(t, _)| cluster.now.0 - t * 1000 >= REPORT);
    if silent && !cluster.components.controller_manager {
        return false;
    }
    if silent == (status == Some("Unknown")) {
        return !silent && stale && report(cluster, &node);
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
        if !silent {
            condition.set(&["lastHeartbeatTime"], now.as_str());
        }
    }
    let mut client =
        if silent { Client::new(cluster, "node-controller") } else { Client::kubelet(cluster, name) };
    if client.update_status("nodes", &node, new).is_err() {
        return false;
    }
    if silent {
        let message = format!("Node {name} status is now: NodeNotReady");
        let source = Source::new("node-controller");
        events::record(cluster, source, &node, "", EventType::Normal, "NodeNotReady", &message);
    } else {
        say(cluster, &node, "NodeReady");
    }
    true
}

/// Posts the same status again.
fn report(cluster: &mut Cluster, node: &Object) -> bool {
    let mut new = node.get("status").cloned().unwrap_or_default();
    let now = cluster.now.to_string();
    for condition in new.entry_at(&["conditions"]).make_list() {
        condition.set(&["lastHeartbeatTime"], now.as_str());
    }
    Client::kubelet(cluster, node.name()).update_status("nodes", node, new).is_ok()
}

/// Notes an event about the node, whose name the kubelet writes for its UID.
fn note(cluster: &mut Cluster, node: &Object, reason: &str, message: &str) {
    let mut about = node.clone();
    about.set(&["metadata", "uid"], node.name());
    let source = Source { component: "kubelet", host: node.name() };
    events::record(cluster, source, &about, "", EventType::Normal, reason, message);
}

fn say(cluster: &mut Cluster, node: &Object, state: &str) {
    note(cluster, node, state, &format!("Node {} status is now: {state}", node.name()));
}

/// What a kubelet says when it has been started again, and of cordons. What it said at the cluster's beginning is long
/// forgotten.
fn tell(cluster: &mut Cluster, node: &Object, since: i64, told: &mut Told) {
    let cordoned = node.bool_at(&["spec", "unschedulable"]) == Some(true);
    let fresh = node.str_at(&["metadata", "creationTimestamp"]) == cluster.now.to_string();
    match told.started.replace(since).filter(|_| !fresh) {
        None => {}
        Some(before) if before == since && told.cordoned == cordoned => {}
        Some(before) if before == since => {
            say(cluster, node, if cordoned { "NodeNotSchedulable" } else { "NodeSchedulable" });
        }
        Some(_) => {
            note(cluster, node, "Starting", "Starting kubelet.");
            for state in ["NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"] {
                say(cluster, node, state);
            }
            let enforced = "Updated Node Allocatable limit across pods";
            note(cluster, node, "NodeAllocatableEnforced", enforced);
        }
    }
    told.cordoned = cordoned;
}
