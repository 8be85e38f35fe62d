use gatehouse_model::{KubeVersion, Value, json};

use super::*;
use crate::kubelet::Kubelet;
use crate::request::User;

fn settle(cluster: &mut Cluster, kubelet: &mut StandIn) {
    for _ in 0..100 {
        let acted = reconcile(cluster);
        if !kubelet.sync(cluster) && !acted {
            return;
        }
    }
    panic!("never quiet");
}

fn deployment(image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": image}]}},
        },
    })
}

#[test]
fn a_deployment_comes_to_rest_and_rolls_over() {
    let mut cluster = Cluster::bare(KubeVersion::V1_36, 1);
    let mut kubelet = StandIn::default();
    settle(&mut cluster, &mut kubelet);
    let admin = User { name: "admin".into(), groups: vec!["system:masters".into()], ..User::default() };
    let mut client = Client::acting(&mut cluster, admin.clone());
    client.create("deployments.apps", deployment("nginx:1")).expect("accepted");
    settle(&mut cluster, &mut kubelet);
    let status = |cluster: &Cluster, key: &str| {
        cluster.store.get("deployments.apps", "default", "web").and_then(|d| d.i64_at(&["status", key]))
    };
    assert_eq!(status(&cluster, "readyReplicas"), Some(2));
    assert_eq!(status(&cluster, "updatedReplicas"), Some(2));
    let patch =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "nginx:2"}]}}}});
    Client::acting(&mut cluster, admin).merge("deployments.apps", "default", "web", patch).expect("accepted");
    settle(&mut cluster, &mut kubelet);
    let images: Vec<String> = cluster
        .store
        .list("pods", Some("default"))
        .map(|p| p.list_at(&["spec", "containers"])[0].str_at(&["image"]).to_owned())
        .collect();
    assert_eq!(images, ["nginx:2", "nginx:2"]);
    let sizes: Vec<Option<i64>> =
        cluster.store.list("replicasets.apps", None).map(|s| s.i64_at(&["spec", "replicas"])).collect();
    assert_eq!(sizes.iter().flatten().sum::<i64>(), 2);
    assert_eq!(sizes.len(), 2);
}
