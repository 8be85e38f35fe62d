//! What each kind's storage does to an object before it is validated: status is reset, generation counted, system
//! fields filled in.
//!
//! Models the `strategy.go` of `pkg/registry/*/*`.

mod apparmor;
mod claim;
mod crd;
mod csr;
mod daemonset;
mod job;
mod namespace;
mod pod;
pub(crate) mod seccomp;
mod service;

pub(crate) use pod::qos;

use gatehouse_model::{Object, ResourceType, Value, json};

use crate::server::Call;
use crate::status::Status;

/// What an update of a kind's spec does to its generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Generation {
    /// It has none.
    None,
    /// It counts changes of everything but metadata and status.
    Spec,
    /// It counts changes of annotations as well.
    SpecAndAnnotations,
}

/// What is particular to a resource's storage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strategy {
    /// A PUT of a missing object makes it.
    pub(crate) create_on_update: bool,
    /// An update needs no resource version.
    pub(crate) unconditional_update: bool,
    /// The main endpoint leaves `status` alone.
    status: bool,
    generation: Generation,
}

/// The strategy of a resource.
pub(crate) fn of(resource: &ResourceType) -> Strategy {
    let plural = &*resource.plural;
    let group = &*resource.gv.group;
    let custom = group.contains('.') && !group.ends_with(".k8s.io");
    let create_on_update = matches!(
        plural,
        "leases"
            | "events"
            | "endpoints"
            | "limitranges"
            | "podtemplates"
            | "roles"
            | "clusterroles"
            | "rolebindings"
            | "clusterrolebindings"
            | "services"
            | "priorityclasses"
    );
    let conditional = custom
        || matches!(
            plural,
            "leases"
                | "customresourcedefinitions"
                | "apiservices"
                | "poddisruptionbudgets"
                | "runtimeclasses"
                | "csidrivers"
                | "csinodes"
                | "csistoragecapacities"
                | "volumeattachments"
                | "validatingwebhookconfigurations"
                | "mutatingwebhookconfigurations"
                | "validatingadmissionpolicies"
                | "validatingadmissionpolicybindings"
                | "mutatingadmissionpolicies"
                | "mutatingadmissionpolicybindings"
        );
    let generation = match plural {
        "deployments" => Generation::SpecAndAnnotations,
        "pods"
        | "replicasets"
        | "daemonsets"
        | "statefulsets"
        | "jobs"
        | "cronjobs"
        | "replicationcontrollers"
        | "poddisruptionbudgets"
        | "ingresses"
        | "ingressclasses"
        | "networkpolicies"
        | "priorityclasses"
        | "customresourcedefinitions"
        | "validatingwebhookconfigurations"
        | "mutatingwebhookconfigurations"
        | "validatingadmissionpolicies"
        | "validatingadmissionpolicybindings"
        | "mutatingadmissionpolicies"
        | "mutatingadmissionpolicybindings"
        | "endpointslices"
        | "podtemplates"
        | "flowschemas"
        | "prioritylevelconfigurations"
        | "resourceslices"
        | "deviceclasses"
        | "horizontalpodautoscalers" => Generation::Spec,
        _ if custom => Generation::Spec,
        _ => Generation::None,
    };
    let status = resource.subresources.iter().any(|s| s == "status") && plural != "nodes";
    Strategy { create_on_update, unconditional_update: !conditional, status, generation }
}

/// The status a kind starts with.
fn initial_status(resource: &ResourceType) -> Option<Value> {
    Some(match (&*resource.plural, &*resource.gv.group) {
        ("pods", "") => return None,
        ("namespaces", "") => json!({"phase": "Active"}),
        ("persistentvolumes" | "persistentvolumeclaims", "") => json!({"phase": "Pending"}),
        ("services", "") => json!({"loadBalancer": {}}),
        ("ingresses", _) => json!({"loadBalancer": {}}),
        ("replicationcontrollers", "") | ("replicasets", "apps") => json!({"replicas": 0}),
        ("statefulsets", "apps") => json!({"replicas": 0, "availableReplicas": 0}),
        ("daemonsets", "apps") => json!({
            "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
        }),
        ("poddisruptionbudgets", _) => json!({
            "disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0,
        }),
        ("horizontalpodautoscalers", _) => json!({"desiredReplicas": 0, "currentMetrics": null}),
        ("deployments", _)
        | ("jobs" | "cronjobs", _)
        | ("resourcequotas", _)
        | ("certificatesigningrequests", _)
        | ("flowschemas" | "prioritylevelconfigurations", _)
        | ("validatingadmissionpolicies", _) => json!({}),
        _ => return None,
    })
}

