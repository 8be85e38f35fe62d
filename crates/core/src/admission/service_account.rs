//! ServiceAccount: every pod runs as somebody, and gets that somebody's token unless told otherwise.
//!
//! Models kubernetes `plugin/pkg/admission/serviceaccount/admission.go`.

use gatehouse_model::{Object, Value, json};

use super::{AdmissionRequest, Notes, Operation};
use crate::cluster::Cluster;
use crate::status::{Reason, Status};

/// The plugin's name.
pub(super) const NAME: &str = "ServiceAccount";

const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME: &str = "kube-api-access-";
const MIRROR: &str = "kubernetes.io/config.mirror";
const ENFORCE: &str = "kubernetes.io/enforce-mountable-secrets";

/// The version since when tokens are projected instead of lying in secrets.
const PROJECTED: u8 = 21;

pub(super) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    if request.operation != Operation::Create || !request.is_about("", "pods") {
        return Ok(());
    }
    let Some(mut pod) = request.object.take() else { return Ok(()) };
    let result = fill_in(cluster, request, &mut pod);
    request.object = Some(pod);
    result.and_then(|()| check(cluster, request)).inspect_err(|_| {
        notes.blame(request, "spec.serviceAccountName", "a pod runs as a service account of its namespace");
    })
}

pub(super) fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    if request.operation == Operation::Create && request.is_about("", "pods") {
        check(cluster, request)
    } else {
        Ok(())
    }
}

fn is_mirror(pod: &Object) -> bool {
    pod.annotation(MIRROR).is_some()
}

fn fill_in(cluster: &mut Cluster, request: &AdmissionRequest<'_>, pod: &mut Object) -> Result<(), Status> {
    if is_mirror(pod) {
        return Ok(());
    }
    if pod.str_at(&["spec", "serviceAccountName"]).is_empty() {
        let old = pod.str_at(&["spec", "serviceAccount"]);
        let name = if old.is_empty() { "default" } else { old }.to_owned();
        pod.set(&["spec", "serviceAccountName"], name);
    }
    let name = pod.str_at(&["spec", "serviceAccountName"]).to_owned();
    // The old name of the field follows the new one.
    pod.set(&["spec", "serviceAccount"], name.as_str());
    let Some(account) = cluster.store.get("serviceaccounts", request.namespace, &name).cloned() else {
        return Err(missing(request, pod, &name));
    };
    let automount = pod
        .bool_at(&["spec", "automountServiceAccountToken"])
        .or_else(|| account.bool_at(&["automountServiceAccountToken"]))
        .unwrap_or(true);
    if automount {
        if cluster.version.minor() >= PROJECTED {
            mount_projected(cluster, pod);
        } else {
            mount_secret(cluster, request.namespace, &account, pod)?;
        }
    }
    if pod.list_at(&["spec", "imagePullSecrets"]).is_empty() {
        let secrets = account.list_at(&["imagePullSecrets"]);
        if !secrets.is_empty() {
            pod.set(&["spec", "imagePullSecrets"], secrets.to_vec());
        }
    }
    Ok(())
}

fn missing(request: &AdmissionRequest<'_>, pod: &Object, name: &str) -> Status {
    let why = format!(
        "error looking up service account {}/{name}: serviceaccount \"{name}\" not found",
        request.namespace
    );
    let shown = if request.name.is_empty() && pod.name().is_empty() {
        pod.str_at(&["metadata", "generateName"]).to_owned()
    } else if request.name.is_empty() {
        pod.name().to_owned()
    } else {
        request.name.to_owned()
    };
    Status::forbidden("", "pods", &shown, &why)
}

fn check(cluster: &Cluster, request: &AdmissionRequest<'_>) -> Result<(), Status> {
    let Some(pod) = &request.object else { return Ok(()) };
    let name = pod.str_at(&["spec", "serviceAccountName"]);
    if is_mirror(pod) {
        return match mirror_fault(pod) {
            Some(why) => Err(request.forbid(why)),
            None => Ok(()),
        };
    }
    if name.is_empty() {
        let why = format!("no service account specified for pod {}/{}", request.namespace, pod.name());
        return Err(request.forbid(&why));
    }
    let Some(account) = cluster.store.get("serviceaccounts", request.namespace, name) else {
        return Err(missing(request, pod, name));
    };
    if account.annotation(ENFORCE).is_some_and(|v| v == "true") {
        mountable(request, account, pod)?;
    }
    Ok(())
}

/// What a pod that mirrors a static one may not refer to.
fn mirror_fault(pod: &Object) -> Option<&'static str> {
    if !pod.str_at(&["spec", "serviceAccountName"]).is_empty() {
        return Some("a mirror pod may not reference service accounts");
    }
    let uses = |kind: &str| pod.list_at(&["spec", "volumes"]).iter().any(|v| v.get(kind).is_some());
    if uses("secret") {
        return Some("a mirror pod may not reference secrets");
    }
    if uses("persistentVolumeClaim") {
        return Some("a mirror pod may not reference persistentvolumeclaims");
    }
    let projects_token = |v: &Value| {
        v.list_at(&["projected", "sources"]).iter().any(|s| s.get("serviceAccountToken").is_some())
    };
    pod.list_at(&["spec", "volumes"])
        .iter()
        .any(projects_token)
        .then_some("a mirror pod may not use ServiceAccountToken volume projections")
}

