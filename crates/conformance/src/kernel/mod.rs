//! Suites of the kernel and the container runtime that need no machine: each asks core's effects directly.

mod apparmor_decide;
mod apparmor_parse;
mod container_start;
mod seccomp_decide;
mod seccomp_start;
mod world;

pub use apparmor_decide::ApparmorDecide;
pub use apparmor_parse::ApparmorParse;
pub use container_start::ContainerStart;
pub use seccomp_decide::SeccompDecide;
pub use seccomp_start::SeccompStart;

use gatehouse_model::{Value, json};

/// Whether `actual` is `expected`, in which a placeholder such as `<PID>` stands for a run without blanks.
pub(crate) fn matches(expected: &str, actual: &str) -> bool {
    let Some((before, rest)) = expected.split_once('<') else { return expected == actual };
    let Some((name, after)) = rest.split_once('>') else { return expected == actual };
    let placeholder = !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase());
    if !placeholder {
        let Some(actual) = actual.strip_prefix(before).and_then(|a| a.strip_prefix('<')) else {
            return false;
        };
        return matches(rest, actual);
    }
    let Some(actual) = actual.strip_prefix(before) else { return false };
    let run = actual.find(char::is_whitespace).unwrap_or(actual.len());
    (1..=run).rev().filter_map(|n| actual.get(n..)).any(|tail| matches(after, tail))
}

/// The text of support data `kind` by the name of its profile.
pub(crate) fn text_of<'a>(
    support: &'a crate::Support,
    kind: &str,
    profile: &str,
) -> Result<&'a Value, String> {
    support.find(kind, "profile", profile).ok_or_else(|| format!("no {kind} \"{profile}\""))
}

fn shown(value: &Value) -> String {
    json::print(value)
}
