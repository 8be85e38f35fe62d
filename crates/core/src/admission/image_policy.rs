//! ImagePolicyWebhook: a backend says which images may run. The backend is a table in the plugin's configuration.
//!
//! `imagePolicy.defaultAllow` decides where the backend cannot be reached. The backend that is simulated stands under
//! `backend`: `available`, and `rules` of `{pattern, allowed, reason}`, the first whose pattern (with `*`) fits counts.
//!
//! Models kubernetes `plugin/pkg/admission/imagepolicy/admission.go`.

use gatehouse_model::{Object, Value};

use super::{AdmissionRequest, Notes, Operation};
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
    let writes = matches!(request.operation, Operation::Create | Operation::Update);
    if !pods || !writes || !matches!(request.subresource, "" | "ephemeralcontainers") {
        return Ok(());
    }
    let (Some(pod), Some(config)) = (&request.object, cluster.config.admission_configuration.get(NAME))
    else {
        return Ok(());
    };
    let backend = config.get("backend").filter(|b| b.bool_at(&["available"]) != Some(false));
    let Some(backend) = backend else {
        notes
            .audit
            .push(("imagepolicywebhook.image-policy.k8s.io/failed-open".to_owned(), "true".to_owned()));
        return if config.bool_at(&["imagePolicy", "defaultAllow"]) == Some(true) {
            Ok(())
        } else {
            let server = config.str_at(&["imagePolicy", "server"]);
            Err(request.forbid(&format!("Post \"{server}\": dial tcp: connect: connection refused")))
        };
    };
    for image in images(pod) {
        let rule =
            backend.list_at(&["rules"]).iter().find(|r| super::glob::fits(r.str_at(&["pattern"]), &image));
        let allowed = rule.map_or(backend.bool_at(&["defaultAllow"]), |r| r.bool_at(&["allowed"]));
        if allowed != Some(true) {
            let reason = rule.map_or("", |r| r.str_at(&["reason"]));
            return Err(request.forbid(&if reason.is_empty() {
                "one or more images rejected by webhook backend".to_owned()
            } else {
                format!("image policy webhook backend denied one or more images: {reason}")
            }));
        }
    }
    Ok(())
}

fn images(pod: &Object) -> Vec<String> {
    ["initContainers", "containers", "ephemeralContainers"]
        .iter()
        .flat_map(|list| pod.list_at(&["spec", list]))
        .map(|c: &Value| c.str_at(&["image"]).to_owned())
        .collect()
}
