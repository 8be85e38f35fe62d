use gatehouse_model::{KubeVersion, Value, json};

use super::*;
use crate::cluster::Cluster;
use crate::request::Verb;
use crate::world::Entropy;

const GROUP: &str = "rbac.authorization.k8s.io";

fn user(name: &str, groups: &[&str]) -> User {
    User {
        name: name.to_owned(),
        groups: groups.iter().map(|g| (*g).to_owned()).collect(),
        ..User::default()
    }
}

fn resource(group: &str, resource: &str, subresource: &str, namespace: &str, name: &str) -> Target {
    Target::Resource(ResourceTarget {
        group: group.to_owned(),
        version: "v1".to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}

fn cluster(objects: &[Value]) -> Cluster {
    let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
    for object in objects {
        let kind = object.str_at(&["kind"]).to_lowercase();
        cluster.store.seed(&format!("{kind}s.{GROUP}"), object.clone());
    }
    cluster
}

fn decide(cluster: &Cluster, user: &User, verb: &str, target: &Target) -> Decision {
    super::super::authorize(
        cluster,
        &Attributes { user, verb: &Verb::parse(verb), target, field_selector: "" },
    )
}

/// The whole of RBAC as its documentation tells it, on words: slow and plain to see.
fn reference(store: &Store, user: &User, verb: &str, target: &Target) -> bool {
    let (namespace, group, whole, sub, name, path) = match target {
        Target::Path(p) => ("", "", String::new(), "", "", Some(p.as_str())),
        Target::Resource(t) => {
            let whole = if t.subresource.is_empty() {
                t.resource.clone()
            } else {
                format!("{}/{}", t.resource, t.subresource)
            };
            (t.namespace.as_str(), t.group.as_str(), whole, t.subresource.as_str(), t.name.as_str(), None)
        }
    };
    let has = |rule: &Value, field: &str, word: &str| strings(rule, field).any(|w| w == word);
    let allows = |rule: &Value| {
        let verb_fits = has(rule, "verbs", "*") || has(rule, "verbs", verb);
        match path {
            Some(p) => {
                verb_fits
                    && strings(rule, "nonResourceURLs")
                        .any(|u| u == p || u.strip_suffix('*').is_some_and(|s| p.starts_with(s)))
            }
            None => {
                verb_fits
                    && (has(rule, "apiGroups", "*") || has(rule, "apiGroups", group))
                    && (has(rule, "resources", "*")
                        || has(rule, "resources", &whole)
                        || (!sub.is_empty() && has(rule, "resources", &format!("*/{sub}"))))
                    && (rule.list_at(&["resourceNames"]).is_empty() || has(rule, "resourceNames", name))
            }
        }
    };
    let names = |subject: &Value, ns: &str| match subject.str_at(&["kind"]) {
        "User" => user.name == subject.str_at(&["name"]),
        "Group" => user.groups.iter().any(|g| g == subject.str_at(&["name"])),
        _ => {
            let own = subject.str_at(&["namespace"]);
            let of = if own.is_empty() { ns } else { own };
            !of.is_empty() && user.name == format!("system:serviceaccount:{of}:{}", subject.str_at(&["name"]))
        }
    };
    let bindings = store
        .list(TABLES[0], None)
        .chain(store.list(TABLES[1], Some(namespace)).filter(|_| !namespace.is_empty()));
    bindings.filter(|b| b.list_at(&["subjects"]).iter().any(|s| names(s, b.namespace()))).any(|b| {
        let cluster_role = b.str_at(&["roleRef", "kind"]) == "ClusterRole";
        let (table, ns) = if cluster_role { (TABLES[2], "") } else { (TABLES[3], b.namespace()) };
        store
            .get(table, ns, b.str_at(&["roleRef", "name"]))
            .is_some_and(|r| r.list_at(&["rules"]).iter().any(allows))
    })
}

struct Dice(Entropy);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.0.next_u64() >> 33).unwrap() % n
    }
    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
    fn some(&mut self, words: &[&str], least: usize) -> Value {
        let n = least + self.below(3);
        (0..n).map(|_| self.pick(words)).collect()
    }
}

const VERBS: &[&str] = &["get", "list", "create", "*", "use", "deletecollection"];
const GROUPS: &[&str] = &["", "apps", "*", "example.com"];
const RESOURCES: &[&str] =
    &["pods", "pods/log", "*/log", "*", "deployments", "*/scale", "deployments/scale", "*/*"];
