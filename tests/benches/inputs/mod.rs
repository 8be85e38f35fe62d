//! What the benchmarks decide: requests against roles and bindings, pods against `restricted:latest`, a network.
//!
//! Made up here, the same every time, unless the text of a recorded input is given (`rbac.json`, `psa.jsonl`,
//! `netpol-*.yaml`). Compiled into the native benchmarks and into the page that runs them in a browser.

#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark with a broken input has nothing better to do than stop and say so"
)]

use std::sync::Arc;

use gatehouse_core::Cluster;
use gatehouse_core::admission::pod_security::Evaluator;
use gatehouse_core::admission::pod_security::level::{Level, LevelVersion, Version};
use gatehouse_core::admission::pod_security::view::PodView;
use gatehouse_core::authz::{Attributes, rbac::Index};
use gatehouse_core::network::{Namespace, Network, Pod, Port, Protocol, Snapshot};
use gatehouse_core::request::{ResourceTarget, Target, User, Verb};
use gatehouse_model::{KubeVersion, Map, Object, Value, json, yaml};

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % n
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    fn some(&mut self, words: &[&str], most: usize) -> Value {
        (0..=self.below(most)).map(|_| self.pick(words)).collect()
    }
}

const VERBS: &[&str] = &["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
const GROUPS: &[&str] = &["", "apps", "batch", "networking.k8s.io", "rbac.authorization.k8s.io", "policy"];
const RESOURCES: &[&str] = &[
    "pods",
    "services",
    "secrets",
    "configmaps",
    "deployments",
    "replicasets",
    "jobs",
    "cronjobs",
    "ingresses",
    "roles",
    "rolebindings",
    "nodes",
    "events",
    "endpoints",
    "namespaces",
];
const SUBRESOURCES: &[&str] = &["", "", "", "", "log", "exec", "status", "scale"];
const NAMES: &[&str] = &["", "", "a", "b", "web", "db"];
const PATHS: &[&str] = &["/healthz", "/healthz/etcd", "/metrics", "/version", "/api", "/apis/apps"];

fn rule(dice: &mut Dice) -> Value {
    if dice.below(12) == 0 {
        return json!({"nonResourceURLs": ["/healthz", "/healthz/*", "/version"], "verbs": ["get"]});
    }
    let verbs = if dice.below(5) == 0 { json!(["*"]) } else { dice.some(VERBS, 5) };
    let groups = if dice.below(6) == 0 { json!(["*"]) } else { dice.some(GROUPS, 3) };
    let resources = match dice.below(8) {
        0 => json!(["*"]),
        1 => json!(["pods/log", "*/scale"]),
        _ => dice.some(RESOURCES, 6),
    };
    let mut rule = json!({"verbs": verbs, "apiGroups": groups, "resources": resources});
    if dice.below(6) == 0 {
        rule.set(&["resourceNames"], dice.some(&["a", "b", "web"], 2));
    }
    rule
}

/// The objects, identities and requests of the benchmark, as `rbac.json` has them.
fn rbac_input(given: Option<&str>) -> Value {
    if let Some(text) = given {
        return json::parse(text).unwrap_or_else(|e| panic!("rbac.json: {e}"));
    }
    let mut dice = Dice(4);
    let role = |dice: &mut Dice, name: String, namespace: Option<String>| {
        let rules: Value = (0..=dice.below(3)).map(|_| rule(dice)).collect();
        let mut role = json!({"metadata": {"name": name}, "rules": rules});
        if let Some(namespace) = namespace {
            role.set(&["metadata", "namespace"], namespace);
        }
        role
    };
    let binding = |dice: &mut Dice, i: usize, namespace: Option<usize>| {
        let subject = match dice.below(3) {
            0 => json!({"kind": "User", "name": (format!("user-{:03}", dice.below(300)))}),
            1 => json!({"kind": "Group", "name": (format!("group-{:02}", dice.below(30)))}),
            _ => {
                json!({"kind": "ServiceAccount", "name": (format!("sa-{}", dice.below(4))), "namespace": (format!("ns-{:02}", dice.below(50)))})
            }
        };
        let (kind, name) = match namespace {
            Some(n) if dice.below(2) == 0 => ("Role", format!("role-{:03}", n + 50 * dice.below(20))),
            _ => ("ClusterRole", format!("cr-{:03}", dice.below(100))),
        };
        let mut binding = json!({"metadata": {"name": (format!("b-{i:04}"))}, "subjects": [subject],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}});
        if let Some(n) = namespace {
            binding.set(&["metadata", "namespace"], format!("ns-{n:02}"));
        }
        binding
    };
    let roles: Value = (0..1000)
        .map(|i| role(&mut dice, format!("role-{i:03}"), Some(format!("ns-{:02}", i % 50))))
        .collect();
    let cluster_roles: Value = (0..100).map(|i| role(&mut dice, format!("cr-{i:03}"), None)).collect();
    let bindings: Value = (0..1000).map(|i| binding(&mut dice, i, Some(i % 50))).collect();
    let cluster_bindings: Value = (0..60).map(|i| binding(&mut dice, i, None)).collect();
    let identities: Value = (0..400)
        .map(|i| {
            let mut groups: Vec<String> =
                (0..=dice.below(3)).map(|_| format!("group-{:02}", dice.below(30))).collect();
            groups.push("system:authenticated".to_owned());
            let name = if i < 300 {
                format!("user-{i:03}")
            } else {
                format!("system:serviceaccount:ns-{:02}:sa-{}", i % 50, i % 4)
            };
            json!({"name": name, "groups": groups})
        })
        .collect();
    let table = |words: &[&str]| words.iter().copied().collect::<Value>();
    let namespaces: Value = (0..50).map(|n| format!("ns-{n:02}")).collect();
    let paths: Value = std::iter::once("").chain(PATHS.iter().copied()).collect();
    let requests: Value = (0..100_000)
        .map(|_| {
            let path = if dice.below(20) == 0 { 1 + dice.below(PATHS.len()) } else { 0 };
            let lengths =
                [400, VERBS.len(), GROUPS.len(), RESOURCES.len(), SUBRESOURCES.len(), NAMES.len(), 50];
            let mut numbers: Vec<usize> = lengths.iter().map(|n| dice.below(*n)).collect();
            numbers.push(path);
            numbers.into_iter().map(|n| Value::Int(i64::try_from(n).unwrap_or(0))).collect::<Value>()
        })
        .collect();
    json!({
        "roles": roles, "clusterRoles": cluster_roles, "roleBindings": bindings,
        "clusterRoleBindings": cluster_bindings, "identities": identities, "requests": requests,
        "tables": {"verb": (table(VERBS)), "apiGroup": (table(GROUPS)), "resource": (table(RESOURCES)),
            "subresource": (table(SUBRESOURCES)), "name": (table(NAMES)), "namespace": namespaces, "path": paths},
    })
}

