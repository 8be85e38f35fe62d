//! The functions there are: what they take and give. A line is `name(args) -> result`, a method's begins with the type
//! it is called on. One capital letter is a type that the call decides. Models cel-go `common/stdlib` and `ext`, and
//! apiserver `pkg/cel/library`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::types::{Type, named};

/// One way to call a function. A method's first parameter is what it is called on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Signature {
    pub(crate) method: bool,
    pub(crate) params: Vec<Type>,
    pub(crate) result: Type,
}

static TABLE: LazyLock<BTreeMap<String, Vec<Signature>>> = LazyLock::new(|| {
    let mut table: BTreeMap<String, Vec<Signature>> = BTreeMap::new();
    for line in include_str!("signatures.txt").lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some((name, signature)) = read(line) {
            table.entry(name).or_default().push(signature);
        }
    }
    table
});

/// The ways to call a function; none where there is no such function.
pub(crate) fn of(name: &str) -> &'static [Signature] {
    TABLE.get(name).map_or(&[], Vec::as_slice)
}

fn read(line: &str) -> Option<(String, Signature)> {
    let (call, result) = line.split_once(" -> ")?;
    let (target, call) = match call.split_once(" . ") {
        Some((target, call)) => (Some(target), call),
        None => (None, call),
    };
    let (name, params) = call.split_once('(')?;
    let params = params.strip_suffix(')')?;
    let mut types: Vec<Type> = target.into_iter().filter_map(parse).collect();
    types.extend(split(params).into_iter().filter_map(parse));
    Some((name.to_owned(), Signature { method: target.is_some(), params: types, result: parse(result)? }))
}

/// Cuts at commas that are in no brackets.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (i, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.extend(text.get(start..i));
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts.into_iter().map(str::trim).filter(|p| !p.is_empty()).collect()
}

fn parse(text: &str) -> Option<Type> {
    if let Some((outer, inner)) = text.strip_suffix(')').and_then(|t| t.split_once('(')) {
        let mut inner = split(inner).into_iter().filter_map(parse).map(Box::new);
        return Some(match outer {
            "list" => Type::List(inner.next()?),
            "map" => Type::Map(inner.next()?, inner.next()?),
            "optional" => Type::Optional(inner.next()?),
            "type" => Type::Type(inner.next()?),
            _ => return None,
        });
    }
    Some(match text {
        "A" => Type::Param(0),
        "B" => Type::Param(1),
        "dyn" => Type::Dyn,
        "null" => Type::Null,
        "timestamp" => Type::Timestamp,
        "duration" => Type::Duration,
        "IP" => Type::Opaque("net.IP"),
        "CIDR" => Type::Opaque("net.CIDR"),
        "quantity" => Type::Opaque("kubernetes.Quantity"),
        "URL" => Type::Opaque("kubernetes.URL"),
        "semver" => Type::Opaque("kubernetes.Semver"),
        "format" => Type::Opaque("kubernetes.NamedFormat"),
        "authorizer" => Type::Opaque("kubernetes.authorization.Authorizer"),
        "pathCheck" => Type::Opaque("kubernetes.authorization.PathCheck"),
        "groupCheck" => Type::Opaque("kubernetes.authorization.GroupCheck"),
        "resourceCheck" => Type::Opaque("kubernetes.authorization.ResourceCheck"),
        "decision" => Type::Opaque("kubernetes.authorization.Decision"),
        other => named(other)?,
    })
}
