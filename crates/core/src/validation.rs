//! Field validation: the stage between the two halves of admission. Only it makes a [`Valid`].
//!
//! Models `pkg/apis/*/validation`. One kind a file, shared rules beside them.

mod admission;
mod api_service;
mod autoscaler;
mod batch;
mod check;
mod classes;
mod config;
mod container;
mod crd;
mod cron;
mod custom;
mod diff;
mod endpoints;
mod env;
mod event;
mod internal;
mod job_policy;
mod meta;
mod network;
mod os;
mod pod;
mod pod_resize;
mod pod_spec;
mod pod_status;
mod policy;
mod probe;
mod quota;
mod rbac;
mod resources;
mod scheduling;
mod security;
mod service;
mod service_update;
mod status;
mod storage;
#[cfg(test)]
mod tests;
mod volume;
mod volume_source;
mod warnings;
mod windows;
mod workload;

use gatehouse_model::{KubeVersion, Object, names};

use crate::schema;
use crate::server::{Call, Mutated};
use crate::status::Status;
use check::Errors;

/// An object whose fields are right.
#[derive(Debug)]
pub(crate) struct Valid {
    object: Object,
}

impl Valid {
    pub(crate) fn into_object(self) -> Object {
        self.object
    }
}

/// What rules depend on besides the object.
struct Rules {
    /// Which server asks.
    version: KubeVersion,
    /// The version of the API in which the object is written.
    api_version: String,
    /// The subresource that is written; empty for the object itself.
    subresource: String,
}

impl Rules {
    fn of(call: &Call<'_>) -> Self {
        let sub = call.target.subresource.as_str();
        Self {
            version: call.cluster.version,
            api_version: call.resource.gv.to_string(),
            subresource: if sub == "scale" { "" } else { sub }.to_owned(),
        }
    }
}

/// Validates an object that is to be made.
///
/// # Errors
/// 422 with every finding.
pub(crate) fn create(call: &mut Call<'_>, mutated: Mutated) -> Result<Valid, Status> {
    let object = mutated.into_object();
    let rules = Rules::of(call);
    let mut errors = Errors::new();
    let custom = schema::is_custom(call.cluster, &call.resource);
    if custom {
        custom::create(&mut errors, call, &object);
    } else {
        by_kind(&mut errors, &rules, &object, call.resource.namespaced());
    }
    if errors.is_empty() {
        meta::object(&mut errors, &object, call.resource.namespaced(), names::path_segment);
    }
    finish(call, object, None, &errors)
}

/// Validates a change.
///
/// # Errors
/// 422 with every finding.
pub(crate) fn update(call: &mut Call<'_>, mutated: Mutated, old: &Object) -> Result<Valid, Status> {
    let object = mutated.into_object();
    let rules = Rules::of(call);
    let mut errors = Errors::new();
    meta::object(&mut errors, &object, call.resource.namespaced(), names::path_segment);
    meta::update(&mut errors, &object, old);
    if schema::is_custom(call.cluster, &call.resource) {
        custom::update(&mut errors, call, &object, old);
    } else {
        change_by_kind(&mut errors, &rules, &object, old, call.resource.namespaced());
    }
    finish(call, object, Some(old), &errors)
}

fn finish(
    call: &mut Call<'_>,
    object: Object,
    old: Option<&Object>,
    errors: &Errors,
) -> Result<Valid, Status> {
    if errors.is_empty() {
        let said = warnings::of(call.cluster.version, &object, old);
        call.notes.warnings.extend(said);
        return Ok(Valid { object });
    }
    Err(Status::invalid(&call.resource.gv.group, &call.resource.kind, object.name(), errors))
}

