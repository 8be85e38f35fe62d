//! The host's network, PID and IPC namespaces are not shared.
//!
//! Fields: `spec.{hostNetwork,hostPID,hostIPC}`; allowed: undefined, `false`.
//!
//! Models `policy/check_hostNamespaces.go`.

#[cfg(test)]
use super::Fixture;
use super::{Check, Level, PodView, Step, Violation, Words, violation};

pub(super) const CHECK: Check = Check {
    id: "hostNamespaces",
    level: Level::Baseline,
    steps: &[Step {
        since: 0,
        run: since_1_0,
        replaces: &[],
        #[cfg(test)]
        fixture: Fixture { pass: r#"{"spec":{"hostNetwork":false}}"#, fail: r#"{"spec":{"hostPID":true}}"# },
    }],
};

fn since_1_0(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    if !(pod.host_network || pod.host_pid || pod.host_ipc) {
        return None;
    }
    let shared: Vec<&str> =
        [(pod.host_network, "hostNetwork"), (pod.host_pid, "hostPID"), (pod.host_ipc, "hostIPC")]
            .into_iter()
            .filter_map(|(set, name)| set.then_some(name))
            .collect();
    violation(words, "host namespaces", || {
        (
            shared.iter().map(|n| format!("{n}=true")).collect::<Vec<_>>().join(", "),
            shared.iter().map(|n| format!("spec.{n}")).collect(),
        )
    })
}
