//! Why a text is not YAML, in go-yaml's words and with go-yaml's way of counting lines.

use std::fmt;

use granit_parser::{ErrorKind, ScanError};

use super::split::Chunk;
use super::tabs::Tab;

/// Why a document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// The whole message as apimachinery's decoder hands it on:
    /// `error converting YAML to JSON: yaml: line 3: did not find expected key`. The line in it is go-yaml's: it
    /// counts from the document's first line, and is often one short.
    pub message: String,
    /// The true line in the whole text, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The byte in the whole text.
    pub offset: usize,
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for YamlError {}

/// The front of everything that goes wrong between YAML and JSON.
const CONVERTING: &str = "error converting YAML to JSON: ";

impl YamlError {
    /// What the message says behind `error converting YAML to JSON: `, as `yaml.Unmarshal` alone reports it.
    #[must_use]
    pub fn bare(&self) -> &str {
        self.message.strip_prefix(CONVERTING).unwrap_or(&self.message)
    }

    /// An error of meaning: go-yaml gives no line for it.
    pub(super) fn meaning(problem: &str, line: usize, column: usize, offset: usize) -> Self {
        Self { message: format!("{CONVERTING}{problem}"), line, column, offset }
    }

    /// A tab where none may stand.
    pub(super) fn tab(chunk: &Chunk<'_>, tab: &Tab) -> Self {
        let place = if tab.line > 0 { format!("line {}: ", tab.line + 1) } else { String::new() };
        let before = chunk.text.get(..tab.offset).unwrap_or_default();
        Self {
            message: format!("{CONVERTING}yaml: {place}{}", tab.problem),
            line: chunk.first_line + tab.line,
            column: tab.offset - before.rfind('\n').map_or(0, |i| i + 1) + 1,
            offset: chunk.start + tab.offset,
        }
    }

    /// An error of form, from the parser's error.
    pub(super) fn form(chunk: &Chunk<'_>, error: &ScanError) -> Self {
        let mark = error.marker();
        let (mut line0, mut column, mut offset) =
            (mark.line().saturating_sub(1), mark.col(), mark.byte_offset().unwrap_or(0));
        if let ErrorKind::MismatchedFlowCollectionEnd { close, .. } = error.kind() {
            // The parser points at the opening bracket, go-yaml at the closing one.
            let rest = chunk.text.get(offset..).unwrap_or_default();
            let skipped = rest.find(*close).and_then(|i| rest.get(..i)).unwrap_or_default();
            offset += skipped.len();
            line0 += skipped.matches('\n').count();
        }
        let (stage, problem) = words(error.kind(), chunk.text.get(..offset).unwrap_or_default(), chunk.text);
        if stage == Stage::NextToken {
            let rest = chunk.text.get(offset..).unwrap_or_default();
            let line = rest.find('\n').map_or(rest.len(), |i| i + 1);
            let after = rest.get(line..).unwrap_or_default();
            let blank = after.len() - after.trim_start().len();
            offset += line + blank;
            line0 += 1 + after.get(..blank).unwrap_or_default().matches('\n').count();
            column = 0;
        }
        if matches!(stage, Stage::End | Stage::ParserEnd) {
            // go-yaml notices only when it has read everything.
            (line0, column, offset) = (chunk.text.matches('\n').count(), 0, chunk.text.len());
        }
        let counted = match stage {
            Stage::Parser | Stage::ParserEnd => line0,
            _ if line0 == 0 => 0,
            _ => line0 + 1,
        };
        let place = if counted > 0 { format!("line {counted}: ") } else { String::new() };
        Self {
            message: format!("{CONVERTING}yaml: {place}{problem}"),
            line: chunk.first_line + line0,
            column: column + 1,
            offset: chunk.start + offset,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Noticed while cutting the text into tokens: the line is counted from 1.
    Scanner,
    /// Noticed while putting tokens together: the line is counted from 0.
    Parser,
    /// As `Scanner`, but only when the next token was looked at.
    NextToken,
    /// As `Scanner`, at the end of the text.
    End,
    /// As `Parser`, at the end of the text.
    ParserEnd,
}

/// The bracket that is open at the end of a text, quotes not looked at.
fn innermost_open(before: &str) -> char {
    let mut depth = 0;
    for c in before.chars().rev() {
        match c {
            ']' | '}' => depth += 1,
            '[' | '{' if depth == 0 => return c,
            '[' | '{' => depth -= 1,
            _ => {}
        }
    }
    '['
}

/// The separators missing in the innermost flow collection.
fn separators(before: &str) -> &'static str {
    if innermost_open(before) == '{' {
        "did not find expected ',' or '}'"
    } else {
        "did not find expected ',' or ']'"
    }
}

/// What is missing where a flow collection breaks off: a node after an opening or a separator, else what closes it.
fn flow_gap(before: &str, open: char) -> &'static str {
    match (before.trim_end().chars().next_back(), open) {
        (None | Some('[' | '{' | ',' | ':'), _) => "did not find expected node content",
        (_, '{') => "did not find expected ',' or '}'",
        _ => "did not find expected ',' or ']'",
    }
}

