//! Whether a configuration fits its kind before it is merged.
//!
//! Models structured-merge-diff `typed/validate.go`: its words, its paths, its Go values.

use gatehouse_model::schema::{Type, TypeRef};
use gatehouse_model::{Value, json, order};

use super::set;
use super::walk::{self, Parts};

/// What does not fit, as the server words it; nothing where all does.
pub(super) fn misfits(config: &Value, ty: Option<TypeRef<'_>>) -> Option<String> {
    let mut found = Vec::new();
    walk_value(config, ty?, String::new(), &mut found);
    match found.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        many => {
            let lines: Vec<String> = many.iter().map(|m| format!("\n  {m}")).collect();
            Some(format!("errors:{}", lines.concat()))
        }
    }
}

fn walk_value(value: &Value, ty: TypeRef<'_>, path: String, found: &mut Vec<String>) {
    if value.is_null() {
        return;
    }
    let mut wrong = |what: &str, got: String| found.push(format!("{path}: expected {what}, got {got}"));
    match (ty.ty(), value) {
        (Type::Any | Type::ObjectOrElse(_), _) => {}
        (Type::String | Type::Bytes, Value::Str(_)) => {}
        (Type::String | Type::Bytes, _) => {
            wrong("string", format!("&value.valueUnstructured{{Value:{}}}", go_syntax(value)));
        }
        (Type::Bool, Value::Bool(_)) => {}
        (Type::Bool, _) => wrong("boolean", boxed(value)),
        (Type::Int32 | Type::Int64 | Type::Number, Value::Int(_) | Value::Float(_)) => {}
        (Type::Int32 | Type::Int64 | Type::Number, _) => {
            wrong("numeric (int or float)", go_type(value).to_owned());
        }
        (
            Type::Quantity | Type::IntOrString | Type::Time | Type::MicroTime,
            Value::Map(_) | Value::List(_),
        ) => {
            wrong("any scalar", boxed(value));
        }
        (Type::Quantity | Type::IntOrString | Type::Time | Type::MicroTime, _) => {}
        (Type::List(_), Value::List(list)) => {
            let keys = match walk::parts(value, Some(ty)) {
                Parts::Keyed(keys) => keys,
                _ => Vec::new(),
            };
            let Some(item) = ty.item() else { return };
            let mut seen = Vec::new();
            for (i, inner) in list.iter().enumerate() {
                let mut step = format!("[{i}]");
                if !keys.is_empty() {
                    if let Some(why) = unkeyed(inner, &keys) {
                        found.push(format!("{path}: element {i}: {why}"));
                        return;
                    }
                    step = set::shown(&set::keys(inner, &keys));
                    if seen.contains(&step) {
                        found.push(format!("{path}: duplicate entries for key {step}"));
                    }
                    seen.push(step.clone());
                }
                walk_value(inner, item, format!("{path}{step}"), found);
            }
        }
        (Type::List(_), _) => wrong("list", boxed(value)),
        (Type::Map(_) | Type::Object(_), Value::Map(map)) => {
            for (name, inner) in map.iter() {
                let path = format!("{path}.{name}");
                match walk::member(Some(ty), name) {
                    Some(member) => walk_value(inner, member, path, found),
                    None if ty.object().is_some_and(|o| o.preserve_unknown) => {}
                    // A custom resource's own schema does not repeat what every object has.
                    None if path.matches('.').count() == 1 && is_of_every_object(name) => {}
                    None => found.push(format!("{path}: field not declared in schema")),
                }
            }
        }
        (Type::Map(_) | Type::Object(_), _) => wrong("map", boxed(value)),
    }
}

fn is_of_every_object(field: &str) -> bool {
    matches!(field, "apiVersion" | "kind" | "metadata")
}

/// Why an element of a list that is told by keys cannot be told.
fn unkeyed(item: &Value, keys: &[&str]) -> Option<String> {
    match item {
        Value::Null => Some("associative list with keys may not have a null element".to_owned()),
        Value::Map(map) => {
            let has = keys.iter().any(|k| map.contains_key(k) || *k == "protocol");
            let quoted: Vec<String> = keys.iter().map(|k| json::go_quote(k)).collect();
            (!has).then(|| {
                format!(
                    "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
                    quoted.join(" ")
                )
            })
        }
        _ => Some("associative list with keys may not have non-map elements".to_owned()),
    }
}

/// A value inside the server's wrapper, as `%v` prints it.
fn boxed(value: &Value) -> String {
    format!("&{{{}}}", crate::patch::strategic::go_text(value))
}

const fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Str(_) => "string",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
        Value::Null => "<nil>",
    }
}

/// A value as `%#v` prints it.
fn go_syntax(value: &Value) -> String {
    let braced = |parts: Vec<String>| format!("{}{{{}}}", go_type(value), parts.join(", "));
    match value {
        Value::Str(s) => json::go_quote(s),
        Value::List(list) => braced(list.iter().map(go_syntax).collect()),
        Value::Map(map) => {
            let mut parts: Vec<String> =
                map.iter().map(|(k, v)| format!("{}:{}", json::go_quote(k), go_syntax(v))).collect();
            order::by(&mut parts, String::cmp);
            braced(parts)
        }
        Value::Null => "interface {}(nil)".to_owned(),
        other => json::print(other),
    }
}
