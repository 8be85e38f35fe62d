//! Kubelets, for what concerns their own node.
//!
//! The upstream authorizer keeps a graph from objects to nodes; here the pods of the node are looked at when asked.
//! Models kubernetes `plugin/pkg/auth/authorizer/node/node_authorizer.go` and `graph.go`.

use gatehouse_model::{Object, Value};

use super::{Attributes, decision};
use crate::cluster::Cluster;
use crate::decision::{Decision, Verdict};
use crate::request::{ResourceTarget, Target, User};

const PREFIX: &str = "system:node:";
const NODES: &str = "system:nodes";

/// The minor version from which kubelets may read only their own node and its pods.
const SELECTORS: u8 = 32;

/// What any kubelet may do wherever nothing more particular is said: verbs, group, resources.
const RULES: &[(&[&str], &str, &[&str])] = &[
    (&["create"], "authentication.k8s.io", &["tokenreviews"]),
    (&["create"], "authorization.k8s.io", &["localsubjectaccessreviews", "subjectaccessreviews"]),
    (&["get", "list", "watch"], "", &["services", "nodes", "pods"]),
    (&["create"], "", &["nodes", "pods", "pods/eviction"]),
    (&["patch", "update"], "", &["nodes", "nodes/status", "pods/status"]),
    (&["delete"], "", &["pods"]),
    (&["create", "patch", "update"], "", &["events"]),
    (&["create", "patch", "update"], "events.k8s.io", &["events"]),
    (&["get"], "", &["endpoints"]),
    (&["create", "get", "list", "watch"], "certificates.k8s.io", &["certificatesigningrequests"]),
    (&["get", "list", "watch"], "storage.k8s.io", &["csidrivers"]),
    (&["get", "list", "watch"], "node.k8s.io", &["runtimeclasses"]),
];

/// The node a user is, if it is a kubelet: `None` for others, an empty name for one that does not say which.
pub(crate) fn identity(user: &User) -> Option<&str> {
    let name = user.name.strip_prefix(PREFIX)?;
    user.groups.iter().any(|g| g == NODES).then_some(name)
}

/// Whether the user is a kubelet.
#[must_use]
pub fn is_node(user: &User) -> bool {
    identity(user).is_some()
}

/// The node authorizer's opinion.
#[must_use]
pub fn decide(cluster: &Cluster, attributes: &Attributes<'_>) -> Decision {
    let Some(node) = identity(attributes.user) else { return no("") };
    if node.is_empty() {
        return no(format!("unknown node for user \"{}\"", attributes.user.name));
    }
    let Target::Resource(target) = attributes.target else { return no("") };
    let verb = attributes.verb.as_str();
    let narrow = cluster.version.minor() >= SELECTORS;
    match (target.group.as_str(), target.resource.as_str()) {
        ("", "secrets" | "configmaps") => {
            if !matches!(verb, "get" | "list" | "watch") {
                return no("can only read resources of this type");
            }
            if !target.subresource.is_empty() {
                return no("cannot read subresource");
            }
            if target.namespace.is_empty() {
                return no("can only read namespaced object of this type");
            }
            related(cluster, node, target)
        }
        ("", "persistentvolumeclaims") if target.subresource == "status" => match verb {
            "update" | "patch" => related(cluster, node, target),
            _ => no("can only get/update/patch this type"),
        },
        ("", "persistentvolumeclaims" | "persistentvolumes")
        | ("resource.k8s.io", "resourceclaims")
        | ("storage.k8s.io", "volumeattachments") => get(cluster, node, verb, target),
        ("", "serviceaccounts") if verb == "get" && narrow => get(cluster, node, verb, target),
        ("", "serviceaccounts") => {
            if verb != "create" || target.name.is_empty() {
                return no("can only create tokens for individual service accounts");
            }
            if target.subresource != "token" {
                return no("can only create token subresource of serviceaccount");
            }
            related(cluster, node, target)
        }
        ("coordination.k8s.io", "leases") => lease(node, verb, target),
        ("storage.k8s.io", "csinodes") => csi_node(node, verb, target),
        ("resource.k8s.io", "resourceslices") => slices(cluster, node, attributes, target),
        ("", "nodes") if narrow => own_node(node, verb, target),
        ("", "pods") if narrow => pods(cluster, node, attributes, target),
        _ if any_rule(verb, target) => yes(),
        _ => no(""),
    }
}

fn yes() -> Decision {
    decision(Verdict::Allow, "")
}

fn no(reason: impl Into<String>) -> Decision {
    decision(Verdict::NoOpinion, reason)
}

fn any_rule(verb: &str, target: &ResourceTarget) -> bool {
    let resource = if target.subresource.is_empty() {
        target.resource.clone()
    } else {
        format!("{}/{}", target.resource, target.subresource)
    };
    RULES.iter().any(|(verbs, group, resources)| {
        *group == target.group && verbs.contains(&verb) && resources.contains(&resource.as_str())
    })
}

