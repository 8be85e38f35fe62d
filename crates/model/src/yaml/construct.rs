//! Makes the tree of values: follows aliases, merges, and turns what JSON cannot hold into what it can.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::Document;
use super::compose::{Id, Kind, Node, Tree, compose};
use super::error::YamlError;
use super::resolve::{Scalar, plain};
use super::source::{Duplicate, Place, SourceMap, Span};
use super::split::Chunk;
use crate::value::{Map, Value};

/// The document in this chunk.
pub(super) fn document(chunk: &Chunk<'_>) -> Result<Document, YamlError> {
    let tree = compose(chunk)?;
    let mut c = Constructor {
        tree: &tree,
        following: Vec::new(),
        alias_depth: 0,
        visits: 0,
        alias_visits: 0,
        source: SourceMap::default(),
        duplicates: Vec::new(),
    };
    let value = match tree.nodes.first() {
        Some(root) => c.value(0, root, "", None)?,
        None => Value::Null,
    };
    Ok(Document {
        value,
        source: c.source,
        range: chunk.start..chunk.start + chunk.text.len(),
        first_line: chunk.first_line,
        duplicates: c.duplicates,
    })
}

struct Constructor<'a> {
    tree: &'a Tree,
    /// The aliases being followed and the maps being read, innermost last: none of them may contain itself.
    following: Vec<Id>,
    /// How many of them are aliases.
    alias_depth: usize,
    visits: usize,
    alias_visits: usize,
    source: SourceMap,
    duplicates: Vec<Duplicate>,
}

/// Up to so many visits nearly all of them may stem from aliases, from the second number on a tenth.
const ALIAS_RANGE: (usize, usize) = (400_000, 4_000_000);
/// Places are kept of so many nodes that aliases repeat.
const ALIAS_PLACES: usize = 10_000;
/// And of so many nodes in all.
const PLACES: usize = 200_000;

/// The share of visits that may stem from aliases.
#[expect(clippy::cast_precision_loss, reason = "counts of nodes in one text")]
fn allowed_ratio(visits: usize) -> f64 {
    match visits {
        n if n <= ALIAS_RANGE.0 => 0.99,
        n if n >= ALIAS_RANGE.1 => 0.10,
        n => 0.99 - 0.89 * ((n - ALIAS_RANGE.0) as f64 / (ALIAS_RANGE.1 - ALIAS_RANGE.0) as f64),
    }
}

/// A map while it is read, however large it grows.
#[derive(Default)]
struct Pairs {
    list: Vec<(Arc<str>, Value)>,
    places: BTreeMap<Arc<str>, usize>,
}

impl Pairs {
    /// Sets a key and says where it stands.
    fn put(&mut self, key: String, value: Value) -> usize {
        if let Some(place) = self.places.get(key.as_str()).copied() {
            if let Some(pair) = self.list.get_mut(place) {
                pair.1 = value;
            }
            return place;
        }
        let key: Arc<str> = key.into();
        self.places.insert(key.clone(), self.list.len());
        self.list.push((key, value));
        self.list.len() - 1
    }
}

fn fail(problem: &str, at: &Span) -> YamlError {
    YamlError::meaning(problem, at.line, at.column, at.range.start)
}

impl<'a> Constructor<'a> {
    fn node(&self, id: Id) -> Option<&'a Node> {
        self.tree.nodes.get(id)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of nodes in one text")]
    fn visit(&mut self, at: &Span) -> Result<(), YamlError> {
        self.visits += 1;
        if self.alias_depth > 0 {
            self.alias_visits += 1;
        }
        let ratio = self.alias_visits as f64 / self.visits as f64;
        if self.alias_visits > 100 && self.visits > 1000 && ratio > allowed_ratio(self.visits) {
            return Err(fail("yaml: document contains excessive aliasing", at));
        }
        Ok(())
    }

