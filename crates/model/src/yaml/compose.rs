//! Puts the parser's events together to a tree of nodes, aliases not yet followed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, Tag};

use super::error::YamlError;
use super::source::Span;
use super::split::Chunk;
use super::tabs::{IN_PLAIN_SCALAR, Tab};

/// The index of a node in its [`Tree`].
pub(super) type Id = usize;

pub(super) enum Kind {
    /// `plain` where neither quotes nor a block say that it is a string.
    Scalar {
        text: String,
        plain: bool,
    },
    Sequence(Vec<Id>),
    Mapping(Vec<(Id, Id)>),
    Alias {
        name: String,
        target: Id,
    },
}

pub(super) struct Node {
    pub(super) kind: Kind,
    /// The tag, `!!` for YAML's own.
    pub(super) tag: Option<String>,
    pub(super) span: Span,
}

/// The nodes of one document, the root first.
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

struct Open {
    id: Id,
    /// The key that waits for its value, in a mapping.
    key: Option<Id>,
}

const YAML_TAGS: &str = "tag:yaml.org,2002:";

fn tag_name(tag: Option<Cow<'_, Tag>>) -> Option<String> {
    let tag = tag?;
    match (tag.handle(), tag.suffix()) {
        (YAML_TAGS, suffix) => Some(format!("!!{suffix}")),
        ("!", "") | ("", "!") => None,
        (handle, suffix) => Some(format!("{handle}{suffix}")),
    }
}

/// Reads the first document of a chunk; what follows its end is not looked at.
pub(super) fn compose(chunk: &Chunk<'_>) -> Result<Tree, YamlError> {
    if let Some((at, _)) = chunk.text.char_indices().find(|(_, c)| !is_readable(*c)) {
        return Err(YamlError::meaning(
            "yaml: control characters are not allowed",
            chunk.first_line,
            1,
            chunk.start + at,
        ));
    }
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
    };
    let tab = super::tabs::refused(chunk.text);
    let mut tree = Tree { nodes: Vec::new() };
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: BTreeMap<usize, (String, Id)> = BTreeMap::new();
    let mut named: Vec<(usize, String)> = Vec::new();
    let mut last = 0;
    for event in Parser::new_from_str_with_options(chunk.text, options) {
        let (event, span) = event.map_err(|e| match &tab {
            Some(tab) if matches!(e.kind(), ErrorKind::TabInPlainScalar) => {
                YamlError::tab(chunk, &Tab { problem: IN_PLAIN_SCALAR, ..*tab })
            }
            Some(tab) if tab.line <= e.marker().line() => YamlError::tab(chunk, tab),
            _ => YamlError::form(chunk, &e),
        })?;
        let here = place(chunk, &span);
        let (kind, tag, anchor) = match event {
            Event::DocumentEnd | Event::StreamEnd => break,
            Event::Scalar(text, style, anchor, tag) => {
                let plain = matches!(style, ScalarStyle::Plain);
                (Kind::Scalar { text: text.into_owned(), plain }, tag_name(tag), anchor)
            }
            Event::SequenceStart(_, anchor, tag) => (Kind::Sequence(Vec::new()), tag_name(tag), anchor),
            Event::MappingStart(_, anchor, tag) => (Kind::Mapping(Vec::new()), tag_name(tag), anchor),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(done) = open.pop()
                    && let Some(node) = tree.nodes.get_mut(done.id)
                {
                    node.span.range.end = here.range.end.max(node.span.range.end);
                }
                continue;
            }
            Event::Anchor(id, name) => {
                named.push((id, name.into_owned()));
                anchors.entry(id).or_insert((String::new(), last));
                continue;
            }
            Event::Alias(id) => {
                let name = named.iter().rev().find(|(n, _)| *n == id).map(|(_, n)| n.clone());
                let target = anchors.get(&id).map_or(0, |(_, t)| *t);
                (Kind::Alias { name: name.unwrap_or_default(), target }, None, 0)
            }
            Event::UnresolvedAlias(name) => {
                let problem = format!("yaml: unknown anchor '{name}' referenced");
                return Err(YamlError::meaning(&problem, here.line, here.column, here.range.start));
            }
            _ => continue,
        };
        last = tree.nodes.len();
        if anchor != 0 {
            anchors.insert(anchor, (String::new(), last));
        }
        let opens = matches!(kind, Kind::Sequence(_) | Kind::Mapping(_));
        tree.nodes.push(Node { kind, tag, span: here });
        if let Some(parent) = open.last_mut()
            && let Some(node) = tree.nodes.get_mut(parent.id)
        {
            match &mut node.kind {
                Kind::Sequence(items) => items.push(last),
                Kind::Mapping(pairs) => match parent.key.take() {
                    Some(key) => pairs.push((key, last)),
                    None => parent.key = Some(last),
                },
                Kind::Scalar { .. } | Kind::Alias { .. } => {}
            }
        }
        if opens {
            open.push(Open { id: last, key: None });
        }
    }
    tab.map_or(Ok(tree), |tab| Err(YamlError::tab(chunk, &tab)))
}

/// Whether go-yaml's reader lets the character pass.
const fn is_readable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn place(chunk: &Chunk<'_>, span: &granit_parser::Span) -> Span {
    let range = span.byte_range().unwrap_or(0..0);
    Span {
        line: chunk.first_line + span.start.line().saturating_sub(1),
        column: span.start.col() + 1,
        range: chunk.start + range.start..chunk.start + range.end,
    }
}
