//! ValidatingAdmissionPolicy: expressions that must hold, with the consequences the bindings choose.
//!
//! Models apiserver `pkg/admission/plugin/policy/validating/{dispatcher,validator}.go`.

use gatehouse_model::{Object, Value, json};

use super::super::{AdmissionRequest, Notes};
use super::{
    Concern, Conditions, Context, Expressions, FailurePolicy, Scope, concerns, conditions, denial, params,
    resulted_in,
};
use crate::cluster::Cluster;
use crate::decision::{Bearing, Cause, ObjectRef};
use crate::status::Status;

const POLICIES: &str = "validatingadmissionpolicies.admissionregistration.k8s.io";
const BINDINGS: &str = "validatingadmissionpolicybindings.admissionregistration.k8s.io";
const LONGEST_MESSAGE: usize = 5 * 1024;

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
    for Concern { policy, bindings } in concerns(cluster, request, POLICIES, BINDINGS) {
        let failure = FailurePolicy::of(&policy);
        let context = Context::new(cluster, request, &policy);
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
                for (i, validation) in policy.list_at(&["spec", "validations"]).iter().enumerate() {
                    let Some((message, reason)) = judge(evaluator, &scope, validation, failure) else {
                        continue;
                    };
                    consequences(&binding, &policy, i, &message, notes);
                    if acts(&binding, "Deny") {
                        denials.push(deny(message, &reason, Some(i)));
                    }
                }
                audit_annotations(evaluator, &scope, &policy, notes);
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
        Err(_) if failure == FailurePolicy::Ignore => None,
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

fn audit_annotations(evaluator: &dyn Expressions, scope: &Scope<'_>, policy: &Object, notes: &mut Notes) {
    for annotation in policy.list_at(&["spec", "auditAnnotations"]) {
        let key = format!("{}/{}", policy.name(), annotation.str_at(&["key"]));
        if let Ok(Value::Str(text)) = evaluator.evaluate(annotation.str_at(&["valueExpression"]), scope)
            && !text.trim().is_empty()
        {
            notes.audit.push((key, text.trim().to_owned()));
        }
    }
}
