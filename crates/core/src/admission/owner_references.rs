//! OwnerReferencesPermissionEnforcement: only who may delete an object gives it an owner, and only who may set an
//! owner's finalizers makes that owner wait.
//!
//! Models kubernetes `plugin/pkg/admission/gc/gc_admission.go`.

use gatehouse_model::{GroupVersion, Object, Value};

use super::{AdmissionRequest, Notes};
use crate::authz::{self, Attributes};
use crate::cluster::Cluster;
use crate::request::{ResourceTarget, Target, Verb};
use crate::status::Status;

fn owners(object: &Object) -> &[Value] {
    object.list_at(&["metadata", "ownerReferences"])
}

fn blocks(reference: &Value) -> bool {
    reference.bool_at(&["blockOwnerDeletion"]) == Some(true)
}

/// The reason for a no, as the server's log would have it; `None` for a yes.
fn refusal(
    cluster: &Cluster,
    request: &AdmissionRequest<'_>,
    verb: &Verb,
    target: ResourceTarget,
) -> Option<String> {
    let target = Target::Resource(target);
    let attributes = Attributes { user: request.user, verb, target: &target, field_selector: "" };
    let decision = authz::decide(cluster, &attributes);
    (!decision.allowed()).then(|| format!("{}, <nil>", decision.reason))
}

pub(super) fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let pod_status = request.resource.plural == "pods" && request.subresource == "status";
    let writes = request.writes();
    let Some(object) = request.object.as_ref().filter(|_| writes && !pod_status) else { return Ok(()) };
    let (now, before) = (owners(object), request.old_object.map_or(&[][..], |old| owners(old)));
    if now == before {
        return Ok(());
    }
    let resource = request.resource;
    let target = ResourceTarget {
        group: resource.gv.group.to_string(),
        version: resource.gv.version.to_string(),
        resource: resource.plural.to_string(),
        subresource: request.subresource.to_owned(),
        namespace: request.namespace.to_owned(),
        name: request.name.to_owned(),
    };
    if let Some(why) = refusal(cluster, request, &Verb::parse("delete"), target) {
        notes.blame(
            request,
            "metadata.ownerReferences",
            "who sets an owner must be allowed to delete the object",
        );
        return Err(request.forbid(&format!("cannot set an ownerRef on a resource you can't delete: {why}")));
    }
    let known = |r: &Value| {
        let same = before.iter().find(|old| old.str_at(&["uid"]) == r.str_at(&["uid"]));
        same.is_some_and(blocks)
    };
    for (i, reference) in now.iter().enumerate().filter(|(_, r)| blocks(r) && !known(r)) {
        let field = format!("metadata.ownerReferences[{i}].blockOwnerDeletion");
        let (version, kind) = (reference.str_at(&["apiVersion"]), reference.str_at(&["kind"]));
        let gv = GroupVersion::parse(version);
        let Some(owner) = cluster.resources().into_iter().find(|r| r.gv == gv && r.kind == kind) else {
            notes.blame(request, &field, "no such kind");
            return Err(request.forbid(&format!(
                "cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion {version} Kind {kind}: no matches for kind \"{kind}\" in version \"{version}\""
            )));
        };
        let target = ResourceTarget {
            group: gv.group.to_string(),
            version: gv.version.to_string(),
            resource: owner.plural.to_string(),
            subresource: "finalizers".to_owned(),
            namespace: if owner.namespaced() { request.namespace.to_owned() } else { String::new() },
            name: reference.str_at(&["name"]).to_owned(),
        };
        if let Some(why) = refusal(cluster, request, &Verb::parse("update"), target) {
            notes.blame(
                request,
                &field,
                "who blocks an owner's deletion must be allowed to set its finalizers",
            );
            return Err(request.forbid(&format!(
                "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: {why}"
            )));
        }
    }
    Ok(())
}
