//! DefaultIngressClass: an ingress that names no class gets the default one.
//!
//! Models kubernetes `plugin/pkg/admission/network/defaultingressclass/admission.go`.

use std::sync::Arc;

use gatehouse_model::{Object, Value};

use super::{AdmissionRequest, Notes, Operation};
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
    let is_default = |class: &&Arc<Object>| class.annotation(DEFAULT) == Some("true");
    // Of several defaults the newest counts, then the first by name.
    let mut classes: Vec<&Arc<Object>> =
        cluster.store.list("ingressclasses.networking.k8s.io", None).filter(is_default).collect();
    gatehouse_model::order::by_key(&mut classes, |c| {
        std::cmp::Reverse(c.str_at(&["metadata", "creationTimestamp"]).to_owned())
    });
    if let Some(class) = classes.first() {
        ingress.set(&path, Value::from(class.name()));
    }
    Ok(())
}
