//! Merging a configuration into a live object, and taking fields out of one.

use gatehouse_model::Value;
use gatehouse_model::schema::TypeRef;

use super::set::{self, FieldSet};
use super::walk::{self, Parts};

/// The live value with the configuration's fields.
pub(super) fn merge(live: &Value, config: &Value, ty: Option<TypeRef<'_>>) -> Value {
    match (walk::parts(config, ty), live, config) {
        (Parts::Members, Value::Map(_), Value::Map(fields)) => {
            let mut out = live.clone();
            let map = out.make_map();
            for (name, value) in fields.iter() {
                let before = map.get(name).cloned().unwrap_or_default();
                map.insert(name, merge(&before, value, walk::member(ty, name)));
            }
            out
        }
        (Parts::Set, Value::List(list), Value::List(items)) => {
            let mut out: Vec<Value> = list.iter().filter(|v| !items.contains(v)).cloned().collect();
            out.extend(items.iter().cloned());
            out.into()
        }
        (Parts::Keyed(keys), Value::List(list), Value::List(items)) => {
            let key = |v: &Value| set::keys(v, &keys);
            let mut out = list.as_ref().clone();
            for item in items.iter() {
                match out.iter_mut().find(|o| key(o) == key(item)) {
                    Some(existing) => *existing = merge(existing, item, walk::element(ty)),
                    None => out.push(item.clone()),
                }
            }
            out.into()
        }
        _ => config.clone(),
    }
}

/// The value without these fields.
pub(super) fn without(value: &Value, fields: &FieldSet, ty: Option<TypeRef<'_>>) -> Value {
    if fields.is_empty() {
        return value.clone();
    }
    match (walk::parts(value, ty), value) {
        (Parts::Members, Value::Map(map)) => {
            let mut out = value.clone();
            for (name, inner) in map.iter() {
                let Some(below) = fields.child(&set::field(name)) else { continue };
                let inner_type = walk::member(ty, name);
                let rest = without(inner, below, inner_type);
                let gone = match walk::parts(inner, inner_type) {
                    Parts::Whole => below.has_self(),
                    _ => is_bare(&rest) && !is_bare(inner) || (below.has_self() && is_bare(&rest)),
                };
                if gone {
                    out.remove(&[name]);
                } else {
                    out.set(&[name], rest);
                }
            }
            out
        }
        (Parts::Set, Value::List(list)) => {
            list.iter().filter(|v| fields.child(&set::value(v)).is_none()).cloned().collect()
        }
        (Parts::Keyed(keys), Value::List(list)) => {
            let mut out: Vec<Value> = Vec::new();
            for item in list.iter() {
                match fields.child(&set::keys(item, &keys)) {
                    Some(below) if below.has_self() => {}
                    Some(below) => out.push(without(item, below, walk::element(ty))),
                    None => out.push(item.clone()),
                }
            }
            out.into()
        }
        _ => value.clone(),
    }
}

fn is_bare(value: &Value) -> bool {
    match value {
        Value::Map(m) => m.is_empty(),
        Value::List(l) => l.is_empty(),
        _ => false,
    }
}
