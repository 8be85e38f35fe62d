//! Volumes, claims and classes.
//!
//! Models `ValidatePersistentVolume…`, `ValidatePersistentVolumeClaim…` of `pkg/apis/core/validation/validation.go`
//! and `pkg/apis/storage/validation/validation.go`.

use gatehouse_model::quantity::Quantity;
use gatehouse_model::{FieldError, FieldPath, Map, Object, Value, names};

use super::check::{self, Errors};
use super::volume_source::{self, Place};
use super::{Rules, internal, meta, resources, scheduling};

const ACCESS_MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

fn access_modes(errors: &mut Errors, path: &FieldPath, spec: &Value) {
    let modes = spec.list_at(&["accessModes"]);
    let path = path.child("accessModes");
    for mode in modes {
        check::allowed(errors, path.clone(), mode.as_str().unwrap_or_default(), ACCESS_MODES);
    }
    let known = |m: &&Value| m.as_str().is_some_and(|m| ACCESS_MODES.contains(&m));
    let of_one_pod = |m: &Value| m.as_str() == Some("ReadWriteOncePod");
    if modes.iter().any(of_one_pod) && modes.iter().filter(known).any(|m| !of_one_pod(m)) {
        let why = "may not use ReadWriteOncePod with other access modes";
        errors.push(FieldError::forbidden(path, why));
    }
}

/// What a PersistentVolume can be made of, in the order in which it is looked at. The second name is the one errors of
/// a further source use.
const SOURCES: &[(&str, &str)] = &[
    ("hostPath", "hostPath"),
    ("gcePersistentDisk", "gcePersistentDisk"),
    ("awsElasticBlockStore", "awsElasticBlockStore"),
    ("glusterfs", "glusterfs"),
    ("flocker", "flocker"),
    ("nfs", "nfs"),
    ("rbd", "rbd"),
    ("quobyte", "quobyte"),
    ("cephfs", "cephFS"),
    ("iscsi", "iscsi"),
    ("cinder", "cinder"),
    ("fc", "fc"),
    ("flexVolume", ""),
    ("azureFile", "azureFile"),
    ("vsphereVolume", "vsphereVolume"),
    ("photonPersistentDisk", "photonPersistentDisk"),
    ("portworxVolume", "portworxVolume"),
    ("azureDisk", "azureDisk"),
    ("scaleIO", "scaleIO"),
    ("local", "local"),
    ("storageos", "storageos"),
    ("csi", "csi"),
];

/// A PersistentVolume.
pub(super) fn volume_object(errors: &mut Errors, rules: &Rules, object: &Object) {
    meta::object(errors, object, false, names::dns1123_subdomain);
    let spec = object.get("spec").unwrap_or(&Value::Null);
    let path = FieldPath::new("spec");
    if spec.list_at(&["accessModes"]).is_empty() {
        errors.push(FieldError::required(path.child("accessModes"), ""));
    }
    access_modes(errors, &path, spec);
    let capacity = spec.map_at(&["capacity"]);
    if capacity.is_empty() {
        errors.push(FieldError::required(path.child("capacity"), ""));
    }
    if !capacity.contains_key("storage") || capacity.len() > 1 {
        // A list of amounts prints as Go's nil where there is none.
        let shown = if capacity.is_empty() { Value::Null } else { Value::from(capacity.clone()) };
        errors.push(FieldError::not_supported(path.child("capacity"), &shown, &["storage"]));
    }
    for (name, amount) in capacity.iter() {
        let at = path.child("capacity").key(name);
        let (text, parsed) = resources::quantity(amount);
        let Some(parsed) = parsed else { continue };
        basic(errors, &at, &parsed);
        if parsed.is_zero() || parsed.is_negative() {
            errors.push(FieldError::invalid(at, &text.into(), "must be greater than zero"));
        }
    }
    let policy = spec.str_at(&["persistentVolumeReclaimPolicy"]);
    if !policy.is_empty() {
        let at = path.child("persistentVolumeReclaimPolicy");
        check::allowed(errors, at, policy, &["Delete", "Recycle", "Retain"]);
    }
    if let Some(affinity) = spec.get("nodeAffinity") {
        let at = path.children(&["nodeAffinity", "required"]);
        match affinity.get("required") {
            Some(required) => scheduling::node_selector(errors, &at, required),
            None => errors.push(FieldError::required(at, "must specify required node constraints")),
        }
    }
    volume_sources(errors, &path, spec, object.name());
    let host = spec.str_at(&["hostPath", "path"]);
    if !host.is_empty() && host.split('/').all(|part| matches!(part, "" | ".")) && policy == "Recycle" {
        let why = "may not be 'recycle' for a hostPath mount of '/'";
        errors.push(FieldError::forbidden(path.child("persistentVolumeReclaimPolicy"), why));
    }
    class_name(errors, &path.child("storageClassName"), spec.str_at(&["storageClassName"]));
    if let Some(mode) = spec.get("volumeMode").and_then(Value::as_str) {
        check::allowed(errors, path.child("volumeMode"), mode, &["Block", "Filesystem"]);
    }
    let attributes = spec.get("volumeAttributesClassName").and_then(Value::as_str);
    if let Some(class) = attributes.filter(|_| has_attribute_classes(rules)) {
        let at = path.child("volumeAttributesClassName");
        if class.is_empty() {
            errors.push(FieldError::required(at, "an empty string is disallowed"));
        } else {
            class_name(errors, &at, class);
        }
        if spec.get("csi").is_none() {
            let why = "has to be specified when using volumeAttributesClassName";
            errors.push(FieldError::required(path.child("csi"), why));
        }
    }
}

