//! ValidatingAdmissionPolicy and MutatingAdmissionPolicy: rules that live in the cluster as expressions.
//!
//! Decides which policies and bindings concern a request, with which parameters, and words what comes of it. Knows no
//! expression language: an [`Expressions`] evaluates.
//!
//! Models apiserver `pkg/admission/plugin/policy`.

pub(crate) mod cel;
mod expressions;
pub(super) mod matching;
pub mod mutating;
mod params;
pub(crate) mod typecheck;
pub mod validating;

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use gatehouse_model::field::aggregate_texts;
use gatehouse_model::{Map, Object, ResourceType, Value, json};

pub use cel::Cel;
pub use expressions::{BUDGET, CONDITIONS_BUDGET, Expressions, OUT_OF_BUDGET, Scope, Variable};

use super::AdmissionRequest;
use crate::cluster::Cluster;
use crate::server::in_version;
use crate::status::Status;

/// What happens where a policy cannot be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailurePolicy {
    Fail,
    Ignore,
}

impl FailurePolicy {
    fn of(policy: &Object) -> Self {
        if policy.str_at(&["spec", "failurePolicy"]) == "Ignore" { Self::Ignore } else { Self::Fail }
    }
}

/// A policy with those of its bindings that concern a request, and the resource as which it sees the request.
struct Concern<'a> {
    policy: Arc<Object>,
    bindings: Vec<Arc<Object>>,
    resource: Cow<'a, ResourceType>,
}

/// The policies of a table that concern a request, by name.
fn concerns<'a>(
    cluster: &Cluster,
    request: &AdmissionRequest<'a>,
    policies: &str,
    bindings: &str,
) -> Vec<Concern<'a>> {
    if matching::is_policy(request) {
        return Vec::new();
    }
    let mut out = Vec::new();
    for policy in cluster.store.list(policies, None) {
        let Some(constraints) = policy.at(&["spec", "matchConstraints"]) else { continue };
        let bindings: Vec<Arc<Object>> = cluster
            .store
            .list(bindings, None)
            .filter(|b| b.str_at(&["spec", "policyName"]) == policy.name())
            .filter(|b| match b.at(&["spec", "matchResources"]).filter(|m| !m.is_null()) {
                Some(resources) => matching::matches(cluster, request, resources).is_some(),
                None => true,
            })
            .cloned()
            .collect();
        if !bindings.is_empty()
            && let Some(resource) = matching::matches(cluster, request, constraints)
        {
            out.push(Concern { policy: Arc::clone(policy), bindings, resource });
        }
    }
    out
}

/// The request as expressions and webhooks see it, who see it as `seen`.
fn request_value(request: &AdmissionRequest<'_>, seen: &ResourceType) -> Value {
    let kind =
        |r: &ResourceType| json!({"group": (&*r.gv.group), "version": (&*r.gv.version), "kind": (&*r.kind)});
    let gvr = |r: &ResourceType| json!({"group": (&*r.gv.group), "version": (&*r.gv.version), "resource": (&*r.plural)});
    let own = request.resource;
    let user = request.user;
    let mut info = Map::new();
    info.insert("username", user.name.as_str());
    if !user.uid.is_empty() {
        info.insert("uid", user.uid.as_str());
    }
    info.insert("groups", user.groups.clone());
    if !user.extra.is_empty() {
        let extra: Map = user.extra.iter().map(|(k, v)| (k.as_str(), Value::from(v.clone()))).collect();
        info.insert("extra", extra);
    }
    json!({
        "kind": (kind(seen)), "resource": (gvr(seen)), "subResource": (request.subresource),
        "requestKind": (kind(own)), "requestResource": (gvr(own)), "requestSubResource": (request.subresource),
        "name": (request.name), "namespace": (request.namespace), "operation": (request.operation.as_str()),
        "userInfo": info, "dryRun": (request.dry_run == crate::request::DryRun::All),
    })
}

/// Everything expressions of one policy may look at, parameters aside.
pub(super) struct Context {
    request: Value,
    object: Option<Object>,
    old: Option<Object>,
    namespace: Option<Arc<Object>>,
    variables: Vec<Variable>,
    budget: Cell<u64>,
}

impl Context {
    /// What a policy looks at that sees the request as `seen`.
    pub(super) fn new(
        cluster: &Cluster,
        request: &AdmissionRequest<'_>,
        policy: &Object,
        seen: &ResourceType,
    ) -> Self {
        let variables = policy.list_at(&["spec", "variables"]).iter().map(|v| Variable {
            name: v.str_at(&["name"]).to_owned(),
            expression: v.str_at(&["expression"]).to_owned(),
        });
        let name = if request.resource.plural == "namespaces" { "" } else { request.namespace };
        Self {
            request: request_value(request, seen),
            object: request.object.as_ref().map(|o| in_version(o, seen)),
            old: request.old_object.map(|o| in_version(o, seen)),
            namespace: cluster.store.get("namespaces", "", name).cloned(),
            variables: variables.collect(),
            budget: Cell::new(BUDGET),
        }
    }

    pub(super) fn scope<'a>(
        &'a self,
        cluster: &'a Cluster,
        user: &'a crate::request::User,
        params: Option<&'a Value>,
    ) -> Scope<'a> {
        Scope {
            cluster,
            user,
            request: &self.request,
            object: self.object.as_deref(),
            old_object: self.old.as_deref(),
            namespace_object: self.namespace.as_ref().map(|n| &n.0),
            params,
            variables: &self.variables,
            budget: &self.budget,
        }
    }
}

/// `expression '…' resulted in error: …`
fn resulted_in(expression: &str, error: &str) -> String {
    if error == OUT_OF_BUDGET {
        return error.to_owned();
    }
    format!("expression '{expression}' resulted in error: {error}")
}

/// What the match conditions say.
pub(super) enum Conditions {
    Met,
    Unmet,
    Failed(String),
}

/// Evaluates match conditions: one that is false excuses the request, whatever errors others meet.
pub(super) fn conditions(evaluator: &dyn Expressions, scope: &Scope<'_>, list: &[Value]) -> Conditions {
    let mut failed: Vec<String> = Vec::new();
    let budget = Cell::new(CONDITIONS_BUDGET);
    let scope = Scope { budget: &budget, ..*scope };
    for condition in list {
        let expression = condition.str_at(&["expression"]);
        match evaluator.evaluate(expression, &scope) {
            Err(error) if error == OUT_OF_BUDGET => return Conditions::Failed(error),
            Ok(Value::Bool(true)) => {}
            Ok(_) => return Conditions::Unmet,
            Err(error) => failed.push(resulted_in(expression, &error)),
        }
    }
    if failed.is_empty() { Conditions::Met } else { Conditions::Failed(aggregate_texts(&failed)) }
}

/// A refusal of a policy: worded like any other, but with the reason the policy chose.
fn denial(request: &AdmissionRequest<'_>, message: &str, reason: &str) -> Status {
    use crate::status::{Reason, StatusCause};
    let mut status = request.forbid(message);
    status.reason = match reason {
        "Unauthorized" => Reason::Unauthorized,
        "Forbidden" => Reason::Forbidden,
        "RequestEntityTooLarge" => Reason::RequestEntityTooLarge,
        _ => Reason::Invalid,
    };
    status.code = status.reason.code();
    status.causes.push(StatusCause {
        reason: String::new(),
        message: message.to_owned(),
        field: String::new(),
    });
    status
}

#[cfg(test)]
mod tests;
