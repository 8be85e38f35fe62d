//! `/proc` keeps its masks, user namespace or not: what the baseline check asked before 1.35.
//!
//! Models `policy/check_procMount_restricted.go`.

#[cfg(test)]
use super::Fixture;
use super::{Check, Level, Step};

pub(super) const CHECK: Check = Check {
    id: "procMount_restricted",
    level: Level::Restricted,
    steps: &[Step {
        since: 35,
        run: super::proc_mount::since_1_0,
        replaces: &["procMount"],
        #[cfg(test)]
        fixture: Fixture {
            pass: r#"{"spec":{"containers":[{"name":"a","securityContext":{"procMount":"Default"}}]}}"#,
            fail: r#"{"spec":{"hostUsers":false,"containers":[{"name":"a","securityContext":{"procMount":"Unmasked"}}]}}"#,
        },
    }],
};
