//! The tree every API object is held in.
//!
//! Cheap to clone (maps, lists and strings are shared until changed) and ordered: a map iterates by key, as
//! Go's encoders print `map[string]interface{}`. Positions in the learner's text are kept beside the tree
//! (see `yaml`), never in it, so that equality means equality of content.

use std::sync::Arc;

/// A JSON value. Integers and floats are apart, as in the API server's unstructured converter.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// JSON `null`.
    #[default]
    Null,
    /// JSON `true` or `false`.
    Bool(bool),
    /// A number without fraction that fits 64 bits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Str(Arc<str>),
    /// An array.
    List(Arc<Vec<Value>>),
    /// An object.
    Map(Arc<Map>),
}

/// A map with string keys, iterated in byte order of the keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    entries: Vec<(Arc<str>, Value)>,
}

impl Map {
    /// An empty map.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    fn position(&self, key: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|(k, _)| (**k).cmp(key))
    }

    /// The value under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.position(key).ok().and_then(|i| self.entries.get(i)).map(|(_, v)| v)
    }

    /// The value under `key`, to be changed in place.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let i = self.position(key).ok()?;
        self.entries.get_mut(i).map(|(_, v)| v)
    }

    /// Whether there is an entry for `key`, null or not.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_ok()
    }

    /// Sets `key` and gives back what stood there.
    pub fn insert(&mut self, key: impl Into<Arc<str>>, value: impl Into<Value>) -> Option<Value> {
        let key = key.into();
        let value = value.into();
        match self.position(&key) {
            Ok(i) => self.entries.get_mut(i).map(|(_, v)| std::mem::replace(v, value)),
            Err(i) => {
                self.entries.insert(i, (key, value));
                None
            }
        }
    }

    /// A map of these, however many; of a repeated key the last one counts.
    #[must_use]
    pub fn of(mut pairs: Vec<(Arc<str>, Value)>) -> Self {
        crate::order::by(&mut pairs, |a, b| a.0.cmp(&b.0));
        // Of equals the last comes last, and stays.
        pairs.reverse();
        pairs.dedup_by(|later, kept| later.0 == kept.0);
        pairs.reverse();
        Self { entries: pairs }
    }

    /// Removes `key` and gives back what stood there.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.position(key).ok().map(|i| self.entries.remove(i).1)
    }

    /// The value under `key`, made null first where there is none.
    #[expect(clippy::indexing_slicing, reason = "the position was just found or made")]
    pub fn entry(&mut self, key: &str) -> &mut Value {
        let i = match self.position(key) {
            Ok(i) => i,
            Err(i) => {
                self.entries.insert(i, (key.into(), Value::Null));
                i
            }
        };
        &mut self.entries[i].1
    }

    /// Keeps the entries for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        self.entries.retain_mut(|(k, v)| keep(k, v));
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries, by key.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Value)> + ExactSizeIterator {
        self.entries.iter().map(|(k, v)| (&**k, v))
    }

    /// The entries, by key, values to be changed in place.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.entries.iter_mut().map(|(k, v)| (&**k, v))
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.entries.iter().map(|(k, _)| &**k)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.entries.iter().map(|(_, v)| v)
    }
}

impl<K: Into<Arc<str>>, V: Into<Value>> FromIterator<(K, V)> for Map {
    /// Collects entries; of a repeated key the last one wins.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        let mut map = Self::new();
        for (k, v) in iter {
            map.insert(k, v);
        }
        map
    }
}

static EMPTY_MAP: Map = Map::new();

impl Value {
    /// An empty object.
    #[must_use]
    pub fn map() -> Self {
        Self::Map(Arc::new(Map::new()))
    }

    /// An empty array.
    #[must_use]
    pub fn list() -> Self {
        Self::List(Arc::new(Vec::new()))
    }

