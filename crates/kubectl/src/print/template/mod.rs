//! Go templates, as `-o go-template` runs them over decoded JSON.
//!
//! Knows no object's meaning, only trees. Models Go's `text/template` with kubectl's two functions, `exists` and
//! `base64decode` (cli-runtime `pkg/printers/template.go`).

mod exec;
mod funcs;
mod lex;
mod node;
mod parse;
mod printf;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use gatehouse_model::Value;

use node::Block;

/// A parsed template and the templates it defines.
#[derive(Clone, Debug)]
pub struct Template {
    text: String,
    root: Block,
    defined: BTreeMap<String, Block>,
    missing_key_is_error: bool,
}

/// The name kubectl gives its template: it occurs in every error.
const NAME: &str = "output";

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// What Go says of it: `template: output:1: unclosed action`.
    #[inline(never)] // An entry in web/chunks.txt.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (root, defined) = parse::parse(text)?;
        Ok(Self { text: text.to_owned(), root, defined, missing_key_is_error: false })
    }

    /// Whether a field that is not there is `<no value>` (the default) or an error.
    #[must_use]
    pub const fn allow_missing_keys(mut self, allow: bool) -> Self {
        self.missing_key_is_error = !allow;
        self
    }

    /// Runs the template, writing to `out` as far as it comes.
    ///
    /// # Errors
    /// What Go says: `template: output:1:2: executing "output" at <.x.y>: …`.
    #[inline(never)] // An entry in web/chunks.txt.
    pub fn execute(&self, data: &Value, out: &mut String) -> Result<(), String> {
        exec::run(self, data, out)
    }
}
