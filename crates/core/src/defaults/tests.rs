use gatehouse_model::{KubeVersion, Object, json};

use super::apply;

#[test]
fn a_pod_is_completed() {
    let mut pod = Object(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"},
        "spec": {
            "serviceAccountName": "bot", "hostNetwork": true,
            "containers": [{"name": "c", "image": "nginx", "ports": [{"containerPort": 80}],
                            "resources": {"limits": {"cpu": "1"}}, "livenessProbe": {"httpGet": {"port": 80}}}],
            "volumes": [{"name": "v"}, {"name": "s", "secret": {"secretName": "x"}}],
        },
    }));
    apply(KubeVersion::V1_36, &mut pod);
    let container = pod.list_at(&["spec", "containers"]).first().cloned().unwrap_or_default();
    assert_eq!(container.str_at(&["imagePullPolicy"]), "Always");
    assert_eq!(
        container.at(&["resources"]),
        Some(&json!({"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}))
    );
    assert_eq!(
        container.at(&["ports"]),
        Some(&json!([{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]))
    );
    assert_eq!(container.i64_at(&["livenessProbe", "failureThreshold"]), Some(3));
    assert_eq!(pod.str_at(&["spec", "serviceAccount"]), "bot");
    assert_eq!(
        pod.at(&["spec", "volumes"]),
        Some(
            &json!([{"name": "v", "emptyDir": {}}, {"name": "s", "secret": {"secretName": "x", "defaultMode": 420}}])
        )
    );
}

#[test]
fn images_without_a_tag_are_latest() {
    for (image, tag) in [
        ("nginx", "latest"),
        ("nginx:1.27", "1.27"),
        ("reg.example.com:5000/nginx", "latest"),
        ("nginx@sha256:0", ""),
    ] {
        assert_eq!(super::pod::tag(image), tag);
    }
}

#[test]
fn policies_get_their_types() {
    let mut policy = Object(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"},
        "spec": {"egress": [{"ports": [{"port": 53}]}]},
    }));
    apply(KubeVersion::V1_36, &mut policy);
    assert_eq!(
        policy.at(&["spec"]),
        Some(
            &json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": [{"ports": [{"port": 53, "protocol": "TCP"}]}]})
        )
    );
}
