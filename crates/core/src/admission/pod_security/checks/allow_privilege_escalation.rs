//! No process may gain more privileges than its parent (`no_new_privs`).
//!
//! Fields: `containers[*].securityContext.allowPrivilegeEscalation`; allowed: `false`. Windows pods are let off since 1.25.
//!
//! Models `policy/check_allowPrivilegeEscalation.go`.

#[cfg(test)]
use super::Fixture;
use super::{
    Check, Level, PodView, Step, Violation, Words, bad_containers, containers_named, fields, violation,
};

pub(super) const CHECK: Check = Check {
    id: "allowPrivilegeEscalation",
    level: Level::Restricted,
    steps: &[
        Step {
            since: 8,
            run: since_1_8,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"containers":[{"name":"a","securityContext":{"allowPrivilegeEscalation":false}}]}}"#,
                fail: r#"{"spec":{"containers":[{"name":"a","securityContext":{}}]}}"#,
            },
        },
        Step {
            since: 25,
            run: since_1_25,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"os":{"name":"windows"},"containers":[{"name":"a"}]}}"#,
                fail: r#"{"spec":{"containers":[{"name":"a","securityContext":{"allowPrivilegeEscalation":true}}]}}"#,
            },
        },
    ],
};

fn since_1_8(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let bad = bad_containers(pod, |c| c.allow_privilege_escalation != Some(false));
    if bad.is_empty() {
        return None;
    }
    violation(words, "allowPrivilegeEscalation != false", || {
        (
            format!("{} must set securityContext.allowPrivilegeEscalation=false", containers_named(&bad)),
            fields(None, &bad, "allowPrivilegeEscalation"),
        )
    })
}

fn since_1_25(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    if pod.windows { None } else { since_1_8(pod, words) }
}
