//! TaintNodesByCondition and PodTopologyLabels: a node is not ready until it says so, and its pods are told where they
//! are.
//!
//! Models kubernetes `plugin/pkg/admission/{nodetaint,podtopologylabels}/admission.go`.

use gatehouse_model::json;

use super::{AdmissionRequest, Notes, Operation};
use crate::cluster::Cluster;
use crate::status::Status;

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const TOPOLOGY: [&str; 2] = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"];

/// Gives a new node the taint that keeps pods off it.
pub(super) fn taint(
    _cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    if request.operation != Operation::Create || !request.is_about("", "nodes") {
        return Ok(());
    }
    let Some(node) = &mut request.object else { return Ok(()) };
    let tainted =
        |t: &gatehouse_model::Value| t.str_at(&["key"]) == NOT_READY && t.str_at(&["effect"]) == "NoSchedule";
    if !node.list_at(&["spec", "taints"]).iter().any(tainted) {
        let taint = json!({"key": NOT_READY, "effect": "NoSchedule"});
        node.entry_at(&["spec", "taints"]).make_list().push(taint);
    }
    Ok(())
}

/// Copies a node's region and zone to pods that are bound to it, and to bindings.
pub(super) fn topology(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    let pods = request.resource.gv.group.is_empty() && request.resource.plural == "pods";
    if request.operation != Operation::Create || !pods {
        return Ok(());
    }
    let (subresource, Some(object)) = (request.subresource, &mut request.object) else { return Ok(()) };
    let node = match subresource {
        "" => object.str_at(&["spec", "nodeName"]),
        "binding" if object.str_at(&["target", "kind"]) == "Node" => object.str_at(&["target", "name"]),
        _ => "",
    };
    let Some(node) = cluster.store.get("nodes", "", node) else { return Ok(()) };
    for label in TOPOLOGY {
        if let Some(value) = node.label(label).filter(|_| object.label(label).is_none()) {
            object.set(&["metadata", "labels", label], value);
        }
    }
    Ok(())
}
