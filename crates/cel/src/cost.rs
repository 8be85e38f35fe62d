//! What calls cost when they run, by the sizes of what they are given.
//!
//! Models cel-go `interpreter/runtimecost.go`, the trackers of `ext/{lists,sets}.go`, and apiserver
//! `pkg/cel/library/cost.go`. Costs of everything else than calls stand where it is evaluated.

use crate::value::Value;

/// Making a list, a map, an object.
pub(crate) const LIST: u64 = 10;
pub(crate) const MAP: u64 = 30;
pub(crate) const OBJECT: u64 = 40;

/// The cost of one question to the authorizer: two are all that an expression may ask.
const CHECK: u64 = 350_000;

fn size(v: &Value) -> u64 {
    let size = match v {
        Value::String(s) => s.chars().count(),
        Value::Bytes(b) => b.len(),
        Value::List(l) => l.len(),
        Value::Map(m) => m.len(),
        Value::Optional(Some(v)) => return size(v),
        Value::Cidr(_, bits) => return u64::from(bits.div_ceil(8)),
        Value::Ip(ip) => return if ip.is_ipv4() { 4 } else { 16 },
        _ => 1,
    };
    size as u64
}

/// So many characters, walked through.
fn walk(characters: u64) -> u64 {
    characters.div_ceil(10)
}

/// Everything in a value, walked through.
fn traversal(v: &Value) -> u64 {
    match v {
        Value::String(s) => s.len() as u64 / 10,
        Value::Bytes(b) => b.len() as u64 / 10,
        Value::List(l) => l.iter().map(traversal).sum(),
        Value::Map(m) => m.iter().map(|(k, v)| traversal(k) + traversal(v)).sum(),
        _ => 1,
    }
}

/// A text held against a regular expression of so many characters.
fn regex(text: u64, pattern: u64) -> u64 {
    walk(1 + text) * pattern.div_ceil(4)
}

/// A call that makes a list.
fn listing(elements: u64) -> u64 {
    elements.saturating_add(1 + LIST)
}

/// Every element compared with every other.
fn compared(list: &Value) -> u64 {
    let (n, texts) = match list {
        Value::List(l) => (l.len() as u64, matches!(l.first(), Some(Value::String(_) | Value::Bytes(_)))),
        _ => (0, false),
    };
    let square = n.saturating_mul(n);
    listing(if texts { square.saturating_mul(21) / 10 } else { square.saturating_mul(2) })
}

/// The longest regular expression that checks a named format.
fn longest(format: &str) -> u64 {
    match format {
        "uri" => 1104,
        "uuid" | "date" | "datetime" => 72,
        "byte" => 84,
        "labelValue" => 40,
        name if name.contains("Subdomain") || name == "qualifiedName" => 60,
        _ => 30,
    }
}

/// What a call costs. `settled`: it was known beforehand which of the function's overloads it is; `method`: it is
/// called on its first argument.
pub(crate) fn call(
    function: &str,
    (method, settled): (bool, bool),
    args: &[Value],
    result: Option<&Value>,
) -> u64 {
    let nothing = Value::Null;
    let of = |i: usize| args.get(i).map_or(1, size);
    let first = args.first().unwrap_or(&nothing);
    let made = || result.map_or(1, size);
    let text = |i: usize| matches!(args.get(i), Some(Value::String(_) | Value::Bytes(_)));
    match function {
        "check" => CHECK,
        "fieldSelector" | "labelSelector" => LIST + walk(of(1)) + (of(1).div_ceil(2)) * (LIST + OBJECT),
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => traversal(first),
        "url"
        | "lowerAscii"
        | "upperAscii"
        | "substring"
        | "trim"
        | "jsonpatch.escapeKey"
        | "cidr"
        | "isIP"
        | "isCIDR"
        | "quantity"
        | "isQuantity"
        | "semver"
        | "isSemver" => walk(of(0)),
        "ip" if matches!(first, Value::Cidr(..)) => 1,
        "ip" => walk(of(0)),
        "replace" | "split" | "ip.isCanonical" => walk(2 * of(0)),
        "join" => walk(2 * made()),
        "find" | "findAll" => regex(of(0), of(1)),
        "matches" if method => regex(of(0), of(1)),
        "containsIP" => walk(2 * of(0)) + if settled && text(1) { walk(of(1)) } else { 0 },
        "containsCIDR" => {
            walk(2 * of(0)) + walk(of(0)) + 1 + if settled && text(1) { walk(of(1)) } else { 0 }
        }
        "validate" => match first {
            Value::Format(name) => regex(of(1), longest(name)),
            _ => 1,
        },
        "_==_"
            if matches!(
                first,
                Value::Quantity(_)
                    | Value::Ip(_)
                    | Value::Cidr(..)
                    | Value::Format(_)
                    | Value::Url(_)
                    | Value::Semver(_)
            ) =>
        {
            1
        }
        "_==_" | "_!=_" => walk(of(0).min(of(1))),
        "startsWith" | "endsWith" | "strings.quote" | "format" => walk(of(0)),
        "contains" => walk(of(0)) * walk(of(1)),
        "bytes" | "string" if settled && text(0) => match (function, first) {
            ("bytes", Value::String(_)) | ("string", Value::Bytes(_)) => walk(of(0)),
            _ => 1,
        },
        "@in" if settled && matches!(args.get(1), Some(Value::List(_))) => of(1),
        "_<_" | "_<=_" | "_>_" | "_>=_" if settled && (text(0) || text(1)) => walk(of(0).min(of(1))),
        "_+_" if settled && (text(0) || text(1)) => walk(of(0) + of(1)),
        "slice" | "reverse" | "lists.range" => listing(made()),
        "flatten" => {
            let depth = match args.get(1) {
                Some(Value::Int(depth)) => *depth,
                _ => 1,
            };
            // Go's arithmetic wraps around: a small depth below zero costs little.
            i128::from(of(0))
                .saturating_mul(i128::from(depth))
                .rem_euclid(1 << 64)
                .try_into()
                .unwrap_or(u64::MAX)
                .wrapping_add(1 + LIST)
        }
        "distinct" => compared(first),
        "sort" if settled => compared(first),
        "@sortByAssociatedKeys" => compared(args.get(1).unwrap_or(&nothing)),
        "sets.contains" | "sets.intersects" => 1 + of(0) * of(1),
        "sets.equivalent" => 1 + 2 * of(0) * of(1),
        _ => 1,
    }
}
