//! Classes of which one is the default: of several, the newest counts, then the first by name.

use std::sync::Arc;

use gatehouse_model::Object;

use crate::cluster::Cluster;

/// The class of a table that one of these annotations marks as the default.
pub(super) fn default<'a>(cluster: &'a Cluster, table: &str, marks: &[&str]) -> Option<&'a Arc<Object>> {
    let age = |class: &Object| class.str_at(&["metadata", "creationTimestamp"]).to_owned();
    let mut newest: Option<&Arc<Object>> = None;
    for class in cluster.store.list(table, None) {
        let marked = marks.iter().any(|key| class.annotation(key) == Some("true"));
        if marked && newest.is_none_or(|known| age(known) < age(class)) {
            newest = Some(class);
        }
    }
    newest
}
