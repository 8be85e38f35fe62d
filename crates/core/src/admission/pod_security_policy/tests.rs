use gatehouse_model::{KubeVersion, json};

use super::super::testing::{admit, resource};
use super::*;

fn cluster(policies: &[(&str, Value)]) -> Cluster {
    let mut cluster = Cluster::empty(KubeVersion::V1_20, 1);
    let flags = Arc::make_mut(&mut cluster.config);
    flags.enable_admission_plugins = vec![NAME.to_owned()];
    flags.disable_admission_plugins = vec!["ServiceAccount".to_owned(), "NamespaceLifecycle".to_owned()];
    let any = || json!({"rule": "RunAsAny"});
    let list: Value = policies
        .iter()
        .map(|(name, more)| {
            let mut spec = json!({"runAsUser": (any()), "fsGroup": (any()), "supplementalGroups": (any()), "seLinux": (any()), "volumes": ["*"]});
            for (key, value) in more.entries().iter() {
                spec.set(&[key], value.clone());
            }
            json!({"metadata": {"name": (*name)}, "spec": spec})
        })
        .collect();
    cluster.seed(&json!({
        "/api/v1/namespaces": [{"metadata": {"name": "ci"}, "status": {"phase": "Active"}}],
        "/apis/policy/v1beta1/podsecuritypolicies": list,
        "/apis/rbac.authorization.k8s.io/v1/clusterroles": [{"metadata": {"name": "use"}, "rules": [
            {"apiGroups": ["policy"], "resources": ["podsecuritypolicies"], "verbs": ["use"]}]}],
        "/apis/rbac.authorization.k8s.io/v1/rolebindings": [{"metadata": {"name": "use", "namespace": "ci"},
            "roleRef": {"kind": "ClusterRole", "name": "use"},
            "subjects": [{"kind": "User", "name": "jane"}, {"kind": "ServiceAccount", "name": "builder", "namespace": "ci"}]}],
    }));
    cluster
}

fn run(cluster: &mut Cluster, user: &str, spec: Value) -> Result<Value, String> {
    let pod = json!({"metadata": {"name": "web", "namespace": "ci"}, "spec": spec});
    admit(cluster, user, &resource("", "Pod", "pods"), &pod, None).0
}

#[test]
fn a_policy_that_changes_nothing_goes_before_one_that_does() {
    let strict = json!({"runAsUser": {"rule": "MustRunAs", "ranges": [{"min": 100, "max": 200}]}});
    let mut cluster = cluster(&[("a", strict), ("b", json!({}))]);
    let pod = run(&mut cluster, "jane", json!({"containers": [{"name": "c"}]})).unwrap();
    assert_eq!(pod.str_at(&["metadata", "annotations", ANNOTATION]), "b");
    cluster.store.remove("podsecuritypolicies.policy", "", "b");
    let pod = run(&mut cluster, "jane", json!({"containers": [{"name": "c"}]})).unwrap();
    assert_eq!(pod.str_at(&["metadata", "annotations", ANNOTATION]), "a");
    assert_eq!(pod.list_at(&["spec", "containers"])[0].i64_at(&["securityContext", "runAsUser"]), Some(100));
}

#[test]
fn only_policies_that_may_be_used_count() {
    let mut cluster = cluster(&[("a", json!({}))]);
    let pod = json!({"serviceAccountName": "default", "containers": [{"name": "c"}]});
    let refused = "pods \"web\" is forbidden: PodSecurityPolicy: unable to admit pod: []";
    assert_eq!(run(&mut cluster, "bob", pod), Err(refused.to_owned()));
    let by_account = json!({"serviceAccountName": "builder", "containers": [{"name": "c"}]});
    assert!(run(&mut cluster, "bob", by_account).is_ok());
    cluster.store.remove("podsecuritypolicies.policy", "", "a");
    let none = "pods \"web\" is forbidden: PodSecurityPolicy: no providers available to validate pod request";
    assert_eq!(run(&mut cluster, "jane", json!({"containers": []})), Err(none.to_owned()));
}

#[test]
fn findings_stand_side_by_side() {
    let mut cluster = cluster(&[(
        "a",
        json!({"volumes": ["secret"], "hostPorts": [{"min": 80, "max": 80}, {"min": 8000, "max": 8080}]}),
    )]);
    let spec = json!({"hostPID": true, "volumes": [{"name": "v", "hostPath": {"path": "/"}}],
        "containers": [{"name": "c", "ports": [{"hostPort": 443}], "securityContext": {"privileged": true, "capabilities": {"add": ["NET_ADMIN"]}}}]});
    assert_eq!(
        run(&mut cluster, "jane", spec),
        Err("pods \"web\" is forbidden: PodSecurityPolicy: unable to admit pod: [\
             spec.securityContext.hostPID: Invalid value: true: Host PID is not allowed to be used \
             spec.volumes[0]: Invalid value: \"hostPath\": hostPath volumes are not allowed to be used \
             spec.containers[0].securityContext.privileged: Invalid value: true: Privileged containers are not allowed \
             spec.containers[0].securityContext.capabilities.add: Invalid value: \"NET_ADMIN\": capability may not be added \
             spec.containers[0].hostPort: Invalid value: 443: Host port 443 is not allowed to be used. Allowed ports: [80,8000-8080]]"
            .to_owned())
    );
}

#[test]
fn host_paths_may_be_read_only() {
    let policy = json!({"allowedHostPaths": [{"pathPrefix": "/var/log/", "readOnly": true}]});
    let mut cluster = cluster(&[("a", policy)]);
    let spec = |path: &str, read_only: bool| {
        json!({"volumes": [{"name": "v", "hostPath": {"path": path}}],
        "containers": [{"name": "c", "volumeMounts": [{"name": "v", "readOnly": read_only}]}]})
    };
    assert!(run(&mut cluster, "jane", spec("/var/log", true)).is_ok());
    let error = run(&mut cluster, "jane", spec("/var/log/pods", false)).unwrap_err();
    assert!(
        error
            .contains("spec.containers[0].volumeMounts[0].readOnly: Invalid value: false: must be read-only"),
        "{error}"
    );
    let error = run(&mut cluster, "jane", spec("/var/logs", true)).unwrap_err();
    assert!(
        error.contains(
            "spec.volumes[0].hostPath.pathPrefix: Invalid value: \"/var/logs\": is not allowed to be used"
        ),
        "{error}"
    );
}