fn get(cluster: &Cluster, node: &str, verb: &str, target: &ResourceTarget) -> Decision {
    if verb != "get" {
        return no("can only get individual resources of this type");
    }
    if !target.subresource.is_empty() {
        return no("cannot get subresource");
    }
    related(cluster, node, target)
}

fn lease(node: &str, verb: &str, target: &ResourceTarget) -> Decision {
    if !matches!(verb, "get" | "create" | "update" | "patch" | "delete") {
        return no("can only get, create, update, patch, or delete a node lease");
    }
    if target.namespace != "kube-node-lease" {
        return no("can only access leases in the \"kube-node-lease\" system namespace");
    }
    if verb != "create" && target.name != node {
        return no("can only access node lease with the same name as the requesting node");
    }
    yes()
}

fn csi_node(node: &str, verb: &str, target: &ResourceTarget) -> Decision {
    if !matches!(verb, "get" | "create" | "update" | "patch" | "delete") {
        return no("can only get, create, update, patch, or delete a CSINode");
    }
    if !target.subresource.is_empty() {
        return no("cannot authorize CSINode subresources");
    }
    if verb != "create" && target.name != node {
        return no("can only access CSINode with the same name as the requesting node");
    }
    yes()
}

fn slices(cluster: &Cluster, node: &str, attributes: &Attributes<'_>, target: &ResourceTarget) -> Decision {
    if !target.subresource.is_empty() {
        return no("cannot authorize ResourceSlice subresources");
    }
    match attributes.verb.as_str() {
        "create" => yes(),
        "get" | "update" | "patch" | "delete" => related(cluster, node, target),
        "watch" | "list" | "deletecollection"
            if cluster.version.minor() < SELECTORS
                || attributes.selected("nodeName").as_deref() == Some(node) =>
        {
            yes()
        }
        "watch" | "list" | "deletecollection" => {
            no("can only list/watch/deletecollection resourceslices with nodeName field selector")
        }
        _ => no(
            "only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection",
        ),
    }
}

fn own_node(node: &str, verb: &str, target: &ResourceTarget) -> Decision {
    match (target.subresource.as_str(), verb) {
        ("", "create" | "update" | "patch") | ("status", "update" | "patch") => yes(),
        ("", "get" | "list" | "watch") if target.name == node => yes(),
        ("", "get" | "list" | "watch") if target.name.is_empty() => {
            no(format!("node '{node}' cannot read all nodes, only its own Node object"))
        }
        ("", "get" | "list" | "watch") => {
            no(format!("node '{node}' cannot read '{}', only its own Node object", target.name))
        }
        _ => no(""),
    }
}

fn pods(cluster: &Cluster, node: &str, attributes: &Attributes<'_>, target: &ResourceTarget) -> Decision {
    let verb = attributes.verb.as_str();
    match (target.subresource.as_str(), verb) {
        ("", "get") => get(cluster, node, verb, target),
        ("", "list" | "watch") if attributes.selected("spec.nodeName").as_deref() == Some(node) => yes(),
        ("", "list" | "watch") if !target.name.is_empty() => related(cluster, node, target),
        ("", "list" | "watch") => no("can only list/watch pods with spec.nodeName field selector"),
        ("", "create" | "delete") | ("status", "update" | "patch") | ("eviction", "create") => yes(),
        _ => no(""),
    }
}

fn related(cluster: &Cluster, node: &str, target: &ResourceTarget) -> Decision {
    if target.name.is_empty() {
        return no("No Object name found");
    }
    let (resource, name) = (target.resource.as_str(), target.name.as_str());
    let pods = |namespace| cluster.store.list("pods", namespace).filter(|pod| on_node(pod, node));
    let stands_on = |table: &str, field: &str| {
        cluster.store.get(table, "", name).is_some_and(|o| o.str_at(&["spec", field]) == node)
    };
    let found = match resource {
        "persistentvolumes" => pods(None).any(|pod| bound(cluster, pod).any(|pv| pv.name() == name)),
        "volumeattachments" => stands_on("volumeattachments.storage.k8s.io", "nodeName"),
        "resourceslices" => stands_on("resourceslices.resource.k8s.io", "nodeName"),
        _ => {
            let namespace = Some(target.namespace.as_str());
            pods(namespace).any(|pod| uses(pod, resource, name))
                || (resource == "secrets" && pods(None).any(|pod| through_volume(cluster, pod, target)))
        }
    };
    if found { yes() } else { no(format!("no relationship found between node '{node}' and this object")) }
}

/// The volumes that a pod's claims are bound to.
fn bound<'a>(cluster: &'a Cluster, pod: &'a Object) -> impl Iterator<Item = &'a Object> {
    claims(pod).filter_map(|claim| {
        let claim = cluster.store.get("persistentvolumeclaims", pod.namespace(), &claim)?;
        let volume = cluster.store.get("persistentvolumes", "", claim.str_at(&["spec", "volumeName"]))?;
        Some(&**volume)
    })
}

