//! The annotation in which `apply` remembers what was applied last. Models kubectl `pkg/util/apply.go`.

use gatehouse_model::{Map, Object, Value};

/// The annotation's key.
pub const KEY: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The object as the annotation holds it: without the annotation itself, with an annotations map, on one line.
#[must_use]
pub fn configuration(object: &Object) -> String {
    let mut copy = object.0.clone();
    let annotations = copy.entry_at(&["metadata", "annotations"]).make_map();
    annotations.remove(KEY);
    crate::print::json::compact_html(&copy) + "\n"
}

/// What the annotation says, if it is there.
#[must_use]
pub fn original(object: &Object) -> Option<&str> {
    object.annotation(KEY)
}

/// Writes the annotation anew.
pub fn update(object: Option<&mut Object>) {
    let Some(object) = object else { return };
    let text = configuration(object);
    object.entry_at(&["metadata", "annotations"]).make_map().insert(KEY, text);
}

/// Writes the annotation of an object that kubectl holds as a Go struct: fields in the struct's order, no empty maps.
pub fn update_typed(object: &mut Object) {
    let text = crate::structs::compact(object) + "\n";
    object.entry_at(&["metadata", "annotations"]).make_map().insert(KEY, text);
}

/// The annotations of a tree, to be looked at.
#[must_use]
pub fn annotations(value: &Value) -> &Map {
    value.map_at(&["metadata", "annotations"])
}