/// Before validation of a create.
pub(crate) fn prepare_for_create(call: &mut Call<'_>, object: &mut Object) {
    let strategy = of(&call.resource);
    if strategy.status {
        object.remove(&["status"]);
        if let Some(status) = initial_status(&call.resource) {
            object.set(&["status"], status);
        }
    }
    object.remove(&["metadata", "generation"]);
    if counts_generation(call, strategy) {
        object.set(&["metadata", "generation"], 1);
    }
    match call.table().as_str() {
        "pods" => pod::prepare_for_create(call, object),
        "namespaces" => namespace::prepare_for_create(object),
        "persistentvolumeclaims" => claim::prepare_for_create(call, object),
        "daemonsets.apps" => daemonset::prepare_for_create(object),
        "jobs.batch" => job::prepare_for_create(call.cluster.version, object),
        "certificatesigningrequests.certificates.k8s.io" => csr::prepare_for_create(call, object),
        "customresourcedefinitions.apiextensions.k8s.io" => crd::prepare(call, object),
        _ => {}
    }
}

fn counts_generation(call: &Call<'_>, strategy: Strategy) -> bool {
    // Pods and autoscalers count since 1.33 and 1.36.
    let young = matches!(&*call.resource.plural, "pods" | "horizontalpodautoscalers" | "podtemplates");
    strategy.generation != Generation::None && !(young && call.cluster.version.minor() < 33)
}

/// Before validation of an update.
pub(crate) fn prepare_for_update(call: &mut Call<'_>, object: &mut Object, old: &Object) {
    let strategy = of(&call.resource);
    match call.target.subresource.as_str() {
        "" | "scale" if strategy.status => {
            keep(object, old, "status");
        }
        "status" | "approval" => {
            let mut kept = old.clone();
            copy(&mut kept, object, "status");
            for field in ["labels", "annotations", "finalizers", "managedFields", "resourceVersion"] {
                let path = ["metadata", field];
                match object.at(&path) {
                    Some(value) => kept.set(&path, value.clone()),
                    None => {
                        kept.remove(&path);
                    }
                }
            }
            *object = kept;
        }
        "finalize" => {
            let finalizers = object.at(&["spec", "finalizers"]).cloned();
            let version = object.at(&["metadata", "resourceVersion"]).cloned();
            *object = old.clone();
            match finalizers.filter(|f| !f.items().is_empty()) {
                Some(f) => object.set(&["spec", "finalizers"], f),
                None => {
                    object.remove(&["spec", "finalizers"]);
                }
            }
            if let Some(version) = version {
                object.set(&["metadata", "resourceVersion"], version);
            }
        }
        "ephemeralcontainers" => {
            let added = object.at(&["spec", "ephemeralContainers"]).cloned();
            *object = old.clone();
            if let Some(added) = added {
                object.set(&["spec", "ephemeralContainers"], added);
            }
        }
        _ => {}
    }
    match (call.table().as_str(), call.target.subresource.as_str()) {
        ("certificatesigningrequests.certificates.k8s.io", sub) => {
            csr::prepare_for_update(call, object, old, sub)
        }
        ("customresourcedefinitions.apiextensions.k8s.io", "") => crd::prepare(call, object),
        ("daemonsets.apps", sub) => daemonset::prepare_for_update(object, old, sub),
        ("pods", "") => pod::prepare_for_update(object, old),
        ("namespaces", "") => keep(object, old, "spec"),
        _ => {}
    }
    // What components report about an object is no change of it.
    let reports = matches!(call.target.subresource.as_str(), "status" | "approval");
    if !reports && counts_generation(call, strategy) && changed(object, old, strategy.generation) {
        object.set(&["metadata", "generation"], old.generation() + 1);
    }
}

fn keep(object: &mut Object, old: &Object, field: &str) {
    copy(object, old, field);
}

fn copy(to: &mut Object, from: &Object, field: &str) {
    match from.get(field) {
        Some(value) => to.set(&[field], value.clone()),
        None => {
            to.remove(&[field]);
        }
    }
}

fn changed(object: &Object, old: &Object, generation: Generation) -> bool {
    let strip = |o: &Object| {
        let mut o = o.clone();
        o.remove(&["metadata"]);
        o.remove(&["status"]);
        o
    };
    let annotations =
        generation == Generation::SpecAndAnnotations && object.annotations() != old.annotations();
    annotations || strip(object) != strip(old)
}

/// Allocations that come before validation: cluster IPs and node ports.
pub(crate) fn before_allocation(
    call: &mut Call<'_>,
    object: &mut Object,
    old: Option<&Object>,
) -> Result<(), Status> {
    match call.table().as_str() {
        "services" if call.target.subresource.is_empty() => service::allocate(call, object, old),
        _ => Ok(()),
    }
}
