//! Suite `psa`: one pod, and what a namespace that enforces a level in a version says to it.

use gatehouse_core::request::{Body, Credential, DryRun, Request, ResourceTarget, Target, Verb};
use gatehouse_core::{Cluster, server};
use gatehouse_model::{KubeVersion, Value, json};

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
        let mut cluster = Cluster::bare(KubeVersion::V1_36, 1);
        let steps = record.body.list_at(&["verdicts"]).iter().map(|verdict| {
            let (level, version) = (verdict.str_at(&["level"]), verdict.str_at(&["version"]));
            cluster.seed(&json!({"/api/v1/namespaces": [{
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": "default", "labels": {
                    "pod-security.kubernetes.io/enforce": level,
                    "pod-security.kubernetes.io/enforce-version": version,
                }},
                "status": {"phase": "Active"},
            }]}));
            let expected = match verdict.bool_at(&["allowed"]) {
                Some(true) => "allowed",
                _ => verdict.str_at(&["message"]),
            };
            StepResult::compare(&format!("{level}:{version}"), expected, &create(&mut cluster, pod))
        });
        Ok(steps.collect())
    }
}

/// What the server says to a dry run of the pod.
fn create(cluster: &mut Cluster, pod: &Value) -> String {
    let credential = Credential::Certificate {
        common_name: "admin".to_owned(),
        organizations: vec!["system:masters".to_owned()],
    };
    let target = ResourceTarget {
        version: "v1".to_owned(),
        resource: "pods".to_owned(),
        namespace: "default".to_owned(),
        ..ResourceTarget::default()
    };
    let mut request = Request::new(credential, Verb::Create, Target::Resource(target));
    request.body = Body::Object(pod.clone());
    request.options.dry_run = DryRun::All;
    match server::handle(cluster, &request).result {
        Ok(_) => "allowed".to_owned(),
        Err(status) => status.message,
    }
}
