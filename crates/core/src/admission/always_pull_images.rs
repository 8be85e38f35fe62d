//! AlwaysPullImages: no image is used just because some other pod brought it to the node.
//!
//! Models kubernetes `plugin/pkg/admission/alwayspullimages/admission.go`.

use gatehouse_model::field::aggregate_texts;
use gatehouse_model::{FieldError, FieldPath, Object};

use super::{AdmissionRequest, Notes, Operation};
use crate::cluster::Cluster;
use crate::status::{Reason, Status};

const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Whether the plugin looks at the request: updates only where they bring a new image.
fn concerns(request: &AdmissionRequest<'_>) -> bool {
    let pods = request.resource.gv.group.is_empty() && request.resource.plural == "pods";
    if !pods || !matches!(request.subresource, "" | "ephemeralcontainers") {
        return false;
    }
    match (request.operation, &request.object, request.old_object) {
        (Operation::Create, Some(_), _) => true,
        (Operation::Update, Some(new), Some(old)) => {
            let images = |pod: &Object| -> Vec<String> {
                let all = LISTS.iter().flat_map(|l| pod.list_at(&["spec", l]));
                all.map(|c| c.str_at(&["image"]).to_owned()).collect()
            };
            let known = images(old);
            images(new).iter().any(|i| !known.contains(i))
        }
        _ => false,
    }
}

pub(super) fn mutate(
    _cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    if !concerns(request) {
        return Ok(());
    }
    let Some(pod) = &mut request.object else { return Ok(()) };
    for list in LISTS {
        if pod.list_at(&["spec", list]).is_empty() {
            continue;
        }
        for container in pod.entry_at(&["spec", list]).make_list() {
            container.set(&["imagePullPolicy"], "Always");
        }
    }
    Ok(())
}

pub(super) fn validate(
    _cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let Some(pod) = request.object.as_ref().filter(|_| concerns(request)) else { return Ok(()) };
    let mut errors = Vec::new();
    for list in LISTS {
        for (i, container) in pod.list_at(&["spec", list]).iter().enumerate() {
            let policy = container.str_at(&["imagePullPolicy"]);
            if policy != "Always" {
                let path = FieldPath::new("spec").child(list).index(i).child("imagePullPolicy");
                notes.blame(request, &path.to_string(), "some later plugin or webhook changed it");
                let why = FieldError::not_supported(path, &policy.into(), &["Always"]).to_string();
                errors.push(request.forbid(&why).message);
            }
        }
    }
    // Refusals in a list are no status to the server any more: an error of its own, without a reason.
    if errors.is_empty() { Ok(()) } else { Err(Status::new(Reason::Unknown, aggregate_texts(&errors))) }
}
