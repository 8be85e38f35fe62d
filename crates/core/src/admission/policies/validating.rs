//! ValidatingAdmissionPolicy: expressions that must hold, with the consequences the bindings choose.
//!
//! Models apiserver `pkg/admission/plugin/policy/validating/{dispatcher,validator}.go`.

use std::cell::Cell;

use gatehouse_model::{Object, Value, json};

use super::super::{AdmissionRequest, Notes};
use super::{
    BUDGET, Concern, Conditions, Context, Expressions, FailurePolicy, OUT_OF_BUDGET, Scope, concerns,
    conditions, denial, params, resulted_in,
};
use crate::cluster::Cluster;
use crate::decision::{Bearing, Cause, ObjectRef};
use crate::status::Status;

const POLICIES: &str = "validatingadmissionpolicies.admissionregistration.k8s.io";
const BINDINGS: &str = "validatingadmissionpolicybindings.admissionregistration.k8s.io";
const LONGEST_MESSAGE: usize = 5 * 1024;
const LONGEST_ANNOTATION: usize = 10 * 1024;

/// One thing a policy has against a request.
struct Denial {
    policy: String,
    binding: String,
    message: String,
    reason: String,
    validation: Option<usize>,
}

pub(in crate::admission) fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let Some(evaluator) = cluster.expressions.clone() else { return Ok(()) };
    let denials = run(cluster, request, &*evaluator, notes);
    for denial in &denials {
        notes.because.push(Cause {
            bearing: Bearing::Decided,
            object: Some(ObjectRef {
                kind: "ValidatingAdmissionPolicy".to_owned(),
                namespace: String::new(),
                name: denial.policy.clone(),
            }),
            field: denial.validation.map(|i| format!("spec.validations[{i}]")).unwrap_or_default(),
            text: format!("bound by \"{}\": {}", denial.binding, denial.message),
        });
    }
    match denials.first() {
        None => Ok(()),
        Some(d) => {
            let message = format!(
                "ValidatingAdmissionPolicy '{}' with binding '{}' denied request: {}",
                d.policy, d.binding, d.message
            );
            Err(denial(request, &message, &d.reason))
        }
    }
}

fn run(
    cluster: &Cluster,
    request: &AdmissionRequest<'_>,
    evaluator: &dyn Expressions,
    notes: &mut Notes,
) -> Vec<Denial> {
    let mut denials = Vec::new();
    for Concern { policy, bindings, resource } in concerns(cluster, request, POLICIES, BINDINGS) {
        let failure = FailurePolicy::of(&policy);
        let context = Context::new(cluster, request, &policy, &resource);
        for binding in bindings {
            let deny = |message: String, reason: &str, validation: Option<usize>| Denial {
                policy: policy.name().to_owned(),
                binding: binding.name().to_owned(),
                message,
                reason: reason.to_owned(),
                validation,
            };
            let found = match params::collect(cluster, request, &policy, &binding) {
                Ok(found) => found,
                Err(why) => {
                    if failure == FailurePolicy::Fail {
                        denials.push(deny(format!("failed to configure binding: {why}"), "", None));
                    }
                    continue;
                }
            };
            for param in found {
                let scope = context.scope(cluster, request.user, param.as_ref());
                match conditions(evaluator, &scope, policy.list_at(&["spec", "matchConditions"])) {
                    Conditions::Met => {}
                    Conditions::Unmet => continue,
                    Conditions::Failed(why) => {
                        if failure == FailurePolicy::Fail {
                            denials.push(deny(why, "", None));
                        }
                        continue;
                    }
                }
                let validations = policy.list_at(&["spec", "validations"]);
                let judged = validations.iter().map(|v| judge(evaluator, &scope, v, failure));
                let mut found: Vec<_> = judged.enumerate().filter_map(|(i, j)| Some((i, j?))).collect();
                // Where nothing is left to spend, nothing else counts.
                if let Some(at) = found.iter().position(|(_, (message, _))| message == OUT_OF_BUDGET) {
                    found = vec![found.swap_remove(at)];
                    found.truncate(usize::from(failure == FailurePolicy::Fail));
                }
                for (i, (message, reason)) in found {
                    consequences(&binding, &policy, i, &message, notes);
                    if acts(&binding, "Deny") {
                        denials.push(deny(message, &reason, Some(i)));
                    }
                }
                let failed = audit_annotations(evaluator, &scope, &policy, notes);
                if failure == FailurePolicy::Fail {
                    denials.extend(failed.into_iter().map(|why| deny(why, "", None)));
                }
            }
        }
    }
    denials
}

