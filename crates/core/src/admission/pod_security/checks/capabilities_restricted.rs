//! All capabilities are dropped, and only `NET_BIND_SERVICE` may be added.
//!
//! Fields: `containers[*].securityContext.capabilities.{drop,add}`. Windows pods are let off since 1.25.
//!
//! Models `policy/check_capabilities_restricted.go`.

#[cfg(test)]
use super::Fixture;
use super::{
    Check, Level, PodView, Step, Violation, Words, bad_containers, containers_named, fields,
    forbidden_additions, must_not_include, violation,
};

pub(super) const CHECK: Check = Check {
    id: "capabilities_restricted",
    level: Level::Restricted,
    steps: &[
        Step {
            since: 22,
            run: since_1_22,
            replaces: &["capabilities_baseline"],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"containers":[{"name":"a","securityContext":{"capabilities":{"drop":["ALL"],"add":["NET_BIND_SERVICE"]}}}]}}"#,
                fail: r#"{"spec":{"containers":[{"name":"a","securityContext":{"capabilities":{"drop":["ALL"],"add":["CHOWN"]}}}]}}"#,
            },
        },
        Step {
            since: 25,
            run: since_1_25,
            replaces: &["capabilities_baseline"],
            #[cfg(test)]
            fixture: Fixture {
                pass: r#"{"spec":{"os":{"name":"windows"},"containers":[{"name":"a"}]}}"#,
                fail: r#"{"spec":{"containers":[{"name":"a","securityContext":{"capabilities":{"drop":["NET_RAW"]}}}]}}"#,
            },
        },
    ],
};

const ALLOWED: &[&str] = &["NET_BIND_SERVICE"];

fn since_1_22(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let keeps = bad_containers(pod, |c| c.capabilities.as_ref().is_none_or(|c| !c.drop.contains(&"ALL")));
    let adds = bad_containers(pod, |c| forbidden_additions(c, ALLOWED).next().is_some());
    if keeps.is_empty() && adds.is_empty() {
        return None;
    }
    violation(words, "unrestricted capabilities", || {
        let mut details = Vec::new();
        if !keeps.is_empty() {
            let who = containers_named(&keeps);
            details.push(format!("{who} must set securityContext.capabilities.drop=[\"ALL\"]"));
        }
        if !adds.is_empty() {
            details.push(must_not_include(&adds, ALLOWED));
        }
        let mut concerned = fields(None, &keeps, "capabilities.drop");
        concerned.extend(fields(None, &adds, "capabilities.add"));
        (details.join("; "), concerned)
    })
}

fn since_1_25(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    if pod.windows { None } else { since_1_22(pod, words) }
}
