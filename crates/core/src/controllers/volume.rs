//! Binds claims to volumes and keeps both alive while they are used.
//!
//! Makes no volumes: provisioners are outside of the cluster. Models `pkg/controller/volume/{persistentvolume,
//! pvcprotection,pvprotection}`.

use std::sync::Arc;

use gatehouse_model::quantity::Quantity;
use gatehouse_model::{Object, Selector, Value, json};

use super::client::Client;
use super::events::{EventType, Source};
use super::pods;

const CLAIMS: &str = "persistentvolumeclaims";
const VOLUMES: &str = "persistentvolumes";
const CLASSES: &str = "storageclasses.storage.k8s.io";
const SOURCE: Source<'static> = Source::new("persistentvolume-controller");
const CLAIM_IN_USE: &str = "kubernetes.io/pvc-protection";
const VOLUME_IN_USE: &str = "kubernetes.io/pv-protection";
const COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
/// A provisioner that makes nothing.
const NONE: &str = "kubernetes.io/no-provisioner";

pub(super) fn pass(client: &mut Client<'_>) {
    for claim in client.list(CLAIMS, None) {
        if claim.is_deleting() {
            release_claim(client, &claim);
        } else if !protect(client, CLAIMS, &claim, CLAIM_IN_USE) {
            sync_claim(client, &claim);
        }
    }
    for volume in client.list(VOLUMES, None) {
        if !protect(client, VOLUMES, &volume, VOLUME_IN_USE) {
            sync_volume(client, &volume);
        }
    }
}

/// Sees to it that an object stays while it is used. Says whether that changed it.
fn protect(client: &mut Client<'_>, resource: &str, object: &Object, finalizer: &str) -> bool {
    let mut all = object.list_at(&["metadata", "finalizers"]).to_vec();
    if object.is_deleting() || all.iter().any(|f| f.as_str() == Some(finalizer)) {
        return false;
    }
    all.push(finalizer.into());
    let mut changed = object.clone();
    changed.set(&["metadata", "finalizers"], all);
    client.update(resource, &changed, "").is_ok()
}

fn class(claim: &Object) -> &str {
    match claim.annotation("volume.beta.kubernetes.io/storage-class") {
        Some(class) => class,
        None => claim.str_at(&["spec", "storageClassName"]),
    }
}

/// Whether the claim is only bound once a pod needs it.
pub(super) fn waits_for_consumer(client: &Client<'_>, claim: &Object) -> bool {
    client
        .get(CLASSES, "", class(claim))
        .is_some_and(|c| c.str_at(&["volumeBindingMode"]) == "WaitForFirstConsumer")
}

/// Whether some provisioner makes volumes for the claim.
pub(super) fn is_provisioned(client: &Client<'_>, claim: &Object) -> bool {
    client.get(CLASSES, "", class(claim)).is_some_and(|c| c.str_at(&["provisioner"]) != NONE)
}

fn amount(value: Option<&Value>) -> Quantity {
    value
        .and_then(|v| Quantity::parse(v.as_str().unwrap_or_default()).ok())
        .unwrap_or_else(|| Quantity::from_units(0))
}

/// The smallest free volume that satisfies the claim; one that is reserved for it comes first.
pub(super) fn find(
    client: &Client<'_>,
    claim: &Object,
    also: impl Fn(&Object) -> bool,
) -> Option<Arc<Object>> {
    let wanted = amount(claim.at(&["spec", "resources", "requests", "storage"]));
    let named = claim.str_at(&["spec", "volumeName"]);
    let selector = claim.at(&["spec", "selector"]).filter(|s| !s.is_null());
    let selector = selector.map(|s| Selector::from_object(Some(s)));
    let mode = |o: &Object| match o.str_at(&["spec", "volumeMode"]) {
        "Block" => "Block",
        _ => "Filesystem",
    };
    let mut fitting: Vec<Arc<Object>> = client
        .list(VOLUMES, None)
        .into_iter()
        .filter(|v| {
            let modes = v.list_at(&["spec", "accessModes"]);
            (named.is_empty() || named == v.name())
                && !v.is_deleting()
                && is_free_for(v, claim)
                && class(v) == class(claim)
                && mode(v) == mode(claim)
                && claim.list_at(&["spec", "accessModes"]).iter().all(|m| modes.contains(m))
                && amount(v.at(&["spec", "capacity", "storage"])) >= wanted
                && match &selector {
                    Some(Ok(s)) => s.matches(v.labels()),
                    Some(Err(_)) => false,
                    None => true,
                }
                && also(v)
        })
        .collect();
    gatehouse_model::order::by(&mut fitting, |a, b| {
        let reserved = |v: &Object| v.str_at(&["spec", "claimRef", "name"]).is_empty();
        reserved(a).cmp(&reserved(b)).then_with(|| {
            let size = |v: &Object| amount(v.at(&["spec", "capacity", "storage"]));
            size(a).partial_cmp(&size(b)).unwrap_or(std::cmp::Ordering::Equal)
        })
    });
    fitting.into_iter().next()
}

