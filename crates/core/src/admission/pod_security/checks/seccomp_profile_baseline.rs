//! Seccomp is not turned off.
//!
//! Before 1.19: the annotations `seccomp.security.alpha.kubernetes.io/pod` and
//! `container.seccomp.security.alpha.kubernetes.io/*` (allowed: `runtime/default`, `docker/default`, `localhost/*`).
//! Since 1.19: `securityContext.seccompProfile.type` of the pod and its containers (allowed: `RuntimeDefault`, `Localhost`).
//!
//! Models `policy/check_seccompProfile_baseline.go`.

use gatehouse_model::json::go_quote;

#[cfg(test)]
use super::Fixture;
use super::{
    Check, Level, PodView, Step, Violation, Words, bad_containers, fields, join_quoted, plural, setters,
    sorted, violation,
};

pub(super) const CHECK: Check = Check {
    id: "seccompProfile_baseline",
    level: Level::Baseline,
    steps: &[
        Step {
            since: 0,
            run: since_1_0,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"metadata":{"annotations":{"seccomp.security.alpha.kubernetes.io/pod":"runtime/default"}},"spec":{}}"#,
                fail: r#"{"metadata":{"annotations":{"container.seccomp.security.alpha.kubernetes.io/a":"unconfined"}},"spec":{"containers":[{"name":"a"}]}}"#,
            },
        },
        Step {
            since: 19,
            run: since_1_19,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"metadata":{"annotations":{"seccomp.security.alpha.kubernetes.io/pod":"unconfined"}},"spec":{}}"#,
                fail: r#"{"spec":{"securityContext":{"seccompProfile":{"type":"Unconfined"}},"containers":[{"name":"a","securityContext":{}}]}}"#,
            },
        },
    ],
};

const POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

pub(super) fn valid(kind: &str) -> bool {
    matches!(kind, "Localhost" | "RuntimeDefault")
}

fn since_1_0(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let annotations = pod.annotations?;
    let keys = std::iter::once(POD.to_owned())
        .chain(pod.containers.iter().map(|c| format!("{CONTAINER}{}", c.name)));
    let mut bad: Vec<(String, String)> = keys
        .filter_map(|key| {
            let value = annotations.get(&key)?.as_str()?;
            let valid =
                matches!(value, "runtime/default" | "docker/default") || value.starts_with("localhost/");
            (!valid).then(|| (format!("{key}={}", go_quote(value)), format!("metadata.annotations[{key}]")))
        })
        .collect();
    if bad.is_empty() {
        return None;
    }
    gatehouse_model::order::sort(&mut bad);
    bad.dedup();
    let (texts, fields): (Vec<_>, Vec<_>) = bad.into_iter().unzip();
    violation(words, "seccompProfile", || {
        (
            format!("forbidden {} {}", plural("annotation", "annotations", texts.len()), texts.join(", ")),
            fields,
        )
    })
}

pub(super) fn since_1_19(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let by_pod = pod.security.seccomp.filter(|k| !valid(k));
    let bad = bad_containers(pod, |c| c.security.seccomp.is_some_and(|k| !valid(k)));
    let who = setters(by_pod.is_some(), &bad)?;
    let kinds = sorted(by_pod.into_iter().chain(bad.iter().filter_map(|c| c.security.seccomp)));
    violation(words, "seccompProfile", || {
        (
            format!("{who} must not set securityContext.seccompProfile.type to {}", join_quoted(&kinds)),
            fields(by_pod.map(|_| "seccompProfile.type"), &bad, "seccompProfile.type"),
        )
    })
}
