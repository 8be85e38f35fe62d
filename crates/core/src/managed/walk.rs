//! The fields of a tree, and the fields two trees differ in, by the type's list and map rules.

use gatehouse_model::schema::{ListType, Type, TypeRef};
use gatehouse_model::{Map, Value};

use super::set::{self, FieldSet};

/// How a place is taken apart.
pub(super) enum Parts<'a> {
    /// Not at all.
    Whole,
    /// By member.
    Members,
    /// By element, each its own key.
    Set,
    /// By element, told by these keys.
    Keyed(Vec<&'a str>),
}

/// Structs that are owned as a whole (`+structType=atomic`), by name.
const ATOMIC: &[&str] = &[
    "ConfigMapKeySelector",
    "CrossVersionObjectReference",
    "EndpointAddress",
    "EndpointPort",
    "LabelSelector",
    "LocalObjectReference",
    "MatchResources",
    "NamedRuleWithOperations",
    "NodeSelector",
    "NodeSelectorTerm",
    "ObjectFieldSelector",
    "ObjectReference",
    "OwnerReference",
    "ParamKind",
    "ParamRef",
    "ResourceFieldSelector",
    "RoleRef",
    "ScopeSelector",
    "ScopedResourceSelectorRequirement",
    "SecretKeySelector",
    "SecretReference",
    "Subject",
    "TopologySelectorTerm",
    "TypedLocalObjectReference",
];

/// How a value of this type is taken apart. Without a type, objects are and lists are not.
pub(super) fn parts<'a>(value: &Value, ty: Option<TypeRef<'a>>) -> Parts<'a> {
    let field = ty.and_then(TypeRef::via);
    match value {
        Value::Map(_) if field.is_some_and(|f| f.atomic_map) => Parts::Whole,
        Value::Map(_) if ty.and_then(TypeRef::struct_name).is_some_and(|n| ATOMIC.contains(&n)) => {
            Parts::Whole
        }
        Value::Map(_) => Parts::Members,
        Value::List(_) => match field.map(|f| &f.list_type) {
            Some(ListType::Set) => Parts::Set,
            Some(ListType::Map(keys)) => Parts::Keyed(keys.iter().map(AsRef::as_ref).collect()),
            _ => Parts::Whole,
        },
        _ => Parts::Whole,
    }
}

/// The type of a member.
pub(super) fn member<'a>(ty: Option<TypeRef<'a>>, name: &str) -> Option<TypeRef<'a>> {
    let ty = ty?;
    match ty.ty() {
        Type::Map(_) => ty.item(),
        Type::List(_) => ty.item()?.field(name),
        _ => ty.field(name),
    }
}

/// The type of an element. Its own members are found through the item.
pub(super) fn element<'a>(ty: Option<TypeRef<'a>>) -> Option<TypeRef<'a>> {
    ty?.item()
}

/// The paths of the lists, maps and structs of a configuration that are owned as a whole.
pub(super) fn atomics(value: &Value, ty: Option<TypeRef<'_>>, path: String, out: &mut Vec<String>) {
    if matches!(value, Value::Map(_) | Value::List(_)) && matches!(parts(value, ty), Parts::Whole) {
        out.push(path.clone());
    }
    match value {
        Value::Map(map) => {
            for (name, inner) in map.iter().filter(|_| ty.is_some()) {
                atomics(inner, member(ty, name), format!("{path}.{name}"), out);
            }
        }
        Value::List(list) => {
            for (i, inner) in list.iter().enumerate() {
                atomics(inner, element(ty), format!("{path}[{i}]"), out);
            }
        }
        _ => {}
    }
}

/// Whether the members are a map's entries rather than a struct's fields.
fn is_entry(ty: Option<TypeRef<'_>>) -> bool {
    ty.is_none_or(|t| !matches!(t.ty(), Type::Object(_)))
}

