//! SELinux types are those of containers; user and role are not chosen.
//!
//! Fields: `securityContext.seLinuxOptions.{type,user,role}` of the pod and its containers. `container_engine_t` is a type
//! of containers since 1.31.
//!
//! Models `policy/check_seLinuxOptions.go`.

use super::super::view::SeLinux;
#[cfg(test)]
use super::Fixture;
use super::{
    Check, Level, PodView, Step, Violation, Words, bad_containers, fields, join_quoted, plural, setters,
    sorted, violation,
};

pub(super) const CHECK: Check = Check {
    id: "seLinuxOptions",
    level: Level::Baseline,
    steps: &[
        Step {
            since: 0,
            run: since_1_0,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"securityContext":{"seLinuxOptions":{"type":"container_t","level":"s0"}},"containers":[{"name":"a","securityContext":{}}]}}"#,
                fail: r#"{"spec":{"securityContext":{"seLinuxOptions":{"role":"r"}},"containers":[{"name":"a","securityContext":{}}]}}"#,
            },
        },
        Step {
            since: 31,
            run: since_1_31,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"securityContext":{"seLinuxOptions":{"type":"container_engine_t"}},"containers":[{"name":"a","securityContext":{}}]}}"#,
                fail: r#"{"spec":{"securityContext":{"seLinuxOptions":{"type":"spc_t"}},"containers":[{"name":"a","securityContext":{}}]}}"#,
            },
        },
    ],
};

fn since_1_0(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    check(pod, words, &["", "container_t", "container_init_t", "container_kvm_t"])
}

fn since_1_31(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    check(pod, words, &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"])
}

fn check(pod: &PodView<'_>, words: Words, types: &[&str]) -> Option<Violation> {
    let good = |o: &SeLinux<'_>| types.contains(&o.kind) && o.user.is_empty() && o.role.is_empty();
    let by_pod = pod.security.selinux.as_ref().filter(|o| !good(o));
    let bad = bad_containers(pod, |c| c.security.selinux.as_ref().is_some_and(|o| !good(o)));
    let who = setters(by_pod.is_some(), &bad)?;
    let options: Vec<&SeLinux<'_>> =
        by_pod.into_iter().chain(bad.iter().filter_map(|c| c.security.selinux.as_ref())).collect();
    let bad_types = sorted(options.iter().map(|o| o.kind).filter(|t| !types.contains(t)));
    let mut wrong = Vec::new();
    if !bad_types.is_empty() {
        wrong.push(format!("{} {}", plural("type", "types", bad_types.len()), join_quoted(&bad_types)));
    }
    if options.iter().any(|o| !o.user.is_empty()) {
        wrong.push("user may not be set".to_owned());
    }
    if options.iter().any(|o| !o.role.is_empty()) {
        wrong.push("role may not be set".to_owned());
    }
    violation(words, "seLinuxOptions", || {
        (
            format!("{who} set forbidden securityContext.seLinuxOptions: {}", wrong.join("; ")),
            fields(by_pod.map(|_| "seLinuxOptions"), &bad, "seLinuxOptions"),
        )
    })
}
