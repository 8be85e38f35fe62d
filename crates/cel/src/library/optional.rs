//! Values that may be missing. Models cel-go `cel/library.go` (optional types).

use std::sync::Arc;

use super::Answer;
use crate::value::Value;

pub(super) fn call(function: &str, args: &[Value]) -> Answer {
    Some(Ok(match (function, args) {
        ("optional.none", []) => Value::Optional(None),
        ("optional.unwrap", [Value::List(_)]) => return method("unwrapOpt", args),
        ("optional.of", [v]) => Value::Optional(Some(Arc::new(v.clone()))),
        ("optional.ofNonZeroValue", [v]) => {
            let zero = match v {
                Value::Null | Value::Bool(false) | Value::Int(0) | Value::UInt(0) | Value::Duration(0) => {
                    true
                }
                Value::Double(d) => *d == 0.0,
                Value::String(s) => s.is_empty(),
                Value::Bytes(b) => b.is_empty(),
                Value::List(l) => l.is_empty(),
                Value::Map(m) => m.is_empty(),
                _ => false,
            };
            Value::Optional((!zero).then(|| Arc::new(v.clone())))
        }
        _ => return None,
    }))
}

pub(super) fn method(function: &str, args: &[Value]) -> Answer {
    if let ("unwrapOpt", [Value::List(list)]) = (function, args) {
        if list.first().is_some_and(|v| !matches!(v, Value::Optional(_))) {
            return None;
        }
        let mut out = Vec::new();
        for v in list.iter() {
            match v {
                Value::Optional(v) => out.extend(v.iter().map(|v| (**v).clone())),
                other => return Some(Err(format!("value {} is not optional", other.show()))),
            }
        }
        return Some(Ok(Value::list(out)));
    }
    let (Value::Optional(of), rest) = args.split_first()? else { return None };
    Some(match (function, rest) {
        ("hasValue", []) => Ok(Value::Bool(of.is_some())),
        ("value", []) => {
            of.as_ref().map(|v| (**v).clone()).ok_or_else(|| "optional.none() dereference".to_owned())
        }
        ("orValue", [other]) => Ok(of.as_ref().map_or_else(|| other.clone(), |v| (**v).clone())),
        ("or", [other]) => Ok(if of.is_some() { Value::Optional(of.clone()) } else { other.clone() }),
        _ => return None,
    })
}
