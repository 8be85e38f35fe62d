//! One value against one schema, in the words of kube-openapi.

use gatehouse_model::{FieldError, FieldPath, Value};

use crate::validation::check::Errors;

/// Checks a value.
pub(super) fn check(errors: &mut Errors, path: &FieldPath, value: &Value, schema: &Value) {
    if value.is_null() && schema.bool_at(&["nullable"]) == Some(true) {
        return;
    }
    if !kind(errors, path, value, schema) {
        return;
    }
    let shown = if path.as_str().is_empty() { "<nil>" } else { path.as_str() };
    let mut invalid =
        |why: String| errors.push(FieldError::invalid(path.clone(), value, format!("{shown} in body {why}")));
    numbers(value, schema, &mut invalid);
    if let Some(text) = value.as_str() {
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        if let Some(max) = schema.i64_at(&["maxLength"]).filter(|m| length > *m) {
            errors.push(FieldError {
                kind: gatehouse_model::FieldErrorKind::TooLong,
                path: path.clone(),
                value: None,
                detail: format!("may not be more than {max} bytes"),
            });
        }
        let mut invalid = |why: String| {
            errors.push(FieldError::invalid(path.clone(), value, format!("{shown} in body {why}")))
        };
        if let Some(min) = schema.i64_at(&["minLength"]).filter(|m| length < *m) {
            invalid(format!("should be at least {min} chars long"));
        }
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_list)
        && !allowed.contains(value)
    {
        let words: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        errors.push(FieldError::not_supported(path.clone(), value, &words));
    }
    items(errors, path, value, schema);
    members(errors, path, value, schema);
}

/// The type; says so and gives false where it is another.
fn kind(errors: &mut Errors, path: &FieldPath, value: &Value, schema: &Value) -> bool {
    let either = schema.bool_at(&["x-kubernetes-int-or-string"]) == Some(true);
    let wanted = schema.str_at(&["type"]);
    let right = match wanted {
        "" => !either || matches!(value, Value::Int(_) | Value::Str(_)),
        "object" => value.as_map().is_some(),
        "array" => value.as_list().is_some(),
        "string" => value.as_str().is_some(),
        "boolean" => value.as_bool().is_some(),
        "integer" => value.as_i64().is_some(),
        "number" => value.as_f64().is_some(),
        _ => true,
    };
    if right {
        return true;
    }
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    };
    let shown = if path.as_str().is_empty() { "<nil>" } else { path.as_str() };
    let why = if either {
        format!("{shown} in body must be of type integer,string: \"{found}\"")
    } else {
        format!("{shown} in body must be of type {wanted}: \"{found}\"")
    };
    errors.push(FieldError::invalid(path.clone(), &Value::from(found), why));
    false
}

fn numbers(value: &Value, schema: &Value, invalid: &mut impl FnMut(String)) {
    let Some(number) = value.as_f64() else { return };
    let text = |v: &Value| gatehouse_model::json::print(v);
    if let Some(min) = schema.get("minimum")
        && let Some(limit) = min.as_f64()
    {
        if schema.bool_at(&["exclusiveMinimum"]) == Some(true) {
            if number <= limit {
                invalid(format!("should be greater than {}", text(min)));
            }
        } else if number < limit {
            invalid(format!("should be greater than or equal to {}", text(min)));
        }
    }
    if let Some(max) = schema.get("maximum")
        && let Some(limit) = max.as_f64()
    {
        if schema.bool_at(&["exclusiveMaximum"]) == Some(true) {
            if number >= limit {
                invalid(format!("should be less than {}", text(max)));
            }
        } else if number > limit {
            invalid(format!("should be less than or equal to {}", text(max)));
        }
    }
    if let Some(step) = schema.get("multipleOf")
        && let Some(size) = step.as_f64()
        && size != 0.0
        && (number / size).fract() != 0.0
    {
        invalid(format!("should be a multiple of {}", text(step)));
    }
}

fn items(errors: &mut Errors, path: &FieldPath, value: &Value, schema: &Value) {
    let Some(list) = value.as_list() else { return };
    let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
    if let Some(max) = schema.i64_at(&["maxItems"]).filter(|m| length > *m) {
        errors.push(FieldError::too_many(path.clone(), list.len(), usize::try_from(max).unwrap_or(0)));
    }
    if let Some(min) = schema.i64_at(&["minItems"]).filter(|m| length < *m) {
        let why = format!("{path} in body should have at least {min} items");
        errors.push(FieldError::invalid(path.clone(), &Value::Int(length), why));
    }
    if let Some(inner) = schema.get("items") {
        for (i, item) in list.iter().enumerate() {
            check(errors, &path.index(i), item, inner);
        }
    }
}

fn members(errors: &mut Errors, path: &FieldPath, value: &Value, schema: &Value) {
    let Some(map) = value.as_map() else { return };
    for (name, inner) in schema.map_at(&["properties"]).iter() {
        if let Some(member) = map.get(name) {
            check(errors, &path.child(name), member, inner);
        }
    }
    if let Some(inner) = schema.get("additionalProperties").filter(|s| s.as_map().is_some()) {
        for (key, member) in map.iter() {
            if !schema.map_at(&["properties"]).contains_key(key) {
                check(errors, &path.child(key), member, inner);
            }
        }
    }
    for name in schema.list_at(&["required"]).iter().filter_map(Value::as_str) {
        if !map.contains_key(name) {
            errors.push(FieldError::required(path.child(name), ""));
        }
    }
}
