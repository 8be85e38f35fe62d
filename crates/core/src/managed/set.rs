//! Sets of fields, as a tree of path elements: what `fieldsV1` writes.
//!
//! Models structured-merge-diff `fieldpath`.

use std::collections::BTreeMap;

use gatehouse_model::{Map, Value, json};

/// One step of a path. Its text is that of `fieldsV1`: `f:name`, `k:{"name":"web"}`, `v:"x"`.
pub(super) type Element = String;

/// A set of fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FieldSet {
    /// Whether the place itself belongs to the set.
    member: bool,
    children: BTreeMap<Element, FieldSet>,
}

impl FieldSet {
    /// A set of the place itself.
    pub(super) fn leaf() -> Self {
        Self { member: true, children: BTreeMap::new() }
    }

    /// Adds the place itself.
    pub(super) fn insert_self(&mut self) {
        self.member = true;
    }

    /// Adds what lies below a step, if there is anything.
    pub(super) fn insert(&mut self, element: Element, below: Self) {
        if below.is_empty() {
            return;
        }
        let entry = self.children.entry(element).or_default();
        *entry = entry.union(&below);
    }

    /// Whether nothing belongs to it.
    pub(super) fn is_empty(&self) -> bool {
        !self.member && self.children.values().all(Self::is_empty)
    }

    /// Whether the place itself belongs to the set.
    pub(super) const fn has_self(&self) -> bool {
        self.member
    }

    /// What lies below a step.
    pub(super) fn child(&self, element: &str) -> Option<&Self> {
        self.children.get(element)
    }

    /// Fields of either.
    pub(super) fn union(&self, other: &Self) -> Self {
        let mut out = self.clone();
        out.member |= other.member;
        for (element, below) in &other.children {
            let entry = out.children.entry(element.clone()).or_default();
            *entry = entry.union(below);
        }
        out
    }

    /// Fields that are not in the other.
    pub(super) fn minus(&self, other: &Self) -> Self {
        let mut out = Self { member: self.member && !other.member, children: BTreeMap::new() };
        for (element, below) in &self.children {
            let kept = match other.children.get(element) {
                Some(taken) => below.minus(taken),
                None => below.clone(),
            };
            if !kept.is_empty() {
                out.children.insert(element.clone(), kept);
            }
        }
        out
    }

    /// Fields of both.
    pub(super) fn intersection(&self, other: &Self) -> Self {
        let mut out = Self { member: self.member && other.member, children: BTreeMap::new() };
        for (element, below) in &self.children {
            if let Some(theirs) = other.children.get(element) {
                let both = below.intersection(theirs);
                if !both.is_empty() {
                    out.children.insert(element.clone(), both);
                }
            }
        }
        out
    }

    /// The paths of all members, in order: `.spec.containers[name="web"].image`.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut out = Vec::new();
        self.collect("", &mut out);
        out
    }

    fn collect(&self, path: &str, out: &mut Vec<String>) {
        if self.member && !path.is_empty() {
            out.push(path.to_owned());
        }
        for (element, below) in &self.children {
            below.collect(&format!("{path}{}", shown(element)), out);
        }
    }

    /// `fieldsV1`
    pub(super) fn to_value(&self) -> Value {
        let mut map = Map::new();
        if self.member && !self.children.is_empty() {
            map.insert(".", Value::map());
        }
        for (element, below) in &self.children {
            map.insert(element.as_str(), below.to_value());
        }
        map.into()
    }

    /// Reads `fieldsV1`.
    pub(super) fn from_value(value: &Value) -> Self {
        let mut out = Self::below(value);
        // The root is no field.
        out.member = false;
        out
    }

    fn below(value: &Value) -> Self {
        let map = value.entries();
        let mut out = Self { member: map.is_empty() || map.contains_key("."), children: BTreeMap::new() };
        for (element, below) in map.iter().filter(|(k, _)| *k != ".") {
            out.children.insert(element.to_owned(), Self::below(below));
        }
        out
    }
}

/// The step of a member.
pub(super) fn field(name: &str) -> Element {
    format!("f:{name}")
}

/// The step of an element of a set.
pub(super) fn value(value: &Value) -> Element {
    format!("v:{}", gatehouse_model::json::print(value))
}

/// The step of an element that is told by its keys.
pub(super) fn keys(item: &Value, keys: &[impl AsRef<str>]) -> Element {
    let mut map = Map::new();
    for key in keys {
        let key = key.as_ref();
        // The one key that has a default. Another that is missing tells elements apart by its absence.
        let default = (key == "protocol").then(|| json!("TCP"));
        if let Some(value) = item.get(key).cloned().or(default) {
            map.insert(key, value);
        }
    }
    format!("k:{}", gatehouse_model::json::print(&map.into()))
}

pub(super) fn shown(element: &str) -> String {
    match element.split_once(':') {
        Some(("f", name)) => format!(".{name}"),
        Some(("v", text)) => format!("[={text}]"),
        Some(("k", text)) => {
            let keys = gatehouse_model::json::parse(text).unwrap_or_default();
            let parts: Vec<String> = keys
                .entries()
                .iter()
                .map(|(k, v)| format!("{k}={}", gatehouse_model::json::print(v)))
                .collect();
            format!("[{}]", parts.join(","))
        }
        _ => format!("[{element}]"),
    }
}
