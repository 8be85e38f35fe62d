//! Structural schemas: every node has a type, and what `anyOf` and its like add is added to something.
//!
//! Models apiextensions `pkg/apiserver/schema/{validation,complete}.go`. Patterns are not compiled here.

use gatehouse_model::{FieldError, FieldPath, Value, json};

use crate::validation::check::Errors;

/// Words with which no schema can be made structural.
const UNKNOWN: &[&str] =
    &["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref", "$schema"];

/// Whether a schema can be read as a structural one at all.
pub(super) fn readable(schema: &Value) -> bool {
    let inner = |field: &str| schema.get(field).filter(|s| s.as_map().is_some()).is_none_or(readable);
    UNKNOWN.iter().all(|word| schema.get(word).is_none())
        && schema.bool_at(&["uniqueItems"]) != Some(true)
        && schema.get("items").is_none_or(|items| items.as_map().is_some())
        && ["items", "additionalProperties", "not"].into_iter().all(inner)
        && schema.map_at(&["properties"]).values().all(readable)
        && COMPOSED.iter().all(|word| schema.list_at(&[word]).iter().all(readable))
}

const COMPOSED: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Where in a schema a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// What is wrong with a schema, by text.
pub(super) fn check(errors: &mut Errors, path: &FieldPath, schema: &Value) {
    let mut found = Errors::new();
    invariants(&mut found, path, schema, Level::Root);
    complete(&mut found, path, path, schema, Some(schema));
    gatehouse_model::order::by(&mut found, |a, b| a.to_string().cmp(&b.to_string()));
    errors.extend(found);
}

fn flag(schema: &Value, word: &str) -> bool {
    schema.bool_at(&[word]) == Some(true)
}

const EMBEDDED: &str = "x-kubernetes-embedded-resource";
const EITHER: &str = "x-kubernetes-int-or-string";
const PRESERVES: &str = "x-kubernetes-preserve-unknown-fields";

fn invariants(errors: &mut Errors, path: &FieldPath, schema: &Value, level: Level) {
    let kind = schema.str_at(&["type"]);
    let embedded = flag(schema, EMBEDDED);
    match schema.get("items") {
        Some(items) => invariants(errors, &path.child("items"), items, Level::Item),
        None if kind == "array" => {
            errors.push(FieldError::required(path.child("items"), "must be specified"));
        }
        None => {}
    }
    let properties = schema.map_at(&["properties"]);
    for (name, inner) in properties.iter() {
        invariants(errors, &path.child("properties").key(name), inner, Level::Field);
    }
    if let Some(more) = schema.get("additionalProperties") {
        let at = path.child("additionalProperties");
        if level == Level::Root {
            errors.push(FieldError::forbidden(at.clone(), "must not be used at the root"));
        }
        if more.as_map().is_some() {
            invariants(errors, &at, more, Level::Field);
        }
        if embedded {
            errors
                .push(FieldError::forbidden(at, "must not be used if x-kubernetes-embedded-resource is set"));
        }
    }
    for word in [PRESERVES, EMBEDDED] {
        if flag(schema, EITHER) && flag(schema, word) {
            let why = "must be false if x-kubernetes-int-or-string is true";
            errors.push(FieldError::invalid(path.child(word), &Value::Bool(true), why));
        }
    }
    values(errors, path, schema, level);
    if embedded && kind != "object" {
        let why = "must be object if x-kubernetes-embedded-resource is true";
        errors.push(if kind.is_empty() {
            FieldError::required(path.child("type"), why)
        } else {
            FieldError::invalid(path.child("type"), &kind.into(), why)
        });
    } else if kind.is_empty() && !flag(schema, EITHER) && !flag(schema, PRESERVES) {
        let place = match level {
            Level::Root => "at the root",
            Level::Item => "for specified array items",
            Level::Field => "for specified object fields",
        };
        errors.push(FieldError::required(path.child("type"), format!("must not be empty {place}")));
    }
    if level == Level::Root && !kind.is_empty() && kind != "object" {
        errors.push(FieldError::invalid(path.child("type"), &kind.into(), "must be object at the root"));
    }
    let of_meta = level == Level::Root || embedded;
    for name in ["kind", "apiVersion"] {
        if let Some(inner) = properties.get(name).filter(|s| of_meta && s.str_at(&["type"]) != "string") {
            let at = path.child("properties").key(name).child("type");
            errors.push(FieldError::invalid(at, &inner.str_at(&["type"]).into(), "must be string"));
        }
    }
    if let Some(inner) = properties.get("metadata") {
        metadata(errors, &path.child("properties").key("metadata"), inner, of_meta, level);
    }
    if embedded && !flag(schema, PRESERVES) && properties.is_empty() {
        let why = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        errors.push(FieldError::required(path.child("properties"), why));
    }
}

