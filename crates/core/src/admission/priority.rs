//! Priority: a pod's class becomes a number.
//!
//! Models kubernetes `plugin/pkg/admission/priority/admission.go`.

use std::sync::Arc;

use gatehouse_model::{Object, Value};

use super::{AdmissionRequest, Notes, Operation};
use crate::cluster::Cluster;
use crate::status::Status;

const TABLE: &str = "priorityclasses.scheduling.k8s.io";

pub(super) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    if !request.is_about("", "pods") {
        return Ok(());
    }
    match request.operation {
        Operation::Create => on_create(cluster, request).inspect_err(|_| {
            notes.blame(request, "spec.priorityClassName", "a pod's priority is its class's");
        }),
        Operation::Update => {
            if let (Some(pod), Some(old)) = (&mut request.object, request.old_object) {
                for field in ["priority", "preemptionPolicy"] {
                    let path = ["spec", field];
                    if let (None, Some(before)) = (pod.at(&path), old.at(&path)) {
                        pod.set(&path, before.clone());
                    }
                }
            }
            Ok(())
        }
        Operation::Delete | Operation::Connect => Ok(()),
    }
}

/// The class of pods that name none: of the global defaults the lowest.
fn default_class(cluster: &Cluster) -> Option<&Arc<Object>> {
    cluster
        .store
        .list(TABLE, None)
        .filter(|c| c.bool_at(&["globalDefault"]) == Some(true))
        .min_by_key(|c| c.i64_at(&["value"]).unwrap_or(0))
}

fn on_create(cluster: &Cluster, request: &mut AdmissionRequest<'_>) -> Result<(), Status> {
    let Some(pod) = &request.object else { return Ok(()) };
    let name = pod.str_at(&["spec", "priorityClassName"]);
    let class = if name.is_empty() { default_class(cluster) } else { cluster.store.get(TABLE, "", name) };
    if class.is_none() && !name.is_empty() {
        return Err(request.forbid(&format!("no PriorityClass with name {name} was found")));
    }
    let priority = class.and_then(|c| c.i64_at(&["value"])).unwrap_or(0);
    let policy = class
        .map(|c| c.str_at(&["preemptionPolicy"]))
        .filter(|p| !p.is_empty())
        .unwrap_or("PreemptLowerPriority")
        .to_owned();
    if let Some(given) = pod.i64_at(&["spec", "priority"]).filter(|p| *p != priority) {
        return Err(request.forbid(&format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {priority} from the given PriorityClass name"
        )));
    }
    let given = pod.str_at(&["spec", "preemptionPolicy"]);
    if !given.is_empty() && given != policy {
        return Err(request.forbid(&format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
        )));
    }
    let default_name = class.filter(|_| name.is_empty()).map(|c| c.name().to_owned());
    if let Some(pod) = &mut request.object {
        if let Some(name) = default_name {
            pod.set(&["spec", "priorityClassName"], name);
        }
        pod.set(&["spec", "priority"], priority);
        pod.set(&["spec", "preemptionPolicy"], policy);
    }
    Ok(())
}

/// There is one default class at most.
pub(super) fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    let writes = request.writes();
    let Some(class) = request
        .object
        .as_ref()
        .filter(|_| writes && request.is_about("scheduling.k8s.io", "priorityclasses"))
    else {
        return Ok(());
    };
    if class.at(&["globalDefault"]).and_then(Value::as_bool) != Some(true) {
        return Ok(());
    }
    match default_class(cluster).filter(|other| other.name() != class.name()) {
        Some(other) => Err(request.forbid(&format!(
            "PriorityClass {} is already marked as default. Only one default can exist",
            other.name()
        ))),
        None => Ok(()),
    }
}
