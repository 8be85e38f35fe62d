//! Volumes, claims and classes.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::{meta, resources, volume};

const ACCESS_MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

fn access_modes(errors: &mut Errors, path: &FieldPath, object: &Object) {
    let modes = object.list_at(&["spec", "accessModes"]);
    let path = path.child("accessModes");
    if modes.is_empty() {
        errors.push(FieldError::required(path.clone(), ""));
    }
    for mode in modes {
        check::allowed(errors, path.clone(), mode.as_str().unwrap_or_default(), ACCESS_MODES);
    }
    if modes.len() > 1 && modes.iter().any(|m| m.as_str() == Some("ReadWriteOncePod")) {
        let why = "may not use ReadWriteOncePod with other access modes";
        errors.push(FieldError::forbidden(path, why));
    }
}

/// A PersistentVolume.
pub(super) fn volume_object(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, false, names::dns1123_subdomain);
    let path = FieldPath::new("spec");
    access_modes(errors, &path, object);
    let capacity = object.map_at(&["spec", "capacity"]);
    if capacity.is_empty() {
        errors.push(FieldError::required(path.child("capacity"), ""));
    }
    if !capacity.contains_key("storage") || capacity.len() > 1 {
        let shown = Value::from(capacity.clone());
        errors.push(FieldError::not_supported(path.child("capacity"), &shown, &["storage"]));
    }
    for (name, amount) in capacity.iter() {
        resources::amount_of(errors, &path.child("capacity").key(name), name, amount);
        if resources::quantity(amount).1.is_some_and(|q| q.is_zero()) {
            let why = "must be greater than zero";
            errors.push(FieldError::invalid(path.child("capacity").key(name), amount, why));
        }
    }
    check::one_of(
        errors,
        path.child("persistentVolumeReclaimPolicy"),
        object.str_at(&["spec", "persistentVolumeReclaimPolicy"]),
        &["Delete", "Recycle", "Retain"],
    );
    let known = [
        "hostPath",
        "gcePersistentDisk",
        "awsElasticBlockStore",
        "glusterfs",
        "flocker",
        "nfs",
        "rbd",
        "quobyte",
        "cephfs",
        "iscsi",
        "cinder",
        "fc",
        "flexVolume",
        "azureFile",
        "vsphereVolume",
        "photonPersistentDisk",
        "portworxVolume",
        "azureDisk",
        "scaleIO",
        "local",
        "storageos",
        "csi",
    ];
    let mut found = false;
    for kind in known {
        let Some(source) = object.at(&["spec", kind]) else { continue };
        if found {
            errors.push(FieldError::forbidden(path.child(kind), "may not specify more than 1 volume type"));
            continue;
        }
        found = true;
        if kind == "hostPath" {
            volume::host_path(errors, &path.child(kind), source);
        }
        if kind == "local" {
            check::required(errors, path.child(kind).child("path"), source.str_at(&["path"]));
            if object.at(&["spec", "nodeAffinity"]).is_none() {
                errors.push(FieldError::required(
                    path.child("nodeAffinity"),
                    "Local volume requires node affinity",
                ));
            }
        }
    }
    if !found {
        errors.push(FieldError::required(path.clone(), "must specify a volume type"));
    }
    if object.str_at(&["spec", "hostPath", "path"]) == "/"
        && object.str_at(&["spec", "persistentVolumeReclaimPolicy"]) == "Recycle"
    {
        let why = "may not be 'recycle' for a hostPath mount of '/'";
        errors.push(FieldError::forbidden(path.child("persistentVolumeReclaimPolicy"), why));
    }
}

/// A change of a PersistentVolume.
pub(super) fn volume_update(errors: &mut Errors, new: &Object, old: &Object) {
    volume_object(errors, new);
    let source = |o: &Object| {
        let mut spec = o.get("spec").cloned().unwrap_or_default();
        for field in [
            "capacity",
            "accessModes",
            "claimRef",
            "persistentVolumeReclaimPolicy",
            "storageClassName",
            "mountOptions",
            "volumeMode",
            "nodeAffinity",
            "volumeAttributesClassName",
        ] {
            spec.remove(&[field]);
        }
        spec
    };
    if source(new) != source(old) {
        let why = "spec.persistentvolumesource is immutable after creation";
        errors.push(FieldError::forbidden(FieldPath::new("spec.persistentvolumesource"), why));
    }
    let path = ["spec", "volumeMode"];
    check::immutable(errors, FieldPath::new("volumeMode"), new.at(&path), old.at(&path));
    let path = ["spec", "nodeAffinity"];
    if old.at(&path).is_some() {
        check::immutable(errors, FieldPath::new("nodeAffinity"), new.at(&path), old.at(&path));
    }
}

