//! Operators, conversions, sizes. Models cel-go `common/stdlib` and `common/types`.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Answer, time};
use crate::value::{Value, double};

const OVERFLOW: &str = "integer overflow";

fn ints(function: &str, a: i64, b: i64) -> Answer {
    let result = match function {
        "_+_" => a.checked_add(b),
        "_-_" => a.checked_sub(b),
        "_*_" => a.checked_mul(b),
        "_/_" if b == 0 => return Some(Err("division by zero".to_owned())),
        "_/_" => a.checked_div(b),
        "_%_" if b == 0 => return Some(Err("modulus by zero".to_owned())),
        "_%_" => a.checked_rem(b),
        _ => return None,
    };
    Some(result.map(Value::Int).ok_or_else(|| OVERFLOW.to_owned()))
}

fn uints(function: &str, a: u64, b: u64) -> Answer {
    let result = match function {
        "_+_" => a.checked_add(b),
        "_-_" => a.checked_sub(b),
        "_*_" => a.checked_mul(b),
        "_/_" if b == 0 => return Some(Err("division by zero".to_owned())),
        "_/_" => a.checked_div(b),
        "_%_" if b == 0 => return Some(Err("modulus by zero".to_owned())),
        "_%_" => a.checked_rem(b),
        _ => return None,
    };
    Some(result.map(Value::UInt).ok_or_else(|| "unsigned integer overflow".to_owned()))
}

/// Whether values of this kind know an operator, whatever stands on its other side. Texts and times know how to refuse.
pub(super) fn knows(v: &Value, function: &str) -> bool {
    match v {
        Value::String(_) | Value::Timestamp(..) | Value::Duration(_) => true,
        Value::Int(_) => true,
        Value::UInt(_) => !matches!(function, "-_" | "!_"),
        Value::Double(_) => function != "_%_",
        Value::Bool(_) => matches!(function, "!_" | "_<_" | "_<=_" | "_>_" | "_>=_"),
        Value::Bytes(_) => matches!(function, "_+_" | "_<_" | "_<=_" | "_>_" | "_>=_"),
        Value::List(_) => function == "_+_",
        _ => false,
    }
}

pub(super) fn call(function: &str, args: &[Value]) -> Answer {
    if let [a, b] = args {
        let unordered = || {
            let number = |v: &Value| matches!(v, Value::Int(_) | Value::UInt(_) | Value::Double(_));
            let none = |v: &Value| matches!(v, Value::Double(d) if d.is_nan());
            let nan = number(a) && number(b) && (none(a) || none(b));
            nan.then(|| Err("NaN values cannot be ordered".to_owned()))
        };
        let ordered =
            |wanted: fn(Ordering) -> bool| a.order(b).map(|o| Ok(Value::Bool(wanted(o)))).or_else(unordered);
        match function {
            "_==_" => return Some(Ok(Value::Bool(a.same(b)))),
            "_!=_" => return Some(Ok(Value::Bool(!a.same(b)))),
            "_<_" => return ordered(Ordering::is_lt),
            "_<=_" => return ordered(Ordering::is_le),
            "_>_" => return ordered(Ordering::is_gt),
            "_>=_" => return ordered(Ordering::is_ge),
            "@in" => {
                return match b {
                    Value::List(l) => Some(Ok(Value::Bool(l.iter().any(|v| v.same(a))))),
                    Value::Map(m) => Some(Ok(Value::Bool(m.iter().any(|(k, _)| k.same(a))))),
                    _ => None,
                };
            }
            _ => {}
        }
        return arithmetic(function, a, b);
    }
    let [a] = args else { return None };
    match (function, a) {
        ("!_", Value::Bool(b)) => Some(Ok(Value::Bool(!b))),
        ("-_", Value::Int(i)) => Some(i.checked_neg().map(Value::Int).ok_or_else(|| OVERFLOW.to_owned())),
        ("-_", Value::Double(d)) => Some(Ok(Value::Double(-d))),
        ("-_", Value::Duration(d)) => {
            Some(d.checked_neg().map(Value::Duration).ok_or_else(|| OVERFLOW.to_owned()))
        }
        ("size", _) => method("size", args),
        ("type", _) => Some(Ok(Value::Type(a.type_name().to_owned()))),
        ("dyn", _) => Some(Ok(a.clone())),
        _ => convert(function, a),
    }
}

