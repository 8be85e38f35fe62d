//! Runs a tree. Bounded: every step costs, and an expression that costs too much is given up.
//!
//! Models cel-go `interpreter` and apiserver `pkg/cel` (cost limit per expression).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ast::{Expr, Kind, Loop};
use crate::library::{self, NO_OVERLOAD, TOO_COSTLY};
use crate::plan;
use crate::value::{Question, Value};

/// Steps an expression may take (apiserver's `PerCallLimit` is 1,000,000).
const LIMIT: u64 = 1_000_000;

/// Who answers what an expression cannot know.
pub trait Host {
    /// Whether somebody may do something, and why.
    fn authorize(&self, question: &Question, verb: &str) -> (bool, String);
}

/// Nobody: every question is answered with no.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn authorize(&self, _question: &Question, _verb: &str) -> (bool, String) {
        (false, String::new())
    }
}

type Evaluated = Result<Value, String>;

struct Run<'a> {
    variables: &'a BTreeMap<String, Value>,
    scopes: Vec<(String, Value)>,
    cost: u64,
    host: &'a dyn Host,
}

/// Evaluates a tree.
pub(crate) fn evaluate(
    root: &Expr,
    variables: &BTreeMap<String, Value>,
    host: &dyn Host,
) -> (Evaluated, u64) {
    let mut run = Run { variables, scopes: Vec::new(), cost: 0, host };
    (run.expr(root), run.cost)
}

fn as_bool(v: Evaluated) -> Result<bool, String> {
    match v? {
        Value::Bool(b) => Ok(b),
        _ => Err(NO_OVERLOAD.to_owned()),
    }
}

