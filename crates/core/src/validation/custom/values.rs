//! One value against one schema, in the words of kube-openapi.

use gatehouse_model::{FieldError, FieldErrorKind, FieldPath, KubeVersion, Value, json};

use super::formats;
use crate::validation::check::Errors;

/// Checks a value that was `old` before; what was so before is left alone.
pub(in crate::validation) fn check(
    errors: &mut Errors,
    path: &FieldPath,
    value: &Value,
    old: Option<&Value>,
    schema: &Value,
    version: KubeVersion,
) {
    if (value.is_null() && schema.bool_at(&["nullable"]) == Some(true)) || old == Some(value) {
        return;
    }
    if !kind(errors, path, value, schema) {
        return;
    }
    composed(errors, path, value, schema, version);
    let mut invalid = |why: String| {
        errors.push(FieldError::invalid(path.clone(), value, format!("{} in body {why}", name(path))));
    };
    numbers(value, schema, &mut invalid);
    if let Some(text) = value.as_str() {
        string(errors, path, text, schema, version);
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_list)
        && !allowed.contains(value)
    {
        let words: Vec<String> = allowed
            .iter()
            .map(|a| a.as_str().map_or_else(|| gatehouse_model::json::print(a), str::to_owned))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        errors.push(FieldError::not_supported(path.clone(), value, &words));
    }
    items(errors, path, value, old, schema, version);
    members(errors, path, value, old, schema, version);
}

/// A place as kube-openapi names it.
fn name(path: &FieldPath) -> &str {
    path.as_str()
}

fn string(errors: &mut Errors, path: &FieldPath, text: &str, schema: &Value, version: KubeVersion) {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    if let Some(max) = schema.i64_at(&["maxLength"]).filter(|m| length > *m) {
        errors.push(FieldError::too_long(path.clone(), usize::try_from(max).unwrap_or(0)));
    }
    let mut invalid = |why: String| {
        errors.push(FieldError::invalid(path.clone(), &text.into(), format!("{} in body {why}", name(path))));
    };
    if let Some(min) = schema.i64_at(&["minLength"]).filter(|m| length < *m) {
        invalid(format!("should be at least {min} chars long"));
    }
    let pattern = schema.str_at(&["pattern"]);
    if !pattern.is_empty() && gatehouse_cel::matches(pattern, text) == Some(false) {
        invalid(format!("should match '{pattern}'"));
    }
    let format = schema.str_at(&["format"]);
    if !formats::fits(format, text, version) {
        let why = format!("{} in body must be of type {format}: {}", name(path), json::go_quote(text));
        errors.push(FieldError {
            kind: FieldErrorKind::TypeInvalid,
            ..FieldError::invalid(path.clone(), &text.into(), why)
        });
    }
}

/// `allOf`, `anyOf`, `oneOf` and `not`.
fn composed(errors: &mut Errors, path: &FieldPath, value: &Value, schema: &Value, version: KubeVersion) {
    let shown = json::go_quote(path.as_str());
    let fail = |errors: &mut Errors, why: &str| {
        let why = format!("{shown} {why}");
        errors.push(FieldError::invalid(FieldPath::default(), &"".into(), why));
    };
    let tried = |word: &str| -> Vec<Errors> {
        let each = schema.list_at(&[word]).iter().map(|inner| {
            let mut found = Errors::new();
            check(&mut found, path, value, None, inner, version);
            found
        });
        each.collect()
    };
    let failures = |tried: &[Errors]| tried.iter().filter(|e| !e.is_empty()).count();
    let any = tried("anyOf");
    if !any.is_empty() && failures(&any) == any.len() {
        fail(errors, "must validate at least one schema (anyOf)");
        errors.extend(any.into_iter().next().unwrap_or_default());
    }
    let one = tried("oneOf");
    match one.len() - failures(&one) {
        _ if one.is_empty() => {}
        1 => {}
        0 => {
            fail(errors, "must validate one and only one schema (oneOf). Found none valid");
            errors.extend(one.into_iter().next().unwrap_or_default());
        }
        n => fail(
            errors,
            &format!("must validate one and only one schema (oneOf). Found {n} valid alternatives"),
        ),
    }
    let all = tried("allOf");
    let failed = failures(&all);
    let total = all.len();
    errors.extend(all.into_iter().flatten());
    if failed > 0 {
        let rest = if failed == total { ". None validated" } else { "" };
        fail(errors, &format!("must validate all the schemas (allOf){rest}"));
    }
    if let Some(not) = schema.get("not") {
        let mut found = Errors::new();
        check(&mut found, path, value, None, not, version);
        if found.is_empty() {
            fail(errors, "must not validate the schema (not)");
        }
    }
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
    let shown = name(path);
    let why = if either {
        format!("{shown} in body must be of type integer,string: \"{found}\"")
    } else {
        format!("{shown} in body must be of type {wanted}: \"{found}\"")
    };
    errors.push(FieldError {
        kind: FieldErrorKind::TypeInvalid,
        ..FieldError::invalid(path.clone(), &Value::from(found), why)
    });
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

fn items(
    errors: &mut Errors,
    path: &FieldPath,
    value: &Value,
    old: Option<&Value>,
    schema: &Value,
    version: KubeVersion,
) {
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
            let before = old.and_then(|o| super::counterpart(item, o, schema));
            check(errors, &path.index(i), item, before, inner, version);
        }
    }
}

fn members(
    errors: &mut Errors,
    path: &FieldPath,
    value: &Value,
    old: Option<&Value>,
    schema: &Value,
    version: KubeVersion,
) {
    let Some(map) = value.as_map() else { return };
    let size = i64::try_from(map.len()).unwrap_or(i64::MAX);
    if let Some(min) = schema.i64_at(&["minProperties"]).filter(|m| size < *m) {
        let why = format!("{} in body should have at least {min} properties", name(path));
        errors.push(FieldError::invalid(path.clone(), &Value::Int(min), why));
        return;
    }
    if let Some(max) = schema.i64_at(&["maxProperties"]).filter(|m| size > *m) {
        errors.push(FieldError::too_many(path.clone(), map.len(), usize::try_from(max).unwrap_or(0)));
        return;
    }
    for (name, inner) in schema.map_at(&["properties"]).iter() {
        if let Some(member) = map.get(name) {
            check(errors, &path.child(name), member, old.and_then(|o| o.get(name)), inner, version);
        }
    }
    if let Some(inner) = schema.get("additionalProperties").filter(|s| s.as_map().is_some()) {
        for (key, member) in map.iter() {
            if !schema.map_at(&["properties"]).contains_key(key) {
                check(errors, &path.child(key), member, old.and_then(|o| o.get(key)), inner, version);
            }
        }
    }
    for name in schema.list_at(&["required"]).iter().filter_map(Value::as_str) {
        if !map.contains_key(name) {
            errors.push(FieldError::required(path.child(name), ""));
        }
    }
}
