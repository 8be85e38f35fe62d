//! The parameters a binding brings to its policy.
//!
//! Models apiserver `pkg/admission/plugin/policy/generic/policy_dispatcher.go` (`CollectParams`).

use gatehouse_model::selector::Selector;
use gatehouse_model::{GroupVersion, Object, Value};

use super::super::AdmissionRequest;
use crate::cluster::Cluster;

/// The parameters to evaluate with, one evaluation each: `[None]` where the policy has none, empty where the
/// binding lets the request pass without.
///
/// # Errors
/// Why the binding is not usable.
pub(super) fn collect(
    cluster: &Cluster,
    request: &AdmissionRequest<'_>,
    policy: &Object,
    binding: &Object,
) -> Result<Vec<Option<Value>>, String> {
    let Some(kind) = policy.at(&["spec", "paramKind"]).filter(|k| !k.is_null()) else {
        return Ok(vec![None]);
    };
    let Some(reference) = binding.at(&["spec", "paramRef"]).filter(|r| !r.is_null()) else {
        // A policy may do without.
        return Ok(vec![None]);
    };
    let gv = GroupVersion::parse(kind.str_at(&["apiVersion"]));
    let wanted = kind.str_at(&["kind"]);
    let Some(resource) = cluster.resources().into_iter().find(|r| r.gv == gv && r.kind == wanted) else {
        return Err(format!("failed to find resource referenced by paramKind: '{gv}, Kind={wanted}'"));
    };
    let own = reference.str_at(&["namespace"]);
    let namespace = if !resource.namespaced() {
        if !own.is_empty() {
            return Err("paramRef.namespace must not be provided for a cluster-scoped `paramKind`".to_owned());
        }
        ""
    } else if own.is_empty() {
        if request.namespace.is_empty() {
            return Err(
                "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
                    .to_owned(),
            );
        }
        request.namespace
    } else {
        own
    };
    let table = resource.group_resource();
    let name = reference.str_at(&["name"]);
    let found: Vec<Value> = if name.is_empty() {
        let selector = Selector::from_object(reference.get("selector")).map_err(|e| e.clone())?;
        let scope = resource.namespaced().then_some(namespace);
        cluster
            .store
            .list(&table, scope)
            .filter(|o| selector.matches(o.labels()))
            .map(|o| o.0.clone())
            .collect()
    } else {
        cluster.store.get(&table, namespace, name).map(|o| o.0.clone()).into_iter().collect()
    };
    if found.is_empty() && reference.str_at(&["parameterNotFoundAction"]) != "Allow" {
        return Err("no params found for policy binding with `Deny` parameterNotFoundAction".to_owned());
    }
    Ok(found.into_iter().map(Some).collect())
}
