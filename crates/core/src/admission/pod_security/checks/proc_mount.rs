//! `/proc` keeps its masks, unless (since 1.35) the pod has a user namespace of its own.
//!
//! Fields: `containers[*].securityContext.procMount`; allowed: undefined, `Default`.
//!
//! Models `policy/check_procMount_baseline.go`.

#[cfg(test)]
use super::Fixture;
use super::{
    Check, Level, PodView, Step, Violation, Words, bad_containers, containers_named, fields, join_quoted,
    sorted, violation,
};

pub(super) const CHECK: Check = Check {
    id: "procMount",
    level: Level::Baseline,
    steps: &[
        Step {
            since: 0,
            run: since_1_0,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"containers":[{"name":"a","securityContext":{"procMount":"Default"}}]}}"#,
                fail: r#"{"spec":{"containers":[{"name":"a","securityContext":{"procMount":"Unmasked"}}]}}"#,
            },
        },
        Step {
            since: 35,
            run: since_1_35,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"hostUsers":false,"containers":[{"name":"a","securityContext":{"procMount":"Unmasked"}}]}}"#,
                fail: r#"{"spec":{"containers":[{"name":"a","securityContext":{"procMount":"Unmasked"}}]}}"#,
            },
        },
    ],
};

pub(super) fn since_1_0(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let bad = bad_containers(pod, |c| c.proc_mount.is_some_and(|p| p != "Default"));
    if bad.is_empty() {
        return None;
    }
    violation(words, "procMount", || {
        (
            format!(
                "{} must not set securityContext.procMount to {}",
                containers_named(&bad),
                join_quoted(&sorted(bad.iter().filter_map(|c| c.proc_mount)))
            ),
            fields(None, &bad, "procMount"),
        )
    })
}

fn since_1_35(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    if pod.user_namespace { None } else { since_1_0(pod, words) }
}
