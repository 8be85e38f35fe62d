//! What is worked out before an expression runs: conversions of what is written down, and regular expressions.
//! Models cel-go `interpreter/decorators.go` and `interpreter/optimizations.go`.

use std::sync::Arc;

use crate::ast::{Expr, Kind, Literal};
use crate::library;
use crate::value::Value;

const CONVERSIONS: [&str; 10] =
    ["bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"];

/// The value of a literal.
pub(crate) fn literal(l: &Literal) -> Value {
    match l {
        Literal::Null => Value::Null,
        Literal::Bool(b) => Value::Bool(*b),
        Literal::Int(i) => Value::Int(*i),
        Literal::UInt(u) => Value::UInt(*u),
        Literal::Double(d) => Value::Double(*d),
        Literal::String(s) => Value::String(Arc::clone(s)),
        Literal::Bytes(b) => Value::Bytes(Arc::clone(b)),
    }
}

/// The value of an expression that needs nothing to be known; `None` where it does.
///
/// # Errors
/// The first conversion or regular expression in it that could never work.
pub(crate) fn constant(e: &Expr) -> Result<Option<Value>, String> {
    match &e.kind {
        Kind::Literal(l) => Ok(Some(literal(l))),
        Kind::Nothing | Kind::Ident(_) => Ok(None),
        Kind::Select { operand, .. } => constant(operand).map(|_| None),
        Kind::Index { operand, index, .. } => {
            constant(operand)?;
            match constant(index)?.map(|key| qualifier(&key)) {
                Some(Err(why)) => Err(why),
                _ => Ok(None),
            }
        }
        Kind::List(items) => {
            let mut values = Some(Vec::with_capacity(items.len()));
            for (item, optional) in items {
                let value = constant(item)?.filter(|_| !optional);
                values = values.zip(value).map(|(mut all, v)| {
                    all.push(v);
                    all
                });
            }
            Ok(values.map(Value::list))
        }
        Kind::Map(entries) => {
            let mut values = Some(Vec::with_capacity(entries.len()));
            for (key, value, optional) in entries {
                let (key, value) = (constant(key)?, constant(value)?);
                let pair = key.zip(value).filter(|_| !optional);
                values = values.zip(pair).map(|(mut all, pair)| {
                    all.push(pair);
                    all
                });
            }
            Ok(values.map(|all| Value::Map(Arc::new(all))))
        }
        Kind::Struct { fields, .. } => {
            for field in fields {
                constant(&field.value)?;
            }
            Ok(None)
        }
        Kind::Loop { range, condition, body, .. } => {
            constant(range)?;
            if let Some(condition) = condition {
                constant(condition)?;
            }
            constant(body).map(|_| None)
        }
        Kind::Opt { target, body, .. } => {
            constant(target)?;
            constant(body).map(|_| None)
        }
        Kind::Call { function, target, args, .. } => {
            let mut values = Vec::new();
            for arg in target.iter().map(|t| &**t).chain(args) {
                values.push(constant(arg)?);
            }
            if matches!(function.as_str(), "matches" | "find" | "findAll")
                && let Some(Some(Value::String(pattern))) = values.get(1)
            {
                library::regex(pattern)?;
            }
            match values.as_slice() {
                [Some(value)] if target.is_none() && CONVERSIONS.contains(&function.as_str()) => {
                    library::call(function, std::slice::from_ref(value)).map(Some)
                }
                _ => Ok(None),
            }
        }
    }
}

/// Whether a value can be a key or an index.
///
/// # Errors
/// That it cannot, with what Go calls it.
pub(crate) fn qualifier(key: &Value) -> Result<(), String> {
    let native = match key {
        Value::Null => "types.Null",
        Value::Bytes(_) => "types.Bytes",
        Value::Timestamp(..) => "types.Timestamp",
        Value::Duration(_) => "types.Duration",
        Value::List(_) => "*types.baseList",
        Value::Map(_) => "*types.baseMap",
        Value::Optional(_) => "*types.Optional",
        Value::Type(_) => "*types.Type",
        Value::Quantity(_) => "cel.Quantity",
        Value::Url(_) => "cel.URL",
        Value::Ip(_) => "cel.IP",
        Value::Cidr(..) => "cel.CIDR",
        Value::Semver(_) => "cel.Semver",
        Value::Format(_) => "cel.Format",
        _ => return Ok(()),
    };
    Err(format!("invalid qualifier type: {native}"))
}

/// Whether an expression is worked out ahead, so that it costs nothing when it runs.
pub(crate) fn is_constant(e: &Expr) -> bool {
    match &e.kind {
        Kind::Literal(_) => true,
        Kind::Ident(name) => crate::types::named(name).is_some(),
        Kind::List(items) => items.iter().all(|(item, optional)| !optional && is_constant(item)),
        Kind::Map(entries) => {
            entries.iter().all(|(k, v, optional)| !optional && is_constant(k) && is_constant(v))
        }
        Kind::Call { function, target: None, args, .. } => match args.as_slice() {
            [arg] => CONVERSIONS.contains(&function.as_str()) && is_constant(arg),
            _ => false,
        },
        _ => false,
    }
}
