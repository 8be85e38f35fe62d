//! The writer of descriptions: levels of indentation, aligned values, labels on lines of their own.

use gatehouse_model::{ClientVersion, Map, Value};

use crate::print::table::escape_terminal;
use crate::print::tabwriter::TabWriter;

/// Annotations longer than this go on lines of their own, cut to it.
const MAX_ANNOTATION: usize = 140;

/// What `apply` keeps for itself.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Collects a description.
#[derive(Clone, Debug)]
pub struct Writer {
    out: TabWriter,
    /// Added to every level: what is described inside something else.
    indent: usize,
    /// Whether an old client (1.27) writes, which says less.
    pub old: bool,
}

impl Default for Writer {
    fn default() -> Self {
        Self { out: TabWriter::description(), indent: 0, old: false }
    }
}

impl Writer {
    /// What this client writes with.
    #[must_use]
    pub fn of(version: ClientVersion) -> Self {
        Self { old: version.minor < 34, ..Self::default() }
    }

    /// Writes text as it is, indented by two spaces a level.
    pub fn write(&mut self, level: usize, text: impl AsRef<str>) {
        self.out.write(&"  ".repeat(level + self.indent));
        self.out.write(&escape_terminal(text.as_ref()));
    }

    /// Writes a line.
    pub fn line(&mut self, level: usize, text: impl AsRef<str>) {
        self.write(level, text);
        self.out.write("\n");
    }

    /// `Title:   value`
    pub fn field(&mut self, level: usize, title: &str, value: impl AsRef<str>) {
        self.line(level, format!("{title}:\t{}", value.as_ref()));
    }

    /// Labels, one a line below the first.
    pub fn labels(&mut self, title: &str, labels: &Map) {
        self.labels_indented("", title, labels);
    }

    /// Labels behind an indentation that their lines repeat.
    pub fn labels_indented(&mut self, indent: &str, title: &str, labels: &Map) {
        if labels.is_empty() {
            self.line(0, format!("{indent}{title}:\t<none>"));
        }
        for (i, (key, value)) in labels.iter().enumerate() {
            let head = if i == 0 { format!("{indent}{title}:") } else { indent.to_owned() };
            self.line(0, format!("{head}\t{key}={}", value.as_str().unwrap_or("")));
        }
    }

    /// Annotations, one a line below the first; long ones and those of several lines below their key.
    pub fn annotations(&mut self, title: &str, annotations: &Map) {
        let shown: Vec<(&str, &str)> = annotations
            .iter()
            .filter(|(key, _)| *key != LAST_APPLIED)
            .map(|(key, value)| (key, value.as_str().unwrap_or("")))
            .collect();
        if shown.is_empty() {
            self.line(0, format!("{title}:\t<none>"));
        }
        for (i, (key, value)) in shown.into_iter().enumerate() {
            let head = if i == 0 { format!("{title}:\t") } else { "\t".to_owned() };
            let value = value.strip_suffix('\n').unwrap_or(value);
            if value.len() + key.len() + 2 > MAX_ANNOTATION || value.contains('\n') {
                self.line(0, format!("{head}{key}:"));
                for line in value.split('\n') {
                    self.line(0, format!("\t  {}", shorten(line, MAX_ANNOTATION - 2)));
                }
            } else {
                self.line(0, format!("{head}{key}: {value}"));
            }
        }
    }

    /// `a=b,c=d` behind a title, or `<none>`.
    pub fn flat_labels(&mut self, title: &str, labels: &Map) {
        self.field(0, title, crate::print::table::format_labels(labels));
    }

    /// A table of conditions.
    pub fn conditions(&mut self, head: &[&str], conditions: &[Value], row: impl Fn(&Value) -> Vec<String>) {
        if conditions.is_empty() {
            return;
        }
        self.line(0, "Conditions:");
        self.line(1, head.join("\t"));
        let rules: Vec<String> = head.iter().map(|h| "-".repeat(h.len())).collect();
        self.line(1, rules.join("\t"));
        for condition in conditions {
            self.line(1, row(condition).join("\t"));
        }
    }

    /// Writes deeper from here on (negative: less deep).
    pub fn nest(&mut self, levels: usize) {
        self.indent += levels;
    }

    /// Undoes [`Self::nest`].
    pub fn unnest(&mut self, levels: usize) {
        self.indent = self.indent.saturating_sub(levels);
    }

    /// The text with its tabs as they are.
    #[must_use]
    pub fn finish_unaligned(self) -> String {
        self.out.into_unaligned()
    }

    /// The aligned text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.out.take()
    }
}

/// At most `max` bytes, and three dots where there were more.
pub(super) fn shorten(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", text.get(..end).unwrap_or(text))
}
