use gatehouse_model::json;

use super::{diff, print};

#[test]
fn unset_fields_print_as_go_prints_them() {
    assert_eq!(
        print("SeccompProfile", &json!({"type": "Unconfined"})),
        r#"{"Type":"Unconfined","LocalhostProfile":null}"#
    );
    assert_eq!(
        print("RoleRef", &json!({"apiGroup": "g", "kind": "Role", "name": "x"})),
        r#"{"APIGroup":"g","Kind":"Role","Name":"x"}"#
    );
}

/// As a real server printed it for `kubectl run web --image=nginx`, whose root was then made read-only.
#[test]
fn the_difference_of_two_pods() {
    let spec = |container: gatehouse_model::Value| {
        json!({
            "volumes": [{"name": "kube-api-access-x", "projected": {"defaultMode": 420, "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
            ]}}],
            "containers": [container],
            "restartPolicy": "Always",
        })
    };
    let container = json!({
        "name": "web", "image": "nginx", "resources": {}, "imagePullPolicy": "Always",
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        "volumeMounts": [{"name": "kube-api-access-x", "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
    });
    let mut changed = container.clone();
    changed.set(&["securityContext", "readOnlyRootFilesystem"], true);
    let text = diff("PodSpec", &spec(container), &spec(changed));
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("@@ -126,7 +126,20 @@"));
    assert_eq!(lines.next(), Some("    \"TerminationMessagePath\": \"/dev/termination-log\","));
    assert_eq!(lines.nth(2), Some("-   \"SecurityContext\": null,"));
    assert_eq!(lines.last(), Some("    \"TTY\": false"));
}
