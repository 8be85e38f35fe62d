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

/// A cluster with one mutating policy over pods and maps, evaluated for real.
fn mutating(policies: &[(&str, Value)]) -> Cluster {
    let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
    let rules = json!({"resourceRules": [
        {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods", "configmaps"]}]});
    let policy = |(name, spec): &(&str, Value)| {
        let mut spec = spec.clone();
        spec.set(&["matchConstraints"], rules.clone());
        json!({"metadata": {"name": (*name)}, "spec": spec})
    };
    let binding =
        |(name, _): &(&str, Value)| json!({"metadata": {"name": (*name)}, "spec": {"policyName": (*name)}});
    cluster.seed(&json!({
        "/api/v1/namespaces": [{"metadata": {"name": "ci"}, "status": {"phase": "Active"}}],
        "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies": (policies.iter().map(policy).collect::<Value>()),
        "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings": (policies.iter().map(binding).collect::<Value>()),
    }));
    cluster
}

fn mutate(policies: &[(&str, Value)]) -> Result<Value, String> {
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "ci"}, "data": {"a": "1"}});
    let mut cluster = mutating(policies);
    let (result, _) = admit(&mut cluster, "jane", &resource("", "ConfigMap", "configmaps"), &map, None);
    result.map(|object| object.get("data").cloned().unwrap())
}

fn apply(expression: &str) -> Value {
    json!({"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}})
}

fn patch(expression: &str) -> Value {
    json!({"patchType": "JSONPatch", "jsonPatch": {"expression": expression}})
}

#[test]
fn mutations_see_one_anothers_work_and_a_failed_test_changes_nothing() {
    let mutations = json!([
        (apply("Object{data: {'b': '2'}}")),
        (patch("[JSONPatch{op: 'add', path: '/data/c', value: object.data.b}]")),
        (patch(
            "[JSONPatch{op: 'test', path: '/data/a', value: 'no'}, JSONPatch{op: 'remove', path: '/data/a'}]"
        )),
    ]);
    let spec = json!({"mutations": mutations});
    assert_eq!(mutate(&[("p", spec)]), Ok(json!({"a": "1", "b": "2", "c": "2"})));
}

#[test]
fn a_mutation_that_fails_is_worded_by_its_policy_alone() {
    let start = "policy 'p' with binding 'p' denied request:";
    let fails = |mutation: Value| mutate(&[("p", json!({"mutations": [mutation]}))]).unwrap_err();
    assert_eq!(
        fails(patch("[JSONPatch{op: 'remove', path: '/data/x'}]")),
        format!(
            "{start} JSON Patch: error in remove for path: '/data/x': Unable to remove nonexistent key: x: missing value"
        )
    );
    assert_eq!(
        fails(apply("Object{metadata: Object.spec{labels: {'a': 'b'}}}")),
        format!(
            "{start} type mismatch: unexpected type name \"Object.spec\", expected \"Object.metadata\", which matches \
             field name path from root Object type"
        )
    );
    assert_eq!(
        fails(apply("Object{data: {'b': object.data.x}}")),
        format!(
            "{start} expression 'Object{{data: {{'b': object.data.x}}}}' resulted in error: no such key: x"
        )
    );
    let ignored = json!({"failurePolicy": "Ignore", "mutations": [(patch("[JSONPatch{op: 'remove', path: '/x'}]")), (apply("Object{data: {'b': '2'}}"))]});
    assert_eq!(mutate(&[("p", ignored)]), Ok(json!({"a": "1", "b": "2"})));
}

#[test]
fn lists_that_are_owned_as_a_whole_must_not_be_applied() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "m", "namespace": "ci"},
        "spec": {"containers": [{"name": "c", "image": "i", "args": ["a"]}]}});
    let expression =
        "Object{spec: Object.spec{containers: [Object.spec.containers{name: 'c', args: ['b']}]}}";
    let mut cluster = mutating(&[("p", json!({"mutations": [(apply(expression))]}))]);
    std::sync::Arc::make_mut(&mut cluster.config).disable_admission_plugins.push("ServiceAccount".to_owned());
    let (result, _) = admit(&mut cluster, "jane", &resource("", "Pod", "pods"), &pod, None);
    assert_eq!(
        result.unwrap_err(),
        "policy 'p' with binding 'p' denied request: error applying patch: invalid ApplyConfiguration: may not mutate \
         atomic arrays, maps or structs: .spec.containers[0].args"
    );
}