impl Run<'_> {
    fn spend(&mut self, cost: u64) -> Result<(), String> {
        self.cost += cost;
        if self.cost > LIMIT { Err(TOO_COSTLY.to_owned()) } else { Ok(()) }
    }

    fn expr(&mut self, e: &Expr) -> Evaluated {
        self.spend(1)?;
        match &e.kind {
            Kind::Nothing => Err(NO_OVERLOAD.to_owned()),
            Kind::Literal(l) => Ok(plan::literal(l)),
            Kind::Ident(name) => self.ident(name),
            Kind::Select { operand, field, optional, test } => self.select(operand, field, *optional, *test),
            Kind::Index { operand, index, optional } => {
                let of = self.expr(operand)?;
                let key = self.expr(index)?;
                let (of, wrapped) = match of {
                    Value::Optional(None) => return Ok(Value::Optional(None)),
                    Value::Optional(Some(v)) => ((*v).clone(), true),
                    other => (other, *optional),
                };
                let found = index_of(&of, &key);
                if wrapped { Ok(Value::Optional(found.ok().map(Arc::new))) } else { found }
            }
            Kind::Call { function, target, args } => self.call(function, target.as_deref(), args),
            Kind::List(items) => {
                let mut out = Vec::with_capacity(items.len());
                for (item, optional) in items {
                    match self.expr(item)? {
                        Value::Optional(v) if *optional => out.extend(v.map(|v| (*v).clone())),
                        v => out.push(v),
                    }
                }
                Ok(Value::list(out))
            }
            Kind::Map(entries) => {
                let mut out: Vec<(Value, Value)> = Vec::with_capacity(entries.len());
                for (key, value, optional) in entries {
                    let key = self.expr(key)?;
                    let value = match self.expr(value)? {
                        Value::Optional(None) if *optional => continue,
                        Value::Optional(Some(v)) if *optional => (*v).clone(),
                        v => v,
                    };
                    match out.iter_mut().find(|(k, _)| k.same(&key)) {
                        Some((_, known)) => *known = value,
                        None => out.push((key, value)),
                    }
                    self.spend(u64::from(out.len().is_multiple_of(8)))?;
                }
                Ok(Value::Map(Arc::new(out)))
            }
            Kind::Struct { name, fields } => {
                let mut out: Vec<(Value, Value)> = Vec::with_capacity(fields.len());
                for field in fields {
                    let value = match self.expr(&field.value)? {
                        Value::Optional(None) if field.optional => continue,
                        Value::Optional(Some(v)) if field.optional => (*v).clone(),
                        v => v,
                    };
                    out.push((Value::string(&field.name), value));
                }
                Ok(match name.trim_start_matches('.') {
                    "google.protobuf.Timestamp" => Value::Timestamp(0, 0),
                    "google.protobuf.Duration" => Value::Duration(0),
                    name => Value::Object(Arc::new((name.to_owned(), out))),
                })
            }
            Kind::Loop { kind, range, names, condition, body } => {
                let range = self.expr(range)?;
                self.looped(*kind, &range, names, condition.as_deref(), body)
            }
            Kind::Opt { target, name, body, flat } => match self.expr(target)? {
                Value::Optional(Some(v)) => {
                    self.scopes.push((name.clone(), (*v).clone()));
                    let result = self.expr(body);
                    self.scopes.pop();
                    if *flat { result } else { Ok(Value::Optional(Some(Arc::new(result?)))) }
                }
                _ => Ok(Value::Optional(None)),
            },
        }
    }

    fn ident(&self, name: &str) -> Evaluated {
        if let Some((_, v)) = self.scopes.iter().rev().find(|(n, _)| n == name) {
            return Ok(v.clone());
        }
        match self.variables.get(name) {
            Some(v) => Ok(v.clone()),
            None if crate::types::named(name).is_some() => Ok(Value::Type(name.to_owned())),
            None => Err(format!("no such attribute(s): {name}")),
        }
    }

    fn select(&mut self, operand: &Expr, field: &str, optional: bool, test: bool) -> Evaluated {
        let of = self.expr(operand)?;
        let (of, wrapped) = match of {
            Value::Optional(None) if test => return Ok(Value::Bool(false)),
            Value::Optional(None) => return Ok(Value::Optional(None)),
            Value::Optional(Some(v)) => ((*v).clone(), true),
            other => (other, optional),
        };
        let entries = match &of {
            Value::Map(m) => Some(&**m),
            Value::Object(o) => Some(&o.1),
            Value::List(_) if !wrapped => return Err("unsupported index type 'string' in list".to_owned()),
            _ => None,
        };
        let named = |(k, _): &&(Value, Value)| matches!(k, Value::String(s) if **s == *field);
        let found = entries.and_then(|m| m.iter().find(named)).map(|(_, v)| v.clone());
        match (test, wrapped, found) {
            (true, _, found) => Ok(Value::Bool(found.is_some())),
            (false, true, found) => Ok(Value::Optional(found.map(Arc::new))),
            (false, false, Some(v)) => Ok(v),
            (false, false, None) => Err(format!("no such key: {field}")),
        }
    }

    fn call(&mut self, function: &str, target: Option<&Expr>, args: &[Expr]) -> Evaluated {
        if let ([a, b], "_&&_" | "_||_") = (args, function) {
            let decides = function == "_||_";
            // An error on one side is no matter where the other side decides.
            let left = as_bool(self.expr(a));
            if left == Ok(decides) {
                return Ok(Value::Bool(decides));
            }
            let right = as_bool(self.expr(b));
            if right == Ok(decides) {
                return Ok(Value::Bool(decides));
            }
            left?;
            right?;
            return Ok(Value::Bool(!decides));
        }
        if let ([condition, yes, no], "_?_:_") = (args, function) {
            return if as_bool(self.expr(condition))? { self.expr(yes) } else { self.expr(no) };
        }
        if let (Some(target), [other], "orValue" | "or") = (target, args, function) {
            // The other side counts only where there is nothing.
            return match self.expr(target)? {
                Value::Optional(None) => self.expr(other),
                Value::Optional(Some(v)) if function == "orValue" => Ok((*v).clone()),
                v @ Value::Optional(_) => Ok(v),
                _ => Err(NO_OVERLOAD.to_owned()),
            };
        }
        let mut values = Vec::new();
        if let Some(target) = target {
            values.push(self.expr(target)?);
        }
        values.extend(self.all(args)?);
        let size: u64 = values.iter().map(weight).sum();
        self.spend(size / 10)?;
        if let Some(Value::Check(question)) = values.first().cloned() {
            return self.ask(&question, function, values.get(1..).unwrap_or(&[]));
        }
        let result = if target.is_some() {
            library::method(function, &values)
        } else {
            library::call(function, &values)
        };
        if let Ok(value) = &result {
            self.spend(weight(value) / 10)?;
        }
        result
    }

    fn all(&mut self, args: &[Expr]) -> Result<Vec<Value>, String> {
        args.iter().map(|a| self.expr(a)).collect()
    }

    /// `authorizer` and what is made from it.
    fn ask(&self, question: &Question, function: &str, args: &[Value]) -> Evaluated {
        let text = |i: usize| args.get(i).map(Value::show).unwrap_or_default();
        let mut q = question.clone();
        match function {
            "check" => {
                let (allowed, reason) = self.host.authorize(question, &text(0));
                return Ok(Value::Decision(allowed, reason.into()));
            }
            "path" => q.path = Some(text(0)),
            "group" => q.group = text(0),
            "resource" => q.resource = text(0),
            "subresource" => q.subresource = text(0),
            "namespace" => q.namespace = text(0),
            "name" => q.name = text(0),
            "serviceAccount" => q.service_account = Some((text(0), text(1))),
            _ => {}
        }
        Ok(Value::Check(Arc::new(q)))
    }

    fn looped(
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
        for (key, value) in pairs {
            self.spend(1)?;
            match names {
                [one] => self.scopes.push((one.clone(), if is_map { key.clone() } else { value.clone() })),
                [first, second, ..] => {
                    self.scopes.push((first.clone(), key.clone()));
                    self.scopes.push((second.clone(), value.clone()));
                }
                [] => {}
            }
            let wanted = match condition {
                Some(c) => as_bool(self.expr(c)),
                None => Ok(true),
            };
            let result = match wanted {
                Ok(true) => Some(self.expr(body)),
                Ok(false) => None,
                Err(e) => Some(Err(e)),
            };
            self.scopes.truncate(depth);
            let Some(result) = result else { continue };
            match kind {
                Loop::All | Loop::Exists => match as_bool(result) {
                    Ok(b) if b == (kind == Loop::Exists) => return Ok(Value::Bool(b)),
                    Ok(_) => {}
                    Err(e) => failed = failed.or(Some(e)),
                },
                Loop::ExistsOne => found += i32::from(as_bool(result)?),
                Loop::Filter => {
                    if as_bool(result)? {
                        list.push(if is_map { key } else { value });
                    }
                }
                Loop::Map | Loop::TransformList => list.push(result?),
                Loop::TransformMap => map.push((key, result?)),
                Loop::SortBy => {
                    keys.push(result?);
                    list.push(value);
                }
                Loop::TransformMapEntry => {
                    let Value::Map(entries) = result? else { return Err(NO_OVERLOAD.to_owned()) };
                    for (key, value) in entries.iter() {
                        self.spend(map.len() as u64)?;
                        if map.iter().any(|(k, _): &(Value, Value)| k.same(key)) {
                            return Err(format!("insert failed: key {} already exists", key.show()));
                        }
                        map.push((key.clone(), value.clone()));
                    }
                }
            }
        }
        if let Some(e) = failed {
            return Err(e);
        }
        Ok(match kind {
            Loop::All => Value::Bool(true),
            Loop::Exists => Value::Bool(false),
            Loop::ExistsOne => Value::Bool(found == 1),
            Loop::Map | Loop::Filter | Loop::TransformList => Value::list(list),
            Loop::SortBy => library::lists::sorted(&list, &keys)?,
            Loop::TransformMap | Loop::TransformMapEntry => Value::Map(Arc::new(map)),
        })
    }
}

