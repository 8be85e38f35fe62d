//! Which requests a rule is about: groups, versions, operations, resources, scope, selectors.
//!
//! With `matchPolicy: Equivalent` a rule that names another version in which the objects are served fits too, and the
//! policy or webhook then sees the object in that version.
//!
//! Models apiserver `pkg/admission/plugin/webhook/predicates/rules/rules.go` and
//! `pkg/admission/plugin/policy/matching/matching.go`.

use std::borrow::Cow;

use gatehouse_model::selector::Selector;
use gatehouse_model::{Map, ResourceType, Value};

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

/// As which resource `matchConstraints` or `matchResources` see a request: its own, or with `matchPolicy: Equivalent` one
/// in which the same objects are served. `None` where they do not fit.
pub(in crate::admission) fn matches<'a>(
    cluster: &Cluster,
    request: &AdmissionRequest<'a>,
    constraints: &Value,
) -> Option<Cow<'a, ResourceType>> {
    if !selectors(cluster, request, constraints) {
        return None;
    }
    let equivalent = constraints.str_at(&["matchPolicy"]) != "Exact";
    let fits = |field: &str| matched(cluster, request, constraints.list_at(&[field]), equivalent);
    if fits("excludeResourceRules").is_some() {
        return None;
    }
    if constraints.list_at(&["resourceRules"]).is_empty() {
        return Some(Cow::Borrowed(request.resource));
    }
    fits("resourceRules")
}

/// As which resource some of these rules see a request. Rules that name its own come first, then earlier ones.
pub(in crate::admission) fn matched<'a>(
    cluster: &Cluster,
    request: &AdmissionRequest<'a>,
    rules: &[Value],
    equivalent: bool,
) -> Option<Cow<'a, ResourceType>> {
    let fitting: Vec<&Value> = rules.iter().filter(|r| rule(request, r)).collect();
    if fitting.iter().any(|r| names(r, request.resource)) {
        return Some(Cow::Borrowed(request.resource));
    }
    if !equivalent || fitting.is_empty() {
        return None;
    }
    let others: Vec<ResourceType> =
        cluster.resources().into_iter().filter(|r| is_equivalent(r, request.resource)).collect();
    let found = fitting.iter().find_map(|rule| others.iter().find(|other| names(rule, other)))?;
    Some(Cow::Owned(found.clone()))
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

/// Whether two resources serve the same objects.
fn is_equivalent(a: &ResourceType, b: &ResourceType) -> bool {
    let (one, other) = (&*a.gv.group, &*b.gv.group);
    let shared = |(x, y, plural): &(&str, &str, &str)| {
        *plural == a.plural && (one == *x && other == *y || one == *y && other == *x)
    };
    a.plural == b.plural && (one == other || SHARED.iter().any(shared))
}

fn has(rule: &Value, field: &str, word: &str) -> bool {
    rule.list_at(&[field]).iter().filter_map(Value::as_str).any(|w| w == "*" || w == word)
}

/// Whether a rule names a resource's group and version.
fn names(rule: &Value, resource: &ResourceType) -> bool {
    has(rule, "apiGroups", &resource.gv.group) && has(rule, "apiVersions", &resource.gv.version)
}

/// Whether a rule fits a request but for the group and version of its resource.
fn rule(request: &AdmissionRequest<'_>, rule: &Value) -> bool {
    let resource = request.resource;
    let plural = &*resource.plural;
    let names = rule.list_at(&["resourceNames"]);
    let is_namespace = resource.gv.group.is_empty() && plural == "namespaces";
    let scope = match rule.str_at(&["scope"]) {
        "Namespaced" => resource.namespaced(),
        "Cluster" => !resource.namespaced() || is_namespace,
        _ => true,
    };
    scope
        && has(rule, "operations", request.operation.as_str())
        && rule.list_at(&["resources"]).iter().filter_map(Value::as_str).any(|r| {
            let (wanted, sub) = r.split_once('/').unwrap_or((r, ""));
            (wanted == "*" || wanted == plural) && (sub == "*" || sub == request.subresource)
        })
        && (names.is_empty() || names.iter().any(|n| n.as_str() == Some(request.name)))
}
