//! The exercises that are built in. The build script writes them, parsed and checked, as one JSON text.

use std::sync::LazyLock;

use super::bundle::Bundle;

static BUILT_IN: &str = include_str!(concat!(env!("OUT_DIR"), "/exercises.json"));

#[derive(serde::Deserialize)]
struct Entry {
    exercise: super::format::Exercise,
    files: std::collections::BTreeMap<String, String>,
}

static CATALOGUE: LazyLock<Vec<Bundle>> = LazyLock::new(|| {
    let entries: Vec<Entry> = serde_json::from_str(BUILT_IN).unwrap_or_default();
    entries.into_iter().map(|e| Bundle { exercise: e.exercise, files: e.files }).collect()
});

/// The built-in exercises, in the order they are best taken.
#[must_use]
pub fn catalogue() -> &'static [Bundle] {
    &CATALOGUE
}

/// The built-in exercise of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Bundle> {
    CATALOGUE.iter().find(|b| b.exercise.id == id)
}
