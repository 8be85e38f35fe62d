//! The runtime's default AppArmor profile may not be disabled.
//!
//! Fields: `securityContext.appArmorProfile.type` of the pod and its containers (allowed: `RuntimeDefault`, `Localhost`),
//! and the annotations `container.apparmor.security.beta.kubernetes.io/*` (allowed: empty, `runtime/default`, `localhost/*`).
//!
//! Models `policy/check_appArmorProfile.go`.

use gatehouse_model::json::go_quote;

#[cfg(test)]
use super::Fixture;
use super::{
    Check, Level, PodView, Step, Violation, Words, bad_containers, fields, join_quoted, plural, setters,
    sorted, violation,
};

pub(super) const CHECK: Check = Check {
    id: "appArmorProfile",
    level: Level::Baseline,
    steps: &[Step {
        since: 0,
        run: since_1_0,
        replaces: &[],
        #[cfg(test)]
        fixture: Fixture {
            pass: r#"{"spec":{"containers":[{"name":"a","securityContext":{"appArmorProfile":{"type":"Localhost"}}}]}}"#,
            fail: r#"{"spec":{"containers":[{"name":"a","securityContext":{"appArmorProfile":{"type":"Unconfined"}}}]}}"#,
        },
    }],
};

const ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

fn allowed(kind: Option<&str>) -> bool {
    matches!(kind, None | Some("RuntimeDefault" | "Localhost"))
}

fn allowed_annotation(value: &str) -> bool {
    value.is_empty() || value == "runtime/default" || value.starts_with("localhost/")
}

fn since_1_0(pod: &PodView<'_>, words: Words) -> Option<Violation> {
    let by_pod = !allowed(pod.security.apparmor);
    let bad = bad_containers(pod, |c| !allowed(c.security.apparmor));
    let annotations: Vec<(&str, &str)> = pod
        .annotations
        .into_iter()
        .flat_map(|m| m.iter())
        .filter_map(|(k, v)| Some((k, v.as_str()?)))
        .filter(|(k, v)| k.starts_with(ANNOTATION) && !allowed_annotation(v))
        .collect();
    if !by_pod && bad.is_empty() && annotations.is_empty() {
        return None;
    }
    let types = sorted(
        pod.security
            .apparmor
            .filter(|_| by_pod)
            .into_iter()
            .chain(bad.iter().filter_map(|c| c.security.apparmor)),
    );
    let mut values: Vec<String> = types.into_iter().map(str::to_owned).collect();
    values.extend(annotations.iter().map(|(k, v)| format!("{k}={}", go_quote(v))));
    let mut who: Vec<String> = setters(by_pod, &bad).into_iter().collect();
    if !annotations.is_empty() {
        who.push(plural("annotation", "annotations", annotations.len()).to_owned());
    }
    let mut concerned = fields(by_pod.then_some("appArmorProfile.type"), &bad, "appArmorProfile.type");
    concerned.extend(annotations.iter().map(|(k, _)| format!("metadata.annotations[{k}]")));
    violation(
        words,
        plural("forbidden AppArmor profile", "forbidden AppArmor profiles", values.len()),
        || {
            (
                format!(
                    "{} must not set AppArmor profile type to {}",
                    who.join(" and "),
                    join_quoted(&values)
                ),
                concerned,
            )
        },
    )
}
