//! Parts a text into documents by lines that begin with `---`, before any of it is understood as YAML.

use super::error::YamlError;

/// The lines of one document.
pub(super) struct Chunk<'a> {
    pub(super) text: &'a str,
    /// The byte of the whole text at which the chunk begins.
    pub(super) start: usize,
    /// Its first line, counted from 1.
    pub(super) first_line: usize,
}

const SEPARATOR: &str = "---";

/// The documents in order; empty ones are left out.
pub(super) fn split(text: &str) -> Vec<Result<Chunk<'_>, YamlError>> {
    let mut parts = Vec::new();
    let (mut start, mut first_line, mut at) = (0, 1, 0);
    let flush = |parts: &mut Vec<_>, start: usize, end: usize, first_line: usize| {
        if end > start {
            parts.push(Ok(Chunk { text: text.get(start..end).unwrap_or_default(), start, first_line }));
        }
    };
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        if let Some(rest) = line.strip_prefix(SEPARATOR) {
            flush(&mut parts, start, at, first_line);
            start = at + line.len();
            first_line = number + 1;
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                parts.push(Err(YamlError {
                    message: format!("invalid Yaml document separator: {rest}"),
                    line: number,
                    column: SEPARATOR.len() + 1,
                    offset: at + SEPARATOR.len(),
                }));
            }
        }
        at += line.len();
    }
    flush(&mut parts, start, at, first_line);
    parts
}
