//! Containers run as another user than root, unless (since 1.35) the pod has a user namespace of its own.
//!
//! Fields: `securityContext.runAsNonRoot` of the pod and its containers; `true`, or undefined in a container of a pod that
//! says `true`.
//!
//! Models `policy/check_runAsNonRoot.go`.

#[cfg(test)]
use super::Fixture;
use super::{
    Check, Level, PodView, Step, Violation, Words, bad_containers, containers_named, fields, setters,
    violation,
};

pub(super) const CHECK: Check = Check {
    id: "runAsNonRoot",
    level: Level::Restricted,
    steps: &[
        Step {
            since: 0,
            run: since_1_0,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"securityContext":{"runAsNonRoot":true},"containers":[{"name":"a","securityContext":{}}]}}"#,
                fail: r#"{"spec":{"securityContext":{"runAsNonRoot":true},"containers":[{"name":"a","securityContext":{"runAsNonRoot":false}}]}}"#,
            },
        },
        Step {
            since: 35,
            run: since_1_35,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"hostUsers":false,"containers":[{"name":"a"}]}}"#,
                fail: r#"{"spec":{"hostUsers":true,"containers":[{"name":"a"}]}}"#,
            },
        },
    ],
};

fn since_1_0(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let by_pod = pod.security.run_as_non_root == Some(false);
    let bad = bad_containers(pod, |c| c.security.run_as_non_root == Some(false));
    let reason = "runAsNonRoot != true";
    if let Some(who) = setters(by_pod, &bad) {
        return violation(words, reason, || {
            (
                format!("{who} must not set securityContext.runAsNonRoot=false"),
                fields(by_pod.then_some("runAsNonRoot"), &bad, "runAsNonRoot"),
            )
        });
    }
    if pod.security.run_as_non_root == Some(true) {
        return None;
    }
    let silent = bad_containers(pod, |c| c.security.run_as_non_root.is_none());
    if silent.is_empty() {
        return None;
    }
    violation(words, reason, || {
        (
            format!("pod or {} must set securityContext.runAsNonRoot=true", containers_named(&silent)),
            fields(Some("runAsNonRoot"), &silent, "runAsNonRoot"),
        )
    })
}

fn since_1_35(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    if pod.user_namespace { None } else { since_1_0(pod, words) }
}
