//! Suite `cel`: an expression as a policy's validation and inside a message, asked about the pod of the `data` line.

use gatehouse_core::admission::policies::{Cel, Expressions, Scope};
use gatehouse_core::request::{Body, Credential, DryRun, Reply, Request, ResourceTarget, Target, User, Verb};
use gatehouse_core::{Cluster, server};
use gatehouse_model::{KubeVersion, Object, Value, json};

use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// See the module.
pub(super) struct CelSuite;

fn admin() -> Credential {
    Credential::Certificate {
        common_name: "admin".to_owned(),
        organizations: vec!["system:masters".to_owned()],
    }
}

fn create(
    cluster: &mut Cluster,
    group: &str,
    resource: &str,
    namespace: &str,
    body: Value,
) -> Result<Object, String> {
    let target = Target::Resource(ResourceTarget {
        group: group.to_owned(),
        version: "v1".to_owned(),
        resource: resource.to_owned(),
        namespace: namespace.to_owned(),
        ..ResourceTarget::default()
    });
    let mut request = Request::new(admin(), Verb::Create, target);
    request.body = Body::Object(body);
    request.options.dry_run = DryRun::All;
    match server::handle(cluster, &request).result {
        Ok(Reply::Object(object)) => Ok(object),
        Ok(_) => Err("no object".to_owned()),
        Err(status) => Err(status.message),
    }
}

/// What the server says of a policy that has the expression as its first validation.
fn as_validation(cluster: &mut Cluster, expression: &str) -> String {
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "p"},
        "spec": {
            "matchConstraints": {"resourceRules": [{
                "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"],
            }]},
            "validations": [{"expression": expression}],
        },
    });
    match create(cluster, "admissionregistration.k8s.io", "validatingadmissionpolicies", "", policy) {
        Ok(_) => "accepted".to_owned(),
        Err(message) => message,
    }
}

impl Suite for CelSuite {
    fn name(&self) -> &'static str {
        "cel"
    }

    fn steps(&self, record: &Record, support: &Support) -> Result<Vec<StepResult>, String> {
        let data = support.of("cel-request").first().ok_or("no \"cel-request\" data in the folder")?;
        let mut cluster = Cluster::bare(KubeVersion::V1_36, 1);
        let expression = record.body.str_at(&["expression"]);
        let mut result = StepResult::compare(
            "as_validation",
            record.body.str_at(&["as_validation"]),
            &as_validation(&mut cluster, expression),
        );
        let mut pod = data.get("object").cloned().unwrap_or_default();
        pod.set(&["spec", "serviceAccountName"], "default");
        let defaulted = create(&mut cluster, "", "pods", "default", pod.clone()).map_or(pod, |o| o.0);
        let groups = data.list_at(&["groups"]).iter().filter_map(|g| g.as_str().map(str::to_owned)).collect();
        let user = User { name: data.str_at(&["user"]).to_owned(), groups, ..User::default() };
        let request = json!({
            "operation": (data.str_at(&["operation"])), "name": "web", "namespace": "default",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "userInfo": {"username": (user.name.as_str()), "groups": (user.groups.clone())},
        });
        let namespace = cluster.store.get("namespaces", "", "default").cloned();
        let budget = std::cell::Cell::new(gatehouse_core::admission::policies::BUDGET);
        let scope = Scope {
            budget: &budget,
            cluster: &cluster,
            user: &user,
            request: &request,
            object: Some(&defaulted),
            old_object: None,
            namespace_object: namespace.as_ref().map(|n| &n.0),
            params: None,
            variables: &[],
        };
        let shown = format!("\"%s\".format([dyn({expression})])");
        let compiles = Cel.accepts_message(&shown);
        let mut check = |what: &str, expected: String, actual: String| {
            if result.passed() {
                result = StepResult::compare(what, &expected, &actual);
            }
        };
        if let Some(accepted) = record.body.bool_at(&["value_accepted"]) {
            check("value_accepted", accepted.to_string(), compiles.to_string());
        }
        if let Some(value) = record.body.get("value").and_then(Value::as_str) {
            let got = Cel.evaluate(&shown, &scope);
            check(
                "value",
                value.to_owned(),
                got.map_or_else(|e| format!("error: {e}"), |v| v.as_str().unwrap_or_default().to_owned()),
            );
        }
        if record.body.bool_at(&["runtime_error"]) == Some(true) {
            // A message that comes out empty is not used: the recording cannot tell it from one that failed.
            let got = Cel.evaluate(&shown, &scope);
            let failed = !got.is_ok_and(|v| v.as_str().is_some_and(|s| !s.is_empty()));
            check("runtime_error", "true".to_owned(), failed.to_string());
        }
        let verdict = record.body.bool_at(&["verdict"]);
        if verdict.is_some() || record.body.get("verdict_message").is_some() {
            let got = Cel.evaluate(expression, &scope);
            let said = match got {
                Ok(Value::Bool(true)) => "true".to_owned(),
                Ok(_) => format!("failed expression: {}", expression.trim()),
                Err(e) => format!("expression '{expression}' resulted in error: {e}"),
            };
            let expected = match verdict {
                Some(v) => v.to_string(),
                None => record.body.str_at(&["verdict_message"]).to_owned(),
            };
            check("verdict", expected, said);
        }
        Ok(vec![result])
    }
}
