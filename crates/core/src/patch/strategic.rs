//! Strategic merge patch: merge patch that knows which lists are maps.
//!
//! Models apimachinery `pkg/util/strategicpatch/patch.go` (application; the three-way diff is kubectl's).

#[cfg(test)]
mod tests;

use gatehouse_model::json::print;
use gatehouse_model::{Map, Value};

/// What a patch needs to know of a type: the struct tags `patchStrategy` and `patchMergeKey`.
pub trait Shape: Sized {
    /// The shape of a member.
    #[must_use]
    fn member(&self, field: &str) -> Self;
    /// The key by which a list's elements are told apart; `None` for lists that are replaced.
    fn merge_key(&self) -> Option<&str>;
    /// Whether a list of scalars is a set that patches add to.
    fn is_set(&self) -> bool;
    /// Whether objects are replaced rather than merged (`patchStrategy:"replace"`).
    fn is_replaced(&self) -> bool {
        false
    }
}

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_PRIMITIVES: &str = "$deleteFromPrimitiveList/";
const ELEMENT_ORDER: &str = "$setElementOrder/";

/// The original after the patch.
///
/// # Errors
/// What strategicpatch says of a patch that makes no sense.
pub fn apply<S: Shape>(original: &Value, patch: &Value, shape: &S) -> Result<Value, String> {
    let Some(patch) = patch.as_map() else { return Ok(patch.clone()) };
    let merged = merge_map(original.entries().clone(), patch, shape)?;
    Ok(merged.into())
}

fn merge_map<S: Shape>(mut original: Map, patch: &Map, shape: &S) -> Result<Map, String> {
    let mut patch = patch.clone();
    if let Some(directive) = patch.remove(DIRECTIVE) {
        match directive.as_str() {
            Some("replace") => return Ok(patch),
            Some("delete") => return Ok(Map::new()),
            Some("merge") => {}
            _ => return Err(format!("unknown patch type found: {}", go_text(&directive))),
        }
    }
    if let Some(keys) = patch.remove(RETAIN_KEYS) {
        let Some(keys) = keys.as_list() else {
            return Err("invalid patch format with $retainKeys list".to_owned());
        };
        let kept = |k: &str| keys.iter().any(|v| v.as_str() == Some(k));
        if patch.iter().any(|(k, v)| !v.is_null() && !k.starts_with('$') && !kept(k)) {
            return Err("invalid patch format with $retainKeys list".to_owned());
        }
        original.retain(|k, _| kept(k));
    }
    let mut orders: Vec<(String, Value)> = Vec::new();
    let before = original.clone();
    for (key, value) in patch.iter() {
        if let Some(list) = key.strip_prefix(DELETE_PRIMITIVES) {
            if let Some(current) = original.get_mut(list) {
                current.make_list().retain(|v| !value.items().contains(v));
            }
            continue;
        }
        if let Some(list) = key.strip_prefix(ELEMENT_ORDER) {
            orders.push((list.to_owned(), value.clone()));
            continue;
        }
        if value.is_null() {
            original.remove(key);
            continue;
        }
        let member = shape.member(key);
        let merged = match (original.get(key), value) {
            (Some(Value::Map(_)), Value::Map(replacement)) if member.is_replaced() => {
                replacement.as_ref().clone().into()
            }
            (Some(Value::Map(old)), Value::Map(new)) => merge_map(old.as_ref().clone(), new, &member)?.into(),
            (Some(Value::List(old)), Value::List(new)) => merge_list(old, new, &member)?.into(),
            (None, Value::Map(new)) => without_nulls(&Value::Map(new.clone())),
            (None, Value::List(new)) => merge_list(&[], new, &member)?.into(),
            _ => value.clone(),
        };
        original.insert(key, merged);
    }
    for (list, order) in orders {
        let member = shape.member(&list);
        let known = before.get(&list).map(Value::items).unwrap_or_default();
        let news = patch.get(&list).map(Value::items).unwrap_or_default();
        let old = left_behind(known, news, member.merge_key());
        if let Some(current) = original.get_mut(&list) {
            let sorted = in_order(current.items(), order.items(), &old, member.merge_key());
            *current = sorted.into();
        }
    }
    Ok(original)
}

/// A new member loses directives and nulls it carries.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Map(m) => {
            let kept = m.iter().filter(|(k, v)| {
                !v.is_null() && !k.starts_with("$setElementOrder/") && *k != DIRECTIVE && *k != RETAIN_KEYS
            });
            Value::from(kept.map(|(k, v)| (k, without_nulls(v))).collect::<Map>())
        }
        Value::List(l) => {
            l.iter().filter(|v| v.str_at(&[DIRECTIVE]) != "delete").map(without_nulls).collect()
        }
        other => other.clone(),
    }
}

