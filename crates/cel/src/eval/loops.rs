//! Macros that loop: what each gathers, and what it costs in cel-go, which gathers with calls.

use std::sync::Arc;

use super::{Evaluated, Run, as_bool};
use crate::ast::{Expr, Loop};
use crate::library::{self, NO_OVERLOAD};
use crate::value::Value;
use crate::{cost, plan};

impl Run<'_> {
    pub(super) fn looped(
        &mut self,
        kind: Loop,
        range: &Value,
        names: &[String],
        condition: Option<&Expr>,
        body: &Expr,
    ) -> Evaluated {
        let pairs: Vec<(Value, Value)> = match range {
            Value::List(l) => l
                .iter()
                .enumerate()
                .map(|(i, v)| (Value::Int(i64::try_from(i).unwrap_or(i64::MAX)), v.clone()))
                .collect(),
            Value::Map(m) => m.to_vec(),
            other => return Err(format!("got '{}', expected iterable type", native(other))),
        };
        let is_map = matches!(range, Value::Map(_));
        let depth = self.scopes.len();
        let mut found = 0;
        let mut failed: Option<String> = None;
        let mut list = Vec::new();
        let mut map = Vec::new();
        let mut keys = Vec::new();
        // cel-go loops over a result that it asks, each time, whether to go on, and then adds to.
        let (asks, adds) = match kind {
            Loop::All => (2, 1),
            Loop::Exists => (3, 1),
            Loop::ExistsOne => (0, 2),
            Loop::Filter => (0, 3 + cost::LIST),
            Loop::Map | Loop::TransformList | Loop::SortBy if plan::is_constant(body) => (0, 2),
            Loop::Map | Loop::TransformList | Loop::SortBy => (0, 2 + cost::LIST),
            Loop::TransformMap => (0, 3),
            Loop::TransformMapEntry => (0, 2),
        };
        let mut decided = None;
        for (key, value) in pairs {
            self.step(1)?;
            self.spend(asks)?;
            if decided.is_some() {
                break;
            }
            match names {
                [one] => self.scopes.push((one.clone(), if is_map { key.clone() } else { value.clone() })),
                [first, second, ..] => {
                    self.scopes.push((first.clone(), key.clone()));
                    self.scopes.push((second.clone(), value.clone()));
                }
                [] => {}
            }
            let asked = match kind {
                Loop::ExistsOne | Loop::Filter => Some(body),
                _ => condition,
            };
            let wanted = asked.map_or(Ok(true), |asked| as_bool(self.expr(asked)));
            // A map is not added to where it has become an error; everything else still is.
            let ended = kind == Loop::TransformMap && failed.is_some();
            let result = match &wanted {
                Ok(true) if asked.is_none_or(|asked| !std::ptr::eq(asked, body)) && !ended => {
                    self.spend(adds)?;
                    Some(self.expr(body))
                }
                _ => None,
            };
            self.scopes.truncate(depth);
            match (kind, wanted, result) {
                // What the loop is to ask goes wrong: that is the result so far, whatever it was.
                (_, Err(why), _) => failed = Some(why),
                (Loop::All | Loop::Exists, _, Some(result)) => match as_bool(result) {
                    Ok(b) if b == (kind == Loop::Exists) => decided = Some(b),
                    Ok(_) => {}
                    Err(why) => failed = failed.or(Some(why)),
                },
                (_, _, Some(Err(why))) => failed = failed.or(Some(why)),
                (Loop::ExistsOne, Ok(true), _) => {
                    self.spend(adds)?;
                    found += 1;
                }
                (Loop::Filter, Ok(true), _) => {
                    self.spend(adds)?;
                    list.push(if is_map { key } else { value });
                }
                (Loop::Map | Loop::TransformList, _, Some(Ok(made))) => list.push(made),
                (Loop::TransformMap, _, Some(Ok(made))) => map.push((key, made)),
                (Loop::SortBy, _, Some(Ok(made))) => {
                    keys.push(made);
                    list.push(value);
                }
                (Loop::TransformMapEntry, _, Some(Ok(Value::Map(entries)))) => {
                    for (key, value) in entries.iter() {
                        self.step(map.len() as u64)?;
                        if map.iter().any(|(k, _): &(Value, Value)| k.same(key)) {
                            let why = format!("insert failed: key {} already exists", key.show());
                            failed = failed.or(Some(why));
                            break;
                        }
                        map.push((key.clone(), value.clone()));
                    }
                }
                (Loop::TransformMapEntry, _, Some(Ok(_))) => {
                    failed = failed.or_else(|| Some(NO_OVERLOAD.to_owned()));
                }
                _ if ended => self.spend(1)?,
                _ => {}
            }
        }
        self.spend(if kind == Loop::ExistsOne { 2 } else { 1 })?;
        if let Some(decided) = decided {
            return Ok(Value::Bool(decided));
        }
        if let Some(e) = failed {
            return Err(e);
        }
        Ok(match kind {
            Loop::All => Value::Bool(true),
            Loop::Exists => Value::Bool(false),
            Loop::ExistsOne => Value::Bool(found == 1),
            Loop::Map | Loop::Filter | Loop::TransformList => Value::list(list),
            Loop::SortBy => {
                let keys = Value::list(keys);
                let values = [Value::list(list), keys];
                self.spend(2 + cost::call("@sortByAssociatedKeys", (true, true), &values, None))?;
                match &values {
                    [Value::List(list), Value::List(keys)] => library::lists::sorted(list, keys)?,
                    _ => Value::Null,
                }
            }
            Loop::TransformMap | Loop::TransformMapEntry => Value::Map(Arc::new(map)),
        })
    }
}

/// What Go calls a value that cannot be looped over.
fn native(v: &Value) -> String {
    let name = match v {
        Value::Null => "Null",
        Value::Bool(_) => "Bool",
        Value::Int(_) => "Int",
        Value::UInt(_) => "Uint",
        Value::Double(_) => "Double",
        Value::String(_) => "String",
        Value::Bytes(_) => "Bytes",
        Value::Timestamp(..) => "Timestamp",
        Value::Duration(_) => "Duration",
        other => other.type_name(),
    };
    format!("types.{name}")
}
