//! Quantities. Models apiserver `pkg/cel/library/quantity.go`.

use gatehouse_model::Quantity;

use super::Answer;
use crate::value::Value;

pub(super) fn call(function: &str, args: &[Value]) -> Answer {
    if let ("sign", [Value::Quantity(q)]) = (function, args) {
        return Some(Ok(Value::Int(q.milli().signum())));
    }
    let [Value::String(s)] = args else { return None };
    match function {
        "isQuantity" => Some(Ok(Value::Bool(Quantity::parse(s).is_ok()))),
        "quantity" => Some(Quantity::parse(s).map(Value::Quantity)),
        _ => None,
    }
}

/// Whether a quantity is a whole number that fits.
fn whole(q: &Quantity) -> bool {
    Quantity::from_units(q.units()) == *q
}

#[expect(clippy::cast_precision_loss, reason = "the function's name says that it is approximate")]
pub(super) fn method(function: &str, args: &[Value]) -> Answer {
    match args {
        [Value::Quantity(q)] => Some(match function {
            "isInteger" => Ok(Value::Bool(whole(q))),
            "asInteger" if whole(q) => Ok(Value::Int(q.units())),
            "asInteger" => Err("cannot convert value to integer".to_owned()),
            "asApproximateFloat" => Ok(Value::Double(q.milli() as f64 / 1000.0)),
            _ => return None,
        }),
        [Value::Quantity(a), Value::Quantity(b)] => Some(Ok(match function {
            "add" => Value::Quantity(a.add(b)),
            "sub" => Value::Quantity(a.sub(b)),
            "compareTo" => Value::Int(a.cmp(b) as i64),
            "isGreaterThan" => Value::Bool(a > b),
            "isLessThan" => Value::Bool(a < b),
            _ => return None,
        })),
        [Value::Quantity(a), Value::Int(b)] => Some(Ok(match function {
            "add" => Value::Quantity(a.add(&Quantity::from_units(*b))),
            "sub" => Value::Quantity(a.sub(&Quantity::from_units(*b))),
            _ => return None,
        })),
        _ => None,
    }
}
