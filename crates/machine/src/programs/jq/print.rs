//! JSON as jq prints it.

use gatehouse_model::{Map, Value};

/// A string with quotes and escapes.
pub(super) fn quoted(s: &str) -> String {
    let mut out = String::from("\"");
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

pub(super) fn scalar(v: &Value) -> String {
    match v {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => f.to_string(),
        Value::Str(s) => quoted(s),
        _ => String::new(),
    }
}

/// The entries of an object: one the filter made in the order it wrote them, others by key.
fn entries<'m>(m: &'m Map, orders: &[Vec<String>]) -> Vec<(&'m str, &'m Value)> {
    let mut all: Vec<(&str, &Value)> = m.iter().collect();
    let order = orders.iter().find(|o| o.len() == all.len() && o.iter().all(|k| m.contains_key(k)));
    if let Some(order) = order {
        gatehouse_model::order::by_key(&mut all, |(k, _)| order.iter().position(|o| o == k));
    }
    all
}

/// On one line.
pub(super) fn compact(v: &Value) -> String {
    compact_in(v, &[])
}

/// On one line, objects in the orders given.
pub(super) fn compact_in(v: &Value, orders: &[Vec<String>]) -> String {
    match v {
        Value::List(l) => {
            format!("[{}]", l.iter().map(|x| compact_in(x, orders)).collect::<Vec<_>>().join(","))
        }
        Value::Map(m) => {
            let all = entries(m, orders).into_iter();
            let members = all.map(|(k, v)| format!("{}:{}", quoted(k), compact_in(v, orders)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        other => scalar(other),
    }
}

/// Indented by two.
pub(super) fn pretty(v: &Value, orders: &[Vec<String>]) -> String {
    fn go(v: &Value, indent: usize, orders: &[Vec<String>], out: &mut String) {
        let pad = "  ".repeat(indent + 1);
        match v {
            Value::List(l) if !l.is_empty() => {
                out.push_str("[\n");
                for (i, x) in l.iter().enumerate() {
                    out.push_str(&pad);
                    go(x, indent + 1, orders, out);
                    out.push_str(if i + 1 < l.len() { ",\n" } else { "\n" });
                }
                out.push_str(&"  ".repeat(indent));
                out.push(']');
            }
            Value::Map(m) if !m.is_empty() => {
                out.push_str("{\n");
                for (i, (k, x)) in entries(m, orders).into_iter().enumerate() {
                    out.push_str(&pad);
                    out.push_str(&quoted(k));
                    out.push_str(": ");
                    go(x, indent + 1, orders, out);
                    out.push_str(if i + 1 < m.len() { ",\n" } else { "\n" });
                }
                out.push_str(&"  ".repeat(indent));
                out.push('}');
            }
            Value::List(_) => out.push_str("[]"),
            Value::Map(_) => out.push_str("{}"),
            other => out.push_str(&scalar(other)),
        }
    }
    let mut out = String::new();
    go(v, 0, orders, &mut out);
    out
}

/// Where the first value of a text ends.
pub(super) fn value_end(text: &str) -> usize {
    let (mut depth, mut string, mut escape) = (0, false, false);
    for (i, c) in text.char_indices() {
        if string {
            match c {
                _ if escape => escape = false,
                '\\' => escape = true,
                '"' => {
                    string = false;
                    if depth == 0 {
                        return i + 1;
                    }
                }
                _ => {}
            }
            continue;
        }
        match c {
            '"' => string = true,
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth -= 1;
                if depth <= 0 {
                    return i + 1;
                }
            }
            c if c.is_whitespace() && depth == 0 => return i,
            _ => {}
        }
    }
    text.len()
}