/// Since 1.34 a volume's attributes can be of a class.
fn has_attribute_classes(rules: &Rules) -> bool {
    rules.version.minor() >= 34
}

fn class_name(errors: &mut Errors, path: &FieldPath, name: &str) {
    if !name.is_empty() {
        check::text(errors, path, name, names::dns1123_subdomain(name));
    }
}

/// `must be a valid resource quantity`
fn basic(errors: &mut Errors, path: &FieldPath, amount: &Quantity) {
    if amount.is_negative() {
        let why = "must be a valid resource quantity";
        errors.push(FieldError::invalid(path.clone(), &Value::Int(amount.units()), why));
    }
}

fn volume_sources(errors: &mut Errors, path: &FieldPath, spec: &Value, name: &str) {
    let mut found = false;
    for (kind, shown) in SOURCES {
        let Some(source) = spec.get(kind) else { continue };
        if found && !shown.is_empty() {
            errors.push(FieldError::forbidden(path.child(shown), "may not specify more than 1 volume type"));
            continue;
        }
        found = true;
        volume_source::shared(errors, path, kind, source, Place::Volume(name));
        if *kind == "local" && spec.get("nodeAffinity").is_none() {
            let why = "Local volume requires node affinity";
            errors.push(FieldError::required(path.child("nodeAffinity"), why));
        }
    }
    if !found {
        errors.push(FieldError::required(path.clone(), "must specify a volume type"));
    }
}

/// A change of a PersistentVolume.
pub(super) fn volume_update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    if rules.subresource == "status" {
        return;
    }
    volume_object(errors, rules, new);
    let source = |o: &Object| {
        let spec = o.get("spec").cloned().unwrap_or_default();
        let of_source = |kind: &str| SOURCES.iter().any(|(k, _)| *k == kind);
        let mut found = Value::map();
        for (field, value) in spec.entries().iter().filter(|(field, _)| of_source(field)) {
            found.set(&[field], value.clone());
        }
        found
    };
    let (mut now, before) = (source(new), source(old));
    // A secret for growing may still be given.
    if before.get("csi").is_some_and(|csi| csi.get("controllerExpandSecretRef").is_none()) {
        now.remove(&["csi", "controllerExpandSecretRef"]);
    }
    if now != before {
        let diff = internal::diff("PersistentVolumeSource", &before, &now);
        let why = format!("spec.persistentvolumesource is immutable after creation\n{diff}");
        errors.push(FieldError::forbidden(FieldPath::new("spec.persistentvolumesource"), why));
    }
    let path = ["spec", "volumeMode"];
    check::immutable(errors, FieldPath::new("volumeMode"), new.at(&path), old.at(&path));
    let path = ["spec", "nodeAffinity"];
    let affinity = |o: &Object| o.at(&path).cloned().unwrap_or_default();
    let (now, before) = (affinity(new), affinity(old));
    if !before.is_null() && now != renewed(&before, &now) {
        let shown = internal::print("VolumeNodeAffinity", &now);
        let why = "field is immutable, except for updating from beta label to GA";
        errors.push(FieldError::invalid_rendered(FieldPath::new("nodeAffinity"), shown, why));
    }
    let class = |o: &Object| o.at(&["spec", "volumeAttributesClassName"]).cloned();
    if has_attribute_classes(rules) && class(old).is_some() && class(new).is_none() {
        let path = FieldPath::new("spec.volumeAttributesClassName");
        errors.push(FieldError::forbidden(path, "update from non-nil value to nil is forbidden"));
    }
}

