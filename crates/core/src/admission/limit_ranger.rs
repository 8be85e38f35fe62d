//! LimitRanger: containers get default requests and limits, and nobody leaves the range.
//!
//! The real server finds several violations in random order; here they come by resource.
//!
//! Models kubernetes `plugin/pkg/admission/limitranger/admission.go`.

use std::sync::Arc;

use gatehouse_model::field::aggregate_texts;
use gatehouse_model::{Object, Value};

use super::quantities::{Amounts, Quantity, amounts, of_pod};
use super::{AdmissionRequest, Notes, Operation};
use crate::cluster::Cluster;
use crate::status::Status;

fn ranges(cluster: &Cluster, request: &AdmissionRequest<'_>) -> Vec<Arc<Object>> {
    let concerned = match request.operation {
        Operation::Create => request.is_about("", "pods") || request.is_about("", "persistentvolumeclaims"),
        // Containers of a pod do not change any more.
        Operation::Update => request.is_about("", "persistentvolumeclaims"),
        Operation::Delete | Operation::Connect => false,
    };
    if !concerned || request.old_object.is_some_and(Object::is_deleting) {
        return Vec::new();
    }
    cluster.store.list("limitranges", Some(request.namespace)).cloned().collect()
}

fn limits<'a>(range: &'a Object, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    range.list_at(&["spec", "limits"]).iter().filter(move |l| l.str_at(&["type"]) == kind)
}

pub(super) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    let ranges = ranges(cluster, request);
    if request.resource.plural != "pods" {
        return Ok(());
    }
    let Some(pod) = &mut request.object else { return Ok(()) };
    for range in &ranges {
        let mut set = Vec::new();
        for (list, what) in [("containers", "container"), ("initContainers", "init container")] {
            if pod.list_at(&["spec", list]).is_empty() {
                continue;
            }
            for container in pod.entry_at(&["spec", list]).make_list() {
                fill_in(range, container, what, &mut set);
            }
        }
        if !set.is_empty() {
            let text = format!("LimitRanger plugin set: {}", set.join("; "));
            pod.set(&["metadata", "annotations", "kubernetes.io/limit-ranger"], text);
        }
    }
    Ok(())
}

fn fill_in(range: &Object, container: &mut Value, what: &str, set: &mut Vec<String>) {
    let name = container.str_at(&["name"]).to_owned();
    for (field, source, word) in [("requests", "defaultRequest", "request"), ("limits", "default", "limit")] {
        let mut added = Vec::new();
        for limit in limits(range, "Container") {
            for (resource, amount) in limit.map_at(&[source]).iter() {
                let path = ["resources", field, resource];
                if container.at(&path).is_none_or(Value::is_null) {
                    container.set(&path, amount.clone());
                    added.push(resource.to_owned());
                }
            }
        }
        if !added.is_empty() {
            gatehouse_model::order::sort(&mut added);
            set.push(format!("{} {word} for {what} {name}", added.join(", ")));
        }
    }
}

pub(super) fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let Some(object) = &request.object else { return Ok(()) };
    for range in ranges(cluster, request) {
        let found = if request.resource.plural == "pods" {
            check_pod(&range, object)
        } else {
            check_claim(&range, object)
        };
        for Breach { limit, field, error } in &found {
            notes.blame(request, field, error);
            let text = format!("the limit of \"{}\" says so", range.name());
            notes.blame_stored("LimitRange", &range, &format!("spec.limits[{limit}]"), &text);
        }
        if !found.is_empty() {
            let errors: Vec<String> = found.into_iter().map(|b| b.error).collect();
            return Err(request.forbid(&aggregate_texts(&errors)));
        }
    }
    Ok(())
}

/// A limit that is not kept: which of the range's, the field that breaks it, and the words for it.
struct Breach {
    limit: usize,
    field: String,
    error: String,
}

