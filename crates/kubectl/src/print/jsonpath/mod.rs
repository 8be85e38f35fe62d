//! JSONPath in kubectl's dialect.
//!
//! Knows no object's meaning, only trees. Models client-go `util/jsonpath`: text around `{…}` stands for itself,
//! `range`/`end` repeat what lies between them, a missing field prints nothing unless asked to complain.

mod eval;
mod parse;
mod relaxed;
#[cfg(test)]
mod tests;

use gatehouse_model::Value;

pub use relaxed::relaxed;

use super::gofmt;
use super::json::{compact_html, indent_html};

/// A parsed template.
#[derive(Clone, Debug)]
pub struct JsonPath {
    nodes: Vec<Node>,
    allow_missing_keys: bool,
    output_json: bool,
}

/// What a template consists of.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// `{…}`: each step walks on from what the one before found.
    List(Vec<Node>),
    /// Text outside braces, or quoted inside.
    Text(String),
    /// `.name`
    Field(String),
    /// `range`, `end`
    Identifier(String),
    /// `[start:end:step]`
    Array([Param; 3]),
    /// `[?(left op right)]`
    Filter {
        left: Vec<Node>,
        right: Vec<Node>,
        operator: String,
    },
    Int(i64),
    Float(f64),
    Bool(bool),
    /// `*`
    Wildcard,
    /// `..`
    Recursive,
    /// `[a,b]`
    Union(Vec<Vec<Node>>),
}

/// One of the three numbers of a slice.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Param {
    value: i64,
    known: bool,
    /// Follows from the first: `[2]` is `[2:3]`.
    derived: bool,
}

impl JsonPath {
    /// Parses a template.
    ///
    /// # Errors
    /// What client-go says of it, to be put behind `error parsing jsonpath TEMPLATE, `.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { nodes: parse::parse(text)?, allow_missing_keys: true, output_json: false })
    }

    /// Whether a field that is not there is nothing (the default) or an error.
    #[must_use]
    pub const fn allow_missing_keys(mut self, allow: bool) -> Self {
        self.allow_missing_keys = allow;
        self
    }

    /// Prints each group of results as an indented JSON array (`jsonpath-as-json`).
    #[must_use]
    pub const fn output_json(mut self) -> Self {
        self.output_json = true;
        self
    }

    /// What the template finds, one group for each part of it.
    ///
    /// # Errors
    /// What client-go says: an index out of bounds, a comparison of different types, …
    pub fn find(&self, data: &Value) -> Result<Vec<Vec<Value>>, String> {
        eval::Walk::new(self.allow_missing_keys).find(&self.nodes, 0, data)
    }

    /// Prints what the template finds.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn execute(&self, data: &Value) -> Result<String, String> {
        let mut out = String::new();
        for group in self.find(data)? {
            self.print(&mut out, group);
        }
        Ok(out)
    }

    fn print(&self, out: &mut String, group: Vec<Value>) {
        if self.output_json {
            out.push_str(&indent_html(&Value::from(group)));
            out.push('\n');
            return;
        }
        for (i, value) in group.iter().enumerate() {
            if i > 0 {
                out.push(' ');
            }
            match value {
                Value::Map(_) | Value::List(_) => out.push_str(&compact_html(value)),
                Value::Null => out.push_str("null"),
                scalar => out.push_str(&gofmt::sprint(scalar)),
            }
        }
    }
}
