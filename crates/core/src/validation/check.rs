//! Small checks that every kind uses, each with its own words.

use gatehouse_model::{FieldError, FieldPath, Value, names};

/// Findings, in the order they are found.
pub(super) type Errors = Vec<FieldError>;

/// One `Invalid value` for each complaint about a text.
pub(super) fn text(errors: &mut Errors, path: &FieldPath, value: &str, complaints: Vec<String>) {
    for complaint in complaints {
        errors.push(FieldError::invalid(path.clone(), &Value::from(value), complaint));
    }
}

/// `Required value` of a string that is empty.
pub(super) fn required(errors: &mut Errors, path: FieldPath, value: &str) -> bool {
    if value.is_empty() {
        errors.push(FieldError::required(path, ""));
    }
    !value.is_empty()
}

/// `must be greater than or equal to 0`
pub(super) fn non_negative(errors: &mut Errors, path: FieldPath, value: Option<i64>) {
    if let Some(value) = value.filter(|v| *v < 0) {
        errors.push(FieldError::invalid(path, &Value::Int(value), "must be greater than or equal to 0"));
    }
}

/// `must be greater than 0`
pub(super) fn positive(errors: &mut Errors, path: FieldPath, value: Option<i64>) {
    if let Some(value) = value.filter(|v| *v <= 0) {
        errors.push(FieldError::invalid(path, &Value::Int(value), "must be greater than 0"));
    }
}

/// A word out of a list: required where empty, else `Unsupported value`.
pub(super) fn one_of(errors: &mut Errors, path: FieldPath, value: &str, supported: &[&str]) {
    if value.is_empty() {
        errors.push(FieldError::required(path, ""));
    } else {
        allowed(errors, path, value, supported);
    }
}

/// A word out of a list, `Unsupported value` otherwise.
pub(super) fn allowed(errors: &mut Errors, path: FieldPath, value: &str, supported: &[&str]) {
    if !supported.contains(&value) {
        errors.push(FieldError::not_supported(path, &Value::from(value), supported));
    }
}

/// `field is immutable`
pub(super) fn immutable(errors: &mut Errors, path: FieldPath, new: Option<&Value>, old: Option<&Value>) {
    let none = Value::Null;
    let (new, old) = (new.unwrap_or(&none), old.unwrap_or(&none));
    if new != old {
        errors.push(FieldError::invalid(path, new, "field is immutable"));
    }
}

/// A port: `must be between 1 and 65535, inclusive`.
pub(super) fn port(errors: &mut Errors, path: &FieldPath, port: i64) {
    for complaint in names::port_number(port) {
        errors.push(FieldError::invalid(path.clone(), &Value::Int(port), complaint));
    }
}

/// A port by number or name.
pub(super) fn port_or_name(errors: &mut Errors, path: &FieldPath, value: Option<&Value>) {
    match value {
        Some(Value::Str(name)) => text(errors, path, name, names::port_name(name)),
        Some(Value::Int(number)) => port(errors, path, *number),
        _ => port(errors, path, 0),
    }
}

/// A path inside something: relative, without steps back.
pub(super) fn descending(errors: &mut Errors, path: &FieldPath, value: &str) {
    if value.starts_with('/') {
        errors.push(FieldError::invalid(path.clone(), &Value::from(value), "must be a relative path"));
    }
    no_backsteps(errors, path, value);
}

/// A path without `..`.
pub(super) fn no_backsteps(errors: &mut Errors, path: &FieldPath, value: &str) {
    if value.split('/').any(|part| part == "..") {
        errors.push(FieldError::invalid(path.clone(), &Value::from(value), "must not contain '..'"));
    }
}

/// As [`descending`], also without a name that starts with `..`.
pub(super) fn non_reserved(errors: &mut Errors, path: &FieldPath, value: &str) {
    descending(errors, path, value);
    if value.starts_with("..") && !value.starts_with("../") && value != ".." {
        errors.push(FieldError::invalid(path.clone(), &Value::from(value), "must not start with '..'"));
    }
}

/// The complaints about an address, as the server of this strictness words them.
pub(super) fn ip(errors: &mut Errors, path: &FieldPath, value: &str) {
    text(errors, path, value, names::ip(value, true));
}