    /// Whether this is JSON `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Str(s) = self { Some(s) } else { None }
    }

    /// The integer, if it is one.
    #[must_use]
    pub const fn as_i64(&self) -> Option<i64> {
        if let Self::Int(i) = self { Some(*i) } else { None }
    }

    /// The number as a float, if it is one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "JSON numbers are floats to whoever asks for one")]
    pub const fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(i) => Some(*i as f64),
            Self::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// The boolean, if it is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(b) = self { Some(*b) } else { None }
    }

    /// The map, if it is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        if let Self::Map(m) = self { Some(m) } else { None }
    }

    /// The array's elements, if it is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Self::List(l) = self { Some(l) } else { None }
    }

    /// The array's elements, or none at all.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        self.as_list().unwrap_or(&[])
    }

    /// The map, or an empty one.
    #[must_use]
    pub fn entries(&self) -> &Map {
        self.as_map().unwrap_or(&EMPTY_MAP)
    }

    /// The member under `key`, if this is an object that has one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map().and_then(|m| m.get(key))
    }

    /// The descendant under `path`, members only.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |v, key| v.get(key))
    }

    /// The string under `path`; empty where there is none, as Go's zero value.
    #[must_use]
    pub fn str_at(&self, path: &[&str]) -> &str {
        self.at(path).and_then(Self::as_str).unwrap_or("")
    }

    /// The integer under `path`.
    #[must_use]
    pub fn i64_at(&self, path: &[&str]) -> Option<i64> {
        self.at(path).and_then(Self::as_i64)
    }

    /// The boolean under `path`.
    #[must_use]
    pub fn bool_at(&self, path: &[&str]) -> Option<bool> {
        self.at(path).and_then(Self::as_bool)
    }

    /// The elements of the array under `path`; none where there is none.
    #[must_use]
    pub fn list_at(&self, path: &[&str]) -> &[Value] {
        self.at(path).map_or(&[], Self::items)
    }

    /// The map under `path`; empty where there is none.
    #[must_use]
    pub fn map_at(&self, path: &[&str]) -> &Map {
        self.at(path).map_or(&EMPTY_MAP, Self::entries)
    }

    /// The map, to be changed; anything else becomes an empty one first.
    #[expect(clippy::unreachable, reason = "made a map in the line before")]
    pub fn make_map(&mut self) -> &mut Map {
        if !matches!(self, Self::Map(_)) {
            *self = Self::map();
        }
        match self {
            Self::Map(m) => Arc::make_mut(m),
            _ => unreachable!("made a map above"),
        }
    }

    /// The array, to be changed; anything else becomes an empty one first.
    #[expect(clippy::unreachable, reason = "made a list in the line before")]
    pub fn make_list(&mut self) -> &mut Vec<Value> {
        if !matches!(self, Self::List(_)) {
            *self = Self::list();
        }
        match self {
            Self::List(l) => Arc::make_mut(l),
            _ => unreachable!("made a list above"),
        }
    }

    /// The descendant under `path`, to be changed; objects are made on the way, the last one null.
    pub fn entry_at(&mut self, path: &[&str]) -> &mut Value {
        path.iter().fold(self, |v, key| v.make_map().entry(key))
    }

    /// Sets the descendant under `path`, making objects on the way.
    pub fn set(&mut self, path: &[&str], value: impl Into<Value>) {
        *self.entry_at(path) = value.into();
    }

    /// Removes the descendant under `path`, leaving its parents.
    pub fn remove(&mut self, path: &[&str]) -> Option<Value> {
        let (last, parents) = path.split_last()?;
        self.at(parents)?.get(last)?;
        self.entry_at(parents).make_map().remove(last)
    }

    /// The descendant under `path`, to be changed, if there is one.
    pub fn at_mut(&mut self, path: &[&str]) -> Option<&mut Value> {
        self.at(path)?;
        Some(self.entry_at(path))
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Self::Str(s.into())
    }
}
impl From<String> for Value {
    fn from(s: String) -> Self {
        Self::Str(s.into())
    }
}
impl From<&String> for Value {
    fn from(s: &String) -> Self {
        Self::Str(s.as_str().into())
    }
}
impl From<Arc<str>> for Value {
    fn from(s: Arc<str>) -> Self {
        Self::Str(s)
    }
}
impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}
impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Self::Int(i)
    }
}
impl From<i32> for Value {
    fn from(i: i32) -> Self {
        Self::Int(i.into())
    }
}
impl From<f64> for Value {
    fn from(f: f64) -> Self {
        Self::Float(f)
    }
}
impl From<Map> for Value {
    fn from(m: Map) -> Self {
        Self::Map(Arc::new(m))
    }
}
impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(l: Vec<T>) -> Self {
        Self::List(Arc::new(l.into_iter().map(Into::into).collect()))
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(o: Option<T>) -> Self {
        o.map_or(Self::Null, Into::into)
    }
}
impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        Self::List(Arc::new(iter.into_iter().map(Into::into).collect()))
    }
}

