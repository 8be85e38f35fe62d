//! YAML as `sigs.k8s.io/yaml` reads and writes it: YAML 1.1 words, documents parted as kubectl parts them, Go's
//! errors, and beside every tree the place in the text it came from.
//!
//! Does not know what the documents mean. Models apimachinery `pkg/util/yaml/decoder.go` (parting),
//! `sigs.k8s.io/yaml/yaml.go` (conversion) and go-yaml v2 (resolving, emitting, errors).

mod compose;
mod construct;
mod emit;
mod error;
mod resolve;
mod source;
mod split;
mod tabs;
#[cfg(test)]
mod tests;

pub use emit::{emit, natural_order};
pub use error::YamlError;
pub use source::{Duplicate, Place, SourceMap, Span};

use crate::value::Value;

/// One document of a text, with the way back into the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What the document says.
    pub value: Value,
    /// Where it says so.
    pub source: SourceMap,
    /// The bytes of the document in the whole text, separators excluded.
    pub range: std::ops::Range<usize>,
    /// The line (from 1) on which the document begins.
    pub first_line: usize,
    /// Keys written twice in one mapping. The last one won, without a word from kubectl.
    pub duplicates: Vec<Duplicate>,
}

/// Reads every document of a text. A broken document does not stop those after it; documents that hold nothing
/// are left out, as kubectl skips them.
#[must_use]
pub fn parse_all(text: &str) -> Vec<Result<Document, YamlError>> {
    split::split(text)
        .into_iter()
        .map(|part| part.and_then(|chunk| construct::document(&chunk)))
        .filter(|d| !matches!(d, Ok(doc) if doc.value.is_null()))
        .collect()
}

/// Reads one document, the first of the text, as `yaml.Unmarshal` does: there is no parting at `---` lines.
///
/// # Errors
/// What go-yaml says of a text it cannot read.
pub fn parse(text: &str) -> Result<Value, YamlError> {
    parse_document(text).map(|d| d.value)
}

/// As [`parse`], with the way back into the text.
///
/// # Errors
/// What go-yaml says of a text it cannot read.
pub fn parse_document(text: &str) -> Result<Document, YamlError> {
    construct::document(&split::Chunk { text, start: 0, first_line: 1 })
}
