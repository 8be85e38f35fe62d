//! Which requests a rule is about: groups, versions, operations, resources, scope, selectors.
//!
//! `matchPolicy: Equivalent` looks at the versions that are served; the object stays in the version it came in.
//!
//! Models apiserver `pkg/admission/plugin/webhook/predicates/rules/rules.go` and
//! `pkg/admission/plugin/policy/matching/matching.go`.

use gatehouse_model::selector::Selector;
use gatehouse_model::{Map, Value};

use super::super::{AdmissionRequest, Operation};
use crate::cluster::Cluster;

/// Kinds of policies and of their bindings, which no policy may touch.
const POLICIES: [&str; 4] = [
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
];

/// Whether the request is about policies.
pub(super) fn is_policy(request: &AdmissionRequest<'_>) -> bool {
    is_exempt(request) && POLICIES.contains(&&*request.resource.plural)
}

/// Whether the request is about policies or webhooks themselves, which no webhook may touch.
pub(in crate::admission) fn is_exempt(request: &AdmissionRequest<'_>) -> bool {
    request.resource.gv.group == "admissionregistration.k8s.io"
}

/// Whether `matchConstraints` or `matchResources` fit a request.
pub(in crate::admission) fn matches(
    cluster: &Cluster,
    request: &AdmissionRequest<'_>,
    constraints: &Value,
) -> bool {
    if !selectors(cluster, request, constraints) {
        return false;
    }
    let equivalent = constraints.str_at(&["matchPolicy"]) != "Exact";
    let fits =
        |field: &str| constraints.list_at(&[field]).iter().any(|r| rule(cluster, request, r, equivalent));
    if fits("excludeResourceRules") {
        return false;
    }
    constraints.list_at(&["resourceRules"]).is_empty() || fits("resourceRules")
}

/// Whether `namespaceSelector` and `objectSelector` of a policy or webhook fit.
pub(in crate::admission) fn selectors(cluster: &Cluster, request: &AdmissionRequest<'_>, of: &Value) -> bool {
    let selector = |field: &str| {
        let value = of.get(field).filter(|v| !v.is_null() && !v.entries().is_empty());
        value.and_then(|v| Selector::from_object(Some(v)).ok())
    };
    if let Some(wanted) = selector("namespaceSelector")
        && let Some(labels) = namespace_labels(cluster, request)
        && !wanted.matches(&labels)
    {
        return false;
    }
    let Some(wanted) = selector("objectSelector") else { return true };
    let has = |object: Option<&gatehouse_model::Object>| object.is_some_and(|o| wanted.matches(o.labels()));
    has(request.object.as_ref()) || has(request.old_object)
}

/// The labels a namespace selector looks at; `None` for cluster-scoped objects, which always fit.
fn namespace_labels(cluster: &Cluster, request: &AdmissionRequest<'_>) -> Option<Map> {
    if request.resource.gv.group.is_empty() && request.resource.plural == "namespaces" {
        let created = request.object.as_ref().filter(|_| request.operation == Operation::Create);
        return Some(match created {
            Some(namespace) => namespace.labels().clone(),
            None => cluster
                .store
                .get("namespaces", "", request.name)
                .map(|n| n.labels().clone())
                .unwrap_or_default(),
        });
    }
    if !request.resource.namespaced() {
        return None;
    }
    Some(
        cluster
            .store
            .get("namespaces", "", request.namespace)
            .map(|n| n.labels().clone())
            .unwrap_or_default(),
    )
}

/// Groups that serve the same objects under the same name.
const SHARED: [(&str, &str, &str); 2] =
    [("", "events.k8s.io", "events"), ("extensions", "networking.k8s.io", "ingresses")];

/// Whether one rule fits. With `equivalent` it may name any version in which the objects are served, in any group.
pub(in crate::admission) fn rule(
    cluster: &Cluster,
    request: &AdmissionRequest<'_>,
    rule: &Value,
    equivalent: bool,
) -> bool {
    let has = |field: &str, word: &str| {
        rule.list_at(&[field]).iter().filter_map(Value::as_str).any(|w| w == "*" || w == word)
    };
    let resource = request.resource;
    let (group, plural) = (&*resource.gv.group, &*resource.plural);
    let served = |group: &str| {
        let versions = rule.list_at(&["apiVersions"]).iter().filter_map(Value::as_str);
        has("apiGroups", group)
            && versions.into_iter().any(|v| v == "*" || cluster.find(group, Some(v), plural).is_some())
    };
    let other = SHARED.iter().filter(|(_, _, name)| *name == plural).find_map(|(a, b, _)| match group {
        own if own == *a => Some(*b),
        own if own == *b => Some(*a),
        _ => None,
    });
    let names = rule.list_at(&["resourceNames"]);
    let is_namespace = group.is_empty() && plural == "namespaces";
    let scope = match rule.str_at(&["scope"]) {
        "Namespaced" => resource.namespaced(),
        "Cluster" => !resource.namespaced() || is_namespace,
        _ => true,
    };
    scope
        && has("operations", request.operation.as_str())
        && rule.list_at(&["resources"]).iter().filter_map(Value::as_str).any(|r| {
            let (wanted, sub) = r.split_once('/').unwrap_or((r, ""));
            (wanted == "*" || wanted == plural) && (sub == "*" || sub == request.subresource)
        })
        && (names.is_empty() || names.iter().any(|n| n.as_str() == Some(request.name)))
        && ((has("apiGroups", group) && has("apiVersions", &resource.gv.version))
            || (equivalent && (served(group) || other.is_some_and(served))))
}
