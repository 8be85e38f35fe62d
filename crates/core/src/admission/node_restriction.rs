//! NodeRestriction: a kubelet writes its own node, its own pods and nothing else.
//!
//! Models kubernetes `plugin/pkg/admission/noderestriction/admission.go`.
//!
//! What a refused change of a claim's status would print of the two objects is left out.

use gatehouse_model::{Object, Value};

use super::{AdmissionRequest, Notes, Operation};
use crate::authz::node::{config_maps, identity, secrets};
use crate::authz::{self, Attributes};
use crate::cluster::Cluster;
use crate::pki::x509;
use crate::request::{ResourceTarget, Target, Verb};
use crate::status::Status;

const MIRROR: &str = "kubernetes.io/config.mirror";

/// The minor version since when the names in a kubelet's certificate requests are looked at.
const CSRS: u8 = 31;
/// The minor version since when a kubelet's tokens are for audiences that a pod wants.
const AUDIENCES: u8 = 32;

/// Labels of Kubernetes that a kubelet sets on its own node.
const OWN_LABELS: &[&str] = &[
    "kubernetes.io/hostname",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "beta.kubernetes.io/instance-type",
    "node.kubernetes.io/instance-type",
    "kubernetes.io/os",
    "kubernetes.io/arch",
    "beta.kubernetes.io/os",
    "beta.kubernetes.io/arch",
];

pub(super) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    let Some(node) = identity(request.user).filter(|_| request.operation != Operation::Connect) else {
        return Ok(());
    };
    let forbid = |why: String| Err(request.forbid(&why));
    if node.is_empty() {
        return forbid(format!("could not determine node from user \"{}\"", request.user.name));
    }
    let group = &*request.resource.gv.group;
    let why = match (group, &*request.resource.plural, request.subresource) {
        ("", "pods", "") => pod(cluster, request, node)?,
        ("", "pods", "status") => pod_status(request, node),
        ("", "pods", "eviction") => eviction(cluster, request, node)?,
        ("", "pods", sub) => {
            Some(format!("unexpected pod subresource \"{sub}\", only 'status' and 'eviction' are allowed"))
        }
        ("", "nodes", _) => own_node(request, node),
        ("", "serviceaccounts", "token") if request.operation == Operation::Create => {
            token(cluster, request, node)?
        }
        ("", "persistentvolumeclaims", "status") => claim_status(request, node),
        ("", "persistentvolumeclaims", _) => Some("may only update PVC status".to_owned()),
        ("coordination.k8s.io", "leases", _) => lease(request, node),
        ("storage.k8s.io", "csinodes", _) => csi_node(request, node),
        ("resource.k8s.io", "resourceslices", _) => slice(request, node),
        ("certificates.k8s.io", "certificatesigningrequests", "")
            if cluster.version.minor() >= CSRS && request.operation == Operation::Create =>
        {
            signing_request(request, node)
        }
        _ => None,
    };
    why.map_or(Ok(()), forbid)
}

fn existing<'a>(
    cluster: &'a Cluster,
    request: &AdmissionRequest<'_>,
    name: &str,
) -> Result<&'a Object, Status> {
    match cluster.store.get("pods", request.namespace, name) {
        Some(pod) => Ok(pod),
        None => Err(Status::not_found("", "pods", name)),
    }
}

fn pod(cluster: &Cluster, request: &AdmissionRequest<'_>, node: &str) -> Result<Option<String>, Status> {
    Ok(match (request.operation, &request.object) {
        (Operation::Create, Some(pod)) => mirror_pod(cluster, pod, node)?,
        (Operation::Delete, _) => {
            let bound = existing(cluster, request, request.name)?.str_at(&["spec", "nodeName"]);
            (bound != node)
                .then(|| format!("node \"{node}\" can only delete pods with spec.nodeName set to itself"))
        }
        (operation, _) => Some(format!(
            "unexpected operation \"{}\", node \"{node}\" can only create and delete mirror pods",
            operation.as_str()
        )),
    })
}