/// Whether a volume is nobody's, or reserved for this claim.
fn is_free_for(volume: &Object, claim: &Object) -> bool {
    let part = |key: &str| volume.str_at(&["spec", "claimRef", key]);
    if part("name").is_empty() {
        return !matches!(volume.str_at(&["status", "phase"]), "Released" | "Failed");
    }
    part("name") == claim.name()
        && part("namespace") == claim.namespace()
        && (part("uid").is_empty() || part("uid") == claim.uid())
}

/// Binds a claim and a volume to each other.
pub(super) fn bind(client: &mut Client<'_>, claim: &Object, volume: &Object) {
    let mut volume = volume.clone();
    if volume.str_at(&["spec", "claimRef", "uid"]) != claim.uid() {
        if volume.str_at(&["spec", "claimRef", "name"]).is_empty() {
            volume.set(&["metadata", "annotations", BY_CONTROLLER], "yes");
        }
        volume.set(
            &["spec", "claimRef"],
            json!({
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": (claim.name()),
                "namespace": (claim.namespace()), "uid": (claim.uid()),
                "resourceVersion": (claim.str_at(&["metadata", "resourceVersion"])),
            }),
        );
        match client.update(VOLUMES, &volume, "") {
            Ok(stored) => volume = stored,
            Err(_) => return,
        }
    }
    set_phase(client, &volume, "Bound");
    let mut claim = claim.clone();
    if claim.str_at(&["spec", "volumeName"]) != volume.name() {
        claim.set(&["spec", "volumeName"], volume.name());
        claim.set(&["metadata", "annotations", BY_CONTROLLER], "yes");
    }
    claim.set(&["metadata", "annotations", COMPLETED], "yes");
    let Ok(claim) = client.update(CLAIMS, &claim, "") else { return };
    set_bound(client, &claim, &volume);
}

fn set_bound(client: &mut Client<'_>, claim: &Object, volume: &Object) {
    let mut status = claim.get("status").cloned().unwrap_or_else(Value::map);
    status.set(&["phase"], "Bound");
    status.set(&["accessModes"], volume.at(&["spec", "accessModes"]).cloned());
    status.set(&["capacity"], volume.at(&["spec", "capacity"]).cloned());
    let _ = client.update_status(CLAIMS, claim, status);
}

fn set_phase(client: &mut Client<'_>, volume: &Object, phase: &str) {
    if volume.str_at(&["status", "phase"]) == phase {
        return;
    }
    let mut status = volume.get("status").cloned().unwrap_or_else(Value::map);
    status.set(&["phase"], phase);
    if client.cluster.version.minor() >= 29 {
        status.set(&["lastPhaseTransitionTime"], client.now());
    }
    let _ = client.update_status(VOLUMES, volume, status);
}

fn sync_claim(client: &mut Client<'_>, claim: &Object) {
    if claim.annotation(COMPLETED).is_some() {
        let bound = client
            .get(VOLUMES, "", claim.str_at(&["spec", "volumeName"]))
            .filter(|v| v.str_at(&["spec", "claimRef", "uid"]) == claim.uid());
        match bound {
            Some(volume) => {
                set_phase(client, &volume, "Bound");
                set_bound(client, claim, &volume);
            }
            None if claim.str_at(&["status", "phase"]) != "Lost" => {
                let mut status = claim.get("status").cloned().unwrap_or_else(Value::map);
                status.set(&["phase"], "Lost");
                let _ = client.update_status(CLAIMS, claim, status);
                let message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
                client.event(SOURCE, claim, EventType::Warning, "ClaimLost", message);
            }
            None => {}
        }
        return;
    }
    let waits = waits_for_consumer(client, claim) && claim.str_at(&["spec", "volumeName"]).is_empty();
    if !waits && let Some(found) = find(client, claim, |_| true) {
        bind(client, claim, &found);
        return;
    }
    if claim.str_at(&["spec", "volumeName"]).is_empty() {
        explain(client, claim, waits);
    }
}

