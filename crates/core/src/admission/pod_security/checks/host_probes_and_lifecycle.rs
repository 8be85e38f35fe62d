//! Probes and lifecycle handlers do not make the kubelet talk to other hosts.
//!
//! Fields: `host` of `httpGet` and `tcpSocket` in `livenessProbe`, `readinessProbe`, `startupProbe`, `lifecycle.postStart`
//! and `lifecycle.preStop` of containers; allowed: undefined, empty.
//!
//! Models `policy/check_hostProbesAndhostLifecycle.go`.

#[cfg(test)]
use super::Fixture;
use super::{
    Check, Level, PodView, Step, Violation, Words, bad_containers, join_quoted, plural, sorted, violation,
};

pub(super) const CHECK: Check = Check {
    id: "hostProbesAndHostLifecycle",
    level: Level::Baseline,
    steps: &[Step {
        since: 34,
        run: since_1_34,
        replaces: &[],
        #[cfg(test)]
        fixture: Fixture {
            pass: r#"{"spec":{"containers":[{"name":"a","livenessProbe":{"httpGet":{"port":80,"host":""}}}]}}"#,
            fail: r#"{"spec":{"containers":[{"name":"a","lifecycle":{"preStop":{"tcpSocket":{"port":80,"host":"10.0.0.1"}}}}]}}"#,
        },
    }],
};

fn since_1_34(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let bad = bad_containers(pod, |c| !c.handler_hosts.is_empty());
    if bad.is_empty() {
        return None;
    }
    let names = sorted(bad.iter().map(|c| c.name));
    let hosts = sorted(bad.iter().flat_map(|c| c.handler_hosts.iter().copied()));
    violation(words, "probe or lifecycle host", || {
        (
            format!(
                "{} {} {} {} {}",
                plural("container", "containers", names.len()),
                join_quoted(&names),
                plural("uses", "use", names.len()),
                plural("probe or lifecycle host", "probe or lifecycle hosts", hosts.len()),
                join_quoted(&hosts)
            ),
            bad.iter().map(|c| format!("spec.{}[{}]", c.list, c.index)).collect(),
        )
    })
}
