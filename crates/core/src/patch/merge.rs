//! JSON merge patch (RFC 7386).

use gatehouse_model::Value;

/// The target after the patch: null removes, objects merge, anything else replaces.
#[must_use]
pub fn apply(target: &Value, patch: &Value) -> Value {
    let Some(members) = patch.as_map() else { return patch.clone() };
    let mut out = if target.as_map().is_some() { target.clone() } else { Value::map() };
    let map = out.make_map();
    for (key, value) in members.iter() {
        if value.is_null() {
            map.remove(key);
        } else {
            let before = map.get(key).cloned().unwrap_or_default();
            map.insert(key, apply(&before, value));
        }
    }
    out
}

/// The smallest merge patch that turns `from` into `to`.
#[must_use]
pub fn diff(from: &Value, to: &Value) -> Value {
    let (Some(a), Some(b)) = (from.as_map(), to.as_map()) else { return to.clone() };
    let mut out = Value::map();
    let map = out.make_map();
    for key in a.keys().filter(|k| !b.contains_key(k)) {
        map.insert(key, Value::Null);
    }
    for (key, value) in b.iter() {
        match a.get(key) {
            Some(before) if before == value => {}
            Some(before) if before.as_map().is_some() && value.as_map().is_some() => {
                map.insert(key, diff(before, value));
            }
            _ => {
                map.insert(key, value.clone());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{apply, diff};
    use gatehouse_model::json;

    #[test]
    fn nulls_remove_and_objects_merge() {
        let target = json!({"a": {"b": 1, "c": 2}, "d": [1, 2]});
        let patch = json!({"a": {"b": null, "e": {"f": null}}, "d": [3]});
        let want = json!({"a": {"c": 2, "e": {}}, "d": [3]});
        assert_eq!(apply(&target, &patch), want);
        assert_eq!(apply(&target, &diff(&target, &want)), want);
    }
}