/// Labels of nodes that were beta once, and what they are called now.
const RENEWED: [(&str, &str); 5] = [
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("beta.kubernetes.io/os", "kubernetes.io/os"),
    ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
    ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"),
];

/// An affinity whose beta labels are called as the new one calls them.
fn renewed(before: &Value, now: &Value) -> Value {
    match (before, now) {
        (Value::Map(old), Value::Map(new)) => {
            let mut out = Value::map();
            for (key, value) in old.iter() {
                let now = new.get(key).unwrap_or(&Value::Null);
                let pair = (value.as_str().unwrap_or_default(), now.as_str().unwrap_or_default());
                let value =
                    if key == "key" && RENEWED.contains(&pair) { now.clone() } else { renewed(value, now) };
                out.set(&[key], value);
            }
            out
        }
        (Value::List(old), Value::List(new)) if old.len() == new.len() => {
            Value::from(old.iter().zip(new.iter()).map(|(old, new)| renewed(old, new)).collect::<Vec<_>>())
        }
        _ => before.clone(),
    }
}

/// A PersistentVolumeClaim.
pub(super) fn claim(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    claim_spec(errors, &FieldPath::new("spec"), object.get("spec").unwrap_or(&Value::Null));
}

/// The metadata of a claim that a pod brings: labels and annotations alone.
pub(super) fn template_metadata(errors: &mut Errors, path: &FieldPath, metadata: Option<&Value>) {
    let Some(metadata) = metadata else { return };
    meta::annotations(errors, &path.child("annotations"), metadata.map_at(&["annotations"]));
    meta::labels(errors, &path.child("labels"), metadata.map_at(&["labels"]));
    const CLOSED: [(&str, &str); 12] = [
        ("name", "name"),
        ("generateName", "generateName"),
        ("namespace", "namespace"),
        ("selfLink", "selfLink"),
        ("uid", "uID"),
        ("resourceVersion", "resourceVersion"),
        ("generation", "generation"),
        ("deletionTimestamp", "deletionTimestamp"),
        ("deletionGracePeriodSeconds", "deletionGracePeriodSeconds"),
        ("ownerReferences", "ownerReferences"),
        ("finalizers", "finalizers"),
        ("managedFields", "managedFields"),
    ];
    for (field, shown) in CLOSED {
        if metadata.get(field).is_some_and(|v| !v.is_null() && v.as_str() != Some("")) {
            errors.push(FieldError::forbidden(path.child(shown), "cannot be set"));
        }
    }
}

/// The specification of a claim.
pub(super) fn claim_spec(errors: &mut Errors, path: &FieldPath, spec: &Value) {
    if spec.list_at(&["accessModes"]).is_empty() {
        errors.push(FieldError::required(path.child("accessModes"), "at least 1 access mode is required"));
    }
    meta::selector(errors, &path.child("selector"), spec.get("selector"));
    access_modes(errors, path, spec);
    let at = path.child("resources").key("storage");
    match spec.at(&["resources", "requests", "storage"]) {
        None => errors.push(FieldError::required(at, "")),
        Some(amount) => {
            if let (text, Some(q)) = resources::quantity(amount)
                && (q.is_zero() || q.is_negative())
            {
                errors.push(FieldError::invalid(at, &text.into(), "must be greater than zero"));
            }
        }
    }
    class_name(errors, &path.child("storageClassName"), spec.str_at(&["storageClassName"]));
    if let Some(mode) = spec.get("volumeMode").and_then(Value::as_str) {
        check::allowed(errors, path.child("volumeMode"), mode, &["Block", "Filesystem"]);
    }
    data_sources(errors, path, spec);
    let attributes = spec.str_at(&["volumeAttributesClassName"]);
    class_name(errors, &path.child("volumeAttributesClassName"), attributes);
}