fn strings(value: &Value) -> Vec<String> {
    value.items().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Requests, and the roles and bindings they are asked of.
pub struct Rbac {
    cluster: Cluster,
    index: Index,
    users: Vec<User>,
    requests: Vec<(usize, Verb, Target)>,
}

impl Rbac {
    /// Reads `rbac.json`, or makes one up.
    pub fn new(given: Option<&str>) -> Self {
        let input = rbac_input(given);
        let list = |name: &str| input.get(name).cloned().unwrap_or_default();
        let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
        let api = "/apis/rbac.authorization.k8s.io/v1";
        let objects: Map = ["roles", "clusterRoles", "roleBindings", "clusterRoleBindings"]
            .iter()
            .map(|kind| (format!("{api}/{}", kind.to_lowercase()), list(kind)))
            .collect();
        cluster.seed(&objects.into());
        let user = |i: &Value| User {
            name: i.str_at(&["name"]).to_owned(),
            groups: i.get("groups").map(strings).unwrap_or_default(),
            ..User::default()
        };
        let users = list("identities").items().iter().map(user).collect();
        let table = |name: &str| strings(&input.at(&["tables", name]).cloned().unwrap_or_default());
        let [verbs, groups, resources, subresources, names, namespaces, paths] =
            ["verb", "apiGroup", "resource", "subresource", "name", "namespace", "path"].map(table);
        let request = |request: &Value| {
            let n = |i: usize| usize::try_from(request.items()[i].as_i64().unwrap_or(0)).unwrap_or(0);
            let target = if paths[n(7)].is_empty() {
                Target::Resource(ResourceTarget {
                    group: groups[n(2)].clone(),
                    version: "v1".to_owned(),
                    resource: resources[n(3)].clone(),
                    subresource: subresources[n(4)].clone(),
                    name: names[n(5)].clone(),
                    namespace: namespaces[n(6)].clone(),
                })
            } else {
                Target::Path(paths[n(7)].clone())
            };
            (n(0), Verb::parse(&verbs[n(1)]), target)
        };
        let requests = list("requests").items().iter().map(request).collect();
        Self { index: Index::compile(&cluster.store), cluster, users, requests }
    }

    /// How many requests there are.
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// How many of them are allowed.
    pub fn allowed(&self) -> usize {
        let allowed = self.requests.iter().filter(|(user, verb, target)| {
            let user = &self.users[*user];
            self.index.find(&Attributes { user, verb, target, field_selector: "" }).is_some()
        });
        allowed.count()
    }

    /// Compiles the roles and bindings anew.
    pub fn compile(&self) -> Index {
        Index::compile(&self.cluster.store)
    }
}

/// Pods that break some of the checks, or none.
fn pods(given: Option<&str>) -> Vec<Value> {
    if let Some(text) = given {
        let parsed = text.lines().map(json::parse);
        return parsed.map(|pod| pod.unwrap_or_else(|e| panic!("psa.jsonl: {e}"))).collect();
    }
    let mut dice = Dice(7);
    let pod = |i: usize, dice: &mut Dice| {
        let mut context = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}});
        match dice.below(16) {
            0 => context.set(&["privileged"], true),
            1 => context.set(&["allowPrivilegeEscalation"], true),
            2 => context.set(&["capabilities", "add"], json!(["NET_ADMIN"])),
            3 => context.set(&["capabilities", "drop"], json!(["NET_RAW"])),
            4 => context.set(&["runAsUser"], 0),
            5 => context.set(&["seccompProfile", "type"], "Unconfined"),
            6 => {
                context.remove(&["runAsNonRoot"]);
            }
            _ => {}
        }
        let mut spec = json!({"containers": [{"name": "c0", "image": "i", "securityContext": context}]});
        match dice.below(12) {
            0 => spec.set(&["hostNetwork"], true),
            1 => spec.set(&["volumes"], json!([{"name": "v", "hostPath": {"path": "/var/log"}}])),
            2 => spec.set(&["volumes"], json!([{"name": "v", "emptyDir": {}}])),
            _ => {}
        }
        json!({"metadata": {"name": (format!("p{i:05}"))}, "spec": spec})
    };
    (0..10_000).map(|i| pod(i, &mut dice)).collect()
}

