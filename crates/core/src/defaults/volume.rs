//! Volumes of pods.

use gatehouse_model::Value;

use super::{fill, pod};

/// `0644`
const MODE: i64 = 420;

/// A volume; one without a source is an `emptyDir`.
pub(super) fn volume(volume: &mut Value) {
    if volume.entries().iter().all(|(k, v)| k == "name" || v.is_null()) {
        volume.set(&["emptyDir"], Value::map());
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        fill::inside(volume, &[source], |s| fill::pointer(s, &["defaultMode"], MODE));
    }
    fill::inside(volume, &["downwardAPI"], downward);
    fill::inside(volume, &["hostPath"], |h| fill::pointer(h, &["type"], ""));
    fill::inside(volume, &["projected"], |projected| {
        fill::each(projected, &["sources"], |source| {
            fill::inside(source, &["serviceAccountToken"], |t| {
                fill::pointer(t, &["expirationSeconds"], 3600)
            });
            fill::inside(source, &["downwardAPI"], downward);
        });
    });
    fill::inside(volume, &["ephemeral", "volumeClaimTemplate"], |claim| {
        fill::structure(claim, &["metadata"]);
        fill::pointer(claim, &["spec", "volumeMode"], "Filesystem");
        fill::structure(claim, &["spec", "resources"]);
    });
    fill::inside(volume, &["image"], |image| {
        let latest = pod::tag(image.str_at(&["reference"])) == "latest";
        fill::text(image, &["pullPolicy"], if latest { "Always" } else { "IfNotPresent" });
    });
    fill::inside(volume, &["iscsi"], |v| fill::text(v, &["iscsiInterface"], "default"));
    fill::inside(volume, &["rbd"], |v| {
        fill::text(v, &["pool"], "rbd");
        fill::text(v, &["user"], "admin");
        fill::text(v, &["keyring"], "/etc/ceph/keyring");
    });
    fill::inside(volume, &["azureDisk"], |v| {
        fill::pointer(v, &["cachingMode"], "ReadWrite");
        fill::pointer(v, &["kind"], "Shared");
        fill::pointer(v, &["fsType"], "ext4");
        fill::pointer(v, &["readOnly"], false);
    });
    fill::inside(volume, &["scaleIO"], |v| {
        fill::text(v, &["storageMode"], "ThinProvisioned");
        fill::text(v, &["fsType"], "xfs");
    });
}

fn downward(source: &mut Value) {
    fill::each(source, &["items"], |item| {
        fill::inside(item, &["fieldRef"], |r| fill::text(r, &["apiVersion"], "v1"));
        fill::inside(item, &["resourceFieldRef"], |r| fill::pointer(r, &["divisor"], "0"));
    });
}
