//! JSON patch (RFC 6902), with the words of the library the API server uses (evanphx/json-patch v4).

use gatehouse_model::Value;
use gatehouse_model::json::go_quote;

/// The document after the operations.
///
/// # Errors
/// What the library says of the first operation that fails.
pub fn apply(document: &Value, operations: &[Value]) -> Result<Value, String> {
    let mut document = document.clone();
    for operation in operations {
        step(&mut document, operation)?;
    }
    Ok(document)
}

fn step(document: &mut Value, operation: &Value) -> Result<(), String> {
    let op = operation.str_at(&["op"]);
    let path = operation.get("path").and_then(Value::as_str);
    let from = operation.get("from").and_then(Value::as_str);
    let value = operation.get("value").cloned();
    let missing_path = || "operation missing path field: missing value".to_owned();
    match op {
        "add" => {
            let path = path.ok_or_else(missing_path)?;
            put(document, path, value.unwrap_or_default(), Put::Add).map_err(|e| e.to_string())
        }
        "remove" => {
            let path = path.ok_or_else(missing_path)?;
            take(document, path, "remove").map(|_| ())
        }
        "replace" => {
            let path = path.ok_or_else(missing_path)?;
            put(document, path, value.unwrap_or_default(), Put::Replace)
        }
        "move" => {
            let (from, path) = (from.ok_or_else(missing_path)?, path.ok_or_else(missing_path)?);
            let value = take(document, from, "move")?;
            put(document, path, value, Put::Add)
        }
        "copy" => {
            let (from, path) = (from.ok_or_else(missing_path)?, path.ok_or_else(missing_path)?);
            let value = find(document, from).cloned().ok_or_else(|| {
                format!("copy operation does not apply: doc is missing from path: {from}: missing value")
            })?;
            put(document, path, value, Put::Add)
        }
        "test" => {
            let path = path.ok_or_else(missing_path)?;
            let found = find(document, path);
            let wanted = value.unwrap_or_default();
            match found {
                None if wanted.is_null() => Ok(()),
                Some(found) if *found == wanted => Ok(()),
                _ => Err(format!("testing value {path} failed: test failed")),
            }
        }
        other => Err(format!("Unexpected kind: {other}")),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Put {
    Add,
    Replace,
}

impl Put {
    const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Replace => "replace",
        }
    }
}

fn tokens(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|t| t.replace("~1", "/").replace("~0", "~")).collect()
}

fn find<'a>(document: &'a Value, pointer: &str) -> Option<&'a Value> {
    tokens(pointer).iter().try_fold(document, |at, token| match at {
        Value::Map(m) => m.get(token),
        Value::List(l) => token.parse::<usize>().ok().and_then(|i| l.get(i)),
        _ => None,
    })
}

fn parent<'a>(document: &'a mut Value, tokens: &[String]) -> Option<&'a mut Value> {
    let mut at = document;
    for token in tokens {
        at = match at {
            Value::Map(_) => at.make_map().get_mut(token)?,
            Value::List(_) => {
                let i = token.parse::<usize>().ok()?;
                at.make_list().get_mut(i)?
            }
            _ => return None,
        };
    }
    matches!(at, Value::Map(_) | Value::List(_)).then_some(at)
}

fn put(document: &mut Value, pointer: &str, value: Value, mode: Put) -> Result<(), String> {
    let word = mode.word();
    let all = tokens(pointer);
    if pointer.is_empty() {
        *document = value;
        return Ok(());
    }
    // A path that does not begin with a slash leads nowhere.
    let place = all.split_last().and_then(|(last, above)| Some((last, parent(document, above)?)));
    let Some((last, container)) = place else {
        return Err(match mode {
            Put::Add => format!(
                "add operation does not apply: doc is missing path: {}: missing value",
                go_quote(pointer)
            ),
            Put::Replace => {
                format!("replace operation does not apply: doc is missing path: {pointer}: missing value")
            }
        });
    };
    if let Value::List(_) = container {
        let list = container.make_list();
        if mode == Put::Add && last == "-" {
            list.push(value);
            return Ok(());
        }
        let index = index(last, list.len(), mode == Put::Add).map_err(|e| match mode {
            Put::Add => format!("error in {word} for path: '{pointer}': {e}"),
            Put::Replace => {
                format!("replace operation does not apply: doc is missing key: {pointer}: missing value")
            }
        })?;
        if mode == Put::Add {
            list.insert(index, value);
        } else if let Some(slot) = list.get_mut(index) {
            *slot = value;
        }
        return Ok(());
    }
    // The library finds nothing missing in a map: what is replaced need not have been there.
    let map = container.make_map();
    map.insert(last.as_str(), value);
    Ok(())
}

