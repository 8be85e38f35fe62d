//! The strategic merge patch that `apply` makes of what was applied, what shall be applied and what is there.
//!
//! Models apimachinery `pkg/util/strategicpatch/patch.go` (`CreateThreeWayMergePatch`, `diffMaps`, `diffLists`).

use gatehouse_model::schema::TypeRef;
use gatehouse_model::{Map, Value, json};

const ORDER: &str = "$setElementOrder/";
const DELETE_LIST: &str = "$deleteFromPrimitiveList/";
const RETAIN: &str = "$retainKeys";

/// Which differences count.
#[derive(Clone, Copy)]
struct Options {
    deletions: bool,
    changes: bool,
    retain: bool,
}

/// What a field's patch strategy is.
#[derive(Clone, Copy)]
struct Strategy<'a> {
    merge: bool,
    replace: bool,
    retain: bool,
    key: &'a str,
}

fn strategy(shape: Option<TypeRef<'_>>) -> Strategy<'_> {
    let Some(field) = shape.and_then(TypeRef::via) else {
        return Strategy { merge: false, replace: false, retain: false, key: "" };
    };
    let has = |word: &str| field.patch_strategies.iter().any(|s| s == word);
    Strategy {
        merge: has("merge"),
        replace: has("replace"),
        retain: has("retainKeys"),
        key: field.patch_merge_key.as_deref().unwrap_or(""),
    }
}

/// The patch from `current` to `modified`: its changes, and the removal of what `original` had and `modified` no
/// longer has.
///
/// # Errors
/// A list element without its merge key.
pub fn three_way(
    original: &Value,
    modified: &Value,
    current: &Value,
    shape: Option<TypeRef<'_>>,
) -> Result<Value, String> {
    let changes = Options { deletions: false, changes: true, retain: false };
    let delta = diff_maps(current.entries(), modified.entries(), shape, changes)?;
    let removals = Options { deletions: true, changes: false, retain: false };
    let removed = diff_maps(original.entries(), modified.entries(), shape, removals)?;
    Ok(Value::from(overlay(removed, &delta, shape)))
}

/// The patch from one to the other, removals included.
///
/// # Errors
/// A list element without its merge key.
pub fn two_way(from: &Value, to: &Value, shape: Option<TypeRef<'_>>) -> Result<Value, String> {
    let all = Options { deletions: true, changes: true, retain: false };
    diff_maps(from.entries(), to.entries(), shape, all).map(Value::from)
}

const fn same_type(a: &Value, b: &Value) -> bool {
    matches!(
        (a, b),
        (Value::Map(_), Value::Map(_))
            | (Value::List(_), Value::List(_))
            | (Value::Str(_), Value::Str(_))
            | (Value::Bool(_), Value::Bool(_))
            | (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_))
            | (Value::Null, Value::Null)
    )
}

fn diff_maps(original: &Map, modified: &Map, shape: Option<TypeRef<'_>>, o: Options) -> Result<Map, String> {
    let mut patch = Map::new();
    for (key, new) in modified.iter() {
        let Some(old) = original.get(key) else {
            if o.changes {
                patch.insert(key, new.clone());
            }
            continue;
        };
        if !same_type(old, new) {
            if o.changes {
                patch.insert(key, new.clone());
            }
            continue;
        }
        let member = shape.and_then(|s| s.field(key).or_else(|| s.item()));
        match (old, new) {
            (Value::Map(old), Value::Map(new_map)) => {
                let strategy = strategy(member);
                if strategy.replace {
                    if o.changes && old != new_map {
                        patch.insert(key, new.clone());
                    }
                    continue;
                }
                let inner = diff_maps(old, new_map, member, Options { retain: strategy.retain, ..o })?;
                if !inner.is_empty() {
                    patch.insert(key, inner);
                }
            }
            (Value::List(old), Value::List(new_list)) => {
                let strategy = strategy(member);
                if strategy.merge {
                    diff_lists(&mut patch, key, old, new_list, member, strategy, o)?;
                } else if o.changes && old != new_list {
                    patch.insert(key, new.clone());
                }
            }
            _ => {
                if o.changes && old != new {
                    patch.insert(key, new.clone());
                }
            }
        }
    }
    if o.deletions {
        for key in original.keys().filter(|k| !modified.contains_key(k)) {
            patch.insert(key, Value::Null);
        }
    }
    if o.retain {
        let extra = original.keys().any(|k| !modified.contains_key(k));
        let keys: Value = modified.iter().filter(|(_, v)| !v.is_null()).map(|(k, _)| k).collect();
        if !keys.items().is_empty() && (!patch.is_empty() || extra) {
            patch.insert(RETAIN, keys);
        }
    }
    Ok(patch)
}