fn mirror_pod(cluster: &Cluster, pod: &Object, node: &str) -> Result<Option<String>, Status> {
    if pod.annotation(MIRROR).is_none() {
        return Ok(Some(format!(
            "pod does not have \"{MIRROR}\" annotation, node \"{node}\" can only create mirror pods"
        )));
    }
    if pod.str_at(&["spec", "nodeName"]) != node {
        return Ok(Some(format!("node \"{node}\" can only create pods with spec.nodeName set to itself")));
    }
    let [owner] = pod.list_at(&["metadata", "ownerReferences"]) else {
        let many = pod.list_at(&["metadata", "ownerReferences"]).len() > 1;
        let what = if many { "a single owner reference" } else { "an owner reference" };
        return Ok(Some(format!("node \"{node}\" can only create pods with {what} set to itself")));
    };
    let is_node = owner.str_at(&["apiVersion"]) == "v1"
        && owner.str_at(&["kind"]) == "Node"
        && owner.str_at(&["name"]) == node;
    if !is_node {
        return Ok(Some(format!(
            "node \"{node}\" can only create pods with an owner reference set to itself"
        )));
    }
    if owner.bool_at(&["controller"]) != Some(true) {
        return Ok(Some(format!(
            "node \"{node}\" can only create pods with a controller owner reference set to itself"
        )));
    }
    if owner.bool_at(&["blockOwnerDeletion"]) == Some(true) {
        return Ok(Some(format!("node \"{node}\" must not set blockOwnerDeletion on an owner reference")));
    }
    let Some(own) = cluster.store.get("nodes", "", node) else {
        return Err(Status::not_found("", "nodes", node));
    };
    let uid = owner.str_at(&["uid"]);
    if uid != own.uid() {
        return Ok(Some(format!("node {node} UID mismatch: expected {uid} got {}", own.uid())));
    }
    if !pod.str_at(&["spec", "serviceAccountName"]).is_empty() {
        return Ok(Some(format!("node \"{node}\" can not create pods that reference a service account")));
    }
    let sources = || {
        let volumes = pod.list_at(&["spec", "volumes"]).iter();
        volumes.flat_map(|v| std::iter::once(v).chain(v.list_at(&["projected", "sources"])))
    };
    let of_secrets = secrets(pod).next().map(|_| "secrets");
    let maps = || config_maps(pod).next().map(|_| "configmaps");
    let uses = |kind: &str| sources().any(|s| s.get(kind).is_some());
    let bundles = || uses("clusterTrustBundle").then_some("clustertrustbundles");
    let claims = || uses("persistentVolumeClaim").then_some("persistentvolumeclaims");
    let found = of_secrets.or_else(maps).or_else(bundles).or_else(claims);
    Ok(found.map(|what| format!("node \"{node}\" can not create pods that reference {what}")))
}

fn pod_status(request: &AdmissionRequest<'_>, node: &str) -> Option<String> {
    let (Operation::Update, Some(old), Some(new)) = (request.operation, request.old_object, &request.object)
    else {
        return Some(unexpected(request));
    };
    if old.str_at(&["spec", "nodeName"]) != node {
        return Some(format!(
            "node \"{node}\" can only update pod status for pods with spec.nodeName set to itself"
        ));
    }
    if old.labels() != new.labels() {
        return Some(format!("node \"{node}\" cannot update labels through pod status"));
    }
    let claims = ["status", "resourceClaimStatuses"];
    (old.list_at(&claims) != new.list_at(&claims))
        .then(|| format!("node \"{node}\" cannot update resource claim statues"))
}

fn eviction(cluster: &Cluster, request: &AdmissionRequest<'_>, node: &str) -> Result<Option<String>, Status> {
    let bound = existing(cluster, request, request.name)?.str_at(&["spec", "nodeName"]);
    Ok((bound != node).then(|| format!("node {node} can only evict pods with spec.nodeName set to itself")))
}

