//! Values as Go's `fmt` package prints them: `%v`, `%#v` and `%T` of decoded JSON.
//!
//! Models Go's `fmt/print.go` and `strconv/ftoa.go` for the types that JSON decodes to.

use std::fmt::Write as _;

pub use gatehouse_core::patch::strategic::go_type as type_name;
use gatehouse_model::Value;
use gatehouse_model::json::go_quote;

/// A value as `%v` prints it: maps as `map[a:1 b:2]`, lists as `[1 2]`, null as `<nil>`.
#[must_use]
pub fn sprint(value: &Value) -> String {
    let mut out = String::new();
    plain(&mut out, value);
    out
}

fn plain(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => {
            let _ = write!(out, "{i}");
        }
        Value::Float(f) => out.push_str(&float(*f)),
        Value::Str(s) => out.push_str(s),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                plain(out, item);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (i, (key, item)) in map.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                plain(out, item);
            }
            out.push(']');
        }
    }
}

/// A float as `%v` prints it: the shortest form, with an exponent below 1e-4 and from 1e6 on.
#[must_use]
pub fn float(f: f64) -> String {
    let scientific = format!("{f:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if f != 0.0 && !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:02}", exponent.abs())
    } else {
        format!("{f}")
    }
}

/// A value in Go's own syntax (`%#v`), as decoded from JSON into an `interface{}`.
#[must_use]
pub fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Str(s) => go_quote(s),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Map(map) => {
            let entries: Vec<String> =
                map.iter().map(|(k, v)| format!("{}:{}", go_quote(k), go_syntax(v))).collect();
            format!("map[string]interface {{}}{{{}}}", entries.join(", "))
        }
        other => sprint(other),
    }
}

/// Go's `strconv.Unquote` for both kinds of quotes.
#[must_use]
pub fn unquote(text: &str, quote: char) -> Option<String> {
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c == quote || c == '\n' {
            return None;
        }
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next()? {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '\\' => '\\',
            'x' => code(&mut chars, 2)?,
            'u' => code(&mut chars, 4)?,
            'U' => code(&mut chars, 8)?,
            q @ ('\'' | '"') if q == quote => q,
            _ => return None,
        });
    }
    Some(out)
}

/// The character whose code is the next `len` hexadecimal digits.
fn code(chars: &mut std::str::Chars<'_>, len: usize) -> Option<char> {
    let digits: String = chars.by_ref().take(len).collect();
    if digits.len() != len {
        return None;
    }
    u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
}

/// A character as `%#U` prints it.
#[must_use]
pub fn code_point(c: char) -> String {
    if c.is_control() { format!("U+{:04X}", c as u32) } else { format!("U+{:04X} '{c}'", c as u32) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_model::json;

    #[test]
    fn prints_as_go_does() {
        let v = json!({"b": [1, "x", null, true], "a": {}, "f": 1.5});
        assert_eq!(sprint(&v), "map[a:map[] b:[1 x <nil> true] f:1.5]");
        assert_eq!(
            go_syntax(&v),
            r#"map[string]interface {}{"a":map[string]interface {}{}, "b":[]interface {}{1, "x", interface {}(nil), true}, "f":1.5}"#
        );
        assert_eq!(float(1e6), "1e+06");
        assert_eq!(float(0.00001), "1e-05");
    }
}