/// A PersistentVolumeClaim.
pub(super) fn claim(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    claim_spec(errors, object);
}

fn claim_spec(errors: &mut Errors, object: &Object) {
    let path = FieldPath::new("spec");
    let modes = object.list_at(&["spec", "accessModes"]);
    if modes.is_empty() {
        errors.push(FieldError::required(path.child("accessModes"), "at least 1 access mode is required"));
    } else {
        access_modes(errors, &path, object);
    }
    meta::selector(errors, &path.child("selector"), object.at(&["spec", "selector"]));
    let at = path.child("resources").key("storage");
    match object.at(&["spec", "resources", "requests", "storage"]) {
        None => errors.push(FieldError::required(at, "")),
        Some(amount) => {
            if let (text, Some(q)) = resources::quantity(amount)
                && (q.is_zero() || q.is_negative())
            {
                errors.push(FieldError::invalid(at, &text.into(), "must be greater than zero"));
            }
        }
    }
    if let Some(class) = object.at(&["spec", "storageClassName"]).and_then(Value::as_str)
        && !class.is_empty()
    {
        check::text(errors, &path.child("storageClassName"), class, names::dns1123_subdomain(class));
    }
    if let Some(mode) = object.at(&["spec", "volumeMode"]).and_then(Value::as_str) {
        check::allowed(errors, path.child("volumeMode"), mode, &["Block", "Filesystem"]);
    }
}

/// A change of a PersistentVolumeClaim.
pub(super) fn claim_update(errors: &mut Errors, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    claim_spec(errors, new);
    let fixed = |o: &Object| {
        let mut spec = o.get("spec").cloned().unwrap_or_default();
        if new.str_at(&["status", "phase"]) == "Bound" {
            spec.remove(&["resources", "requests", "storage"]);
            spec.remove(&["volumeAttributesClassName"]);
        }
        if old.str_at(&["spec", "volumeName"]).is_empty() {
            spec.remove(&["volumeName"]);
        }
        if old.at(&["spec", "storageClassName"]).is_none() {
            spec.remove(&["storageClassName"]);
        }
        spec
    };
    if fixed(new) != fixed(old) {
        let why = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        let diff = super::internal::diff("PersistentVolumeClaimSpec", &fixed(old), &fixed(new));
        errors.push(FieldError::forbidden(FieldPath::new("spec"), format!("{why}\n{diff}")));
    }
    let size = |o: &Object| {
        o.at(&["spec", "resources", "requests", "storage"]).and_then(|v| resources::quantity(v).1)
    };
    if let (Some(now), Some(before)) = (size(new), size(old))
        && now < before
    {
        let path = FieldPath::new("spec.resources.requests.storage");
        errors.push(FieldError::forbidden(path, "field can not be less than status.capacity"));
    }
}

/// A StorageClass.
pub(super) fn class(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, false, names::dns1123_subdomain);
    let provisioner = object.str_at(&["provisioner"]);
    if check::required(errors, FieldPath::new("provisioner"), provisioner) {
        check::text(
            errors,
            &FieldPath::new("provisioner"),
            provisioner,
            names::label_key(&provisioner.to_lowercase()),
        );
    }
    check::allowed(
        errors,
        FieldPath::new("reclaimPolicy"),
        object.str_at(&["reclaimPolicy"]),
        &["Delete", "Retain"],
    );
    check::allowed(
        errors,
        FieldPath::new("volumeBindingMode"),
        object.str_at(&["volumeBindingMode"]),
        &["Immediate", "WaitForFirstConsumer"],
    );
}

/// A change of a StorageClass.
pub(super) fn class_update(errors: &mut Errors, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    let same = |field: &str| new.get(field) == old.get(field);
    if !same("parameters") {
        errors.push(FieldError::forbidden(
            FieldPath::new("parameters"),
            "updates to parameters are forbidden.",
        ));
    }
    if !same("provisioner") {
        errors.push(FieldError::forbidden(
            FieldPath::new("provisioner"),
            "updates to provisioner are forbidden.",
        ));
    }
    if !same("reclaimPolicy") {
        errors.push(FieldError::forbidden(
            FieldPath::new("reclaimPolicy"),
            "updates to reclaimPolicy are forbidden.",
        ));
    }
    check::immutable(
        errors,
        FieldPath::new("volumeBindingMode"),
        new.get("volumeBindingMode"),
        old.get("volumeBindingMode"),
    );
}
