//! Reads the structural schema of a custom resource: `openAPIV3Schema`.
//!
//! Models apiextensions-apiserver `pkg/apiserver/schema`: the shape only.

use super::{Field, ListType, ObjectType, Schemas, Type};
use crate::Value;

/// How deep a schema may nest.
const MAX_DEPTH: usize = 100;

pub(super) fn read(schema: &Value) -> Schemas {
    let mut schemas = Schemas::default();
    schemas.push(ObjectType::default());
    let root = object(&mut schemas, schema, 0, true);
    if let Some(slot) = schemas.types.first_mut() {
        *slot = root;
    }
    schemas
}

fn text(s: &str) -> super::Text {
    s.to_owned().into()
}

fn object(schemas: &mut Schemas, schema: &Value, depth: usize, root: bool) -> ObjectType {
    let flag = |name: &str| schema.bool_at(&[name]) == Some(true);
    let required: Vec<&str> = schema.list_at(&["required"]).iter().filter_map(Value::as_str).collect();
    let mut out = ObjectType {
        preserve_unknown: flag("x-kubernetes-preserve-unknown-fields"),
        embedded: root || flag("x-kubernetes-embedded-resource"),
        ..ObjectType::default()
    };
    for (name, property) in schema.map_at(&["properties"]).iter() {
        let list_type = match property.str_at(&["x-kubernetes-list-type"]) {
            "set" => ListType::Set,
            "map" => ListType::Map(
                property
                    .list_at(&["x-kubernetes-list-map-keys"])
                    .iter()
                    .filter_map(Value::as_str)
                    .map(text)
                    .collect(),
            ),
            _ => ListType::Atomic,
        };
        out.fields.push(Field {
            name: text(name),
            ty: ty(schemas, property, depth + 1),
            required: required.contains(&name),
            pointer: true,
            always: false,
            omit_zero_since: None,
            since: 0,
            patch_strategies: Vec::new(),
            patch_merge_key: None,
            list_type,
            atomic_map: property.str_at(&["x-kubernetes-map-type"]) == "atomic",
            go_type: None,
        });
    }
    if out.embedded {
        for (name, ty) in [("apiVersion", Type::String), ("kind", Type::String), ("metadata", Type::Any)] {
            out.fields.retain(|f| f.name != name);
            let at = out.fields.partition_point(|f| *f.name < *name);
            out.fields.insert(at, Field::plain(name, ty));
        }
    }
    out
}

fn ty(schemas: &mut Schemas, schema: &Value, depth: usize) -> Type {
    if depth > MAX_DEPTH {
        return Type::Any;
    }
    if schema.bool_at(&["x-kubernetes-int-or-string"]) == Some(true) {
        return Type::IntOrString;
    }
    match (schema.str_at(&["type"]), schema.str_at(&["format"])) {
        ("string", "byte") => Type::Bytes,
        ("string", "date-time") => Type::Time,
        ("string", _) => Type::String,
        ("integer", "int32") => Type::Int32,
        ("integer", _) => Type::Int64,
        ("number", _) => Type::Number,
        ("boolean", _) => Type::Bool,
        ("array", _) => {
            let item = schema.get("items").map_or(Type::Any, |items| ty(schemas, items, depth + 1));
            Type::List(Box::new(item))
        }
        ("object", _) => match schema.get("additionalProperties") {
            Some(item @ Value::Map(_)) => Type::Map(Box::new(ty(schemas, item, depth + 1))),
            Some(Value::Bool(true)) => Type::Map(Box::new(Type::Any)),
            _ => {
                let object = object(schemas, schema, depth, false);
                schemas.push(object)
            }
        },
        _ => Type::Any,
    }
}

impl Field {
    fn plain(name: &'static str, ty: Type) -> Self {
        Self {
            name: name.into(),
            ty,
            required: false,
            pointer: true,
            always: false,
            omit_zero_since: None,
            since: 0,
            patch_strategies: Vec::new(),
            patch_merge_key: None,
            list_type: ListType::Atomic,
            atomic_map: false,
            go_type: None,
        }
    }
}
