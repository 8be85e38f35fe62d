//! JSON in Go's dialect: `encoding/json`'s printing and its errors.

mod parse;
mod print;

pub use parse::{JsonError, parse};
pub use print::{go_quote, html_escaped, print, print_indent};
