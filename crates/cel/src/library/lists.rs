//! Lists and sets. Models cel-go `ext/{lists,sets}.go` and apiserver `pkg/cel/library/lists.go`.

use std::cmp::Ordering;

use super::Answer;
use crate::value::Value;

/// The longest list that is made at once: more elements cost more than an expression may.
const MOST_ELEMENTS: i64 = 1_000_000;

fn int(n: usize) -> Value {
    Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
}

pub(super) fn call(function: &str, args: &[Value]) -> Answer {
    match (function, args) {
        ("lists.range", [Value::Int(n)]) => {
            if *n > MOST_ELEMENTS {
                return Some(Err(super::TOO_COSTLY.to_owned()));
            }
            Some(Ok(Value::list((0..*n).map(Value::Int).collect())))
        }
        (name, [Value::List(a), Value::List(b)]) => {
            let has = |list: &[Value], v: &Value| list.iter().any(|x| x.same(v));
            let answer = match name {
                "sets.contains" => b.iter().all(|v| has(a, v)),
                "sets.intersects" => b.iter().any(|v| has(a, v)),
                "sets.equivalent" => b.iter().all(|v| has(a, v)) && a.iter().all(|v| has(b, v)),
                _ => return None,
            };
            Some(Ok(Value::Bool(answer)))
        }
        _ => None,
    }
}

pub(super) fn method(function: &str, args: &[Value]) -> Answer {
    let (Value::List(list), rest) = args.split_first()? else { return None };
    let extreme = |wanted: Ordering| -> Result<Value, String> {
        let mut best: Option<&Value> = None;
        for v in list.iter() {
            if best.is_none_or(|b| v.order(b) == Some(wanted)) {
                best = Some(v);
            }
        }
        best.cloned().ok_or_else(|| format!("{function} called on empty list"))
    };
    let not_found = Value::Int(-1);
    let kind = list.first();
    let adds =
        |v: &Value| matches!(v, Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Duration(_));
    let fits = match function {
        "sum" => kind.is_none_or(adds),
        "isSorted" | "min" | "max" => kind.is_none_or(|v| {
            adds(v) || matches!(v, Value::Bool(_) | Value::String(_) | Value::Bytes(_) | Value::Timestamp(..))
        }),
        _ => true,
    };
    if !fits {
        return None;
    }
    Some(match (function, rest) {
        ("isSorted", []) => {
            let mut pairs = list.iter().zip(list.iter().skip(1));
            Ok(Value::Bool(pairs.all(|(a, b)| a.order(b) != Some(Ordering::Greater))))
        }
        ("sum", []) => {
            let mut total: Option<Value> = None;
            for v in list.iter() {
                total = Some(match total {
                    None => v.clone(),
                    Some(t) => match super::call("_+_", &[t, v.clone()]) {
                        Ok(t) => t,
                        Err(e) => return Some(Err(e)),
                    },
                });
            }
            Ok(total.unwrap_or(Value::Int(0)))
        }
        ("min", []) => extreme(Ordering::Less),
        ("max", []) => extreme(Ordering::Greater),
        ("indexOf", [v]) => Ok(list.iter().position(|x| x.same(v)).map_or(not_found, int)),
        ("lastIndexOf", [v]) => Ok(list.iter().rposition(|x| x.same(v)).map_or(not_found, int)),
        ("distinct", []) => {
            let mut out: Vec<Value> = Vec::new();
            for v in list.iter() {
                if !out.iter().any(|x| x.same(v)) {
                    out.push(v.clone());
                }
            }
            Ok(Value::list(out))
        }
        ("reverse", []) => Ok(Value::list(list.iter().rev().cloned().collect())),
        ("first", []) => Ok(Value::Optional(list.first().cloned().map(Into::into))),
        ("last", []) => Ok(Value::Optional(list.last().cloned().map(Into::into))),
        ("slice", [Value::Int(from), Value::Int(to)]) => slice(list, *from, *to),
        ("sort", []) => sorted(list, list),
        ("flatten", []) => Ok(Value::list(flatten(list, 1))),
        ("flatten", [Value::Int(depth)]) if *depth < 0 => Err("level must be non-negative".to_owned()),
        ("flatten", [Value::Int(depth)]) => Ok(Value::list(flatten(list, *depth))),
        _ => return None,
    })
}

fn slice(list: &[Value], from: i64, to: i64) -> Result<Value, String> {
    let why = if from < 0 || to < 0 {
        "negative indexes not supported".to_owned()
    } else if from > to {
        "start index must be less than or equal to end index".to_owned()
    } else {
        let at = |i: i64| usize::try_from(i).unwrap_or(usize::MAX);
        match list.get(at(from)..at(to)) {
            Some(part) => return Ok(Value::list(part.to_vec())),
            None => format!("list is length {}", list.len()),
        }
    };
    Err(format!("cannot slice({from}, {to}), {why}"))
}

/// A list in the order of its keys, one for each element.
pub(crate) fn sorted(list: &[Value], keys: &[Value]) -> Result<Value, String> {
    let Some(first) = keys.first() else { return Ok(Value::list(list.to_vec())) };
    if first.order(first).is_none() && !matches!(first, Value::Double(_)) {
        return Err("list elements must be comparable".to_owned());
    }
    if keys.iter().any(|k| k.type_name() != first.type_name()) {
        return Err("list elements must have the same type".to_owned());
    }
    let mut pairs: Vec<(&Value, &Value)> = keys.iter().zip(list).collect();
    pairs.sort_by(|(a, _), (b, _)| a.order(b).unwrap_or(Ordering::Equal));
    Ok(Value::list(pairs.into_iter().map(|(_, v)| v.clone()).collect()))
}

fn flatten(list: &[Value], depth: i64) -> Vec<Value> {
    let mut out = Vec::new();
    for v in list {
        match v {
            Value::List(inner) if depth > 0 => out.extend(flatten(inner, depth - 1)),
            v => out.push(v.clone()),
        }
    }
    out
}
