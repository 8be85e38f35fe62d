//! All capabilities are dropped, and only `NET_BIND_SERVICE` may be added.
//!
//! Fields: `containers[*].securityContext.capabilities.{drop,add}`. Windows pods are let off since 1.25.
//!
//! Models `policy/check_capabilities_restricted.go`.

#[cfg(test)]
use super::Fixture;
use super::{Check, Level, PodView, Step, Violation, bad_containers, containers_named, fields};

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

fn since_1_22(pod: &PodView<'_>) -> Option<Violation> {
    let keeps = bad_containers(pod, |c| c.capabilities.as_ref().is_none_or(|c| !c.drop.contains(&"ALL")));
    let adds = super::forbidden_additions(pod, &["NET_BIND_SERVICE"]);
    if keeps.is_empty() && adds.is_none() {
        return None;
    }
    let mut details = Vec::new();
    let mut concerned = fields(None, &keeps, "capabilities.drop");
    if !keeps.is_empty() {
        details.push(format!(
            "{} must set securityContext.capabilities.drop=[\"ALL\"]",
            containers_named(&keeps)
        ));
    }
    if let Some((bad, detail)) = adds {
        concerned.extend(fields(None, &bad, "capabilities.add"));
        details.push(detail);
    }
    Some(Violation { reason: "unrestricted capabilities", detail: details.join("; "), fields: concerned })
}

fn since_1_25(pod: &PodView<'_>) -> Option<Violation> {
    if pod.windows { None } else { since_1_22(pod) }
}
