//! Volumes, claims, classes and drivers.

use gatehouse_model::{Value, json};

use super::fill;

/// A PersistentVolume.
pub(super) fn volume(object: &mut Value) {
    fill::text(object, &["status", "phase"], "Pending");
    fill::text(object, &["spec", "persistentVolumeReclaimPolicy"], "Retain");
    fill::pointer(object, &["spec", "volumeMode"], "Filesystem");
    fill::inside(object, &["spec", "hostPath"], |h| fill::pointer(h, &["type"], ""));
}

/// A PersistentVolumeClaim.
pub(super) fn claim(object: &mut Value) {
    fill::text(object, &["status", "phase"], "Pending");
    fill::structure(object, &["spec", "resources"]);
    fill::pointer(object, &["spec", "volumeMode"], "Filesystem");
}

/// A StorageClass.
pub(super) fn class(object: &mut Value) {
    fill::pointer(object, &["reclaimPolicy"], "Delete");
    fill::pointer(object, &["volumeBindingMode"], "Immediate");
}

/// A CSIDriver.
pub(super) fn driver(object: &mut Value) {
    let spec = object.entry_at(&["spec"]);
    fill::pointer(spec, &["attachRequired"], true);
    for field in ["podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount"] {
        fill::pointer(spec, &[field], false);
    }
    fill::pointer(spec, &["fsGroupPolicy"], "ReadWriteOnceWithFSType");
    if spec.list_at(&["volumeLifecycleModes"]).is_empty() {
        spec.set(&["volumeLifecycleModes"], json!(["Persistent"]));
    }
}
