//! Texts. Models cel-go `ext/strings.go` (version 2) and apiserver `pkg/cel/library/regex.go`. Places are characters.

use super::{Answer, TOO_COSTLY, format, regex};
use crate::value::Value;

pub(super) fn call(function: &str, args: &[Value]) -> Answer {
    match (function, args) {
        ("matches", [Value::String(_), Value::String(_)]) => method(function, args),
        ("strings.quote", [Value::String(s)]) => Some(text(quote(s))),
        ("jsonpatch.escapeKey", [Value::String(s)]) => Some(text(s.replace('~', "~0").replace('/', "~1"))),
        _ => None,
    }
}

fn text(s: impl AsRef<str>) -> Result<Value, String> {
    Ok(Value::string(s.as_ref()))
}

/// The longest text that is made at once, in bytes.
const LONGEST: usize = 16 << 20;

fn illegal(pattern: &str) -> Result<regex_lite::Regex, String> {
    regex(pattern).map_err(|why| format!("Illegal regex: {why}"))
}

/// A text as an expression would write it.
fn quote(s: &str) -> String {
    let mut out = String::from('"');
    for c in s.chars() {
        match c {
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Where a text stands in another, from a place on, forwards or backwards.
fn index_of(chars: &[char], wanted: &str, from: Option<i64>, last: bool) -> Result<Value, String> {
    let wanted: Vec<char> = wanted.chars().collect();
    if wanted.is_empty() {
        return Ok(from.map_or_else(|| if last { int(chars.len()) } else { Value::Int(0) }, Value::Int));
    }
    let at = match from {
        None => None,
        Some(i) if i < 0 => return Err(format!("index out of range: {i}")),
        Some(i) => match usize::try_from(i) {
            Ok(at) if at < chars.len() => Some(at),
            _ => return Ok(Value::Int(-1)),
        },
    };
    let found = if last {
        rfind(chars, &wanted, at.unwrap_or(usize::MAX))
    } else {
        find(chars, &wanted, at.unwrap_or(0))
    };
    Ok(found.map_or(Value::Int(-1), int))
}

fn int(n: usize) -> Value {
    Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
}

fn find(chars: &[char], wanted: &[char], from: usize) -> Option<usize> {
    (from..=chars.len().checked_sub(wanted.len())?).find(|i| chars.get(*i..i + wanted.len()) == Some(wanted))
}

fn rfind(chars: &[char], wanted: &[char], from: usize) -> Option<usize> {
    let last = chars.len().checked_sub(wanted.len())?;
    (0..=last.min(from)).rev().find(|i| chars.get(*i..i + wanted.len()) == Some(wanted))
}

fn split(s: &str, by: &str, limit: i64) -> Value {
    let pieces: Vec<Value> = match limit {
        0 => Vec::new(),
        n if n < 0 && by.is_empty() => s.chars().map(|c| Value::string(&c.to_string())).collect(),
        n if n < 0 => s.split(by).map(Value::string).collect(),
        n => {
            let n = usize::try_from(n).unwrap_or(usize::MAX);
            if by.is_empty() {
                let chars: Vec<char> = s.chars().collect();
                let cut = chars.len().min(n.saturating_sub(1));
                let mut out: Vec<Value> =
                    chars.iter().take(cut).map(|c| Value::string(&c.to_string())).collect();
                let rest: String = chars.iter().skip(cut).collect();
                if !rest.is_empty() {
                    out.push(Value::string(&rest));
                }
                out
            } else {
                s.splitn(n, by).map(Value::string).collect()
            }
        }
    };
    Value::list(pieces)
}

pub(super) fn method(function: &str, args: &[Value]) -> Answer {
    if let ("join", [Value::List(list), rest @ ..]) = (function, args) {
        let by = match rest {
            [] => "",
            [Value::String(s)] => s,
            _ => return None,
        };
        let mut parts = Vec::new();
        for v in list.iter() {
            match v {
                Value::String(s) => parts.push(s.to_string()),
                other => return Some(Err(format!("join: invalid input: {}", other.show()))),
            }
        }
        return Some(text(parts.join(by)));
    }
    let (Value::String(s), rest) = args.split_first()? else { return None };
    let s: &str = s;
    let chars = || s.chars().collect::<Vec<char>>();
    let out_of_range = |i: i64| format!("index out of range: {i}");
    Some(match (function, rest) {
        ("startsWith", [Value::String(p)]) => Ok(Value::Bool(s.starts_with(&**p))),
        ("endsWith", [Value::String(p)]) => Ok(Value::Bool(s.ends_with(&**p))),
        ("contains", [Value::String(p)]) => Ok(Value::Bool(s.contains(&**p))),
        ("matches", [Value::String(p)]) => regex(p).map(|r| Value::Bool(r.is_match(s))),
        ("find", [Value::String(p)]) => illegal(p).and_then(|r| text(r.find(s).map_or("", |m| m.as_str()))),
        ("findAll", [Value::String(p), rest @ ..]) => illegal(p).map(|r| {
            let limit = match rest {
                [Value::Int(n)] if *n >= 0 => usize::try_from(*n).unwrap_or(usize::MAX),
                _ => usize::MAX,
            };
            Value::list(r.find_iter(s).take(limit).map(|m| Value::string(m.as_str())).collect())
        }),
        ("charAt", [Value::Int(i)]) => {
            let chars = chars();
            match usize::try_from(*i) {
                Ok(at) if at == chars.len() => text(""),
                Ok(at) => {
                    chars.get(at).map(|c| Value::string(&c.to_string())).ok_or_else(|| out_of_range(*i))
                }
                Err(_) => Err(out_of_range(*i)),
            }
        }
        ("indexOf" | "lastIndexOf", [Value::String(wanted), rest @ ..]) => {
            let from = match rest {
                [] => None,
                [Value::Int(i)] => Some(*i),
                _ => return None,
            };
            index_of(&chars(), wanted, from, function == "lastIndexOf")
        }
        ("lowerAscii", []) => text(s.to_ascii_lowercase()),
        ("upperAscii", []) => text(s.to_ascii_uppercase()),
        ("trim", []) => text(s.trim()),
        ("replace", [Value::String(old), Value::String(new), rest @ ..]) => {
            let most = match rest {
                [] => usize::MAX,
                [Value::Int(n)] => usize::try_from(*n).unwrap_or(usize::MAX),
                _ => return None,
            };
            let times = s.matches(&**old).take(most).count();
            if s.len().saturating_add(times.saturating_mul(new.len())) > LONGEST {
                return Some(Err(TOO_COSTLY.to_owned()));
            }
            text(s.replacen(&**old, new, most))
        }
        ("split", [Value::String(by)]) => Ok(split(s, by, -1)),
        ("split", [Value::String(by), Value::Int(n)]) => Ok(split(s, by, *n)),
        ("substring", [Value::Int(from), rest @ ..]) => {
            let chars = chars();
            let to = match rest {
                [] => i64::try_from(chars.len()).unwrap_or(i64::MAX),
                [Value::Int(to)] => *to,
                _ => return None,
            };
            let at = |i: i64| usize::try_from(i).ok().filter(|i| *i <= chars.len());
            if *from > to && !rest.is_empty() {
                return Some(Err(format!("invalid substring range. start: {from}, end: {to}")));
            }
            match (at(*from), at(to)) {
                (None, _) => Err(out_of_range(*from)),
                (_, None) => Err(out_of_range(to)),
                (Some(a), Some(b)) => text(chars.get(a..b).unwrap_or(&[]).iter().collect::<String>()),
            }
        }
        ("format", [Value::List(list)]) => format::format(s, list).and_then(text),
        _ => return None,
    })
}