/// Adds a mount to every container that has nothing there yet; says whether any container needs it.
fn mount(pod: &mut Object, volume: &str) -> bool {
    let mut needed = false;
    for list in ["initContainers", "containers"] {
        if pod.list_at(&["spec", list]).is_empty() {
            continue;
        }
        for container in pod.entry_at(&["spec", list]).make_list() {
            if container.list_at(&["volumeMounts"]).iter().any(|m| m.str_at(&["mountPath"]) == MOUNT_PATH) {
                continue;
            }
            let entry = json!({"name": volume, "readOnly": true, "mountPath": MOUNT_PATH});
            container.entry_at(&["volumeMounts"]).make_list().push(entry);
            needed = true;
        }
    }
    needed
}

fn mount_projected(cluster: &mut Cluster, pod: &mut Object) {
    let existing = pod
        .list_at(&["spec", "volumes"])
        .iter()
        .map(|v| v.str_at(&["name"]))
        .find(|n| n.starts_with(VOLUME))
        .map(str::to_owned);
    let name = match &existing {
        Some(name) => name.clone(),
        None => format!("{VOLUME}{}", cluster.entropy.suffix(5)),
    };
    if mount(pod, &name) && existing.is_none() {
        let volume = json!({"name": name, "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [
                {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
            ]}},
        ]}});
        pod.entry_at(&["spec", "volumes"]).make_list().push(volume);
    }
}

/// Mounts the secret in which old clusters keep an account's token.
fn mount_secret(
    cluster: &Cluster,
    namespace: &str,
    account: &Object,
    pod: &mut Object,
) -> Result<(), Status> {
    let is_token = |name: &&str| {
        cluster.store.get("secrets", namespace, name).is_some_and(|s| {
            s.str_at(&["type"]) == "kubernetes.io/service-account-token"
                && s.annotation("kubernetes.io/service-account.name") == Some(account.name())
        })
    };
    let secret = account.list_at(&["secrets"]).iter().map(|s| s.str_at(&["name"])).find(is_token);
    let Some(secret) = secret else {
        let why = format!(
            "No API token found for service account \"{}\", retry after the token is automatically created and added to the service account",
            account.name()
        );
        let mut status = Status::new(Reason::Timeout, why);
        status.code = 500;
        status.retry_after_seconds = 1;
        return Err(status);
    };
    let known =
        pod.list_at(&["spec", "volumes"]).iter().any(|v| v.str_at(&["secret", "secretName"]) == secret);
    if mount(pod, secret) && !known {
        let volume = json!({"name": secret, "secret": {"secretName": secret, "defaultMode": 420}});
        pod.entry_at(&["spec", "volumes"]).make_list().push(volume);
    }
    Ok(())
}

/// Secrets that a pod of an account with the annotation may use are those the account lists.
fn mountable(request: &AdmissionRequest<'_>, account: &Object, pod: &Object) -> Result<(), Status> {
    let listed =
        |field: &str, name: &str| account.list_at(&[field]).iter().any(|s| s.str_at(&["name"]) == name);
    let who = account.name();
    for volume in pod.list_at(&["spec", "volumes"]) {
        let secret = volume.str_at(&["secret", "secretName"]);
        if !secret.is_empty() && !listed("secrets", secret) {
            return Err(request.forbid(&format!(
                "volume with secret.secretName=\"{secret}\" is not allowed because service account {who} does not reference that secret"
            )));
        }
    }
    for (list, what) in [("initContainers", "init container"), ("containers", "container")] {
        for container in pod.list_at(&["spec", list]) {
            for env in container.list_at(&["env"]) {
                let secret = env.str_at(&["valueFrom", "secretKeyRef", "name"]);
                if !secret.is_empty() && !listed("secrets", secret) {
                    return Err(request.forbid(&format!(
                        "{what} {} with envVar {} referencing secret.secretName=\"{secret}\" is not allowed because service account {who} does not reference that secret",
                        container.str_at(&["name"]),
                        env.str_at(&["name"])
                    )));
                }
            }
        }
    }
    for (i, secret) in pod.list_at(&["spec", "imagePullSecrets"]).iter().enumerate() {
        let secret = secret.str_at(&["name"]);
        if !listed("imagePullSecrets", secret) {
            return Err(request.forbid(&format!(
                "imagePullSecrets[{i}].name=\"{secret}\" is not allowed because service account {who} does not reference that imagePullSecret"
            )));
        }
    }
    Ok(())
}
