//! The Common Expression Language as Kubernetes speaks it: parser, checker, evaluator, and Kubernetes' libraries.
//!
//! [`compile`] says whether an expression makes sense, in the API server's words; [`Program::evaluate`] runs it within a
//! bound. Knows no policy and no cluster: what `authorizer` answers comes through [`Host`]. Models google/cel-go with
//! apiserver `pkg/cel` (environment, libraries) and `pkg/cel/library`.

mod ast;
mod check;
mod cost;
mod error;
mod eval;
mod lexer;
mod library;
mod literals;
mod macros;
mod parser;
mod plan;
mod signatures;
mod types;
mod value;

#[cfg(test)]
mod tests;

pub use error::{Issue, Issues};
pub use eval::{Host, NoHost};
pub use parser::RESERVED;
pub use types::{Struct, Type};
pub use value::{Question, Value};

use std::collections::BTreeMap;

/// How far a time zone is ahead of UTC then, in seconds; `None` where its rules are not known here.
#[must_use]
pub fn zone_offset(zone: &str, seconds: i64) -> Option<i64> {
    library::time::offset(zone, i128::from(seconds) * 1_000_000_000).ok()
}

/// The variables an expression may use, and their types.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, Type>,
    patches: bool,
}

impl Environment {
    /// Declares a variable.
    #[must_use]
    pub fn with(mut self, name: &str, of: Type) -> Self {
        self.variables.insert(name.to_owned(), of);
        self
    }

    /// Declares what mutations are made of: `Object{…}`, `JSONPatch{…}` and `jsonpatch.escapeKey`.
    #[must_use]
    pub fn with_patches(mut self) -> Self {
        self.patches = true;
        self
    }

    /// The type a name stands for.
    fn named(&self, name: &str) -> Option<Type> {
        if self.patches && name == "JSONPatch" {
            return Some(json_patch());
        }
        let path = name.strip_prefix("Object").filter(|rest| rest.is_empty() || rest.starts_with('.'));
        if self.patches && path.is_some() {
            return Some(Type::open_object(name));
        }
        types::named(name)
    }

    fn has_function(&self, name: &str) -> bool {
        self.patches || !name.starts_with("jsonpatch.")
    }
}

/// One operation of a JSON patch.
#[must_use]
pub fn json_patch() -> Type {
    let fields = [("op", Type::String), ("path", Type::String), ("from", Type::String), ("value", Type::Dyn)];
    Type::object("JSONPatch", &fields)
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
    let (mut root, nodes) = parser::parse(source).map_err(|issues| Issues::new(source, issues))?;
    let result = check::check(&mut root, nodes, environment).map_err(|issues| Issues::new(source, issues))?;
    Ok(Program { root, result })
}

impl Program {
    /// Whether the expression uses a variable.
    #[must_use]
    pub fn mentions(&self, variable: &str) -> bool {
        self.root.any(&|e| matches!(&e.kind, ast::Kind::Ident(name) if name == variable))
    }

    /// Works out ahead what is written down: conversions of literals, regular expressions.
    ///
    /// # Errors
    /// What could never work, in cel-go's words.
    pub fn instantiate(&self) -> Result<(), String> {
        plan::constant(&self.root).map(|_| ())
    }

    /// Evaluates the expression with these values of its variables.
    ///
    /// # Errors
    /// What went wrong, in cel-go's words (`no such key: labels`).
    pub fn evaluate(&self, variables: &BTreeMap<String, Value>, host: &dyn Host) -> Result<Value, String> {
        self.evaluate_counting(variables, host).0
    }

    /// As [`Program::evaluate`], with what it cost, whatever came of it.
    pub fn evaluate_counting(
        &self,
        variables: &BTreeMap<String, Value>,
        host: &dyn Host,
    ) -> (Result<Value, String>, u64) {
        eval::evaluate(&self.root, variables, host)
    }
}
