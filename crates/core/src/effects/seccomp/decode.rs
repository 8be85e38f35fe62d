//! JSON into typed fields with `encoding/json`'s refusals.
//!
//! Only what a seccomp profile needs: strings, unsigned numbers, lists and objects. Keys are matched without
//! regard to case, null leaves the zero value, unknown fields are ignored.

use gatehouse_model::{Map, Value};

/// Where in the Go types a value lands, for the error text.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The Go struct that has the field.
    pub(super) strukt: &'a str,
    /// The path of JSON names from the top.
    pub(super) path: &'a str,
}

/// What `encoding/json` calls the kind of a value.
pub(super) fn describe(v: &Value) -> String {
    match v {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Int(i) => format!("number {i}"),
        Value::Float(f) => format!("number {f}"),
        Value::Str(_) => "string".to_owned(),
        Value::List(_) => "array".to_owned(),
        Value::Map(_) => "object".to_owned(),
    }
}

fn mismatch(v: &Value, at: Place<'_>, ty: &str) -> String {
    // The digits are only named where a number is of the right kind but does not fit.
    let what = match v {
        Value::Int(_) | Value::Float(_) if !ty.starts_with("uint") => "number".to_owned(),
        other => describe(other),
    };
    format!("json: cannot unmarshal {what} into Go struct field {}.{} of type {ty}", at.strukt, at.path)
}

/// The field of a name; an exact match wins over one in another case.
pub(super) fn field<'a>(map: &'a Map, name: &str) -> Option<&'a Value> {
    map.get(name)
        .or_else(|| map.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v))
        .filter(|v| !v.is_null())
}

/// A string field, of the Go type `ty`.
pub(super) fn string(map: &Map, name: &str, at: Place<'_>, ty: &str) -> Result<String, String> {
    match field(map, name) {
        None => Ok(String::new()),
        Some(Value::Str(s)) => Ok(s.to_string()),
        Some(other) => Err(mismatch(other, at, ty)),
    }
}

/// An unsigned number.
pub(super) fn number(map: &Map, name: &str, at: Place<'_>, ty: &str) -> Result<Option<u64>, String> {
    match field(map, name) {
        None => Ok(None),
        Some(v @ Value::Int(i)) => u64::try_from(*i).map(Some).map_err(|_| mismatch(v, at, ty)),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked against the bounds"
        )]
        Some(Value::Float(f)) if f.fract() == 0.0 && *f >= 0.0 && *f <= 18_446_744_073_709_551_615.0 => {
            Ok(Some(*f as u64))
        }
        Some(other) => Err(mismatch(other, at, ty)),
    }
}

/// A list whose elements have the Go type `ty`.
pub(super) fn list<'a>(map: &'a Map, name: &str, at: Place<'_>, ty: &str) -> Result<&'a [Value], String> {
    match field(map, name) {
        None => Ok(&[]),
        Some(Value::List(items)) => Ok(items),
        Some(other) => Err(mismatch(other, at, &format!("[]{ty}"))),
    }
}

/// A list of strings.
pub(super) fn strings(map: &Map, name: &str, at: Place<'_>, ty: &str) -> Result<Vec<String>, String> {
    list(map, name, at, ty)?
        .iter()
        .map(|v| match v {
            Value::Str(s) => Ok(s.to_string()),
            Value::Null => Ok(String::new()),
            other => Err(mismatch(other, at, ty)),
        })
        .collect()
}

/// An element that must be an object.
pub(super) fn object<'a>(v: &'a Value, at: Place<'_>, ty: &str) -> Result<&'a Map, String> {
    static EMPTY: Map = Map::new();
    match v {
        Value::Map(m) => Ok(m),
        Value::Null => Ok(&EMPTY),
        other => Err(mismatch(other, at, ty)),
    }
}
