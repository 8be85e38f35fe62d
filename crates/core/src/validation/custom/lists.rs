//! Lists that are sets or maps: no element is there twice.
//!
//! Models apiextensions `pkg/apiserver/schema/listtype/validation.go`.

use gatehouse_model::{FieldError, FieldPath, Map, Value, order};

use crate::validation::check::Errors;

/// Checks a value and what is in it.
pub(super) fn check(errors: &mut Errors, path: &FieldPath, value: &Value, schema: &Value) {
    match value {
        Value::Map(map) => {
            for (name, member) in map.iter() {
                if let Some(inner) = schema.at(&["properties", name]) {
                    check(errors, &path.child(name), member, inner);
                } else if let Some(inner) =
                    schema.get("additionalProperties").filter(|s| s.as_map().is_some())
                {
                    check(errors, &path.key(name), member, inner);
                }
            }
        }
        Value::List(list) => {
            match schema.str_at(&["x-kubernetes-list-type"]) {
                "set" => twice(errors, path, list.iter().cloned()),
                "map" => keyed(errors, path, list, schema),
                _ => {}
            }
            if let Some(inner) = schema.get("items") {
                for (i, item) in list.iter().enumerate() {
                    check(errors, &path.index(i), item, inner);
                }
            }
        }
        _ => {}
    }
}

/// A list of objects that their keys tell apart.
fn keyed(errors: &mut Errors, path: &FieldPath, list: &[Value], schema: &Value) {
    let wrong = list.iter().enumerate().find(|(_, item)| !item.is_null() && item.as_map().is_none());
    if let Some((i, item)) = wrong {
        let why = "must be an object for an array of list-type map";
        errors.push(FieldError::invalid(path.index(i), item, why));
        return;
    }
    let keys: Vec<&str> =
        schema.list_at(&["x-kubernetes-list-map-keys"]).iter().filter_map(Value::as_str).collect();
    let key_of = |item: &Value| -> Value {
        keys.iter().filter_map(|k| Some((*k, item.get(k)?.clone()))).collect::<Map>().into()
    };
    twice(errors, path, list.iter().map(key_of));
}

/// Each value that is there again is named once, where it is there for the second time.
fn twice(errors: &mut Errors, path: &FieldPath, values: impl Iterator<Item = Value>) {
    let mut printed: Vec<(String, usize, Value)> =
        values.enumerate().map(|(i, v)| (gatehouse_model::json::print(&v), i, v)).collect();
    order::by(&mut printed, |a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    let mut again = Vec::new();
    let (mut last, mut times): (Option<&str>, usize) = (None, 0);
    for (text, i, value) in &printed {
        times = if last == Some(text.as_str()) { times + 1 } else { 0 };
        last = Some(text);
        if times == 1 {
            again.push((*i, value));
        }
    }
    order::by(&mut again, |a, b| a.0.cmp(&b.0));
    errors.extend(again.into_iter().map(|(i, value)| FieldError::duplicate(path.index(i), value)));
}