/// What a claim's volume is filled with.
fn data_sources(errors: &mut Errors, path: &FieldPath, spec: &Value) {
    for field in ["dataSource", "dataSourceRef"] {
        let Some(source) = spec.get(field) else { continue };
        let at = path.child(field);
        let text = |field: &str| source.str_at(&[field]);
        check::required(errors, at.child("name"), text("name"));
        check::required(errors, at.child("kind"), text("kind"));
        let group = text("apiGroup");
        if group.is_empty() && text("kind") != "PersistentVolumeClaim" {
            let why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
            errors.push(FieldError::invalid(at.clone(), &text("kind").into(), why));
        }
        if !group.is_empty() {
            check::text(errors, &at.child("apiGroup"), group, names::dns1123_subdomain(group));
        }
        if field == "dataSourceRef" && !text("namespace").is_empty() {
            check::text(
                errors,
                &at.child("namespace"),
                text("namespace"),
                names::dns1123_label(text("namespace")),
            );
        }
    }
    let (Some(source), Some(reference)) = (spec.get("dataSource"), spec.get("dataSourceRef")) else { return };
    // The server shows the path itself, a Go struct of unexported fields.
    let mut differs = |why: &str| errors.push(FieldError::invalid_rendered(path.clone(), "{}", why));
    if !reference.str_at(&["namespace"]).is_empty() {
        differs("may not be specified when dataSourceRef.namespace is specified");
    } else if ["apiGroup", "kind", "name"].iter().any(|f| source.str_at(&[f]) != reference.str_at(&[f])) {
        differs("must match dataSourceRef");
    }
}

const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// A change of a PersistentVolumeClaim.
pub(super) fn claim_update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    if rules.subresource == "status" {
        return claim_status(errors, new);
    }
    meta::update(errors, new, old);
    claim(errors, new);
    let annotation = |o: &Object| o.annotation(BETA_CLASS).unwrap_or_default().to_owned();
    let class = |o: &Object| o.at(&["spec", "storageClassName"]).and_then(Value::as_str).map(str::to_owned);
    if annotation(new) != annotation(old) {
        let path = FieldPath::new("metadata.annotations").child(BETA_CLASS);
        errors.push(FieldError::invalid(path, &annotation(new).into(), "field is immutable"));
    }
    let bound = new.str_at(&["status", "phase"]) == "Bound";
    let before = old.get("spec").cloned().unwrap_or_default();
    let mut now = new.get("spec").cloned().unwrap_or_default();
    let mut take = |path: &[&str]| match before.at(path) {
        Some(value) => now.set(path, value.clone()),
        None => {
            now.remove(path);
        }
    };
    if class(old).is_none() && class(new).is_some_and(|c| annotation(old).is_empty() || c == annotation(old))
    {
        take(&["storageClassName"]);
    }
    if bound && new.at(&["spec", "resources", "requests"]).is_some() {
        take(&["resources", "requests", "storage"]);
    }
    let attributes = |o: &Object| o.at(&["spec", "volumeAttributesClassName"]).cloned();
    if bound && attributes(new).is_some() {
        take(&["volumeAttributesClassName"]);
    }
    let mut before = before.clone();
    if before.str_at(&["volumeName"]).is_empty() && !now.str_at(&["volumeName"]).is_empty() {
        before.set(&["volumeName"], now.str_at(&["volumeName"]).to_owned());
    }
    if now != before {
        let why = if rules.version.minor() >= 31 {
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
        } else {
            "spec is immutable after creation except resources.requests for bound claims"
        };
        let diff = internal::diff("PersistentVolumeClaimSpec", &before, &now);
        errors.push(FieldError::forbidden(FieldPath::new("spec"), format!("{why}\n{diff}")));
    }
    shrinks(errors, rules, new, old);
    let path = ["spec", "volumeMode"];
    check::immutable(errors, FieldPath::new("volumeMode"), new.at(&path), old.at(&path));
    if let Some(before) = attributes(old).filter(|_| has_attribute_classes(rules)) {
        let path = FieldPath::new("spec.volumeAttributesClassName");
        match attributes(new) {
            None => errors.push(FieldError::forbidden(path, "update from non-nil value to nil is forbidden")),
            Some(now) if now != before && now.as_str() == Some("") => {
                let why = "update from non-nil value to an empty string is forbidden";
                errors.push(FieldError::forbidden(path, why));
            }
            Some(_) => {}
        }
    }
}

