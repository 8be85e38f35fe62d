//! Label selectors answered with sets: every label is looked up once, whatever the number of policies.

use std::collections::BTreeMap;

use gatehouse_model::{Map, Value};

use super::bits::Bits;

/// Which of a list of things carries which label.
#[derive(Clone, Debug)]
pub(super) struct LabelIndex {
    size: usize,
    by_key: BTreeMap<String, (Bits, BTreeMap<String, Bits>)>,
}

impl LabelIndex {
    pub(super) fn new<'a>(things: impl ExactSizeIterator<Item = &'a Map>) -> Self {
        let size = things.len();
        let mut by_key: BTreeMap<String, (Bits, BTreeMap<String, Bits>)> = BTreeMap::new();
        for (i, labels) in things.enumerate() {
            for (key, value) in labels.iter() {
                let value = value.as_str().unwrap_or_default();
                if !by_key.contains_key(key) {
                    by_key.insert(key.to_owned(), (Bits::none(size), BTreeMap::new()));
                }
                let Some((any, values)) = by_key.get_mut(key) else { continue };
                any.insert(i);
                if !values.contains_key(value) {
                    values.insert(value.to_owned(), Bits::none(size));
                }
                if let Some(bits) = values.get_mut(value) {
                    bits.insert(i);
                }
            }
        }
        Self { size, by_key }
    }

    fn any_of<'v>(&self, key: &str, values: impl Iterator<Item = &'v str>) -> Bits {
        let mut found = Bits::none(self.size);
        if let Some((_, by_value)) = self.by_key.get(key) {
            for value in values {
                if let Some(bits) = by_value.get(value) {
                    found.union(bits);
                }
            }
        }
        found
    }

    /// The things a `LabelSelector` selects. An empty selector selects all; an unknown operator nothing.
    /// `NotIn` and `DoesNotExist` match what lacks the key; an empty value still needs the key.
    pub(super) fn select(&self, selector: &Value) -> Bits {
        let mut found = Bits::all(self.size);
        for (key, value) in selector.map_at(&["matchLabels"]).iter() {
            found.intersect(&self.any_of(key, value.as_str().into_iter()));
        }
        for expression in selector.list_at(&["matchExpressions"]) {
            let key = expression.str_at(&["key"]);
            let values = || expression.list_at(&["values"]).iter().filter_map(Value::as_str);
            let exists =
                || self.by_key.get(key).map_or_else(|| Bits::none(self.size), |(any, _)| any.clone());
            match expression.str_at(&["operator"]) {
                "In" => found.intersect(&self.any_of(key, values())),
                "NotIn" => found.subtract(&self.any_of(key, values())),
                "Exists" => found.intersect(&exists()),
                "DoesNotExist" => found.subtract(&exists()),
                _ => return Bits::none(self.size),
            }
        }
        found
    }
}
