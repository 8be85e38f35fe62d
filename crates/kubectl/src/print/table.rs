//! Tables: what the server lays out and how kubectl prints it.
//!
//! Knows no kind. Models `metav1.Table` and cli-runtime `pkg/printers/tableprinter.go`.

use gatehouse_model::resource::qualified;
use gatehouse_model::{Map, Value};

use super::tabwriter::TabWriter;

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Printed in capitals.
    pub name: String,
    /// Only shown by `-o wide`.
    pub wide: bool,
    /// Whether it holds the object's name, to which the kind may be prefixed.
    pub is_name: bool,
}

/// A row and the object it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// One for each column.
    pub cells: Vec<String>,
    /// The object.
    pub object: Value,
}

/// A table of objects of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// What the user wants to see of a table.
#[derive(Clone, Debug, Default)]
pub struct TableOptions {
    /// `-o wide`
    pub wide: bool,
    /// `--no-headers`
    pub no_headers: bool,
    /// A first column with namespaces (`-A`).
    pub with_namespace: bool,
    /// Names prefixed by this kind and group (`pod/web`).
    pub with_kind: Option<(String, String)>,
    /// `-L`
    pub label_columns: Vec<String>,
    /// `--show-labels`
    pub show_labels: bool,
}

/// Labels as `labels.FormatLabels` prints them: `a=b,c=d` or `<none>`.
#[must_use]
pub fn format_labels(labels: &Map) -> String {
    if labels.is_empty() {
        return "<none>".to_owned();
    }
    // In the order of the pairs, not of the keys: `a.b=c` before `a=c`.
    let mut pairs: Vec<String> =
        labels.iter().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or(""))).collect();
    gatehouse_model::order::sort(&mut pairs);
    pairs.join(",")
}

/// What terminals must not be sent.
#[must_use]
pub fn escape_terminal(text: &str) -> String {
    text.replace('\u{1b}', "^[").replace('\r', "\\r")
}

impl Table {
    /// Writes the table; a table without rows writes nothing.
    pub fn write(&self, writer: &mut TabWriter, options: &TableOptions) {
        if self.rows.is_empty() {
            return;
        }
        let shown = |column: &Column| options.wide || !column.wide;
        if !options.no_headers {
            let mut headers = Vec::new();
            if options.with_namespace {
                headers.push("NAMESPACE".to_owned());
            }
            headers.extend(self.columns.iter().filter(|c| shown(c)).map(|c| c.name.to_uppercase()));
            for label in &options.label_columns {
                headers.push(label.rsplit('/').next().unwrap_or(label).to_uppercase());
            }
            if options.show_labels {
                headers.push("LABELS".to_owned());
            }
            writer.write(&(headers.join("\t") + "\n"));
        }
        for row in &self.rows {
            let labels = row.object.map_at(&["metadata", "labels"]);
            let mut cells = Vec::new();
            if options.with_namespace {
                cells.push(row.object.str_at(&["metadata", "namespace"]).to_owned());
            }
            for (column, cell) in self.columns.iter().zip(&row.cells).filter(|(c, _)| shown(c)) {
                cells.push(match &options.with_kind {
                    Some((kind, group)) if column.is_name => {
                        format!("{}/{}", qualified(kind, group).to_lowercase(), one_line(cell))
                    }
                    _ => one_line(cell),
                });
            }
            for label in &options.label_columns {
                cells.push(labels.get(label).and_then(Value::as_str).unwrap_or("").to_owned());
            }
            if options.show_labels {
                cells.push(format_labels(labels));
            }
            writer.write(&(cells.join("\t") + "\n"));
        }
    }
}

/// A cell ends where its line does.
fn one_line(cell: &str) -> String {
    match cell.find(['\u{c}', '\n', '\r']) {
        Some(end) => escape_terminal(cell.get(..end).unwrap_or(cell)) + "...",
        None => escape_terminal(cell),
    }
}
