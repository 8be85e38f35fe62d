//! DenyServiceExternalIPs: a service claims no addresses that are not its own.
//!
//! Models kubernetes `plugin/pkg/admission/network/denyserviceexternalips/admission.go`.

use super::{AdmissionRequest, Notes};
use crate::cluster::Cluster;
use crate::status::Status;

pub(super) fn validate(
    _cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let writes = request.writes();
    let Some(service) = request.object.as_ref().filter(|_| writes && request.is_about("", "services")) else {
        return Ok(());
    };
    let path = ["spec", "externalIPs"];
    let known = request.old_object.map_or(&[][..], |old| old.list_at(&path));
    let Some(i) = service.list_at(&path).iter().position(|ip| !known.contains(ip)) else { return Ok(()) };
    notes.blame(
        request,
        &format!("spec.externalIPs[{i}]"),
        "an address that the service did not have before",
    );
    Err(request.forbid("Use of external IPs is denied by admission control"))
}
