//! The documentation of fields: `kubectl explain`.
//!
//! Knows two kinds of schema: that of the built-in kinds, and that of a custom resource's definition. Models kubectl
//! `pkg/explain/v2` with its template `plaintext.tmpl`.

mod node;
#[cfg(test)]
mod tests;
mod wrap;

pub use node::Node;
use wrap::{indent, wrap};

/// Group, version and kind in the heading.
pub struct Heading<'h> {
    /// Empty for the core group.
    pub group: &'h str,
    /// For instance `v1`.
    pub version: &'h str,
    /// For instance `Pod`.
    pub kind: &'h str,
}

/// The lines that stand above everything, even above what is wrong.
#[must_use]
pub fn heading(of: &Heading<'_>) -> String {
    let group = if of.group.is_empty() { String::new() } else { format!("GROUP:      {}\n", of.group) };
    format!("{group}KIND:       {}\nVERSION:    {}\n\n", of.kind, of.version)
}

/// What there is to know of the field under `path`, or of the kind itself.
///
/// # Errors
/// `error: field "x" does not exist`
pub fn explain(root: Node<'_>, path: &[&str], recursive: bool) -> Result<String, String> {
    let mut out = String::new();
    let mut node = root;
    for (i, name) in path.iter().enumerate() {
        let missing =
            || format!("error: field \"{}\" does not exist", path.last().copied().unwrap_or_default());
        node = node.field(name).ok_or_else(missing)?;
        if i + 1 == path.len() {
            out.push_str(&format!("FIELD: {name} <{}>\n", node.type_name()));
            let values = node.enum_values();
            if !values.is_empty() {
                let values: String = values.iter().map(|v| format!("\n    {}", shown(v))).collect();
                out.push_str(&format!("ENUM:{values}"));
            }
            out.push_str("\n\n");
        }
    }
    out.push_str("DESCRIPTION:\n");
    let mut description = node.descriptions();
    if description.is_empty() {
        "<empty>".clone_into(&mut description);
    }
    out.push_str(&(indent(4, &wrap(76, &description)) + "\n"));
    let mut list = String::new();
    fields(&mut list, &node, 1, recursive, &mut Vec::new());
    if !list.is_empty() {
        out.push_str("FIELDS:\n");
        out.push_str(&list);
    }
    Ok(out + "\n")
}

/// The fields of an object, or of what a list or map holds.
fn fields(out: &mut String, node: &Node<'_>, level: usize, recursive: bool, above: &mut Vec<String>) {
    let holder = node.holder();
    let name = holder.reference();
    if !name.is_empty() && above.contains(&name) {
        return;
    }
    above.push(name);
    let pad = level * 2;
    for (name, field, required) in holder.fields() {
        out.push_str(&format!("{}\t<{}>", indent(pad, &name), field.type_name()));
        if required {
            out.push_str(" -required-");
        }
        let values = field.enum_values();
        if !values.is_empty() {
            let shown: Vec<String> = values.iter().take(4).map(|v| shown(v).to_owned()).collect();
            let more = if values.len() > 4 { ", ...." } else { "" };
            out.push_str(&format!("\n{}enum: {}{more}", " ".repeat(pad), shown.join(", ")));
        }
        out.push('\n');
        if recursive {
            fields(out, &field, level + 1, true, above);
        } else {
            let text = field.description();
            let text = if text.is_empty() { "<no description>".to_owned() } else { text };
            out.push_str(&(indent(pad + 2, &wrap(78 - pad, &text)) + "\n\n"));
        }
    }
    above.pop();
}

/// An empty value is shown as such.
fn shown(value: &str) -> &str {
    if value.is_empty() { "\"\"" } else { value }
}