fn take(document: &mut Value, pointer: &str, word: &str) -> Result<Value, String> {
    let all = tokens(pointer);
    let Some((last, above)) = all.split_last() else {
        return Err(format!(
            "{word} operation does not apply: doc is missing path: {}: missing value",
            go_quote(pointer)
        ));
    };
    let Some(container) = parent(document, above) else {
        return Err(format!(
            "{word} operation does not apply: doc is missing path: {}: missing value",
            go_quote(pointer)
        ));
    };
    let missing = || {
        format!(
            "error in {word} for path: '{pointer}': Unable to remove nonexistent key: {last}: missing value"
        )
    };
    if let Value::List(_) = container {
        let list = container.make_list();
        let i = index(last, list.len(), false)
            .map_err(|e| format!("error in {word} for path: '{pointer}': {e}"))?;
        return Ok(list.remove(i));
    }
    container.make_map().remove(last).ok_or_else(missing)
}

fn index(token: &str, len: usize, may_append: bool) -> Result<usize, String> {
    let number: i64 =
        token.parse().map_err(|_| format!("strconv.Atoi: parsing {}: invalid syntax", go_quote(token)))?;
    let size = i64::try_from(len).unwrap_or(i64::MAX);
    let limit = if may_append { size } else { size - 1 };
    let out_of_range = || format!("Unable to access invalid index: {number}: invalid index referenced");
    if number > limit || number < -size {
        return Err(out_of_range());
    }
    let at = if number < 0 { number + size } else { number };
    usize::try_from(at).map_err(|_| out_of_range())
}

#[cfg(test)]
mod tests {
    use super::apply;
    use gatehouse_model::json;

    #[test]
    fn every_operation() {
        let doc = json!({"a": [1, 2], "b": {"x/y": 1}});
        let ops = json!([
            {"op": "add", "path": "/a/-", "value": 3},
            {"op": "add", "path": "/a/0", "value": 0},
            {"op": "remove", "path": "/b/x~1y"},
            {"op": "replace", "path": "/a/1", "value": 9},
            {"op": "copy", "from": "/a", "path": "/c"},
            {"op": "move", "from": "/a/0", "path": "/d"},
            {"op": "test", "path": "/d", "value": 0},
        ]);
        assert_eq!(apply(&doc, ops.items()), Ok(json!({"a": [9, 2, 3], "b": {}, "c": [0, 9, 2, 3], "d": 0})));
    }

    #[test]
    fn failures_leave_words() {
        let doc = json!({"spec": {"a": 1}, "list": [1]});
        let replace = json!({"op": "replace", "path": "/spec/b", "value": 2});
        assert_eq!(apply(&doc, &[replace]), Ok(json!({"spec": {"a": 1, "b": 2}, "list": [1]})));
        for (op, words) in [
            (
                json!({"op": "test", "path": "/spec/a", "value": 2}),
                "testing value /spec/a failed: test failed",
            ),
            (
                json!({"op": "replace", "path": "/list/3", "value": 2}),
                "replace operation does not apply: doc is missing key: /list/3: missing value",
            ),
            (json!({"op": "bump", "path": "/spec/b"}), "Unexpected kind: bump"),
        ] {
            assert_eq!(apply(&doc, &[op]), Err(words.to_owned()));
        }
    }
}
