//! Whether an expression makes sense, and what it comes to. Models cel-go `checker/checker.go` and `cel/validator.go`.

mod validate;

use std::collections::BTreeMap;

use crate::Environment;
use crate::ast::{Expr, Kind, Literal, Loop};
use crate::error::Issue;
use crate::signatures::{self, Signature};
use crate::types::{Type, named};

/// Checks a tree; gives its type.
pub(crate) fn check(root: &Expr, environment: &Environment) -> Result<Type, Vec<Issue>> {
    let mut checker =
        Checker { environment, scopes: Vec::new(), issues: Vec::new(), fresh: 100, bound: BTreeMap::new() };
    let result = checker.expr(root);
    let result = checker.resolve(&result);
    if checker.issues.is_empty() {
        validate::validate(root, &mut checker.issues);
    }
    if checker.issues.is_empty() { Ok(result) } else { Err(checker.issues) }
}

struct Checker<'a> {
    environment: &'a Environment,
    scopes: Vec<(String, Type)>,
    issues: Vec<Issue>,
    /// The next type variable that is free.
    fresh: u32,
    /// What type variables turned out to be.
    bound: BTreeMap<u32, Type>,
}

impl Checker<'_> {
    fn issue(&mut self, at: usize, message: impl Into<String>) -> Type {
        self.issues.push(Issue::new(at, message));
        Type::Dyn
    }

    fn fresh(&mut self) -> Type {
        self.fresh += 1;
        Type::Param(self.fresh)
    }

    /// A type with everything that is known put in.
    fn resolve(&self, t: &Type) -> Type {
        match t {
            Type::Param(n) => self.bound.get(n).map_or(Type::Param(*n), |t| self.resolve(t)),
            Type::List(t) => Type::list(self.resolve(t)),
            Type::Map(k, v) => Type::map(self.resolve(k), self.resolve(v)),
            Type::Optional(t) => Type::Optional(Box::new(self.resolve(t))),
            Type::Type(t) => Type::Type(Box::new(self.resolve(t))),
            other => other.clone(),
        }
    }

    /// Whether `actual` may stand where `formal` is wanted; binds type variables on the way.
    fn fits(&mut self, formal: &Type, actual: &Type) -> bool {
        let (formal, actual) = (self.resolve(formal), self.resolve(actual));
        match (&formal, &actual) {
            (Type::Param(a), Type::Param(b)) if a == b => true,
            (Type::Param(n), other) | (other, Type::Param(n)) => {
                self.bound.insert(*n, other.clone());
                true
            }
            (Type::Dyn, _) | (_, Type::Dyn) => true,
            (
                Type::Null,
                Type::Opaque(_) | Type::Struct(_) | Type::Timestamp | Type::Duration | Type::Optional(_),
            )
            | (
                Type::Opaque(_) | Type::Struct(_) | Type::Timestamp | Type::Duration | Type::Optional(_),
                Type::Null,
            ) => true,
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => self.fits(a, b),
            (Type::Type(_), Type::Type(_)) => true,
            (Type::Map(a, b), Type::Map(c, d)) => self.fits(a, c) && self.fits(b, d),
            _ => formal == actual,
        }
    }

    fn variable(&self, name: &str) -> Option<Type> {
        let local = self.scopes.iter().rev().find(|(n, _)| n == name).map(|(_, t)| t.clone());
        local.or_else(|| self.environment.variables.get(name).cloned())
    }

    fn expr(&mut self, e: &Expr) -> Type {
        match &e.kind {
            Kind::Literal(l) => match l {
                Literal::Null => Type::Null,
                Literal::Bool(_) => Type::Bool,
                Literal::Int(_) => Type::Int,
                Literal::UInt(_) => Type::UInt,
                Literal::Double(_) => Type::Double,
                Literal::String(_) => Type::String,
                Literal::Bytes(_) => Type::Bytes,
            },
            Kind::Ident(name) => match self.variable(name) {
                Some(t) => t,
                None => match named(name) {
                    Some(t) => Type::Type(Box::new(t)),
                    None => self.issue(e.at, format!("undeclared reference to '{name}' (in container '')")),
                },
            },
            Kind::Select { operand, field, optional, test } => {
                self.select(e, operand, field, *optional, *test)
            }
            Kind::Index { operand, index, optional } => {
                let of = self.expr(operand);
                let of = self.resolve(&of);
                let key = self.expr(index);
                let (of, wrapped) = match of {
                    Type::Optional(inner) => (*inner, true),
                    other => (other, *optional),
                };
                let result = match &of {
                    Type::List(t) if self.fits(&Type::Int, &key) => (**t).clone(),
                    Type::Map(k, v) if self.fits(k, &key) => (**v).clone(),
                    Type::Dyn | Type::Param(_) => Type::Dyn,
                    _ => {
                        let key = self.resolve(&key);
                        return self.issue(
                            e.at,
                            format!("found no matching overload for '_[_]' applied to '({of}, {key})'"),
                        );
                    }
                };
                if wrapped { Type::Optional(Box::new(result)) } else { result }
            }
            Kind::Call { function, target, args } => self.call(e, function, target.as_deref(), args),
            Kind::List(items) => {
                let mut of = None;
                for (item, optional) in items {
                    let t = self.element(item, *optional);
                    of = Some(self.join(of, t));
                }
                let of = of.unwrap_or_else(|| self.fresh());
                Type::list(of)
            }
            Kind::Map(entries) => {
                let (mut key, mut value) = (None, None);
                for (k, v, optional) in entries {
                    let t = self.expr(k);
                    key = Some(self.join(key, t));
                    let t = self.element(v, *optional);
                    value = Some(self.join(value, t));
                }
                let key = key.unwrap_or_else(|| self.fresh());
                let value = value.unwrap_or_else(|| self.fresh());
                Type::map(key, value)
            }
            Kind::Loop { kind, range, names, condition, body } => {
                self.looped(e, *kind, range, names, condition.as_deref(), body)
            }
            Kind::Opt { target, name, body, flat } => {
                let of = match self.expr(target) {
                    Type::Optional(t) => *t,
                    _ => Type::Dyn,
                };
                self.scopes.push((name.clone(), of));
                let t = self.expr(body);
                self.scopes.pop();
                if *flat { t } else { Type::Optional(Box::new(t)) }
            }
        }
    }

    fn element(&mut self, e: &Expr, optional: bool) -> Type {
        match self.expr(e) {
            Type::Optional(t) if optional => *t,
            t => t,
        }
    }

    /// The type of both; anything where they differ.
    fn join(&mut self, a: Option<Type>, b: Type) -> Type {
        match a {
            None => b,
            Some(a) => {
                let (x, y) = (self.resolve(&a), self.resolve(&b));
                if x == Type::Dyn || y == Type::Dyn {
                    return Type::Dyn;
                }
                if self.fits(&a, &b) { a } else { Type::Dyn }
            }
        }
    }

    fn select(&mut self, e: &Expr, operand: &Expr, field: &str, optional: bool, test: bool) -> Type {
        if !test
            && !optional
            && let Some(dotted) = e.dotted()
            && let Some(t) = named(&dotted)
            && dotted.contains('.')
        {
            return Type::Type(Box::new(t));
        }
        let of = self.expr(operand);
        let (of, wrapped) = match self.resolve(&of) {
            Type::Optional(inner) => (*inner, true),
            other => (other, optional),
        };
        let result = match &of {
            Type::Map(_, v) => (**v).clone(),
            Type::Dyn | Type::Param(_) => Type::Dyn,
            Type::Struct(s) => match s.fields.get(field) {
                Some(t) => t.clone(),
                None => return self.issue(e.at, format!("undefined field '{field}'")),
            },
            other => return self.issue(e.at, format!("type '{other}' does not support field selection")),
        };
        if test {
            return Type::Bool;
        }
        if wrapped { Type::Optional(Box::new(result)) } else { result }
    }

    fn looped(
        &mut self,
        e: &Expr,
        kind: Loop,
        range: &Expr,
        names: &[String],
        condition: Option<&Expr>,
        body: &Expr,
    ) -> Type {
        let over = self.expr(range);
        let over = self.resolve(&over);
        let (key, value) = match &over {
            Type::List(t) => (Type::Int, (**t).clone()),
            Type::Map(k, v) => ((**k).clone(), (**v).clone()),
            Type::Dyn | Type::Param(_) => (Type::Dyn, Type::Dyn),
            other => {
                let message = format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                self.issue(range.at, message);
                (Type::Dyn, Type::Dyn)
            }
        };
        let depth = self.scopes.len();
        match names {
            [one] => {
                let t = if matches!(over, Type::Map(..)) { key } else { value };
                self.scopes.push((one.clone(), t));
            }
            [first, second, ..] => {
                self.scopes.push((first.clone(), key.clone()));
                self.scopes.push((second.clone(), value));
            }
            [] => {}
        }
        if let Some(condition) = condition {
            let t = self.expr(condition);
            self.must_be_bool(condition, &t);
        }
        let t = self.expr(body);
        let element = names.first().and_then(|n| self.variable(n)).unwrap_or(Type::Dyn);
        let key_type = element.clone();
        self.scopes.truncate(depth);
        match kind {
            Loop::All | Loop::Exists | Loop::ExistsOne => {
                self.must_be_bool(body, &t);
                Type::Bool
            }
            Loop::Filter => {
                self.must_be_bool(body, &t);
                Type::list(element)
            }
            Loop::Map | Loop::TransformList => Type::list(t),
            Loop::TransformMap => {
                let _ = e;
                Type::map(key_type, t)
            }
        }
    }

    fn must_be_bool(&mut self, e: &Expr, t: &Type) {
        if !self.fits(&Type::Bool, t) {
            let t = self.resolve(t);
            self.issue(e.at, format!("expected type 'bool' but found '{t}'"));
        }
    }

    fn call(&mut self, e: &Expr, function: &str, target: Option<&Expr>, args: &[Expr]) -> Type {
        if matches!(function, "_&&_" | "_||_") {
            for arg in args {
                let t = self.expr(arg);
                self.must_be_bool(arg, &t);
            }
            return Type::Bool;
        }
        // A dotted name in front may be part of the function's own name.
        if let Some(target) = target
            && let Some(dotted) = target.dotted()
        {
            let first = dotted.split('.').next().unwrap_or_default();
            let full = format!("{dotted}.{function}");
            if self.variable(first).is_none() && !signatures::of(&full).is_empty() {
                return self.overloads(e, &full, signatures::of(&full), None, args);
            }
        }
        let known = signatures::of(function);
        let target_type = target.map(|t| self.expr(t));
        if known.is_empty() {
            self.issue(e.at, format!("undeclared reference to '{function}' (in container '')"));
            for arg in args {
                self.expr(arg);
            }
            return Type::Dyn;
        }
        self.overloads(e, function, known, target_type, args)
    }

    fn overloads(
        &mut self,
        e: &Expr,
        function: &str,
        known: &[Signature],
        target: Option<Type>,
        args: &[Expr],
    ) -> Type {
        let method = target.is_some();
        let mut types: Vec<Type> = target.into_iter().collect();
        for arg in args {
            let t = self.expr(arg);
            types.push(t);
        }
        let mut result: Option<Type> = None;
        for signature in known.iter().filter(|s| s.method == method && s.params.len() == types.len()) {
            let before = self.bound.clone();
            let base = self.fresh + 1;
            self.fresh += 2;
            let fits = signature.params.iter().zip(&types).all(|(p, t)| {
                let p = renamed(p, base);
                self.fits(&p, t)
            });
            if !fits {
                self.bound = before;
                continue;
            }
            let given = self.resolve(&renamed(&signature.result, base));
            result = Some(match result {
                None => given,
                Some(r) if r == given => r,
                Some(_) => Type::Dyn,
            });
            // Where nothing is left open the first that fits is it.
            if !types.iter().any(|t| matches!(self.resolve(t), Type::Dyn)) {
                break;
            }
        }
        result.unwrap_or_else(|| {
            let shown: Vec<String> = types.iter().map(|t| self.resolve(t).to_string()).collect();
            let applied = match (method, shown.split_first()) {
                (true, Some((target, rest))) => format!("{target}.({})", rest.join(", ")),
                _ => format!("({})", shown.join(", ")),
            };
            self.issue(e.at, format!("found no matching overload for '{function}' applied to '{applied}'"))
        })
    }
}

/// A signature's own type variables made different from all others.
fn renamed(t: &Type, base: u32) -> Type {
    match t {
        Type::Param(n) => Type::Param(base + n),
        Type::List(t) => Type::list(renamed(t, base)),
        Type::Map(k, v) => Type::map(renamed(k, base), renamed(v, base)),
        Type::Optional(t) => Type::Optional(Box::new(renamed(t, base))),
        Type::Type(t) => Type::Type(Box::new(renamed(t, base))),
        other => other.clone(),
    }
}