/// The fields of a configuration.
pub(super) fn fields(value: &Value, ty: Option<TypeRef<'_>>) -> FieldSet {
    let mut out = FieldSet::default();
    match (parts(value, ty), value) {
        (Parts::Members, Value::Map(map)) => {
            for (name, inner) in map.iter() {
                let inner_type = member(ty, name);
                let mut below = fields(inner, inner_type);
                let empty = inner.as_map().is_some_and(Map::is_empty);
                if empty || (is_entry(ty) && inner.as_map().is_none()) {
                    below.insert_self();
                }
                out.insert(set::field(name), below);
            }
        }
        (Parts::Set, Value::List(list)) => {
            for item in list.iter() {
                out.insert(set::value(item), FieldSet::leaf());
            }
        }
        (Parts::Keyed(keys), Value::List(list)) => {
            for item in list.iter() {
                let mut below = fields(item, element(ty));
                below.insert_self();
                out.insert(set::keys(item, &keys), below);
            }
        }
        _ => out.insert_self(),
    }
    out
}

/// The fields that are new or different, and those that are gone.
pub(super) fn compare(old: &Value, new: &Value, ty: Option<TypeRef<'_>>) -> (FieldSet, FieldSet) {
    let (mut changed, mut removed) = (FieldSet::default(), FieldSet::default());
    if old == new {
        return (changed, removed);
    }
    match (parts(new, ty), old, new) {
        (Parts::Members, Value::Map(a), Value::Map(b)) => {
            for (name, inner) in b.iter() {
                let inner_type = member(ty, name);
                let (c, r) = match a.get(name) {
                    Some(before) => compare(before, inner, inner_type),
                    None => (added(inner, inner_type), FieldSet::default()),
                };
                changed.insert(set::field(name), c);
                removed.insert(set::field(name), r);
            }
            for (name, inner) in a.iter().filter(|(k, _)| !b.contains_key(k)) {
                removed.insert(set::field(name), added(inner, member(ty, name)));
            }
        }
        (Parts::Set, Value::List(a), Value::List(b)) => {
            for item in b.iter().filter(|i| !a.contains(i)) {
                changed.insert(set::value(item), FieldSet::leaf());
            }
            for item in a.iter().filter(|i| !b.contains(i)) {
                removed.insert(set::value(item), FieldSet::leaf());
            }
        }
        (Parts::Keyed(keys), Value::List(a), Value::List(b)) => {
            let key = |v: &Value| set::keys(v, &keys);
            for item in b.iter() {
                let (c, r) = match a.iter().find(|o| key(o) == key(item)) {
                    Some(before) => compare(before, item, element(ty)),
                    None => (whole(item, ty), FieldSet::default()),
                };
                changed.insert(key(item), c);
                removed.insert(key(item), r);
            }
            for item in a.iter().filter(|o| !b.iter().any(|n| key(n) == key(o))) {
                removed.insert(key(item), whole(item, ty));
            }
        }
        (Parts::Members | Parts::Set | Parts::Keyed(_), _, _) => changed = added(new, ty),
        (Parts::Whole, _, _) => changed.insert_self(),
    }
    (changed, removed)
}

/// Every field of a value that was not there: its own place too, unless Go always has the struct or list.
fn added(value: &Value, ty: Option<TypeRef<'_>>) -> FieldSet {
    let mut out = FieldSet::default();
    match (parts(value, ty), value) {
        (Parts::Members, Value::Map(map)) => {
            for (name, inner) in map.iter() {
                out.insert(set::field(name), added(inner, member(ty, name)));
            }
        }
        (Parts::Set, Value::List(list)) => {
            for item in list.iter() {
                out.insert(set::value(item), FieldSet::leaf());
            }
        }
        (Parts::Keyed(keys), Value::List(list)) => {
            for item in list.iter() {
                out.insert(set::keys(item, &keys), whole(item, ty));
            }
        }
        _ => {
            out.insert_self();
            return out;
        }
    }
    let via = ty.and_then(TypeRef::via);
    let always = match value {
        Value::Map(_) => {
            let is_struct = ty.is_some_and(|t| matches!(t.ty(), Type::Object(_)));
            is_struct && via.is_none_or(|f| f.always || f.omit_zero_since.is_some())
        }
        _ => via.is_some_and(|f| f.always),
    };
    if !always || (out.is_empty() && via.is_some()) {
        out.insert_self();
    }
    out
}

/// Every field of an element of a keyed list, and the element itself.
fn whole(item: &Value, list: Option<TypeRef<'_>>) -> FieldSet {
    let mut out = added(item, element(list));
    out.insert_self();
    out
}
