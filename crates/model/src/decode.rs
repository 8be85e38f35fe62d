//! Decodes an object as the API server does: into Go's structs and back, with strict findings and Go's errors.
//!
//! What comes back is what the server would keep and print: unknown fields gone, unset fields left out or printed as
//! Go prints them, quantities and times in their canonical form. Knows neither defaults nor what values are allowed.
//! Models sigs.k8s.io/json (a fork of `encoding/json`), the `UnmarshalJSON` of apimachinery's types and, for custom
//! resources, apiextensions-apiserver `pkg/apiserver/schema/pruning`.

mod prune;
#[cfg(test)]
mod tests;
mod zero;

use std::fmt;

use crate::json::{self, go_quote};
use crate::quantity::Quantity;
use crate::schema::{Type, TypeRef};
use crate::value::{Map, Value};
use crate::{base64, time};

pub use prune::prune;

/// An object that was decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The object as the server holds it.
    pub object: Value,
    /// Paths of fields nobody knows, in the order they were met.
    pub unknown: Vec<String>,
}

/// Why an object cannot be decoded, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(pub String);

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DecodeError {}

/// `strict decoding error: unknown field "a", unknown field "b"`; none where nothing is unknown.
#[must_use]
pub fn strict_error(unknown: &[String]) -> Option<String> {
    if unknown.is_empty() {
        return None;
    }
    let shown: Vec<String> = unknown.iter().map(|path| format!("unknown field {}", go_quote(path))).collect();
    Some(format!("strict decoding error: {}", shown.join(", ")))
}

/// Decodes a value into a type.
///
/// # Errors
/// The first value of a wrong type; but a value that its own type refuses, such as a bad quantity, goes before.
pub fn decode(value: &Value, ty: TypeRef<'_>) -> Result<Decoded, DecodeError> {
    let mut d = Decoder::default();
    match d.value(value, ty) {
        Err(Abort(message)) => Err(DecodeError(message)),
        Ok(object) => match d.saved {
            Some(message) => Err(DecodeError(message)),
            None => Ok(Decoded { object: object.unwrap_or_default(), unknown: d.unknown }),
        },
    }
}

/// At most so many unknown fields are told.
const MAX_UNKNOWN: usize = 100;

/// A type's own `UnmarshalJSON` failed: decoding ends at once.
struct Abort(String);

#[derive(Default)]
struct Decoder<'a> {
    /// The innermost struct, for errors.
    structure: Option<&'a str>,
    /// The names of fields from the root, for errors.
    fields: Vec<&'a str>,
    /// The path with indices and keys, for unknown fields.
    path: String,
    /// The first value of a wrong type.
    saved: Option<String>,
    unknown: Vec<String>,
    /// Inside a type that decodes itself, which is never strict.
    lenient: bool,
}

/// What Go calls a JSON value.
const fn value_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

impl<'a> Decoder<'a> {
    fn type_error(&self, what: &str, go_type: &str) -> String {
        match self.structure {
            None => format!("json: cannot unmarshal {what} into Go value of type {go_type}"),
            Some(name) => {
                let field = self.fields.join(".");
                format!("json: cannot unmarshal {what} into Go struct field {name}.{field} of type {go_type}")
            }
        }
    }

    fn mismatch(&mut self, value: &Value, go_type: &str) {
        if self.saved.is_none() {
            self.saved = Some(self.type_error(value_name(value), go_type));
        }
    }

