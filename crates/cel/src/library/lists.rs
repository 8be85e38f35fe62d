//! Lists and sets. Models cel-go `ext/{lists,sets}.go` and apiserver `pkg/cel/library/lists.go`.

use std::cmp::Ordering;

use super::Answer;
use crate::value::Value;

fn int(n: usize) -> Value {
    Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
}

pub(super) fn call(function: &str, args: &[Value]) -> Answer {
    match (function, args) {
        ("lists.range", [Value::Int(n)]) => {
            Some(Ok(Value::list((0..(*n).min(1_000_000)).map(Value::Int).collect())))
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
    Some(match (function, rest) {
        ("isSorted", []) => {
            let pairs = list.iter().zip(list.iter().skip(1));
            Ok(Value::Bool(pairs.clone().all(|(a, b)| a.order(b).is_some_and(Ordering::is_le))))
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
        ("slice", [Value::Int(from), Value::Int(to)]) => {
            let at = |i: i64| usize::try_from(i).unwrap_or(usize::MAX);
            match list.get(at(*from)..at(*to)) {
                Some(part) => Ok(Value::list(part.to_vec())),
                None => Err(format!("cannot slice({from}, {to}), list is length {}", list.len())),
            }
        }
        ("sort", []) => {
            let mut sorted = list.to_vec();
            sorted.sort_by(|a, b| a.order(b).unwrap_or(Ordering::Equal));
            Ok(Value::list(sorted))
        }
        ("flatten", []) => Ok(Value::list(flatten(list, 1))),
        ("flatten", [Value::Int(depth)]) if *depth < 0 => Err("level must be non-negative".to_owned()),
        ("flatten", [Value::Int(depth)]) => Ok(Value::list(flatten(list, *depth))),
        _ => return None,
    })
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
