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

fn ask(cluster: &mut Cluster, wanted: &str, verb: &Verb) -> Result<User, String> {
    let user = User { name: "agent".to_owned(), ..User::default() };
    let wanted = Impersonation { user: wanted.to_owned(), ..Impersonation::default() };
    let target = Target::Resource(ResourceTarget {
        version: "v1".to_owned(),
        resource: "pods".to_owned(),
        ..ResourceTarget::default()
    });
    let person = impersonate(cluster, &user, &wanted, (verb, &target), &mut Vec::new());
    person.map(|(person, _)| person).map_err(|e| e.message)
}

#[test]
fn a_constrained_grant_counts_for_its_verb_only_and_gives_a_node_its_group() {
    let mut cluster = cluster(KubeVersion::V1_36);
    let node = ask(&mut cluster, "system:node:n1", &Verb::List).unwrap();
    assert_eq!(node.groups, ["system:nodes", "system:authenticated"]);
    assert_eq!(
        ask(&mut cluster, "system:node:n1", &Verb::Delete).unwrap_err(),
        "pods is forbidden: User \"agent\" cannot impersonate-on:arbitrary-node:delete resource \"pods\" in API group \
         \"\" at the cluster scope"
    );
    // Impersonation of old goes on beside it, whatever is asked.
    assert_eq!(ask(&mut cluster, "jane", &Verb::Delete).unwrap().groups, ["system:authenticated"]);
}

#[test]
fn older_servers_know_one_way_only() {
    let mut cluster = cluster(KubeVersion::V1_20);
    assert!(ask(&mut cluster, "system:node:n1", &Verb::List).is_err());
    assert!(ask(&mut cluster, "jane", &Verb::List).is_ok());
}

#[test]
fn the_refusal_is_that_of_the_way_that_worked_last() {
    let mut cluster = cluster(KubeVersion::V1_36);
    let refused = |cluster: &mut Cluster| ask(cluster, "jack", &Verb::List).unwrap_err();
    assert_eq!(
        refused(&mut cluster),
        "pods is forbidden: User \"agent\" cannot impersonate-on:user-info:list resource \"pods\" in API group \"\" at \
         the cluster scope"
    );
    ask(&mut cluster, "jane", &Verb::List).unwrap();
    let of_old = "users \"jack\" is forbidden: User \"agent\" cannot impersonate resource \"users\" in API group \"\" at \
                  the cluster scope";
    assert_eq!(refused(&mut cluster), of_old);
    // What worked last has no opinion of a person it is not for.
    ask(&mut cluster, "system:node:n1", &Verb::List).unwrap();
    assert!(refused(&mut cluster).contains("impersonate-on:user-info:list"));
}

#[test]
fn groups_and_extra_values_have_words_of_their_own_in_constrained_modes() {
    let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
    cluster.seed(&json!({
        "/apis/rbac.authorization.k8s.io/v1/clusterroles": [{"metadata": {"name": "r"}, "rules": [
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["impersonate-on:user-info:list"]},
            {"apiGroups": ["authentication.k8s.io"], "resources": ["users"], "verbs": ["impersonate:user-info"]},
        ]}],
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings": [{"metadata": {"name": "r"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "r"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "agent"}]}],
    }));
    let user = User { name: "agent".to_owned(), ..User::default() };
    let target =
        Target::Resource(ResourceTarget { resource: "pods".to_owned(), ..ResourceTarget::default() });
    let mut ask = |groups: &[&str], extra: &[(&str, &[&str])]| {
        let wanted = Impersonation {
            user: "jack".to_owned(),
            groups: groups.iter().map(|g| (*g).to_owned()).collect(),
            extra: extra
                .iter()
                .map(|(k, v)| ((*k).to_owned(), v.iter().map(|v| (*v).to_owned()).collect()))
                .collect(),
            ..Impersonation::default()
        };
        impersonate(&mut cluster, &user, &wanted, (&Verb::List, &target), &mut Vec::new())
            .map(|(person, constraint)| (person.groups.join(" "), constraint))
            .map_err(|e| e.message)
    };
    let allowed = ("system:authenticated".to_owned(), "impersonate:user-info".to_owned());
    assert_eq!(ask(&[], &[]), Ok(allowed));
    let start = "User \"agent\" cannot impersonate:user-info resource";
    let end = "in API group \"authentication.k8s.io\" at the cluster scope";
    for (groups, extra, what, resource, why) in [
        (
            &["system:masters"][..],
            &[][..],
            "groups.authentication.k8s.io \"system:masters\"",
            "groups",
            ": impersonating the system:masters group is not allowed",
        ),
        (
            &[""],
            &[],
            "groups.authentication.k8s.io",
            "groups",
            ": impersonating the empty string group is not allowed",
        ),
        (&["dev"], &[], "groups.authentication.k8s.io \"dev\"", "groups", ""),
        (
            &[],
            &[("a", &["b"][..])],
            "userextras.authentication.k8s.io",
            "userextras",
            ": impersonating an invalid key in extra is not allowed: extra.key: Invalid value: \"a\": must be a domain-prefixed path (such as \"acme.io/foo\")",
        ),
        (
            &[],
            &[("a.io/B", &["b"])],
            "userextras.authentication.k8s.io",
            "userextras",
            ": impersonating a non-lowercase key in extra is not allowed: \"a.io/B\"",
        ),
        (
            &[],
            &[("a.io/b", &[""])],
            "userextras.authentication.k8s.io",
            "userextras",
            ": impersonating the empty string value in extra is not allowed",
        ),
        (&[], &[("a.io/b", &["c"])], "userextras.authentication.k8s.io \"c\"", "userextras/a.io/b", ""),
    ] {
        assert_eq!(
            ask(groups, extra),
            Err(format!("{what} is forbidden: {start} \"{resource}\" {end}{why}"))
        );
    }
}
