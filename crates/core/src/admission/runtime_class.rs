//! RuntimeClass: the class exists, and brings its overhead and its nodes along.
//!
//! Models kubernetes `plugin/pkg/admission/runtimeclass/admission.go`.

use std::sync::Arc;

use gatehouse_model::{Map, Object, Value};

use super::tolerations::merge;
use super::{AdmissionRequest, Notes, Operation};
use crate::cluster::Cluster;
use crate::status::Status;

/// The class of the pod; `None` where it names none.
fn class(cluster: &Cluster, request: &AdmissionRequest<'_>) -> Result<Option<Arc<Object>>, Status> {
    let name = request.object.as_ref().map_or("", |pod| pod.str_at(&["spec", "runtimeClassName"]));
    if name.is_empty() {
        return Ok(None);
    }
    match cluster.store.get("runtimeclasses.node.k8s.io", "", name) {
        Some(class) => Ok(Some(Arc::clone(class))),
        None => Err(request.forbid(&format!("pod rejected: RuntimeClass \"{name}\" not found"))),
    }
}

fn concerns(request: &AdmissionRequest<'_>) -> bool {
    request.operation == Operation::Create && request.is_about("", "pods")
}

fn overhead(class: &Object) -> Option<&Value> {
    class.at(&["overhead"]).filter(|o| !o.is_null()).and_then(|o| o.get("podFixed"))
}

/// Whether two lists of resources are the same amounts.
fn same(a: &Value, b: &Value) -> bool {
    let amounts = |v: &Value| -> Vec<(String, Option<super::quantities::Quantity>)> {
        v.entries().iter().map(|(k, v)| (k.to_owned(), super::quantities::parse(v))).collect()
    };
    amounts(a) == amounts(b)
}

pub(super) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    if !concerns(request) {
        return Ok(());
    }
    let class = class(cluster, request).inspect_err(|_| {
        notes.blame(request, "spec.runtimeClassName", "no RuntimeClass of this name exists");
    })?;
    let Some(class) = class else { return Ok(()) };
    let Some(mut pod) = request.object.clone() else { return Ok(()) };
    if let Some(fixed) = overhead(&class) {
        if pod.at(&["spec", "overhead"]).is_some_and(|own| !own.is_null() && !same(own, fixed)) {
            notes.blame(request, "spec.overhead", "is the class's to say");
            return Err(request.forbid(MISMATCH));
        }
        pod.set(&["spec", "overhead"], fixed.clone());
    }
    if let Some(selector) = class.at(&["scheduling", "nodeSelector"]) {
        let mut merged: Map = pod.map_at(&["spec", "nodeSelector"]).clone();
        for (key, value) in selector.entries().iter() {
            if let Some(own) = merged.get(key).filter(|own| *own != value) {
                let (own, value) = (own.as_str().unwrap_or_default(), value.as_str().unwrap_or_default());
                notes.blame(request, &format!("spec.nodeSelector[{key}]"), "the class selects other nodes");
                return Err(request.forbid(&format!(
                    "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {own}"
                )));
            }
            merged.insert(key, value.clone());
        }
        if !merged.is_empty() {
            pod.set(&["spec", "nodeSelector"], merged);
        }
    }
    let tolerations = class.list_at(&["scheduling", "tolerations"]);
    if !tolerations.is_empty() {
        let merged = merge(pod.list_at(&["spec", "tolerations"]), tolerations);
        pod.set(&["spec", "tolerations"], merged);
    }
    request.object = Some(pod);
    Ok(())
}

const MISMATCH: &str = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

pub(super) fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    if !concerns(request) {
        return Ok(());
    }
    let class = class(cluster, request)?;
    let own = request.object.as_ref().and_then(|pod| pod.at(&["spec", "overhead"])).filter(|o| !o.is_null());
    let why = match (class.as_deref().and_then(overhead), own) {
        (Some(fixed), Some(own)) if same(fixed, own) => return Ok(()),
        (None, None) => return Ok(()),
        (Some(_), _) => MISMATCH,
        (None, Some(_)) => {
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
        }
    };
    notes.blame(request, "spec.overhead", "is the class's to say");
    Err(request.forbid(why))
}
