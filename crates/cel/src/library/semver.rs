//! Semantic versions. Models apiserver `pkg/cel/library/semverlib.go`.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::Answer;
use crate::value::Value;

/// A semantic version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Semver {
    numbers: [u64; 3],
    pre: Vec<String>,
    build: String,
}

impl fmt::Display for Semver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre.join("."))?;
        }
        if self.build.is_empty() { Ok(()) } else { write!(f, "+{}", self.build) }
    }
}

fn parse(text: &str, normalize: bool) -> Result<Semver, String> {
    let bad = || "semver parse error during conversion from string".to_owned();
    let mut text = if normalize { text.strip_prefix('v').unwrap_or(text) } else { text };
    let mut build = String::new();
    if let Some((before, after)) = text.split_once('+') {
        after.clone_into(&mut build);
        text = before;
    }
    let mut pre = Vec::new();
    if let Some((before, after)) = text.split_once('-') {
        pre = after.split('.').map(str::to_owned).collect();
        text = before;
    }
    if pre.iter().any(String::is_empty) {
        return Err(bad());
    }
    let mut parts: Vec<&str> = text.split('.').collect();
    if normalize {
        parts.resize(parts.len().max(3), "0");
    }
    let number = |p: &str| {
        let p = if normalize { p.trim_start_matches('0') } else { p };
        let p = if p.is_empty() && normalize { "0" } else { p };
        let plain = p.bytes().all(|b| b.is_ascii_digit()) && (p == "0" || !p.starts_with('0'));
        p.parse::<u64>().ok().filter(|_| plain)
    };
    match parts.as_slice() {
        [a, b, c] => match (number(a), number(b), number(c)) {
            (Some(a), Some(b), Some(c)) => Ok(Semver { numbers: [a, b, c], pre, build }),
            _ => Err(bad()),
        },
        _ => Err(bad()),
    }
}

fn compare(a: &Semver, b: &Semver) -> Ordering {
    let pre = || match (a.pre.is_empty(), b.pre.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            for (x, y) in a.pre.iter().zip(&b.pre) {
                let order = match (x.parse::<u64>(), y.parse::<u64>()) {
                    (Ok(x), Ok(y)) => x.cmp(&y),
                    (Ok(_), Err(_)) => Ordering::Less,
                    (Err(_), Ok(_)) => Ordering::Greater,
                    (Err(_), Err(_)) => x.cmp(y),
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
            a.pre.len().cmp(&b.pre.len())
        }
    };
    a.numbers.cmp(&b.numbers).then_with(pre)
}

pub(super) fn call(function: &str, args: &[Value]) -> Answer {
    let (text, normalize) = match args {
        [Value::String(s)] => (s, false),
        [Value::String(s), Value::Bool(n)] => (s, *n),
        _ => return None,
    };
    match function {
        "isSemver" => Some(Ok(Value::Bool(parse(text, normalize).is_ok()))),
        "semver" => Some(parse(text, normalize).map(|s| Value::Semver(Arc::new(s)))),
        _ => None,
    }
}

pub(super) fn method(function: &str, args: &[Value]) -> Answer {
    let int = |n: u64| Some(Ok(Value::Int(i64::try_from(n).unwrap_or(i64::MAX))));
    match args {
        [Value::Semver(s)] => {
            let [major, minor, patch] = s.numbers;
            match function {
                "major" => int(major),
                "minor" => int(minor),
                "patch" => int(patch),
                _ => None,
            }
        }
        [Value::Semver(a), Value::Semver(b)] => {
            let order = compare(a, b);
            Some(Ok(match function {
                "compareTo" => Value::Int(order as i64),
                "isLessThan" => Value::Bool(order.is_lt()),
                "isGreaterThan" => Value::Bool(order.is_gt()),
                _ => return None,
            }))
        }
        _ => None,
    }
}
