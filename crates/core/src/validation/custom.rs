//! Custom resources: their values against their definition's schema.
//!
//! Models apiextensions `pkg/registry/customresource/validator.go` and kube-openapi's validation.

mod formats;
mod lists;
pub(super) mod rules;
pub(super) mod values;

use gatehouse_model::{FieldError, FieldErrorKind, FieldPath, Object, Value, names};

use super::check::Errors;
use super::meta;
use crate::schema;
use crate::server::Call;

/// A custom resource that is to be made.
pub(super) fn create(errors: &mut Errors, call: &mut Call<'_>, object: &Object) {
    meta::object(errors, object, call.resource.namespaced(), names::path_segment);
    against_schema(errors, call, object, None);
}

/// A change of a custom resource.
pub(super) fn update(errors: &mut Errors, call: &mut Call<'_>, object: &Object, old: &Object) {
    against_schema(errors, call, object, Some(old));
}

fn against_schema(errors: &mut Errors, call: &mut Call<'_>, object: &Object, old: Option<&Object>) {
    let Some(schema) = schema::of_custom(call.cluster, &call.resource) else { return };
    let before = old.map(|o| &o.0);
    values::check(errors, &FieldPath::default(), &object.0, before, &schema, call.cluster.version);
    scaled(errors, call, object);
    let twice = |object: &Value| {
        let mut found = Errors::new();
        lists::check(&mut found, &FieldPath::default(), object, &schema);
        found
    };
    // What was there twice before may stay.
    if before.is_none_or(|before| twice(before).is_empty()) {
        errors.extend(twice(&object.0));
    }
    if errors.iter().any(|e| {
        use FieldErrorKind as Kind;
        matches!(
            e.kind,
            Kind::NotSupported | Kind::Required | Kind::TooLong | Kind::TooMany | Kind::TypeInvalid
        )
    }) {
        if rules::any(&schema) {
            let why = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
            errors.push(FieldError::invalid(FieldPath::default(), &Value::Null, why));
        }
        return;
    }
    let found = rules::check(&object.0, old.map(|o| &o.0), &schema);
    errors.extend(found.errors);
    call.notes.warnings.extend(found.tolerated.iter().map(ToString::to_string));
}

/// Replicas are counted from nothing upwards.
fn scaled(errors: &mut Errors, call: &Call<'_>, object: &Object) {
    let version = schema::custom_version(call.cluster, &call.resource);
    let Some(scale) = version.and_then(|version| version.at(&["subresources", "scale"])) else { return };
    for field in ["specReplicasPath", "statusReplicasPath"] {
        let place = scale.str_at(&[field]);
        let steps: Vec<&str> = place.trim_start_matches('.').split('.').collect();
        let Some(replicas) = object.i64_at(&steps) else { continue };
        let why = if replicas < 0 {
            "should be a non-negative integer"
        } else if replicas > i64::from(i32::MAX) {
            "should be less than or equal to 2147483647"
        } else {
            continue;
        };
        errors.push(FieldError::invalid(FieldPath::new(place), &Value::Int(replicas), why));
    }
}

/// What an element of a list was before: lists of maps tell elements apart by their keys, others do not.
fn counterpart<'a>(item: &Value, old: &'a Value, schema: &Value) -> Option<&'a Value> {
    if schema.str_at(&["x-kubernetes-list-type"]) != "map" {
        return None;
    }
    let keys = schema.list_at(&["x-kubernetes-list-map-keys"]);
    let same = |other: &&Value| keys.iter().filter_map(Value::as_str).all(|k| other.get(k) == item.get(k));
    old.items().iter().find(same)
}
