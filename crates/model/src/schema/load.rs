//! Reads the text that `build.rs` made.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Field, ListType, ObjectType, Schemas, Type};

/// The full OpenAPI name of a shortened one.
fn full(name: &str) -> String {
    let outside_api = ["apimachinery.", "apiextensions-apiserver.", "kube-aggregator."];
    let prefix = if outside_api.iter().any(|p| name.starts_with(p)) { "io.k8s." } else { "io.k8s.api." };
    format!("{prefix}{name}")
}

fn ty(text: &str, names: &BTreeMap<&str, usize>) -> Type {
    if let Some(item) = text.strip_prefix("[]") {
        return Type::List(Box::new(ty(item, names)));
    }
    if let Some(item) = text.strip_prefix("{}") {
        return Type::Map(Box::new(ty(item, names)));
    }
    if let Some(object) = text.strip_prefix('?') {
        return names.get(object).map_or(Type::Any, |i| Type::ObjectOrElse(*i));
    }
    match text {
        "string" => Type::String,
        "int32" => Type::Int32,
        "int64" => Type::Int64,
        "bool" => Type::Bool,
        "number" => Type::Number,
        "quantity" => Type::Quantity,
        "intOrString" => Type::IntOrString,
        "time" => Type::Time,
        "microTime" => Type::MicroTime,
        "bytes" => Type::Bytes,
        name => names.get(name).map_or(Type::Any, |i| Type::Object(*i)),
    }
}

fn field(name: &'static str, ty: Type, facts: &[&'static str]) -> Field {
    let mut field = Field {
        name: name.into(),
        ty,
        required: false,
        pointer: false,
        always: false,
        omit_zero_since: None,
        since: 0,
        patch_strategies: Vec::new(),
        patch_merge_key: None,
        list_type: ListType::Atomic,
        atomic_map: false,
        go_type: None,
    };
    let list = |s: &'static str| s.split(',').map(Cow::Borrowed).collect();
    for fact in facts {
        match fact.split_once('=').unwrap_or((fact, "")) {
            ("required", _) => field.required = true,
            ("ptr", _) => field.pointer = true,
            ("always", _) => field.always = true,
            ("omitzero", v) => field.omit_zero_since = v.parse().ok(),
            ("since", v) => field.since = v.parse().unwrap_or(0),
            ("patch", v) => field.patch_strategies = list(v),
            ("key", v) => field.patch_merge_key = Some(v.into()),
            ("list", "set") => field.list_type = ListType::Set,
            ("list", v) => {
                if let Some(keys) = v.strip_prefix("map:") {
                    field.list_type = ListType::Map(list(keys));
                }
            }
            ("map" | "struct", v) => field.atomic_map = v == "atomic",
            ("type", v) => field.go_type = Some(v.into()),
            _ => {}
        }
    }
    field
}

pub(super) fn parse(text: &'static str) -> Schemas {
    let types = text.lines().filter_map(|l| l.strip_prefix("type "));
    let names = crate::order::map(types.enumerate().map(|(i, name)| (name, i)));
    let mut schemas = Schemas::default();
    for line in text.lines() {
        // Fields are indented: one may be called `type`.
        if let Some(rest) = line.strip_prefix("enum ") {
            let (name, values) = rest.split_once(' ').unwrap_or((rest, ""));
            let mut values: Vec<_> = values.split('|').map(Cow::Borrowed).collect();
            crate::order::sort(&mut values);
            schemas.enums.push((name.into(), values));
            continue;
        }
        let words: Vec<&'static str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["type", name] if !line.starts_with(' ') => {
                schemas.push(ObjectType { name: full(name).into(), ..ObjectType::default() });
            }
            ["root", api_version, kind, name] if !line.starts_with(' ') => {
                if let Some(i) = names.get(name) {
                    schemas.roots.push(((*api_version).into(), (*kind).into(), *i));
                }
            }
            [name, kind, facts @ ..] => {
                if let Some(object) = schemas.types.last_mut() {
                    object.fields.push(field(name, ty(kind, &names), facts));
                }
            }
            _ => {}
        }
    }
    schemas
}
