use gatehouse_model::{KubeVersion, json};

use super::super::backends::Backend;
use super::super::testing::{admit, resource};
use super::*;

fn cluster(failure: &str, backend: Option<Backend>) -> Cluster {
    let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
    cluster.seed(&json!({
        "/api/v1/namespaces": [{"metadata": {"name": "ci"}, "status": {"phase": "Active"}}],
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations": [{"metadata": {"name": "w"}, "webhooks": [{
            "name": "images.example.com", "failurePolicy": failure,
            "clientConfig": {"service": {"name": "hook", "namespace": "sec", "path": "/validate"}},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}]}]}],
    }));
    if let Some(backend) = backend {
        std::sync::Arc::make_mut(&mut cluster.webhook_backends)
            .insert("https://hook.sec.svc:443/validate".to_owned(), backend);
    }
    cluster
}

fn run(cluster: &mut Cluster, value: &str) -> Result<(), String> {
    let map = json!({"metadata": {"name": "m", "namespace": "ci"}, "data": {"a": value}});
    admit(cluster, "jane", &resource("", "ConfigMap", "configmaps"), &map, None).0.map(|_| ())
}

#[test]
fn a_backend_decides_and_its_absence_follows_the_failure_policy() {
    let rule = Rule {
        field: "data.a".to_owned(),
        pattern: "bad*".to_owned(),
        message: "no".to_owned(),
        ..Rule::default()
    };
    let mut with = cluster("Fail", Some(Backend { rules: vec![rule], sidecars: false }));
    assert_eq!(run(&mut with, "good"), Ok(()));
    assert_eq!(
        run(&mut with, "bad one"),
        Err("admission webhook \"images.example.com\" denied the request: no".to_owned())
    );
    assert_eq!(run(&mut cluster("Ignore", None), "good"), Ok(()));
    assert_eq!(
        run(&mut cluster("Fail", None), "good"),
        Err("Internal error occurred: failed calling webhook \"images.example.com\": failed to call webhook: \
             Post \"https://hook.sec.svc:443/validate?timeout=10s\": service \"hook\" not found".to_owned())
    );
}

fn mutating(reinvocation: &str) -> Cluster {
    let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
    let hook = |name: &str, policy: &str| {
        json!({
            "name": name, "failurePolicy": "Fail", "reinvocationPolicy": policy, "clientConfig": {"url": name},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}],
            "matchConditions": [{"name": "not-skipped", "expression": "object.metadata.name != 'skipped'"}],
        })
    };
    cluster.seed(&json!({
        "/api/v1/namespaces": [{"metadata": {"name": "ci"}, "status": {"phase": "Active"}}],
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations": [
            {"metadata": {"name": "w"}, "webhooks": [hook("first", reinvocation), hook("second", "Never")]}],
    }));
    let rule = |pattern: &str, patch: Value| Rule {
        field: "data.second".to_owned(),
        pattern: pattern.to_owned(),
        allowed: true,
        patch: vec![patch],
        ..Rule::default()
    };
    let backends = std::sync::Arc::make_mut(&mut cluster.webhook_backends);
    let saw = rule("was here", json!({"op": "add", "path": "/data/first", "value": "saw it"}));
    let mark = rule("", json!({"op": "add", "path": "/data/second", "value": "was here"}));
    backends.insert("first".to_owned(), Backend { rules: vec![saw], sidecars: false });
    backends.insert("second".to_owned(), Backend { rules: vec![mark], sidecars: false });
    cluster
}

fn data(cluster: &mut Cluster, name: &str) -> Value {
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "ci"}, "data": {"a": "b"}});
    let (result, _) = admit(cluster, "jane", &resource("", "ConfigMap", "configmaps"), &map, None);
    result.unwrap().get("data").cloned().unwrap()
}

#[test]
fn a_webhook_is_asked_again_after_later_changes_if_it_wants_to_be() {
    let both = json!({"a": "b", "first": "saw it", "second": "was here"});
    assert_eq!(data(&mut mutating("IfNeeded"), "m"), both);
    assert_eq!(data(&mut mutating("Never"), "m"), json!({"a": "b", "second": "was here"}));
}

#[test]
fn match_conditions_excuse_a_request() {
    assert_eq!(data(&mut mutating("IfNeeded"), "skipped"), json!({"a": "b"}));
}

#[test]
fn a_webhook_sees_the_version_that_its_rule_names() {
    let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
    cluster.seed(&json!({
        "/api/v1/namespaces": [{"metadata": {"name": "ci"}, "status": {"phase": "Active"}}],
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations": [{"metadata": {"name": "w"}, "webhooks": [{
            "name": "notes.example.com", "failurePolicy": "Fail", "clientConfig": {"url": "notes"},
            "rules": [{"apiGroups": ["events.k8s.io"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["events"]}]}]}],
    }));
    let rule = Rule { field: "note".to_owned(), pattern: "bad*".to_owned(), ..Rule::default() };
    let backend = Backend { rules: vec![rule], sidecars: false };
    std::sync::Arc::make_mut(&mut cluster.webhook_backends).insert("notes".to_owned(), backend);
    let kind = cluster.find("", Some("v1"), "events").unwrap();
    let event = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "ci"}, "message": "bad news"});
    assert_eq!(
        admit(&mut cluster, "jane", &kind, &event, None).0,
        Err("admission webhook \"notes.example.com\" denied the request without explanation".to_owned())
    );
}
