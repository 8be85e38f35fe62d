//! MutatingAdmissionPolicy: expressions that compute what an object should become.
//!
//! An `ApplyConfiguration` is merged by the type's list and map rules, as a server-side apply would be, but owns nothing;
//! a `JSONPatch` is applied operation by operation. What goes wrong is collected: later mutations and policies run all
//! the same.
//!
//! Models apiserver `pkg/admission/plugin/policy/mutating` and `pkg/admission/plugin/policy/generic/policy_dispatcher.go`.

use std::borrow::Cow;

use gatehouse_model::{Object, ResourceType, Value};

use super::super::{AdmissionRequest, Notes};
use super::{Concern, Conditions, Context, Expressions, FailurePolicy, concerns, conditions, params};
use crate::cluster::Cluster;
use crate::decision::{Bearing, Cause, ObjectRef};
use crate::server::{in_version, out_of_version};
use crate::status::{Reason, Status, StatusCause};
use crate::{defaults, managed, patch, schema};

const POLICIES: &str = "mutatingadmissionpolicies.admissionregistration.k8s.io";
const BINDINGS: &str = "mutatingadmissionpolicybindings.admissionregistration.k8s.io";

/// A policy, one of its bindings, one of the parameters that brings, and the resource as which it sees the request.
struct Invocation<'a> {
    resource: Cow<'a, ResourceType>,
    policy: std::sync::Arc<Object>,
    binding: std::sync::Arc<Object>,
    param: Option<Value>,
}

/// What went wrong with a policy that must not fail.
struct Failure {
    message: String,
    reason: Reason,
}

pub(in crate::admission) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let Some(evaluator) = cluster.expressions.clone() else { return Ok(()) };
    if request.object.is_none() {
        return Ok(());
    }
    let second = notes.passes.second;
    notes.passes.policies.begin(second, request.object.as_ref());
    let mut failures = Vec::new();
    for invocation in invocations(cluster, request, &mut failures, notes) {
        run(cluster, request, &*evaluator, &invocation, &mut failures, notes);
    }
    notes.passes.policies.end(request.object.as_ref());
    refusal(request, &failures).map_or(Ok(()), Err)
}

/// Everything that is to be evaluated, in order.
fn invocations<'a>(
    cluster: &Cluster,
    request: &AdmissionRequest<'a>,
    failures: &mut Vec<Failure>,
    notes: &mut Notes,
) -> Vec<Invocation<'a>> {
    let mut out = Vec::new();
    for Concern { policy, bindings, resource } in concerns(cluster, request, POLICIES, BINDINGS) {
        for binding in bindings {
            match params::collect(cluster, request, &policy, &binding) {
                Ok(found) => out.extend(found.into_iter().map(|param| Invocation {
                    resource: resource.clone(),
                    policy: policy.clone(),
                    binding: binding.clone(),
                    param,
                })),
                Err(why) => {
                    let (policy, resource) = (policy.clone(), resource.clone());
                    let invocation = Invocation { resource, policy, binding, param: None };
                    let why = format!("failed to configure binding: {why}");
                    invocation.fail(&why, "", Reason::Forbidden, failures, notes);
                }
            }
        }
    }
    out
}

impl Invocation<'_> {
    fn key(&self) -> String {
        let of = |o: &Value| {
            format!("{}/{}", o.str_at(&["metadata", "namespace"]), o.str_at(&["metadata", "name"]))
        };
        let param = self.param.as_ref().map(of).unwrap_or_default();
        format!("{} {} {param}", self.policy.name(), self.binding.name())
    }

    fn note(&self, bearing: Bearing, field: &str, text: String, notes: &mut Notes) {
        let object = ObjectRef {
            kind: "MutatingAdmissionPolicy".to_owned(),
            namespace: String::new(),
            name: self.policy.name().to_owned(),
        };
        let text = format!("bound by \"{}\": {text}", self.binding.name());
        notes.because.push(Cause { bearing, object: Some(object), field: field.to_owned(), text });
    }

    fn fail(&self, why: &str, field: &str, reason: Reason, failures: &mut Vec<Failure>, notes: &mut Notes) {
        if FailurePolicy::of(&self.policy) == FailurePolicy::Ignore {
            self.note(Bearing::Noted, field, format!("{why}; failurePolicy Ignore lets it pass"), notes);
            return;
        }
        self.note(Bearing::Decided, field, why.to_owned(), notes);
        let (policy, binding) = (self.policy.name(), self.binding.name());
        let message = format!("policy '{policy}' with binding '{binding}' denied request: {why}");
        failures.push(Failure { message, reason });
    }
}

