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
    let found = match target.resource.as_str() {
        "persistentvolumes" => cluster.store.list("pods", None).any(|pod| {
            on_node(pod, node)
                && claims(pod).any(|claim| {
                    cluster
                        .store
                        .get("persistentvolumeclaims", pod.namespace(), claim)
                        .is_some_and(|pvc| pvc.str_at(&["spec", "volumeName"]) == target.name)
                })
        }),
        "volumeattachments" => cluster
            .store
            .get("volumeattachments.storage.k8s.io", "", &target.name)
            .is_some_and(|va| va.str_at(&["spec", "nodeName"]) == node),
        _ => cluster
            .store
            .list("pods", Some(&target.namespace))
            .any(|pod| on_node(pod, node) && uses(pod, &target.resource, &target.name)),
    };
    if found { yes() } else { no(format!("no relationship found between node '{node}' and this object")) }
}

fn on_node(pod: &Object, node: &str) -> bool {
    pod.str_at(&["spec", "nodeName"]) == node
}

fn volumes(pod: &Object) -> &[Value] {
    pod.list_at(&["spec", "volumes"])
}

fn claims(pod: &Object) -> impl Iterator<Item = &str> {
    volumes(pod).iter().map(|v| v.str_at(&["persistentVolumeClaim", "claimName"])).filter(|c| !c.is_empty())
}

/// Whether a pod refers to an object of its namespace.
fn uses(pod: &Object, resource: &str, name: &str) -> bool {
    let sources =
        || volumes(pod).iter().flat_map(|v| std::iter::once(v).chain(v.list_at(&["projected", "sources"])));
    let containers = || {
        ["containers", "initContainers", "ephemeralContainers"].iter().flat_map(|c| pod.list_at(&["spec", c]))
    };
    let in_env = |from: &str, key: &str| {
        containers().any(|c| {
            c.list_at(&["envFrom"]).iter().any(|e| e.str_at(&[from, "name"]) == name)
                || c.list_at(&["env"]).iter().any(|e| e.str_at(&["valueFrom", key, "name"]) == name)
        })
    };
    match resource {
        "pods" => pod.name() == name,
        "serviceaccounts" => pod.str_at(&["spec", "serviceAccountName"]) == name,
        "persistentvolumeclaims" => claims(pod).any(|c| c == name),
        "configmaps" => {
            sources().any(|s| s.str_at(&["configMap", "name"]) == name)
                || in_env("configMapRef", "configMapKeyRef")
        }
        "secrets" => {
            sources()
                .any(|s| s.str_at(&["secret", "secretName"]) == name || s.str_at(&["secret", "name"]) == name)
                || in_env("secretRef", "secretKeyRef")
                || pod.list_at(&["spec", "imagePullSecrets"]).iter().any(|s| s.str_at(&["name"]) == name)
        }
        "resourceclaims" => {
            pod.list_at(&["spec", "resourceClaims"]).iter().any(|c| c.str_at(&["resourceClaimName"]) == name)
        }
        _ => false,
    }
}

#[cfg(test)]
#[path = "node_tests.rs"]
mod tests;
