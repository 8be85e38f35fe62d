//! How many decisions a second: 100,000 mixed requests against two thousand roles and bindings, and 10,000 pods through
//! Pod Security's `restricted:latest`.
//!
//! Inputs are made up here, the same ones every time. `GATEHOUSE_PERF` may name a folder with a `rbac.json` and a
//! `psa.jsonl` to use instead. What is allowed is counted and printed first: a fast wrong answer is none.

#![expect(missing_docs, reason = "criterion's macros document nothing")]
#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a benchmark with a broken input has nothing better to do than stop and say so"
)]

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gatehouse_core::Cluster;
use gatehouse_core::admission::pod_security::Evaluator;
use gatehouse_core::admission::pod_security::level::{Level, LevelVersion, Version};
use gatehouse_core::admission::pod_security::view::PodView;
use gatehouse_core::authz::{Attributes, rbac::Index};
use gatehouse_core::request::{ResourceTarget, Target, User, Verb};
use gatehouse_model::{KubeVersion, Map, Value, json};

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

/// A file of the folder `GATEHOUSE_PERF` names.
fn given(file: &str) -> Option<String> {
    let path = PathBuf::from(std::env::var_os("GATEHOUSE_PERF")?).join(file);
    Some(std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
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
fn rbac_input() -> Value {
    if let Some(text) = given("rbac.json") {
        return gatehouse_model::json::parse(&text).unwrap_or_else(|e| panic!("rbac.json: {e}"));
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

fn rbac(c: &mut Criterion) {
    let input = rbac_input();
    let list = |name: &str| input.get(name).cloned().unwrap_or_default();
    let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
    let api = "/apis/rbac.authorization.k8s.io/v1";
    let objects: Map = ["roles", "clusterRoles", "roleBindings", "clusterRoleBindings"]
        .iter()
        .map(|kind| (format!("{api}/{}", kind.to_lowercase()), list(kind)))
        .collect();
    cluster.seed(&objects.into());
    let users: Vec<User> = list("identities")
        .items()
        .iter()
        .map(|i| User {
            name: i.str_at(&["name"]).to_owned(),
            groups: i.get("groups").map(strings).unwrap_or_default(),
            ..User::default()
        })
        .collect();
    let table = |name: &str| strings(&input.at(&["tables", name]).cloned().unwrap_or_default());
    let [verbs, groups, resources, subresources, names, namespaces, paths] =
        ["verb", "apiGroup", "resource", "subresource", "name", "namespace", "path"].map(table);
    let requests: Vec<(&User, Verb, Target)> = list("requests")
        .items()
        .iter()
        .map(|request| {
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
            (&users[n(0)], Verb::parse(&verbs[n(1)]), target)
        })
        .collect();
    let index = Index::compile(&cluster.store);
    let count = || {
        let allowed = requests.iter().filter(|(user, verb, target)| {
            index.find(&Attributes { user, verb, target, field_selector: "" }).is_some()
        });
        allowed.count()
    };
    eprintln!("rbac: {} of {} requests are allowed", count(), requests.len());
    let mut group = c.benchmark_group("rbac");
    group.throughput(Throughput::Elements(requests.len() as u64));
    group.bench_function("decisions", |b| b.iter(|| black_box(count())));
    group.bench_function("compile", |b| b.iter(|| black_box(Index::compile(&cluster.store))));
    group.finish();
}

/// Pods that break some of the checks, or none.
fn pods() -> Vec<Value> {
    if let Some(text) = given("psa.jsonl") {
        let parsed = text.lines().map(gatehouse_model::json::parse);
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

fn pod_security(c: &mut Criterion) {
    let pods = pods();
    let restricted = Evaluator::new(LevelVersion { level: Level::Restricted, version: Version::Latest }, 36);
    let decoded: Vec<PodView<'_>> = pods.iter().map(PodView::new).collect();
    let count = || decoded.iter().filter(|pod| restricted.allows(pod)).count();
    eprintln!("psa: {} of {} pods are allowed by restricted:latest", count(), pods.len());
    let mut group = c.benchmark_group("psa");
    group.throughput(Throughput::Elements(pods.len() as u64));
    group.bench_function("restricted", |b| b.iter(|| black_box(count())));
    group.bench_function("restricted, with decoding", |b| {
        b.iter(|| black_box(pods.iter().filter(|pod| restricted.allows(&PodView::new(pod))).count()));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(4));
    targets = rbac, pod_security
}
criterion_main!(benches);
