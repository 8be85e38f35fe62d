//! Says of each ValidatingAdmissionPolicy what its expressions would not find in the kinds it names.
//!
//! Models `pkg/controller/validatingadmissionpolicystatus/controller.go`.

use gatehouse_model::{Value, json};

use super::client::Client;
use crate::admission::policies::typecheck;

const POLICIES: &str = "validatingadmissionpolicies.admissionregistration.k8s.io";

pub(super) fn pass(client: &mut Client<'_>) {
    for policy in client.list(POLICIES, None) {
        let seen = policy.i64_at(&["status", "observedGeneration"]).unwrap_or(0);
        if policy.is_deleting() || seen == policy.generation() {
            continue;
        }
        let mut status = policy.get("status").cloned().unwrap_or_else(Value::map);
        status.set(&["observedGeneration"], policy.generation());
        let warnings = typecheck::warnings(client.cluster, &policy);
        let found = if warnings.is_empty() { json!({}) } else { json!({"expressionWarnings": warnings}) };
        status.set(&["typeChecking"], found);
        let _ = client.update_status(POLICIES, &policy, status);
    }
}
