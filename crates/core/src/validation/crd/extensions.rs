//! The `x-kubernetes-…` extensions of a definition's schemas: kinds of lists and maps, and validation rules.
//!
//! Models `ValidateCustomResourceDefinitionOpenAPISchema` of apiextensions
//! `pkg/apis/apiextensions/validation/validation.go`. The cost of rules is not estimated.

use gatehouse_cel::{self as cel, Type};
use gatehouse_model::{FieldError, FieldPath, Value, json};

use crate::schema::cel as types;
use crate::validation::check::{self, Errors};
use crate::validation::custom::rules::environment;

const REASONS: [&str; 4] =
    ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/// One node's kinds of lists and maps, and how its rules are written.
pub(super) fn node(errors: &mut Errors, path: &FieldPath, schema: &Value) {
    let kind = schema.str_at(&["type"]);
    let must_be = |errors: &mut Errors, wanted: &str, word: &str| {
        let why = format!("must be {wanted} if {word} is specified");
        if kind.is_empty() {
            errors.push(FieldError::required(path.child("type"), why));
        } else if kind != wanted {
            errors.push(FieldError::invalid(path.child("type"), &kind.into(), why));
        }
    };
    if schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
        let at = path.child("x-kubernetes-preserve-unknown-fields");
        errors.push(FieldError::invalid(at, &Value::Bool(false), "must be true or undefined"));
    }
    if let Some(of) = schema.get("x-kubernetes-map-type").and_then(Value::as_str) {
        must_be(errors, "object", "x-kubernetes-map-type");
        check::allowed(errors, path.child("x-kubernetes-map-type"), of, &["atomic", "granular"]);
    }
    let list = schema.get("x-kubernetes-list-type").and_then(Value::as_str);
    if let Some(of) = list {
        must_be(errors, "array", "x-kubernetes-list-type");
        if kind == "array" && of == "set" {
            set_items(errors, &path.child("items"), schema.get("items"));
        }
        check::allowed(errors, path.child("x-kubernetes-list-type"), of, &["atomic", "set", "map"]);
    }
    keys(errors, path, schema, list);
    if let Some(of @ ("set" | "map")) = list
        && schema.at(&["items"]).is_some_and(|items| items.bool_at(&["nullable"]) == Some(true))
    {
        let why = format!("cannot be nullable when x-kubernetes-list-type is {of}");
        errors.push(FieldError::forbidden(path.children(&["items", "nullable"]), why));
    }
    for (i, rule) in schema.list_at(&["x-kubernetes-validations"]).iter().enumerate() {
        written(errors, &path.child("x-kubernetes-validations").index(i), rule);
    }
}

/// The elements of a set are told apart as wholes.
fn set_items(errors: &mut Errors, path: &FieldPath, items: Option<&Value>) {
    let Some(items) = items else { return };
    let word = |field: &str| items.get(field).cloned().unwrap_or_default();
    let (list, map) = (word("x-kubernetes-list-type"), word("x-kubernetes-map-type"));
    let field = match items.str_at(&["type"]) {
        "array" if !matches!(list.as_str(), None | Some("atomic")) => "x-kubernetes-list-type",
        // The server shows the kind of list here too.
        "object" if map.as_str() != Some("atomic") => "x-kubernetes-map-type",
        _ => return,
    };
    let why = "must be atomic as item of a list with x-kubernetes-list-type=set";
    errors.push(FieldError::invalid(path.child(field), &list, why));
}

fn keys(errors: &mut Errors, path: &FieldPath, schema: &Value, list: Option<&str>) {
    let keys = schema.list_at(&["x-kubernetes-list-map-keys"]);
    let at = path.child("x-kubernetes-list-map-keys");
    if !keys.is_empty() && list != Some("map") {
        let why = "must be map if x-kubernetes-list-map-keys is non-empty";
        let at = path.child("x-kubernetes-list-type");
        errors.push(match list {
            None => FieldError::required(at, why),
            Some(other) => FieldError::invalid(at, &other.into(), why),
        });
    }
    if list != Some("map") {
        return;
    }
    if keys.is_empty() {
        let why = "must not be empty if x-kubernetes-list-type is map";
        errors.push(FieldError::required(at.clone(), why));
    }
    let Some(items) = schema.get("items") else {
        let why = "must have a schema if x-kubernetes-list-type is map";
        errors.push(FieldError::required(path.child("items"), why));
        return;
    };
    let of = items.str_at(&["type"]);
    if of != "object" {
        let why = "must be object if parent array's x-kubernetes-list-type is map";
        errors.push(FieldError::invalid(path.children(&["items", "type"]), &of.into(), why));
        return;
    }
    let shown = Value::from(keys.to_vec());
    for (i, key) in keys.iter().enumerate() {
        let name = key.as_str().unwrap_or_default();
        match items.map_at(&["properties"]).get(name) {
            None => {
                let why = "entries must all be names of item properties";
                errors.push(FieldError::invalid(at.clone(), &shown, why));
            }
            Some(property) if matches!(property.str_at(&["type"]), "array" | "object") => {
                let place = path.children(&["items", "properties"]).key(name).child("type");
                let why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                errors.push(FieldError::invalid(place, &of.into(), why));
            }
            Some(property) => {
                let required = items.list_at(&["required"]).contains(key);
                let place = path.children(&["items", "properties"]).key(name);
                if !required && property.get("default").is_none() {
                    let why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
                    errors.push(FieldError::required(place.child("default"), why));
                }
                if property.bool_at(&["nullable"]) == Some(true) {
                    let why = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
                    errors.push(FieldError::forbidden(place.child("nullable"), why));
                }
            }
        }
        if keys.iter().take(i).any(|k| k == key) {
            errors.push(FieldError::invalid(at.clone(), &shown, "must not contain duplicate entries"));
        }
    }
}

