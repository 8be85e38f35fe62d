use gatehouse_model::{KubeVersion, json};

use super::*;

fn cluster(version: KubeVersion) -> Cluster {
    let mut cluster = Cluster::empty(version, 1);
    let role =
        |name: &str, rules: gatehouse_model::Value| json!({"metadata": {"name": name}, "rules": rules});
    let bind = |name: &str, user: &str| {
        json!({
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        })
    };
    let node_role = role(
        "node-reader",
        json!([
            {"apiGroups": ["authentication.k8s.io"], "resources": ["nodes"], "verbs": ["impersonate:arbitrary-node"]},
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["impersonate-on:arbitrary-node:list"]},
        ]),
    );
    let old_role = role(
        "old",
        json!([{"apiGroups": [""], "resources": ["users"], "resourceNames": ["jane"], "verbs": ["impersonate"]}]),
    );
    cluster.seed(&json!({
        "/apis/rbac.authorization.k8s.io/v1/clusterroles": [node_role, old_role],
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings": [bind("node-reader", "agent"), bind("old", "agent")],
    }));
    cluster
}

fn ask(cluster: &Cluster, wanted: &str, verb: &Verb) -> Result<User, String> {
    let user = User { name: "agent".to_owned(), ..User::default() };
    let wanted = Impersonation { user: wanted.to_owned(), ..Impersonation::default() };
    let target = Target::Resource(ResourceTarget {
        version: "v1".to_owned(),
        resource: "pods".to_owned(),
        ..ResourceTarget::default()
    });
    impersonate(cluster, &user, &wanted, (verb, &target), &mut Vec::new()).map_err(|e| e.message)
}

#[test]
fn a_constrained_grant_counts_for_its_verb_only_and_gives_a_node_its_group() {
    let cluster = cluster(KubeVersion::V1_36);
    let node = ask(&cluster, "system:node:n1", &Verb::List).unwrap();
    assert_eq!(node.groups, ["system:nodes", "system:authenticated"]);
    assert_eq!(
        ask(&cluster, "system:node:n1", &Verb::Delete).unwrap_err(),
        "users \"system:node:n1\" is forbidden: User \"agent\" cannot impersonate resource \"users\" in API group \
         \"\" at the cluster scope"
    );
    // Impersonation of old goes on beside it, whatever is asked.
    assert_eq!(ask(&cluster, "jane", &Verb::Delete).unwrap().groups, ["system:authenticated"]);
    assert!(ask(&cluster, "jack", &Verb::List).is_err());
}

#[test]
fn older_servers_know_one_way_only() {
    let cluster = cluster(KubeVersion::V1_20);
    assert!(ask(&cluster, "system:node:n1", &Verb::List).is_err());
    assert!(ask(&cluster, "jane", &Verb::List).is_ok());
}
