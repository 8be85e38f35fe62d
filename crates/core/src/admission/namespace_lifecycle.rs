//! NamespaceLifecycle: nothing is made in a namespace that is missing or going, and some namespaces stay.
//!
//! Models apiserver `pkg/admission/plugin/namespace/lifecycle/admission.go`.

use super::{AdmissionRequest, Notes, Operation};
use crate::cluster::Cluster;
use crate::status::{Status, StatusCause};

const IMMORTAL: [&str; 3] = ["default", "kube-public", "kube-system"];

pub(super) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let group = &*request.resource.gv.group;
    let is_namespace = group.is_empty() && request.resource.plural == "namespaces";
    match request.operation {
        Operation::Delete if is_namespace && IMMORTAL.contains(&request.name) => {
            return Err(Status::forbidden(
                "",
                "namespaces",
                request.name,
                "this namespace may not be deleted",
            ));
        }
        Operation::Delete | Operation::Connect => return Ok(()),
        Operation::Create | Operation::Update => {}
    }
    let review = matches!(group, "authorization.k8s.io" | "authentication.k8s.io");
    if is_namespace || review || !request.resource.namespaced() || request.namespace.is_empty() {
        return Ok(());
    }
    let Some(namespace) = cluster.store.get("namespaces", "", request.namespace) else {
        notes.blame(request, "metadata.namespace", "the namespace does not exist");
        return Err(Status::not_found("", "namespaces", request.namespace));
    };
    if request.operation == Operation::Create && namespace.str_at(&["status", "phase"]) == "Terminating" {
        let why = format!(
            "unable to create new content in namespace {} because it is being terminated",
            request.namespace
        );
        let mut status = request.forbid(&why);
        status.causes.push(StatusCause {
            reason: "NamespaceTerminating".to_owned(),
            message: format!("namespace {} is being terminated", request.namespace),
            field: "metadata.namespace".to_owned(),
        });
        return Err(status);
    }
    Ok(())
}
