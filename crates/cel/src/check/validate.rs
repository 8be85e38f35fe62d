//! What is checked besides types: literals that could never work. Models cel-go `cel/validator.go` with the
//! validators the API server switches on, and `ext/formatting.go`.

use crate::ast::{Expr, Kind, Literal};
use crate::error::Issue;
use crate::library::{format, time};

pub(super) fn validate(e: &Expr, issues: &mut Vec<Issue>) {
    walk(e, true, issues);
}

fn literal_type(e: &Expr) -> Option<String> {
    Some(match &e.kind {
        Kind::Literal(l) => match l {
            Literal::Null => return None,
            Literal::Bool(_) => "bool",
            Literal::Int(_) => "int",
            Literal::UInt(_) => "uint",
            Literal::Double(_) => "double",
            Literal::String(_) => "string",
            Literal::Bytes(_) => "bytes",
        }
        .to_owned(),
        Kind::List(items) => {
            let first = items.first().and_then(|(i, _)| literal_type(i));
            format!("list({})", first.unwrap_or_else(|| "dyn".to_owned()))
        }
        _ => return None,
    })
}

/// `homogeneous`: whether lists and maps must hold one type; the arguments of `format` need not.
fn walk(e: &Expr, homogeneous: bool, issues: &mut Vec<Issue>) {
    match &e.kind {
        Kind::Literal(_) | Kind::Ident(_) => {}
        Kind::Select { operand, .. } => walk(operand, homogeneous, issues),
        Kind::Index { operand, index, .. } => {
            walk(operand, homogeneous, issues);
            walk(index, homogeneous, issues);
        }
        Kind::Call { function, target, args } => {
            let inside = homogeneous && function != "format";
            if let Some(target) = target {
                walk(target, homogeneous, issues);
            }
            for arg in args {
                walk(arg, inside, issues);
            }
            call(e, function, target.as_deref(), args, issues);
        }
        Kind::List(items) => {
            let first = items.first().and_then(|(i, _)| literal_type(i));
            for (item, _) in items {
                same(first.as_deref(), item, homogeneous, issues);
                walk(item, homogeneous, issues);
            }
        }
        Kind::Map(entries) => {
            let first = entries.first().and_then(|(_, v, _)| literal_type(v));
            let first_key = entries.first().and_then(|(k, _, _)| literal_type(k));
            for (key, value, _) in entries {
                same(first_key.as_deref(), key, homogeneous, issues);
                same(first.as_deref(), value, homogeneous, issues);
                walk(key, homogeneous, issues);
                walk(value, homogeneous, issues);
            }
        }
        Kind::Loop { range, condition, body, .. } => {
            walk(range, homogeneous, issues);
            if let Some(condition) = condition {
                walk(condition, homogeneous, issues);
            }
            walk(body, homogeneous, issues);
        }
        Kind::Opt { target, body, .. } => {
            walk(target, homogeneous, issues);
            walk(body, homogeneous, issues);
        }
    }
}

fn same(first: Option<&str>, item: &Expr, homogeneous: bool, issues: &mut Vec<Issue>) {
    if homogeneous
        && let (Some(first), Some(own)) = (first, literal_type(item))
        && first != own
    {
        issues.push(Issue::new(item.at, format!("expected type '{first}' but found '{own}'")));
    }
}

fn call(e: &Expr, function: &str, target: Option<&Expr>, args: &[Expr], issues: &mut Vec<Issue>) {
    let text = |e: &Expr| match &e.kind {
        Kind::Literal(Literal::String(s)) => Some(s.clone()),
        _ => None,
    };
    match (function, target, args) {
        ("duration", None, [arg]) => {
            let good = match &arg.kind {
                Kind::Literal(Literal::String(s)) => time::parse_duration(s).is_ok(),
                Kind::Literal(_) => false,
                _ => true,
            };
            if !good {
                issues.push(Issue::new(arg.at, "invalid duration argument"));
            }
        }
        ("timestamp", None, [arg]) if text(arg).is_some_and(|s| time::parse_timestamp(&s).is_err()) => {
            issues.push(Issue::new(arg.at, "invalid timestamp argument"));
        }
        ("matches", Some(_), [arg]) | ("matches", None, [_, arg])
            if text(arg).is_some_and(|s| regex_lite::Regex::new(&s).is_err()) =>
        {
            issues.push(Issue::new(arg.at, "invalid matches argument"));
        }
        ("format", Some(target), [arg]) => {
            if let (Some(pattern), Kind::List(items)) = (text(target), &arg.kind)
                && let Err(why) = format::check(&pattern, items.len())
            {
                issues.push(Issue::new(e.at, why));
            }
        }
        _ => {}
    }
}
