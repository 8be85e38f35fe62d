//! What a Job makes of failed pods and of indexes that succeeded: its policies for failure and success.
//!
//! Models `pkg/controller/job/{pod_failure_policy,success_policy}.go`.

use gatehouse_model::{Object, Value};

use super::indexes::{self, Indexes};

/// What the first matching rule says of a failed pod.
pub(super) struct Verdict<'j> {
    pub(super) action: &'j str,
    /// Why a job fails by it.
    pub(super) message: String,
}

/// The verdict on a failed pod, where a rule matches.
pub(super) fn verdict<'j>(job: &'j Object, pod: &Object) -> Option<Verdict<'j>> {
    let rules = job.list_at(&["spec", "podFailurePolicy", "rules"]);
    rules.iter().enumerate().find_map(|(at, rule)| {
        let action = rule.str_at(&["action"]);
        let (namespace, name) = (pod.namespace(), pod.name());
        let what = if let Some(codes) = rule.get("onExitCodes").filter(|c| !c.is_null()) {
            let (container, code) = ended_with(pod, codes)?;
            format!("Container {container} for pod {namespace}/{name} failed with exit code {code}")
        } else {
            let kind = in_condition(pod, rule.list_at(&["onPodConditions"]))?;
            format!("Pod {namespace}/{name} has condition {kind}")
        };
        Some(Verdict { action, message: format!("{what} matching {action} rule at index {at}") })
    })
}

/// The first container that ended with one of the codes.
fn ended_with<'p>(pod: &'p Object, codes: &Value) -> Option<(&'p str, i64)> {
    let wanted = codes.str_at(&["containerName"]);
    let listed = |code: i64| codes.list_at(&["values"]).iter().any(|v| v.as_i64() == Some(code));
    ["containerStatuses", "initContainerStatuses"]
        .iter()
        .flat_map(|list| pod.list_at(&["status", list]))
        .filter(|c| wanted.is_empty() || c.str_at(&["name"]) == wanted)
        .filter_map(|c| Some((c.str_at(&["name"]), c.i64_at(&["state", "terminated", "exitCode"])?)))
        .find(|(_, code)| match codes.str_at(&["operator"]) {
            "In" => *code != 0 && listed(*code),
            "NotIn" => *code != 0 && !listed(*code),
            _ => false,
        })
}

/// The first condition of the pod that one of the patterns names.
fn in_condition<'p>(pod: &'p Object, patterns: &[Value]) -> Option<&'p str> {
    let fits = |c: &&Value| {
        patterns.iter().any(|p| ["type", "status"].iter().all(|k| c.str_at(&[k]) == p.str_at(&[k])))
    };
    pod.list_at(&["status", "conditions"]).iter().find(fits).map(|c| c.str_at(&["type"]))
}

/// Which rule of the success policy the indexes that are done satisfy, in words.
pub(super) fn success(job: &Object, done: &Indexes) -> Option<String> {
    if done.is_empty() {
        return None;
    }
    let total = job.i64_at(&["spec", "completions"]).unwrap_or(0);
    let met = |rule: &Value| {
        let enough = rule.i64_at(&["succeededCount"]);
        let reaches = |n: usize| enough.is_some_and(|e| i64::try_from(n).unwrap_or(i64::MAX) >= e);
        match rule.get("succeededIndexes").and_then(Value::as_str) {
            Some(text) => {
                let wanted = indexes::parse(text, total);
                let there = wanted.intersection(done).count();
                !wanted.is_empty() && (there == wanted.len() || reaches(there))
            }
            None => reaches(done.len()),
        }
    };
    let at = job.list_at(&["spec", "successPolicy", "rules"]).iter().position(met)?;
    Some(format!("Matched rules at index {at}"))
}
