use gatehouse_model::{GroupVersion, KubeVersion, ResourceType, Scope, Value, json};

use super::*;
use crate::request::{DryRun, User};

fn resource(group: &'static str, kind: &'static str, plural: &'static str) -> ResourceType {
    ResourceType {
        gv: GroupVersion { group: group.into(), version: "v1".into() },
        kind: kind.into(),
        plural: plural.into(),
        singular: "".into(),
        short_names: Vec::new(),
        scope: Scope::Namespaced,
        verbs: Vec::new(),
        categories: Vec::new(),
        subresources: Vec::new(),
    }
}

fn cluster(labels: Value, config: Option<Value>) -> Cluster {
    let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
    cluster.seed(&json!({"/api/v1/namespaces": [{"metadata": {"name": "ci", "labels": labels}}]}));
    if let Some(config) = config {
        let flags = std::sync::Arc::make_mut(&mut cluster.config);
        flags.admission_configuration.insert(NAME.to_owned(), config);
    }
    cluster
}

fn admit(
    cluster: &Cluster,
    kind: &ResourceType,
    object: Value,
    old: Option<Value>,
) -> (Result<(), String>, Notes) {
    let user = User { name: "jane".to_owned(), ..User::default() };
    let old = old.map(Object);
    let name = object.str_at(&["metadata", "name"]).to_owned();
    let request = AdmissionRequest {
        user: &user,
        operation: if old.is_some() { Operation::Update } else { Operation::Create },
        resource: kind,
        subresource: "",
        namespace: "ci",
        name: &name,
        object: Some(Object(object)),
        old_object: old.as_ref(),
        dry_run: DryRun::No,
    };
    let mut notes = Notes::default();
    let result = validate(cluster, &request, &mut notes).map_err(|s| s.message);
    (result, notes)
}

fn pod(spec: Value) -> Value {
    json!({"metadata": {"name": "web"}, "spec": spec})
}

#[test]
fn enforce_refuses_and_names_the_fields() {
    let cluster = cluster(json!({"pod-security.kubernetes.io/enforce": "baseline"}), None);
    let pods = resource("", "Pod", "pods");
    let (result, notes) = admit(
        &cluster,
        &pods,
        pod(json!({"hostPID": true, "containers": [
        {"name": "a", "securityContext": {"privileged": true}}, {"name": "b", "securityContext": {"privileged": true}}]})),
        None,
    );
    assert_eq!(
        result,
        Err("pods \"web\" is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostPID=true), \
             privileged (containers \"a\", \"b\" must not set securityContext.privileged=true)".to_owned())
    );
    assert!(notes.warnings.is_empty());
    let fields: Vec<&str> = notes.because.iter().map(|c| c.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "spec.hostPID",
            "spec.containers[0].securityContext.privileged",
            "spec.containers[1].securityContext.privileged"
        ]
    );
}

#[test]
fn enforce_alone_warns_about_templates() {
    let cluster = cluster(json!({"pod-security.kubernetes.io/enforce": "baseline"}), None);
    let object = json!({"metadata": {"name": "web"}, "spec": {"template": {"spec": {"hostNetwork": true}}}});
    let (result, notes) = admit(&cluster, &resource("apps", "Deployment", "deployments"), object, None);
    assert_eq!(result, Ok(()));
    assert_eq!(
        notes.warnings,
        ["would violate PodSecurity \"baseline:latest\": host namespaces (hostNetwork=true)"]
    );
}

#[test]
fn only_changes_of_images_are_looked_at_again() {
    let cluster = cluster(json!({"pod-security.kubernetes.io/enforce": "baseline"}), None);
    let pods = resource("", "Pod", "pods");
    let old = pod(json!({"hostPID": true, "containers": [{"name": "a", "image": "x"}]}));
    let mut relabelled = old.clone();
    relabelled.set(&["metadata", "labels", "a"], "b");
    assert_eq!(admit(&cluster, &pods, relabelled, Some(old.clone())).0, Ok(()));
    let changed = pod(json!({"hostPID": true, "containers": [{"name": "a", "image": "y"}]}));
    assert!(admit(&cluster, &pods, changed, Some(old)).0.is_err());
}

#[test]
fn defaults_and_exemptions_come_from_the_configuration() {
    let config = json!({"defaults": {"enforce": "restricted", "enforce-version": "v1.24"},
        "exemptions": {"runtimeClasses": ["gvisor"], "usernames": ["bob"]}});
    let cluster = cluster(json!({}), Some(config));
    let pods = resource("", "Pod", "pods");
    let error = admit(&cluster, &pods, pod(json!({"containers": [{"name": "a"}]})), None).0.unwrap_err();
    assert!(
        error.contains("violates PodSecurity \"restricted:v1.24\": allowPrivilegeEscalation != false"),
        "{error}"
    );
    let sandboxed = pod(json!({"runtimeClassName": "gvisor", "containers": [{"name": "a"}]}));
    assert_eq!(admit(&cluster, &pods, sandboxed, None).0, Ok(()));
}

#[test]
fn a_stricter_label_tells_of_existing_pods() {
    let mut cluster = cluster(json!({}), None);
    let owned = |name: &str| json!({"metadata": {"name": name, "namespace": "ci", "ownerReferences": [{"uid": "r", "controller": true}]}, "spec": {"hostPID": true}});
    cluster.seed(&json!({"/api/v1/pods": [(owned("b")), (owned("a")), {"metadata": {"name": "z", "namespace": "ci"}, "spec": {"hostIPC": true, "volumes": [{"name": "v", "hostPath": {}}]}}]}));
    let namespaces = resource("", "Namespace", "namespaces");
    let old = json!({"metadata": {"name": "ci"}});
    let new =
        json!({"metadata": {"name": "ci", "labels": {"pod-security.kubernetes.io/enforce": "baseline"}}});
    let (result, notes) = admit(&cluster, &namespaces, new.clone(), Some(old.clone()));
    assert_eq!(result, Ok(()));
    assert_eq!(
        notes.warnings,
        [
            "existing pods in namespace \"ci\" violate the new PodSecurity enforce level \"baseline:latest\"",
            "a (and 1 other pod): host namespaces",
            "z: host namespaces, hostPath volumes",
        ]
    );
    assert!(admit(&cluster, &namespaces, old, Some(new)).1.warnings.is_empty());
    let bad = json!({"metadata": {"name": "ci", "labels": {"pod-security.kubernetes.io/warn": "strict", "pod-security.kubernetes.io/enforce-version": "1.24"}}});
    assert_eq!(
        admit(&cluster, &namespaces, bad, None).0,
        Err("Namespace \"ci\" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce-version]: Invalid value: \"1.24\": must be \"latest\" or \"v1.x\", \
             metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: \"strict\": must be one of privileged, baseline, restricted]".to_owned())
    );
}
