//! Volumes, mounts and devices.
//!
//! Models `ValidateVolumes`, `validateVolumeSource`, `ValidateVolumeMounts`, `ValidateVolumeDevices`. Knows no
//! projection of pod certificates.

use gatehouse_model::{FieldError, FieldPath, Value, names};

use super::check::{self, Errors};
use super::env;
use super::pod_spec::Context;
use super::volume_source::{self, Place};
use super::{classes, meta, resources, storage};

/// Sources in the order they are looked at. The second name is the one errors of a further source use.
const SOURCES: &[(&str, &str)] = &[
    ("emptyDir", "emptyDir"),
    ("hostPath", "hostPath"),
    ("gitRepo", "gitRepo"),
    ("gcePersistentDisk", "gcePersistentDisk"),
    ("awsElasticBlockStore", "awsElasticBlockStore"),
    ("secret", "secret"),
    ("nfs", "nfs"),
    ("iscsi", "iscsi"),
    ("glusterfs", "glusterfs"),
    ("flocker", "flocker"),
    ("persistentVolumeClaim", "persistentVolumeClaim"),
    ("rbd", "rbd"),
    ("cinder", "cinder"),
    ("cephfs", "cephFS"),
    ("quobyte", "quobyte"),
    ("downwardAPI", "downwarAPI"),
    ("fc", "fc"),
    ("flexVolume", "flexVolume"),
    ("configMap", "configMap"),
    ("azureFile", "azureFile"),
    ("vsphereVolume", "vsphereVolume"),
    ("photonPersistentDisk", "photonPersistentDisk"),
    ("portworxVolume", "portworxVolume"),
    ("azureDisk", "azureDisk"),
    ("storageos", "storageos"),
    ("projected", "projected"),
    ("scaleIO", "scaleIO"),
    ("csi", "csi"),
    ("ephemeral", "ephemeral"),
    ("image", "image"),
];

const HOST_PATH_TYPES: &[&str] =
    &["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];

/// `spec.volumes`; gives back the volumes that are right, which alone can be mounted. `pod` is its name, where it has one.
pub(super) fn volumes<'a>(
    errors: &mut Errors,
    path: &FieldPath,
    spec: &'a Value,
    pod: Option<&str>,
) -> Vec<&'a Value> {
    let pod = pod.filter(|name| !name.is_empty());
    let volumes = spec.list_at(&["volumes"]);
    let claims: Vec<String> = volumes
        .iter()
        .filter(|volume| volume.get("ephemeral").is_some())
        .filter_map(|volume| Some(format!("{}-{}", pod?, volume.str_at(&["name"]))))
        .collect();
    let mut right: Vec<&Value> = Vec::new();
    for (i, volume) in volumes.iter().enumerate() {
        let path = path.child("volumes").index(i);
        let mut found = Errors::new();
        source(&mut found, &path, volume, pod);
        let name = volume.str_at(&["name"]);
        if check::required(&mut found, path.child("name"), name) {
            check::text(&mut found, &path.child("name"), name, names::dns1123_label(name));
        }
        if right.iter().any(|v| v.str_at(&["name"]) == name) {
            found.push(FieldError::duplicate(path.child("name"), &name.into()));
        }
        if found.is_empty() {
            right.push(volume);
        } else {
            errors.extend(found);
        }
        let claim = volume.str_at(&["persistentVolumeClaim", "claimName"]);
        if claims.iter().any(|c| c == claim) {
            let why = "must not reference a PVC that gets created for an ephemeral volume";
            let path = path.children(&["persistentVolumeClaim", "claimName"]);
            errors.push(FieldError::invalid(path, &claim.into(), why));
        }
    }
    right
}

fn source(errors: &mut Errors, path: &FieldPath, volume: &Value, pod: Option<&str>) {
    let mut found = false;
    for (kind, shown) in SOURCES {
        let Some(source) = volume.get(kind) else { continue };
        if found {
            errors.push(FieldError::forbidden(path.child(shown), "may not specify more than 1 volume type"));
            continue;
        }
        found = true;
        one(errors, path, kind, source, volume.str_at(&["name"]), pod);
    }
    if !found {
        errors.push(FieldError::required(path.clone(), "must specify a volume type"));
    }
}

