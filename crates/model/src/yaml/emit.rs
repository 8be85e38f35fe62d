//! Writes YAML as `sigs.k8s.io/yaml` `Marshal` does: block style, lists not indented under their key, keys in
//! go-yaml's natural order, lines folded where they have grown longer than [`WIDTH`]. Models go-yaml v2 `emitterc.go`.

use std::cmp::Ordering;
use std::fmt::Write as _;

use super::resolve::{Scalar, plain};
use crate::value::{Map, Value};

/// The value as a YAML document, a newline at the end.
#[must_use]
pub fn emit(value: &Value) -> String {
    let mut out = String::new();
    node(&mut out, value, 0, Place::Top);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// A line longer than this, in characters, goes on below at its next space.
const WIDTH: usize = 80;

/// What stands before a node on its line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing.
    Top,
    /// A key and its colon.
    Value,
    /// A list's dash.
    Item,
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn node(out: &mut String, value: &Value, depth: usize, place: Place) {
    match value {
        Value::Map(m) if !m.is_empty() => mapping(out, m, depth, place),
        Value::List(l) if !l.is_empty() => {
            if place == Place::Value {
                out.push('\n');
            }
            for (i, item) in l.iter().enumerate() {
                if i > 0 || place != Place::Item {
                    indent(out, depth);
                } else {
                    out.push(' ');
                }
                out.push('-');
                node(out, item, depth + 1, Place::Item);
            }
        }
        leaf => {
            if place != Place::Top {
                out.push(' ');
            }
            match leaf {
                Value::Null => out.push_str("null"),
                Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
                Value::Int(i) => {
                    let _ = write!(out, "{i}");
                }
                Value::Float(f) => out.push_str(&float64(*f)),
                Value::Str(s) => string(out, s, depth, place),
                Value::List(_) => out.push_str("[]"),
                Value::Map(_) => out.push_str("{}"),
            }
            if !(matches!(leaf, Value::Str(_)) && out.ends_with('\n')) && place != Place::Top {
                out.push('\n');
            }
        }
    }
}

fn mapping(out: &mut String, map: &Map, depth: usize, place: Place) {
    if place == Place::Value {
        out.push('\n');
    }
    let mut entries: Vec<_> = map.iter().collect();
    crate::order::by(&mut entries, |a, b| natural_order(a.0, b.0));
    for (i, (key, value)) in entries.into_iter().enumerate() {
        if i > 0 || place != Place::Item {
            indent(out, depth);
        } else {
            out.push(' ');
        }
        let explicit = key.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) || key.len() > 128;
        if explicit {
            out.push_str("? ");
            scalar(out, key, depth + 1, false);
            if !out.ends_with('\n') {
                out.push('\n');
            }
            indent(out, depth);
        } else if key.is_empty() {
            out.push_str("\"\"");
        } else {
            scalar(out, key, depth, true);
        }
        out.push(':');
        // A list stands at the column of its key, a map one step to the right.
        let inner = if matches!(value, Value::List(_)) { depth } else { depth + 1 };
        node(out, value, inner, Place::Value);
    }
}

fn string(out: &mut String, s: &str, depth: usize, place: Place) {
    scalar(out, s, if place == Place::Top { 1 } else { depth }, false);
}

/// A string in the style go-yaml chooses. `key` where it stands before a colon.
fn scalar(out: &mut String, s: &str, depth: usize, key: bool) {
    let form = analyze(s);
    let fold = (!key).then_some(depth);
    let unquoted = matches!(plain(s), Scalar::Str) && !is_base60(s);
    if s.contains('\n') {
        if form.block && !key {
            literal(out, s, depth);
        } else {
            double_quoted(out, s, fold);
        }
    } else if !unquoted {
        double_quoted(out, s, fold);
    } else if form.plain {
        text(out, s, fold);
    } else if form.single {
        out.push('\'');
        text(out, &s.replace('\'', "''"), fold);
        out.push('\'');
    } else {
        double_quoted(out, s, fold);
    }
}

/// Goes on below, at this depth, where there is one and the line is long enough. Says whether it did.
fn break_line(out: &mut String, fold: Option<usize>) -> bool {
    let Some(depth) = fold else { return false };
    let long = out.rsplit('\n').next().is_some_and(|line| line.len() > WIDTH && line.chars().count() > WIDTH);
    if long {
        out.push('\n');
        indent(out, depth);
    }
    long
}

/// A string without escapes; a single space inside may become the end of a line.
fn text(out: &mut String, s: &str, fold: Option<usize>) {
    let mut parts = s.split(' ').peekable();
    while let Some(part) = parts.next() {
        out.push_str(part);
        // A space is single where there is something on both sides.
        match parts.peek() {
            None => {}
            Some(next) if !part.is_empty() && !next.is_empty() && break_line(out, fold) => {}
            Some(_) => out.push(' '),
        }
    }
}

