//! Object metadata: names, namespaces, labels, annotations, owners, finalizers.
//!
//! Models apimachinery `pkg/api/validation/{objectmeta,generic}.go` and `pkg/apis/meta/v1/validation`.

use gatehouse_model::{FieldError, FieldPath, Map, Object, Value, names};

use super::check::{self, Errors};

/// How names of a kind are checked.
pub(super) type NameRule = fn(&str) -> Vec<String>;

/// The largest annotations of an object.
const ANNOTATIONS_LIMIT: usize = 256 * (1 << 10);

/// `ValidateObjectMeta`.
pub(super) fn object(errors: &mut Errors, object: &Value, namespaced: bool, rule: NameRule) {
    let path = FieldPath::new("metadata");
    let generate = object.str_at(&["metadata", "generateName"]);
    if !generate.is_empty() {
        check::text(
            errors,
            &path.child("generateName"),
            generate,
            rule(&names::mask_trailing_dash(generate)),
        );
    }
    let name = object.str_at(&["metadata", "name"]);
    if name.is_empty() {
        errors.push(FieldError::required(path.child("name"), "name or generateName is required"));
    } else {
        check::text(errors, &path.child("name"), name, rule(name));
    }
    let namespace = object.str_at(&["metadata", "namespace"]);
    if namespaced {
        if check::required(errors, path.child("namespace"), namespace) {
            check::text(errors, &path.child("namespace"), namespace, names::dns1123_label(namespace));
        }
    } else if !namespace.is_empty() {
        errors.push(FieldError::forbidden(path.child("namespace"), "not allowed on this type"));
    }
    check::non_negative(errors, path.child("generation"), object.i64_at(&["metadata", "generation"]));
    labels(errors, &path.child("labels"), object.map_at(&["metadata", "labels"]));
    annotations(errors, &path.child("annotations"), object.map_at(&["metadata", "annotations"]));
    owners(errors, &path.child("ownerReferences"), object.list_at(&["metadata", "ownerReferences"]));
    finalizers(errors, &path.child("finalizers"), object.list_at(&["metadata", "finalizers"]));
}

/// `ValidateObjectMetaUpdate`.
pub(super) fn update(errors: &mut Errors, new: &Object, old: &Object) {
    let path = FieldPath::new("metadata");
    if old.is_deleting() {
        let before = old.list_at(&["metadata", "finalizers"]);
        let added: Vec<String> = new
            .list_at(&["metadata", "finalizers"])
            .iter()
            .filter(|f| !before.contains(f))
            .filter_map(Value::as_str)
            .map(gatehouse_model::json::go_quote)
            .collect();
        if !added.is_empty() {
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.join(", ")
            );
            errors.push(FieldError::forbidden(path.child("finalizers"), why));
        }
    }
    for field in ["name", "namespace", "uid"] {
        let of = |o: &Object| Value::from(o.str_at(&["metadata", field]));
        let (new, old) = (of(new), of(old));
        check::immutable(errors, path.child(field), Some(&new), Some(&old));
    }
}

/// `ValidateLabels`.
pub(super) fn labels(errors: &mut Errors, path: &FieldPath, labels: &Map) {
    for (key, value) in labels.iter() {
        check::text(errors, path, key, names::label_key(key));
        let value = value.as_str().unwrap_or_default();
        check::text(errors, path, value, names::label_value(value));
    }
}

pub(super) fn annotations(errors: &mut Errors, path: &FieldPath, annotations: &Map) {
    let mut size = 0;
    for (key, value) in annotations.iter() {
        check::text(errors, path, key, names::label_key(&key.to_lowercase()));
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > ANNOTATIONS_LIMIT {
        errors.push(FieldError::too_long(path.clone(), ANNOTATIONS_LIMIT));
    }
}

fn owners(errors: &mut Errors, path: &FieldPath, owners: &[Value]) {
    let mut controllers: Vec<&Value> = Vec::new();
    for (i, owner) in owners.iter().enumerate() {
        let at = path;
        let path = path.index(i);
        let api_version = owner.str_at(&["apiVersion"]);
        if api_version.is_empty() {
            errors.push(FieldError::invalid(
                path.child("apiVersion"),
                &api_version.into(),
                "version must not be empty",
            ));
        }
        for field in ["kind", "name", "uid"] {
            if owner.str_at(&[field]).is_empty() {
                errors.push(FieldError::invalid(path.child(field), &"".into(), "must not be empty"));
            }
        }
        if api_version == "v1" && owner.str_at(&["kind"]) == "Event" {
            let why = "/v1, Kind=Event is disallowed from being an owner";
            errors.push(FieldError::invalid(path.clone(), owner, why));
        }
        if owner.bool_at(&["controller"]) == Some(true) {
            if let Some(first) = controllers.first() {
                let why = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {}/{} and {}/{}",
                    first.str_at(&["kind"]),
                    first.str_at(&["name"]),
                    owner.str_at(&["kind"]),
                    owner.str_at(&["name"])
                );
                errors.push(FieldError::invalid(at.clone(), &owners.to_vec().into(), why));
            }
            controllers.push(owner);
        }
    }
}

fn finalizers(errors: &mut Errors, path: &FieldPath, finalizers: &[Value]) {
    let named = || finalizers.iter().map(|f| f.as_str().unwrap_or_default());
    for name in named() {
        check::text(errors, path, name, names::label_key(name));
    }
    let has = |name: &str| named().any(|f| f == name);
    if has("orphan") && has("foregroundDeletion") {
        let shown = Value::from(finalizers.to_vec());
        let why = "finalizer orphan and foregroundDeletion cannot be both set";
        errors.push(FieldError::invalid(path.clone(), &shown, why));
    }
    for (i, name) in named().enumerate() {
        standard_finalizer(errors, path.index(i), name);
    }
}

/// `validateKubeFinalizerName`.
pub(super) fn standard_finalizer(errors: &mut Errors, path: FieldPath, name: &str) {
    if !name.contains('/') && !matches!(name, "orphan" | "foregroundDeletion" | "kubernetes") {
        let why = "name is neither a standard finalizer name nor is it fully qualified";
        errors.push(FieldError::invalid(path, &name.into(), why));
    }
}

/// `ValidateLabelSelector`.
pub(super) fn selector(errors: &mut Errors, path: &FieldPath, selector: Option<&Value>) {
    let Some(selector) = selector else { return };
    labels(errors, &path.child("matchLabels"), selector.map_at(&["matchLabels"]));
    for (i, expression) in selector.list_at(&["matchExpressions"]).iter().enumerate() {
        let path = path.child("matchExpressions").index(i);
        let values = expression.list_at(&["values"]);
        let operator = expression.str_at(&["operator"]);
        match operator {
            "In" | "NotIn" if values.is_empty() => errors.push(FieldError::required(
                path.child("values"),
                "must be specified when `operator` is 'In' or 'NotIn'",
            )),
            "Exists" | "DoesNotExist" if !values.is_empty() => errors.push(FieldError::forbidden(
                path.child("values"),
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            )),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => errors.push(FieldError::invalid(
                path.child("operator"),
                &Value::from(other),
                "not a valid selector operator",
            )),
        }
        let key = expression.str_at(&["key"]);
        check::text(errors, &path.child("key"), key, names::label_key(key));
        for (j, value) in values.iter().enumerate() {
            let value = value.as_str().unwrap_or_default();
            check::text(errors, &path.child("values").index(j), value, names::label_value(value));
        }
    }
}