#[test]
fn a_policy_runs_again_after_later_ones_changed_the_object_if_it_wants_to() {
    let first = |policy: &str| {
        let expression = "has(object.data.b) ? [JSONPatch{op: 'add', path: '/data/saw', value: 'b'}] : []";
        ("a", json!({"reinvocationPolicy": policy, "mutations": [(patch(expression))]}))
    };
    let second = ("b", json!({"mutations": [(apply("Object{data: {'b': '2'}}"))]}));
    assert_eq!(mutate(&[first("IfNeeded"), second.clone()]), Ok(json!({"a": "1", "b": "2", "saw": "b"})));
    assert_eq!(mutate(&[first("Never"), second]), Ok(json!({"a": "1", "b": "2"})));
}

/// Everything costs what is left, and no more.
#[derive(Debug)]
struct Dear;

impl Expressions for Dear {
    fn evaluate(&self, _: &str, scope: &Scope<'_>) -> Result<Value, String> {
        let left = scope.budget.replace(0);
        if left == 0 { Err(OUT_OF_BUDGET.to_owned()) } else { Ok(Value::Bool(true)) }
    }
}

#[test]
fn what_all_expressions_cost_together_is_bounded() {
    let ran = |failure: &str, n: usize| {
        let all: Value = (0..n).map(|_| json!({"expression": "true"})).collect();
        let spec = json!({"validations": all, "failurePolicy": failure});
        let mut cluster = cluster(spec, json!({"validationActions": ["Deny"]}), json!({}));
        cluster.expressions = Some(std::sync::Arc::new(Dear));
        run(&mut cluster, "a").0
    };
    assert_eq!(ran("Fail", 1), Ok(()));
    assert_eq!(
        ran("Fail", 3).unwrap_err(),
        "configmaps \"m\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: validation failed due to running out of cost budget, no further validation rules will be run"
    );
    assert_eq!(ran("Ignore", 3), Ok(()));
}

#[test]
fn an_audit_annotation_that_cannot_be_evaluated_denies_where_the_policy_must_not_fail() {
    let spec = |failure: &str| {
        json!({"failurePolicy": failure, "validations": [{"expression": "true"}],
        "auditAnnotations": [{"key": "team", "valueExpression": "object.metadata.labels.nope"}]})
    };
    let ran = |failure: &str| {
        let mut cluster = cluster(spec(failure), json!({"validationActions": ["Audit"]}), json!({}));
        cluster.expressions = Some(std::sync::Arc::new(Cel));
        run(&mut cluster, "a").0
    };
    assert_eq!(
        ran("Fail"),
        Err("configmaps \"m\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: expression 'object.metadata.labels.nope' resulted in error: no such key: nope".to_owned())
    );
    assert_eq!(ran("Ignore"), Ok(()));
}

