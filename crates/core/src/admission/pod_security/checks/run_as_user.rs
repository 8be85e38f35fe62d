//! Nobody asks for user 0, unless (since 1.35) the pod has a user namespace of its own.
//!
//! Fields: `securityContext.runAsUser` of the pod and its containers; allowed: undefined, anything but 0.
//!
//! Models `policy/check_runAsUser.go`.

#[cfg(test)]
use super::Fixture;
use super::{Check, Level, PodView, Step, Violation, Words, bad_containers, fields, setters, violation};

pub(super) const CHECK: Check = Check {
    id: "runAsUser",
    level: Level::Restricted,
    steps: &[
        Step {
            since: 23,
            run: since_1_23,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"securityContext":{"runAsUser":1000},"containers":[{"name":"a","securityContext":{}}]}}"#,
                fail: r#"{"spec":{"securityContext":{"runAsUser":0},"containers":[{"name":"a","securityContext":{}}]}}"#,
            },
        },
        Step {
            since: 35,
            run: since_1_35,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"hostUsers":false,"securityContext":{"runAsUser":0}}}"#,
                fail: r#"{"spec":{"containers":[{"name":"a","securityContext":{"runAsUser":0}}]}}"#,
            },
        },
    ],
};

fn since_1_23(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let by_pod = pod.security.run_as_user == Some(0);
    let bad = bad_containers(pod, |c| c.security.run_as_user == Some(0));
    if !by_pod && bad.is_empty() {
        return None;
    }
    let who = || setters(by_pod, &bad).unwrap_or_default();
    violation(words, "runAsUser=0", || {
        (
            format!("{} must not set runAsUser=0", who()),
            fields(by_pod.then_some("runAsUser"), &bad, "runAsUser"),
        )
    })
}

fn since_1_35(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    if pod.user_namespace { None } else { since_1_23(pod, words) }
}
