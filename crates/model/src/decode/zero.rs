//! What Go prints of fields that were never set, or set to nothing.

use crate::schema::{Field, Type, TypeRef};
use crate::value::{Map, Value};

/// Leaves out what Go leaves out, and puts in what Go prints of unset fields.
pub(super) fn settle(map: &mut Map, ty: TypeRef<'_>) {
    let minor = ty.version().minor();
    for field in ty.fields() {
        let drop = match map.get(&field.name) {
            Some(value) => !field.always && !field.pointer && is_empty(value, &field.ty),
            None => false,
        };
        if drop {
            map.remove(&field.name);
        }
        if field.always && field.omit_zero_since.is_none_or(|since| minor < since) {
            // A round through storage leaves no empty lists and maps where unset ones would print the same.
            let value = map.get(&field.name);
            let missing = value.is_none_or(|v| is_collection(&field.ty) && is_empty(v, &field.ty));
            if missing && let Some(inner) = ty.field(&field.name) {
                map.insert(field.name.as_ref(), unset(field, inner));
            }
        }
    }
}

const fn is_collection(ty: &Type) -> bool {
    matches!(ty, Type::List(_) | Type::Map(_))
}

/// Whether `omitempty` leaves it out. Structs are never empty.
fn is_empty(value: &Value, ty: &Type) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(b) => !b,
        Value::Int(i) => *i == 0 && *ty != Type::IntOrString,
        Value::Float(f) => *f == 0.0,
        Value::Str(s) => s.is_empty() && *ty != Type::IntOrString,
        Value::List(l) => l.is_empty() && is_collection(ty),
        Value::Map(m) => m.is_empty() && is_collection(ty),
    }
}

fn unset(field: &Field, ty: TypeRef<'_>) -> Value {
    if field.pointer { Value::Null } else { element(ty) }
}

/// Go's zero value of a type, as JSON.
pub(super) fn element(ty: TypeRef<'_>) -> Value {
    match ty.ty() {
        Type::String | Type::Bytes => Value::from(""),
        Type::Int32 | Type::Int64 | Type::Number | Type::IntOrString => Value::Int(0),
        Type::Bool => Value::Bool(false),
        Type::Quantity => Value::from("0"),
        Type::Object(_) => {
            let mut map = Map::new();
            settle(&mut map, ty);
            Value::from(map)
        }
        Type::Time | Type::MicroTime | Type::Any | Type::List(_) | Type::Map(_) | Type::ObjectOrElse(_) => {
            Value::Null
        }
    }
}
