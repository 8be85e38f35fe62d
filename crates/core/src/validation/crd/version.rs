//! What a definition's versions have besides a schema: subresources, columns, fields to select by.
//!
//! Models the rest of `validateCustomResourceDefinitionVersion` of apiextensions
//! `pkg/apis/apiextensions/validation/validation.go`, and `ValidFieldPath` without quoted names.

use gatehouse_model::{FieldError, FieldPath, Value};

use crate::validation::check::{self, Errors};

/// The most fields to select by.
const MOST: usize = 8;

/// The words for a version that should no longer be used.
pub(super) fn deprecation(errors: &mut Errors, path: &FieldPath, version: &Value) {
    let Some(warning) = version.get("deprecationWarning").and_then(Value::as_str) else { return };
    let mut invalid = |why: String| {
        errors.push(FieldError::invalid(path.child("deprecationWarning"), &warning.into(), why))
    };
    if version.bool_at(&["deprecated"]) != Some(true) {
        invalid("can only be set for deprecated versions".to_owned());
        return;
    }
    if warning.len() > 256 {
        invalid("must be <= 256 characters long".to_owned());
    }
    if warning.is_empty() {
        invalid("must not be an empty string".to_owned());
    }
    if let Some((i, _)) = warning.char_indices().find(|(_, c)| c.is_control()) {
        let why = "must only contain printable UTF-8 characters; non-printable character found at index";
        invalid(format!("{why} {i}"));
    }
}

/// A path in dot notation.
fn simple(errors: &mut Errors, path: FieldPath, value: &str) -> bool {
    let right = value.starts_with('.');
    if !right {
        let why = "must be a simple json path starting with .";
        errors.push(FieldError::invalid(path, &value.into(), why));
    }
    right
}

/// Where the scale stands.
pub(super) fn subresources(errors: &mut Errors, path: &FieldPath, subresources: &Value) {
    let Some(scale) = subresources.get("scale") else { return };
    for (field, needed, places, whose) in [
        ("specReplicasPath", true, &[".spec."][..], ".spec"),
        ("statusReplicasPath", true, &[".status."], ".status"),
        ("labelSelectorPath", false, &[".spec.", ".status."], "either .spec or .status"),
    ] {
        let at = path.child("scale").child(field);
        let value = scale.str_at(&[field]);
        if value.is_empty() {
            if needed {
                errors.push(FieldError::required(at, ""));
            }
        } else if simple(errors, at.clone(), value) && !places.iter().any(|p| value.starts_with(p)) {
            let why = format!("should be a json path under {whose}");
            errors.push(FieldError::invalid(at, &value.into(), why));
        }
    }
}

/// `additionalPrinterColumns`
pub(super) fn columns(errors: &mut Errors, path: &FieldPath, columns: &[Value]) {
    const FORMATS: [&str; 7] = ["byte", "date", "date-time", "double", "float", "int32", "int64"];
    for (i, column) in columns.iter().enumerate() {
        let path = path.index(i);
        check::required(errors, path.child("name"), column.str_at(&["name"]));
        let kind = column.str_at(&["type"]);
        let why = "must be one of boolean,date,integer,number,string";
        if kind.is_empty() {
            errors.push(FieldError::required(path.child("type"), why));
        } else if !matches!(kind, "boolean" | "date" | "integer" | "number" | "string") {
            errors.push(FieldError::invalid(path.child("type"), &kind.into(), why));
        }
        let format = column.str_at(&["format"]);
        if !format.is_empty() && format != "password" && !FORMATS.contains(&format) {
            let why = "must be one of byte,date,date-time,double,float,int32,int64,password";
            errors.push(FieldError::invalid(path.child("format"), &format.into(), why));
        }
        let source = column.str_at(&["jsonPath"]);
        if check::required(errors, path.child("JSONPath"), source) {
            simple(errors, path.child("JSONPath"), source);
        }
    }
}

/// `selectableFields`
pub(super) fn selectable(errors: &mut Errors, path: &FieldPath, fields: &[Value], schema: Option<&Value>) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, field) in fields.iter().enumerate() {
        let at = path.index(i).child("jsonPath");
        let value = field.str_at(&["jsonPath"]);
        if !check::required(errors, at.clone(), value) {
            continue;
        }
        let mut invalid = |why: &str| errors.push(FieldError::invalid(at.clone(), &value.into(), why));
        let found = match walk(value, schema) {
            Ok(found) => found,
            Err(why) => {
                invalid(&format!("is an invalid path: {why}"));
                continue;
            }
        };
        if value.split('.').nth(1) == Some("metadata") {
            invalid("must not point to fields in metadata");
        }
        if !matches!(found.str_at(&["type"]), "string" | "boolean" | "integer") {
            invalid(
                "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.",
            );
        }
        if seen.contains(&value) {
            errors.push(FieldError::duplicate(at, &value.into()));
        } else {
            seen.push(value);
        }
    }
    if seen.len() > MOST {
        errors.push(FieldError::too_many(path.clone(), seen.len(), MOST));
    }
}

/// What a path of names leads to.
fn walk<'a>(path: &str, schema: Option<&'a Value>) -> Result<&'a Value, String> {
    const NOWHERE: &str = "does not refer to a valid field";
    let mut at = schema.ok_or(NOWHERE)?;
    if path.contains('[') {
        return Err("array notation is not allowed".to_owned());
    }
    let Some(rest) = path.strip_prefix('.') else {
        let word = path.split('.').next().unwrap_or_default();
        return Err(format!("expected [ or . but got: {word}"));
    };
    for name in rest.split('.') {
        if name.is_empty() {
            return Err("unexpected end of JSON path".to_owned());
        }
        let more = at.get("additionalProperties").filter(|m| m.as_map().is_some());
        at = match at.map_at(&["properties"]).get(name) {
            Some(inner) => inner,
            None if at.get("properties").is_none() => more.ok_or(NOWHERE)?,
            None => return Err(NOWHERE.to_owned()),
        };
    }
    Ok(at)
}
