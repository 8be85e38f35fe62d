//! Whether an expression makes sense, and what it comes to. Models cel-go `checker/checker.go`.
//!
//! Macros are loops here and comprehensions there: where a loop's parts do not fit together, the call that cel-go would
//! have made of them is looked up, so that the same is said.

mod assign;
mod loops;
mod validate;

use crate::Environment;
use crate::ast::{Expr, Field, Kind, Literal};
use crate::error::Issue;
use crate::signatures::{self, Signature};
use crate::types::Type;
use assign::Bindings;

/// Checks a tree; gives its type. Names that stand for something as a whole are put together in the tree.
pub(crate) fn check(root: &mut Expr, nodes: u32, environment: &Environment) -> Result<Type, Vec<Issue>> {
    let mut checker = Checker {
        environment,
        scopes: Vec::new(),
        issues: Vec::new(),
        bindings: Bindings::default(),
        types: vec![Type::Error; nodes as usize],
        fits: 0,
    };
    let result = checker.expr(root);
    if checker.issues.is_empty() {
        let types: Vec<Type> = checker.types.iter().map(|t| checker.bindings.closed(t)).collect();
        validate::validate(root, &types, &mut checker.issues);
    }
    let result = checker.bindings.closed(&result);
    if checker.issues.is_empty() { Ok(result) } else { Err(checker.issues) }
}

struct Checker<'a> {
    environment: &'a Environment,
    scopes: Vec<(String, Type)>,
    issues: Vec<Issue>,
    bindings: Bindings,
    /// By the number of the node.
    types: Vec<Type>,
    /// How many overloads of the function that was resolved last fit.
    fits: usize,
}

