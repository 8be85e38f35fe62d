use gatehouse_model::{KubeVersion, Value, json};

use super::handle;
use crate::cluster::Cluster;
use crate::request::{Body, Credential, PatchType, Reply, Request, ResourceTarget, Target, Verb};

fn admin() -> Credential {
    Credential::Certificate {
        common_name: "admin".to_owned(),
        organizations: vec!["system:masters".to_owned()],
    }
}

fn target(group: &str, version: &str, resource: &str, namespace: &str, name: &str) -> Target {
    Target::Resource(ResourceTarget {
        group: group.to_owned(),
        version: version.to_owned(),
        resource: resource.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        ..ResourceTarget::default()
    })
}

fn ask(cluster: &mut Cluster, verb: Verb, target: Target, body: Body) -> Result<Reply, String> {
    let mut request = Request::new(admin(), verb, target);
    request.body = body;
    handle(cluster, &request).result.map_err(|s| s.message)
}

fn object(reply: Result<Reply, String>) -> Value {
    match reply {
        Ok(Reply::Object(o)) => o.0,
        other => panic!("no object: {other:?}"),
    }
}

#[test]
fn a_config_map_lives_and_dies() {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    let all = || target("", "v1", "configmaps", "default", "");
    let one = || target("", "v1", "configmaps", "default", "app");
    let made = object(ask(
        &mut c,
        Verb::Create,
        all(),
        Body::Object(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app"}, "data": {"a": "1"}}),
        ),
    ));
    assert_eq!(made.str_at(&["metadata", "namespace"]), "default");
    let patched = object(ask(
        &mut c,
        Verb::Patch,
        one(),
        Body::Patch(PatchType::StrategicMerge, json!({"data": {"b": "2"}})),
    ));
    assert_eq!(patched.at(&["data"]), Some(&json!({"a": "1", "b": "2"})));
    let stale = ask(&mut c, Verb::Update, one(), Body::Object(made));
    assert_eq!(
        stale,
        Err("Operation cannot be fulfilled on configmaps \"app\": the object has been modified; please apply your changes to the latest version and try again".to_owned())
    );
    assert!(matches!(ask(&mut c, Verb::Delete, one(), Body::None), Ok(Reply::Success(_))));
    assert_eq!(ask(&mut c, Verb::Get, one(), Body::None), Err("configmaps \"app\" not found".to_owned()));
}

#[test]
fn lists_come_by_name() {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    let Ok(Reply::List { items, kind, .. }) =
        ask(&mut c, Verb::List, target("", "v1", "namespaces", "", ""), Body::None)
    else {
        panic!("no list")
    };
    assert_eq!(kind, "Namespace");
    let names: Vec<&str> = items.iter().map(|o| o.name()).collect();
    assert_eq!(names, ["default", "kube-node-lease", "kube-public", "kube-system"]);
    let missing = ask(&mut c, Verb::List, target("", "v1", "pets", "default", ""), Body::None);
    assert_eq!(missing, Err("the server could not find the requested resource (get pets)".to_owned()));
}

#[test]
fn who_has_finalizers_waits_for_them() {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    let one = || target("", "v1", "configmaps", "default", "kept");
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "kept", "finalizers": ["example.com/wait"]},
    });
    object(ask(&mut c, Verb::Create, target("", "v1", "configmaps", "default", ""), Body::Object(map)));
    let dying = object(ask(&mut c, Verb::Delete, one(), Body::None));
    assert!(dying.at(&["metadata", "deletionTimestamp"]).is_some());
    assert_eq!(dying.i64_at(&["metadata", "deletionGracePeriodSeconds"]), Some(0));
    // Nobody may ask for more once it is dying.
    let more = json!({"metadata": {"finalizers": ["example.com/wait", "example.com/more"]}});
    let refused = ask(&mut c, Verb::Patch, one(), Body::Patch(PatchType::Merge, more));
    assert_eq!(
        refused,
        Err("ConfigMap \"kept\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"example.com/more\"}".to_owned())
    );
    let none = json!({"metadata": {"finalizers": null}});
    assert!(ask(&mut c, Verb::Patch, one(), Body::Patch(PatchType::Merge, none)).is_ok());
    assert_eq!(ask(&mut c, Verb::Get, one(), Body::None), Err("configmaps \"kept\" not found".to_owned()));
}

#[test]
fn pods_go_at_once_while_no_node_has_them() {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    let pod = |name: &str, node: &str| {
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"containers": [{"name": "c", "image": "nginx"}], "serviceAccountName": "default"},
        });
        if !node.is_empty() {
            pod.set(&["spec", "nodeName"], node);
        }
        pod
    };
    let one = |name: &str| target("", "v1", "pods", "default", name);
    for (name, node) in [("free", ""), ("bound", "node01")] {
        object(ask(&mut c, Verb::Create, one(""), Body::Object(pod(name, node))));
        let _ = ask(&mut c, Verb::Delete, one(name), Body::None);
    }
    assert!(ask(&mut c, Verb::Get, one("free"), Body::None).is_err());
    let bound = object(ask(&mut c, Verb::Get, one("bound"), Body::None));
    assert_eq!(bound.i64_at(&["metadata", "deletionGracePeriodSeconds"]), Some(30));
}