fn acts(binding: &Object, action: &str) -> bool {
    binding.list_at(&["spec", "validationActions"]).iter().any(|a| a.as_str() == Some(action))
}

/// The message and reason of a validation that does not hold; `None` where it does.
fn judge(
    evaluator: &dyn Expressions,
    scope: &Scope<'_>,
    validation: &Value,
    failure: FailurePolicy,
) -> Option<(String, String)> {
    let expression = validation.str_at(&["expression"]);
    match evaluator.evaluate(expression, scope) {
        Ok(Value::Bool(true)) => None,
        Ok(_) => Some((message(evaluator, scope, validation), validation.str_at(&["reason"]).to_owned())),
        Err(error) if error != OUT_OF_BUDGET && failure == FailurePolicy::Ignore => None,
        Err(error) => Some((resulted_in(expression, &error), String::new())),
    }
}

fn message(evaluator: &dyn Expressions, scope: &Scope<'_>, validation: &Value) -> String {
    let dynamic = validation.str_at(&["messageExpression"]);
    if !dynamic.is_empty()
        && let Ok(Value::Str(text)) = evaluator.evaluate(dynamic, scope)
    {
        let text = text.trim();
        if !text.is_empty() && text.len() <= LONGEST_MESSAGE && !text.contains('\n') {
            return text.to_owned();
        }
    }
    let fixed = validation.str_at(&["message"]).trim();
    if fixed.is_empty() {
        return format!("failed expression: {}", validation.str_at(&["expression"]).trim());
    }
    fixed.to_owned()
}

/// Warnings and audit annotations, as the binding wants them.
fn consequences(binding: &Object, policy: &Object, index: usize, message: &str, notes: &mut Notes) {
    if acts(binding, "Warn") {
        notes.warnings.push(format!(
            "Validation failed for ValidatingAdmissionPolicy '{}' with binding '{}': {message}",
            policy.name(),
            binding.name()
        ));
    }
    if acts(binding, "Audit") {
        let actions: Value = binding.list_at(&["spec", "validationActions"]).iter().cloned().collect();
        let entry = json!([{
            "message": message, "policy": (policy.name()), "binding": (binding.name()),
            "expressionIndex": (index.to_string()), "validationActions": actions,
        }]);
        let key = "validation.policy.admission.k8s.io/validation_failure";
        notes.audit.push((key.to_owned(), json::print(&entry)));
    }
}

/// Adds what the policy wants in the audit log; answers what could not be evaluated, in the server's words.
fn audit_annotations(
    evaluator: &dyn Expressions,
    scope: &Scope<'_>,
    policy: &Object,
    notes: &mut Notes,
) -> Vec<String> {
    let mut failed = Vec::new();
    let budget = Cell::new(BUDGET);
    let scope = Scope { budget: &budget, ..*scope };
    for annotation in policy.list_at(&["spec", "auditAnnotations"]) {
        let key = format!("{}/{}", policy.name(), annotation.str_at(&["key"]));
        let expression = annotation.str_at(&["valueExpression"]);
        match evaluator.evaluate(expression, &scope) {
            Ok(Value::Str(text)) if !text.trim().is_empty() => {
                let mut text = text.trim().to_owned();
                let end = (0..=LONGEST_ANNOTATION.min(text.len())).rev().find(|i| text.is_char_boundary(*i));
                text.truncate(end.unwrap_or(0));
                notes.audit.push((key, text));
            }
            Ok(_) => {}
            Err(error) => failed.push(resulted_in(expression, &error)),
        }
    }
    failed
}