fn check_pod(range: &Object, pod: &Object) -> Vec<Breach> {
    let mut found = Vec::new();
    for (at, limit) in range.list_at(&["spec", "limits"]).iter().enumerate() {
        let mut check = |kind: &str, field: String, requests: &Amounts, limits: &Amounts| {
            let mut errors = Vec::new();
            check_limit(limit, kind, requests, limits, &mut errors);
            found.extend(errors.into_iter().map(|error| Breach { limit: at, field: field.clone(), error }));
        };
        match limit.str_at(&["type"]) {
            "Container" => {
                for list in ["containers", "initContainers"] {
                    for (i, container) in pod.list_at(&["spec", list]).iter().enumerate() {
                        let of = |kind| amounts(container.at(&["resources", kind]));
                        let field = format!("spec.{list}[{i}].resources");
                        check("Container", field, &of("requests"), &of("limits"));
                    }
                }
            }
            "Pod" => {
                check("Pod", "spec.containers".to_owned(), &of_pod(pod, "requests"), &of_pod(pod, "limits"));
            }
            _ => {}
        }
    }
    dedup(found)
}

fn check_claim(range: &Object, claim: &Object) -> Vec<Breach> {
    let kind = "PersistentVolumeClaim";
    let requests = amounts(claim.at(&["spec", "resources", "requests"]));
    let mut found = Vec::new();
    for (at, limit) in range.list_at(&["spec", "limits"]).iter().enumerate() {
        if limit.str_at(&["type"]) != kind {
            continue;
        }
        let mut errors = Vec::new();
        for (name, least) in amounts(limit.get("min")) {
            errors.extend(too_little(kind, &name, &least, requests.get(&name), None));
        }
        for (name, most) in amounts(limit.get("max")) {
            errors.extend(match requests.get(&name) {
                None => Some(format!("maximum {name} usage per {kind} is {most}.  No request is specified")),
                Some(request) if request > &most => {
                    Some(format!("maximum {name} usage per {kind} is {most}, but request is {request}"))
                }
                Some(_) => None,
            });
        }
        let field = "spec.resources.requests";
        let breach = |error| Breach { limit: at, field: field.to_owned(), error };
        found.extend(errors.into_iter().map(breach));
    }
    dedup(found)
}

/// The same fault is named once.
fn dedup(found: Vec<Breach>) -> Vec<Breach> {
    let mut out: Vec<Breach> = Vec::new();
    for breach in found {
        if !out.iter().any(|known| known.error == breach.error) {
            out.push(breach);
        }
    }
    out
}

fn check_limit(limit: &Value, kind: &str, requests: &Amounts, limits: &Amounts, errors: &mut Vec<String>) {
    for (name, least) in amounts(limit.get("min")) {
        errors.extend(too_little(kind, &name, &least, requests.get(&name), limits.get(&name)));
    }
    for (name, most) in amounts(limit.get("max")) {
        errors.extend(too_much(kind, &name, &most, requests.get(&name), limits.get(&name)));
    }
    for (name, ratio) in amounts(limit.get("maxLimitRequestRatio")) {
        errors.extend(too_wide(kind, &name, &ratio, requests.get(&name), limits.get(&name)));
    }
}

fn too_little(
    kind: &str,
    name: &str,
    least: &Quantity,
    request: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> Option<String> {
    let start = format!("minimum {name} usage per {kind} is {least}");
    match (request, limit) {
        (None, _) => Some(format!("{start}.  No request is specified")),
        (Some(request), _) if request < least => Some(format!("{start}, but request is {request}")),
        (_, Some(limit)) if limit < least => Some(format!("{start}, but limit is {limit}")),
        _ => None,
    }
}

fn too_much(
    kind: &str,
    name: &str,
    most: &Quantity,
    request: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> Option<String> {
    let start = format!("maximum {name} usage per {kind} is {most}");
    match (request, limit) {
        (_, None) => Some(format!("{start}.  No limit is specified")),
        (_, Some(limit)) if limit > most => Some(format!("{start}, but limit is {limit}")),
        (Some(request), _) if request > most => Some(format!("{start}, but request is {request}")),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "ratios are printed with six digits")]
fn too_wide(
    kind: &str,
    name: &str,
    ratio: &Quantity,
    request: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> Option<String> {
    let start = format!("{name} max limit to request ratio per {kind} is {ratio}");
    let Some(request) = request.filter(|r| !r.is_zero()) else {
        return Some(format!("{start}, but no request is specified or request is 0"));
    };
    let Some(limit) = limit.filter(|l| !l.is_zero()) else {
        return Some(format!("{start}, but no limit is specified or limit is 0"));
    };
    let observed = limit.milli() as f64 / request.milli() as f64;
    (observed * 1000.0 > ratio.milli() as f64)
        .then(|| format!("{start}, but provided ratio is {observed:.6}"))
}