fn one(errors: &mut Errors, parent: &FieldPath, kind: &str, source: &Value, name: &str, pod: Option<&str>) {
    let path = &parent.child(kind);
    let mut required = |field: &str| {
        check::required(errors, path.child(field), source.str_at(&[field]));
    };
    match kind {
        "emptyDir" => {
            if let Some((_, Some(limit))) = source.get("sizeLimit").map(resources::quantity)
                && limit.is_negative()
            {
                errors.push(FieldError::forbidden(
                    path.child("sizeLimit"),
                    "SizeLimit field must be a valid resource quantity",
                ));
            }
        }
        "gitRepo" => {
            required("repository");
            check::descending(errors, &path.child("directory"), source.str_at(&["directory"]));
        }
        "secret" => {
            required("secretName");
            mode(errors, &path.child("defaultMode"), source.i64_at(&["defaultMode"]));
            items(errors, path, source);
        }
        "configMap" => {
            required("name");
            mode(errors, &path.child("defaultMode"), source.i64_at(&["defaultMode"]));
            items(errors, path, source);
        }
        "persistentVolumeClaim" => required("claimName"),
        "downwardAPI" => {
            mode(errors, &path.child("defaultMode"), source.i64_at(&["defaultMode"]));
            downward(errors, path, source);
        }
        "projected" => projected(errors, path, source),
        "image" => {
            if pod.is_some() {
                required("reference");
            }
            check::one_of(
                errors,
                path.child("pullPolicy"),
                source.str_at(&["pullPolicy"]),
                &["Always", "IfNotPresent", "Never"],
            );
        }
        "ephemeral" => ephemeral(errors, parent, source, name, pod),
        _ => volume_source::shared(errors, parent, kind, source, Place::Pod(name)),
    }
}

/// A volume whose claim is made with the pod: the claim's form, and its name.
fn ephemeral(errors: &mut Errors, parent: &FieldPath, source: &Value, name: &str, pod: Option<&str>) {
    let path = parent.children(&["ephemeral", "volumeClaimTemplate"]);
    match source.get("volumeClaimTemplate") {
        None => errors.push(FieldError::required(path, "")),
        Some(template) => {
            storage::template_metadata(errors, &path.child("metadata"), template.get("metadata"));
            storage::claim_spec(errors, &path.child("spec"), template.get("spec").unwrap_or(&Value::Null));
        }
    }
    if let Some(pod) = pod.filter(|_| !name.is_empty()) {
        let claim = format!("{pod}-{name}");
        for complaint in names::dns1123_subdomain(&claim) {
            let why = format!("PVC name \"{claim}\": {complaint}");
            errors.push(FieldError::invalid(parent.child("name"), &name.into(), why));
        }
    }
}

/// A path of the node.
pub(super) fn host_path(errors: &mut Errors, path: &FieldPath, source: &Value) {
    let host = source.str_at(&["path"]);
    if !check::required(errors, path.child("path"), host) {
        return;
    }
    check::no_backsteps(errors, &path.child("path"), host);
    check::allowed(errors, path.child("type"), source.str_at(&["type"]), HOST_PATH_TYPES);
}

fn mode(errors: &mut Errors, path: &FieldPath, mode: Option<i64>) {
    if let Some(mode) = mode.filter(|m| !(0..=0o777).contains(m)) {
        errors.push(FieldError::invalid(
            path.clone(),
            &Value::Int(mode),
            "must be a number between 0 and 0777 (octal), both inclusive",
        ));
    }
}

fn items(errors: &mut Errors, path: &FieldPath, source: &Value) {
    for (i, item) in source.list_at(&["items"]).iter().enumerate() {
        let path = path.child("items").index(i);
        check::required(errors, path.child("key"), item.str_at(&["key"]));
        let file = item.str_at(&["path"]);
        check::required(errors, path.child("path"), file);
        check::non_reserved(errors, &path.child("path"), file);
        mode(errors, &path.child("mode"), item.i64_at(&["mode"]));
    }
}

const DOWNWARD_FIELDS: &[&str] =
    &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

fn downward(errors: &mut Errors, path: &FieldPath, source: &Value) {
    for item in source.list_at(&["items"]) {
        let file = item.str_at(&["path"]);
        check::required(errors, path.child("path"), file);
        check::non_reserved(errors, &path.child("path"), file);
        match (item.get("fieldRef"), item.get("resourceFieldRef")) {
            (Some(field), other) => {
                env::field_ref(errors, &path.child("fieldRef"), field, DOWNWARD_FIELDS);
                if other.is_some() {
                    errors.push(FieldError::invalid(
                        path.clone(),
                        &"resource".into(),
                        "fieldRef and resourceFieldRef can not be specified simultaneously",
                    ));
                }
            }
            (None, Some(resource)) => {
                env::resource_ref(errors, &path.child("resourceFieldRef"), resource, true)
            }
            (None, None) => errors
                .push(FieldError::required(path.clone(), "one of fieldRef and resourceFieldRef is required")),
        }
        mode(errors, &path.child("mode"), item.i64_at(&["mode"]));
    }
}