/// Pods, as trees and decoded, and the checks of `restricted:latest`.
pub struct PodSecurity {
    trees: &'static [Value],
    decoded: Vec<PodView<'static>>,
    checks: Evaluator,
}

impl PodSecurity {
    /// Reads `psa.jsonl`, or makes one up. What is read stays for as long as the program runs.
    pub fn new(given: Option<&str>) -> Self {
        let trees: &'static [Value] = Vec::leak(pods(given));
        let policy = LevelVersion { level: Level::Restricted, version: Version::Latest };
        Self { trees, decoded: trees.iter().map(PodView::new).collect(), checks: Evaluator::new(policy, 36) }
    }

    /// How many pods there are.
    pub fn len(&self) -> usize {
        self.trees.len()
    }

    /// How many of them are allowed.
    pub fn allowed(&self) -> usize {
        self.decoded.iter().filter(|pod| self.checks.allows(pod)).count()
    }

    /// The same, decoding each again.
    pub fn allowed_decoding(&self) -> usize {
        self.trees.iter().filter(|pod| self.checks.allows(&PodView::new(pod))).count()
    }
}

/// So many pods in namespaces of fifty, and three policies a namespace.
fn network_input(pods: usize) -> Vec<Value> {
    let mut dice = Dice(11);
    let mut out = Vec::new();
    let namespaces = pods.div_ceil(50);
    let tier = |dice: &mut Dice| dice.pick(&["web", "api", "db", "batch"]);
    for n in 0..namespaces {
        let (namespace, team) = (format!("ns-{n:03}"), format!("t{}", n % 7));
        out.push(json!({"kind": "Namespace", "metadata": {"name": (namespace.as_str()), "labels": {"team": (team.as_str())}}}));
        for p in 0..3 {
            let rule = match dice.below(3) {
                0 => json!({"from": [{"podSelector": {"matchLabels": {"tier": (tier(&mut dice))}}}]}),
                1 => {
                    json!({"from": [{"namespaceSelector": {"matchLabels": {"team": (format!("t{}", dice.below(7)))}}}]})
                }
                _ => {
                    json!({"from": [{"ipBlock": {"cidr": "10.128.0.0/12", "except": ["10.128.3.0/24"]}}], "ports": [{"port": 80}]})
                }
            };
            let policy = json!({"kind": "NetworkPolicy", "metadata": {"name": (format!("p{p}")), "namespace": (namespace.as_str())},
                "spec": {"podSelector": {"matchLabels": {"tier": (tier(&mut dice))}}, "ingress": [rule], "policyTypes": ["Ingress"]}});
            out.push(policy);
        }
    }
    for i in 0..pods {
        let ip = format!("10.128.{}.{}", (i + 1) / 256, (i + 1) % 256);
        out.push(json!({"kind": "Pod", "metadata": {"name": (format!("p{i:05}")), "namespace": (format!("ns-{:03}", i % namespaces)),
            "labels": {"tier": (tier(&mut dice))}}, "spec": {}, "status": {"podIP": ip}}));
    }
    out
}

