//! What a volume is made of, in a pod and in a PersistentVolume.
//!
//! Models the `validate…VolumeSource` and `validate…PersistentVolumeSource` of `pkg/apis/core/validation/validation.go`.

use gatehouse_model::{FieldError, FieldPath, Value, names};

use super::check::{self, Errors};
use super::volume;

/// Where a source stands; a few rules differ.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// In a pod, as the volume of this name.
    Pod(&'a str),
    /// In a PersistentVolume of this name.
    Volume(&'a str),
}

/// Fields that must be there, by kind of source, before anything else of it is looked at.
const REQUIRED: &[(&str, &[&str])] = &[
    ("gcePersistentDisk", &["pdName"]),
    ("awsElasticBlockStore", &["volumeID"]),
    ("glusterfs", &["endpoints", "path"]),
    ("cinder", &["volumeID"]),
    ("azureFile", &["secretName", "shareName"]),
    ("azureDisk", &["diskName", "diskURI"]),
    ("vsphereVolume", &["volumePath"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("scaleIO", &["gateway", "system", "volumeName"]),
    ("flexVolume", &["driver"]),
    ("nfs", &["server", "path"]),
];

/// What both a pod and a PersistentVolume can name.
pub(super) fn shared(errors: &mut Errors, parent: &FieldPath, kind: &str, source: &Value, place: Place<'_>) {
    // The server calls a disk of Google's by half its name.
    let path = &parent.child(if kind == "gcePersistentDisk" { "persistentDisk" } else { kind });
    let text = |field: &str| source.str_at(&[field]);
    for field in REQUIRED.iter().find(|(k, _)| *k == kind).map_or(&[][..], |(_, fields)| fields) {
        check::required(errors, path.child(field), text(field));
    }
    match kind {
        "hostPath" => volume::host_path(errors, path, source),
        "gcePersistentDisk" | "awsElasticBlockStore" => {
            let partition = source.i64_at(&["partition"]).unwrap_or(0);
            if !(0..=255).contains(&partition) {
                let why = "must be between 1 and 255, inclusive";
                errors.push(FieldError::invalid(path.child("partition"), &Value::Int(partition), why));
            }
        }
        "nfs" if !text("path").starts_with('/') => {
            let why = "must be an absolute path";
            errors.push(FieldError::invalid(path.child("path"), &text("path").into(), why));
        }
        "iscsi" => iscsi(errors, parent, source, place),
        "glusterfs" => {
            if let (Place::Volume(_), Some(space)) =
                (place, source.get("endpointsNamespace").and_then(Value::as_str))
            {
                let path = path.child("endpointsNamespace");
                if space.is_empty() {
                    let why = "if the endpointnamespace is set, it must be a valid namespace name";
                    errors.push(FieldError::invalid(path, &space.into(), why));
                } else {
                    check::text(errors, &path, space, names::dns1123_label(space));
                }
            }
        }
        "flocker" => flocker(errors, path, source),
        "rbd" => {
            if source.list_at(&["monitors"]).is_empty() {
                errors.push(FieldError::required(path.child("monitors"), ""));
            }
            check::required(errors, path.child("image"), text("image"));
        }
        "cephfs" if source.list_at(&["monitors"]).is_empty() => {
            errors.push(FieldError::required(path.child("monitors"), ""));
        }
        "quobyte" => quobyte(errors, path, source),
        "cinder" => secret_ref(errors, path, source, place),
        "fc" => fibre_channel(errors, path, source),
        "flexVolume" => {
            for key in source.map_at(&["options"]).keys() {
                let space = key.split_once('/').map_or(key, |(space, _)| space).to_lowercase();
                let space = format!(".{space}");
                if space.ends_with(".kubernetes.io") || space.ends_with(".k8s.io") {
                    let why = "kubernetes.io and k8s.io namespaces are reserved";
                    errors.push(FieldError::invalid(path.child("options").key(key), &key.into(), why));
                }
            }
        }
        "azureFile" => {
            let space = source.get("secretNamespace").and_then(Value::as_str);
            if matches!(place, Place::Volume(_)) && space == Some("") {
                errors.push(FieldError::required(path.child("secretNamespace"), ""));
            }
        }
        "azureDisk" => azure_disk(errors, path, source),
        "storageos" => {
            let name = text("volumeName");
            if check::required(errors, path.child("volumeName"), name) {
                check::text(errors, &path.child("volumeName"), name, names::dns1123_label(name));
            }
            let space = text("volumeNamespace");
            if !space.is_empty() {
                check::text(errors, &path.child("volumeNamespace"), space, names::dns1123_label(space));
            }
            secret_ref(errors, path, source, place);
        }
        "csi" => csi(errors, path, source, place),
        "local" if check::required(errors, path.child("path"), text("path")) => {
            check::no_backsteps(errors, &path.child("path"), text("path"));
        }
        _ => {}
    }
}

/// The secret a source names: by name, in a PersistentVolume by namespace too.
fn secret_ref(errors: &mut Errors, path: &FieldPath, source: &Value, place: Place<'_>) {
    let Some(secret) = source.get("secretRef") else { return };
    let path = path.child("secretRef");
    check::required(errors, path.child("name"), secret.str_at(&["name"]));
    if matches!(place, Place::Volume(_)) {
        check::required(errors, path.child("namespace"), secret.str_at(&["namespace"]));
    }
}

/// Whether a name of iSCSI's follows the form that its first letters promise.
fn initiator_form(name: &str) -> bool {
    let of = |rest: &str, length: usize| {
        let mut rest = rest.chars();
        rest.next().is_some() && {
            let rest = rest.as_str();
            rest.len() == length && rest.bytes().all(|b| b.is_ascii_alphanumeric())
        }
    };
    if let Some(rest) = name.strip_prefix("eui") {
        return of(rest, 16);
    }
    if let Some(rest) = name.strip_prefix("naa") {
        return of(rest, 32);
    }
    let Some((date, rest)) = name.strip_prefix("iqn.").and_then(|rest| rest.split_once('.')) else {
        return !name.starts_with("iqn");
    };
    let dated = match date.as_bytes() {
        [year @ .., b'-', m1, m2] => year.len() == 4 && year.iter().chain([m1, m2]).all(u8::is_ascii_digit),
        _ => false,
    };
    let Some((domain, unit)) = rest.split_once(':') else { return false };
    let in_unit = |c: char| !matches!(c, ',' | ';' | '*' | '&' | '$' | '|') && !c.is_ascii_whitespace();
    dated
        && !domain.is_empty()
        && domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
        && !unit.is_empty()
        && unit.chars().all(in_unit)
}

fn iscsi(errors: &mut Errors, parent: &FieldPath, source: &Value, place: Place<'_>) {
    const TOO_LONG: &str = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
    let path = parent.child("iscsi");
    let portal = source.str_at(&["targetPortal"]);
    let initiator = source.get("initiatorName").and_then(Value::as_str);
    let of_kind = |name: &str| ["iqn", "eui", "naa"].iter().any(|kind| name.starts_with(kind));
    let (name, wrong_kind) = match place {
        Place::Pod(name) => (name, "must be valid format starting with iqn, eui, or naa"),
        Place::Volume(name) => (name, "must be valid format"),
    };
    let long = initiator.is_some() && name.len() + 1 + portal.len() > 64;
    check::required(errors, path.child("targetPortal"), portal);
    if long && matches!(place, Place::Volume(_)) {
        errors.push(FieldError::invalid(path.child("targetportal"), &portal.into(), TOO_LONG));
    }
    let iqn = source.str_at(&["iqn"]);
    if check::required(errors, path.child("iqn"), iqn) {
        if !of_kind(iqn) {
            errors.push(FieldError::invalid(path.child("iqn"), &iqn.into(), wrong_kind));
        } else if !initiator_form(iqn) {
            errors.push(FieldError::invalid(path.child("iqn"), &iqn.into(), "must be valid format"));
        }
    }
    let lun = source.i64_at(&["lun"]).unwrap_or(0);
    for complaint in names::in_range(lun, 0, 255) {
        errors.push(FieldError::invalid(path.child("lun"), &Value::Int(lun), complaint));
    }
    let asks = ["chapAuthDiscovery", "chapAuthSession"].iter().any(|f| source.bool_at(&[f]) == Some(true));
    match source.get("secretRef") {
        None if asks => errors.push(FieldError::required(path.child("secretRef"), "")),
        Some(secret) if matches!(place, Place::Volume(_)) => {
            check::required(errors, path.child("secretRef").child("name"), secret.str_at(&["name"]));
        }
        _ => {}
    }
    if let Some(initiator) = initiator {
        let mut invalid = |why: &str| {
            errors.push(FieldError::invalid(path.child("initiatorname"), &initiator.into(), why));
        };
        if !of_kind(initiator) {
            invalid(wrong_kind);
        } else if !initiator_form(initiator) {
            invalid("must be valid format");
        }
    }
    if long && matches!(place, Place::Pod(_)) {
        errors.push(FieldError::invalid(parent.child("name"), &name.into(), TOO_LONG));
    }
}

fn flocker(errors: &mut Errors, path: &FieldPath, source: &Value) {
    let (name, uuid) = (source.str_at(&["datasetName"]), source.str_at(&["datasetUUID"]));
    if name.is_empty() && uuid.is_empty() {
        errors.push(FieldError::required(path.clone(), "one of datasetName and datasetUUID is required"));
    }
    if !name.is_empty() && !uuid.is_empty() {
        let why = "datasetName and datasetUUID can not be specified simultaneously";
        errors.push(FieldError::invalid(path.clone(), &"resource".into(), why));
    }
    if name.contains('/') {
        errors.push(FieldError::invalid(path.child("datasetName"), &name.into(), "must not contain '/'"));
    }
}

fn quobyte(errors: &mut Errors, path: &FieldPath, source: &Value) {
    const PAIRS: &str = "must be a host:port pair or multiple pairs separated by commas";
    let registry = source.str_at(&["registry"]);
    if registry.is_empty() {
        errors.push(FieldError::required(path.child("registry"), PAIRS));
    } else if source.str_at(&["tenant"]).len() >= 65 {
        let why = "must be a UUID and may not exceed a length of 64 characters";
        errors.push(FieldError::required(path.child("tenant"), why));
    } else {
        let is_pair = |pair: &&str| match pair.strip_prefix('[') {
            Some(rest) => rest.split_once("]:").is_some(),
            None => pair.matches(':').count() == 1,
        };
        for _ in registry.split(',').filter(|pair| !is_pair(pair)) {
            errors.push(FieldError::invalid(path.child("registry"), &registry.into(), PAIRS));
        }
    }
    check::required(errors, path.child("volume"), source.str_at(&["volume"]));
}

fn fibre_channel(errors: &mut Errors, path: &FieldPath, source: &Value) {
    let (targets, ids) = (source.list_at(&["targetWWNs"]), source.list_at(&["wwids"]));
    if targets.is_empty() && ids.is_empty() {
        let why = "must specify either targetWWNs or wwids, but not both";
        errors.push(FieldError::required(path.child("targetWWNs"), why));
    }
    if targets.is_empty() {
        return;
    }
    if !ids.is_empty() {
        let why = "targetWWNs and wwids can not be specified simultaneously";
        errors.push(FieldError::invalid(path.child("targetWWNs"), &Value::from(targets.to_vec()), why));
    }
    match source.i64_at(&["lun"]) {
        None => {
            errors
                .push(FieldError::required(path.child("lun"), "lun is required if targetWWNs is specified"));
        }
        Some(lun) => {
            for complaint in names::in_range(lun, 0, 255) {
                errors.push(FieldError::invalid(path.child("lun"), &Value::Int(lun), complaint));
            }
        }
    }
}

fn azure_disk(errors: &mut Errors, path: &FieldPath, source: &Value) {
    let text = |field: &str| source.get(field).and_then(Value::as_str);
    if let Some(mode) = text("cachingMode") {
        check::allowed(errors, path.child("cachingMode"), mode, &["None", "ReadOnly", "ReadWrite"]);
    }
    let Some(kind) = text("kind") else { return };
    check::allowed(errors, path.child("kind"), kind, &["Dedicated", "Managed", "Shared"]);
    let (start, form) = if kind == "Managed" {
        let form =
            "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
        ("/subscriptions/", form)
    } else {
        ("https://", "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd")
    };
    let disk = source.str_at(&["diskURI"]);
    if !disk.starts_with(start) {
        errors.push(FieldError::not_supported(path.child("diskURI"), &disk.into(), &[form]));
    }
}

/// The name of a CSI driver.
pub(super) fn driver_name(errors: &mut Errors, path: &FieldPath, name: &str) {
    check::required(errors, path.clone(), name);
    if name.len() > 63 {
        errors.push(FieldError::too_long(path.clone(), 63));
    }
    check::text(errors, path, name, names::dns1123_subdomain(&name.to_lowercase()));
}

fn csi(errors: &mut Errors, path: &FieldPath, source: &Value, place: Place<'_>) {
    driver_name(errors, &path.child("driver"), source.str_at(&["driver"]));
    if matches!(place, Place::Pod(_)) {
        if let Some(secret) = source.get("nodePublishSecretRef") {
            let name = secret.str_at(&["name"]);
            if check::required(errors, path.child("nodePublishSecretRef").child("name"), name) {
                // The server leaves the reference out of this path.
                check::text(errors, &path.child("name"), name, names::dns1123_subdomain(name));
            }
        }
        return;
    }
    check::required(errors, path.child("volumeHandle"), source.str_at(&["volumeHandle"]));
    for field in [
        "controllerPublishSecretRef",
        "controllerExpandSecretRef",
        "nodePublishSecretRef",
        "nodeExpandSecretRef",
    ] {
        let Some(secret) = source.get(field) else { continue };
        let path = path.child(field);
        for (part, rule) in [
            ("name", names::dns1123_subdomain as fn(&str) -> Vec<String>),
            ("namespace", names::dns1123_label),
        ] {
            let value = secret.str_at(&[part]);
            if check::required(errors, path.child(part), value) {
                check::text(errors, &path.child(part), value, rule(value));
            }
        }
    }
}
