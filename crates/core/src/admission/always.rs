//! AlwaysAdmit and AlwaysDeny: no questions, and no answers.
//!
//! Models kubernetes `plugin/pkg/admission/{admit,deny}`.

use super::{AdmissionRequest, Notes};
use crate::cluster::Cluster;
use crate::status::Status;

const DENIED: &str = "admission control is denying all modifications";

pub(super) fn deny(_: &mut Cluster, request: &mut AdmissionRequest<'_>, _: &mut Notes) -> Result<(), Status> {
    Err(request.forbid(DENIED))
}

pub(super) fn deny_again(
    _: &mut Cluster,
    request: &AdmissionRequest<'_>,
    _: &mut Notes,
) -> Result<(), Status> {
    Err(request.forbid(DENIED))
}
