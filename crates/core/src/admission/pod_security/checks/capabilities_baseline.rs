//! Only capabilities of the runtime's default set may be added, and not `NET_RAW`.
//!
//! Fields: `containers[*].securityContext.capabilities.add`.
//!
//! Models `policy/check_capabilities_baseline.go`.

#[cfg(test)]
use super::Fixture;
use super::{
    Check, Level, PodView, Step, Violation, Words, bad_containers, fields, forbidden_additions,
    must_not_include, violation,
};

pub(super) const CHECK: Check = Check {
    id: "capabilities_baseline",
    level: Level::Baseline,
    steps: &[Step {
        since: 0,
        run: since_1_0,
        replaces: &[],
        #[cfg(test)]
        fixture: Fixture {
            pass: r#"{"spec":{"containers":[{"name":"a","securityContext":{"capabilities":{"add":["CHOWN","MKNOD"]}}}]}}"#,
            fail: r#"{"spec":{"containers":[{"name":"a","securityContext":{"capabilities":{"add":["NET_RAW"]}}}]}}"#,
        },
    }],
};

const ALLOWED: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn since_1_0(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let bad = bad_containers(pod, |c| forbidden_additions(c, ALLOWED).next().is_some());
    if bad.is_empty() {
        return None;
    }
    violation(words, "non-default capabilities", || {
        (must_not_include(&bad, ALLOWED), fields(None, &bad, "capabilities.add"))
    })
}
