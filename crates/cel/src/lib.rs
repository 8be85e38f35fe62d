//! The Common Expression Language as Kubernetes speaks it: parser, checker, evaluator, and Kubernetes' libraries.
//!
//! [`compile`] says whether an expression makes sense, in the API server's words; [`Program::evaluate`] runs it within a
//! bound. Knows no policy and no cluster: what `authorizer` answers comes through [`Host`]. Models google/cel-go with
//! apiserver `pkg/cel` (environment, libraries) and `pkg/cel/library`.

mod ast;
mod check;
mod error;
mod eval;
mod lexer;
mod library;
mod macros;
mod parser;
mod signatures;
mod types;
mod value;

#[cfg(test)]
mod tests;

pub use error::{Issue, Issues};
pub use eval::{Host, NoHost};
pub use types::{Struct, Type};
pub use value::{Question, Value};

use std::collections::BTreeMap;

/// The variables an expression may use, and their types.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, Type>,
}

impl Environment {
    /// Declares a variable.
    #[must_use]
    pub fn with(mut self, name: &str, of: Type) -> Self {
        self.variables.insert(name.to_owned(), of);
        self
    }
}

/// An expression that makes sense.
#[derive(Clone, Debug)]
pub struct Program {
    root: ast::Expr,
    /// What it comes to.
    pub result: Type,
}

/// Whether a text fits a regular expression somewhere; `None` where it is none.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> Option<bool> {
    regex_lite::Regex::new(pattern).ok().map(|r| r.is_match(text))
}

/// Parses and checks an expression.
///
/// # Errors
/// Everything that is wrong with it, as cel-go words and points it.
pub fn compile(source: &str, environment: &Environment) -> Result<Program, Issues> {
    let root = parser::parse(source).map_err(|issues| Issues::new(source, issues))?;
    let result = check::check(&root, environment).map_err(|issues| Issues::new(source, issues))?;
    Ok(Program { root, result })
}

impl Program {
    /// Whether the expression uses a variable.
    #[must_use]
    pub fn mentions(&self, variable: &str) -> bool {
        self.root.any(&|e| matches!(&e.kind, ast::Kind::Ident(name) if name == variable))
    }

    /// Evaluates the expression with these values of its variables.
    ///
    /// # Errors
    /// What went wrong, in cel-go's words (`no such key: labels`).
    pub fn evaluate(&self, variables: &BTreeMap<String, Value>, host: &dyn Host) -> Result<Value, String> {
        eval::evaluate(&self.root, variables, host)
    }
}
