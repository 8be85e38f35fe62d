//! Says of each ValidatingAdmissionPolicy that its expressions were looked at.
//!
//! Finds no type errors: that takes the schemas in the language's own types. Models
//! `pkg/controller/validatingadmissionpolicystatus/controller.go`.

use gatehouse_model::{Value, json};

use super::client::Client;

const POLICIES: &str = "validatingadmissionpolicies.admissionregistration.k8s.io";

pub(super) fn pass(client: &mut Client<'_>) {
    for policy in client.list(POLICIES, None) {
        let seen = policy.i64_at(&["status", "observedGeneration"]).unwrap_or(0);
        if policy.is_deleting() || seen == policy.generation() {
            continue;
        }
        let mut status = policy.get("status").cloned().unwrap_or_else(Value::map);
        status.set(&["observedGeneration"], policy.generation());
        status.set(&["typeChecking"], json!({}));
        let _ = client.update_status(POLICIES, &policy, status);
    }
}
