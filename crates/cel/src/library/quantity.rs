//! Quantities. Models apiserver `pkg/cel/library/quantity.go` and, for what counts as an integer, the two ways in which
//! apimachinery `pkg/api/resource` keeps a number: as a small one with a decimal scale, or as a big decimal.

use gatehouse_model::Quantity;

use super::Answer;
use crate::value::Value;

/// The digits a number may have to be kept as a small one.
const MOST_DIGITS: i32 = 18;

/// An amount, and the number and power of ten it is kept as where it is a small one.
#[derive(Clone, Debug)]
pub struct Amount {
    /// The amount itself.
    pub quantity: Quantity,
    small: Option<(i64, i32)>,
}

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.quantity == other.quantity
    }
}

fn power(base: i64, exponent: i32) -> Option<i64> {
    base.checked_pow(u32::try_from(exponent).ok()?)
}

impl Amount {
    fn parse(text: &str) -> Result<Self, String> {
        let quantity = Quantity::parse(text)?;
        Ok(Self { quantity, small: Self::small_of(text) })
    }

    fn small_of(text: &str) -> Option<(i64, i32)> {
        let unsigned = text.trim_start_matches(['+', '-']);
        let stripped = unsigned.trim_start_matches('0');
        if stripped.is_empty() {
            return Some((0, 0));
        }
        let end = stripped.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(stripped.len());
        let (number, suffix) = stripped.split_at_checked(end)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let whole = if whole.is_empty() { "0" } else { whole };
        let length = i32::try_from(whole.len() + fraction.len()).ok()?;
        let binary = suffix.strip_suffix('i');
        let step =
            |c: &str, unit: i32| "KMGTPE".find(c).and_then(|i| i32::try_from(i + 1).ok()).map(|i| i * unit);
        let (scale, factor, room) = match binary {
            Some(letter) => {
                let exponent = step(letter, 10)?;
                if !fraction.is_empty() {
                    return None;
                }
                (0, power(2, exponent)?, 15 - length - exponent * 3 / 10 - 1)
            }
            None => {
                let scale = match suffix {
                    "" => 0,
                    "n" => -9,
                    "u" => -6,
                    "m" => -3,
                    "k" => 3,
                    s if s.len() == 1 && s != "K" => step(s, 3)?,
                    s => s.trim_start_matches(['e', 'E']).parse().ok()?,
                };
                (scale, 1, MOST_DIGITS - length)
            }
        };
        let scale = scale - i32::try_from(fraction.len()).ok()?;
        if room < 0 || scale < -9 {
            return None;
        }
        let value: i64 = format!("{whole}{fraction}").parse().ok()?;
        let value = value.checked_mul(factor)?;
        Some((if text.starts_with('-') { -value } else { value }, scale))
    }

    fn integer(&self) -> Option<i64> {
        match self.small? {
            (0, _) => Some(0),
            (_, scale) if scale < 0 => None,
            (value, scale) => value.checked_mul(power(10, scale)?),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "the function's name says that it is approximate")]
    fn float(&self) -> f64 {
        match self.small {
            Some((value, 0)) => value as f64,
            Some((value, scale)) => value as f64 * 10f64.powi(scale),
            None => self.quantity.milli() as f64 / 1000.0,
        }
    }

    fn plus(&self, other: &Self, negative: bool) -> Self {
        let quantity =
            if negative { self.quantity.sub(&other.quantity) } else { self.quantity.add(&other.quantity) };
        let small = self.small.zip(other.small).and_then(|((a, x), (b, y))| {
            let scale = if a == 0 {
                y
            } else if b == 0 {
                x
            } else {
                x.min(y)
            };
            let a = if a == 0 { 0 } else { a.checked_mul(power(10, x - scale)?)? };
            let b = if b == 0 { 0 } else { b.checked_mul(power(10, y - scale)?)? };
            let sum = if negative { a.checked_sub(b) } else { a.checked_add(b) };
            Some((sum?, scale))
        });
        Self { quantity, small }
    }

    fn of(units: i64) -> Self {
        Self { quantity: Quantity::from_units(units), small: Some((units, 0)) }
    }
}

pub(super) fn call(function: &str, args: &[Value]) -> Answer {
    if let ("sign", [Value::Quantity(q)]) = (function, args) {
        let zero = Quantity::from_units(0);
        return Some(Ok(Value::Int(q.quantity.cmp(&zero) as i64)));
    }
    let [Value::String(s)] = args else { return None };
    match function {
        "isQuantity" => Some(Ok(Value::Bool(Quantity::parse(s).is_ok()))),
        "quantity" => Some(Amount::parse(s).map(|a| Value::Quantity(a.into()))),
        _ => None,
    }
}

pub(super) fn method(function: &str, args: &[Value]) -> Answer {
    let amount = |a: Amount| Value::Quantity(a.into());
    match args {
        [Value::Quantity(q)] => Some(match function {
            "isInteger" => Ok(Value::Bool(q.integer().is_some())),
            "asInteger" => {
                q.integer().map(Value::Int).ok_or_else(|| "cannot convert value to integer".to_owned())
            }
            "asApproximateFloat" => Ok(Value::Double(q.float())),
            _ => return None,
        }),
        [Value::Quantity(a), Value::Quantity(b)] => {
            let order = a.quantity.cmp(&b.quantity);
            Some(Ok(match function {
                "add" => amount(a.plus(b, false)),
                "sub" => amount(a.plus(b, true)),
                "compareTo" => Value::Int(order as i64),
                "isGreaterThan" => Value::Bool(order.is_gt()),
                "isLessThan" => Value::Bool(order.is_lt()),
                _ => return None,
            }))
        }
        [Value::Quantity(a), Value::Int(b)] => Some(Ok(match function {
            "add" => amount(a.plus(&Amount::of(*b), false)),
            "sub" => amount(a.plus(&Amount::of(*b), true)),
            _ => return None,
        })),
        _ => None,
    }
}
