//! Macros, checked as what cel-go makes of them: a comprehension that gathers a result step by step.
//!
//! Models `parser/macro.go`, `ext/comprehensions.go`, `ext/lists.go` and `cel/library.go` with the comprehension rule of
//! `checker/checker.go`.

use super::Checker;
use crate::ast::{Expr, Loop};
use crate::types::Type;

impl Checker<'_> {
    pub(super) fn looped(
        &mut self,
        at: usize,
        kind: Loop,
        range: &mut Expr,
        names: &[String],
        condition: Option<&mut Expr>,
        body: &mut Expr,
    ) -> Type {
        let over = self.expr(range);
        if kind != Loop::SortBy {
            return self.gathered(at, (kind, range.at, &over), names, condition, body);
        }
        let keys = self.gathered(at, (Loop::Map, at, &over), names, None, body);
        self.resolve(at, "@sortByAssociatedKeys", true, &[over, keys])
    }

    fn gathered(
        &mut self,
        at: usize,
        (kind, place, over): (Loop, usize, &Type),
        names: &[String],
        condition: Option<&mut Expr>,
        body: &mut Expr,
    ) -> Type {
        let result = match kind {
            Loop::All | Loop::Exists => Type::Bool,
            Loop::ExistsOne => Type::Int,
            Loop::TransformMap | Loop::TransformMapEntry => {
                let (key, value) = (self.bindings.fresh(), self.bindings.fresh());
                Type::map(key, value)
            }
            _ => Type::list(self.bindings.fresh()),
        };
        let over = self.bindings.open(over);
        let two = names.len() > 1;
        let (first, second) = match &over {
            Type::List(t) if two => (Type::Int, (**t).clone()),
            Type::List(t) => ((**t).clone(), Type::Error),
            Type::Map(k, v) => ((**k).clone(), (**v).clone()),
            Type::Dyn | Type::Error | Type::Param(_) => {
                self.bindings.assignable(&Type::Dyn, &over);
                (Type::Dyn, Type::Dyn)
            }
            other => {
                let shown = other.formatted();
                let why = format!(
                    "expression of type '{shown}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                self.issue(place, why);
                (Type::Error, Type::Error)
            }
        };
        let depth = self.scopes.len();
        for (name, t) in names.iter().zip([first.clone(), second]) {
            self.scopes.push((name.clone(), t));
        }
        let wanted = condition.map(|c| self.expr(c));
        let t = self.expr(body);
        self.scopes.truncate(depth);
        let step = match kind {
            Loop::All | Loop::Exists => {
                if !self.bindings.assignable(&t, &Type::Bool) {
                    self.mismatch(body.at, &Type::Bool, &t);
                }
                return Type::Bool;
            }
            Loop::ExistsOne => self.conditional(at, t, Type::Int, &result),
            Loop::Filter => {
                let step = self.resolve(at, "_+_", false, &[result.clone(), Type::list(first)]);
                self.conditional(at, t, step, &result)
            }
            Loop::TransformMap => self.resolve(at, "cel.@mapInsert", false, &[result.clone(), first, t]),
            Loop::TransformMapEntry => self.resolve(at, "cel.@mapInsert", false, &[result.clone(), t]),
            Loop::Map | Loop::TransformList | Loop::SortBy => {
                self.resolve(at, "_+_", false, &[result.clone(), Type::list(t)])
            }
        };
        let step = match wanted {
            Some(wanted) => self.conditional(at, wanted, step, &result),
            None => step,
        };
        if !self.bindings.assignable(&result, &step) {
            self.mismatch(at, &result, &step);
        }
        if kind == Loop::ExistsOne { Type::Bool } else { self.bindings.open(&result) }
    }

    /// `condition ? step : result`
    fn conditional(&mut self, at: usize, condition: Type, step: Type, result: &Type) -> Type {
        self.resolve(at, "_?_:_", false, &[condition, step, result.clone()])
    }

    /// `optMap` and `optFlatMap`: the target is looked at twice, and so are its faults.
    pub(super) fn opt(
        &mut self,
        at: usize,
        target: &mut Expr,
        name: &str,
        body: &mut Expr,
        flat: bool,
    ) -> Type {
        let of = self.expr(target);
        let has = self.resolve(at, "hasValue", true, &[of]);
        let of = self.expr(target);
        let value = self.resolve(at, "value", true, &[of]);
        self.scopes.push((name.to_owned(), value));
        let mapped = self.expr(body);
        self.scopes.pop();
        let some = if flat { mapped } else { self.resolve(at, "optional.of", false, &[mapped]) };
        let none = Type::Optional(Box::new(self.bindings.fresh()));
        self.resolve(at, "_?_:_", false, &[has, some, none])
    }
}
