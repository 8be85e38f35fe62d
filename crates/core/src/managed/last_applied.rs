//! Fields that client-side apply wrote: server-side apply under the same name may take them over.
//!
//! Models apimachinery `pkg/util/managedfields/internal/lastappliedmanager.go`.

use gatehouse_model::schema::TypeRef;
use gatehouse_model::{Object, Value, json};

use super::set::FieldSet;
use super::{stripped, walk};

const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The fields of the last applied configuration that are still as they were applied.
pub(super) fn fields(live: &Object, ty: Option<TypeRef<'_>>) -> FieldSet {
    let Some(text) = live.annotation(ANNOTATION) else { return FieldSet::default() };
    let Ok(applied) = json::parse(text) else { return FieldSet::default() };
    let applied = stripped(&Object(applied), false);
    let (changed, _) = walk::compare(&stripped(live, false), &applied, ty);
    walk::fields(&applied, ty).minus(&changed)
}

/// What `kubectl apply --server-side` applied becomes what client-side apply reads, where that left its annotation
/// (`lastappliedupdater.go`).
pub(crate) fn sync(merged: &mut Value, config: &Value) {
    if merged.str_at(&["metadata", "annotations", ANNOTATION]).is_empty() {
        return;
    }
    let mut applied = config.clone();
    applied.remove(&["metadata", "managedFields"]);
    applied.remove(&["metadata", "annotations", ANNOTATION]);
    let text = json::html_escaped(&json::print(&applied));
    merged.set(&["metadata", "annotations", ANNOTATION], text + "\n");
}
