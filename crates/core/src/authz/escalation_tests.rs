use gatehouse_model::{KubeVersion, json};

use super::*;

fn cluster() -> Cluster {
    let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
    cluster.seed(&json!({
        "/apis/rbac.authorization.k8s.io/v1/roles": [
            {"kind": "Role", "metadata": {"name": "own", "namespace": "dev"},
             "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]},
            {"kind": "Role", "metadata": {"name": "more", "namespace": "dev"},
             "rules": [{"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["get", "list"]}]},
            {"kind": "Role", "metadata": {"name": "binder", "namespace": "dev"},
             "rules": [{"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "resourceNames": ["more"], "verbs": ["bind"]}]}],
        "/apis/rbac.authorization.k8s.io/v1/rolebindings": [
            {"kind": "RoleBinding", "metadata": {"name": "own", "namespace": "dev"}, "roleRef": {"kind": "Role", "name": "own"},
             "subjects": [{"kind": "User", "name": "jane"}, {"kind": "User", "name": "bob"}]},
            {"kind": "RoleBinding", "metadata": {"name": "binder", "namespace": "dev"}, "roleRef": {"kind": "Role", "name": "binder"},
             "subjects": [{"kind": "User", "name": "bob"}]}],
    }));
    cluster
}

fn write(cluster: &Cluster, user: &str, resource: &str, object: Value) -> Result<(), String> {
    let user =
        User { name: user.to_owned(), groups: vec!["system:authenticated".to_owned()], ..User::default() };
    let object = Object(object);
    let write = Write { user: &user, resource, namespace: "dev", name: "", object: &object, old: None };
    check(cluster, &write).map_err(|s| s.message)
}

#[test]
fn a_role_may_hold_only_what_its_writer_holds() {
    let cluster = cluster();
    let role = |verbs: &[&str]| json!({"metadata": {"name": "new"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": (verbs.iter().copied().collect::<Value>())}]});
    assert_eq!(write(&cluster, "jane", "roles", role(&["list"])), Ok(()));
    assert_eq!(
        write(&cluster, "jane", "roles", role(&["get", "watch", "create"])),
        Err("roles.rbac.authorization.k8s.io \"new\" is forbidden: user \"jane\" (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"watch\" \"create\"]}".to_owned())
    );
}

#[test]
fn bind_lets_one_give_a_role_without_holding_it() {
    let cluster = cluster();
    let binding =
        |role: &str| json!({"metadata": {"name": "new"}, "roleRef": {"kind": "Role", "name": role}});
    assert_eq!(write(&cluster, "jane", "rolebindings", binding("own")), Ok(()));
    assert!(write(&cluster, "jane", "rolebindings", binding("more")).is_err());
    assert_eq!(write(&cluster, "bob", "rolebindings", binding("more")), Ok(()));
    assert_eq!(
        write(&cluster, "jane", "rolebindings", binding("gone")),
        Err("roles.rbac.authorization.k8s.io \"gone\" not found".to_owned())
    );
}
