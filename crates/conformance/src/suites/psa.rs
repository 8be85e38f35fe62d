//! Suite `psa`: one pod, and what namespaces that enforce a level in a version say to it.

use gatehouse_core::admission::pod_security::{Evaluator, Level, LevelVersion, PodView, Version, detail};
use gatehouse_model::KubeVersion;

use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// See the module.
pub(super) struct Psa;

impl Suite for Psa {
    fn name(&self) -> &'static str {
        "psa"
    }

    fn steps(&self, record: &Record, _support: &Support) -> Result<Vec<StepResult>, String> {
        let pod = record.body.get("pod").ok_or("no \"pod\"")?;
        let view = PodView::new(pod);
        let name = pod.str_at(&["metadata", "name"]);
        let steps = record.body.list_at(&["verdicts"]).iter().map(|verdict| {
            let policy = LevelVersion {
                level: Level::parse(verdict.str_at(&["level"]))?,
                version: Version::parse(verdict.str_at(&["version"]))?,
            };
            let violations = Evaluator::new(policy, KubeVersion::V1_36.minor()).violations(&view);
            let actual = if violations.is_empty() {
                "allowed".to_owned()
            } else {
                format!(
                    "pods \"{name}\" is forbidden: violates PodSecurity \"{policy}\": {}",
                    detail(&violations)
                )
            };
            let expected = match verdict.bool_at(&["allowed"]) {
                Some(true) => "allowed",
                _ => verdict.str_at(&["message"]),
            };
            Ok(StepResult::compare(&policy.to_string(), expected, &actual))
        });
        steps.collect::<Result<_, &str>>().map_err(str::to_owned)
    }
}