    /// Calls `then` with the node an alias leads to, or with the node itself.
    fn followed<T>(
        &mut self,
        id: Id,
        node: &'a Node,
        then: impl FnOnce(&mut Self, Id, &'a Node) -> Result<T, YamlError>,
    ) -> Result<T, YamlError> {
        let Kind::Alias { name, target } = &node.kind else { return then(self, id, node) };
        self.visit(&node.span)?;
        let Some(to) = self.node(*target).filter(|_| !self.following.contains(target)) else {
            return Err(fail(&format!("yaml: anchor '{name}' value contains itself"), &node.span));
        };
        self.following.push(*target);
        self.alias_depth += 1;
        let result = self.followed(*target, to, then);
        self.alias_depth -= 1;
        self.following.pop();
        result
    }

    fn value(&mut self, id: Id, node: &'a Node, path: &str, key: Option<&Span>) -> Result<Value, YamlError> {
        if self.alias_visits < ALIAS_PLACES && self.visits < PLACES {
            let place = Place { key: key.cloned(), value: node.span.clone() };
            self.source.insert(path.to_owned(), place);
        }
        self.followed(id, node, |this, id, node| {
            this.visit(&node.span)?;
            match &node.kind {
                Kind::Scalar { text, .. } if node.tag.as_deref() == Some("!!binary") => {
                    binary(text, &node.span)
                }
                Kind::Scalar { text, plain } => scalar(node, text, *plain)?.value(text, &node.span),
                Kind::Sequence(items) => {
                    let mut list = Vec::with_capacity(items.len());
                    for (i, item) in items.iter().enumerate() {
                        let Some(child) = this.node(*item) else { continue };
                        list.push(this.value(*item, child, &format!("{path}[{i}]"), None)?);
                    }
                    Ok(Value::from(list))
                }
                Kind::Mapping(_) => {
                    let mut pairs = Pairs::default();
                    this.following.push(id);
                    let done = this.mapping(node, path, &mut pairs);
                    this.following.pop();
                    done.map(|()| Value::from(Map::of(pairs.list)))
                }
                Kind::Alias { .. } => Ok(Value::Null),
            }
        })
    }

    fn mapping(&mut self, node: &'a Node, path: &str, map: &mut Pairs) -> Result<(), YamlError> {
        let Kind::Mapping(pairs) = &node.kind else { return Ok(()) };
        // Which places of the map this mapping has written itself.
        let mut own: Vec<bool> = Vec::new();
        for (key_id, value_id) in pairs {
            let (Some(key_node), Some(value_node)) = (self.node(*key_id), self.node(*value_id)) else {
                continue;
            };
            if let Kind::Scalar { text, plain: true } = &key_node.kind
                && text == "<<"
                && key_node.tag.as_deref().is_none_or(|t| t == "!!merge")
            {
                self.merge(*value_id, value_node, path, map)?;
                continue;
            }
            let key = self.followed(*key_id, key_node, |this, id, node| this.key(id, node, value_node))?;
            let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let known = map.places.get(key.as_str()).copied();
            if let Some(place) = known {
                let lost = self.source.get(&inner).cloned();
                self.source.forget(&inner);
                if let Some(lost) = lost
                    && own.get(place) == Some(&true)
                {
                    let kept = key_node.span.clone();
                    self.duplicates.push(Duplicate { path: inner.clone(), lost, kept });
                }
            }
            let value = self.value(*value_id, value_node, &inner, Some(&key_node.span))?;
            let place = map.put(key, value);
            own.resize(own.len().max(place + 1), false);
            if let Some(own) = own.get_mut(place) {
                *own = true;
            }
        }
        Ok(())
    }

    fn merge(&mut self, id: Id, node: &'a Node, path: &str, map: &mut Pairs) -> Result<(), YamlError> {
        let sources = match &node.kind {
            // Earlier maps win, so they are laid over the later ones.
            Kind::Sequence(items) => items.iter().rev().copied().collect(),
            _ => vec![id],
        };
        for id in sources {
            let Some(node) = self.node(id) else { continue };
            self.followed(id, node, |this, _, node| {
                this.visit(&node.span)?;
                if matches!(node.kind, Kind::Mapping(_)) {
                    this.mapping(node, path, map)
                } else {
                    let problem = "yaml: map merge requires map or sequence of maps as the value";
                    Err(fail(problem, &node.span))
                }
            })?;
        }
        Ok(())
    }

    /// The key as a string, as JSON needs it.
    fn key(&mut self, id: Id, node: &'a Node, value: &'a Node) -> Result<String, YamlError> {
        self.visit(&node.span)?;
        let Kind::Scalar { text, plain } = &node.kind else {
            let problem = format!("yaml: invalid map key: {}", self.go_syntax(id, 0));
            return Err(fail(&problem, &node.span));
        };
        Ok(match scalar(node, text, *plain)? {
            Scalar::Str | Scalar::Merge | Scalar::Timestamp => text.clone(),
            Scalar::Bool(b) => b.to_string(),
            Scalar::Int(i) => i.to_string(),
            Scalar::Float(f) => super::emit::float32(f),
            Scalar::Null => {
                let shown = match &value.kind {
                    Kind::Scalar { text, .. } => crate::json::go_quote(text),
                    _ => "map[interface {}]interface {}{}".to_owned(),
                };
                let problem = format!("unsupported map key of type: %!s(<nil>), key: <nil>, value: {shown}");
                return Err(fail(&problem, &node.span));
            }
            Scalar::Big(n) => {
                let problem = format!("unsupported map key of type: uint64, key: 0x{n:x}, value: <nil>");
                return Err(fail(&problem, &node.span));
            }
        })
    }

    /// A node as Go's `%#v` prints what it decodes to. Seen where a template was not filled in: `{{ .Values }}`.
    fn go_syntax(&self, id: Id, depth: usize) -> String {
        let Some(node) = self.node(id).filter(|_| depth < 20) else { return String::new() };
        match &node.kind {
            Kind::Scalar { text, plain } => match scalar(node, text, *plain) {
                Ok(Scalar::Null) => "interface {}(nil)".to_owned(),
                Ok(Scalar::Bool(b)) => b.to_string(),
                Ok(Scalar::Int(i)) => i.to_string(),
                Ok(Scalar::Float(f)) => super::emit::float64(f),
                _ => crate::json::go_quote(text),
            },
            Kind::Sequence(items) => {
                let items: Vec<_> = items.iter().map(|i| self.go_syntax(*i, depth + 1)).collect();
                format!("[]interface {{}}{{{}}}", items.join(", "))
            }
            Kind::Mapping(pairs) => {
                let mut out = String::from("map[interface {}]interface {}{");
                for (i, (k, v)) in pairs.iter().enumerate() {
                    let comma = if i > 0 { ", " } else { "" };
                    let (k, v) = (self.go_syntax(*k, depth + 1), self.go_syntax(*v, depth + 1));
                    let _ = write!(out, "{comma}{k}:{v}");
                }
                out.push('}');
                out
            }
            Kind::Alias { target, .. } => self.go_syntax(*target, depth + 1),
        }
    }
}

/// What a scalar means, its tag considered.
fn scalar(node: &Node, text: &str, is_plain: bool) -> Result<Scalar, YamlError> {
    let resolved = if is_plain || node.tag.is_some() { plain(text) } else { Scalar::Str };
    let Some(tag) = node.tag.as_deref() else { return Ok(resolved) };
    match (tag, resolved) {
        ("!!float", Scalar::Int(i)) =>
        {
            #[expect(clippy::cast_precision_loss, reason = "a float was asked for")]
            Ok(Scalar::Float(i as f64))
        }
        ("!!bool" | "!!int" | "!!float" | "!!null" | "!!timestamp", r) if r.tag() == tag => Ok(r),
        ("!!bool" | "!!int" | "!!float" | "!!null" | "!!timestamp", r) => {
            Err(fail(&format!("yaml: cannot decode {} `{text}` as a {tag}", r.tag()), &node.span))
        }
        _ => Ok(Scalar::Str),
    }
}

/// `!!binary`: base64, line breaks allowed.
fn binary(text: &str, at: &Span) -> Result<Value, YamlError> {
    let bytes = crate::base64::decode(text)
        .map_err(|_| fail("yaml: !!binary value contains invalid base64 data", at))?;
    Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned()))
}

impl Scalar {
    /// The value after a passage through JSON, in which whole floats become integers.
    fn value(self, text: &str, at: &Span) -> Result<Value, YamlError> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(b),
            Self::Int(i) => Value::Int(i),
            #[expect(clippy::cast_precision_loss, reason = "as the server reads such a number")]
            Self::Big(n) => Value::Float(n as f64),
            Self::Float(f) if !f.is_finite() => {
                let shown = if f.is_nan() {
                    "NaN"
                } else if f > 0.0 {
                    "+Inf"
                } else {
                    "-Inf"
                };
                return Err(fail(&format!("json: unsupported value: {shown}"), at));
            }
            Self::Float(f) => {
                crate::json::parse(&crate::json::print(&Value::Float(f))).unwrap_or(Value::Float(f))
            }
            Self::Timestamp | Self::Merge | Self::Str => Value::from(text),
        })
    }
}
