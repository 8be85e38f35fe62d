//! DefaultTolerationSeconds: pods stay five minutes, or as long as the server's flags say, on a node in trouble.
//!
//! Models kubernetes `plugin/pkg/admission/defaulttolerationseconds/admission.go`.

use gatehouse_model::json;

use super::{AdmissionRequest, Notes};
use crate::cluster::Cluster;
use crate::status::Status;

const TAINTS: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

pub(super) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    let writes = request.writes();
    if !writes || !request.is_about("", "pods") {
        return Ok(());
    }
    let Some(pod) = &mut request.object else { return Ok(()) };
    for (taint, seconds) in TAINTS.into_iter().zip(cluster.config.toleration_seconds) {
        let tolerated = pod.list_at(&["spec", "tolerations"]).iter().any(|t| {
            let (key, effect) = (t.str_at(&["key"]), t.str_at(&["effect"]));
            (key.is_empty() || key == taint) && (effect.is_empty() || effect == "NoExecute")
        });
        if !tolerated {
            pod.entry_at(&["spec", "tolerations"]).make_list().push(json!({
                "key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds,
            }));
        }
    }
    Ok(())
}
