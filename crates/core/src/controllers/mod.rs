//! Controllers: what turns wishes into objects, each acting through the API server as its own service account.
//!
//! One file a controller. A pass looks at the store, acts, and is repeated until nothing changes. Knows nothing of
//! users' commands. Models kube-controller-manager and kube-scheduler as far as their effects can be seen.

mod aggregation;
mod autoscaler;
mod certificate;
mod cilium;
mod cleaner;
pub mod client;
mod cronjob;
mod daemonset;
mod deployment;
mod disruption;
mod endpoints;
mod endpointslice;
pub mod events;
mod garbage;
mod history;
mod job;
pub mod kubernetes_service;
pub mod lease;
mod memory;
mod mirror;
mod namespace;
mod node;
mod owner;
mod pods;
mod policy;
mod replicaset;
mod resource_quota;
mod root_ca;
mod scheduler;
mod serviceaccount;
mod standin;
mod statefulset;
mod taint;
mod token;
mod volume;

pub use client::Client;
pub use memory::Memory;
pub(crate) use pods::disruption;
pub use standin::StandIn;

use crate::cluster::Cluster;
use crate::world::Timestamp;

/// A controller.
struct Controller {
    /// The name of its service account.
    name: &'static str,
    /// The resources whose changes make it look; `*` is every one but events.
    watches: &'static [&'static str],
    /// How many of those, from the first, are what it works on: as long as there was none of them it has nothing to do.
    objects: usize,
    /// One pass.
    pass: fn(&mut Client<'_>),
}

impl Controller {
    /// Works on the first `objects` of the resources it watches.
    const fn of(self, objects: usize) -> Self {
        Self { objects, ..self }
    }
}

const fn on(name: &'static str, watches: &'static [&'static str], pass: fn(&mut Client<'_>)) -> Controller {
    Controller { name, watches, objects: 0, pass }
}

/// In the order they are asked; the order does not matter to where things come to rest.
const CONTROLLERS: &[Controller] = &[
    on("service-account-controller", &["namespaces", "serviceaccounts"], serviceaccount::pass),
    on("root-ca-cert-publisher", &["namespaces", "configmaps"], root_ca::pass),
    on("kubernetes-service", &["services", "namespaces"], kubernetes_service::pass),
    on("namespace-controller", &["*"], namespace::pass),
    on("generic-garbage-collector", &["*"], garbage::pass),
    on("tokens-controller", &["secrets", "serviceaccounts"], token::pass),
    on("clusterrole-aggregation-controller", &["clusterroles.rbac.authorization.k8s.io"], aggregation::pass),
    on("certificate-controller", &["certificatesigningrequests.certificates.k8s.io"], certificate::sign_pass)
        .of(1),
    on("endpoint-controller", &["services", "pods", "endpoints"], endpoints::pass),
    on(
        "endpointslice-controller",
        &["services", "pods", "nodes", "endpointslices.discovery.k8s.io"],
        endpointslice::pass,
    ),
    on(
        "endpointslicemirroring-controller",
        &["services", "endpoints", "endpointslices.discovery.k8s.io"],
        mirror::pass,
    ),
    on(
        "validatingadmissionpolicy-status-controller",
        &["validatingadmissionpolicies.admissionregistration.k8s.io"],
        policy::pass,
    )
    .of(1),
    on(
        "cilium-operator",
        &["ciliumnetworkpolicies.cilium.io", "ciliumclusterwidenetworkpolicies.cilium.io", "configmaps"],
        cilium::pass,
    )
    .of(2),
    on("deployment-controller", &["deployments.apps", "replicasets.apps", "pods"], deployment::pass),
    on("replicaset-controller", &["replicasets.apps", "pods"], replicaset::pass),
    on("replication-controller", &["replicationcontrollers", "pods"], replicaset::pass_controllers),
    on(
        "daemon-set-controller",
        &["daemonsets.apps", "controllerrevisions.apps", "pods", "nodes"],
        daemonset::pass,
    )
    .of(1),
    on(
        "statefulset-controller",
        &["statefulsets.apps", "controllerrevisions.apps", "pods", "persistentvolumeclaims"],
        statefulset::pass,
    )
    .of(1),
    on("job-controller", &["jobs.batch", "pods"], job::pass).of(1),
    on("cronjob-controller", &["cronjobs.batch", "jobs.batch"], cronjob::pass).of(1),
    on("ttl-after-finished-controller", &["jobs.batch"], cleaner::jobs_pass),
    on(
        "persistent-volume-binder",
        &["persistentvolumes", "persistentvolumeclaims", "storageclasses.storage.k8s.io", "pods"],
        volume::pass,
    )
    .of(2),
    on("resourcequota-controller", &["*"], resource_quota::pass),
    on(
        "disruption-controller",
        &["poddisruptionbudgets.policy", "pods", "deployments.apps", "replicasets.apps", "statefulsets.apps"],
        disruption::pass,
    )
    .of(1),
    on(
        "horizontal-pod-autoscaler",
        &["horizontalpodautoscalers.autoscaling", "deployments.apps", "statefulsets.apps"],
        autoscaler::pass,
    )
    .of(1),
    on("node-controller", &["nodes", "pods"], node::pass),
    on("pod-garbage-collector", &["nodes", "pods"], cleaner::pods_pass),
    on(
        "default-scheduler",
        &["pods", "nodes", "persistentvolumeclaims", "persistentvolumes", "storageclasses.storage.k8s.io"],
        scheduler::pass,
    ),
];

/// Lets every controller act once. Says whether anything changed.
pub fn reconcile(cluster: &mut Cluster) -> bool {
    let before = cluster.store.revision();
    cluster.controllers.forget_alarms(cluster.now);
    if !cluster.config.is_found() {
        return false;
    }
    let retries = cluster.controllers.has_retries(&cluster.store, cluster.now);
    for controller in CONTROLLERS {
        let runs = if controller.name == "default-scheduler" {
            cluster.components.scheduler
        } else {
            cluster.components.controller_manager
        };
        if !runs || has_no_objects(controller, cluster) {
            continue;
        }
        let seen: Vec<u64> = controller.watches.iter().map(|t| watched(cluster, t)).collect();
        if retries || cluster.controllers.is_due(controller.name, &seen, cluster.now) {
            let revision = cluster.store.revision();
            cluster.controllers.begin(controller.name, retries, cluster.now);
            (controller.pass)(&mut Client::new(cluster, controller.name));
            cluster.controllers.end(controller.name, seen, revision);
        }
    }
    if retries {
        cluster.controllers.forget(&cluster.store, cluster.now);
    }
    cluster.store.revision() != before
}

/// When a controller wants to look again although nothing changes: a deadline, a schedule, a delayed retry.
#[must_use]
pub fn next_wake(cluster: &Cluster) -> Option<Timestamp> {
    cluster.controllers.next_wake()
}

/// Whether there never was anything for a controller to work on.
fn has_no_objects(controller: &Controller, cluster: &Cluster) -> bool {
    let mut objects = controller.watches.iter().take(controller.objects);
    controller.objects > 0 && objects.all(|resource| cluster.store.revision_of(resource) == 0)
}

fn watched(cluster: &Cluster, resource: &str) -> u64 {
    let store = &cluster.store;
    if resource == "*" {
        store.resources().filter(|r| *r != "events").map(|r| store.revision_of(r)).max().unwrap_or(0)
    } else {
        store.revision_of(resource)
    }
}

#[cfg(test)]
mod tests;