fn run(
    cluster: &Cluster,
    request: &mut AdmissionRequest<'_>,
    evaluator: &dyn Expressions,
    invocation: &Invocation<'_>,
    failures: &mut Vec<Failure>,
    notes: &mut Notes,
) {
    let policy = &*invocation.policy;
    let began = request.object.clone();
    let before = Context::new(cluster, request, policy, &invocation.resource);
    let scope = before.scope(cluster, request.user, invocation.param.as_ref());
    match conditions(evaluator, &scope, policy.list_at(&["spec", "matchConditions"])) {
        Conditions::Met => {}
        Conditions::Unmet => return,
        Conditions::Failed(why) => {
            return invocation.fail(&why, "spec.matchConditions", Reason::Invalid, failures, notes);
        }
    }
    let key = invocation.key();
    if !notes.passes.policies.calls(notes.passes.second, &key) {
        return;
    }
    for (i, mutation) in policy.list_at(&["spec", "mutations"]).iter().enumerate() {
        let field = format!("spec.mutations[{i}]");
        // Each mutation sees what the one before made of the object.
        let context = Context::new(cluster, request, policy, &invocation.resource);
        let scope = context.scope(cluster, request.user, invocation.param.as_ref());
        let evaluate = |expression: &str| evaluator.mutation(expression, &scope);
        let current = request.object.clone().unwrap_or_default();
        let changed = apply(cluster, &invocation.resource, &current, mutation, &evaluate);
        match changed {
            Ok(changed) if Some(&changed) != request.object.as_ref() => {
                invocation.note(Bearing::Noted, &field, "changes the object".to_owned(), notes);
                request.object = Some(changed);
            }
            Ok(_) => {}
            Err(why) => invocation.fail(&why, &field, Reason::Invalid, failures, notes),
        }
    }
    if began != request.object {
        notes.passes.policies.changed();
        notes.passes.wanted = true;
    }
    notes.passes.policies.called(key, policy.str_at(&["spec", "reinvocationPolicy"]) == "IfNeeded");
}

/// The object after one mutation.
fn apply(
    cluster: &Cluster,
    resource: &ResourceType,
    object: &Object,
    mutation: &Value,
    evaluate: &dyn Fn(&str) -> Result<Value, String>,
) -> Result<Object, String> {
    let current = in_version(object, resource);
    let expression = |field: &str| evaluate(mutation.str_at(&[field, "expression"]));
    let changed = match mutation.str_at(&["patchType"]) {
        "ApplyConfiguration" => {
            let wanted = expression("applyConfiguration")?;
            managed::merged(cluster, resource, &current, &wanted)
                .map_err(|why| format!("error applying patch: {why}"))?
        }
        "JSONPatch" => match patch::json::apply(&current, expression("jsonPatch")?.items()) {
            Ok(changed) => changed,
            Err(why) if why.ends_with("test failed") => return Ok(object.clone()),
            Err(why) => return Err(format!("JSON Patch: {why}")),
        },
        other => return Err(format!("unknown patch type \"{other}\"")),
    };
    let (typed, _) = schema::decode(cluster, resource, changed)?;
    let mut changed = Object(typed);
    defaults::apply(cluster.version, &mut changed);
    Ok(out_of_version(changed, object))
}

/// The refusal of a request by the first of these failures, with all of them as causes.
fn refusal(request: &AdmissionRequest<'_>, failures: &[Failure]) -> Option<Status> {
    let first = failures.first()?;
    let mut status = request.forbid("");
    status.message.clone_from(&first.message);
    status.reason = first.reason;
    status.causes.extend(failures.iter().map(|failure| StatusCause {
        reason: String::new(),
        message: failure.message.clone(),
        field: String::new(),
    }));
    Some(status)
}