fn diff_lists(
    patch: &mut Map,
    key: &str,
    old: &[Value],
    new: &[Value],
    shape: Option<TypeRef<'_>>,
    strategy: Strategy<'_>,
    o: Options,
) -> Result<(), String> {
    if old.is_empty() {
        if !new.is_empty() && o.changes {
            patch.insert(key, new.to_vec());
        }
        return Ok(());
    }
    let of_maps = old.iter().chain(new).any(|v| matches!(v, Value::Map(_)));
    if of_maps {
        let element = shape.and_then(TypeRef::item);
        let inner = Options { retain: strategy.retain, ..o };
        let (mut list, deletions) = diff_elements(old, new, element, strategy.key, inner)?;
        let same_order = old.len() == new.len()
            && old.iter().zip(new).all(|(a, b)| a.get(strategy.key) == b.get(strategy.key));
        list.extend(deletions);
        let changed = !list.is_empty();
        if changed {
            patch.insert(key, list);
        }
        if (o.changes && (changed || !same_order)) || (o.deletions && changed) {
            let order: Value = new
                .iter()
                .map(|v| {
                    let mut entry = Value::map();
                    entry.set(&[strategy.key], v.get(strategy.key).cloned().unwrap_or_default());
                    entry
                })
                .collect();
            patch.insert(format!("{ORDER}{key}"), order);
        }
        return Ok(());
    }
    let missing = |from: &[Value], other: &[Value]| -> Vec<Value> {
        from.iter().filter(|v| !other.contains(v)).cloned().collect()
    };
    let added = if o.changes { missing(new, old) } else { Vec::new() };
    let removed = if o.deletions { missing(old, new) } else { Vec::new() };
    if (o.deletions && !removed.is_empty()) || (o.changes && old != new) {
        patch.insert(format!("{ORDER}{key}"), new.to_vec());
    }
    if !added.is_empty() {
        patch.insert(key, added);
    }
    if !removed.is_empty() {
        patch.insert(format!("{DELETE_LIST}{key}"), removed);
    }
    Ok(())
}

/// Elements that differ, in the order of `new`, and directives to delete.
fn diff_elements(
    old: &[Value],
    new: &[Value],
    shape: Option<TypeRef<'_>>,
    merge_key: &str,
    o: Options,
) -> Result<(Vec<Value>, Vec<Value>), String> {
    for element in old.iter().chain(new) {
        if element.get(merge_key).is_none() {
            return Err(format!(
                "map: {} does not contain declared merge key: {merge_key}",
                crate::print::gofmt::sprint(element)
            ));
        }
    }
    let mut list = Vec::new();
    for element in new {
        let key = element.get(merge_key).cloned().unwrap_or_default();
        match old.iter().find(|e| e.get(merge_key) == Some(&key)) {
            Some(before) => {
                let mut inner = diff_maps(before.entries(), element.entries(), shape, o)?;
                if !inner.is_empty() {
                    inner.insert(merge_key, key);
                    list.push(Value::from(inner));
                }
            }
            None if o.changes => list.push(element.clone()),
            None => {}
        }
    }
    let mut deletions = Vec::new();
    if o.deletions {
        let gone = |e: &&Value| !new.iter().any(|n| n.get(merge_key) == e.get(merge_key));
        for element in old.iter().filter(gone) {
            let mut directive = json!({"$patch": "delete"});
            directive.set(&[merge_key], element.get(merge_key).cloned().unwrap_or_default());
            deletions.push(directive);
        }
    }
    Ok((list, deletions))
}

