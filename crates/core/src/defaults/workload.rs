//! Controllers of pods.
//!
//! Models `pkg/apis/apps/v1/defaults.go`.

use gatehouse_model::{KubeVersion, Value, json};

use super::{fill, pod, storage};

/// A Deployment.
pub(super) fn deployment(version: KubeVersion, object: &mut Value) {
    pod::template(version, object.entry_at(&["spec", "template"]));
    let spec = object.entry_at(&["spec"]);
    fill::pointer(spec, &["replicas"], 1);
    fill::structure(spec, &["strategy"]);
    fill::text(spec, &["strategy", "type"], "RollingUpdate");
    if spec.str_at(&["strategy", "type"]) == "RollingUpdate" {
        fill::pointer(spec, &["strategy", "rollingUpdate", "maxUnavailable"], "25%");
        fill::pointer(spec, &["strategy", "rollingUpdate", "maxSurge"], "25%");
    }
    fill::pointer(spec, &["revisionHistoryLimit"], 10);
    fill::pointer(spec, &["progressDeadlineSeconds"], 600);
    fill::structure(object, &["status"]);
}

/// A ReplicaSet.
pub(super) fn replica_set(version: KubeVersion, object: &mut Value) {
    fill::pointer(object, &["spec", "replicas"], 1);
    if object.at(&["spec", "template"]).is_some() {
        pod::template(version, object.entry_at(&["spec", "template"]));
    }
}

/// A ReplicationController takes selector and labels from its template.
pub(super) fn replication_controller(version: KubeVersion, object: &mut Value) {
    fill::pointer(object, &["spec", "replicas"], 1);
    if object.at(&["spec", "template"]).is_none() {
        return;
    }
    pod::template(version, object.entry_at(&["spec", "template"]));
    let labels = object.map_at(&["spec", "template", "metadata", "labels"]).clone();
    if labels.is_empty() {
        return;
    }
    for path in [["spec", "selector"], ["metadata", "labels"]] {
        if object.map_at(&path).is_empty() {
            object.set(&path, labels.clone());
        }
    }
}

/// A DaemonSet.
pub(super) fn daemon_set(version: KubeVersion, object: &mut Value) {
    pod::template(version, object.entry_at(&["spec", "template"]));
    let spec = object.entry_at(&["spec"]);
    fill::text(spec, &["updateStrategy", "type"], "RollingUpdate");
    if spec.str_at(&["updateStrategy", "type"]) == "RollingUpdate" {
        fill::pointer(spec, &["updateStrategy", "rollingUpdate", "maxUnavailable"], 1);
        if version.minor() >= 21 {
            fill::pointer(spec, &["updateStrategy", "rollingUpdate", "maxSurge"], 0);
        }
    }
    fill::pointer(spec, &["revisionHistoryLimit"], 10);
}

/// A StatefulSet.
pub(super) fn stateful_set(version: KubeVersion, object: &mut Value) {
    pod::template(version, object.entry_at(&["spec", "template"]));
    let spec = object.entry_at(&["spec"]);
    fill::text(spec, &["podManagementPolicy"], "OrderedReady");
    fill::text(spec, &["updateStrategy", "type"], "RollingUpdate");
    if spec.str_at(&["updateStrategy", "type"]) == "RollingUpdate" {
        fill::pointer(spec, &["updateStrategy", "rollingUpdate", "partition"], 0);
    }
    if version.minor() >= 27 {
        fill::pointer(spec, &["persistentVolumeClaimRetentionPolicy", "whenDeleted"], "Retain");
        fill::pointer(spec, &["persistentVolumeClaimRetentionPolicy", "whenScaled"], "Retain");
    }
    fill::pointer(spec, &["replicas"], 1);
    fill::pointer(spec, &["revisionHistoryLimit"], 10);
    if version.minor() < 36 {
        fill::pointer(spec, &["serviceName"], "");
    }
    fill::each(spec, &["volumeClaimTemplates"], |claim| {
        fill::text(claim, &["apiVersion"], "v1");
        fill::text(claim, &["kind"], "PersistentVolumeClaim");
        storage::claim(claim);
        claim.set(&["status"], json!({"phase": "Pending"}));
    });
}
