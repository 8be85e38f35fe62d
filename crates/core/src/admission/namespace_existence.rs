//! NamespaceAutoProvision and NamespaceExists: a namespace that is missing is made, or missed.
//!
//! Models kubernetes `plugin/pkg/admission/namespace/{autoprovision,exists}`.

use gatehouse_model::{Object, json};

use super::{AdmissionRequest, Notes, Operation};
use crate::cluster::Cluster;
use crate::request::DryRun;
use crate::status::Status;

/// The namespace that must be there and is not.
fn missing<'a>(cluster: &Cluster, request: &'a AdmissionRequest<'_>) -> Option<&'a str> {
    let is_namespace = request.resource.gv.group.is_empty() && request.resource.plural == "namespaces";
    let name = request.namespace;
    (!name.is_empty() && !is_namespace && cluster.store.get("namespaces", "", name).is_none()).then_some(name)
}

pub(super) fn provision(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    let review = matches!(&*request.resource.gv.group, "authorization.k8s.io" | "authentication.k8s.io");
    if request.operation != Operation::Create || review || request.dry_run != DryRun::No {
        return Ok(());
    }
    if let Some(name) = missing(cluster, request) {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "uid": (cluster.entropy.uid()), "creationTimestamp": (cluster.now.to_string()),
                "labels": {"kubernetes.io/metadata.name": name}},
            "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}});
        cluster.store.put("namespaces", Object(namespace));
    }
    Ok(())
}

pub(super) fn exists(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    if request.operation == Operation::Connect {
        return Ok(());
    }
    let Some(name) = missing(cluster, request) else { return Ok(()) };
    notes.blame(request, "metadata.namespace", "the namespace does not exist");
    Err(Status::not_found("", "namespaces", name))
}