/// A claim may ask for less again, but for more than it has.
fn shrinks(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    let amount = |v: Option<&Value>| v.and_then(|v| resources::quantity(v).1);
    let asks = |o: &Object| amount(o.at(&["spec", "resources", "requests", "storage"]));
    let (Some(now), Some(before)) = (asks(new), asks(old)) else { return };
    let path = FieldPath::new("spec.resources.requests.storage");
    if now >= before {
        return;
    }
    if rules.version.minor() < 32 {
        errors.push(FieldError::forbidden(path, "field can not be less than previous value"));
    } else if amount(old.at(&["status", "capacity", "storage"])).is_some_and(|has| now <= has) {
        errors.push(FieldError::forbidden(path, "field can not be less than status.capacity"));
    }
}

fn claim_status(errors: &mut Errors, new: &Object) {
    if new.list_at(&["spec", "accessModes"]).is_empty() {
        errors.push(FieldError::required(FieldPath::new("Spec.accessModes"), ""));
    }
    for (name, amount) in new.map_at(&["status", "capacity"]).iter() {
        if let Some(amount) = resources::quantity(amount).1 {
            basic(errors, &FieldPath::new("status.capacity").key(name), &amount);
        }
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
    parameters(errors, object.map_at(&["parameters"]));
    let policy = object.str_at(&["reclaimPolicy"]);
    if !policy.is_empty() {
        check::allowed(errors, FieldPath::new("reclaimPolicy"), policy, &["Delete", "Retain"]);
    }
    check::allowed(
        errors,
        FieldPath::new("volumeBindingMode"),
        object.str_at(&["volumeBindingMode"]),
        &["Immediate", "WaitForFirstConsumer"],
    );
    topologies(errors, &FieldPath::new("allowedTopologies"), object.list_at(&["allowedTopologies"]));
}

/// The most parameters of a class, and the most bytes of them.
const PARAMETERS: (usize, usize) = (512, 256 << 10);

fn parameters(errors: &mut Errors, parameters: &Map) {
    let path = FieldPath::new("parameters");
    let (most, bytes) = PARAMETERS;
    if parameters.len() > most {
        errors.push(FieldError::too_long(path, most));
        return;
    }
    if parameters.contains_key("") {
        errors.push(FieldError::invalid(path.clone(), &"".into(), "field can not be empty."));
    }
    let size: usize = parameters.iter().map(|(k, v)| k.len() + v.as_str().map_or(0, str::len)).sum();
    if size > bytes {
        errors.push(FieldError::too_long(path, bytes));
    }
}

/// Where volumes of a class may lie.
fn topologies(errors: &mut Errors, path: &FieldPath, terms: &[Value]) {
    let mut before: Vec<Vec<(&str, Vec<&str>)>> = Vec::new();
    for (i, term) in terms.iter().enumerate() {
        let at = path.index(i).child("matchLabelExpressions");
        let mut labels: Vec<(&str, Vec<&str>)> = Vec::new();
        for (j, expression) in term.list_at(&["matchLabelExpressions"]).iter().enumerate() {
            let at = at.index(j);
            let mut values: Vec<&str> = Vec::new();
            let list = expression.list_at(&["values"]);
            if list.is_empty() {
                errors.push(FieldError::required(at.child("values"), ""));
            }
            for (k, value) in list.iter().enumerate() {
                let text = value.as_str().unwrap_or_default();
                if values.contains(&text) {
                    errors.push(FieldError::duplicate(at.child("values").index(k), value));
                }
                values.push(text);
            }
            let key = expression.str_at(&["key"]);
            check::text(errors, &at.child("key"), key, names::label_key(key));
            if labels.iter().any(|(k, _)| *k == key) {
                errors.push(FieldError::duplicate(at.child("key"), &key.into()));
            }
            gatehouse_model::order::sort(&mut values);
            values.dedup();
            labels.retain(|(k, _)| *k != key);
            labels.push((key, values));
        }
        gatehouse_model::order::by(&mut labels, |a, b| a.0.cmp(b.0));
        // The server compares with as many empty terms as there are terms, too.
        let empty = if labels.is_empty() { terms.len() } else { 0 };
        for _ in 0..before.iter().filter(|b| **b == labels).count() + empty {
            errors.push(FieldError::duplicate(at.clone(), &"".into()));
        }
        before.push(labels);
    }
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
