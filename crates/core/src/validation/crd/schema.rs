//! The schema of a definition's version.
//!
//! Models `validateCustomResourceDefinitionValidation` and `ValidateCustomResourceDefinitionOpenAPISchema` of apiextensions
//! `pkg/apis/apiextensions/validation/validation.go`, and `pkg/apiserver/schema/defaulting/validation.go`.

use gatehouse_model::schema::Schemas;
use gatehouse_model::{FieldError, FieldPath, KubeVersion, Value, decode};

use super::{Parts, extensions, structural};
use crate::validation::check::{self, Errors};
use crate::validation::custom;

/// What a schema may say at its root where the status is a subresource, in Go's words.
const ROOT: &str = "[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]";
/// Of these, what it may not.
const NOT_ROOT: &[&str] = &[
    "$ref",
    "$schema",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "definitions",
    "dependencies",
    "enum",
    "id",
    "maxProperties",
    "minProperties",
    "not",
    "nullable",
    "oneOf",
    "patternProperties",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
];

/// Checks a schema; `at` is what holds it, `status` whether the status is a subresource.
pub(super) fn check(errors: &mut Errors, at: &FieldPath, schema: &Value, status: bool, held: &Parts) {
    let path = at.child("openAPIV3Schema");
    if status {
        let kind = schema.str_at(&["type"]);
        if kind != "object" && !kind.is_empty() {
            let why = "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
            errors.push(FieldError::invalid(path.child("type"), &kind.into(), why));
        } else if NOT_ROOT.iter().any(|word| schema.get(word).is_some_and(|v| v.as_bool() != Some(false))) {
            let why = format!(
                "only {ROOT} fields are allowed at the root of the schema if the status subresource is enabled"
            );
            errors.push(FieldError::invalid(path.clone(), schema, why));
        }
    }
    if schema.bool_at(&["nullable"]) == Some(true) {
        errors.push(FieldError::forbidden(path.child("nullable"), "nullable cannot be true at the root"));
    }
    let mut sound = held.structural && structural::readable(schema);
    if sound {
        let before = errors.len();
        structural::check(errors, &path, schema);
        if errors.len() == before {
            defaults(errors, &path, schema, true, held.version);
        }
        sound = errors.len() == before;
    }
    let found = errors.len();
    node(errors, &path, schema, &Place { root: true, ..Place::default() });
    if sound && errors.len() == found {
        extensions::rules(errors, &path, schema, true, None);
    }
}

/// Defaults are values of their schema.
fn defaults(errors: &mut Errors, path: &FieldPath, schema: &Value, root: bool, version: KubeVersion) {
    if let Some(default) = schema.get("default") {
        let at = path.child("default");
        let schemas = Schemas::from_openapi_v3(schema);
        let pruned = schemas.root().and_then(|root| decode::prune(default, root).ok());
        if pruned.is_some_and(|p| !p.unknown.is_empty()) {
            errors.push(FieldError::invalid(at.clone(), default, "must not have unknown fields"));
        }
        // In the words about it, a default is the whole object.
        let mut found = Errors::new();
        custom::values::check(&mut found, &FieldPath::default(), default, None, schema, version);
        errors.extend(found.into_iter().map(|error| {
            let inside = error.path.as_str();
            let path = if inside.is_empty() { at.clone() } else { at.child(inside) };
            FieldError { path, ..error }
        }));
    }
    if let Some(items) = schema.get("items") {
        defaults(errors, &path.child("items"), items, false, version);
    }
    for (name, inner) in schema.map_at(&["properties"]).iter() {
        // What metadata defaults to is refused elsewhere.
        if !(root && matches!(name, "metadata" | "apiVersion" | "kind")) {
            defaults(errors, &path.child("properties").key(name), inner, false, version);
        }
    }
}

/// Where a node stands.
#[derive(Clone, Default)]
struct Place {
    root: bool,
    /// Inside the metadata of an object.
    meta: bool,
    /// Why there can be no default here.
    fixed: String,
}

/// What no schema may say, structural or not.
fn node(errors: &mut Errors, path: &FieldPath, schema: &Value, place: &Place) {
    standard(errors, path, schema, place);
    if schema.bool_at(&["uniqueItems"]) == Some(true) {
        let why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        errors.push(FieldError::forbidden(path.child("uniqueItems"), why));
    }
    let properties = schema.map_at(&["properties"]);
    let here = Place { root: false, ..place.clone() };
    if let Some(more) = schema.get("additionalProperties") {
        let at = path.child("additionalProperties");
        if !properties.is_empty() && more.as_bool() != Some(true) {
            let why = "additionalProperties and properties are mutual exclusive";
            errors.push(FieldError::forbidden(at.clone(), why));
        }
        if more.as_map().is_some() {
            let mut below = here.clone();
            if place.meta {
                "inside additionalProperties applying to object metadata".clone_into(&mut below.fixed);
            }
            node(errors, &at, more, &below);
        }
    }
    let embedded = schema.bool_at(&["x-kubernetes-embedded-resource"]) == Some(true);
    for (name, inner) in properties.iter() {
        let mut below = here.clone();
        if (place.root || embedded) && matches!(name, "metadata" | "kind" | "apiVersion") {
            below.meta = true;
            if place.root {
                below.fixed = format!("in top-level {name}");
            }
        }
        node(errors, &path.child("properties").key(name), inner, &below);
    }
    if let Some(inner) = schema.get("not") {
        node(errors, &path.child("not"), inner, &here);
    }
    for word in ["allOf", "oneOf", "anyOf"] {
        for (i, inner) in schema.list_at(&[word]).iter().enumerate() {
            node(errors, &path.child(word).index(i), inner, &here);
        }
    }
    match schema.get("items") {
        Some(Value::List(items)) => {
            for (i, inner) in items.iter().enumerate() {
                node(errors, &path.child("items").index(i), inner, &here);
            }
        }
        Some(inner) => node(errors, &path.child("items"), inner, &here),
        None => {}
    }
    extensions::node(errors, path, schema);
}

/// What the standard has that Kubernetes has not.
fn standard(errors: &mut Errors, path: &FieldPath, schema: &Value, place: &Place) {
    let kind = schema.str_at(&["type"]);
    if !kind.is_empty() {
        let kinds = ["array", "boolean", "integer", "number", "object", "string"];
        check::allowed(errors, path.child("type"), kind, &kinds);
    }
    let mut forbidden = |word: &str, why: String| errors.push(FieldError::forbidden(path.child(word), why));
    if schema.get("default").is_some() && !place.fixed.is_empty() {
        forbidden("default", format!("must not be set {}", place.fixed));
    }
    for word in ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"] {
        if schema.get(word).is_some() {
            forbidden(word, format!("{word} is not supported"));
        }
    }
    if kind == "null" {
        forbidden("type", "type cannot be set to null, use nullable as an alternative".to_owned());
    }
    if matches!(schema.get("items"), Some(Value::List(_))) {
        forbidden("items", "items must be a schema object and not an array".to_owned());
    }
    let embedded = "x-kubernetes-embedded-resource";
    if place.meta && schema.bool_at(&[embedded]) == Some(true) {
        forbidden(embedded, "must not be used inside of resource meta".to_owned());
    }
}
