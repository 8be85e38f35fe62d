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
