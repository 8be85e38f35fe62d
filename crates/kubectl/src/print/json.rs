//! JSON as Go's encoder prints it for people: with `<`, `>` and `&` escaped, as `-o json` and JSONPath show it.

use gatehouse_model::Value;
use gatehouse_model::json::{print, print_indent};

/// `json.Marshal`.
#[must_use]
pub fn compact_html(value: &Value) -> String {
    escape_html(&print(value))
}

/// `json.MarshalIndent` with four spaces; no newline at the end.
#[must_use]
pub fn indent_html(value: &Value) -> String {
    escape_html(&print_indent(value, "    "))
}

/// In printed JSON these characters occur only inside strings.
fn escape_html(text: &str) -> String {
    if !text.contains(['<', '>', '&']) {
        return text.to_owned();
    }
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}