/// go-yaml's stage and words for a kind of error, `before` being what was read of the `whole` text.
fn words(kind: &ErrorKind, before: &str, whole: &str) -> (Stage, &'static str) {
    use ErrorKind as K;
    match kind {
        K::MappingValueNotAllowed | K::InvalidSimpleKey => {
            (Stage::Scanner, "mapping values are not allowed in this context")
        }
        K::MappingKeyNotAllowed => (Stage::Scanner, "mapping keys are not allowed in this context"),
        K::BlockSequenceEntryNotAllowed | K::InvalidBlockEntryWhitespace => {
            (Stage::Scanner, "block sequence entries are not allowed in this context")
        }
        K::SimpleKeyExpected | K::UnexpectedEndOfPlainScalar => {
            (Stage::NextToken, "could not find expected ':'")
        }
        K::ExpectedBlockMappingKey
        | K::InvalidIndentation
        | K::InvalidTrailingSingleQuotedScalar
        | K::InvalidTrailingDoubleQuotedScalar => (Stage::Parser, "did not find expected key"),
        K::ExpectedBlockSequenceEntry => (Stage::Parser, "did not find expected '-' indicator"),
        K::ExpectedFlowMappingSeparator
        | K::UnexpectedEofFlowMapping
        | K::UnexpectedEofImplicitFlowMapping
        | K::ExpectedFlowSequenceSeparator
        | K::UnexpectedEofFlowSequence
        | K::InvalidColonPlacement => (Stage::Parser, separators(before)),
        K::UnclosedFlowCollection { open } => (Stage::ParserEnd, flow_gap(whole, *open)),
        K::MismatchedFlowCollectionEnd { open, .. } => (Stage::Parser, flow_gap(before, *open)),
        K::MisplacedFlowCollectionEnd
            if !matches!(before.trim_end().chars().next_back(), None | Some(':' | '-')) =>
        {
            (Stage::Parser, "did not find expected key")
        }
        K::ExpectedDocumentStart | K::InvalidDocumentEnd | K::MissingDocumentEndBeforeDirective => {
            (Stage::Parser, "did not find expected <document start>")
        }
        K::TabNotAllowed
        | K::TabInBlockIndentation
        | K::TabInIndentation
        | K::UnexpectedCharacter { .. }
        | K::BomInsideDocument => (Stage::Scanner, "found character that cannot start any token"),
        K::TabInPlainScalar => (Stage::Scanner, "found a tab character that violates indentation"),
        K::TabAtBlockScalarStart => {
            (Stage::Scanner, "found a tab character where an indentation space is expected")
        }
        K::ZeroBlockScalarIndent => (Stage::Scanner, "found an indentation indicator equal to 0"),
        K::InvalidBlockScalarHeader | K::InvalidDirectiveTerminator => {
            (Stage::Scanner, "did not find expected comment or line break")
        }
        K::DocumentIndicatorInQuotedScalar => (Stage::Scanner, "found unexpected document indicator"),
        K::UnclosedQuotedScalar | K::InvalidQuotedScalarIndent => {
            (Stage::End, "found unexpected end of stream")
        }
        K::UnknownQuotedScalarEscape => (Stage::Scanner, "found unknown escape character"),
        K::InvalidQuotedScalarHexEscape | K::InvalidLowSurrogateHexEscape => {
            (Stage::Scanner, "did not find expected hexdecimal number")
        }
        K::InvalidLowSurrogate
        | K::MissingLowSurrogate
        | K::UnpairedLowSurrogate
        | K::InvalidUnicodeEscape => (Stage::Scanner, "found invalid Unicode character escape code"),
        K::MissingAnchorOrAliasName => {
            (Stage::Scanner, "did not find expected alphabetic or numeric character")
        }
        K::RecursionLimitExceeded => (Stage::Scanner, "exceeded max depth of 10000"),
        K::UndeclaredTagHandle => (Stage::Parser, "found undefined tag handle"),
        K::DuplicateVersionDirective => (Stage::Parser, "found duplicate %YAML directive"),
        K::UnsupportedYamlMajorVersion => (Stage::Parser, "found incompatible YAML document"),
        K::DuplicateTagDirective => (Stage::Parser, "found duplicate %TAG directive"),
        K::InvalidTagTerminator => (Stage::Scanner, "did not find expected whitespace or line break"),
        K::MissingDirectiveName => (Stage::Scanner, "could not find expected directive name"),
        K::InvalidDirectiveName => (Stage::Scanner, "found unexpected non-alphabetical character"),
        K::UnclosedVerbatimTag => (Stage::Scanner, "did not find the expected '>'"),
        K::MissingTagUri => (Stage::Scanner, "did not find expected tag URI"),
        K::InvalidBlockScalarIndent | K::InvalidFlowScalarIndent | K::CommentInterceptedScalar => {
            (Stage::NextToken, "could not find expected ':'")
        }
        _ => (Stage::Parser, "did not find expected node content"),
    }
}
