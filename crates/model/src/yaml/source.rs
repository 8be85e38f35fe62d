//! The way back from a field to the text that set it.

use std::collections::BTreeMap;
use std::ops::Range;

/// A stretch of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The line it begins on, from 1.
    pub line: usize,
    /// The column it begins at, from 1, in characters.
    pub column: usize,
    /// Its bytes in the whole text.
    pub range: Range<usize>,
}

/// Where a field's key and value stand. Elements of lists have no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The key, where there is one.
    pub key: Option<Span>,
    /// The value.
    pub value: Span,
}

/// A key written more than once in one mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The path of the field.
    pub path: String,
    /// The value that was lost.
    pub lost: Place,
    /// The key that won.
    pub kept: Span,
}

/// From field paths to places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceMap {
    places: BTreeMap<String, Place>,
}

impl SourceMap {
    /// The place of exactly this field. Paths are written as [`crate::FieldPath`] prints them; `labels[app]`
    /// and `labels.app` are the same field. The empty path is the document.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Place> {
        self.places.get(path).or_else(|| self.places.get(&canonical(path)))
    }

    /// The place of this field, or of the nearest field around it that the text has: where to point when a
    /// required field is missing.
    #[must_use]
    pub fn nearest(&self, path: &str) -> Option<&Place> {
        let path = canonical(path);
        let mut end = path.len();
        loop {
            let prefix = path.get(..end)?;
            if let Some(place) = self.places.get(prefix) {
                return Some(place);
            }
            end = prefix.rfind(['.', '[']).unwrap_or(0);
            if prefix.is_empty() {
                return None;
            }
        }
    }

    /// The innermost field whose key or value holds this byte of the text.
    #[must_use]
    pub fn field_at(&self, offset: usize) -> Option<&str> {
        let holds = |s: &Span| s.range.contains(&offset) || s.range.end == offset;
        self.places
            .iter()
            .filter(|(_, p)| holds(&p.value) || p.key.as_ref().is_some_and(holds))
            .min_by_key(|(path, p)| (p.value.range.len(), std::cmp::Reverse(path.len())))
            .map(|(path, _)| path.as_str())
    }

    /// All fields and their places, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Place)> {
        self.places.iter().map(|(p, place)| (p.as_str(), place))
    }

    pub(super) fn insert(&mut self, path: String, place: Place) -> Option<Place> {
        self.places.insert(path, place)
    }

    /// Forgets a field and everything below it.
    pub(super) fn forget(&mut self, path: &str) {
        self.places.retain(|p, _| {
            p.strip_prefix(path).is_none_or(|rest| !(rest.is_empty() || rest.starts_with(['.', '['])))
        });
    }
}

/// Writes `a[key]` as `a.key`; indices stay.
fn canonical(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, inside)) = rest.split_once('[') {
        out.push_str(before);
        let Some((key, after)) = inside.split_once(']') else {
            out.push('[');
            rest = inside;
            continue;
        };
        if !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit()) {
            out.push('[');
            out.push_str(key);
            out.push(']');
        } else {
            out.push('.');
            out.push_str(key);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}
