//! Schemas in the expression language's own types, and objects in its own values.
//!
//! Models apiserver `pkg/cel/common/schemas.go`, `pkg/cel/escaping.go` and `pkg/cel/common/valuesunstructured.go`. Types
//! are named by the path to them; the digits that the API server appends to the root's name are left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_cel::{self as cel, Struct, Type};
use gatehouse_model::schema::{self, TypeRef};
use gatehouse_model::{Value, base64, time};

/// A field's name as expressions write it; `None` where they cannot.
pub(crate) fn escape(name: &str) -> Option<String> {
    if cel::RESERVED.contains(&name) {
        return Some(format!("__{name}__"));
    }
    let starts = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let fits = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    (starts && name.chars().all(fits)).then(|| {
        let name = name.replace("__", "__underscores__");
        name.replace('.', "__dot__").replace('-', "__dash__").replace('/', "__slash__")
    })
}

fn object(name: &str, fields: BTreeMap<String, Type>) -> Type {
    Type::Struct(Arc::new(Struct { name: name.to_owned(), fields, open: false }))
}

/// The type of a built-in kind's objects; `None` where expressions do not see it.
pub(crate) fn of_kind(ty: TypeRef<'_>, name: &str) -> Option<Type> {
    builtin(ty, name, &mut Vec::new())
}

fn builtin<'a>(ty: TypeRef<'a>, name: &str, above: &mut Vec<&'a str>) -> Option<Type> {
    Some(match ty.ty() {
        schema::Type::String | schema::Type::Quantity => Type::String,
        schema::Type::Int32 | schema::Type::Int64 => Type::Int,
        schema::Type::Bool => Type::Bool,
        schema::Type::Number => Type::Double,
        schema::Type::IntOrString => Type::Dyn,
        schema::Type::Time | schema::Type::MicroTime => Type::Timestamp,
        schema::Type::Bytes => Type::Bytes,
        schema::Type::Any => object(name, BTreeMap::new()),
        schema::Type::List(_) => Type::list(builtin(ty.item()?, &format!("{name}.@idx"), above)?),
        schema::Type::Map(_) => {
            Type::map(Type::String, builtin(ty.item()?, &format!("{name}.@elem"), above)?)
        }
        schema::Type::ObjectOrElse(_) => return None,
        schema::Type::Object(_) => {
            let own = &*ty.object()?.name;
            // What refers to itself is an object of which nothing is known.
            if above.contains(&own) {
                return Some(object(name, BTreeMap::new()));
            }
            above.push(own);
            let mut fields = BTreeMap::new();
            for field in ty.fields() {
                let path = format!("{name}.{}", field.name);
                if let Some(escaped) = escape(&field.name)
                    && let Some(inner) = ty.field(&field.name)
                    && let Some(of) = builtin(inner, &path, above)
                {
                    fields.insert(escaped, of);
                }
            }
            above.pop();
            object(name, fields)
        }
    })
}

fn flag(schema: &Value, name: &str) -> bool {
    schema.bool_at(&[name]) == Some(true)
}

/// Whether objects of the API are described here, with `apiVersion`, `kind` and `metadata`.
pub(crate) fn is_embedded(schema: &Value) -> bool {
    flag(schema, "x-kubernetes-embedded-resource")
}

/// The type that an OpenAPI schema of a custom resource describes; `root` for whole objects of the API.
pub(crate) fn of_openapi(schema: &Value, name: &str, root: bool) -> Option<Type> {
    if flag(schema, "x-kubernetes-int-or-string") {
        return Some(Type::Dyn);
    }
    let values = schema.get("additionalProperties").filter(|a| a.as_map().is_some());
    Some(match (schema.str_at(&["type"]), schema.str_at(&["format"])) {
        ("array", _) => {
            let items = schema.get("items")?;
            Type::list(of_openapi(items, &format!("{name}.@idx"), is_embedded(items))?)
        }
        ("object", _) => match values {
            Some(values) if !root => {
                Type::map(Type::String, of_openapi(values, &format!("{name}.@elem"), is_embedded(values))?)
            }
            _ => properties(schema, name, root),
        },
        ("string", "byte") => Type::Bytes,
        ("string", "duration") => Type::Duration,
        ("string", "date" | "date-time") => Type::Timestamp,
        ("string", _) => Type::String,
        ("boolean", _) => Type::Bool,
        ("number", _) => Type::Double,
        ("integer", _) => Type::Int,
        _ => return None,
    })
}

fn properties(schema: &Value, name: &str, root: bool) -> Type {
    let mut fields = BTreeMap::new();
    for (key, property) in schema.map_at(&["properties"]).iter() {
        if let Some(escaped) = escape(key)
            && let Some(of) = of_openapi(property, &format!("{name}.{key}"), is_embedded(property))
        {
            fields.insert(escaped, of);
        }
    }
    if root {
        let names = ["name", "generateName"].map(|n| (n.to_owned(), Type::String));
        fields.insert("apiVersion".to_owned(), Type::String);
        fields.insert("kind".to_owned(), Type::String);
        fields.insert("metadata".to_owned(), object(&format!("{name}.metadata"), names.into()));
    }
    object(name, fields)
}

/// A value as expressions see it: fields by their escaped names, points in time and bytes as such.
pub(crate) fn value(of: &Value, schema: &Value) -> cel::Value {
    match of {
        Value::Map(map) => {
            let properties = schema.map_at(&["properties"]);
            let others = schema.get("additionalProperties").filter(|a| a.as_map().is_some());
            let entries = map.iter().filter_map(|(key, inner)| match (properties.get(key), others) {
                (Some(property), _) => Some((cel::Value::string(&escape(key)?), value(inner, property))),
                (None, Some(others)) => Some((cel::Value::string(key), value(inner, others))),
                (None, None) => Some((cel::Value::string(key), cel::Value::of(inner))),
            });
            cel::Value::Map(Arc::new(entries.collect()))
        }
        Value::List(items) => {
            let inner = schema.get("items").unwrap_or(&Value::Null);
            cel::Value::list(items.iter().map(|i| value(i, inner)).collect())
        }
        Value::Str(text) if schema.str_at(&["type"]) == "string" => {
            let special = match schema.str_at(&["format"]) {
                "date-time" => time::parse_rfc3339(text).ok().map(|(seconds, nanos)| {
                    cel::Value::Timestamp(i128::from(seconds) * 1_000_000_000 + i128::from(nanos), 0)
                }),
                "byte" => base64::decode(text).ok().map(|b| cel::Value::Bytes(b.into())),
                "duration" => time::parse_duration(text).ok().map(cel::Value::Duration),
                _ => None,
            };
            special.unwrap_or_else(|| cel::Value::string(text))
        }
        Value::Int(_) if schema.str_at(&["type"]) == "number" => {
            cel::Value::Double(of.as_f64().unwrap_or_default())
        }
        other => cel::Value::of(other),
    }
}
