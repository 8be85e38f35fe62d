//! Ports of the host are not taken.
//!
//! Fields: `containers[*].ports[*].hostPort`; allowed: undefined, 0.
//!
//! Models `policy/check_hostPorts.go`.

#[cfg(test)]
use super::Fixture;
use super::{
    Check, Level, PodView, Step, Violation, Words, bad_containers, containers_named, plural, violation,
};

pub(super) const CHECK: Check = Check {
    id: "hostPorts",
    level: Level::Baseline,
    steps: &[Step {
        since: 0,
        run: since_1_0,
        replaces: &[],
        #[cfg(test)]
        fixture: Fixture {
            pass: r#"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"hostPort":0}]}]}}"#,
            fail: r#"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"hostPort":80}]}]}}"#,
        },
    }],
};

fn since_1_0(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let bad = bad_containers(pod, |c| !c.host_ports.is_empty());
    if bad.is_empty() {
        return None;
    }
    // Sorted as words: 10 stands before 9.
    let mut ports: Vec<String> =
        bad.iter().flat_map(|c| c.host_ports.iter().map(ToString::to_string)).collect();
    gatehouse_model::order::sort(&mut ports);
    ports.dedup();
    violation(words, "hostPort", || {
        (
            format!(
                "{} {} {} {}",
                containers_named(&bad),
                plural("uses", "use", bad.len()),
                plural("hostPort", "hostPorts", ports.len()),
                ports.join(", ")
            ),
            bad.iter().map(|c| c.field("ports")).collect(),
        )
    })
}