fn metadata(errors: &mut Errors, path: &FieldPath, schema: &Value, of_meta: bool, level: Level) {
    let kind = schema.str_at(&["type"]);
    if of_meta && kind != "object" {
        errors.push(FieldError::invalid(path.child("type"), &kind.into(), "must be object"));
    }
    if level != Level::Root {
        return;
    }
    let named = schema.map_at(&["properties"]).keys().all(|k| matches!(k, "name" | "generateName"));
    let more = |key: &str, value: &Value| match key {
        "type" | "default" => false,
        "properties" => !named,
        _ => !matches!(value, Value::Null | Value::Bool(false)) && value.as_str() != Some(""),
    };
    if schema.entries().iter().any(|(key, value)| more(key, value)) {
        let why = "must not specify anything other than name and generateName, but metadata is implicitly specified";
        errors.push(FieldError::forbidden(path.clone(), why));
    }
}

/// Whether this is the one `anyOf` that may name types: an integer or a string.
fn is_either(schema: &Value) -> bool {
    schema.get("anyOf") == Some(&json!([{"type": "integer"}, {"type": "string"}]))
}

/// What a node says of its value by `anyOf` and its like.
fn values(errors: &mut Errors, path: &FieldPath, schema: &Value, level: Level) {
    for word in ["anyOf", "allOf", "oneOf"] {
        if word == "anyOf" && is_either(schema) {
            continue;
        }
        for (i, inner) in schema.list_at(&[word]).iter().enumerate() {
            let first = word == "allOf" && i == 0 && is_either(inner);
            nested(errors, &path.child(word).index(i), inner, level, first);
        }
    }
    if let Some(inner) = schema.get("not") {
        nested(errors, &path.child("not"), inner, level, false);
    }
}

/// A schema inside `anyOf` and its like: it may not shape anything.
fn nested(errors: &mut Errors, path: &FieldPath, schema: &Value, level: Level, either: bool) {
    if either {
        let mut rest = schema.clone();
        rest.remove(&["anyOf"]);
        values(errors, path, &rest, level);
    } else {
        values(errors, path, schema, level);
    }
    if let Some(items) = schema.get("items") {
        nested(errors, &path.child("items"), items, level, false);
    }
    for (name, inner) in schema.map_at(&["properties"]).iter() {
        nested(errors, &path.child("properties").key(name), inner, Level::Field, false);
    }
    let mut forbidden = |word: &str, how: &str| {
        errors.push(FieldError::forbidden(path.child(word), format!("must be {how} to be structural")));
    };
    for word in ["type", "title", "description"] {
        if !schema.str_at(&[word]).is_empty() {
            forbidden(word, "empty");
        }
    }
    for word in ["additionalProperties", "default", "x-kubernetes-list-type", "x-kubernetes-map-type"] {
        if schema.get(word).is_some() {
            forbidden(word, "undefined");
        }
    }
    for word in ["nullable", PRESERVES, EMBEDDED, EITHER] {
        if flag(schema, word) {
            forbidden(word, "false");
        }
    }
    for word in ["x-kubernetes-list-map-keys", "x-kubernetes-validations"] {
        if !schema.list_at(&[word]).is_empty() {
            forbidden(word, "empty");
        }
    }
    if schema.map_at(&["properties"]).contains_key("metadata") {
        let at = path.child("properties").key("metadata");
        errors.push(FieldError::forbidden(at, "must not be specified in a nested context"));
    }
}

/// What `anyOf` and its like speak of stands in the schema itself. `value` says it at `said`; `schema` is at `path`.
fn complete(errors: &mut Errors, path: &FieldPath, said: &FieldPath, value: &Value, schema: Option<&Value>) {
    let each = COMPOSED.iter().flat_map(|word| {
        value.list_at(&[word]).iter().enumerate().map(move |(i, inner)| (said.child(word).index(i), inner))
    });
    let not = value.get("not").map(|inner| (said.child("not"), inner));
    for (said, inner) in not.into_iter().chain(each) {
        shaped(errors, path, &said, inner, schema);
    }
}

fn shaped(errors: &mut Errors, path: &FieldPath, said: &FieldPath, value: &Value, schema: Option<&Value>) {
    let Some(schema) = schema else {
        errors.push(FieldError::required(path.clone(), format!("because it is defined in {said}")));
        return;
    };
    complete(errors, path, said, value, Some(schema));
    if let Some(items) = value.get("items") {
        shaped(errors, &path.child("items"), &said.child("items"), items, schema.get("items"));
    }
    for (name, inner) in value.map_at(&["properties"]).iter() {
        let step = |path: &FieldPath| path.child("properties").key(name);
        shaped(errors, &step(path), &step(said), inner, schema.map_at(&["properties"]).get(name));
    }
}
