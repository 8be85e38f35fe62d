use gatehouse_model::KubeVersion;

use super::super::testing::{admit, resource};
use super::*;

/// A language for tests: `object.PATH == 'word'`, `params.PATH`, a word in quotes, `error`, or a path alone.
#[derive(Debug)]
struct Words;

fn lookup(path: &str, scope: &Scope<'_>) -> Option<Value> {
    let (root, rest) = path.split_once('.')?;
    let keys: Vec<&str> = rest.split('.').collect();
    let from = match root {
        "object" => scope.object,
        "params" => scope.params,
        "request" => Some(scope.request),
        "variables" => {
            let variable = scope.variables.iter().find(|v| v.name == rest)?;
            return Words.evaluate(&variable.expression, scope).ok();
        }
        _ => None,
    };
    from?.at(&keys).cloned()
}

impl Expressions for Words {
    fn evaluate(&self, expression: &str, scope: &Scope<'_>) -> Result<Value, String> {
        if let Some((left, right)) = expression.split_once(" == ") {
            return Ok(Value::Bool(self.evaluate(left, scope)? == self.evaluate(right, scope)?));
        }
        if let Some(word) = expression.strip_prefix('\'').and_then(|e| e.strip_suffix('\'')) {
            return Ok(word.into());
        }
        lookup(expression, scope).ok_or_else(|| format!("no such key: {expression}"))
    }
}

fn cluster(spec: Value, binding: Value, more: Value) -> Cluster {
    let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
    cluster.expressions = Some(Arc::new(Words));
    let mut spec = spec;
    spec.set(
        &["matchConstraints"],
        json!({"resourceRules": [
        {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}]}),
    );
    let mut binding = binding;
    binding.set(&["policyName"], "p");
    cluster.seed(&json!({
        "/api/v1/namespaces": [{"metadata": {"name": "ci"}, "status": {"phase": "Active"}}],
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies": [{"metadata": {"name": "p"}, "spec": spec}],
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings": [{"metadata": {"name": "b"}, "spec": binding}],
    }));
    cluster.seed(&more);
    cluster
}

fn run(cluster: &mut Cluster, team: &str) -> (Result<(), String>, Vec<String>) {
    let map = json!({"metadata": {"name": "m", "namespace": "ci", "labels": {"team": team}}});
    let (result, notes) = admit(cluster, "jane", &resource("", "ConfigMap", "configmaps"), &map, None);
    (result.map(|_| ()), notes.warnings)
}

#[test]
fn a_validation_that_fails_is_worded_by_its_policy() {
    let spec = json!({"validations": [{"expression": "object.metadata.labels.team == 'a'", "messageExpression": "object.metadata.labels.team", "message": "wrong team"}]});
    let mut cluster = cluster(spec, json!({"validationActions": ["Deny"]}), json!({}));
    assert_eq!(run(&mut cluster, "a").0, Ok(()));
    let start =
        "configmaps \"m\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request:";
    assert_eq!(run(&mut cluster, "b").0, Err(format!("{start} b")));
    assert_eq!(run(&mut cluster, " ").0, Err(format!("{start} wrong team")));
}

#[test]
fn warn_tells_without_refusing() {
    let spec = json!({"validations": [{"expression": "object.metadata.labels.team == 'a'"}]});
    let mut cluster = cluster(spec, json!({"validationActions": ["Warn"]}), json!({}));
    let (result, warnings) = run(&mut cluster, "b");
    assert_eq!(result, Ok(()));
    assert_eq!(
        warnings,
        [
            "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': failed expression: object.metadata.labels.team == 'a'"
        ]
    );
}

#[test]
fn errors_follow_the_failure_policy() {
    for (policy, refused) in [("Fail", true), ("Ignore", false)] {
        let spec = json!({"failurePolicy": policy, "validations": [{"expression": "object.spec.x"}]});
        let mut cluster = cluster(spec, json!({"validationActions": ["Deny"]}), json!({}));
        let (result, _) = run(&mut cluster, "a");
        assert_eq!(result.is_err(), refused);
        if let Err(message) = result {
            assert!(
                message.ends_with(
                    "denied request: expression 'object.spec.x' resulted in error: no such key: object.spec.x"
                ),
                "{message}"
            );
        }
    }
}

#[test]
fn params_come_from_the_binding() {
    let spec = json!({"paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "variables": [{"name": "team", "expression": "params.data.team"}],
        "validations": [{"expression": "object.metadata.labels.team == variables.team"}]});
    let binding = json!({"validationActions": ["Deny"], "paramRef": {"name": "settings", "namespace": "ci", "parameterNotFoundAction": "Deny"}});
    let mut without = cluster(spec.clone(), binding.clone(), json!({}));
    let error = run(&mut without, "a").0.unwrap_err();
    assert!(error.ends_with("failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"), "{error}");
    let settings = json!({"/api/v1/configmaps": [{"metadata": {"name": "settings", "namespace": "ci"}, "data": {"team": "a"}}]});
    let mut with = cluster(spec, binding, settings);
    assert_eq!(run(&mut with, "a").0, Ok(()));
    assert!(run(&mut with, "b").0.is_err());
}
