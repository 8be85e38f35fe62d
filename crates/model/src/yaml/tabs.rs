//! Tabs where go-yaml refuses them: at the head of a line in block context. The parser beneath is more lenient.
//!
//! Models the white space rules of go-yaml `scannerc.go`: `yaml_parser_scan_to_next_token` and
//! `yaml_parser_scan_plain_scalar`.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

/// A refused tab.
pub(super) struct Tab {
    /// The byte of the tab in the chunk.
    pub(super) offset: usize,
    /// Its line, from 0.
    pub(super) line: usize,
    /// Go's words.
    pub(super) problem: &'static str,
}

/// A plain scalar goes on behind a tab.
pub(super) const IN_PLAIN_SCALAR: &str = "found a tab character that violates indentation";

/// What of the parser's events the rule needs.
#[derive(Default)]
struct Layout {
    scalars: Vec<(Range<usize>, ScalarStyle, usize)>,
    flows: Vec<Range<usize>>,
}

fn layout(text: &str) -> Layout {
    let mut out = Layout::default();
    // Column of the block collections around, and for flow collections where they begin.
    let mut open: Vec<(Option<usize>, usize)> = Vec::new();
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { break };
        let Some(range) = span.byte_range() else { break };
        match event {
            Event::SequenceStart(style, ..) | Event::MappingStart(style, ..) => {
                let column = matches!(style, StructureStyle::Block).then(|| span.start.col());
                open.push((column, range.start));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((None, start)) = open.pop() {
                    out.flows.push(start..range.end);
                }
            }
            Event::Scalar(_, style, ..) => {
                let indent = open.iter().rev().find_map(|(column, _)| *column).map_or(0, |c| c + 1);
                out.scalars.push((range, style, indent));
            }
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    // A flow collection that was never closed reaches to the end.
    out.flows.extend(open.iter().filter(|(column, _)| column.is_none()).map(|(_, start)| *start..text.len()));
    out
}

/// The first refused tab, if the text has one.
pub(super) fn refused(text: &str) -> Option<Tab> {
    let mut heads = Vec::new();
    let mut at = 0;
    for (line, content) in text.split_inclusive('\n').enumerate() {
        let spaces = content.len() - content.trim_start_matches(' ').len();
        if content.get(spaces..).is_some_and(|rest| rest.starts_with('\t')) {
            heads.push((at + spaces, line, spaces));
        }
        at += content.len();
    }
    if heads.is_empty() {
        return None;
    }
    let layout = layout(text);
    heads.into_iter().find_map(|(offset, line, spaces)| {
        let inside = layout.scalars.iter().find(|(range, ..)| range.start < offset && offset < range.end);
        if matches!(inside, Some((_, style, _)) if !matches!(style, ScalarStyle::Plain)) {
            return None;
        }
        if layout.flows.iter().any(|f| f.contains(&offset)) {
            return None;
        }
        // The scalar that the tab continues, or that was looked for beyond its line.
        let plain = inside.or_else(|| {
            let before = layout.scalars.iter().rev().find(|(range, ..)| range.end <= offset)?;
            text.get(before.0.end..offset)?.trim().is_empty().then_some(before)
        });
        match plain {
            Some((_, ScalarStyle::Plain, indent)) => {
                (spaces < *indent).then_some(Tab { offset, line, problem: IN_PLAIN_SCALAR })
            }
            _ => Some(Tab { offset, line, problem: "found character that cannot start any token" }),
        }
    })
}
