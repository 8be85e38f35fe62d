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
        let errors = if request.resource.plural == "pods" {
            check_pod(&range, object)
        } else {
            check_claim(&range, object)
        };
        for error in &errors {
            notes.blame_stored("LimitRange", &range, "spec.limits", error);
        }
        if !errors.is_empty() {
            return Err(request.forbid(&aggregate_texts(&errors)));
        }
    }
    Ok(())
}

fn check_pod(range: &Object, pod: &Object) -> Vec<String> {
    let mut errors = Vec::new();
    for limit in range.list_at(&["spec", "limits"]) {
        match limit.str_at(&["type"]) {
            "Container" => {
                for list in ["containers", "initContainers"] {
                    for container in pod.list_at(&["spec", list]) {
                        let of = |kind| amounts(container.at(&["resources", kind]));
                        check_limit(limit, "Container", &of("requests"), &of("limits"), &mut errors);
                    }
                }
            }
            "Pod" => check_limit(limit, "Pod", &of_pod(pod, "requests"), &of_pod(pod, "limits"), &mut errors),
            _ => {}
        }
    }
    dedup(errors)
}

fn check_claim(range: &Object, claim: &Object) -> Vec<String> {
    let kind = "PersistentVolumeClaim";
    let requests = amounts(claim.at(&["spec", "resources", "requests"]));
    let mut errors = Vec::new();
    for limit in limits(range, kind) {
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
    }
    dedup(errors)
}

/// An aggregate names the same fault once.
fn dedup(errors: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for error in errors {
        if !out.contains(&error) {
            out.push(error);
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