fn projected(errors: &mut Errors, path: &FieldPath, source: &Value) {
    mode(errors, &path.child("defaultMode"), source.i64_at(&["defaultMode"]));
    let mut files: Vec<&str> = Vec::new();
    for (i, projection) in source.list_at(&["sources"]).iter().enumerate() {
        let source_path = path.child("sources").index(i);
        let mut found = 0;
        for kind in [
            "secret",
            "configMap",
            "downwardAPI",
            "serviceAccountToken",
            "clusterTrustBundle",
            "podCertificate",
        ] {
            let Some(part) = projection.get(kind) else { continue };
            let part_path = source_path.child(kind);
            found += 1;
            let name = part.str_at(&["name"]);
            match kind {
                "secret" | "configMap" => {
                    check::required(errors, part_path.child("name"), name);
                    items(errors, &part_path, part);
                }
                "downwardAPI" => downward(errors, &part_path, part),
                "serviceAccountToken" => token(errors, path, &part_path, part),
                "clusterTrustBundle" => {
                    trust_bundle(errors, &part_path, part);
                    let file = part.str_at(&["path"]);
                    if files.contains(&file) {
                        let why = "conflicting duplicate paths";
                        errors.push(FieldError::invalid(path.clone(), &file.into(), why));
                    }
                    files.push(file);
                }
                _ => {}
            }
            for item in part.list_at(&["items"]) {
                let file = item.str_at(&["path"]);
                if files.contains(&file) && !file.is_empty() {
                    let shown = if kind == "downwardAPI" { file } else { name };
                    errors.push(FieldError::invalid(
                        path.clone(),
                        &shown.into(),
                        "conflicting duplicate paths",
                    ));
                }
                files.push(file);
            }
        }
        if found > 1 {
            let why = "may not specify more than 1 volume type per source";
            errors.push(FieldError::forbidden(source_path, why));
        }
    }
}

/// The certificates of a ClusterTrustBundle, by its name or by its signer.
fn trust_bundle(errors: &mut Errors, path: &FieldPath, bundle: &Value) {
    let text = |field: &str| bundle.get(field).and_then(Value::as_str);
    match (text("name"), text("signerName")) {
        (Some(_), Some(_)) => {
            let shown = super::internal::print("ClusterTrustBundleProjection", bundle);
            let why = "only one of name and signerName may be used";
            errors.push(FieldError::invalid_rendered(path.clone(), shown, why));
        }
        (Some(name), None) => {
            let at = path.child("name");
            if name.is_empty() {
                errors.push(FieldError::required(at.clone(), "must be a valid object name"));
            }
            for complaint in names::dns1123_subdomain(name.rsplit(':').next().unwrap_or(name)) {
                let why = format!("not a valid clustertrustbundlename: {complaint}");
                errors.push(FieldError::invalid(at.clone(), &name.into(), why));
            }
            if let Some(selector) = bundle.get("labelSelector") {
                let why = "labelSelector must be unset if name is specified";
                errors.push(FieldError::invalid(path.child("labelSelector"), selector, why));
            }
        }
        (None, Some(signer)) => {
            let at = path.child("signerName");
            if signer.is_empty() {
                errors.push(FieldError::required(at.clone(), "must be a valid signer name"));
            }
            classes::signer(errors, &at, signer);
            meta::selector(errors, &path.child("labelSelector"), bundle.get("labelSelector"));
        }
        (None, None) => {
            let why = "either name or signerName must be specified";
            errors.push(FieldError::required(path.clone(), why));
        }
    }
    let file = bundle.str_at(&["path"]);
    check::required(errors, path.child("path"), file);
    check::non_reserved(errors, &path.child("path"), file);
}

fn token(errors: &mut Errors, volume: &FieldPath, path: &FieldPath, token: &Value) {
    let seconds = token.i64_at(&["expirationSeconds"]).unwrap_or(3600);
    let field = path.child("expirationSeconds");
    if seconds < 600 {
        errors.push(FieldError::invalid(
            field,
            &Value::Int(seconds),
            "may not specify a duration less than 10 minutes",
        ));
    } else if seconds > 1 << 32 {
        errors.push(FieldError::invalid(
            field,
            &Value::Int(seconds),
            "may not specify a duration larger than 2^32 seconds",
        ));
    }
    // The server names the volume here, not its source.
    let file = token.str_at(&["path"]);
    if check::required(errors, volume.child("path"), file) {
        check::non_reserved(errors, &volume.child("path"), file);
    }
}

