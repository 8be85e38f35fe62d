//! ImagePolicyWebhook: a backend says which images may run.
//!
//! The backend stands under the address of `imagePolicy.server`, which the API server reads in the backend's kubeconfig;
//! the pattern of each of its rules is held against every image. `imagePolicy.defaultAllow` decides where nobody answers
//! there. Answers are not kept: the backends of the simulation do not change their minds.
//!
//! Models kubernetes `plugin/pkg/admission/imagepolicy/admission.go`.

use gatehouse_model::{Object, Value};

use super::{AdmissionRequest, Notes, backends};
use crate::cluster::Cluster;
use crate::status::Status;

/// The plugin's name.
pub(super) const NAME: &str = "ImagePolicyWebhook";

pub(super) fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let pods = request.resource.gv.group.is_empty() && request.resource.plural == "pods";
    let writes = request.writes();
    if !pods || !writes || !matches!(request.subresource, "" | "ephemeralcontainers") {
        return Ok(());
    }
    let (Some(pod), Some(config)) = (&request.object, cluster.config.admission_configuration.get(NAME))
    else {
        return Ok(());
    };
    let server = config.str_at(&["imagePolicy", "server"]);
    let Some(backend) = cluster.webhook_backends.get(server) else {
        if config.bool_at(&["imagePolicy", "defaultAllow"]) == Some(true) {
            let failed = "imagepolicywebhook.image-policy.k8s.io/failed-open";
            notes.audit.push((failed.to_owned(), "true".to_owned()));
            return Ok(());
        }
        notes.blame(
            request,
            "spec.containers[*].image",
            &format!("nobody answers at {server}, and defaultAllow is false"),
        );
        return Err(request.forbid(&backends::nobody(server, 30)));
    };
    for (field, image) in images(pod) {
        let Some(rule) = backend.rules.iter().find(|r| super::glob::fits(&r.pattern, &image)) else {
            continue;
        };
        if !rule.allowed {
            notes.blame(request, &field, &format!("{server} denies the image"));
            return Err(request.forbid(&if rule.message.is_empty() {
                "one or more images rejected by webhook backend".to_owned()
            } else {
                format!("image policy webhook backend denied one or more images: {}", rule.message)
            }));
        }
    }
    Ok(())
}

/// The pod's images, each with its field.
fn images(pod: &Object) -> Vec<(String, String)> {
    let of = |list: &'static str| {
        let image = move |(i, c): (usize, &Value)| {
            (format!("spec.{list}[{i}].image"), c.str_at(&["image"]).to_owned())
        };
        pod.list_at(&["spec", list]).iter().enumerate().map(image)
    };
    ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(of).collect()
}
