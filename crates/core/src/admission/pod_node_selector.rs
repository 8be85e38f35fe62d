//! PodNodeSelector: a namespace says on which nodes its pods may run.
//!
//! The plugin's configuration is `podNodeSelectorPluginConfig`: `clusterDefaultNodeSelector` for namespaces without the
//! annotation, and what each namespace's pods may ask for, by its name.
//!
//! Models kubernetes `plugin/pkg/admission/podnodeselector/admission.go` and apimachinery `pkg/labels/labels.go`.

use gatehouse_model::Map;

use super::{AdmissionRequest, Notes, Operation};
use crate::cluster::Cluster;
use crate::status::{Reason, Status};

/// The plugin's name.
pub(super) const NAME: &str = "PodNodeSelector";
const ANNOTATION: &str = "scheduler.alpha.kubernetes.io/node-selector";

fn concerns(request: &AdmissionRequest<'_>) -> bool {
    request.operation == Operation::Create && request.is_about("", "pods")
}

/// Reads `a=b,c=d`.
fn labels(text: &str) -> Result<Map, Status> {
    let mut out = Map::new();
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let Some((key, value)) = part.split_once('=').filter(|(_, v)| !v.contains('=')) else {
            let words: Vec<&str> = part.split('=').collect();
            return Err(Status::new(Reason::Unknown, format!("invalid selector: [{}]", words.join(" "))));
        };
        out.insert(key.trim(), value.trim());
    }
    Ok(out)
}

/// What the plugin's configuration says under a name.
fn configured(cluster: &Cluster, name: &str) -> Result<Map, Status> {
    let config = cluster.config.admission_configuration.get(NAME);
    labels(config.map_or("", |c| c.str_at(&["podNodeSelectorPluginConfig", name])))
}

fn of_namespace(cluster: &Cluster, request: &AdmissionRequest<'_>) -> Result<Map, Status> {
    let Some(namespace) = cluster.store.get("namespaces", "", request.namespace) else {
        return Err(Status::not_found("", "namespaces", request.namespace));
    };
    match namespace.annotation(ANNOTATION) {
        Some(text) => labels(text),
        None => configured(cluster, "clusterDefaultNodeSelector"),
    }
}

fn check(
    cluster: &Cluster,
    request: &AdmissionRequest<'_>,
    wanted: &Map,
    notes: &mut Notes,
) -> Result<(), Status> {
    let Some(pod) = &request.object else { return Ok(()) };
    let own = pod.map_at(&["spec", "nodeSelector"]);
    let mut refuse = |key: &str, why: &str| {
        notes.blame(request, &format!("spec.nodeSelector[{key}]"), "the namespace says otherwise");
        Err(request.forbid(why))
    };
    if let Some((key, _)) = own.iter().find(|(key, value)| wanted.get(key).is_some_and(|w| w != *value)) {
        return refuse(key, "pod node label selector conflicts with its namespace node label selector");
    }
    let allowed = configured(cluster, request.namespace)?;
    if let Some((key, _)) = own.iter().find(|(key, value)| allowed.get(key) != Some(value))
        && !allowed.is_empty()
    {
        return refuse(key, "pod node label selector labels conflict with its namespace whitelist");
    }
    Ok(())
}

pub(super) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    if !concerns(request) {
        return Ok(());
    }
    let wanted = of_namespace(cluster, request)?;
    check(cluster, request, &wanted, notes)?;
    let Some(pod) = &mut request.object else { return Ok(()) };
    for (key, value) in wanted.iter() {
        pod.set(&["spec", "nodeSelector", key], value.clone());
    }
    check(cluster, request, &wanted, notes)
}

pub(super) fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    if !concerns(request) {
        return Ok(());
    }
    let wanted = of_namespace(cluster, request)?;
    check(cluster, request, &wanted, notes)
}
