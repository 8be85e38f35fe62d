//! DefaultStorageClass, StorageObjectInUseProtection and PersistentVolumeClaimResize: claims get a class and grow only
//! where it lets them, and nothing that is used goes away.
//!
//! Models kubernetes `plugin/pkg/admission/storage`.

use gatehouse_model::Object;

use super::quantities::{self, Quantity};
use super::{AdmissionRequest, Notes, Operation, classes};
use crate::cluster::Cluster;
use crate::status::Status;

const CLASSES: &str = "storageclasses.storage.k8s.io";
const OLD_CLASS: &str = "volume.beta.kubernetes.io/storage-class";
const DEFAULTS: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

pub(super) fn default_class(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    if request.operation != Operation::Create || !request.is_about("", "persistentvolumeclaims") {
        return Ok(());
    }
    let path = ["spec", "storageClassName"];
    let Some(claim) = &mut request.object else { return Ok(()) };
    if claim.at(&path).is_some_and(|c| !c.is_null()) || claim.annotation(OLD_CLASS).is_some() {
        return Ok(());
    }
    if let Some(class) = classes::default(cluster, CLASSES, &DEFAULTS) {
        claim.set(&path, class.name());
    }
    Ok(())
}

pub(super) fn protect(
    _cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    if request.operation != Operation::Create {
        return Ok(());
    }
    let finalizer = if request.is_about("", "persistentvolumeclaims") {
        "kubernetes.io/pvc-protection"
    } else if request.is_about("", "persistentvolumes") {
        "kubernetes.io/pv-protection"
    } else {
        return Ok(());
    };
    let path = ["metadata", "finalizers"];
    let Some(object) = &mut request.object else { return Ok(()) };
    if !object.list_at(&path).iter().any(|f| f.as_str() == Some(finalizer)) {
        object.entry_at(&path).make_list().push(finalizer.into());
    }
    Ok(())
}

pub(super) fn resize(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let updates = request.operation == Operation::Update && request.is_about("", "persistentvolumeclaims");
    let (true, Some(claim), Some(old)) = (updates, &request.object, request.old_object) else {
        return Ok(());
    };
    let size = |o: &Object| {
        let amount = o.at(&["spec", "resources", "requests", "storage"]).and_then(quantities::parse);
        amount.unwrap_or_else(|| Quantity::from_units(0))
    };
    if size(claim) <= size(old) {
        return Ok(());
    }
    let mut refuse = |why: &str| {
        notes.blame(request, "spec.resources.requests.storage", "the claim asks for more than before");
        Err(request.forbid(why))
    };
    if old.str_at(&["status", "phase"]) != "Bound" {
        return refuse("Only bound persistent volume claims can be expanded");
    }
    let class =
        |o: &Object| o.annotation(OLD_CLASS).unwrap_or(o.str_at(&["spec", "storageClassName"])).to_owned();
    let (now, before) = (class(claim), class(old));
    let allows = |name: &str| {
        let class = cluster.store.get(CLASSES, "", name);
        class.and_then(|c| c.bool_at(&["allowVolumeExpansion"])) == Some(true)
    };
    if now.is_empty() || now != before || !allows(&now) {
        return refuse(
            "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
        );
    }
    Ok(())
}
