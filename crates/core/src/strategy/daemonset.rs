//! DaemonSets count the changes of their template in an annotation.
//!
//! Models `pkg/registry/apps/daemonset/strategy.go` and the conversion in `pkg/apis/apps/v1/conversion.go`.

use gatehouse_model::Object;

const GENERATION: &str = "deprecated.daemonset.template.generation";

/// The first template.
pub(super) fn prepare_for_create(object: &mut Object) {
    object.set(&["metadata", "annotations", GENERATION], "1");
}

/// A changed template is the next one.
pub(super) fn prepare_for_update(object: &mut Object, old: &Object, subresource: &str) {
    let template = ["spec", "template"];
    let before = old.annotation(GENERATION).and_then(|g| g.parse::<i64>().ok()).unwrap_or(0);
    let changed = subresource.is_empty() && object.at(&template) != old.at(&template);
    let now = if changed { before + 1 } else { before };
    object.set(&["metadata", "annotations", GENERATION], now.to_string());
}