/// How much a value weighs in the cost of a call.
fn weight(v: &Value) -> u64 {
    let size = match v {
        Value::String(s) => s.len(),
        Value::Bytes(b) => b.len(),
        Value::List(l) => l.len(),
        Value::Map(m) => m.len(),
        _ => 1,
    };
    size as u64
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

#[expect(clippy::cast_possible_truncation, reason = "only whole numbers within range are taken")]
fn index_of(of: &Value, key: &Value) -> Evaluated {
    match (of, key) {
        (Value::List(l), key) => {
            let at = match key {
                Value::Int(i) => *i,
                Value::UInt(u) => i64::try_from(*u).unwrap_or(i64::MAX),
                Value::Double(d) if d.fract() == 0.0 && d.abs() < 9e15 => *d as i64,
                Value::Double(d) => return Err(format!("unsupported index value {d} in list")),
                other => return Err(format!("unsupported index type '{}' in list", other.type_name())),
            };
            let found = usize::try_from(at).ok().and_then(|i| l.get(i)).cloned();
            found.ok_or_else(|| format!("index out of bounds: {at}"))
        }
        (Value::Map(m), key) => {
            let found = m.iter().find(|(k, _)| k.same(key)).map(|(_, v)| v.clone());
            found.ok_or_else(|| format!("no such key: {}", key.show()))
        }
        (_, key) => Err(format!("no such key: {}", key.show())),
    }
}
