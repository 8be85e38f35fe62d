//! Only sysctls that stay inside the pod.
//!
//! Fields: `spec.securityContext.sysctls[*].name`. The list of safe ones grew in 1.27, 1.29 and 1.32.
//!
//! Models `policy/check_sysctls.go`.

#[cfg(test)]
use super::Fixture;
use super::{Check, Level, PodView, Step, Violation, Words, violation};

pub(super) const CHECK: Check = Check {
    id: "sysctls",
    level: Level::Baseline,
    steps: &[
        Step {
            since: 0,
            run: since_1_0,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"securityContext":{"sysctls":[{"name":"kernel.shm_rmid_forced","value":"1"}]},"containers":[{"name":"a","securityContext":{}}]}}"#,
                fail: r#"{"spec":{"securityContext":{"sysctls":[{"name":"kernel.msgmax","value":"1"}]},"containers":[{"name":"a","securityContext":{}}]}}"#,
            },
        },
        Step {
            since: 27,
            run: since_1_27,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"securityContext":{"sysctls":[{"name":"net.ipv4.ip_local_reserved_ports","value":"1"}]},"containers":[{"name":"a","securityContext":{}}]}}"#,
                fail: r#"{"spec":{"securityContext":{"sysctls":[{"name":"net.ipv4.tcp_fin_timeout","value":"1"}]},"containers":[{"name":"a","securityContext":{}}]}}"#,
            },
        },
        Step {
            since: 29,
            run: since_1_29,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"securityContext":{"sysctls":[{"name":"net.ipv4.tcp_fin_timeout","value":"1"}]},"containers":[{"name":"a","securityContext":{}}]}}"#,
                fail: r#"{"spec":{"securityContext":{"sysctls":[{"name":"net.ipv4.tcp_rmem","value":"1"}]},"containers":[{"name":"a","securityContext":{}}]}}"#,
            },
        },
        Step {
            since: 32,
            run: since_1_32,
            replaces: &[],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"securityContext":{"sysctls":[{"name":"net.ipv4.tcp_rmem","value":"1"}]},"containers":[{"name":"a","securityContext":{}}]}}"#,
                fail: r#"{"spec":{"securityContext":{"sysctls":[{"name":"net.core.somaxconn","value":"1"}]},"containers":[{"name":"a","securityContext":{}}]}}"#,
            },
        },
    ],
};

/// Safe sysctls, each with the version since when it counts as safe.
const SAFE: &[(&str, u8)] = &[
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

fn since_1_0(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    check(pod, words, 0)
}

fn since_1_27(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    check(pod, words, 27)
}

fn since_1_29(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    check(pod, words, 29)
}

fn since_1_32(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    check(pod, words, 32)
}

fn check(pod: &PodView<'_>, words: Words, minor: u8) -> Option<Violation> {
    let safe = |name: &str| SAFE.iter().any(|(n, since)| *n == name && *since <= minor);
    let bad: Vec<(usize, &str)> = pod.sysctls.iter().copied().enumerate().filter(|(_, n)| !safe(n)).collect();
    if bad.is_empty() {
        return None;
    }
    violation(words, "forbidden sysctls", || {
        (
            bad.iter().map(|(_, n)| *n).collect::<Vec<_>>().join(", "),
            bad.iter().map(|(i, _)| format!("spec.securityContext.sysctls[{i}].name")).collect(),
        )
    })
}
