//! What is checked besides types: literals that could never work, lists of this and that. Models cel-go
//! `cel/validator.go` with the validators the API server switches on, and `ext/formatting.go`.

use crate::ast::{Expr, Kind, Literal};
use crate::error::Issue;
use crate::library;
use crate::library::format::{self, Clause};
use crate::types::Type;

pub(super) fn validate(root: &Expr, types: &[Type], issues: &mut Vec<Issue>) {
    Validator { types, issues }.walk(root, true);
}

struct Validator<'a> {
    types: &'a [Type],
    issues: &'a mut Vec<Issue>,
}

impl Validator<'_> {
    fn type_of(&self, e: &Expr) -> Type {
        self.types.get(e.id as usize).cloned().unwrap_or(Type::Dyn)
    }

    fn issue(&mut self, at: usize, message: impl Into<String>) {
        self.issues.push(Issue::new(at, message));
    }

    /// `homogeneous`: whether lists and maps must hold one type; the arguments of `format` need not.
    fn walk(&mut self, e: &Expr, homogeneous: bool) {
        match &e.kind {
            Kind::Nothing | Kind::Literal(_) | Kind::Ident(_) => {}
            Kind::Select { operand, .. } => self.walk(operand, homogeneous),
            Kind::Index { operand, index, .. } => {
                self.walk(operand, homogeneous);
                self.walk(index, homogeneous);
            }
            Kind::Call { function, target, args, .. } => {
                let inside = homogeneous && function != "format";
                for part in target.iter().map(|t| &**t).chain(args) {
                    self.walk(part, inside);
                }
                self.call(e, function, target.as_deref(), args);
            }
            Kind::List(items) => {
                if homogeneous {
                    self.same(items.iter().map(|(item, optional)| (item, *optional)), true);
                }
                for (item, _) in items {
                    self.walk(item, homogeneous);
                }
            }
            Kind::Map(entries) => {
                if homogeneous {
                    self.same(entries.iter().map(|(key, _, _)| (key, false)), false);
                    self.same(entries.iter().map(|(_, value, optional)| (value, *optional)), false);
                }
                for (key, value, _) in entries {
                    self.walk(key, homogeneous);
                    self.walk(value, homogeneous);
                }
            }
            Kind::Struct { fields, .. } => {
                for field in fields {
                    self.walk(&field.value, homogeneous);
                }
            }
            Kind::Loop { range, condition, body, .. } => {
                self.walk(range, homogeneous);
                if let Some(condition) = condition {
                    self.walk(condition, homogeneous);
                }
                self.walk(body, homogeneous);
            }
            Kind::Opt { target, body, .. } => {
                self.walk(target, homogeneous);
                self.walk(body, homogeneous);
            }
        }
    }

    fn same<'e>(&mut self, items: impl Iterator<Item = (&'e Expr, bool)>, first_only: bool) {
        let mut first: Option<Type> = None;
        for (item, optional) in items {
            let own = match self.type_of(item) {
                Type::Optional(t) if optional => *t,
                t => t,
            };
            match &first {
                None => first = Some(own),
                Some(expected) if *expected != own => {
                    let (expected, own) = (expected.formatted(), own.formatted());
                    self.issue(item.at, format!("expected type '{expected}' but found '{own}'"));
                    if first_only {
                        return;
                    }
                }
                Some(_) => {}
            }
        }
    }

    fn call(&mut self, e: &Expr, function: &str, target: Option<&Expr>, args: &[Expr]) {
        let Some(arg) = args.first() else { return };
        match (function, &arg.kind) {
            ("duration" | "timestamp", Kind::Literal(l)) => {
                // cel-go tries it before the types are known, when a number is no duration.
                let number = function == "duration" && !matches!(l, Literal::String(_));
                if number || library::call(function, &[crate::plan::literal(l)]).is_err() {
                    self.issue(arg.at, format!("invalid {function} argument"));
                }
            }
            ("matches", Kind::Literal(Literal::String(s))) if library::regex(s).is_err() => {
                self.issue(arg.at, "invalid matches argument");
            }
            ("format", Kind::List(items)) => {
                if let Some(Kind::Literal(Literal::String(pattern))) = target.map(|t| &t.kind)
                    && args.len() == 1
                    && let Err((at, why)) = self.format(pattern, items)
                {
                    self.issue(at.unwrap_or(e.at), why);
                }
            }
            _ => {}
        }
    }

    /// Whether a pattern fits the arguments written behind it; the place of the one that does not.
    fn format(&self, pattern: &str, items: &[(Expr, bool)]) -> Result<(), (Option<usize>, String)> {
        let mut used = 0;
        format::clauses(pattern, &mut |clause| {
            if let Err(why) = &clause
                && why == format::UNFINISHED
            {
                return Err((None, why.clone()));
            }
            let (arg, _) = items.get(used).ok_or((None, format!("index {used} out of range")))?;
            used += 1;
            let clause = clause.map_err(|why| (None, why))?;
            match self.misfit(&clause, arg) {
                Some(bad) => {
                    let why = format::wrong(clause.letter, &self.type_of(bad).name());
                    Err((Some(bad.at), why))
                }
                None => Ok(String::new()),
            }
        })?;
        if items.len() > used {
            let given = items.len();
            return Err((
                None,
                format!("too many arguments supplied to string.format (expected {used}, got {given})"),
            ));
        }
        Ok(())
    }

    /// The argument, or the part of it, that a clause cannot show.
    fn misfit<'e>(&self, clause: &Clause, arg: &'e Expr) -> Option<&'e Expr> {
        let t = self.type_of(arg);
        let fits = matches!(t, Type::Dyn)
            || match clause.letter {
                'd' | 'o' => matches!(t, Type::Int | Type::UInt),
                'f' | 'e' => matches!(t, Type::Double | Type::String),
                'b' => matches!(t, Type::Int | Type::UInt | Type::Bool),
                'x' | 'X' => matches!(t, Type::Int | Type::UInt | Type::String | Type::Bytes),
                _ => !matches!(
                    t,
                    Type::Opaque(_) | Type::Struct(_) | Type::Optional(_) | Type::Error | Type::Param(_)
                ),
            };
        if !fits {
            return Some(arg);
        }
        match &arg.kind {
            Kind::List(items) if clause.letter == 's' => {
                items.iter().find_map(|(i, _)| self.misfit(clause, i))
            }
            Kind::Map(entries) if clause.letter == 's' => {
                entries.iter().find_map(|(k, v, _)| self.misfit(clause, k).or_else(|| self.misfit(clause, v)))
            }
            _ => None,
        }
    }
}
