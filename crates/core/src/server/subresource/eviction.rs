//! `pods/eviction`: a delete that asks disruption budgets first.
//!
//! Models `pkg/registry/core/pod/storage/eviction.go`.

use gatehouse_model::selector::Selector;
use gatehouse_model::{Object, Value, json};

use crate::admission::Operation;
use crate::controllers::disruption;
use crate::request::Reply;
use crate::server::call::Call;
use crate::server::{admit, delete};
use crate::status::{Reason, Status, StatusCause};

/// POST of an eviction.
pub(super) fn evict(call: &mut Call<'_>) -> Result<Reply, Status> {
    let eviction = super::body(call, "Eviction")?;
    let name = eviction.name().to_owned();
    if name != call.target.name {
        return Err(Status::bad_request(format!(
            "name in URL does not match name in Eviction object: {} != {name}",
            call.target.name
        )));
    }
    let pod = call.stored()?;
    admit::about(call, Operation::Create, &name, eviction, None)?;
    let phase = pod.str_at(&["status", "phase"]);
    let ignores_budgets = matches!(phase, "Succeeded" | "Failed" | "Pending") || pod.is_deleting();
    if !ignores_budgets {
        budget(call, &pod)?;
    }
    if !call.is_dry_run() {
        let pod = told(call, pod);
        delete::one(call, &pod)?;
    }
    Ok(Reply::Success(
        json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "code": 201}),
    ))
}

/// Says on the pod that it was evicted, since 1.26.
fn told(call: &mut Call<'_>, pod: Object) -> Object {
    if call.cluster.version.minor() < 26 {
        return pod;
    }
    let now = call.cluster.now.to_string();
    let words = ("EvictionByEvictionAPI", "Eviction API: evicting");
    let condition = disruption(&pod, call.cluster.version.minor(), words, &now);
    let mut changed = pod;
    let conditions = changed.entry_at(&["status", "conditions"]).make_list();
    conditions.retain(|c| c.str_at(&["type"]) != "DisruptionTarget");
    conditions.push(condition);
    (*call.cluster.store.put("pods", changed)).clone()
}

/// Whether a pod that is not ready may go without asking the budget.
fn is_free(budget: &Object, pod: &Object) -> bool {
    let ready = |c: &Value| c.str_at(&["type"]) == "Ready" && c.str_at(&["status"]) == "True";
    if pod.list_at(&["status", "conditions"]).iter().any(ready) {
        return false;
    }
    let count = |key: &str| budget.i64_at(&["status", key]).unwrap_or(0);
    let (healthy, desired) = (count("currentHealthy"), count("desiredHealthy"));
    budget.str_at(&["spec", "unhealthyPodEvictionPolicy"]) == "AlwaysAllow"
        || (healthy >= desired && desired > 0)
}

/// Takes one disruption from the budget that covers the pod, or refuses.
fn budget(call: &mut Call<'_>, pod: &Object) -> Result<(), Status> {
    let budgets: Vec<Object> = call
        .cluster
        .store
        .list("poddisruptionbudgets.policy", Some(pod.namespace()))
        .filter(|b| Selector::from_object(b.at(&["spec", "selector"])).is_ok_and(|s| s.matches(pod.labels())))
        .map(|b| (**b).clone())
        .collect();
    let mut budget = match budgets.as_slice() {
        [] => return Ok(()),
        [one] => one.clone(),
        _ => {
            return Err(Status::internal(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            ));
        }
    };
    if call.cluster.version.minor() >= 22 && is_free(&budget, pod) {
        return Ok(());
    }
    let observed = budget.i64_at(&["status", "observedGeneration"]).unwrap_or(0);
    let allowed = budget.i64_at(&["status", "disruptionsAllowed"]).unwrap_or(0);
    if observed < budget.generation() || allowed <= 0 {
        let healthy = budget.i64_at(&["status", "currentHealthy"]).unwrap_or(0);
        let desired = budget.i64_at(&["status", "desiredHealthy"]).unwrap_or(0);
        let mut status = Status::new(
            Reason::TooManyRequests,
            "Cannot evict pod as it would violate the pod's disruption budget.",
        );
        let message = if observed < budget.generation() {
            format!("The disruption budget {} is still being processed by the server.", budget.name())
        } else {
            format!(
                "The disruption budget {} needs {desired} healthy pods and has {healthy} currently",
                budget.name()
            )
        };
        status.causes =
            vec![StatusCause { reason: "DisruptionBudget".to_owned(), message, field: String::new() }];
        if observed < budget.generation() {
            status.retry_after_seconds = 10;
        }
        return Err(status);
    }
    if call.is_dry_run() {
        return Ok(());
    }
    budget.set(&["status", "disruptionsAllowed"], allowed - 1);
    let when = Value::from(call.cluster.now.to_string());
    budget.set(&["status", "disruptedPods", pod.name()], when);
    call.cluster.store.put("poddisruptionbudgets.policy", budget);
    Ok(())
}