fn arithmetic(function: &str, a: &Value, b: &Value) -> Answer {
    let too_far = || "timestamp overflow".to_owned();
    let at = |t: i128, offset: i32| time::within(t).map(|t| Value::Timestamp(t, offset)).ok_or_else(too_far);
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => ints(function, *a, *b),
        (Value::UInt(a), Value::UInt(b)) => uints(function, *a, *b),
        (Value::Double(a), Value::Double(b)) => {
            let result = match function {
                "_+_" => a + b,
                "_-_" => a - b,
                "_*_" => a * b,
                "_/_" => a / b,
                _ => return None,
            };
            Some(Ok(Value::Double(result)))
        }
        (Value::String(a), Value::String(b)) if function == "_+_" => {
            Some(Ok(Value::string(&format!("{a}{b}"))))
        }
        (Value::Bytes(a), Value::Bytes(b)) if function == "_+_" => {
            Some(Ok(Value::Bytes(a.iter().chain(b.iter()).copied().collect())))
        }
        (Value::List(a), Value::List(b)) if function == "_+_" => {
            Some(Ok(Value::list(a.iter().chain(b.iter()).cloned().collect())))
        }
        (Value::Duration(a), Value::Duration(b)) => {
            let result = match function {
                "_+_" => a.checked_add(*b),
                "_-_" => a.checked_sub(*b),
                _ => return None,
            };
            Some(result.map(Value::Duration).ok_or_else(|| OVERFLOW.to_owned()))
        }
        (Value::Timestamp(t, offset), Value::Duration(d)) => match function {
            "_+_" => Some(at(t + i128::from(*d), *offset)),
            "_-_" => Some(at(t - i128::from(*d), *offset)),
            _ => None,
        },
        (Value::Duration(d), Value::Timestamp(t, offset)) if function == "_+_" => {
            Some(at(t + i128::from(*d), *offset))
        }
        (Value::Timestamp(a, _), Value::Timestamp(b, _)) if function == "_-_" => {
            Some(i64::try_from(a - b).map(Value::Duration).map_err(|_| OVERFLOW.to_owned()))
        }
        _ => None,
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "conversions that round, checked for range"
)]
fn convert(function: &str, v: &Value) -> Answer {
    let bad = |what: &str| format!("type conversion error from '{}' to '{what}'", v.type_name());
    let range = || "unsigned integer overflow".to_owned();
    Some(match (function, v) {
        ("int", Value::Int(_))
        | ("uint", Value::UInt(_))
        | ("double", Value::Double(_))
        | ("string", Value::String(_))
        | ("bool", Value::Bool(_))
        | ("bytes", Value::Bytes(_)) => Ok(v.clone()),
        ("int", Value::UInt(u)) => i64::try_from(*u).map(Value::Int).map_err(|_| OVERFLOW.to_owned()),
        ("int", Value::Double(d)) if d.abs() < 9.2e18 => Ok(Value::Int(d.trunc() as i64)),
        ("int", Value::Double(_)) => Err(OVERFLOW.to_owned()),
        ("int", Value::String(s)) => s.parse().map(Value::Int).map_err(|_| bad("int")),
        ("int", Value::Timestamp(t, _)) => {
            Ok(Value::Int(i64::try_from(t.div_euclid(1_000_000_000)).unwrap_or(0)))
        }
        ("int", Value::Duration(d)) => Ok(Value::Int(*d)),
        ("uint", Value::Int(i)) => u64::try_from(*i).map(Value::UInt).map_err(|_| range()),
        ("uint", Value::Double(d)) if (0.0..1.8e19).contains(d) => Ok(Value::UInt(d.trunc() as u64)),
        ("uint", Value::Double(_)) => Err(range()),
        ("uint", Value::String(s)) => s.parse().map(Value::UInt).map_err(|_| bad("uint")),
        ("double", Value::Int(i)) => Ok(Value::Double(*i as f64)),
        ("double", Value::UInt(u)) => Ok(Value::Double(*u as f64)),
        ("double", Value::String(s)) => match s.parse::<f64>() {
            Ok(d) if d.is_finite() || s.trim_start_matches(['+', '-']).starts_with(['i', 'I', 'n', 'N']) => {
                Ok(Value::Double(d))
            }
            _ => Err(bad("double")),
        },
        ("string", Value::Bytes(b)) => std::str::from_utf8(b)
            .map(Value::string)
            .map_err(|_| "invalid UTF-8 in bytes, cannot convert to string".to_owned()),
        ("string", Value::Double(d)) => Ok(Value::string(&double(*d))),
        (
            "string",
            Value::Bool(_)
            | Value::Int(_)
            | Value::UInt(_)
            | Value::Timestamp(..)
            | Value::Duration(_)
            | Value::Ip(_)
            | Value::Cidr(..),
        ) => Ok(Value::string(&v.show())),
        ("bytes", Value::String(s)) => Ok(Value::Bytes(Arc::from(s.as_bytes()))),
        ("bool", Value::String(s)) => match &**s {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(bad("bool")),
        },
        _ => return None,
    })
}

pub(super) fn method(function: &str, args: &[Value]) -> Answer {
    let ("size", [v]) = (function, args) else { return None };
    let size = match v {
        Value::String(s) => s.chars().count(),
        Value::Bytes(b) => b.len(),
        Value::List(l) => l.len(),
        Value::Map(m) => m.len(),
        _ => return None,
    };
    Some(Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX))))
}
