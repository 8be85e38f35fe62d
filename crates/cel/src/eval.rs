//! Runs a tree. Bounded: every step costs, and an expression that costs too much is given up.
//!
//! Models cel-go `interpreter` and apiserver `pkg/cel` (cost limit per expression).

mod loops;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ast::{Expr, Kind};
use crate::cost;
use crate::library::{self, NO_OVERLOAD, TOO_COSTLY};
use crate::plan;
use crate::value::{Question, Value};

/// What an expression may cost (apiserver's `PerCallLimit`).
const LIMIT: u64 = 1_000_000;

/// Steps it may take besides: what costs nothing takes time all the same.
const STEPS: u64 = 4_000_000;

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
    steps: u64,
    host: &'a dyn Host,
}

/// Evaluates a tree.
pub(crate) fn evaluate(
    root: &Expr,
    variables: &BTreeMap<String, Value>,
    host: &dyn Host,
) -> (Evaluated, u64) {
    let mut run = Run { variables, scopes: Vec::new(), cost: 0, steps: 0, host };
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
        self.cost = self.cost.saturating_add(cost);
        if self.cost > LIMIT { Err(TOO_COSTLY.to_owned()) } else { Ok(()) }
    }

    fn step(&mut self, steps: u64) -> Result<(), String> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > STEPS { Err(TOO_COSTLY.to_owned()) } else { Ok(()) }
    }

    fn expr(&mut self, e: &Expr) -> Evaluated {
        if matches!(e.kind, Kind::List(_) | Kind::Map(_) | Kind::Call { .. }) && plan::is_constant(e) {
            let cost = self.cost;
            let value = self.evaluated(e);
            self.cost = cost;
            return value;
        }
        self.evaluated(e)
    }

    fn evaluated(&mut self, e: &Expr) -> Evaluated {
        self.step(1)?;
        match &e.kind {
            Kind::Nothing => Err(NO_OVERLOAD.to_owned()),
            Kind::Literal(l) => Ok(plan::literal(l)),
            Kind::Ident(_) | Kind::Select { .. } | Kind::Index { .. } => self.chain(e, 1),
            Kind::Call { function, target, args, settled } => {
                self.call(function, target.as_deref(), args, *settled)
            }
            Kind::List(items) => {
                self.spend(cost::LIST)?;
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
                self.spend(cost::MAP)?;
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
                    self.step(u64::from(out.len().is_multiple_of(8)))?;
                }
                Ok(Value::Map(Arc::new(out)))
            }
            Kind::Struct { name, fields } => {
                self.spend(cost::OBJECT)?;
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
            Kind::Opt { target, name, body, flat } => {
                let before = self.cost;
                let of = self.expr(target)?;
                // Asked whether it is there, and then for its value where that is used: the target is evaluated twice.
                let used = body.any(&|e| matches!(&e.kind, Kind::Ident(n) if n == name));
                let again = if used { self.cost - before + 1 } else { 0 };
                let Value::Optional(Some(v)) = of else {
                    self.spend(2)?;
                    return Ok(Value::Optional(None));
                };
                self.spend(again + 1)?;
                self.scopes.push((name.clone(), (*v).clone()));
                let result = self.expr(body);
                self.scopes.pop();
                if *flat {
                    return result;
                }
                self.spend(1)?;
                Ok(Value::Optional(Some(Arc::new(result?))))
            }
        }
    }

    /// A name with its selections and indexes. `base`: what the name itself, or what stands there in its place, costs.
    fn chain(&mut self, e: &Expr, base: u64) -> Evaluated {
        match &e.kind {
            Kind::Ident(name) => {
                let value = self.ident(name)?;
                self.spend(if matches!(value, Value::Type(_)) { 0 } else { base })?;
                Ok(value)
            }
            Kind::Select { operand, field, optional, test } => {
                let base = if *test { 0 } else { base };
                let of = self.operand(operand, base)?;
                self.select(of, field, *optional, *test)
            }
            Kind::Index { operand, index, optional } => {
                let of = self.operand(operand, base)?;
                let key = self.operand_free(index)?;
                let (of, wrapped) = match of {
                    Value::Optional(None) => return Ok(Value::Optional(None)),
                    Value::Optional(Some(v)) => ((*v).clone(), true),
                    other => (other, *optional),
                };
                plan::qualifier(&key)?;
                let found = index_of(&of, &key);
                if found.is_ok() || !wrapped {
                    self.spend(1)?;
                }
                match found {
                    Err(why) if wrapped && why.starts_with("unsupported") => Err(why),
                    found if wrapped => Ok(Value::Optional(found.ok().map(Arc::new))),
                    found => found,
                }
            }
            _ => self.expr(e),
        }
    }

    /// What something is selected from.
    fn operand(&mut self, e: &Expr, base: u64) -> Evaluated {
        if is_chain(e) {
            self.step(1)?;
            return self.chain(e, base);
        }
        let value = self.expr(e)?;
        let conditional = matches!(&e.kind, Kind::Call { function, .. } if function == "_?_:_");
        self.spend(if conditional { 0 } else { base })?;
        Ok(value)
    }

    /// An index, or a side of a conditional: names cost nothing there.
    fn operand_free(&mut self, e: &Expr) -> Evaluated {
        if is_chain(e) { self.chain(e, 0) } else { self.expr(e) }
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

    fn select(&mut self, of: Value, field: &str, optional: bool, test: bool) -> Evaluated {
        let (of, wrapped) = match of {
            Value::Optional(None) if test => return Ok(Value::Bool(false)),
            Value::Optional(None) => return Ok(Value::Optional(None)),
            Value::Optional(Some(v)) => ((*v).clone(), true),
            other => (other, optional),
        };
        let entries = match &of {
            Value::Map(m) => Some(&**m),
            Value::Object(o) => Some(&o.1),
            Value::List(_) if !wrapped => {
                self.spend(1)?;
                return Err("unsupported index type 'string' in list".to_owned());
            }
            _ => None,
        };
        let named = |(k, _): &&(Value, Value)| matches!(k, Value::String(s) if **s == *field);
        let found = entries.and_then(|m| m.iter().find(named)).map(|(_, v)| v.clone());
        if found.is_some() || test || !wrapped {
            self.spend(1)?;
        }
        match (test, wrapped, found) {
            (true, _, found) => Ok(Value::Bool(found.is_some())),
            (false, true, found) => Ok(Value::Optional(found.map(Arc::new))),
            (false, false, Some(v)) => Ok(v),
            (false, false, None) => Err(format!("no such key: {field}")),
        }
    }

    fn call(&mut self, function: &str, target: Option<&Expr>, args: &[Expr], settled: bool) -> Evaluated {
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
            let side = if as_bool(self.expr(condition))? { yes } else { no };
            return self.operand_free(side);
        }
        if let (Some(target), [other], "orValue" | "or") = (target, args, function) {
            // The other side counts only where there is nothing.
            return match self.expr(target)? {
                Value::Optional(None) => self.expr(other),
                Value::Optional(Some(v)) if function == "orValue" => Ok((*v).clone()),
                // What is no optional counts as there.
                v => Ok(v),
            };
        }
        let method = target.is_some();
        let mut values = Vec::with_capacity(args.len() + 1);
        let mut failed = None;
        // Of one or two arguments all are evaluated, and the call counts, whatever goes wrong with them.
        // A regular expression that is known beforehand makes its call one of another kind.
        let compiled = matches!(function, "matches" | "find" | "findAll")
            && args.last().is_some_and(|a| matches!(a.kind, Kind::Literal(_)));
        let few = args.len() + usize::from(method) <= 2 && !compiled;
        for arg in target.into_iter().chain(args) {
            match self.expr(arg) {
                Ok(value) => values.push(value),
                Err(why) if few && why != TOO_COSTLY => {
                    failed = failed.or(Some(why));
                    values.push(Value::Null);
                }
                Err(why) => return Err(why),
            }
        }
        if let Some(why) = failed {
            self.spend(cost::call(function, (method, settled), &values, None))?;
            return Err(why);
        }
        let size: u64 = values.iter().map(weight).sum();
        self.step(size / 10)?;
        if let Some(Value::Check(question)) = values.first().cloned() {
            self.spend(cost::call(function, (method, settled), &values, None))?;
            return self.ask(&question, function, values.get(1..).unwrap_or(&[]));
        }
        let result =
            if method { library::method(function, &values) } else { library::call(function, &values) };
        if let Ok(value) = &result {
            self.step(weight(value) / 10)?;
        }
        let member = function == "@in" && settled && args.get(1).is_some_and(plan::is_constant);
        let known = |v: &Value| matches!(v, Value::List(l) if l.iter().all(is_primitive));
        if !(member && values.get(1).is_some_and(known)) {
            self.spend(cost::call(function, (method, settled), &values, result.as_ref().ok()))?;
        }
        result
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
}

/// Whether this is a name with its selections and indexes.
fn is_chain(e: &Expr) -> bool {
    matches!(e.kind, Kind::Ident(_) | Kind::Select { test: false, .. } | Kind::Index { .. })
}

/// What cel-go looks up in a set where it is looked for in a list.
fn is_primitive(v: &Value) -> bool {
    matches!(v, Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::String(_))
}

/// How much a value weighs in the time that a call takes.
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