/// `volumeMounts` of a container.
pub(super) fn mounts(errors: &mut Errors, context: &Context<'_>, path: &FieldPath, container: &Value) {
    let devices = container.list_at(&["volumeDevices"]);
    let mut places: Vec<&str> = Vec::new();
    for (i, mount) in container.list_at(&["volumeMounts"]).iter().enumerate() {
        let path_i = path.index(i);
        let name = mount.str_at(&["name"]);
        check::required(errors, path_i.child("name"), name);
        let volume = context.volumes.iter().find(|v| v.str_at(&["name"]) == name);
        if volume.is_none() {
            errors.push(FieldError::not_found(path_i.child("name"), &name.into()));
        }
        let place = mount.str_at(&["mountPath"]);
        check::required(errors, path_i.child("mountPath"), place);
        if places.contains(&place) {
            errors.push(FieldError::invalid(path_i.child("mountPath"), &place.into(), "must be unique"));
        }
        places.push(place);
        if devices.iter().any(|d| d.str_at(&["name"]) == name) {
            errors.push(FieldError::invalid(
                path_i.child("name"),
                &name.into(),
                "must not already exist in volumeDevices",
            ));
        }
        if devices.iter().any(|d| d.str_at(&["devicePath"]) == place) {
            errors.push(FieldError::invalid(
                path_i.child("mountPath"),
                &place.into(),
                "must not already exist as a path in volumeDevices",
            ));
        }
        // The API server names these fields without the mount's index.
        let (sub, expression) = (mount.str_at(&["subPath"]), mount.str_at(&["subPathExpr"]));
        if !sub.is_empty() {
            check::descending(errors, &path.child("subPath"), sub);
        }
        if !expression.is_empty() {
            if !sub.is_empty() {
                errors.push(FieldError::invalid(
                    path_i.child("subPathExpr"),
                    &expression.into(),
                    "subPathExpr and subPath are mutually exclusive",
                ));
            }
            check::descending(errors, &path.child("subPathExpr"), expression);
        }
        propagation(errors, path, container, mount);
        recursive(errors, &path.child("recursiveReadOnly"), mount);
    }
}

fn propagation(errors: &mut Errors, path: &FieldPath, container: &Value, mount: &Value) {
    let Some(mode) = mount.get("mountPropagation").and_then(Value::as_str) else { return };
    let path = path.child("mountPropagation");
    if !matches!(mode, "Bidirectional" | "HostToContainer" | "None") {
        errors.push(FieldError::not_supported(
            path,
            &mode.into(),
            &["Bidirectional", "HostToContainer", "None"],
        ));
        return;
    }
    let privileged = container.bool_at(&["securityContext", "privileged"]) == Some(true);
    if mode == "Bidirectional" && !privileged {
        errors.push(FieldError::forbidden(
            path,
            "Bidirectional mount propagation is available only to privileged containers",
        ));
    }
}

fn recursive(errors: &mut Errors, path: &FieldPath, mount: &Value) {
    let Some(mode) = mount.get("recursiveReadOnly").and_then(Value::as_str) else { return };
    check::allowed(errors, path.clone(), mode, &["Disabled", "Enabled", "IfPossible"]);
    if !matches!(mode, "Enabled" | "IfPossible") {
        return;
    }
    if mount.bool_at(&["readOnly"]) != Some(true) {
        errors.push(FieldError::forbidden(path.clone(), "may only be specified when readOnly is true"));
    }
    if !matches!(mount.str_at(&["mountPropagation"]), "" | "None") {
        let why = "may only be specified when mountPropagation is None or not specified";
        errors.push(FieldError::forbidden(path.clone(), why));
    }
}

/// `volumeDevices` of a container.
pub(super) fn devices(errors: &mut Errors, context: &Context<'_>, path: &FieldPath, container: &Value) {
    let mounts = container.list_at(&["volumeMounts"]);
    let (mut names, mut places): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (i, device) in container.list_at(&["volumeDevices"]).iter().enumerate() {
        let (at_name, at_place) = (path.index(i).child("name"), path.index(i).child("devicePath"));
        let (name, place) = (device.str_at(&["name"]), device.str_at(&["devicePath"]));
        let name_is = |why: &str| FieldError::invalid(at_name.clone(), &name.into(), why);
        let place_is = |why: &str| FieldError::invalid(at_place.clone(), &place.into(), why);
        check::required(errors, at_name.clone(), name);
        if names.contains(&name) {
            errors.push(name_is("must be unique"));
        }
        match context.volumes.iter().find(|v| v.str_at(&["name"]) == name) {
            None => errors.push(FieldError::not_found(at_name.clone(), &name.into())),
            Some(v) if v.get("persistentVolumeClaim").is_none() && v.get("ephemeral").is_none() => {
                let why =
                    "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errors.push(name_is(why));
            }
            Some(_) => {}
        }
        check::required(errors, at_place.clone(), place);
        if places.contains(&place) {
            errors.push(place_is("must be unique"));
        }
        if place.split('/').any(|part| part == "..") {
            errors.push(place_is("can not contain backsteps ('..')"));
        } else {
            places.push(place);
        }
        if mounts.iter().any(|m| m.str_at(&["name"]) == name) {
            errors.push(name_is("must not already exist in volumeMounts"));
        }
        if mounts.iter().any(|m| m.str_at(&["mountPath"]) == place) {
            errors.push(place_is("must not already exist as a path in volumeMounts"));
        }
        if !name.is_empty() {
            names.push(name);
        }
    }
}
