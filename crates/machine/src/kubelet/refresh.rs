//! Config maps, secrets and a pod's own fields are written anew into its volumes when they changed.
//!
//! Models the kubelet's sync of a pod, once a minute: `volume/configmap`, `volume/secret`, `volume/util/atomic_writer.go`.
//! A file that was mounted by `subPath` stays what it was, and so does the environment.

use std::collections::BTreeMap;

use gatehouse_core::Timestamp;
use gatehouse_model::{Object, Value};

use super::plan::Site;
use super::pod::{Running, Work};
use super::runtime;
use super::volume::{self, Content};
use crate::fs::{Ino, Kind};
use crate::machine::Machine;

/// How often a pod is synced without cause.
const PERIOD: i64 = 60_000;
/// In every namespace, and never changed.
const ROOT_CA: &str = "kube-root-ca.crt";

/// The sources of a volume that may change: table and name.
fn sources(volume: &Value) -> Vec<(&'static str, &str)> {
    let mut all = Vec::new();
    if let Some(map) = volume.get("configMap") {
        all.push(("configmaps", map.str_at(&["name"])));
    }
    if let Some(secret) = volume.get("secret") {
        all.push(("secrets", secret.str_at(&["secretName"])));
    }
    for source in volume.list_at(&["projected", "sources"]) {
        if let Some(map) = source.get("configMap") {
            all.push(("configmaps", map.str_at(&["name"])));
        } else if let Some(secret) = source.get("secret") {
            all.push(("secrets", secret.str_at(&["name"])));
        }
    }
    all.retain(|(_, name)| *name != ROOT_CA);
    all
}

/// Whether the volume shows fields of the pod.
fn shows_fields(volume: &Value) -> bool {
    volume.get("downwardAPI").is_some()
        || volume.list_at(&["projected", "sources"]).iter().any(|s| {
            let items = s.list_at(&["downwardAPI", "items"]);
            items.iter().any(|i| i.str_at(&["fieldRef", "fieldPath"]) != "metadata.namespace")
        })
}

impl Work<'_> {
    /// What the pod's volumes were made of: versions of their sources.
    pub(super) fn versions(&self) -> Vec<String> {
        let mut all = Vec::new();
        for volume in self.pod.list_at(&["spec", "volumes"]) {
            for (table, name) in sources(volume) {
                let object = self.cluster.store.get(table, self.pod.namespace(), name);
                all.push(
                    object
                        .map_or_else(String::new, |o| o.str_at(&["metadata", "resourceVersion"]).to_owned()),
                );
            }
            if shows_fields(volume) {
                for field in ["labels", "annotations"] {
                    all.extend(
                        self.pod
                            .map_at(&["metadata", field])
                            .iter()
                            .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or(""))),
                    );
                }
            }
        }
        all
    }

    /// Writes what changed when the pod is next synced.
    pub(super) fn refresh(&mut self, running: &mut Running) {
        let now = self.cluster.now;
        let versions = self.versions();
        if versions == running.sources {
            running.refresh = None;
            return;
        }
        let syncs = (now.0 - running.since.0).div_euclid(PERIOD) + 1;
        let due = *running.refresh.get_or_insert(Timestamp(running.since.0 + syncs * PERIOD));
        if now < due {
            return;
        }
        (running.sources, running.refresh) = (versions, None);
        for volume in self.pod.list_at(&["spec", "volumes"]).to_vec() {
            let name = volume.str_at(&["name"]);
            let Some(root) = running.volumes.get(name).copied() else { continue };
            if sources(&volume).is_empty() && !shows_fields(&volume) {
                continue;
            }
            let ip = running.ip.clone();
            let mut site = Site { cluster: self.cluster, node: &self.node.machine, ip: &ip, handler: "" };
            match volume::content(&mut site, self.pod, &volume) {
                Ok(Content::Files(files)) => write(&mut self.node.machine, self.pod, root, &files, now.0),
                Ok(_) => {}
                // What is gone stays as it was.
                Err(why) => {
                    let message = format!("MountVolume.SetUp failed for volume \"{name}\" : {why}");
                    self.event_once("", "FailedMount", &message);
                }
            }
        }
    }
}

/// A new folder, and one link that changes: readers see all of the old or all of the new.
fn write(machine: &mut Machine, pod: &Object, root: Ino, files: &BTreeMap<String, (Vec<u8>, u32)>, now: i64) {
    let group = pod.i64_at(&["spec", "securityContext", "fsGroup"]).and_then(|g| u32::try_from(g).ok());
    let names: Vec<String> = match machine.fs.get(root).map(|i| &i.kind) {
        Some(Kind::Dir(dir)) => dir.entries.keys().map(|n| n.to_string()).collect(),
        _ => return,
    };
    for name in names {
        machine.fs.unlink(root, &name, now);
    }
    runtime::write_files(machine, root, files, group, now);
}
