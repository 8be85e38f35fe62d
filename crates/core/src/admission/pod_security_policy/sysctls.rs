//! Sysctls: forbidden ones, safe ones, and unsafe ones that are allowed. A trailing `*` stands for any ending.
//!
//! Models `pkg/security/podsecuritypolicy/sysctl/mustmatchpatterns.go`.

use gatehouse_model::{FieldError, FieldPath, Object};

use super::Policy;

const SAFE: [&str; 4] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
];

fn matches(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|p| p.strip_suffix('*').map_or(*p == name, |prefix| name.starts_with(prefix)))
}

pub(super) fn check(policy: &Policy<'_>, pod: &Object) -> Vec<FieldError> {
    let path = FieldPath::new("pod").children(&["spec", "securityContext", "sysctls"]);
    let (forbidden, unsafe_ones) = (policy.words("forbiddenSysctls"), policy.words("allowedUnsafeSysctls"));
    let names = pod.list_at(&["spec", "securityContext", "sysctls"]).iter().map(|s| s.str_at(&["name"]));
    names
        .enumerate()
        .filter_map(|(i, name)| {
            if matches(&forbidden, name) {
                return Some(FieldError::forbidden(
                    path.index(i),
                    format!("sysctl \"{name}\" is not allowed"),
                ));
            }
            let allowed = SAFE.contains(&name) || matches(&unsafe_ones, name);
            (!allowed).then(|| {
                FieldError::forbidden(path.index(i), format!("unsafe sysctl \"{name}\" is not allowed"))
            })
        })
        .collect()
}
