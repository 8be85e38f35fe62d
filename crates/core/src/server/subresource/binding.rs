//! `pods/binding`: the scheduler's word where a pod runs.
//!
//! Models `pkg/registry/core/pod/storage/storage.go` (`BindingREST`).

use gatehouse_model::{Object, Value, json};

use crate::admission::Operation;
use crate::request::Reply;
use crate::server::admit;
use crate::server::call::Call;
use crate::status::Status;

/// POST of a binding.
pub(super) fn bind(call: &mut Call<'_>) -> Result<Reply, Status> {
    let binding = super::body(call, "Binding")?;
    let pod = call.stored()?;
    let name = call.target.name.clone();
    let binding = admit::about(call, Operation::Create, &name, binding, None)?;
    let node = binding.str_at(&["target", "name"]).to_owned();
    let conflict = |call: &Call<'_>, why: &str| Status::conflict("", "pods/binding", &call.target.name, why);
    if pod.is_deleting() {
        return Err(conflict(
            call,
            &format!("pod {} is being deleted, cannot be assigned to a host", pod.name()),
        ));
    }
    let bound = pod.str_at(&["spec", "nodeName"]);
    if !bound.is_empty() {
        return Err(conflict(call, &format!("pod {} is already assigned to node \"{bound}\"", pod.name())));
    }
    if call.is_dry_run() {
        return Ok(created());
    }
    let mut pod = pod;
    pod.set(&["spec", "nodeName"], node);
    for (key, value) in binding.annotations().iter() {
        pod.set(&["metadata", "annotations", key], value.clone());
    }
    set_condition(
        &mut pod,
        json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": (call.cluster.now.to_string())}),
    );
    call.cluster.store.put("pods", pod);
    Ok(created())
}

fn set_condition(pod: &mut Object, condition: Value) {
    let kind = condition.str_at(&["type"]).to_owned();
    let conditions = pod.entry_at(&["status", "conditions"]).make_list();
    conditions.retain(|c| c.str_at(&["type"]) != kind);
    conditions.push(condition);
}

fn created() -> Reply {
    Reply::Success(
        json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "code": 201}),
    )
}
