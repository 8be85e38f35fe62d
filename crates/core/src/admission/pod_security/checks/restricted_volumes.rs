//! Only volumes that bring the pod's own data.
//!
//! Fields: `spec.volumes[*]`; allowed: `configMap`, `csi`, `downwardAPI`, `emptyDir`, `ephemeral`, `image`,
//! `persistentVolumeClaim`, `projected`, `secret`.
//!
//! Models `policy/check_restrictedVolumes.go`.

#[cfg(test)]
use super::Fixture;
use super::{Check, Level, PodView, Step, Violation, Words, join_quoted, plural, sorted, violation};

pub(super) const CHECK: Check = Check {
    id: "restrictedVolumes",
    level: Level::Restricted,
    steps: &[Step {
        since: 0,
        run: since_1_0,
        replaces: &["hostPathVolumes"],
        #[cfg(test)]
        fixture: Fixture {
            pass: r#"{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}"#,
            fail: r#"{"spec":{"volumes":[{"name":"v","nfs":{}}]}}"#,
        },
    }],
};

const ALLOWED: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

const KNOWN: &[&str] = &[
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

fn since_1_0(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let bad: Vec<_> = pod
        .volumes
        .iter()
        .enumerate()
        .filter(|(_, v)| v.source.is_none_or(|s| !ALLOWED.contains(&s)))
        .collect();
    if bad.is_empty() {
        return None;
    }
    let names: Vec<&str> = bad.iter().map(|(_, v)| v.name).collect();
    let kinds = sorted(bad.iter().map(|(_, v)| v.source.filter(|s| KNOWN.contains(s)).unwrap_or("unknown")));
    violation(words, "restricted volume types", || {
        (
            format!(
                "{} {} {} {} {}",
                plural("volume", "volumes", names.len()),
                join_quoted(&names),
                plural("uses", "use", names.len()),
                plural("restricted volume type", "restricted volume types", kinds.len()),
                join_quoted(&kinds)
            ),
            bad.iter().map(|(i, v)| format!("spec.volumes[{i}].{}", v.source.unwrap_or("name"))).collect(),
        )
    })
}