const NAMES: &[&str] = &["a", "b", "*", ""];
const URLS: &[&str] = &["/healthz", "/healthz/*", "*", "/api*", "/metrics"];
const NAMESPACES: &[&str] = &["ci", "dev", "prod"];
const USERS: &[&str] =
    &["jane", "bob", "system:serviceaccount:ci:builder", "system:serviceaccount:dev:builder"];
const TEAMS: &[&str] = &["dev", "ops", "system:authenticated"];

fn random_cluster(dice: &mut Dice) -> Cluster {
    let mut objects = Vec::new();
    for i in 0..12 {
        let rules: Vec<Value> = (0..1 + dice.below(3))
            .map(|_| {
                let mut rule = json!({"verbs": (dice.some(VERBS, 1))});
                if dice.below(4) == 0 {
                    rule.set(&["nonResourceURLs"], dice.some(URLS, 1));
                } else {
                    rule.set(&["apiGroups"], dice.some(GROUPS, 1));
                    rule.set(&["resources"], dice.some(RESOURCES, 1));
                    if dice.below(3) == 0 {
                        rule.set(&["resourceNames"], dice.some(NAMES, 0));
                    }
                }
                rule
            })
            .collect();
        let mut role = json!({"kind": (if i % 2 == 0 { "Role" } else { "ClusterRole" }), "metadata": {"name": (format!("r{i}"))}, "rules": rules});
        if i % 2 == 0 {
            role.set(&["metadata", "namespace"], dice.pick(NAMESPACES));
        }
        objects.push(role);
    }
    for i in 0..14 {
        let subjects: Vec<Value> = (0..1 + dice.below(3))
            .map(|_| match dice.below(3) {
                0 => json!({"kind": "User", "name": (dice.pick(USERS))}),
                1 => json!({"kind": "Group", "name": (dice.pick(TEAMS))}),
                _ => json!({"kind": "ServiceAccount", "name": "builder", "namespace": (dice.pick(&["ci", "dev", ""]))}),
            })
            .collect();
        let namespaced = dice.below(3) > 0;
        let mut binding = json!({"kind": (if namespaced { "RoleBinding" } else { "ClusterRoleBinding" }), "metadata": {"name": (format!("b{i}"))},
            "subjects": subjects, "roleRef": {"kind": (if namespaced { dice.pick(&["Role", "ClusterRole"]) } else { "ClusterRole" }), "name": (format!("r{}", dice.below(14)))}});
        if namespaced {
            binding.set(&["metadata", "namespace"], dice.pick(NAMESPACES));
        }
        objects.push(binding);
    }
    cluster(&objects)
}

#[test]
fn the_index_equals_the_reference_on_random_requests() {
    let mut dice = Dice(Entropy::new(4));
    let mut allowed = 0;
    for _ in 0..200 {
        let cluster = random_cluster(&mut dice);
        let index = Index::compile(&cluster.store);
        for _ in 0..500 {
            let groups: Vec<&str> = (0..dice.below(3)).map(|_| dice.pick(TEAMS)).collect();
            let user = user(dice.pick(USERS), &groups);
            let verb = dice.pick(&["get", "list", "create", "use", "deletecollection", "patch"]);
            let target = if dice.below(5) == 0 {
                Target::Path(
                    dice.pick(&["/healthz", "/healthz/etcd", "/api", "/apis", "/version"]).to_owned(),
                )
            } else {
                resource(
                    dice.pick(&["", "apps", "batch"]),
                    dice.pick(&["pods", "deployments", "jobs"]),
                    dice.pick(&["", "log", "scale", "*"]),
                    dice.pick(&["ci", "dev", "prod", ""]),
                    dice.pick(&["a", "b", "c", "*", ""]),
                )
            };
            let expected = reference(&cluster.store, &user, verb, &target);
            let attributes =
                Attributes { user: &user, verb: &Verb::parse(verb), target: &target, field_selector: "" };
            assert_eq!(
                index.find(&attributes),
                index.find_for(&index.subject(&user), &Verb::parse(verb), &target)
            );
            assert_eq!(index.find(&attributes).is_some(), expected, "{attributes:?}\n{:#?}", cluster.store);
            allowed += usize::from(expected);
        }
    }
    assert!(
        (10_000..90_000).contains(&allowed),
        "of 100000 requests {allowed} were allowed: the mix tells nothing"
    );
}

