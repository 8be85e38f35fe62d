//! Namespaces carry the finalizer of their life cycle.
//!
//! Models `pkg/registry/core/namespace/strategy.go`.

use gatehouse_model::{Object, Value};

/// Adds `spec.finalizers: [kubernetes]`.
pub(super) fn prepare_for_create(object: &mut Object) {
    let finalizers = object.entry_at(&["spec", "finalizers"]).make_list();
    if !finalizers.iter().any(|f| f.as_str() == Some("kubernetes")) {
        finalizers.push(Value::from("kubernetes"));
    }
}
