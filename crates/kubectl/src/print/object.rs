//! Whole objects: YAML, JSON and names. Models cli-runtime `pkg/printers/{json,yaml,name,managedfields}.go`.

use gatehouse_model::resource::qualified;
use gatehouse_model::{GroupVersion, Value, yaml};

use super::json::indent_html;

/// Whether this is a list of objects rather than an object.
#[must_use]
pub fn is_list(object: &Value) -> bool {
    object.get("items").is_some_and(|items| items.as_list().is_some())
}

/// The object, or each of a list, without `metadata.managedFields`.
#[must_use]
pub fn without_managed_fields(object: &Value) -> Value {
    let mut object = object.clone();
    object.remove(&["metadata", "managedFields"]);
    if is_list(&object) {
        for item in object.entry_at(&["items"]).make_list() {
            item.remove(&["metadata", "managedFields"]);
        }
    }
    object
}

/// `-o json`
#[must_use]
pub fn json(object: &Value) -> String {
    indent_html(object) + "\n"
}

/// `-o yaml`; documents after the first are set apart.
#[must_use]
pub fn yaml(object: &Value, first: bool) -> String {
    let text = yaml::emit(object);
    if first { text } else { format!("---\n{text}") }
}

/// The object `name` of a kind as results call it: `pod/web`, `deployment.apps/web`.
#[must_use]
pub fn qualified_name(object: &Value) -> String {
    let gv = GroupVersion::parse(object.str_at(&["apiVersion"]));
    let kind = object.str_at(&["kind"]).to_lowercase();
    let name = object.str_at(&["metadata", "name"]);
    format!("{}/{}", qualified(&kind, &gv.group), if name.is_empty() { "<unknown>" } else { name })
}

/// `-o name`, each object of a list on its line; otherwise with what was done to it (`pod/web created`).
///
/// # Errors
/// Something that is no object.
pub fn names(object: &Value, operation: &str) -> Result<String, String> {
    if is_list(object) {
        return object.list_at(&["items"]).iter().map(|item| names(item, operation)).collect();
    }
    if object.str_at(&["kind"]).is_empty() {
        return Err(
            "missing apiVersion or kind; try GetObjectKind().SetGroupVersionKind() if you know the type"
                .to_owned(),
        );
    }
    let gap = if operation.is_empty() { "" } else { " " };
    Ok(format!("{}{gap}{operation}\n", qualified_name(object)))
}
