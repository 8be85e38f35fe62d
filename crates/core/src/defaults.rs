//! Defaulting: what the API server fills in before anything looks at an object.
//!
//! Models `pkg/apis/*/v1/defaults.go`, and the fields that Go's encoder writes although they are empty. One file a
//! group of kinds; no file knows another, but workloads contain pod templates.

mod admission;
mod batch;
mod config;
mod crd;
mod fill;
mod network;
mod pod;
mod probe;
mod rbac;
mod storage;
#[cfg(test)]
mod tests;
mod volume;
mod workload;

use gatehouse_model::{KubeVersion, Object};

/// Fills in the defaults of the object's kind.
pub(crate) fn apply(version: KubeVersion, object: &mut Object) {
    let group = object.group_version().group;
    let kind = object.kind().to_owned();
    match (&*group, kind.as_str()) {
        ("", "Pod") => pod::pod(version, object),
        ("", "PodTemplate") => pod::template(version, object.entry_at(&["template"])),
        ("", "ReplicationController") => workload::replication_controller(version, object),
        ("", "Service") => network::service(version, object),
        ("", "Endpoints") => network::endpoints(object),
        ("", "Secret") => config::secret(object),
        ("", "Namespace") => config::namespace(version, object),
        ("", "Node") => config::node(object),
        ("", "LimitRange") => config::limit_range(object),
        ("", "PersistentVolume") => storage::volume(object),
        ("", "PersistentVolumeClaim") => storage::claim(object),
        ("apps", "Deployment") => workload::deployment(version, object),
        ("apps", "ReplicaSet") => workload::replica_set(version, object),
        ("apps", "DaemonSet") => workload::daemon_set(version, object),
        ("apps", "StatefulSet") => workload::stateful_set(version, object),
        ("apps", "ControllerRevision") => {}
        ("batch", "Job") => batch::job(version, object),
        ("batch", "CronJob") => batch::cron_job(version, object),
        ("autoscaling", "HorizontalPodAutoscaler") => config::autoscaler(object),
        ("policy" | "extensions", "PodSecurityPolicy") => config::pod_security_policy(object),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => rbac::binding(object),
        ("networking.k8s.io" | "extensions", "NetworkPolicy") => network::policy(object),
        ("networking.k8s.io", "IngressClass") => network::ingress_class(object),
        ("networking.k8s.io" | "extensions", "Ingress") => network::ingress(object),
        ("discovery.k8s.io", "EndpointSlice") => network::endpoint_slice(object),
        ("scheduling.k8s.io", "PriorityClass") => {
            fill::text(object, &["preemptionPolicy"], "PreemptLowerPriority")
        }
        ("storage.k8s.io", "StorageClass") => storage::class(object),
        ("storage.k8s.io", "CSIDriver") => storage::driver(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => crd::definition(object),
        ("apiregistration.k8s.io", "APIService") => {
            fill::inside(object, &["spec", "service"], |service| fill::pointer(service, &["port"], 443));
        }
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration") => {
            admission::webhooks(object, false)
        }
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration") => admission::webhooks(object, true),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy" | "MutatingAdmissionPolicy") => {
            admission::policy(object);
        }
        (
            "admissionregistration.k8s.io",
            "ValidatingAdmissionPolicyBinding" | "MutatingAdmissionPolicyBinding",
        ) => admission::binding(object),
        _ => {}
    }
}
