//! Descriptions: what `kubectl describe` says of an object, a file a kind.
//!
//! Knows how to ask the server for what belongs to an object (events, pods, endpoints). Models kubectl
//! `pkg/describe/describe.go`.

mod binding;
mod configmap;
mod container;
mod cronjob;
mod csr;
mod daemonset;
mod deployment;
mod endpoints;
mod events;
mod fetch;
mod generic;
mod hpa;
mod ingress;
mod job;
mod limitrange;
mod namespace;
mod networking;
mod networkpolicy;
mod node;
mod pdb;
mod pod;
mod priorityclass;
mod pv;
mod quota;
mod replicaset;
mod role;
mod secret;
mod service;
mod serviceaccount;
mod statefulset;
mod storageclass;
mod template;
#[cfg(test)]
mod tests;
mod volume;
mod writer;

use gatehouse_core::Timestamp;
use gatehouse_model::{Object, ResourceType, Value, time};

use crate::error::Error;
use crate::session::Session;

pub(crate) use events::interval;
pub use template::pod_template;
pub use writer::Writer;

/// A description being written.
pub struct Description<'d, 's, 'h> {
    /// Where to ask.
    pub session: &'d mut Session<'s, 'h>,
    /// What is written so far.
    pub w: Writer,
    /// Whether events are shown.
    pub show_events: bool,
}

/// Writes what there is to say of an object.
type Describe = fn(&mut Description<'_, '_, '_>, &Object) -> Result<(), Error>;

/// Who describes which kind; all others have a generic description.
const DESCRIBERS: &[(&str, &str, Describe)] = &[
    ("", "Pod", pod::describe),
    ("", "ReplicationController", replicaset::describe_controller),
    ("", "Secret", secret::describe),
    ("", "Service", service::describe),
    ("", "ServiceAccount", serviceaccount::describe),
    ("", "Node", node::describe),
    ("", "LimitRange", limitrange::describe),
    ("", "ResourceQuota", quota::describe),
    ("", "PersistentVolume", pv::describe),
    ("", "PersistentVolumeClaim", pv::describe_claim),
    ("", "Namespace", namespace::describe),
    ("", "Endpoints", endpoints::describe),
    ("", "ConfigMap", configmap::describe),
    ("scheduling.k8s.io", "PriorityClass", priorityclass::describe),
    ("discovery.k8s.io", "EndpointSlice", endpoints::describe_slice),
    ("autoscaling", "HorizontalPodAutoscaler", hpa::describe),
    ("networking.k8s.io", "Ingress", ingress::describe),
    ("networking.k8s.io", "IngressClass", networking::describe_class),
    ("networking.k8s.io", "ServiceCIDR", networking::describe_cidr),
    ("networking.k8s.io", "IPAddress", networking::describe_address),
    ("networking.k8s.io", "NetworkPolicy", networkpolicy::describe),
    ("batch", "Job", job::describe),
    ("batch", "CronJob", cronjob::describe),
    ("apps", "StatefulSet", statefulset::describe),
    ("apps", "Deployment", deployment::describe),
    ("apps", "DaemonSet", daemonset::describe),
    ("apps", "ReplicaSet", replicaset::describe),
    ("certificates.k8s.io", "CertificateSigningRequest", csr::describe),
    ("storage.k8s.io", "StorageClass", storageclass::describe),
    ("storage.k8s.io", "VolumeAttributesClass", storageclass::describe_attributes),
    ("storage.k8s.io", "CSINode", storageclass::describe_node),
    ("policy", "PodDisruptionBudget", pdb::describe),
    ("rbac.authorization.k8s.io", "Role", role::describe),
    ("rbac.authorization.k8s.io", "ClusterRole", role::describe),
    ("rbac.authorization.k8s.io", "RoleBinding", binding::describe),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", binding::describe),
];

/// Describes one object, which is read anew.
///
/// # Errors
/// The server's refusal, of the object or of what belongs to it.
pub fn describe(
    session: &mut Session<'_, '_>,
    mapping: &ResourceType,
    namespace: &str,
    name: &str,
    show_events: bool,
) -> Result<String, Error> {
    let object = session.get(mapping, namespace, name)?;
    let w = Writer::of(session.version());
    let mut d = Description { session, w, show_events };
    let found = DESCRIBERS.iter().find(|(g, k, _)| *g == mapping.gv.group && *k == mapping.kind);
    match found {
        Some((_, _, describe)) => describe(&mut d, &object)?,
        None => generic::describe(&mut d, &object)?,
    }
    Ok(d.w.finish())
}

impl Description<'_, '_, '_> {
    fn now(&self) -> Timestamp {
        self.session.now()
    }

    /// Name and namespace.
    fn heading(&mut self, o: &Object) {
        self.w.field(0, "Name", o.name());
        self.w.field(0, "Namespace", o.namespace());
    }

    /// Labels and annotations.
    fn labels_and_annotations(&mut self, o: &Object) {
        self.w.labels("Labels", o.labels());
        self.w.annotations("Annotations", o.annotations());
    }
}

/// A time as `Mon, 02 Jan 2006 15:04:05 -0700`; a missing one is Go's zero time.
fn date(value: &Value, path: &[&str]) -> String {
    match time::parse_rfc3339(value.str_at(path)) {
        Ok((seconds, _)) => time::rfc1123z(seconds),
        Err(_) => "Mon, 01 Jan 0001 00:00:00 +0000".to_owned(),
    }
}

/// Whether something is there and is not null.
fn present<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    value.at(path).filter(|v| !v.is_null())
}

/// The words of a list, joined.
fn joined(value: &Value, path: &[&str], separator: &str) -> String {
    let words: Vec<&str> = value.list_at(path).iter().filter_map(Value::as_str).collect();
    words.join(separator)
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "<none>" } else { text }
}

/// A number or a string, as `intstr` prints it.
fn int_or_string(value: Option<&Value>) -> String {
    match value {
        Some(Value::Int(i)) => i.to_string(),
        Some(Value::Str(s)) => s.to_string(),
        _ => "0".to_owned(),
    }
}

fn number(value: &Value, path: &[&str]) -> i64 {
    value.i64_at(path).unwrap_or(0)
}

/// `True` or `False`.
const fn capital(b: bool) -> &'static str {
    if b { "True" } else { "False" }
}

/// A quantity in canonical form; a missing one is 0.
fn quantity(value: Option<&Value>) -> String {
    crate::tables::quantity(value)
}

/// A label selector as text, `<none>` where empty.
fn selector(value: Option<&Value>) -> String {
    crate::tables::selector(value)
}

/// `Kind/name` of the controller, if there is one.
fn controlled_by(o: &Object) -> Option<String> {
    o.controller().map(|c| format!("{}/{}", c.str_at(&["kind"]), c.str_at(&["name"])))
}
