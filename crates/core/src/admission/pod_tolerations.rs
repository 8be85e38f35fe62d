//! PodTolerationRestriction and ExtendedResourceToleration: which taints pods are let past.
//!
//! Namespaces say so in annotations, the plugin's configuration in `default` and `whitelist` for those that do not.
//!
//! Models kubernetes `plugin/pkg/admission/{podtolerationrestriction,extendedresourcetoleration}/admission.go`.

use gatehouse_model::{Object, Value, json};

use super::tolerations::{covers, merge};
use super::{AdmissionRequest, Notes, Operation};
use crate::cluster::Cluster;
use crate::status::{Reason, Status};
use crate::strategy::qos;

/// The plugin's name.
pub(super) const NAME: &str = "PodTolerationRestriction";
const DEFAULTS: &str = "scheduler.alpha.kubernetes.io/defaultTolerations";
const WHITELIST: &str = "scheduler.alpha.kubernetes.io/tolerationsWhitelist";
const TOLERATIONS: [&str; 2] = ["spec", "tolerations"];

fn writes(request: &AdmissionRequest<'_>) -> bool {
    request.writes() && request.is_about("", "pods")
}

/// What a namespace's annotation lists, else what the plugin's configuration does.
fn listed(
    cluster: &Cluster,
    request: &AdmissionRequest<'_>,
    key: &str,
    field: &str,
) -> Result<Vec<Value>, Status> {
    let Some(namespace) = cluster.store.get("namespaces", "", request.namespace) else {
        return Err(Status::not_found("", "namespaces", request.namespace));
    };
    if let Some(text) = namespace.annotation(key) {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let read = json::parse(text).map_err(|why| Status::new(Reason::Unknown, why.to_string()))?;
        return Ok(read.items().to_vec());
    }
    let config = cluster.config.admission_configuration.get(NAME);
    Ok(config.map(|c| c.list_at(&[field]).to_vec()).unwrap_or_default())
}

pub(super) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    if !writes(request) {
        return Ok(());
    }
    let defaults = match request.operation {
        Operation::Create => listed(cluster, request, DEFAULTS, "default")?,
        _ => Vec::new(),
    };
    let Some(pod) = &mut request.object else { return Ok(()) };
    let own = pod.list_at(&TOLERATIONS).to_vec();
    let mut all = match (defaults.is_empty(), own.is_empty()) {
        (true, _) => own,
        (false, true) => defaults,
        (false, false) => merge(&defaults, &own),
    };
    if qos(pod) != "BestEffort" {
        let pressure = json!({"key": "node.kubernetes.io/memory-pressure", "operator": "Exists", "effect": "NoSchedule"});
        all = merge(&all, &[pressure]);
    }
    if !all.is_empty() {
        pod.set(&TOLERATIONS, all);
    }
    validate(cluster, request, notes)
}

pub(super) fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let Some(pod) = request.object.as_ref().filter(|_| writes(request)) else { return Ok(()) };
    let own = pod.list_at(&TOLERATIONS);
    if own.is_empty() {
        return Ok(());
    }
    let allowed = listed(cluster, request, WHITELIST, "whitelist")?;
    let beyond = own.iter().position(|t| !allowed.iter().any(|a| covers(a, t)));
    let Some(i) = beyond.filter(|_| !allowed.is_empty()) else { return Ok(()) };
    notes.blame(request, &format!("spec.tolerations[{i}]"), "not among what the namespace allows");
    Err(Status::new(
        Reason::Unknown,
        "pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist",
    ))
}

/// Lets pods that ask for an extended resource onto the nodes that are kept for it.
pub(super) fn extended(
    _cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    if !writes(request) {
        return Ok(());
    }
    let Some(pod) = &mut request.object else { return Ok(()) };
    for name in extended_resources(pod) {
        let toleration = json!({"key": name, "operator": "Exists"});
        let known = pod.list_at(&TOLERATIONS).iter().any(|t| covers(t, &toleration));
        if !known {
            pod.entry_at(&TOLERATIONS).make_list().push(toleration);
        }
    }
    Ok(())
}

/// The resources that are no business of Kubernetes', by name.
fn extended_resources(pod: &Object) -> Vec<String> {
    let containers =
        ["containers", "initContainers"].into_iter().flat_map(|list| pod.list_at(&["spec", list]));
    let names = containers.flat_map(|c| c.map_at(&["resources", "requests"]).keys());
    let mut names: Vec<String> = names
        .filter(|n| n.split_once('/').is_some_and(|(domain, _)| !domain.ends_with("kubernetes.io")))
        .filter(|n| !n.starts_with("requests."))
        .map(str::to_owned)
        .collect();
    gatehouse_model::order::sort(&mut names);
    names.dedup();
    names
}