fn own_node(request: &AdmissionRequest<'_>, node: &str) -> Option<String> {
    let name = request.display_name();
    if name != node {
        return Some(format!("node \"{node}\" is not allowed to modify node \"{name}\""));
    }
    let new = request.object.as_ref()?;
    let Some(old) = request.old_object else {
        let labels = forbidden_labels(new, None);
        return (!labels.is_empty()).then(|| {
            format!("node \"{node}\" is not allowed to set the following labels: {}", labels.join(", "))
        });
    };
    if new.list_at(&["spec", "taints"]) != old.list_at(&["spec", "taints"]) {
        return Some(format!("node \"{node}\" is not allowed to modify taints"));
    }
    let labels = forbidden_labels(new, Some(old));
    (!labels.is_empty()).then(|| format!("is not allowed to modify labels: {}", labels.join(", ")))
}

/// The labels that differ and that a kubelet may not touch.
fn forbidden_labels(new: &Object, old: Option<&Object>) -> Vec<String> {
    let before = |key: &str| old.and_then(|o| o.label(key));
    let keys = gatehouse_model::order::set(
        new.labels().keys().chain(old.into_iter().flat_map(|o| o.labels().keys())),
    );
    keys.into_iter()
        .filter(|key| new.label(key) != before(key) && is_forbidden(key))
        .map(str::to_owned)
        .collect()
}

fn is_forbidden(key: &str) -> bool {
    let Some((domain, _)) = key.split_once('/') else { return false };
    let within =
        |zone: &str| domain.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if within("node-restriction.kubernetes.io") {
        return true;
    }
    let own = OWN_LABELS.contains(&key) || within("kubelet.kubernetes.io") || within("node.kubernetes.io");
    (within("kubernetes.io") || within("k8s.io")) && !own
}

fn token(cluster: &Cluster, request: &AdmissionRequest<'_>, node: &str) -> Result<Option<String>, Status> {
    let reference =
        request.object.as_ref().and_then(|r| r.at(&["spec", "boundObjectRef"])).cloned().unwrap_or_default();
    let (name, uid) = (reference.str_at(&["name"]), reference.str_at(&["uid"]));
    let is_pod = reference.str_at(&["apiVersion"]) == "v1" && reference.str_at(&["kind"]) == "Pod";
    if !is_pod || name.is_empty() {
        return Ok(Some("node requested token not bound to a pod".to_owned()));
    }
    if uid.is_empty() {
        return Ok(Some("node requested token with a pod binding without a uid".to_owned()));
    }
    let pod = existing(cluster, request, name)?;
    if uid != pod.uid() {
        return Ok(Some(format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated"
        )));
    }
    if pod.str_at(&["spec", "nodeName"]) != node {
        return Ok(Some("node requested token bound to a pod scheduled on a different node".to_owned()));
    }
    if cluster.version.minor() < AUDIENCES {
        return Ok(None);
    }
    Ok(audience(cluster, request, pod))
}

/// A kubelet asks for tokens for those audiences that the pod's volumes want, or that it has leave to ask for.
fn audience(cluster: &Cluster, request: &AdmissionRequest<'_>, pod: &Object) -> Option<String> {
    let wanted = match request.object.as_ref()?.list_at(&["spec", "audiences"]) {
        [] => "",
        [one] => one.as_str().unwrap_or_default(),
        _ => return Some("node may only request 0 or 1 audiences".to_owned()),
    };
    let projected = |volume: &Value| {
        let tokens =
            volume.list_at(&["projected", "sources"]).iter().filter_map(|s| s.get("serviceAccountToken"));
        tokens.into_iter().any(|t| t.str_at(&["audience"]) == wanted)
    };
    let driver = |name: &str| {
        let driver = cluster.store.get("csidrivers.storage.k8s.io", "", name);
        driver.is_some_and(|d| {
            d.list_at(&["spec", "tokenRequests"]).iter().any(|t| t.str_at(&["audience"]) == wanted)
        })
    };
    let claimed = |volume: &Value| {
        let name = match volume.str_at(&["persistentVolumeClaim", "claimName"]) {
            "" if volume.get("ephemeral").is_some() => format!("{}-{}", pod.name(), volume.str_at(&["name"])),
            name => name.to_owned(),
        };
        let claim = cluster.store.get("persistentvolumeclaims", pod.namespace(), &name);
        let volume =
            claim.and_then(|c| cluster.store.get("persistentvolumes", "", c.str_at(&["spec", "volumeName"])));
        volume.is_some_and(|v| driver(v.str_at(&["spec", "csi", "driver"])))
    };
    let volumes = pod.list_at(&["spec", "volumes"]);
    if volumes.iter().any(|v| projected(v) || driver(v.str_at(&["csi", "driver"])) || claimed(v)) {
        return None;
    }
    let target = Target::Resource(ResourceTarget {
        version: "v1".to_owned(),
        resource: wanted.to_owned(),
        namespace: request.namespace.to_owned(),
        name: request.name.to_owned(),
        ..ResourceTarget::default()
    });
    let verb = Verb::parse("request-serviceaccounts-token-audience");
    let attributes = Attributes { user: request.user, verb: &verb, target: &target, field_selector: "" };
    (!authz::decide(cluster, &attributes).allowed()).then(|| {
        format!(
            "audience \"{wanted}\" not found in pod spec volume, {} is not authorized to request tokens for this audience",
            request.user.name
        )
    })
}

