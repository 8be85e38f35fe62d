use gatehouse_model::{KubeVersion, Value, json};

use super::*;
use crate::request::{Credential, ResourceTarget};
use crate::server;

fn policy(rules: Value) -> Policy {
    Policy::read("", &json!({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules})).unwrap()
}

fn user(name: &str, groups: &[&str]) -> User {
    User { name: name.into(), groups: groups.iter().map(|g| (*g).to_owned()).collect(), ..User::default() }
}

fn resource(group: &str, resource: &str, namespace: &str, name: &str) -> Target {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    Target::Resource(ResourceTarget {
        group: group.into(),
        version: "v1".into(),
        resource: resource.into(),
        subresource: subresource.into(),
        namespace: namespace.into(),
        name: name.into(),
    })
}

#[test]
fn a_rule_asks_for_everything_it_names() {
    let jane = user("jane", &["dev"]);
    for (rule, target, fits) in [
        (json!({"users": ["jane"]}), resource("", "pods", "a", ""), true),
        (json!({"users": ["joe"]}), resource("", "pods", "a", ""), false),
        (json!({"userGroups": ["ops", "dev"]}), resource("", "pods", "a", ""), true),
        (json!({"verbs": ["list"]}), resource("", "pods", "a", ""), false),
        (json!({"namespaces": ["a"]}), resource("", "pods", "a", ""), true),
        (json!({"namespaces": [""]}), resource("", "nodes", "", "n"), true),
        (json!({"namespaces": ["a"]}), Target::Path("/version".into()), false),
        (json!({"resources": [{"group": ""}]}), resource("", "pods/log", "a", "x"), true),
        (json!({"resources": [{"group": "apps"}]}), resource("", "pods", "a", "x"), false),
        (
            json!({"resources": [{"group": "*", "resources": ["pods"]}]}),
            resource("x", "pods", "a", "x"),
            true,
        ),
        (
            json!({"resources": [{"group": "", "resources": ["pods"]}]}),
            resource("", "pods/log", "a", "x"),
            false,
        ),
        (
            json!({"resources": [{"group": "", "resources": ["pods/log"]}]}),
            resource("", "pods/log", "a", "x"),
            true,
        ),
        (
            json!({"resources": [{"group": "", "resources": ["pods/*"]}]}),
            resource("", "pods/log", "a", "x"),
            true,
        ),
        (
            json!({"resources": [{"group": "", "resources": ["pods/*"]}]}),
            resource("", "pods", "a", "x"),
            true,
        ),
        (
            json!({"resources": [{"group": "", "resources": ["*/log"]}]}),
            resource("", "pods/log", "a", "x"),
            true,
        ),
        (json!({"resources": [{"group": "", "resources": ["*"]}]}), resource("", "pods/log", "a", "x"), true),
        (
            json!({"resources": [{"group": "", "resources": ["pods"], "resourceNames": ["y"]}]}),
            resource("", "pods", "a", "x"),
            false,
        ),
        (json!({"nonResourceURLs": ["/api*"]}), Target::Path("/apis/apps/v1?timeout=32s".into()), true),
        (json!({"nonResourceURLs": ["/version"]}), Target::Path("/version/".into()), false),
        (json!({"nonResourceURLs": ["*"]}), resource("", "pods", "a", ""), false),
        (json!({}), Target::Path("/healthz".into()), true),
    ] {
        let mut rule = rule;
        rule.set(&["level"], "Metadata");
        let shown = json::print(&rule);
        let policy = policy(Value::from(vec![rule]));
        let level = policy.telling(Some(&jane), &Verb::Get, &target).level;
        assert_eq!(level == Level::Metadata, fits, "{shown} {target:?}");
    }
}

#[test]
fn the_first_rule_decides_and_stages_add_up() {
    let policy = Policy::read(
        "",
        &json!({
            "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
            "omitManagedFields": true,
            "rules": [
                {"level": "None", "resources": [{"group": "", "resources": ["secrets"]}]},
                {"level": "Request", "omitStages": ["Panic"], "omitManagedFields": false},
            ],
        }),
    )
    .unwrap();
    let jane = user("jane", &[]);
    assert_eq!(
        policy.telling(Some(&jane), &Verb::Get, &resource("", "secrets", "a", "x")).level,
        Level::None
    );
    let telling = policy.telling(None, &Verb::Get, &resource("", "pods", "a", "x"));
    assert_eq!(telling.level, Level::Request);
    assert_eq!(telling.omit_stages, [Stage::RequestReceived, Stage::Panic]);
    assert!(!telling.omit_managed_fields);
}

