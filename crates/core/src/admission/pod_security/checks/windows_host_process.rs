//! No Windows container runs as a process of the host.
//!
//! Fields: `securityContext.windowsOptions.hostProcess` of the pod and its containers; allowed: undefined, `false`.
//!
//! Models `policy/check_windowsHostProcess.go`.

#[cfg(test)]
use super::Fixture;
use super::{Check, Level, PodView, Step, Violation, Words, bad_containers, fields, setters, violation};

pub(super) const CHECK: Check = Check {
    id: "windowsHostProcess",
    level: Level::Baseline,
    steps: &[Step {
        since: 0,
        run: since_1_0,
        replaces: &[],
        #[cfg(test)]
        fixture: Fixture {
            pass: r#"{"spec":{"securityContext":{"windowsOptions":{"hostProcess":false}},"containers":[{"name":"a","securityContext":{}}]}}"#,
            fail: r#"{"spec":{"securityContext":{"windowsOptions":{"hostProcess":true}},"containers":[{"name":"a","securityContext":{}}]}}"#,
        },
    }],
};

fn since_1_0(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let by_pod = pod.security.host_process;
    let bad = bad_containers(pod, |c| c.security.host_process);
    if !by_pod && bad.is_empty() {
        return None;
    }
    let who = || setters(by_pod, &bad).unwrap_or_default();
    violation(words, "hostProcess", || {
        (
            format!("{} must not set securityContext.windowsOptions.hostProcess=true", who()),
            fields(by_pod.then_some("windowsOptions.hostProcess"), &bad, "windowsOptions.hostProcess"),
        )
    })
}
