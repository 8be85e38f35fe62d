use gatehouse_model::{KubeVersion, json};

use super::super::testing::{admit, resource};
use super::*;

fn cluster(quota: &Value) -> Cluster {
    let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
    cluster.seed(&json!({
        "/api/v1/namespaces": [{"metadata": {"name": "ci"}, "status": {"phase": "Active"}}],
        "/api/v1/serviceaccounts": [{"metadata": {"name": "default", "namespace": "ci"}, "automountServiceAccountToken": false}],
        "/api/v1/resourcequotas": [(quota.clone())],
    }));
    cluster
}

fn run(cluster: &mut Cluster, container: Value) -> Result<Value, String> {
    let pod = json!({"metadata": {"name": "web", "namespace": "ci"}, "spec": {"containers": [container]}});
    admit(cluster, "jane", &resource("", "Pod", "pods"), &pod, None).0
}

#[test]
fn a_request_beyond_the_quota_is_refused_with_the_sums() {
    let quota = json!({"metadata": {"name": "q", "namespace": "ci"}, "spec": {"hard": {"requests.cpu": "2", "pods": "2"}},
        "status": {"hard": {"requests.cpu": "2", "pods": "2"}, "used": {"requests.cpu": "0", "pods": "0"}}});
    let mut cluster = cluster(&quota);
    let asks = |cpu: &str| json!({"name": "c", "resources": {"requests": {"cpu": cpu}}});
    assert!(run(&mut cluster, asks("1500m")).is_ok());
    assert_eq!(
        run(&mut cluster, asks("1")),
        Err("pods \"web\" is forbidden: exceeded quota: q, requested: requests.cpu=1, used: requests.cpu=1500m, limited: requests.cpu=2".to_owned())
    );
    assert_eq!(
        run(&mut cluster, json!({"name": "c"})),
        Err("pods \"web\" is forbidden: failed quota: q: must specify requests.cpu for: c".to_owned())
    );
    assert!(run(&mut cluster, asks("500m")).is_ok());
    let error = run(&mut cluster, asks("1m")).unwrap_err();
    assert!(
        error.contains(
            "requested: pods=1,requests.cpu=1m, used: pods=2,requests.cpu=2, limited: pods=2,requests.cpu=2"
        ),
        "{error}"
    );
}

#[test]
fn scopes_select_pods() {
    let quota = json!({"metadata": {"name": "q", "namespace": "ci"}, "spec": {"hard": {"pods": "0"}, "scopes": ["BestEffort"]},
        "status": {"hard": {"pods": "0"}, "used": {"pods": "0"}}});
    let mut cluster = cluster(&quota);
    assert!(run(&mut cluster, json!({"name": "c", "resources": {"requests": {"cpu": "1"}}})).is_ok());
    assert!(run(&mut cluster, json!({"name": "c"})).is_err());
}
