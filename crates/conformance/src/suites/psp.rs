//! Suite `psp`: policies of a 1.20 cluster, and what becomes of pods that jane creates.

use std::collections::BTreeMap;

use gatehouse_core::request::{Body, Credential, DryRun, Reply, Request, ResourceTarget, Target, Verb};
use gatehouse_core::{Cluster, server};
use gatehouse_model::{KubeVersion, Map, Object, Value, json};

use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

const POLICY: &str = "kubernetes.io/psp";

/// See the module.
pub(super) struct Psp;

impl Suite for Psp {
    fn name(&self) -> &'static str {
        "psp"
    }

    fn steps(&self, record: &Record, _support: &Support) -> Result<Vec<StepResult>, String> {
        let mut cluster = Cluster::bare(KubeVersion::V1_20, 1);
        let body = &record.body;
        cluster.seed(&json!({
            "/apis/policy/v1beta1/podsecuritypolicies": (body.get("policies").cloned()),
            "/api/v1/serviceaccounts": [{"apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": {"name": "default", "namespace": "default"}, "automountServiceAccountToken": false}],
            "/apis/node.k8s.io/v1/runtimeclasses": [{"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass",
                "metadata": {"name": "gvisor"}, "handler": "runsc"}],
            "/apis/rbac.authorization.k8s.io/v1/roles": [{"kind": "Role", "metadata": {"name": "jane", "namespace": "default"}, "rules": [
                {"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]},
                {"apiGroups": ["policy"], "resources": ["podsecuritypolicies"], "verbs": ["use"],
                 "resourceNames": (names(body.list_at(&["usable"])))}]}],
            "/apis/rbac.authorization.k8s.io/v1/rolebindings": [{"kind": "RoleBinding", "metadata": {"name": "jane", "namespace": "default"},
                "roleRef": {"kind": "Role", "name": "jane"}, "subjects": [{"kind": "User", "name": "jane"}]}],
        }));
        Ok(body.list_at(&["pods"]).iter().map(|pod| step(&mut cluster, pod)).collect())
    }
}

/// The names a rule is limited to: an empty list would mean all.
fn names(usable: &[Value]) -> Value {
    if usable.is_empty() { json!(["-"]) } else { usable.iter().cloned().collect() }
}

fn step(cluster: &mut Cluster, recorded: &Value) -> StepResult {
    let credential = Credential::Certificate { common_name: "jane".to_owned(), organizations: Vec::new() };
    let target = ResourceTarget {
        version: "v1".to_owned(),
        resource: "pods".to_owned(),
        namespace: "default".to_owned(),
        ..ResourceTarget::default()
    };
    let mut request = Request::new(credential, Verb::Create, Target::Resource(target));
    request.body = Body::Object(recorded.get("pod").cloned().unwrap_or_default());
    request.options.dry_run = DryRun::All;
    let actual = match server::handle(cluster, &request).result {
        Ok(Reply::Object(pod)) => summary(&pod),
        Ok(_) => "no pod".to_owned(),
        Err(status) => status.message,
    };
    let expected = if recorded.bool_at(&["allowed"]) == Some(true) {
        let parts =
            ["policy", "annotations", "podSecurityContext", "containerSecurityContexts", "runtimeClassName"];
        let kept: Map = parts.iter().map(|p| (*p, recorded.get(p).cloned().unwrap_or_default())).collect();
        gatehouse_model::json::print(&kept.into())
    } else {
        recorded.str_at(&["message"]).to_owned()
    };
    StepResult::compare("pod", &expected, &actual)
}

/// What the recordings keep of an admitted pod.
fn summary(pod: &Object) -> String {
    let annotations: Map =
        pod.annotations().iter().filter(|(k, _)| *k != POLICY).map(|(k, v)| (k, v.clone())).collect();
    let mut contexts = BTreeMap::new();
    for list in ["initContainers", "containers"] {
        for container in pod.list_at(&["spec", list]) {
            let context = container.get("securityContext").cloned().unwrap_or_default();
            contexts.insert(container.str_at(&["name"]).to_owned(), context);
        }
    }
    let field = |name: &str| pod.at(&["spec", name]).cloned().unwrap_or_default();
    gatehouse_model::json::print(&json!({
        "policy": (pod.annotation(POLICY).unwrap_or_default()),
        "annotations": annotations,
        "podSecurityContext": (field("securityContext")),
        "containerSecurityContexts": (contexts.into_iter().collect::<Map>()),
        "runtimeClassName": (field("runtimeClassName")),
    }))
}
