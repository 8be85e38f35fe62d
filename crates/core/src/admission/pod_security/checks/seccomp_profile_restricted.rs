//! A seccomp profile is chosen, and it is not none.
//!
//! Fields: `securityContext.seccompProfile.type` of the pod and its containers; `RuntimeDefault` or `Localhost`, or
//! undefined in a container of a pod that has one. Windows pods are let off since 1.25.
//!
//! Models `policy/check_seccompProfile_restricted.go`.

#[cfg(test)]
use super::Fixture;
use super::{
    Check, Level, PodView, Step, Violation, Words, bad_containers, containers_named, fields,
    seccomp_profile_baseline, violation,
};

pub(super) const CHECK: Check = Check {
    id: "seccompProfile_restricted",
    level: Level::Restricted,
    steps: &[
        Step {
            since: 19,
            run: since_1_19,
            replaces: &["seccompProfile_baseline"],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"securityContext":{"seccompProfile":{"type":"RuntimeDefault"}},"containers":[{"name":"a","securityContext":{}}]}}"#,
                fail: r#"{"spec":{"containers":[{"name":"a","securityContext":{}}]}}"#,
            },
        },
        Step {
            since: 25,
            run: since_1_25,
            replaces: &["seccompProfile_baseline"],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"os":{"name":"windows"},"containers":[{"name":"a"}]}}"#,
                fail: r#"{"spec":{"containers":[{"name":"a","securityContext":{"seccompProfile":{"type":"Unconfined"}}}]}}"#,
            },
        },
    ],
};

fn since_1_19(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let set_badly = seccomp_profile_baseline::since_1_19(pod, words);
    if set_badly.is_some() || pod.security.seccomp.is_some() {
        return set_badly;
    }
    let silent = bad_containers(pod, |c| c.security.seccomp.is_none());
    if silent.is_empty() {
        return None;
    }
    violation(words, "seccompProfile", || {
        (
            format!(
                "pod or {} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"",
                containers_named(&silent)
            ),
            fields(Some("seccompProfile.type"), &silent, "seccompProfile.type"),
        )
    })
}

fn since_1_25(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    if pod.windows { None } else { since_1_19(pod, words) }
}