/// Says once why a claim is not bound.
fn explain(client: &mut Client<'_>, claim: &Object, waits: bool) {
    let class = class(claim);
    let found = client.get(CLASSES, "", class);
    let selected = claim.annotation("volume.kubernetes.io/selected-node").is_some();
    let (kind, reason, message) = match found {
        _ if waits && !selected => (
            EventType::Normal,
            "WaitForFirstConsumer",
            "waiting for first consumer to be created before binding".to_owned(),
        ),
        None if class.is_empty() => (
            EventType::Normal,
            "FailedBinding",
            "no persistent volumes available for this claim and no storage class is set".to_owned(),
        ),
        None => (
            EventType::Warning,
            "ProvisioningFailed",
            format!("storageclass.storage.k8s.io \"{class}\" not found"),
        ),
        Some(found) if found.str_at(&["provisioner"]) == NONE => return,
        Some(found) => (
            EventType::Normal,
            "ExternalProvisioning",
            format!(
                "Waiting for a volume to be created either by the external provisioner '{}' or manually by the system \
                 administrator. If volume creation is delayed, please verify that the provisioner is running and \
                 correctly registered.",
                found.str_at(&["provisioner"])
            ),
        ),
    };
    let told = client.has_told(claim, |e| e.str_at(&["message"]) == message);
    if !told {
        client.event(SOURCE, claim, kind, reason, &message);
    }
}

fn sync_volume(client: &mut Client<'_>, volume: &Object) {
    let reference = |key: &str| volume.str_at(&["spec", "claimRef", key]);
    if volume.is_deleting() && volume.str_at(&["status", "phase"]) != "Bound" {
        unprotect(client, VOLUMES, volume, VOLUME_IN_USE);
        return;
    }
    if reference("uid").is_empty() {
        if matches!(volume.str_at(&["status", "phase"]), "" | "Pending") {
            set_phase(client, volume, "Available");
        }
        return;
    }
    let claim =
        client.get(CLAIMS, reference("namespace"), reference("name")).filter(|c| c.uid() == reference("uid"));
    if claim.is_some() {
        return;
    }
    if !matches!(volume.str_at(&["status", "phase"]), "Released" | "Failed") {
        set_phase(client, volume, "Released");
    }
    let external = volume.annotation("pv.kubernetes.io/provisioned-by").is_some();
    if volume.str_at(&["spec", "persistentVolumeReclaimPolicy"]) == "Delete" && !external {
        remove(client, volume);
    }
}

/// Deletes a volume that nobody claims any more, or says why that cannot be done.
fn remove(client: &mut Client<'_>, volume: &Object) {
    let Some(current) = client.get(VOLUMES, "", volume.name()) else { return };
    let source = |kind: &str| current.at(&["spec", kind]).filter(|s| !s.is_null());
    let why = if let Some(host) = source("hostPath") {
        let path = host.str_at(&["path"]);
        // Anything below any `/tmp/`, as the deleter's pattern has no beginning.
        if path.split_once("/tmp/").is_some_and(|(_, rest)| !rest.is_empty()) {
            let _ = client.delete(VOLUMES, "", current.name());
            return;
        }
        format!("host_path deleter only supports /tmp/.+ but received provided {path}")
    } else {
        let known = source("nfs").or_else(|| source("csi")).is_some();
        let what = if known { "no deletable volume plugin matched" } else { "no volume plugin matched" };
        format!("error getting deleter volume plugin for volume \"{}\": {what}", current.name())
    };
    if current.str_at(&["status", "phase"]) == "Failed" {
        return;
    }
    let mut failed = (*current).clone();
    failed.set(&["status", "message"], why.as_str());
    set_phase(client, &failed, "Failed");
    client.event(SOURCE, &current, EventType::Warning, "VolumeFailedDelete", &why);
}

/// A claim that is being deleted stays as long as a pod uses it.
fn release_claim(client: &mut Client<'_>, claim: &Object) {
    let uses = |p: &Arc<Object>| {
        p.list_at(&["spec", "volumes"])
            .iter()
            .any(|v| v.str_at(&["persistentVolumeClaim", "claimName"]) == claim.name())
            && !pods::is_finished(p)
            && !pods::node(p).is_empty()
    };
    if !client.list("pods", Some(claim.namespace())).iter().any(uses) {
        unprotect(client, CLAIMS, claim, CLAIM_IN_USE);
    }
}

fn unprotect(client: &mut Client<'_>, resource: &str, object: &Object, finalizer: &str) {
    let all = object.list_at(&["metadata", "finalizers"]);
    let rest: Vec<Value> = all.iter().filter(|f| f.as_str() != Some(finalizer)).cloned().collect();
    if rest.len() < all.len() {
        let mut changed = object.clone();
        changed.set(&["metadata", "finalizers"], rest);
        let _ = client.update(resource, &changed, "");
    }
}
