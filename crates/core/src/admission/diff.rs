//! What a plugin changed, field by field.

use gatehouse_model::{Value, json};

use crate::decision::Change;

/// The smallest fields in which two objects differ.
pub(super) fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut out = Vec::new();
    walk(before, after, String::new(), &mut out);
    out
}

fn walk(before: &Value, after: &Value, path: String, out: &mut Vec<Change>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Map(a), Value::Map(b)) => {
            let mut keys: Vec<&str> = a.keys().chain(b.keys()).collect();
            gatehouse_model::order::sort(&mut keys);
            keys.dedup();
            for key in keys {
                let inner = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                let null = Value::Null;
                match (a.get(key), b.get(key)) {
                    (Some(x), Some(y)) => walk(x, y, inner, out),
                    (x, y) => leaf(x.unwrap_or(&null), y.unwrap_or(&null), inner, out),
                }
            }
        }
        (Value::List(a), Value::List(b)) => {
            for i in 0..a.len().max(b.len()) {
                let null = Value::Null;
                walk(a.get(i).unwrap_or(&null), b.get(i).unwrap_or(&null), format!("{path}[{i}]"), out);
            }
        }
        _ => leaf(before, after, path, out),
    }
}

fn leaf(before: &Value, after: &Value, field: String, out: &mut Vec<Change>) {
    let text = |v: &Value| if v.is_null() { String::new() } else { json::print(v) };
    out.push(Change { field, before: text(before), after: text(after) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_the_smallest_field() {
        let before = gatehouse_model::json!({"spec": {"a": 1, "list": [1]}, "gone": true});
        let after = gatehouse_model::json!({"spec": {"a": 2, "list": [1, {"n": 3}]}});
        let lines: Vec<String> = changes(&before, &after)
            .iter()
            .map(|c| format!("{} {} {}", c.field, c.before, c.after))
            .collect();
        assert_eq!(lines, ["gone true ", "spec.a 1 2", "spec.list[1]  {\"n\":3}"]);
    }
}
