//! Webhook configurations and admission policies.
//!
//! Models `pkg/apis/admissionregistration/v1/defaults.go`.

use gatehouse_model::Value;

use super::fill;

/// A webhook configuration.
pub(super) fn webhooks(object: &mut Value, mutating: bool) {
    fill::each(object, &["webhooks"], |hook| {
        fill::pointer(hook, &["failurePolicy"], "Fail");
        fill::pointer(hook, &["matchPolicy"], "Equivalent");
        fill::structure(hook, &["namespaceSelector"]);
        fill::structure(hook, &["objectSelector"]);
        fill::pointer(hook, &["timeoutSeconds"], 10);
        if mutating {
            fill::pointer(hook, &["reinvocationPolicy"], "Never");
        }
        rules(hook, "rules");
        fill::inside(hook, &["clientConfig", "service"], |s| fill::pointer(s, &["port"], 443));
    });
}

/// A policy.
pub(super) fn policy(object: &mut Value) {
    fill::pointer(object, &["spec", "failurePolicy"], "Fail");
    fill::inside(object, &["spec", "matchConstraints"], resources);
    // Nobody looks through the expressions of the mutating ones, so that they have no status.
    if object.str_at(&["kind"]) == "ValidatingAdmissionPolicy" {
        fill::structure(object, &["status"]);
    }
}

/// A policy's binding.
pub(super) fn binding(object: &mut Value) {
    fill::inside(object, &["spec", "matchResources"], resources);
}

fn resources(constraints: &mut Value) {
    fill::pointer(constraints, &["matchPolicy"], "Equivalent");
    fill::structure(constraints, &["namespaceSelector"]);
    fill::structure(constraints, &["objectSelector"]);
    rules(constraints, "resourceRules");
    rules(constraints, "excludeResourceRules");
}

fn rules(object: &mut Value, field: &str) {
    fill::each(object, &[field], |rule| fill::pointer(rule, &["scope"], "*"));
}
