//! MutatingAdmissionPolicy: expressions that compute what an object should become.
//!
//! An `ApplyConfiguration` is merged like a strategic merge patch; a `JSONPatch` is applied operation by operation.
//! Reinvocation after later changes is not simulated.
//!
//! Models apiserver `pkg/admission/plugin/policy/mutating`.

use gatehouse_model::{Object, Value};

use super::super::{AdmissionRequest, Notes};
use super::{
    Concern, Conditions, Context, Expressions, FailurePolicy, Scope, concerns, conditions, denial, params,
    resulted_in,
};
use crate::cluster::Cluster;
use crate::patch;
use crate::schema;
use crate::status::Status;

const POLICIES: &str = "mutatingadmissionpolicies.admissionregistration.k8s.io";
const BINDINGS: &str = "mutatingadmissionpolicybindings.admissionregistration.k8s.io";

pub(in crate::admission) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    let Some(evaluator) = cluster.expressions.clone() else { return Ok(()) };
    if request.object.is_none() {
        return Ok(());
    }
    for Concern { policy, bindings } in concerns(cluster, request, POLICIES, BINDINGS) {
        let failure = FailurePolicy::of(&policy);
        for binding in bindings {
            if let Err(why) = one(cluster, request, &*evaluator, &policy, &binding)
                && failure == FailurePolicy::Fail
            {
                let message = format!(
                    "policy '{}' with binding '{}' denied request: {why}",
                    policy.name(),
                    binding.name()
                );
                return Err(denial(request, &message, ""));
            }
        }
    }
    Ok(())
}

fn one(
    cluster: &Cluster,
    request: &mut AdmissionRequest<'_>,
    evaluator: &dyn Expressions,
    policy: &Object,
    binding: &Object,
) -> Result<(), String> {
    let found = params::collect(cluster, request, policy, binding)
        .map_err(|why| format!("failed to configure binding: {why}"))?;
    for param in found {
        let before = Context::new(cluster, request, policy);
        let scope = before.scope(cluster, request.user, param.as_ref());
        match conditions(evaluator, &scope, policy.list_at(&["spec", "matchConditions"])) {
            Conditions::Met => {}
            Conditions::Unmet => continue,
            Conditions::Failed(why) => return Err(why),
        }
        for mutation in policy.list_at(&["spec", "mutations"]) {
            // Each mutation sees what the one before made of the object.
            let context = Context::new(cluster, request, policy);
            let scope = context.scope(cluster, request.user, param.as_ref());
            let changed = apply(cluster, request, evaluator, &scope, mutation)?;
            request.object = Some(Object(changed));
        }
    }
    Ok(())
}

fn apply(
    cluster: &Cluster,
    request: &AdmissionRequest<'_>,
    evaluator: &dyn Expressions,
    scope: &Scope<'_>,
    mutation: &Value,
) -> Result<Value, String> {
    let current = scope.object.cloned().unwrap_or_default();
    let evaluate = |field: &str| {
        let expression = mutation.str_at(&[field, "expression"]);
        evaluator.evaluate(expression, scope).map_err(|error| resulted_in(expression, &error))
    };
    match mutation.str_at(&["patchType"]) {
        "ApplyConfiguration" => {
            let wanted = evaluate("applyConfiguration")?;
            let shape = schema::shape(cluster, request.resource);
            patch::strategic::apply(&current, &wanted, &shape)
        }
        "JSONPatch" => patch::json::apply(&current, evaluate("jsonPatch")?.items()),
        other => Err(format!("unknown patch type \"{other}\"")),
    }
}
