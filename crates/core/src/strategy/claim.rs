//! A claim's two fields for what its volume is filled with say the same.
//!
//! Models `EnforceDataSourceBackwardsCompatibility` and `NormalizeDataSources` of `pkg/api/persistentvolumeclaim/util.go`.

use gatehouse_model::{Object, Value};

use crate::server::Call;

/// The old field takes claims and snapshots alone and silently forgets all else; then each field fills the other.
pub(super) fn prepare_for_create(call: &Call<'_>, object: &mut Object) {
    let (old, new) = (["spec", "dataSource"], ["spec", "dataSourceRef"]);
    let source = object.at(&old).cloned();
    let reference = object.at(&new).cloned();
    let known = |source: &Value| {
        matches!(
            (source.str_at(&["kind"]), source.str_at(&["apiGroup"])),
            ("PersistentVolumeClaim", "") | ("VolumeSnapshot", "snapshot.storage.k8s.io")
        )
    };
    let source = source.filter(|s| reference.is_some() || known(s));
    if source.is_none() {
        object.remove(&old);
    }
    if call.cluster.version.minor() < 24 {
        return;
    }
    match (source, reference) {
        (Some(source), None) => object.set(&new, source),
        (None, Some(reference)) if reference.str_at(&["namespace"]).is_empty() => {
            let mut source = reference;
            source.remove(&["namespace"]);
            object.set(&old, source);
        }
        _ => {}
    }
}
