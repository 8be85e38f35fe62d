use gatehouse_model::{KubeVersion, Value, json};

use super::FieldSet;
use crate::cluster::Cluster;
use crate::request::{Body, Credential, PatchType, Reply, Request, ResourceTarget, Target, User, Verb};
use crate::server::handle;

fn deployments(name: &str) -> Target {
    Target::Resource(ResourceTarget {
        group: "apps".to_owned(),
        version: "v1".to_owned(),
        resource: "deployments".to_owned(),
        namespace: "default".to_owned(),
        name: name.to_owned(),
        ..ResourceTarget::default()
    })
}

fn ask(
    c: &mut Cluster,
    verb: Verb,
    name: &str,
    body: Body,
    manager: &str,
    force: bool,
) -> Result<Value, String> {
    let admin =
        User { name: "admin".to_owned(), groups: vec!["system:masters".to_owned()], ..User::default() };
    let mut request = Request::new(Credential::Internal(admin), verb, deployments(name));
    request.body = body;
    request.options.field_manager = manager.to_owned();
    request.options.force = force;
    match handle(c, &request).result {
        Ok(Reply::Object(o)) => Ok(o.0),
        Ok(other) => Err(format!("{other:?}")),
        Err(status) => Err(status.message),
    }
}

fn web(replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}},
        },
    })
}

#[test]
fn sets_are_written_as_fields_v1() {
    let fields =
        json!({"f:spec": {"f:replicas": {}, "f:template": {".": {}, "k:{\"name\":\"c\"}": {"f:image": {}}}}});
    let set = FieldSet::from_value(&fields);
    assert_eq!(set.to_value(), fields);
    assert_eq!(set.paths(), [".spec.replicas", ".spec.template", ".spec.template[name=\"c\"].image"]);
    assert_eq!(set.minus(&set), FieldSet::default());
}

#[test]
fn taking_a_field_from_another_manager_is_a_conflict() {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    ask(&mut c, Verb::Create, "", Body::Object(web(2)), "kubectl-client-side-apply", false).expect("created");
    let config = Body::Patch(PatchType::Apply, web(3));
    let refused = ask(&mut c, Verb::Patch, "web", config.clone(), "mine", false);
    assert_eq!(
        refused,
        Err("Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using apps/v1: .spec.replicas".to_owned())
    );
    let forced = ask(&mut c, Verb::Patch, "web", config, "mine", true).expect("forced");
    assert_eq!(forced.i64_at(&["spec", "replicas"]), Some(3));
}

#[test]
fn what_is_no_longer_applied_goes() {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    let mut first = web(2);
    first.set(&["metadata", "labels", "a"], "1");
    let apply = |v: &Value| Body::Patch(PatchType::Apply, v.clone());
    let made = ask(&mut c, Verb::Patch, "web", apply(&first), "mine", false).expect("made");
    assert_eq!(made.str_at(&["metadata", "labels", "a"]), "1");
    let again = ask(&mut c, Verb::Patch, "web", apply(&first), "mine", false).expect("again");
    assert_eq!(again.at(&["metadata", "resourceVersion"]), made.at(&["metadata", "resourceVersion"]));
    let less = ask(&mut c, Verb::Patch, "web", apply(&web(2)), "mine", false).expect("less");
    assert_eq!(less.at(&["metadata", "labels"]), None);
}

#[test]
fn a_manager_owns_the_elements_that_it_made() {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    ask(&mut c, Verb::Create, "", Body::Object(web(1)), "mine", false).expect("made");
    while crate::controllers::reconcile(&mut c) {}
    let now = ask(&mut c, Verb::Get, "web", Body::None, "", false).expect("there");
    let conditions = now
        .list_at(&["metadata", "managedFields"])
        .iter()
        .map(|e| e.map_at(&["fieldsV1", "f:status", "f:conditions"]))
        .find(|c| !c.is_empty())
        .expect("reported")
        .clone();
    assert!(
        conditions.iter().filter(|(k, _)| *k != ".").all(|(_, v)| v.get(".").is_some()),
        "{conditions:?}"
    );
}
