//! Macros: calls that are really something else. Models cel-go `parser/macro.go`, `cel/library.go`,
//! `ext/comprehensions.go` and `ext/lists.go`.

use crate::ast::{Expr, Kind, Loop};
use crate::error::Issue;

/// Names a loop's variable may not have: cel-go keeps its results there.
const ACCUMULATORS: [&str; 2] = ["__result__", "@result"];

/// A global call: `has(a.b)`, or a function.
pub(crate) fn function(name: &str, mut args: Vec<Expr>) -> Result<Kind, Issue> {
    if name == "has"
        && args.len() == 1
        && let Some(arg) = args.pop()
    {
        return match arg.kind {
            Kind::Select { operand, field, optional: false, .. } => {
                Ok(Kind::Select { operand, field, optional: false, test: true })
            }
            _ => Err(Issue::new(arg.at, "invalid argument to has() macro")),
        };
    }
    Ok(Kind::Call { function: name.to_owned(), target: None, args, settled: false })
}

fn variable(e: &Expr, why: &str) -> Result<String, Issue> {
    let Kind::Ident(name) = &e.kind else { return Err(Issue::new(e.at, why)) };
    if ACCUMULATORS.contains(&name.as_str()) {
        return Err(Issue::new(e.at, "iteration variable overwrites accumulator variable"));
    }
    Ok(name.clone())
}

const SIMPLE: &str = "argument must be a simple name";
const IDENTIFIER: &str = "argument is not an identifier";

/// A call on something: a loop, or a method.
pub(crate) fn method(target: Expr, name: &str, mut args: Vec<Expr>) -> Result<Kind, Issue> {
    let (kind, variables, why) = match (name, args.len()) {
        ("all", 2) => (Loop::All, 1, SIMPLE),
        ("exists", 2) => (Loop::Exists, 1, SIMPLE),
        ("exists_one", 2) => (Loop::ExistsOne, 1, SIMPLE),
        ("map", 2 | 3) => (Loop::Map, 1, IDENTIFIER),
        ("filter", 2) => (Loop::Filter, 1, IDENTIFIER),
        ("all", 3) => (Loop::All, 2, SIMPLE),
        ("exists", 3) => (Loop::Exists, 2, SIMPLE),
        ("exists_one" | "existsOne", 3) => (Loop::ExistsOne, 2, SIMPLE),
        ("transformList", 3 | 4) => (Loop::TransformList, 2, SIMPLE),
        ("transformMap", 3 | 4) => (Loop::TransformMap, 2, SIMPLE),
        ("transformMapEntry", 3 | 4) => (Loop::TransformMapEntry, 2, SIMPLE),
        ("sortBy", 2) => (Loop::SortBy, 1, IDENTIFIER),
        ("optMap" | "optFlatMap", 2) => return optional(target, name, args),
        _ => {
            let target = Some(Box::new(target));
            return Ok(Kind::Call { function: name.to_owned(), target, args, settled: false });
        }
    };
    if kind == Loop::SortBy && matches!(target.kind, Kind::Literal(_) | Kind::Map(_) | Kind::Struct { .. }) {
        let why =
            "sortBy can only be applied to a list, identifier, comprehension, call or select expression";
        return Err(Issue::new(target.at, why));
    }
    let names = match (variables, args.as_slice()) {
        (2, [first, second, ..]) => two(first, second)?,
        (_, [first, ..]) => vec![variable(first, why)?],
        _ => Vec::new(),
    };
    let Some(body) = args.pop().map(Box::new) else { return Err(Issue::new(target.at, SIMPLE)) };
    let condition = args.into_iter().nth(names.len()).map(Box::new);
    Ok(Kind::Loop { kind, range: Box::new(target), names, condition, body })
}

fn two(first: &Expr, second: &Expr) -> Result<Vec<String>, Issue> {
    let name = |e: &Expr| match &e.kind {
        Kind::Ident(name) => Ok(name.clone()),
        _ => Err(Issue::new(e.at, SIMPLE)),
    };
    let (a, b) = (name(first)?, name(second)?);
    if a == b {
        return Err(Issue::new(second.at, format!("duplicate variable name: {a}")));
    }
    Ok(vec![variable(first, SIMPLE)?, variable(second, SIMPLE)?])
}

fn optional(target: Expr, function: &str, mut args: Vec<Expr>) -> Result<Kind, Issue> {
    let (Some(body), Some(first)) = (args.pop().map(Box::new), args.pop()) else {
        return Err(Issue::new(target.at, SIMPLE));
    };
    let Kind::Ident(name) = first.kind else {
        return Err(Issue::new(first.at, format!("{function}() variable name must be a simple identifier")));
    };
    Ok(Kind::Opt { target: Box::new(target), name, body, flat: function == "optFlatMap" })
}
