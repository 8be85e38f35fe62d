//! Macros: calls that are really something else. Models cel-go `parser/macro.go` and `ext/comprehensions.go`.

use crate::ast::{Expr, Kind, Loop};
use crate::error::Issue;

/// A global call: `has(a.b)`, or a function.
pub(crate) fn function(name: &str, mut args: Vec<Expr>, at: usize) -> Result<Expr, Issue> {
    if name == "has"
        && args.len() == 1
        && let Some(arg) = args.pop()
    {
        let place = arg.at;
        return match arg.kind {
            Kind::Select { operand, field, optional, .. } => {
                Ok(Expr::new(at, Kind::Select { operand, field, optional, test: true }))
            }
            _ => Err(Issue::new(place, "invalid argument to has() macro")),
        };
    }
    Ok(Expr::new(at, Kind::Call { function: name.to_owned(), target: None, args }))
}

/// A call on something: a loop, or a method.
pub(crate) fn method(target: Expr, name: &str, args: Vec<Expr>, at: usize) -> Result<Expr, Issue> {
    let kind = match (name, args.len()) {
        ("all", 2 | 3) => Some(Loop::All),
        ("exists", 2 | 3) => Some(Loop::Exists),
        ("exists_one", 2) | ("existsOne", 2 | 3) => Some(Loop::ExistsOne),
        ("map", 2 | 3) => Some(Loop::Map),
        ("filter", 2) => Some(Loop::Filter),
        ("transformList", 3 | 4) => Some(Loop::TransformList),
        ("transformMap", 3 | 4) => Some(Loop::TransformMap),
        _ => None,
    };
    let variable = |e: &Expr| match &e.kind {
        Kind::Ident(name) => Ok(name.clone()),
        _ => Err(Issue::new(e.at, "argument must be a simple name")),
    };
    let mut args = args;
    if let Some(kind) = kind {
        let two = match kind {
            Loop::TransformList | Loop::TransformMap => true,
            Loop::Map | Loop::Filter => false,
            _ => args.len() == 3,
        };
        let Some(body) = args.pop() else { return Err(Issue::new(at, "argument missing")) };
        let names = args.iter().take(if two { 2 } else { 1 }).map(variable).collect::<Result<Vec<_>, _>>()?;
        let condition = args.into_iter().nth(names.len()).map(Box::new);
        let (range, body) = (Box::new(target), Box::new(body));
        return Ok(Expr::new(at, Kind::Loop { kind, range, names, condition, body }));
    }
    if matches!(name, "optMap" | "optFlatMap") && args.len() == 2 {
        let Some(body) = args.pop().map(Box::new) else { return Err(Issue::new(at, "argument missing")) };
        let Some(first) = args.first() else { return Err(Issue::new(at, "argument missing")) };
        let (name, flat) = (variable(first)?, name == "optFlatMap");
        return Ok(Expr::new(at, Kind::Opt { target: Box::new(target), name, body, flat }));
    }
    let target = Some(Box::new(target));
    Ok(Expr::new(at, Kind::Call { function: name.to_owned(), target, args }))
}
