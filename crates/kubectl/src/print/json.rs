//! JSON as Go's encoder prints it for people: with `<`, `>` and `&` escaped, as `-o json` and JSONPath show it.

use gatehouse_model::Value;
use gatehouse_model::json::{html_escaped, print, print_indent};

/// `json.Marshal`.
#[must_use]
pub fn compact_html(value: &Value) -> String {
    html_escaped(&print(value))
}

/// `json.MarshalIndent` with four spaces; no newline at the end.
#[must_use]
pub fn indent_html(value: &Value) -> String {
    html_escaped(&print_indent(value, "    "))
}