fn small() -> Cluster {
    cluster(&[
        json!({"kind": "Role", "metadata": {"name": "reader", "namespace": "ci"}, "rules": [
            {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]},
            {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["db"], "verbs": ["get"]}]}),
        json!({"kind": "RoleBinding", "metadata": {"name": "readers", "namespace": "ci"}, "roleRef": {"kind": "Role", "name": "reader"},
            "subjects": [{"kind": "User", "name": "jane"}, {"kind": "ServiceAccount", "name": "builder"}]}),
        json!({"kind": "RoleBinding", "metadata": {"name": "lost", "namespace": "ci"}, "roleRef": {"kind": "ClusterRole", "name": "gone"},
            "subjects": [{"kind": "User", "name": "jane"}]}),
    ])
}

#[test]
fn reasons_are_the_servers() {
    let cluster = small();
    let pods = resource("", "pods", "", "ci", "");
    let jane = user("jane", &["system:authenticated"]);
    assert_eq!(
        decide(&cluster, &jane, "list", &pods).reason,
        r#"RBAC: allowed by RoleBinding "readers/ci" of Role "reader" to User "jane""#
    );
    let builder = user("system:serviceaccount:ci:builder", &[]);
    assert_eq!(
        decide(&cluster, &builder, "list", &pods).reason,
        r#"RBAC: allowed by RoleBinding "readers/ci" of Role "reader" to ServiceAccount "builder/ci""#
    );
    let denied = decide(&cluster, &jane, "delete", &pods);
    assert_eq!(denied.verdict, Verdict::NoOpinion);
    assert_eq!(denied.reason, r#"RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found"#);
    let verb = Verb::Delete;
    let attributes = Attributes { user: &jane, verb: &verb, target: &pods, field_selector: "" };
    assert_eq!(
        super::super::forbidden::status(&attributes, &denied.reason).message,
        "pods is forbidden: User \"jane\" cannot delete resource \"pods\" in API group \"\" in the namespace \"ci\": \
         RBAC: clusterrole.rbac.authorization.k8s.io \"gone\" not found"
    );
}

#[test]
fn a_refusal_names_what_was_lacking() {
    let cluster = small();
    let jane = user("jane", &[]);
    let texts = |user: &User, verb: &str, target: &Target| -> Vec<String> {
        decide(&cluster, user, verb, target)
            .because
            .into_iter()
            .map(|c| format!("{} {}", c.field, c.text))
            .collect()
    };
    let has =
        |texts: &[String], part: &str| assert!(texts.iter().any(|t| t.contains(part)), "{part}: {texts:?}");
    has(
        &texts(&jane, "delete", &resource("", "pods", "", "ci", "a")),
        "rules[0] grants \"get\", \"list\" but not \"delete\"",
    );
    has(
        &texts(&jane, "get", &resource("", "secrets", "", "ci", "tls")),
        "rules[1] is limited to names \"db\"",
    );
    has(&texts(&jane, "get", &resource("", "pods", "", "prod", "a")), "only in namespace \"ci\"");
    has(&texts(&jane, "get", &resource("", "pods", "exec", "ci", "a")), "but not \"pods/exec\"");
}

#[test]
fn the_index_follows_the_store_and_a_clone_its_own() {
    let mut cluster = small();
    let pods = resource("", "pods", "", "ci", "");
    let jane = user("jane", &[]);
    assert!(decide(&cluster, &jane, "list", &pods).allowed());
    let preview = cluster.clone();
    cluster.store.remove(TABLES[1], "ci", "readers");
    assert!(!decide(&cluster, &jane, "list", &pods).allowed());
    assert!(decide(&preview, &jane, "list", &pods).allowed());
}

#[test]
fn who_can_and_what_can_come_from_the_same_index() {
    let cluster = small();
    let index = cluster.rbac.of(&cluster.store);
    let holders = index.who_can(&Verb::Get, &resource("", "pods", "log", "ci", ""));
    assert_eq!(
        holders.iter().map(|h| (h.kind.as_str(), h.name.as_str(), h.namespace.as_str())).collect::<Vec<_>>(),
        [("User", "jane", ""), ("ServiceAccount", "builder", "ci")]
    );
    let granted = index.what_can(&user("jane", &[]));
    assert_eq!(granted.len(), 2);
    assert_eq!(
        granted[1].rule.compact(),
        r#"{APIGroups:[""], Resources:["secrets"], ResourceNames:["db"], Verbs:["get"]}"#
    );
}