/// Which styles can carry a string.
struct Form {
    plain: bool,
    single: bool,
    block: bool,
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Characters the emitter writes as they are. Tabs and everything beyond the basic plane are not among them.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

fn analyze(s: &str) -> Form {
    let mut indicators = s.starts_with("---") || s.starts_with("...");
    let mut form = Form { plain: true, single: true, block: true };
    let mut special = false;
    let (mut previous_space, mut previous_break, mut after_white) = (false, false, true);
    let mut chars = s.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        let next = chars.peek();
        let before_white = next.is_none_or(|n| matches!(n, ' ' | '\t'));
        indicators |= match c {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
            | '`'
                if first =>
            {
                true
            }
            '?' | '-' if first => before_white,
            ':' => before_white,
            '#' => after_white,
            _ => false,
        };
        special |= !is_printable(c);
        if c == ' ' {
            form.plain &= !first && next.is_some();
            form.block &= next.is_some();
            if previous_break {
                form.plain = false;
                form.single = false;
            }
            (previous_space, previous_break) = (true, false);
        } else if is_break(c) {
            form.plain = false;
            special |= previous_space;
            (previous_space, previous_break) = (false, true);
        } else {
            (previous_space, previous_break) = (false, false);
        }
        after_white = matches!(c, ' ' | '\t') || is_break(c);
        first = false;
    }
    if special {
        form = Form { plain: false, single: false, block: false };
    }
    form.plain &= !indicators;
    form
}

fn double_quoted(out: &mut String, s: &str, fold: Option<usize>) {
    out.push('"');
    let mut chars = s.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        let inside = c == ' ' && before.is_some_and(|b| b != ' ') && chars.peek().is_some();
        before = Some(c);
        if inside && break_line(out, fold) {
            if chars.peek() == Some(&' ') {
                out.push('\\');
            }
            continue;
        }
        let escape = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            c if is_printable(c) => {
                out.push(c);
                continue;
            }
            c => {
                let code = c as u32;
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02X}"),
                    0x100..=0xffff => write!(out, "\\u{code:04X}"),
                    _ => write!(out, "\\U{code:08X}"),
                };
                continue;
            }
        };
        out.push('\\');
        out.push(escape);
    }
    out.push('"');
}

fn literal(out: &mut String, s: &str, depth: usize) {
    out.push('|');
    if s.starts_with(' ') || s.starts_with(is_break) {
        out.push('2');
    }
    let mut from_end = s.chars().rev();
    if !from_end.next().is_some_and(is_break) {
        out.push('-');
    } else if from_end.next().is_none_or(is_break) {
        out.push('+');
    }
    out.push('\n');
    for line in s.split_inclusive(is_break) {
        if !line.starts_with(is_break) {
            indent(out, depth);
        }
        out.push_str(line);
    }
    if !s.ends_with(is_break) {
        out.push('\n');
    }
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: quoted for the sake of other readers.
fn is_base60(s: &str) -> bool {
    let rest = s.strip_prefix(['-', '+']).unwrap_or(s);
    let mut parts = rest.split(':');
    let Some(first) = parts.next() else { return false };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if !first.starts_with(|c: char| c.is_ascii_digit()) || !digits(first) {
        return false;
    }
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return false };
    let sixtieth = |s: &str| match s.as_bytes() {
        [a] => a.is_ascii_digit(),
        [b'0'..=b'5', b] => b.is_ascii_digit(),
        _ => false,
    };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    middle.iter().all(|m| sixtieth(m)) && sixtieth(last) && digits(fraction)
}

/// Go's `FormatFloat(f, 'g', -1, 64)`.
pub(super) fn float64(f: f64) -> String {
    general(&format!("{f:e}"))
}

/// Go's `FormatFloat(f, 'g', -1, 32)`, which sigs.k8s.io/yaml uses for keys.
pub(super) fn float32(f: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "that is the rule")]
    let f = f as f32;
    match f {
        f if f.is_nan() => ".nan".to_owned(),
        f if f.is_infinite() => if f > 0.0 { ".inf" } else { "-.inf" }.to_owned(),
        f => general(&format!("{f:e}")),
    }
}

/// Lays out the shortest `d.ddde±x` as Go's `%g` with the shortest precision: exponents below -4 or from 21 on.
fn general(shortest: &str) -> String {
    let Some((mantissa, exponent)) = shortest.split_once('e') else { return shortest.to_owned() };
    let exp: i32 = exponent.parse().unwrap_or(0);
    if (-4..21).contains(&exp) {
        let (sign, m) = mantissa.strip_prefix('-').map_or(("", mantissa), |m| ("-", m));
        let digits: String = m.chars().filter(|c| *c != '.').collect();
        let whole = usize::try_from(exp + 1).unwrap_or(0);
        return if exp < 0 {
            let zeros = "0".repeat(exp.unsigned_abs() as usize - 1);
            format!("{sign}0.{zeros}{digits}")
        } else if digits.len() <= whole {
            format!("{sign}{digits:0<whole$}")
        } else {
            let (a, b) = digits.split_at_checked(whole).unwrap_or((&digits, ""));
            format!("{sign}{a}.{b}")
        };
    }
    let sign = if exp < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exp.unsigned_abs())
}

/// The order of keys in what go-yaml writes: letters after everything else, runs of digits by their number.
#[must_use]
pub fn natural_order(a: &str, b: &str) -> Ordering {
    let (ar, br): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let differing = ar.iter().zip(&br).position(|(x, y)| x != y);
    let Some(i) = differing else { return ar.len().cmp(&br.len()) };
    let (Some(&x), Some(&y)) = (ar.get(i), br.get(i)) else { return Ordering::Equal };
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let before = ar.get(..i).unwrap_or_default();
    let zeros_count =
        (x == '0' || y == '0') && before.iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
    let number = |chars: &[char]| {
        let digits: Vec<u32> = chars.iter().skip(i).map_while(|c| c.to_digit(10)).collect();
        let start = i64::from(zeros_count);
        let n = digits.iter().fold(start, |n, d| n.wrapping_mul(10).wrapping_add(i64::from(*d)));
        (n, digits.len())
    };
    number(&ar).cmp(&number(&br)).then(x.cmp(&y))
}