#[test]
fn equivalent_versions_are_those_that_are_served() {
    use super::matching::matched;
    use crate::admission::{AdmissionRequest, Operation};
    let (cluster, user) = (Cluster::empty(KubeVersion::V1_36, 1), crate::request::User::default());
    let fits = |group: &str, plural: &str, rule_of: Value, equivalent: bool| {
        let kind = cluster.find(group, None, plural).unwrap();
        let request = AdmissionRequest {
            user: &user,
            operation: Operation::Create,
            resource: &kind,
            subresource: "",
            namespace: "ci",
            name: "x",
            object: None,
            old_object: None,
            dry_run: crate::request::DryRun::No,
        };
        let mut wanted = rule_of;
        wanted.set(&["operations"], json!(["*"]));
        wanted.set(&["resources"], json!([plural]));
        matched(&cluster, &request, &[wanted], equivalent).is_some()
    };
    let of = |group: &str, version: &str| json!({"apiGroups": [group], "apiVersions": [version]});
    let scalers = "horizontalpodautoscalers";
    assert!(fits("autoscaling", scalers, of("autoscaling", "v1"), true));
    assert!(
        !fits("autoscaling", scalers, of("autoscaling", "v1"), false)
            || !fits("autoscaling", scalers, of("autoscaling", "v2"), false)
    );
    assert!(!fits("autoscaling", scalers, of("autoscaling", "v9"), true));
    assert!(fits("", "events", of("events.k8s.io", "v1"), true));
    assert!(!fits("", "events", of("events.k8s.io", "v1"), false));
}

#[test]
fn a_policy_sees_the_version_that_its_rule_names() {
    let rules = |version: &str| json!({"resourceRules": [{"apiGroups": ["autoscaling"], "apiVersions": [version], "operations": ["*"], "resources": ["horizontalpodautoscalers"]}]});
    let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
    let says = "object.spec.?targetCPUUtilizationPercentage.orValue(0) != 60 || request.kind.version != 'v1' || \
                request.requestKind.version != 'v2'";
    let mutation = "Object{spec: Object.spec{maxReplicas: object.spec.maxReplicas + 1}}";
    let bound = |name: &str| json!([{"metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Warn"]}}]);
    let mut validating = json!({"validations": [{"expression": says, "message": "sixty"}]});
    validating.set(&["matchConstraints"], rules("v1"));
    let mut exact = json!({"validations": [{"expression": "false", "message": "never asked"}]});
    exact.set(&["matchConstraints"], rules("v1"));
    exact.set(&["matchConstraints", "matchPolicy"], "Exact");
    let mut mutating = json!({"reinvocationPolicy": "Never", "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": mutation}}]});
    mutating.set(&["matchConstraints"], rules("v1"));
    let group = "/apis/admissionregistration.k8s.io/v1";
    let mut seed = Map::new();
    seed.insert(
        format!("{group}/validatingadmissionpolicies").as_str(),
        json!([{"metadata": {"name": "p"}, "spec": validating}, {"metadata": {"name": "q"}, "spec": exact}]),
    );
    let mut bindings = bound("p").items().to_vec();
    bindings.extend(bound("q").items().iter().cloned());
    seed.insert(format!("{group}/validatingadmissionpolicybindings").as_str(), bindings);
    seed.insert(
        format!("{group}/mutatingadmissionpolicies").as_str(),
        json!([{"metadata": {"name": "m"}, "spec": mutating}]),
    );
    seed.insert(format!("{group}/mutatingadmissionpolicybindings").as_str(), bound("m"));
    seed.insert("/api/v1/namespaces", json!([{"metadata": {"name": "ci"}, "status": {"phase": "Active"}}]));
    cluster.seed(&seed.into());
    let kind = cluster.find("autoscaling", Some("v2"), "horizontalpodautoscalers").unwrap();
    let scaler = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h", "namespace": "ci"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}, "minReplicas": 1, "maxReplicas": 3,
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 5}},
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}],
        },
    });
    let (result, notes) = admit(&mut cluster, "jane", &kind, &scaler, None);
    let after = result.unwrap();
    assert_eq!(
        notes.warnings,
        ["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p': sixty"],
        "{after:?}"
    );
    // Changed in the other version, and back with what that cannot say.
    assert_eq!(after.str_at(&["apiVersion"]), "autoscaling/v2");
    assert_eq!(after.i64_at(&["spec", "maxReplicas"]), Some(4));
    assert_eq!(after.at(&["spec", "metrics"]), scaler.at(&["spec", "metrics"]));
    assert_eq!(after.i64_at(&["spec", "behavior", "scaleDown", "stabilizationWindowSeconds"]), Some(5));
}
