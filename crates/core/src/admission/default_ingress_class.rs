//! DefaultIngressClass: an ingress that names no class gets the default one.
//!
//! Models kubernetes `plugin/pkg/admission/network/defaultingressclass/admission.go`.

use gatehouse_model::Value;

use super::{AdmissionRequest, Notes, Operation, classes};
use crate::cluster::Cluster;
use crate::status::Status;

const DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";
const OLD: &str = "kubernetes.io/ingress.class";

pub(super) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    if request.operation != Operation::Create || !request.is_about("networking.k8s.io", "ingresses") {
        return Ok(());
    }
    let path = ["spec", "ingressClassName"];
    let Some(ingress) = &mut request.object else { return Ok(()) };
    if ingress.at(&path).is_some_and(|v| !v.is_null()) || ingress.annotation(OLD).is_some() {
        return Ok(());
    }
    if let Some(class) = classes::default(cluster, "ingressclasses.networking.k8s.io", &[DEFAULT]) {
        ingress.set(&path, Value::from(class.name()));
    }
    Ok(())
}