fn merge_list<S: Shape>(original: &[Value], patch: &[Value], shape: &S) -> Result<Vec<Value>, String> {
    let maps = patch.iter().chain(original).any(|v| v.as_map().is_some());
    if !maps {
        if !shape.is_set() {
            return Ok(patch.to_vec());
        }
        let mut merged = original.to_vec();
        for value in patch {
            if !merged.contains(value) {
                merged.push(value.clone());
            }
        }
        return Ok(in_order(&merged, patch, original, None));
    }
    let Some(key) = shape.merge_key() else {
        return Ok(patch.iter().filter(|v| v.get(DIRECTIVE).is_none()).map(without_nulls).collect());
    };
    let mut merged = original.to_vec();
    let mut plain: Vec<&Value> = Vec::new();
    for item in patch {
        match item.get(DIRECTIVE).and_then(Value::as_str) {
            None => plain.push(item),
            Some("delete") => {
                let Some(wanted) = item.get(key) else {
                    return Err("delete patch type with no merge key defined".to_owned());
                };
                merged.retain(|o| o.get(key) != Some(wanted));
            }
            Some("replace") => {
                let rest = patch.iter().filter(|v| v.get(DIRECTIVE).is_none());
                return Ok(rest.cloned().collect());
            }
            Some("merge") => return Err("merging lists cannot yet be specified in the patch".to_owned()),
            Some(other) => return Err(format!("unknown patch type found: {other}")),
        }
    }
    for item in plain {
        let Some(wanted) = item.get(key) else {
            return Err(format!("map: {} does not contain declared merge key: {key}", go_text(item)));
        };
        match merged.iter_mut().find(|o| o.get(key) == Some(wanted)) {
            Some(existing) => {
                let map = merge_map(existing.entries().clone(), item.entries(), shape)?;
                *existing = map.into();
            }
            None => merged.push(without_nulls(item)),
        }
    }
    Ok(in_order(&merged, patch, original, Some(key)))
}

/// The old list as it is after the patch was merged into its memory, which Go does: what is deleted makes room for what
/// is new.
fn left_behind(known: &[Value], news: &[Value], key: Option<&str>) -> Vec<Value> {
    let Some(key) = key else { return known.to_vec() };
    let deleted = |v: &Value| {
        news.iter().any(|n| n.get(DIRECTIVE).is_some() && n.get(key).is_some() && n.get(key) == v.get(key))
    };
    let is_new = |n: &&Value| n.get(DIRECTIVE).is_none() && known.iter().all(|v| v.get(key) != n.get(key));
    let kept = known.iter().filter(|v| !deleted(v));
    kept.chain(news.iter().filter(is_new)).take(known.len()).cloned().collect()
}

/// Puts elements in the order the patch asks for; elements it does not name keep their place among their neighbours,
/// and stand behind those that are new.
fn in_order(current: &[Value], order: &[Value], old: &[Value], key: Option<&str>) -> Vec<Value> {
    let identity = |v: &Value| match key {
        Some(key) if v.as_map().is_some() => v.get(key).cloned().unwrap_or_default(),
        _ => v.clone(),
    };
    let rank = |v: &Value| order.iter().position(|o| identity(o) == identity(v));
    let place = |v: &Value| old.iter().position(|o| identity(o) == identity(v));
    let mut named: Vec<Value> = current.iter().filter(|v| rank(v).is_some()).cloned().collect();
    gatehouse_model::order::by_key(&mut named, |v| rank(v));
    let mut others: Vec<Value> = current.iter().filter(|v| rank(v).is_none()).cloned().collect();
    gatehouse_model::order::by_key(&mut others, |v| place(v).unwrap_or(usize::MAX));
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    let mut out = Vec::new();
    loop {
        let other_first = match (named.peek(), others.peek()) {
            (None, None) => return out,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (Some(n), Some(o)) => match (place(n), place(o)) {
                (Some(n), Some(o)) => o < n,
                _ => false,
            },
        };
        out.extend(if other_first { others.next() } else { named.next() });
    }
}

/// The Go type of a decoded value (`%T`).
#[must_use]
pub const fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

/// A tree as Go's `%v` prints it: `map[a:1 b:[x y]]`.
#[must_use]
pub fn go_text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Str(s) => s.to_string(),
        Value::List(l) => format!("[{}]", l.iter().map(go_text).collect::<Vec<_>>().join(" ")),
        Value::Map(m) => {
            let members: Vec<String> = m.iter().map(|(k, v)| format!("{k}:{}", go_text(v))).collect();
            format!("map[{}]", members.join(" "))
        }
        other => print(other),
    }
}