/// A network, ready to be asked.
pub struct Reach(Network);

impl Reach {
    /// Reads `netpol-*.yaml`, or makes one of so many pods up.
    pub fn new(given: Option<&str>, pods: usize) -> Self {
        let documents = match given {
            Some(text) => {
                let read = yaml::parse_all(text).into_iter();
                read.map(|d| d.unwrap_or_else(|e| panic!("netpol: {e}")).value).collect()
            }
            None => network_input(pods),
        };
        let mut snapshot = Snapshot::default();
        for (n, document) in (1..).zip(documents) {
            let mut object = Object(document);
            match object.kind() {
                "Namespace" => snapshot.namespaces.push(Namespace::of(&object)),
                "NetworkPolicy" => snapshot.policies.push(Arc::new(object)),
                _ => {
                    if object.str_at(&["status", "podIP"]).is_empty() {
                        let n: u32 = n;
                        object.set(&["status", "podIP"], format!("10.128.{}.{}", n / 256, n % 256));
                    }
                    snapshot.pods.extend(Pod::of(&object));
                }
            }
        }
        Self(Network::compile(snapshot))
    }

    /// How many pairs of different pods may speak on TCP port 80.
    pub fn pairs(&self) -> u64 {
        self.0.matrix(Port { protocol: Protocol::Tcp, number: 80 }).count()
    }
}
