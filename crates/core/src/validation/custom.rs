//! Custom resources: their values against their definition's schema.
//!
//! Models apiextensions `pkg/registry/customresource/validator.go` and kube-openapi's validation.

mod values;

use gatehouse_model::{FieldPath, Object, Value, names};

use super::check::Errors;
use super::meta;
use crate::schema;
use crate::server::Call;

/// A custom resource that is to be made.
pub(super) fn create(errors: &mut Errors, call: &Call<'_>, object: &Object) {
    meta::object(errors, object, call.resource.namespaced(), names::path_segment);
    against_schema(errors, call, object);
}

/// A change of a custom resource.
pub(super) fn update(errors: &mut Errors, call: &Call<'_>, object: &Object) {
    against_schema(errors, call, object);
}

fn against_schema(errors: &mut Errors, call: &Call<'_>, object: &Object) {
    let Some(schema) = schema::of_custom(call.cluster, &call.resource) else { return };
    let mut value: Value = object.0.clone();
    value.remove(&["metadata"]);
    let mut found = Errors::new();
    values::check(&mut found, &FieldPath::default(), &value, &schema);
    errors.extend(found);
}