/// Removals and changes in one patch; both were made from the same `modified`.
fn overlay(mut removed: Map, delta: &Map, shape: Option<TypeRef<'_>>) -> Map {
    for (key, change) in delta.iter() {
        let merged = match (removed.get(key), change) {
            (Some(Value::Map(a)), Value::Map(b)) => {
                let member = shape.and_then(|s| s.field(key).or_else(|| s.item()));
                Value::from(overlay((**a).clone(), b, member))
            }
            (Some(Value::List(a)), Value::List(b)) => {
                let member = shape.and_then(|s| s.field(key));
                let strategy = strategy(member);
                if strategy.merge && !strategy.key.is_empty() {
                    let order =
                        delta.get(&format!("{ORDER}{key}")).or_else(|| removed.get(&format!("{ORDER}{key}")));
                    overlay_elements(a, b, strategy.key, order, member.and_then(TypeRef::item))
                } else {
                    change.clone()
                }
            }
            _ => change.clone(),
        };
        removed.insert(key, merged);
    }
    removed
}

fn overlay_elements(
    removed: &[Value],
    delta: &[Value],
    merge_key: &str,
    order: Option<&Value>,
    shape: Option<TypeRef<'_>>,
) -> Value {
    let mut all: Vec<Value> = removed.to_vec();
    for change in delta {
        match all.iter_mut().find(|e| e.get(merge_key) == change.get(merge_key)) {
            Some(Value::Map(_)) | None => {
                let place = all.iter().position(|e| e.get(merge_key) == change.get(merge_key));
                match place.and_then(|i| all.get_mut(i)) {
                    Some(before) => {
                        *before = Value::from(overlay(before.entries().clone(), change.entries(), shape));
                    }
                    None => all.push(change.clone()),
                }
            }
            Some(other) => *other = change.clone(),
        }
    }
    let order = order.map_or(&[][..], Value::items);
    let rank = |e: &Value| {
        if e.get("$patch").is_some() {
            return usize::MAX;
        }
        order.iter().position(|o| o.get(merge_key) == e.get(merge_key)).unwrap_or(usize::MAX - 1)
    };
    gatehouse_model::order::by_key(&mut all, rank);
    all.into()
}

#[cfg(test)]
mod tests {
    use gatehouse_model::json::{parse, print};
    use gatehouse_model::{GroupVersion, KubeVersion, schema};

    use super::*;

    fn patch(original: &str, modified: &str, current: &str) -> String {
        let shape = schema::for_kind(KubeVersion::V1_36, &GroupVersion::parse("v1"), "Pod");
        let read = |t: &str| parse(t).unwrap_or_default();
        print(&three_way(&read(original), &read(modified), &read(current), shape).unwrap_or_default())
    }

    #[test]
    fn changes_and_removals_come_in_one_patch() {
        let before = r#"{"metadata":{"labels":{"a":"1","b":"2"}}}"#;
        assert_eq!(
            patch(before, r#"{"metadata":{"labels":{"a":"3"}}}"#, before),
            r#"{"metadata":{"labels":{"a":"3","b":null}}}"#
        );
        assert_eq!(patch(before, before, before), "{}");
        // What somebody else set stays.
        assert_eq!(patch("{}", r#"{"metadata":{}}"#, before), "{}");
    }

    #[test]
    fn lists_with_a_merge_key_are_compared_by_it() {
        let one = r#"{"spec":{"containers":[{"name":"c","image":"nginx:1"}]}}"#;
        let two = r#"{"spec":{"containers":[{"name":"c","image":"nginx:2"}]}}"#;
        let live = r#"{"spec":{"containers":[{"name":"c","image":"nginx:1","imagePullPolicy":"Always"}]}}"#;
        assert_eq!(
            patch(one, two, live),
            r#"{"spec":{"$setElementOrder/containers":[{"name":"c"}],"containers":[{"image":"nginx:2","name":"c"}]}}"#
        );
        let extra = r#"{"spec":{"containers":[{"name":"c","image":"nginx:1"},{"name":"d","image":"x"}]}}"#;
        assert_eq!(
            patch(extra, one, extra),
            r#"{"spec":{"$setElementOrder/containers":[{"name":"c"}],"containers":[{"$patch":"delete","name":"d"}]}}"#
        );
    }
}
