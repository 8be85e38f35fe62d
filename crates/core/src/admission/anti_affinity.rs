//! LimitPodHardAntiAffinityTopology: who must stand apart does so by node, not by zone.
//!
//! Models kubernetes `plugin/pkg/admission/antiaffinity/admission.go`.

use super::{AdmissionRequest, Notes};
use crate::cluster::Cluster;
use crate::status::Status;

const HOSTNAME: &str = "kubernetes.io/hostname";

pub(super) fn validate(
    _cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let writes = request.writes();
    let Some(pod) = request.object.as_ref().filter(|_| writes && request.is_about("", "pods")) else {
        return Ok(());
    };
    let path = ["spec", "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
    for (i, term) in pod.list_at(&path).iter().enumerate() {
        let key = term.str_at(&["topologyKey"]);
        if key != HOSTNAME {
            notes.blame(request, &format!("{}[{i}].topologyKey", path.join(".")), "another topology key");
            return Err(request.forbid(&format!(
                "affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey {key} but only key {HOSTNAME} is allowed"
            )));
        }
    }
    Ok(())
}
