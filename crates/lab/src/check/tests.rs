use std::collections::BTreeMap;

use super::*;
use crate::exercise::Bundle;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME, labels: {app: NAME}}\nspec: {containers: [{name: c, image: nginx}]}\n";

const POLICY: &str = r#"
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: db}
spec:
  endpointSelector: {matchLabels: {app: db}}
  ingress:
  - fromEndpoints: [{matchLabels: {app: web}}]
    toPorts:
    - ports: [{port: "80", protocol: TCP}]
      rules: {http: [{method: GET, path: "/public"}]}
"#;

#[test]
fn an_exercise_on_cilium_asks_for_requests() {
    let traffic = |request: &str, expect: &str| serde_json::json!({"from": "default/web", "to": "default/db", "port": "TCP/80", "request": request, "expect": expect});
    let exercise = serde_json::json!({
        "formatVersion": 1, "id": "x", "title": "x", "domain": "cluster-setup", "minutes": 5,
        "cluster": {"cni": "cilium"}, "start": {"manifests": ["pods.yaml"]}, "wrong": [],
        "checks": [{"id": "a", "weight": 100, "wants": "only what is public", "traffic": [
            traffic("", "allowed"), traffic("GET /public", "allowed"), traffic("GET /private", "denied"),
        ]}],
    });
    let exercise: Exercise = serde_json::from_value(exercise).unwrap();
    let pods = format!("{}---\n{}", POD.replace("NAME", "web"), POD.replace("NAME", "db"));
    let files = BTreeMap::from([("pods.yaml".to_owned(), pods)]);
    let mut world = World::start(&Bundle { exercise: exercise.clone(), files }, 1).unwrap();
    assert!(!grade(&exercise, &world).checks[0].passed, "nothing keeps anybody from what is private");
    world.write("policy.yaml", POLICY);
    world.run("kubectl apply -f policy.yaml");
    let report = grade(&exercise, &world);
    assert!(report.checks[0].passed, "{report:?}");
}