fn written(errors: &mut Errors, path: &FieldPath, rule: &Value) {
    let (text, message) = (rule.str_at(&["rule"]).trim(), rule.str_at(&["message"]));
    if text.is_empty() {
        errors.push(FieldError::required(path.child("rule"), "rule is not specified"));
    } else if !message.is_empty() && message.trim().is_empty() {
        let why = "must be non-empty if specified";
        errors.push(FieldError::invalid(path.child("message"), &message.into(), why));
    } else if message.trim().contains('\n') {
        let why = "must not contain line breaks";
        errors.push(FieldError::invalid(path.child("message"), &message.into(), why));
    } else if text.contains('\n') && message.trim().is_empty() {
        let why = "message must be specified if rule contains line breaks";
        errors.push(FieldError::required(path.child("message"), why));
    }
    let expression = rule.str_at(&["messageExpression"]);
    if !expression.is_empty() && expression.trim().is_empty() {
        let why = "messageExpression must be non-empty if specified";
        errors.push(FieldError::required(path.child("messageExpression"), why));
    }
    if let Some(reason) = rule.get("reason").and_then(Value::as_str) {
        check::allowed(errors, path.child("reason"), reason, &REASONS);
    }
    let place = rule.str_at(&["fieldPath"]);
    if !place.is_empty() && place.trim().is_empty() {
        let why = "must be non-empty if specified";
        errors.push(FieldError::invalid(path.child("fieldPath"), &place.into(), why));
    } else if !place.is_empty() && !place.starts_with(['.', '[']) {
        errors.push(FieldError::invalid(path.child("fieldPath"), &place.into(), "must be a valid path"));
    }
}

/// The rules of a schema and of everything below it, compiled. `loose` names the part above whose elements cannot be
/// told apart from one version to the next.
pub(super) fn rules(
    errors: &mut Errors,
    path: &FieldPath,
    schema: &Value,
    root: bool,
    loose: Option<&FieldPath>,
) {
    let below = |errors: &mut Errors, path: FieldPath, inner: &Value, loose: Option<&FieldPath>| {
        rules(errors, &path, inner, types::is_embedded(inner), loose);
    };
    if let Some(inner) = schema.get("additionalProperties").filter(|i| i.as_map().is_some()) {
        below(errors, path.child("additionalProperties"), inner, loose);
    }
    for (name, inner) in schema.map_at(&["properties"]).iter() {
        below(errors, path.child("properties").key(name), inner, loose);
    }
    if let Some(inner) = schema.get("items").filter(|i| i.as_map().is_some()) {
        let at = path.child("items");
        let correlated = schema.str_at(&["x-kubernetes-list-type"]) == "map";
        let loose = if correlated { loose } else { loose.or(Some(path)) };
        below(errors, at, inner, loose);
    }
    let list = schema.list_at(&["x-kubernetes-validations"]);
    if list.is_empty() {
        return;
    }
    let Some(of) = types::of_openapi(schema, "selfType", root) else { return };
    for (i, rule) in list.iter().enumerate() {
        compile(errors, &path.child("x-kubernetes-validations").index(i), rule, &of, loose);
    }
}

fn compile(errors: &mut Errors, path: &FieldPath, rule: &Value, of: &Type, loose: Option<&FieldPath>) {
    let optional = rule.bool_at(&["optionalOldSelf"]);
    let environment = environment(of, optional == Some(true));
    let program = match cel::compile(rule.str_at(&["rule"]), &environment) {
        Ok(program) if program.result == Type::Bool => program,
        Ok(_) => {
            let why = "cel expression must evaluate to a bool";
            errors.push(FieldError::invalid_rendered(path.child("rule"), internal(rule), why));
            return;
        }
        Err(issues) => {
            let why = format!("compilation failed: {issues}");
            errors.push(FieldError::invalid_rendered(path.child("rule"), internal(rule), why));
            return;
        }
    };
    let message = rule.str_at(&["messageExpression"]);
    if !message.is_empty() {
        let why = match cel::compile(message, &environment) {
            Ok(program) if program.result == Type::String => None,
            Ok(_) => Some("messageExpression must evaluate to a string".to_owned()),
            Err(issues) => Some(format!("messageExpression compilation failed: {issues}")),
        };
        if let Some(why) = why {
            let at = path.child("messageExpression");
            errors.push(FieldError::invalid_rendered(at, internal(rule), why));
        }
    }
    if program.mentions("oldSelf") {
        if let Some(loose) = loose {
            let why =
                format!("oldSelf cannot be used on the uncorrelatable portion of the schema within {loose}");
            errors.push(FieldError::invalid(path.child("rule"), &rule.str_at(&["rule"]).into(), why));
        }
    } else if let Some(optional) = optional {
        let why = "may not be set if oldSelf is not used in rule";
        errors.push(FieldError::invalid(path.child("optionalOldSelf"), &Value::Bool(optional), why));
    }
}

/// A rule as the API server prints its own struct.
fn internal(rule: &Value) -> String {
    let text = |field: &str| json::html_escaped(&json::print(&Value::from(rule.str_at(&[field]))));
    let maybe = |field: &str| rule.get(field).map_or_else(|| "null".to_owned(), json::print);
    format!(
        "{{\"Rule\":{},\"Message\":{},\"MessageExpression\":{},\"Reason\":{},\"FieldPath\":{},\"OptionalOldSelf\":{}}}",
        text("rule"),
        text("message"),
        text("messageExpression"),
        maybe("reason"),
        text("fieldPath"),
        maybe("optionalOldSelf")
    )
}
