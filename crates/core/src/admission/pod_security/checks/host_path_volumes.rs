//! The host's file system is not mounted.
//!
//! Fields: `spec.volumes[*].hostPath`; allowed: undefined.
//!
//! Models `policy/check_hostPathVolumes.go`.

#[cfg(test)]
use super::Fixture;
use super::{Check, Level, PodView, Step, Violation, Words, join_quoted, plural, violation};

pub(super) const CHECK: Check = Check {
    id: "hostPathVolumes",
    level: Level::Baseline,
    steps: &[Step {
        since: 0,
        run: since_1_0,
        replaces: &[],
        #[cfg(test)]
        fixture: Fixture {
            pass: r#"{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}"#,
            fail: r#"{"spec":{"volumes":[{"name":"v","hostPath":{"path":"/"}}]}}"#,
        },
    }],
};

fn since_1_0(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let bad: Vec<(usize, &str)> = pod
        .volumes
        .iter()
        .enumerate()
        .filter(|(_, v)| v.source == Some("hostPath"))
        .map(|(i, v)| (i, v.name))
        .collect();
    if bad.is_empty() {
        return None;
    }
    let names: Vec<&str> = bad.iter().map(|(_, name)| *name).collect();
    violation(words, "hostPath volumes", || {
        (
            format!("{} {}", plural("volume", "volumes", names.len()), join_quoted(&names)),
            bad.iter().map(|(i, _)| format!("spec.volumes[{i}].hostPath")).collect(),
        )
    })
}