fn by_kind(errors: &mut Errors, rules: &Rules, object: &Object, namespaced: bool) {
    match object.kind() {
        "Pod" => pod::create(errors, rules, object),
        "PodTemplate" => {
            meta::object(errors, object, true, names::dns1123_subdomain);
            let none = gatehouse_model::Value::Null;
            let path = gatehouse_model::FieldPath::new("template");
            pod::template(errors, rules, &path, object.get("template").unwrap_or(&none));
        }
        "ReplicationController" => {
            meta::object(errors, object, true, names::dns1123_subdomain);
            workload::replication_controller(errors, rules, object);
        }
        "Service" => service::service(errors, rules, object),
        "ConfigMap" => config::config_map(errors, object),
        "Secret" => config::secret(errors, object),
        "Node" => config::node(errors, object),
        "Namespace" => config::namespace(errors, object),
        "ResourceQuota" => quota::quota(errors, object),
        "LimitRange" => quota::limit_range(errors, object),
        "PersistentVolume" => storage::volume_object(errors, rules, object),
        "PersistentVolumeClaim" => storage::claim(errors, object),
        "StorageClass" => storage::class(errors, object),
        "Deployment" => workload::deployment(errors, rules, object),
        "ReplicaSet" => workload::replica_set(errors, rules, object),
        "DaemonSet" => workload::daemon_set(errors, rules, object),
        "StatefulSet" => workload::stateful_set(errors, rules, object),
        "Job" => batch::job(errors, rules, object),
        "CronJob" => batch::cron_job(errors, rules, object),
        "Role" | "ClusterRole" => rbac::role(errors, object, namespaced),
        "RoleBinding" | "ClusterRoleBinding" => rbac::binding(errors, object, namespaced),
        "NetworkPolicy" => network::policy(errors, object),
        "Ingress" => network::ingress(errors, rules, object),
        "IngressClass" => network::class(errors, object),
        "HorizontalPodAutoscaler" => autoscaler::autoscaler(errors, object),
        "PodDisruptionBudget" => policy::budget(errors, object),
        "PodSecurityPolicy" => policy::pod_security(errors, object),
        "PriorityClass" => classes::priority(errors, object),
        "RuntimeClass" => classes::runtime(errors, object),
        "CertificateSigningRequest" => classes::signing_request(errors, object),
        "ValidatingWebhookConfiguration" => admission::webhooks(errors, object, false),
        "MutatingWebhookConfiguration" => admission::webhooks(errors, object, true),
        "ValidatingAdmissionPolicy" | "MutatingAdmissionPolicy" => admission::policy(errors, object),
        "ValidatingAdmissionPolicyBinding" | "MutatingAdmissionPolicyBinding" => {
            admission::binding(errors, object)
        }
        "CustomResourceDefinition" => crd::definition(errors, rules, object),
        "APIService" => api_service::service(errors, object),
        "EndpointSlice" => endpoints::slice(errors, rules, object),
        "Endpoints" => endpoints::endpoints(errors, object),
        "Event" => event::event(errors, rules, object),
        "ControllerRevision" => workload::revision(errors, object),
        "Lease" => endpoints::lease(errors, object),
        _ => meta::object(errors, object, namespaced, names::dns1123_subdomain),
    }
}

fn change_by_kind(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object, namespaced: bool) {
    const OWN_STATUS: [&str; 4] = ["Pod", "Node", "PersistentVolumeClaim", "CertificateSigningRequest"];
    if rules.subresource == "status" && !OWN_STATUS.contains(&new.kind()) {
        return status::update(errors, new, old);
    }
    match new.kind() {
        "Pod" => pod::update(errors, rules, new, old),
        "Service" => service_update::update(errors, rules, new, old),
        "ConfigMap" => {
            config::immutable_data(errors, new, old);
            config::config_map(errors, new);
        }
        "Secret" => config::secret_update(errors, new, old),
        "Node" => config::node_update(errors, new, old),
        "Namespace" => config::namespace_update(errors, rules, new, old),
        "PersistentVolume" => storage::volume_update(errors, rules, new, old),
        "PersistentVolumeClaim" => storage::claim_update(errors, rules, new, old),
        "StorageClass" => storage::class_update(errors, new, old),
        "Deployment" => workload::deployment_update(errors, rules, new, old),
        "ReplicaSet" => workload::replica_set_update(errors, rules, new, old),
        "DaemonSet" => workload::daemon_set_update(errors, rules, new, old),
        "StatefulSet" => workload::stateful_set_update(errors, rules, new, old),
        "Job" => batch::job_update(errors, rules, new, old),
        "CronJob" => batch::cron_job_update(errors, rules, new, old),
        "RoleBinding" | "ClusterRoleBinding" => rbac::binding_update(errors, new, old, namespaced),
        "NetworkPolicy" => network::policy_update(errors, new, old),
        "Ingress" => network::ingress_update(errors, rules, new, old),
        "IngressClass" => network::class_update(errors, new, old),
        "PriorityClass" => classes::priority_update(errors, new, old),
        "RuntimeClass" => classes::runtime_update(errors, new, old),
        "CertificateSigningRequest" => classes::signing_update(errors, rules, new, old),
        "CustomResourceDefinition" => crd::update(errors, rules, new, old),
        "EndpointSlice" => endpoints::slice_update(errors, rules, new, old),
        "Event" => event::update(errors, rules, new, old),
        "ControllerRevision" => workload::revision_update(errors, new, old),
        "ResourceQuota" => quota::update(errors, new, old),
        _ => by_kind(errors, rules, new, namespaced),
    }
}
