//! Custom resources: their values against their definition's schema.
//!
//! Models apiextensions `pkg/registry/customresource/validator.go` and kube-openapi's validation.

mod formats;
pub(super) mod rules;
mod values;

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

/// What an element of a list was before: lists of maps tell elements apart by their keys, others do not.
fn counterpart<'a>(item: &Value, old: &'a Value, schema: &Value) -> Option<&'a Value> {
    if schema.str_at(&["x-kubernetes-list-type"]) != "map" {
        return None;
    }
    let keys = schema.list_at(&["x-kubernetes-list-map-keys"]);
    let same = |other: &&Value| keys.iter().filter_map(Value::as_str).all(|k| other.get(k) == item.get(k));
    old.items().iter().find(same)
}