fn cluster(level: &str) -> Cluster {
    let mut cluster = Cluster::bare(KubeVersion::V1_36, 1);
    let auditing =
        Auditing { policy: policy(json!([{"level": level}])), format: Format::Json, largest: None };
    std::sync::Arc::make_mut(&mut cluster.config).auditing = Some(std::sync::Arc::new(auditing));
    cluster
}

fn admin() -> Credential {
    Credential::Certificate { common_name: "admin".into(), organizations: vec!["system:masters".into()] }
}

#[test]
fn a_request_is_told_twice_and_more_with_the_level() {
    for (level, request, response) in
        [("Metadata", false, false), ("Request", true, false), ("RequestResponse", true, true)]
    {
        let mut cluster = cluster(level);
        let mut call = Request::new(admin(), Verb::Create, resource("", "configmaps", "default", ""));
        call.body = Body::Object(json!({"metadata": {"name": "a"}, "data": {"k": "v"}}));
        server::handle(&mut cluster, &call);
        let [begun, done] = cluster.audit_log.as_slice() else { panic!("{:?}", cluster.audit_log) };
        assert!(begun.contains("\"stage\":\"RequestReceived\"") && !begun.contains("responseStatus"));
        assert_eq!(done.contains("\"requestObject\":{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\""), request);
        assert_eq!(done.contains("\"responseObject\""), response);
        assert!(done.contains("\"name\":\"a\",\"apiVersion\":\"v1\"}"), "{done}");
        assert!(json::parse(done).is_ok());
    }
}

#[test]
fn connections_have_a_stage_of_their_own_and_strangers_another() {
    let mut cluster = cluster("Metadata");
    server::handle(&mut cluster, &Request::new(admin(), Verb::Watch, resource("", "pods", "", "")));
    let stages: Vec<&str> =
        cluster.audit_log.iter().filter_map(|l| l.split("\"stage\":\"").nth(1)?.split('"').next()).collect();
    assert_eq!(stages, ["RequestReceived", "ResponseStarted", "ResponseComplete"]);
    cluster.audit_log.clear();
    let stranger = Credential::Token("no".into());
    server::handle(&mut cluster, &Request::new(stranger, Verb::List, resource("", "pods", "", "")));
    let [line] = cluster.audit_log.as_slice() else { panic!("{:?}", cluster.audit_log) };
    assert!(line.contains("\"stage\":\"ResponseStarted\"") && line.contains("\"user\":{},"));
    assert!(line.contains("\"message\":\"Authentication failed, attempted: bearer\",\"code\":401"));
}

#[test]
fn a_line_that_is_too_long_loses_its_bodies_or_is_lost() {
    for (largest, lines, truncated) in [(100_000, 2, false), (900, 2, true), (100, 0, false)] {
        let mut cluster = Cluster::bare(KubeVersion::V1_36, 1);
        let mut config = (*cluster.config).clone();
        let policy = policy(json!([{"level": "RequestResponse", "omitStages": []}]));
        config.auditing =
            Some(std::sync::Arc::new(Auditing { policy, format: Format::Json, largest: Some(largest) }));
        cluster.config = std::sync::Arc::new(config);
        let mut request = Request::new(
            Credential::Internal(user("admin", &["system:masters"])),
            Verb::Create,
            resource("", "configmaps", "default", ""),
        );
        let text = "x".repeat(2000);
        request.body = Body::Object(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"text": text},
        }));
        server::handle(&mut cluster, &request);
        assert_eq!(cluster.audit_log.len(), lines);
        let last = cluster.audit_log.last().cloned().unwrap_or_default();
        assert_eq!(last.contains("\"audit.k8s.io/truncated\":\"true\""), truncated, "{last}");
        assert_eq!(last.contains("requestObject"), lines > 0 && !truncated);
    }
}
