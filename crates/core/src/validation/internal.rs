//! The API server's internal types as Go's encoder prints them in errors: Go's field names in Go's order, unset
//! fields null, and the difference of two of them.
//!
//! Models `pkg/apis/core/types.go` as far as errors show it, and `k8s.io/apimachinery/pkg/util/diff`.

mod tables;
#[cfg(test)]
mod tests;

use gatehouse_model::{Map, Value};

use tables::{Kind, STRUCTS};

/// A value of an internal type on one line.
pub(super) fn print(name: &str, value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, &convert(&Kind::parse(name), Some(value)), None, 0);
    out
}

/// The unified difference of two values, three lines of context, one space a level.
pub(super) fn diff(name: &str, old: &Value, new: &Value) -> String {
    let lines = |value: &Value| {
        let mut out = String::new();
        write(&mut out, &convert(&Kind::parse(name), Some(value)), Some(" "), 0);
        out
    };
    super::diff::unified(&lines(old), &lines(new))
}

/// An object in Go's order of fields.
enum Tree {
    Leaf(Value),
    List(Vec<Tree>),
    Struct(Vec<(String, Tree)>),
}

fn convert(kind: &Kind<'_>, value: Option<&Value>) -> Tree {
    let value = value.filter(|v| !v.is_null());
    match kind {
        Kind::Pointer(inner) => match value {
            None => Tree::Leaf(Value::Null),
            Some(_) => convert(inner, value),
        },
        Kind::List(inner) => match value {
            None => Tree::Leaf(Value::Null),
            Some(list) if list.items().is_empty() => Tree::Leaf(Value::Null),
            Some(list) => Tree::List(list.items().iter().map(|v| convert(inner, Some(v))).collect()),
        },
        Kind::Map(inner) => match value {
            None => Tree::Leaf(Value::Null),
            Some(map) => Tree::Struct(
                map.entries().iter().map(|(k, v)| (k.to_owned(), convert(inner, Some(v)))).collect(),
            ),
        },
        Kind::Text => Tree::Leaf(value.cloned().unwrap_or_else(|| "".into())),
        Kind::Number => Tree::Leaf(value.cloned().unwrap_or(Value::Int(0))),
        Kind::Flag => Tree::Leaf(value.cloned().unwrap_or(Value::Bool(false))),
        Kind::Quantity => Tree::Leaf(match value {
            None => "0".into(),
            Some(v) => v.as_str().map_or_else(|| Value::from(gatehouse_model::json::print(v)), Value::from),
        }),
        // A type with JSON tags prints as it came.
        Kind::Tagged => Tree::Leaf(value.cloned().unwrap_or_else(Value::map)),
        Kind::Struct(name) => structure(name, value),
    }
}

fn structure(name: &str, value: Option<&Value>) -> Tree {
    let none = Value::Map(std::sync::Arc::new(Map::new()));
    let mut value = value.cloned().unwrap_or(none);
    if name == "PodSpec" {
        host_flags(&mut value);
    }
    let Some((_, fields)) = STRUCTS.iter().find(|(n, _)| *n == name) else {
        return Tree::Leaf(value);
    };
    let mut out = Vec::new();
    for word in fields.split_whitespace() {
        let Some((field, kind)) = word.split_once(':') else { continue };
        let (go, json) = match field.split_once('=') {
            Some((go, json)) => (go, json.to_owned()),
            None => (field, json_name(field)),
        };
        let kind = Kind::parse(kind);
        if go == "ObjectMeta" {
            // Metadata has tags of its own, and no field that must show.
            for (key, value) in value.map_at(&["metadata"]).iter().filter(|(_, v)| !v.is_null()) {
                out.push((key.to_owned(), Tree::Leaf(value.clone())));
            }
            continue;
        }
        if json == "-" {
            // An embedded struct: its fields stand among the others.
            if let Tree::Struct(inner) = convert(&kind, Some(&value)) {
                out.extend(inner);
            }
            continue;
        }
        let tree = convert(&kind, value.get(&json));
        out.push((go.to_owned(), tree));
    }
    Tree::Struct(out)
}

/// Internally, what a pod shares with its host lies in its security context.
fn host_flags(spec: &mut Value) {
    for field in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"] {
        if let Some(value) = spec.get(field).cloned() {
            spec.set(&["securityContext", field], value);
        }
    }
}

/// `RunAsUser` is `runAsUser`, `FSGroup` is `fsGroup`.
fn json_name(go: &str) -> String {
    let upper = go.chars().take_while(|c| c.is_ascii_uppercase()).count();
    let lower = if upper > 1 && upper < go.chars().count() { upper - 1 } else { upper };
    go.chars().enumerate().map(|(i, c)| if i < lower { c.to_ascii_lowercase() } else { c }).collect()
}

fn write(out: &mut String, tree: &Tree, indent: Option<&str>, depth: usize) {
    let line = |out: &mut String, depth: usize| {
        if let Some(unit) = indent {
            out.push('\n');
            for _ in 0..depth {
                out.push_str(unit);
            }
        }
    };
    let (open, close, items): (char, char, Vec<(Option<&str>, &Tree)>) = match tree {
        Tree::Leaf(value) => {
            leaf(out, value, indent, depth);
            return;
        }
        Tree::List(list) => ('[', ']', list.iter().map(|t| (None, t)).collect()),
        Tree::Struct(fields) => ('{', '}', fields.iter().map(|(k, t)| (Some(k.as_str()), t)).collect()),
    };
    out.push(open);
    for (i, (key, item)) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        line(out, depth + 1);
        if let Some(key) = key {
            out.push_str(&gatehouse_model::json::go_quote(key));
            out.push_str(if indent.is_some() { ": " } else { ":" });
        }
        write(out, item, indent, depth + 1);
    }
    if !items.is_empty() {
        line(out, depth);
    }
    out.push(close);
}

fn leaf(out: &mut String, value: &Value, indent: Option<&str>, depth: usize) {
    let Some(unit) = indent else {
        out.push_str(&gatehouse_model::json::print(value));
        return;
    };
    let text = gatehouse_model::json::print_indent(value, unit);
    let margin = unit.repeat(depth);
    for (i, line) in text.lines().enumerate() {
        if i > 0 {
            out.push('\n');
            out.push_str(&margin);
        }
        out.push_str(line);
    }
}
