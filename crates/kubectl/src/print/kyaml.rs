//! `-o kyaml`: YAML in flow style, every string quoted, keys only where they could be taken for something else.
//!
//! Models `sigs.k8s.io/yaml` `kyaml/kyaml.go`; objects have no comments and no aliases.

use gatehouse_model::Value;

use crate::structs;

/// A document with the line that opens it. `typed` asks for the order of Go's structs.
#[must_use]
pub fn document(object: &Value, typed: bool) -> String {
    let mut out = String::from("---\n");
    Writer { typed }.node(&mut out, object, 0, false);
    out.push('\n');
    out
}

struct Writer {
    typed: bool,
}

fn indent(out: &mut String, level: usize) {
    out.push_str(&"  ".repeat(level));
}

impl Writer {
    /// `free`: a map whose keys are no fields.
    fn node(&self, out: &mut String, value: &Value, level: usize, free: bool) {
        match value {
            Value::Map(map) if map.is_empty() => out.push_str("{}"),
            Value::Map(_) => self.map(out, value, level, free),
            Value::List(items) if items.is_empty() => out.push_str("[]"),
            Value::List(items) => {
                let cuddled = items.iter().all(|i| matches!(i, Value::Map(_) | Value::List(_)));
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if cuddled {
                        out.push_str(if i > 0 { ", " } else { "" });
                        self.node(out, item, level, false);
                    } else {
                        out.push('\n');
                        indent(out, level + 1);
                        self.node(out, item, level + 1, false);
                        out.push(',');
                    }
                }
                if !cuddled {
                    out.push('\n');
                    indent(out, level);
                }
                out.push(']');
            }
            Value::Str(text) => string(out, text, level + 1, false),
            other => out.push_str(&gatehouse_model::json::print(other)),
        }
    }

    fn map(&self, out: &mut String, value: &Value, level: usize, free: bool) {
        let keys = if self.typed { structs::keys(value, free) } else { value.entries().iter().collect() };
        out.push_str("{\n");
        for (key, inner) in keys {
            indent(out, level + 1);
            if needs_quotes(key) {
                string(out, key, 0, true);
            } else {
                out.push_str(key);
            }
            out.push_str(": ");
            self.node(out, inner, level + 1, structs::is_free(key));
            out.push_str(",\n");
        }
        indent(out, level);
        out.push('}');
    }
}

/// A string in quotes; one of several lines is folded, unless `compact`.
fn string(out: &mut String, text: &str, level: usize, compact: bool) {
    let folded = !compact && text.contains('\n');
    out.push('"');
    if folded {
        out.push_str("\\\n");
    }
    let mut fresh = folded;
    for c in text.chars() {
        if fresh {
            indent(out, level);
            out.push(if c.is_whitespace() && c != '\n' { '\\' } else { ' ' });
        }
        fresh = folded && c == '\n';
        match c {
            '\n' if compact => out.push_str("\\n"),
            '\n' => out.push_str("\\n\\\n"),
            '\t' if compact => out.push_str("\\t"),
            '\t' => out.push('\t'),
            '"' | '\\' => out.extend(['\\', c]),
            _ => escaped(out, c),
        }
    }
    if folded {
        if !fresh {
            out.push_str("\\\n");
        }
        indent(out, level);
    }
    out.push('"');
}

fn escaped(out: &mut String, c: char) {
    let letter = match c {
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\u{b}' => "\\v",
        '\0' => "\\0",
        '\u{1b}' => "\\e",
        '\u{85}' => "\\N",
        '\u{a0}' => "\\_",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        _ => "",
    };
    let code = u32::from(c);
    match code {
        _ if !letter.is_empty() => out.push_str(letter),
        0..0x20 | 0x7f => out.push_str(&format!("\\x{code:02x}")),
        _ if c.is_control() || (c.is_whitespace() && c != ' ') => out.push_str(&format!("\\u{code:04x}")),
        _ => out.push(c),
    }
}

/// Whether a key could be taken for something else than a string.
fn needs_quotes(key: &str) -> bool {
    if key.is_empty() || is_ambiguous(key) {
        return true;
    }
    let last = key.chars().count() - 1;
    key.chars().enumerate().any(|(i, c)| {
        let anywhere = c.is_alphabetic() || c.is_numeric() || c == '_';
        let inside = i > 0 && i < last && matches!(c, '-' | '.' | '/');
        !anywhere && !inside
    })
}

fn is_ambiguous(text: &str) -> bool {
    let lower = text.to_lowercase();
    if matches!(
        lower.as_str(),
        "null"
            | "~"
            | "true"
            | "y"
            | "yes"
            | "on"
            | "false"
            | "n"
            | "no"
            | "off"
            | ".inf"
            | "-.inf"
            | "+.inf"
            | ".nan"
    ) || matches!(text, "1" | "0" | "t" | "f" | "T" | "F")
    {
        return true;
    }
    let digits = lower.replace('_', "");
    let unsigned = digits.trim_start_matches(['+', '-']);
    let based = |prefix: &str, radix: u32| {
        unsigned.strip_prefix(prefix).is_some_and(|d| u64::from_str_radix(d, radix).is_ok())
    };
    if based("0x", 16) || based("0o", 8) || based("0b", 2) {
        return true;
    }
    if digits.parse::<f64>().is_ok() {
        return true;
    }
    is_date(text)
}

/// `2006-1-2`, with or without a time behind it.
fn is_date(text: &str) -> bool {
    let date = text.split(['T', 't', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = date.split('-').collect();
    let number =
        |p: &str, most: usize| !p.is_empty() && p.len() <= most && p.chars().all(|c| c.is_ascii_digit());
    matches!(parts.as_slice(), [y, m, d] if y.len() == 4 && number(y, 4) && number(m, 2) && number(d, 2))
}