/// Whether a volume that a pod's claim is bound to refers to a secret, in the claim's namespace unless it says another.
fn through_volume(cluster: &Cluster, pod: &Object, target: &ResourceTarget) -> bool {
    bound(cluster, pod).any(|volume| {
        let Some(spec) = volume.get("spec") else { return false };
        SECRET_SOURCES.iter().chain(&[("csi", &["nodeExpandSecretRef", "name"][..])]).any(|(kind, path)| {
            let Some(source) = spec.get(kind) else { return false };
            let own = match (path, *kind) {
                ([reference, _], _) => source.str_at(&[reference, "namespace"]),
                _ => source.str_at(&["secretNamespace"]),
            };
            let namespace = if own.is_empty() { pod.namespace() } else { own };
            source.str_at(path) == target.name && namespace == target.namespace
        })
    })
}

fn on_node(pod: &Object, node: &str) -> bool {
    pod.str_at(&["spec", "nodeName"]) == node
}

fn volumes(pod: &Object) -> &[Value] {
    pod.list_at(&["spec", "volumes"])
}

/// The claims a pod mounts, its own ephemeral ones included.
fn claims(pod: &Object) -> impl Iterator<Item = String> {
    volumes(pod).iter().filter_map(|v| match v.str_at(&["persistentVolumeClaim", "claimName"]) {
        "" if v.get("ephemeral").is_some() => Some(format!("{}-{}", pod.name(), v.str_at(&["name"]))),
        "" => None,
        name => Some(name.to_owned()),
    })
}

/// Volume sources with a reference to a secret, by the field that holds it.
const SECRET_SOURCES: [(&str, &[&str]); 12] = [
    ("secret", &["secretName"]),
    // In a projection.
    ("secret", &["name"]),
    ("azureFile", &["secretName"]),
    ("cephfs", &["secretRef", "name"]),
    ("cinder", &["secretRef", "name"]),
    ("flexVolume", &["secretRef", "name"]),
    ("rbd", &["secretRef", "name"]),
    ("scaleIO", &["secretRef", "name"]),
    ("iscsi", &["secretRef", "name"]),
    ("storageos", &["secretRef", "name"]),
    ("csi", &["nodePublishSecretRef", "name"]),
    ("csi", &["nodeStageSecretRef", "name"]),
];

/// The secret a volume source refers to.
fn of_source(source: &Value) -> impl Iterator<Item = &str> {
    SECRET_SOURCES
        .iter()
        .filter_map(|(kind, path)| Some(source.get(kind)?.str_at(path)))
        .filter(|name| !name.is_empty())
}

fn sources(pod: &Object) -> impl Iterator<Item = &Value> {
    volumes(pod).iter().flat_map(|v| std::iter::once(v).chain(v.list_at(&["projected", "sources"])))
}

/// The names that a pod's containers take their environment from.
fn in_env<'a>(pod: &'a Object, from: &'static str, key: &'static str) -> impl Iterator<Item = &'a str> {
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let containers = lists.into_iter().flat_map(|c| pod.list_at(&["spec", c]));
    let names = containers.flat_map(move |c| {
        let whole = c.list_at(&["envFrom"]).iter().map(move |e| e.str_at(&[from, "name"]));
        whole.chain(c.list_at(&["env"]).iter().map(move |e| e.str_at(&["valueFrom", key, "name"])))
    });
    names.filter(|name| !name.is_empty())
}

/// The secrets a pod refers to, its account's token aside.
pub(crate) fn secrets(pod: &Object) -> impl Iterator<Item = &str> {
    let pulls = pod.list_at(&["spec", "imagePullSecrets"]).iter().map(|s| s.str_at(&["name"]));
    pulls.chain(sources(pod).flat_map(of_source)).chain(in_env(pod, "secretRef", "secretKeyRef"))
}

/// The config maps a pod refers to.
pub(crate) fn config_maps(pod: &Object) -> impl Iterator<Item = &str> {
    let mounted = sources(pod).map(|s| s.str_at(&["configMap", "name"])).filter(|name| !name.is_empty());
    mounted.chain(in_env(pod, "configMapRef", "configMapKeyRef"))
}

/// Whether a pod refers to an object of its namespace. Mirror pods refer to nothing.
fn uses(pod: &Object, resource: &str, name: &str) -> bool {
    if resource == "pods" {
        return pod.name() == name;
    }
    if pod.annotation("kubernetes.io/config.mirror").is_some() {
        return false;
    }
    match resource {
        "serviceaccounts" => pod.str_at(&["spec", "serviceAccountName"]) == name,
        "persistentvolumeclaims" => claims(pod).any(|c| c == name),
        "configmaps" => config_maps(pod).any(|c| c == name),
        "secrets" => secrets(pod).any(|s| s == name),
        "resourceclaims" => [["spec", "resourceClaims"], ["status", "resourceClaimStatuses"]]
            .iter()
            .flat_map(|path| pod.list_at(path))
            .any(|c| c.str_at(&["resourceClaimName"]) == name),
        _ => false,
    }
}

#[cfg(test)]
#[path = "node_tests.rs"]
mod tests;
