//! ResourceQuota: a namespace uses no more than it was given.
//!
//! Usage is what `status.used` says; admitted requests add to it at once, the quota controller counts anew (with
//! [`usage::of`]).
//!
//! Models apiserver `pkg/admission/plugin/resourcequota/controller.go` and kubernetes `pkg/quota/v1/evaluator/core`.

mod scopes;
pub mod usage;

use std::collections::BTreeSet;
use std::sync::Arc;

use gatehouse_model::{Map, Object, Value};

use super::quantities::{Amounts, add, amounts};
use super::{AdmissionRequest, Notes, Operation};
use crate::cluster::Cluster;
use crate::request::DryRun;
use crate::status::Status;

pub use scopes::matches as matches_scopes;

const TABLE: &str = "resourcequotas";

/// Resources of which every container must say how much it wants where a quota limits them.
const EXPLICIT: [&str; 6] =
    ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// The minor version since when the message names the containers.
const NAMES_CONTAINERS: u8 = 23;

pub(super) fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let Some(object) = &request.object else { return Ok(()) };
    if !request.subresource.is_empty() || !request.resource.namespaced() {
        return Ok(());
    }
    let group_resource = request.resource.group_resource();
    let counts_updates = matches!(group_resource.as_str(), "services" | "persistentvolumeclaims");
    match request.operation {
        Operation::Create => {}
        Operation::Update if counts_updates => {}
        _ => return Ok(()),
    }
    let quotas: Vec<Arc<Object>> = cluster.store.list(TABLE, Some(request.namespace)).cloned().collect();
    if quotas.is_empty() {
        return Ok(());
    }
    let mut interesting = Vec::new();
    for quota in &quotas {
        let hard = amounts(quota.at(&["status", "hard"]));
        let hard = if hard.is_empty() { amounts(quota.at(&["spec", "hard"])) } else { hard };
        let limited: Vec<&str> =
            hard.keys().map(String::as_str).filter(|name| usage::concerns(&group_resource, name)).collect();
        if limited.is_empty() || !scopes::matches(quota, &group_resource, object) {
            continue;
        }
        if group_resource == "pods" {
            let missing = unstated(object, &limited);
            if !missing.is_empty() {
                let why = must_specify(cluster.version.minor(), &missing);
                notes.blame_stored("ResourceQuota", quota, "spec.hard", &why);
                return Err(request.forbid(&format!("failed quota: {}: {why}", quota.name())));
            }
        }
        let used = amounts(quota.at(&["status", "used"]));
        if limited.iter().any(|name| !used.contains_key(*name)) {
            let why = format!("status unknown for quota: {}, resources: {}", quota.name(), limited.join(","));
            return Err(request.forbid(&why));
        }
        interesting.push((Arc::clone(quota), hard, used));
    }
    let mut wanted = usage::of(&group_resource, object);
    if let Some(old) = request.old_object {
        for (name, before) in usage::of(&group_resource, old) {
            if let Some(now) = wanted.get_mut(&name) {
                *now = now.sub(&before);
            }
        }
    }
    wanted.retain(|_, amount| !amount.is_zero() && !amount.is_negative());
    let mut updates = Vec::new();
    for (quota, hard, used) in interesting {
        let mut requested = wanted.clone();
        requested.retain(|name, _| hard.contains_key(name));
        let mut total = used.clone();
        add(&mut total, &requested);
        let exceeded: Vec<&String> =
            requested.keys().filter(|name| total.get(*name) > hard.get(*name)).collect();
        if !exceeded.is_empty() {
            for name in &exceeded {
                let field = format!("spec.hard[{name}]");
                notes.blame_stored("ResourceQuota", &quota, &field, "less is left than the request needs");
            }
            return Err(request.forbid(&format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                quota.name(),
                show(&requested, &exceeded),
                show(&used, &exceeded),
                show(&hard, &exceeded)
            )));
        }
        if !requested.is_empty() {
            updates.push((quota, total));
        }
    }
    if request.dry_run == DryRun::No {
        for (quota, total) in updates {
            let mut quota = Object::clone(&quota);
            let total: Map = total.iter().map(|(k, v)| (k.as_str(), Value::from(v.to_string()))).collect();
            quota.set(&["status", "used"], total);
            cluster.store.put(TABLE, quota);
        }
    }
    Ok(())
}

fn show(amounts: &Amounts, names: &[&String]) -> String {
    let parts: Vec<String> =
        names.iter().filter_map(|name| amounts.get(*name).map(|amount| format!("{name}={amount}"))).collect();
    parts.join(",")
}

/// Resources, each with the containers that do not say how much of it they want.
fn unstated(pod: &Object, limited: &[&str]) -> Vec<(String, BTreeSet<String>)> {
    let mut missing = Vec::new();
    let mut names: Vec<&str> = EXPLICIT.into_iter().filter(|name| limited.contains(name)).collect();
    gatehouse_model::order::sort(&mut names);
    for name in names {
        let (kind, resource) = name.split_once('.').unwrap_or(("requests", name));
        let containers =
            ["containers", "initContainers"].iter().flat_map(|list| pod.list_at(&["spec", list]));
        let silent = containers
            .filter(|c| c.at(&["resources", kind, resource]).is_none_or(Value::is_null))
            .map(|c| c.str_at(&["name"]).to_owned());
        let silent: BTreeSet<String> = gatehouse_model::order::set(silent);
        if !silent.is_empty() {
            missing.push((name.to_owned(), silent));
        }
    }
    missing
}

fn must_specify(minor: u8, missing: &[(String, BTreeSet<String>)]) -> String {
    if minor < NAMES_CONTAINERS {
        let names: Vec<&str> = missing.iter().map(|(name, _)| name.as_str()).collect();
        return format!("must specify {}", names.join(","));
    }
    let parts: Vec<String> = missing
        .iter()
        .map(|(name, containers)| {
            let list: Vec<&str> = containers.iter().map(String::as_str).collect();
            format!("{name} for: {}", list.join(","))
        })
        .collect();
    format!("must specify {}", parts.join("; "))
}

#[cfg(test)]
mod tests;