    /// The decoded value; none where it stays unset.
    fn value(&mut self, value: &Value, ty: TypeRef<'a>) -> Result<Option<Value>, Abort> {
        match (ty.ty(), value) {
            (Type::Any, v) => return Ok(Some(v.clone())),
            (_, Value::Null) => return Ok(None),
            (Type::Quantity | Type::IntOrString | Type::Time | Type::MicroTime, v) => {
                return self.own(v, ty.ty()).map(Some);
            }
            (Type::Int32 | Type::Int64, Value::Int(_) | Value::Float(_)) => {
                let fits = match value {
                    Value::Int(i) => *ty.ty() == Type::Int64 || i32::try_from(*i).is_ok(),
                    _ => false,
                };
                if fits {
                    return Ok(Some(value.clone()));
                }
                if self.saved.is_none() {
                    let number = format!("number {}", json::print(value));
                    self.saved = Some(self.type_error(&number, &ty.go_type()));
                }
            }
            (Type::String, Value::Str(_))
            | (Type::Bool, Value::Bool(_))
            | (Type::Number, Value::Int(_) | Value::Float(_)) => return Ok(Some(value.clone())),
            (Type::Bytes, Value::Str(s)) => match base64::decode(s) {
                Ok(bytes) => return Ok(Some(Value::from(base64::encode(&bytes)))),
                Err(message) => {
                    self.saved.get_or_insert(message);
                }
            },
            (Type::List(_), Value::List(items)) => return self.list(items, ty).map(Some),
            (Type::Map(_), Value::Map(map)) => return self.map(map, ty).map(Some),
            (Type::Object(_), Value::Map(map)) => return self.object(map, ty).map(Some),
            (Type::ObjectOrElse(_), Value::Map(map)) => {
                let before = std::mem::replace(&mut self.lenient, true);
                let object = self.object(map, ty);
                self.lenient = before;
                return object.map(Some);
            }
            (Type::ObjectOrElse(_), v) => return Ok(Some(v.clone())),
            (_, v) => self.mismatch(v, &ty.go_type()),
        }
        Ok(None)
    }

    /// A value of a type that decodes itself.
    fn own(&self, value: &Value, ty: &Type) -> Result<Value, Abort> {
        match (ty, value) {
            (Type::Quantity, value) => {
                let text = match value {
                    Value::Str(s) => s.to_string(),
                    other => json::print(other),
                };
                let quantity = Quantity::parse(text.trim()).map_err(Abort)?;
                Ok(Value::from(quantity.to_string()))
            }
            (Type::IntOrString, Value::Str(_)) => Ok(value.clone()),
            (Type::IntOrString, Value::Int(i)) if i32::try_from(*i).is_ok() => Ok(value.clone()),
            (Type::IntOrString, Value::Int(_) | Value::Float(_)) => {
                Err(Abort(self.type_error(&format!("number {}", json::print(value)), "int32")))
            }
            (Type::IntOrString, other) => Err(Abort(self.type_error(value_name(other), "int32"))),
            (Type::MicroTime, Value::Str(s)) => {
                let (seconds, nanos) = time::parse_rfc3339(s).map_err(Abort)?;
                Ok(Value::from(time::rfc3339_micro(seconds, nanos / 1000)))
            }
            (_, Value::Str(s)) => {
                let (seconds, _) = time::parse_rfc3339(s).map_err(Abort)?;
                Ok(Value::from(time::rfc3339(seconds)))
            }
            (_, other) => Err(Abort(self.type_error(value_name(other), "string"))),
        }
    }

    fn list(&mut self, items: &[Value], ty: TypeRef<'a>) -> Result<Value, Abort> {
        let Some(item_type) = ty.item() else { return Ok(Value::list()) };
        let length = self.path.len();
        let mut out = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            self.path.push_str(&format!("[{i}]"));
            let item = self.value(item, item_type)?;
            out.push(item.unwrap_or_else(|| zero::element(item_type)));
            self.path.truncate(length);
        }
        Ok(Value::from(out))
    }

    fn map(&mut self, map: &Map, ty: TypeRef<'a>) -> Result<Value, Abort> {
        let Some(item_type) = ty.item() else { return Ok(Value::map()) };
        let length = self.path.len();
        let mut out = Map::new();
        for (key, item) in map.iter() {
            self.push_key(key);
            let item = self.value(item, item_type)?;
            out.insert(key, item.unwrap_or_else(|| zero::element(item_type)));
            self.path.truncate(length);
        }
        Ok(Value::from(out))
    }

    fn push_key(&mut self, key: &str) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(key);
    }

    fn object(&mut self, map: &Map, ty: TypeRef<'a>) -> Result<Value, Abort> {
        let outer = self.structure;
        let depth = self.fields.len();
        let length = self.path.len();
        let name = ty.struct_name().unwrap_or_default();
        let mut out = Map::new();
        for (key, item) in map.iter() {
            self.push_key(key);
            if let Some(field) = ty.field(key) {
                self.structure = Some(name);
                self.fields.extend(field.via().map(|f| f.name.as_ref()));
                if let Some(value) = self.value(item, field)? {
                    out.insert(key, value);
                }
                self.fields.truncate(depth);
            } else if !self.lenient && self.unknown.len() < MAX_UNKNOWN {
                self.unknown.push(self.path.clone());
            }
            self.path.truncate(length);
        }
        self.structure = outer;
        zero::settle(&mut out, ty);
        Ok(Value::from(out))
    }
}
