//! No container is privileged.
//!
//! Fields: `containers[*].securityContext.privileged`; allowed: undefined, `false`.
//!
//! Models `policy/check_privileged.go`.

#[cfg(test)]
use super::Fixture;
use super::{
    Check, Level, PodView, Step, Violation, Words, bad_containers, containers_named, fields, violation,
};

pub(super) const CHECK: Check = Check {
    id: "privileged",
    level: Level::Baseline,
    steps: &[Step {
        since: 0,
        run: since_1_0,
        replaces: &[],
        #[cfg(test)]
        fixture: Fixture {
            pass: r#"{"spec":{"containers":[{"name":"a","securityContext":{"privileged":false}}]}}"#,
            fail: r#"{"spec":{"containers":[{"name":"a","securityContext":{"privileged":true}}]}}"#,
        },
    }],
};

fn since_1_0(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let bad = bad_containers(pod, |c| c.privileged);
    if bad.is_empty() {
        return None;
    }
    violation(words, "privileged", || {
        (
            format!("{} must not set securityContext.privileged=true", containers_named(&bad)),
            fields(None, &bad, "privileged"),
        )
    })
}