/// Builds a [`Value`] from JSON-like syntax: `json!({"kind": "Pod", "spec": {"hostPID": true}, "x": (expr)})`.
/// Keys are literals or parenthesised expressions; a value is a literal, a list, an object or any expression
/// that converts into a [`Value`].
#[macro_export]
macro_rules! json {
    (null) => { $crate::Value::Null };
    ([ $($tt:tt)* ]) => { $crate::Value::List(::std::sync::Arc::new($crate::json_list!([] $($tt)*))) };
    ({}) => { $crate::Value::map() };
    ({ $($tt:tt)* }) => {{
        let mut map = $crate::Map::new();
        $crate::json_map!(map $($tt)*);
        $crate::Value::Map(::std::sync::Arc::new(map))
    }};
    ($other:expr) => { $crate::Value::from($other) };
}

/// Elements of a [`json!`] list.
#[doc(hidden)]
#[macro_export]
macro_rules! json_list {
    ([$($done:expr,)*]) => { vec![$($done,)*] };
    ([$($done:expr,)*] null $(, $($rest:tt)*)?) => { $crate::json_list!([$($done,)* $crate::Value::Null,] $($($rest)*)?) };
    ([$($done:expr,)*] {$($map:tt)*} $(, $($rest:tt)*)?) => { $crate::json_list!([$($done,)* $crate::json!({$($map)*}),] $($($rest)*)?) };
    ([$($done:expr,)*] [$($list:tt)*] $(, $($rest:tt)*)?) => { $crate::json_list!([$($done,)* $crate::json!([$($list)*]),] $($($rest)*)?) };
    ([$($done:expr,)*] $next:expr $(, $($rest:tt)*)?) => { $crate::json_list!([$($done,)* $crate::json!($next),] $($($rest)*)?) };
}

/// Members of a [`json!`] object.
#[doc(hidden)]
#[macro_export]
macro_rules! json_map {
    ($map:ident) => {};
    ($map:ident $key:tt : null $(, $($rest:tt)*)?) => { $map.insert($key, $crate::Value::Null); $crate::json_map!($map $($($rest)*)?); };
    ($map:ident $key:tt : {$($inner:tt)*} $(, $($rest:tt)*)?) => { $map.insert($key, $crate::json!({$($inner)*})); $crate::json_map!($map $($($rest)*)?); };
    ($map:ident $key:tt : [$($inner:tt)*] $(, $($rest:tt)*)?) => { $map.insert($key, $crate::json!([$($inner)*])); $crate::json_map!($map $($($rest)*)?); };
    ($map:ident $key:tt : $value:expr $(, $($rest:tt)*)?) => { $map.insert($key, $crate::Value::from($value)); $crate::json_map!($map $($($rest)*)?); };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_reads_and_changes() {
        let name = String::from("web");
        let mut v = json!({"kind": "Pod", "metadata": {"name": name, "labels": {}}, "list": [1, "a", null, {"b": true}, [2]]});
        assert_eq!(v.str_at(&["metadata", "name"]), "web");
        assert_eq!(v.list_at(&["list"]).len(), 5);
        let before = v.clone();
        v.set(&["spec", "hostPID"], true);
        assert_eq!(v.bool_at(&["spec", "hostPID"]), Some(true));
        assert_eq!(before.at(&["spec"]), None);
        assert_eq!(v.remove(&["spec", "hostPID"]), Some(Value::Bool(true)));
        assert_eq!(v.remove(&["nope", "x"]), None);
        assert_eq!(v.entries().keys().collect::<Vec<_>>(), ["kind", "list", "metadata", "spec"]);
    }
}