fn unexpected(request: &AdmissionRequest<'_>) -> String {
    format!("unexpected operation \"{}\"", request.operation.as_str())
}

/// Of a claim's status a kubelet tells sizes and conditions, and nothing else of the claim changes with it.
fn claim_status(request: &AdmissionRequest<'_>, node: &str) -> Option<String> {
    let (Operation::Update, Some(old), Some(new)) = (request.operation, request.old_object, &request.object)
    else {
        return Some(unexpected(request));
    };
    let rest = |claim: &Object| {
        let mut rest = claim.clone();
        for field in ["capacity", "conditions", "allocatedResourceStatuses", "allocatedResources"] {
            rest.remove(&["status", field]);
        }
        for field in ["resourceVersion", "managedFields"] {
            rest.remove(&["metadata", field]);
        }
        rest
    };
    (rest(old) != rest(new)).then(|| {
        format!("node \"{node}\" is not allowed to update fields other than status.quantity and status.conditions: ")
    })
}

fn slice(request: &AdmissionRequest<'_>, node: &str) -> Option<String> {
    let (object, done) = match request.operation {
        Operation::Create => (request.object.as_ref(), "create"),
        Operation::Delete => (request.old_object, "delete"),
        Operation::Update | Operation::Connect => return None,
    };
    let own = object.is_some_and(|slice| slice.str_at(&["spec", "nodeName"]) == node);
    (!own).then(|| format!("can only {done} ResourceSlice with the same NodeName as the requesting node"))
}

/// A kubelet asks for certificates in its own name.
fn signing_request(request: &AdmissionRequest<'_>, node: &str) -> Option<String> {
    let spec = request.object.as_ref()?;
    let signer = spec.str_at(&["spec", "signerName"]);
    if !matches!(signer, "kubernetes.io/kubelet-serving" | "kubernetes.io/kube-apiserver-client-kubelet") {
        return None;
    }
    let Some(name) = x509::requested_subject(spec.str_at(&["spec", "request"])) else {
        return Some("unable to parse csr: PEM block type must be CERTIFICATE REQUEST".to_owned());
    };
    let wanted = format!("system:node:{node}");
    let own = name.iter().any(|(kind, value)| kind == "CN" && *value == wanted);
    (!own).then(|| format!("can only create a node CSR with CN={wanted}"))
}

fn lease(request: &AdmissionRequest<'_>, node: &str) -> Option<String> {
    if request.namespace != "kube-node-lease" {
        return Some("can only access leases in the \"kube-node-lease\" system namespace".to_owned());
    }
    (request.display_name() != node)
        .then(|| "can only access node lease with the same name as the requesting node".to_owned())
}

fn csi_node(request: &AdmissionRequest<'_>, node: &str) -> Option<String> {
    (request.display_name() != node)
        .then(|| "can only access CSINode with the same name as the requesting node".to_owned())
}