#[test]
fn a_status_of_its_own() {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    let all = target("apps", "v1", "deployments", "default", "");
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {
            "metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]},
        }},
        "status": {"replicas": 7},
    });
    let made = object(ask(&mut c, Verb::Create, all, Body::Object(deployment)));
    assert_eq!(made.at(&["status"]), Some(&json!({})));
    let part = |subresource: &str| {
        let mut target = ResourceTarget {
            group: "apps".to_owned(),
            version: "v1".to_owned(),
            resource: "deployments".to_owned(),
            namespace: "default".to_owned(),
            name: "web".to_owned(),
            ..ResourceTarget::default()
        };
        subresource.clone_into(&mut target.subresource);
        Target::Resource(target)
    };
    let patch = json!({"spec": {"replicas": 9}, "status": {"replicas": 3}});
    let status = object(ask(&mut c, Verb::Patch, part("status"), Body::Patch(PatchType::Merge, patch)));
    assert_eq!(
        (status.i64_at(&["spec", "replicas"]), status.i64_at(&["status", "replicas"])),
        (Some(1), Some(3))
    );
    assert_eq!(status.i64_at(&["metadata", "generation"]), Some(1));
    let scale = json!({"spec": {"replicas": 2}});
    let scale = object(ask(&mut c, Verb::Patch, part("scale"), Body::Patch(PatchType::Merge, scale)));
    assert_eq!((scale.str_at(&["kind"]), scale.i64_at(&["status", "replicas"])), ("Scale", Some(3)));
    let after = object(ask(&mut c, Verb::Get, part(""), Body::None));
    assert_eq!(
        (after.i64_at(&["spec", "replicas"]), after.i64_at(&["metadata", "generation"])),
        (Some(2), Some(2))
    );
}

#[test]
fn a_review_asks_for_another() {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {"user": "jane", "resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "default"}},
    });
    let reviews = target("authorization.k8s.io", "v1", "subjectaccessreviews", "", "");
    let answer = object(ask(&mut c, Verb::Create, reviews, Body::Object(review)));
    assert_eq!(answer.bool_at(&["status", "allowed"]), Some(false));
    let me = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let reviews = target("authentication.k8s.io", "v1", "selfsubjectreviews", "", "");
    let answer = object(ask(&mut c, Verb::Create, reviews, Body::Object(me)));
    assert_eq!(answer.str_at(&["status", "userInfo", "username"]), "admin");
}

#[test]
fn fields_that_select() {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    let mut list = |group: &str, resource: &str, selector: &str| {
        let mut request = Request::new(admin(), Verb::List, target(group, "v1", resource, "", ""));
        selector.clone_into(&mut request.options.field_selector);
        match handle(&mut c, &request).result {
            Ok(Reply::List { items, .. }) => Ok(items.len()),
            Ok(other) => panic!("no list: {other:?}"),
            Err(status) => Err(status.message),
        }
    };
    assert_eq!(list("", "namespaces", "metadata.name=default,status.phase=Active"), Ok(1));
    assert_eq!(list("", "nodes", "spec.color=red"), Err("field label not supported: spec.color".to_owned()));
    assert_eq!(
        list("batch", "jobs", "spec.color=red"),
        Err("field label \"spec.color\" not supported for batchv1.Job".to_owned())
    );
    assert_eq!(
        list("apps", "deployments", "spec.color=red"),
        Err("\"spec.color\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
            .to_owned())
    );
}

#[test]
fn a_path_is_refused_and_answered_whatever_its_query() {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    let mut ask = |credential: Credential, path: &str| {
        let request = Request::new(credential, Verb::Get, Target::Path(path.to_owned()));
        handle(&mut c, &request).result.map_err(|s| s.message)
    };
    assert_eq!(
        ask(Credential::Anonymous, "/metrics?verbose"),
        Err("forbidden: User \"system:anonymous\" cannot get path \"/metrics\"".to_owned())
    );
    assert_eq!(ask(Credential::Anonymous, "/healthz?verbose=1"), ask(admin(), "/healthz?verbose"));
    assert!(matches!(ask(admin(), "/healthz?verbose"), Ok(Reply::Text(text)) if text.contains("[+]ping ok")));
}

#[test]
fn a_review_of_rules_says_what_went_wrong_each_once_and_nothing_where_nothing_did() {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    let mut ask = || {
        let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": "default"}});
        let all = target("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "", "");
        let review = object(ask(&mut c, Verb::Create, all, Body::Object(body)));
        let status = review.get("status").cloned().unwrap_or_default();
        for (name, role) in [("one", "gone"), ("two", "gone"), ("three", "lost")] {
            let binding = json!({"metadata": {"name": name, "namespace": "default"}, "subjects": [{"kind": "Group", "name": "system:authenticated"}],
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role}});
            c.seed(&json!({"/apis/rbac.authorization.k8s.io/v1/rolebindings": [binding]}));
        }
        status.get("evaluationError").map(|e| e.as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(ask(), None);
    let gone = |name: &str| format!("role.rbac.authorization.k8s.io \"{name}\" not found");
    assert_eq!(ask(), Some(format!("[{}, {}]", gone("gone"), gone("lost"))));
}
