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
            constant(index).map(|_| None)
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
            for (key, value, _) in entries {
                constant(key)?;
                constant(value)?;
            }
            Ok(None)
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
        Kind::Call { function, target, args } => {
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
