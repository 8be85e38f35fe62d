//! Semantic versions. Models apiserver `pkg/cel/library/semverlib.go`.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use gatehouse_model::json::go_quote;

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

impl Semver {
    /// Whether two versions are the same: builds do not count.
    pub(crate) fn same(&self, other: &Self) -> bool {
        compare(self, other).is_eq()
    }
}

/// Leading zeros and a `v` taken off, missing parts put in.
fn normalized(text: &str) -> Result<String, String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<String> = text.splitn(3, '.').map(str::to_owned).collect();
    for part in parts.iter_mut().filter(|p| p.len() > 1) {
        let short = part.trim_start_matches('0');
        let digit = short.starts_with(|c: char| c.is_ascii_digit());
        *part = if digit { short.to_owned() } else { format!("0{short}") };
    }
    if parts.len() < 3 {
        if parts.last().is_some_and(|p| p.contains(['+', '-'])) {
            return Err("short version cannot contain PreRelease/Build meta data".to_owned());
        }
        parts.resize(3, "0".to_owned());
    }
    Ok(parts.join("."))
}

fn parse(text: &str, normalize: bool) -> Result<Semver, String> {
    let owned = if normalize { normalized(text)? } else { text.to_owned() };
    if owned.is_empty() {
        return Err("Version string empty".to_owned());
    }
    let parts: Vec<&str> = owned.splitn(3, '.').collect();
    let [major, minor, rest] = parts[..] else {
        return Err("No Major.Minor.Patch elements found".to_owned());
    };
    let (rest, build) = rest.split_once('+').map_or((rest, None), |(r, b)| (r, Some(b)));
    let (patch, pre) = rest.split_once('-').map_or((rest, None), |(p, r)| (p, Some(r)));
    let numbers = [number("major", major)?, number("minor", minor)?, number("patch", patch)?];
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let pre: Vec<String> = pre.map(|p| p.split('.').map(str::to_owned).collect()).unwrap_or_default();
    for part in &pre {
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        let shown = go_quote(part);
        if part.is_empty() {
            return Err("Prerelease is empty".to_owned());
        }
        if digits && part.len() > 1 && part.starts_with('0') {
            return Err(format!("Numeric PreRelease version must not contain leading zeroes {shown}"));
        }
        if !plain(part) {
            return Err(format!("Invalid character(s) found in prerelease {shown}"));
        }
    }
    for part in build.iter().flat_map(|b| b.split('.')) {
        if part.is_empty() {
            return Err("Build meta data is empty".to_owned());
        }
        if !plain(part) {
            return Err(format!("Invalid character(s) found in build meta data {}", go_quote(part)));
        }
    }
    Ok(Semver { numbers, pre, build: build.unwrap_or_default().to_owned() })
}

fn number(which: &str, text: &str) -> Result<u64, String> {
    let shown = go_quote(text);
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("Invalid character(s) found in {which} number {shown}"));
    }
    if text.len() > 1 && text.starts_with('0') {
        let which = format!(
            "{}{}",
            which.get(..1).unwrap_or_default().to_uppercase(),
            which.get(1..).unwrap_or_default()
        );
        return Err(format!("{which} number must not contain leading zeroes {shown}"));
    }
    let why = if text.is_empty() { "invalid syntax" } else { "value out of range" };
    text.parse().map_err(|_| format!("strconv.ParseUint: parsing {shown}: {why}"))
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
