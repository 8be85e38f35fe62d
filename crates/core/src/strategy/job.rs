//! Jobs select the pods they make by a label nobody else has.
//!
//! Models `pkg/registry/batch/job/strategy.go` (`generateSelector`).

use gatehouse_model::{KubeVersion, Object};

/// Fills in the selector and the template's labels, unless the user keeps them.
pub(super) fn prepare_for_create(version: KubeVersion, object: &mut Object) {
    if object.bool_at(&["spec", "manualSelector"]) == Some(true) {
        return;
    }
    let (uid, name) = (object.uid().to_owned(), object.name().to_owned());
    let mut labels = vec![("controller-uid", uid.as_str()), ("job-name", name.as_str())];
    if version.minor() >= 27 {
        labels.push(("batch.kubernetes.io/controller-uid", uid.as_str()));
        labels.push(("batch.kubernetes.io/job-name", name.as_str()));
    }
    for (key, value) in labels {
        object.set(&["spec", "template", "metadata", "labels", key], value);
    }
    let key = if version.minor() >= 27 { "batch.kubernetes.io/controller-uid" } else { "controller-uid" };
    object.set(&["spec", "selector", "matchLabels", key], uid);
    // What is read back from storage is defaulted once more.
    if object.labels().is_empty() {
        let labels = object.map_at(&["spec", "template", "metadata", "labels"]).clone();
        object.set(&["metadata", "labels"], labels);
    }
}
