//! The JSON merge patch that `apply` makes for custom resources. Models apimachinery `pkg/util/jsonmergepatch`.

pub(crate) use gatehouse_core::patch::merge::diff;
use gatehouse_model::{Map, Value};

/// The patch from `current` to `modified`, and the removal of what `original` had.
#[must_use]
pub fn three_way(original: &Value, modified: &Value, current: &Value) -> Value {
    let changes = filter(diff(current, modified).entries(), false);
    let removals = filter(diff(original, modified).entries(), true);
    combine(&Value::from(removals), &Value::from(changes))
}

/// Only the nulls of a patch, or everything but the nulls.
fn filter(patch: &Map, nulls: bool) -> Map {
    let mut kept = Map::new();
    for (key, value) in patch.iter() {
        match value {
            Value::Null if nulls => {
                kept.insert(key, Value::Null);
            }
            Value::Null => {}
            Value::Map(inner) if !inner.is_empty() => {
                let inner = filter(inner, nulls);
                if !inner.is_empty() {
                    kept.insert(key, inner);
                }
            }
            other if !nulls => {
                kept.insert(key, other.clone());
            }
            _ => {}
        }
    }
    kept
}

/// Both patches as one.
fn combine(a: &Value, b: &Value) -> Value {
    match (a, b) {
        (Value::Map(a), Value::Map(b)) => {
            let mut merged = (**a).clone();
            for (key, value) in b.iter() {
                let combined = merged.get(key).map_or_else(|| value.clone(), |old| combine(old, value));
                merged.insert(key, combined);
            }
            merged.into()
        }
        (_, b) => b.clone(),
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_model::json;

    use super::*;

    #[test]
    fn removes_only_what_was_applied_before() {
        let original = json!({"spec": {"a": 1, "b": 2}});
        let modified = json!({"spec": {"a": 5}});
        let current = json!({"spec": {"a": 1, "b": 2, "c": 3}, "status": {}});
        assert_eq!(three_way(&original, &modified, &current), json!({"spec": {"a": 5, "b": null}}));
    }
}