impl Checker<'_> {
    fn issue(&mut self, at: usize, message: impl Into<String>) {
        self.issues.push(Issue::new(at, message));
    }

    fn undeclared(&mut self, at: usize, name: &str) -> Type {
        self.issue(at, format!("undeclared reference to '{name}' (in container '')"));
        Type::Error
    }

    fn mismatch(&mut self, at: usize, expected: &Type, found: &Type) {
        let (expected, found) = (expected.formatted(), found.formatted());
        self.issue(at, format!("expected type '{expected}' but found '{found}'"));
    }

    /// The type of what a name stands for: a variable, or a type itself.
    fn ident(&self, name: &str) -> Option<Type> {
        let name = name.strip_prefix('.').unwrap_or(name);
        let local = self.scopes.iter().rev().find(|(n, _)| n == name).map(|(_, t)| t.clone());
        local
            .or_else(|| self.environment.variables.get(name).cloned())
            .or_else(|| self.environment.named(name).map(|t| Type::Type(Box::new(t))))
    }

    fn expr(&mut self, e: &mut Expr) -> Type {
        let t = self.typed(e);
        if let Some(slot) = self.types.get_mut(e.id as usize) {
            slot.clone_from(&t);
        }
        t
    }

    fn typed(&mut self, e: &mut Expr) -> Type {
        let at = e.at;
        if let Kind::Select { optional: false, test: false, .. } = e.kind
            && let Some(dotted) = e.dotted()
            && let Some(t) = self.ident(&dotted)
        {
            e.kind = Kind::Ident(dotted.trim_start_matches('.').to_owned());
            return t;
        }
        if let Kind::Call { function, target, .. } = &mut e.kind
            && let Some(full) = target.as_ref().and_then(|t| t.dotted()).map(|d| format!("{d}.{function}"))
            && !signatures::of(full.trim_start_matches('.')).is_empty()
            && self.environment.has_function(&full)
        {
            *function = full.trim_start_matches('.').to_owned();
            *target = None;
        }
        match &mut e.kind {
            Kind::Nothing => Type::Error,
            Kind::Literal(l) => match l {
                Literal::Null => Type::Null,
                Literal::Bool(_) => Type::Bool,
                Literal::Int(_) => Type::Int,
                Literal::UInt(_) => Type::UInt,
                Literal::Double(_) => Type::Double,
                Literal::String(_) => Type::String,
                Literal::Bytes(_) => Type::Bytes,
            },
            Kind::Ident(name) => match self.ident(name) {
                Some(t) => {
                    *name = name.trim_start_matches('.').to_owned();
                    t
                }
                None => {
                    let name = name.clone();
                    self.undeclared(at, &name)
                }
            },
            Kind::Select { operand, field, optional, test } => {
                let t = self.select(at, operand, field, *optional);
                if *test { Type::Bool } else { self.bindings.open(&t) }
            }
            Kind::Index { operand, index, optional } => {
                let args = [self.expr(operand), self.expr(index)];
                self.resolve(at, if *optional { "_[?_]" } else { "_[_]" }, false, &args)
            }
            Kind::Call { function, target, args, settled } => {
                let function = function.clone();
                let result = self.call(at, &function, target.as_deref_mut(), args);
                *settled = self.fits == 1;
                result
            }
            Kind::List(items) => {
                let mut of = None;
                for (item, optional) in items {
                    let t = self.expr(item);
                    let t = self.element(item.at, t, *optional);
                    of = Some(self.join(item.at, of, t));
                }
                Type::list(of.unwrap_or_else(|| self.bindings.fresh()))
            }
            Kind::Map(entries) => {
                let (mut key, mut value) = (None, None);
                for (k, v, optional) in entries {
                    let t = self.expr(k);
                    key = Some(self.join(k.at, key, t));
                    let t = self.expr(v);
                    let t = self.element(v.at, t, *optional);
                    value = Some(self.join(v.at, value, t));
                }
                let key = key.unwrap_or_else(|| self.bindings.fresh());
                Type::map(key, value.unwrap_or_else(|| self.bindings.fresh()))
            }
            Kind::Struct { name, fields } => {
                let name = name.clone();
                self.object(at, &name, fields)
            }
            Kind::Loop { kind, range, names, condition, body } => {
                let (kind, names) = (*kind, names.clone());
                self.looped(at, kind, range, &names, condition.as_deref_mut(), body)
            }
            Kind::Opt { target, name, body, flat } => {
                let (name, flat) = (name.clone(), *flat);
                self.opt(at, target, &name, body, flat)
            }
        }
    }

    /// The type of an element or value; an optional one must be an optional.
    fn element(&mut self, at: usize, t: Type, optional: bool) -> Type {
        match t {
            Type::Optional(t) if optional => *t,
            t => {
                if optional && !matches!(t, Type::Dyn) {
                    self.mismatch(at, &Type::Optional(Box::new(t.clone())), &t);
                }
                t
            }
        }
    }

    /// The type of both; anything where they differ.
    fn join(&mut self, _at: usize, previous: Option<Type>, current: Type) -> Type {
        let Some(previous) = previous else { return current };
        if self.bindings.assignable(&previous, &current) {
            return assign::most_general(previous, current);
        }
        Type::Dyn
    }

    fn select(&mut self, at: usize, operand: &mut Expr, field: &str, optional: bool) -> Type {
        let of = self.expr(operand);
        let (of, wrapped) = match self.bindings.open(&of) {
            Type::Optional(inner) => (*inner, true),
            other => (other, optional),
        };
        let result = match &of {
            Type::Map(_, v) => (**v).clone(),
            Type::Struct(s) => match s.fields.get(field) {
                Some(t) => t.clone(),
                None if s.open => Type::Dyn,
                None => {
                    self.issue(at, format!("undefined field '{field}'"));
                    Type::Error
                }
            },
            // Only the types of networks are known by name.
            Type::Opaque(name) if !name.starts_with("net.") => {
                self.issue(at, format!("unexpected failed resolution of '{name}'"));
                Type::Error
            }
            Type::Param(_) => {
                self.bindings.assignable(&Type::Dyn, &of);
                Type::Dyn
            }
            Type::Dyn | Type::Error => Type::Dyn,
            other => {
                let shown = other.formatted();
                self.issue(at, format!("type '{shown}' does not support field selection"));
                Type::Dyn
            }
        };
        if wrapped { Type::Optional(Box::new(result)) } else { result }
    }

    fn object(&mut self, at: usize, name: &str, fields: &mut [Field]) -> Type {
        let result = match self.ident(name) {
            None => return self.undeclared(at, name),
            Some(Type::Type(t)) => match *t {
                t @ (Type::Struct(_) | Type::Timestamp | Type::Duration) => t,
                other => {
                    self.issue(at, format!("'{other}' is not a message type"));
                    Type::Error
                }
            },
            Some(other) => {
                self.issue(at, format!("'{other}' is not a type"));
                Type::Error
            }
        };
        for field in fields {
            let given = self.expr(&mut field.value);
            let wanted = match &result {
                Type::Struct(s) => match s.fields.get(&field.name) {
                    Some(t) => t.clone(),
                    None if s.open => Type::Dyn,
                    None => {
                        self.issue(field.at, format!("undefined field '{}'", field.name));
                        Type::Error
                    }
                },
                Type::Error => Type::Error,
                _ => {
                    self.issue(field.at, format!("undefined field '{}'", field.name));
                    Type::Error
                }
            };
            let given = self.element(field.value.at, given, field.optional);
            if !self.bindings.assignable(&wanted, &given) {
                let (name, wanted, given) = (&field.name, wanted.formatted(), given.formatted());
                let why =
                    format!("expected type of field '{name}' is '{wanted}' but provided type is '{given}'");
                self.issue(field.at, why);
            }
        }
        result
    }

    fn call(&mut self, at: usize, function: &str, target: Option<&mut Expr>, args: &mut [Expr]) -> Type {
        let mut places = Vec::with_capacity(args.len());
        let mut types = Vec::with_capacity(args.len() + 1);
        for arg in args {
            types.push(self.expr(arg));
            places.push(arg.at);
        }
        if matches!(function, "_&&_" | "_||_") {
            let mut good = true;
            for (t, at) in types.iter().zip(places) {
                if !self.bindings.assignable(t, &Type::Bool) {
                    self.mismatch(at, &Type::Bool, t);
                    good = false;
                }
            }
            return if good { Type::Bool } else { Type::Error };
        }
        let method = target.is_some();
        if let Some(target) = target {
            types.insert(0, self.expr(target));
        }
        let name = function.strip_prefix('.').unwrap_or(function);
        if signatures::of(name).is_empty() || !self.environment.has_function(name) {
            return self.undeclared(at, function);
        }
        self.resolve(at, name, method, &types)
    }

    /// What a call gives, of all the ways to make it that fit.
    fn resolve(&mut self, at: usize, function: &str, method: bool, args: &[Type]) -> Type {
        let mut result: Option<Type> = None;
        self.fits = 0;
        let known: &[Signature] = signatures::of(function);
        for signature in known.iter().filter(|s| s.method == method && s.params.len() == args.len()) {
            let (params, gives) = self.bindings.instantiated(signature);
            if !self.bindings.all_assignable(args, &params) {
                continue;
            }
            let gives = self.bindings.open(&gives);
            self.fits += 1;
            result = Some(match result {
                None => gives,
                Some(Type::Dyn) => Type::Dyn,
                Some(before) if before == gives => before,
                Some(_) => Type::Dyn,
            });
        }
        if let Some(result) = result {
            return result;
        }
        let shown: Vec<String> = args.iter().map(|t| self.bindings.closed(t).formatted()).collect();
        let applied = match (method, shown.split_first()) {
            (true, Some((target, rest))) => format!("{target}.({})", rest.join(", ")),
            _ => format!("({})", shown.join(", ")),
        };
        self.issue(at, format!("found no matching overload for '{function}' applied to '{applied}'"));
        Type::Error
    }
}
