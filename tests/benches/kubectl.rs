//! How long kubectl's commands take on a cluster of 500 objects: every one of them is to answer within 5 ms.

#![expect(missing_docs, reason = "criterion's macros document nothing")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use gatehouse_lab::machine::Outcome;
use gatehouse_lab::{KubeVersion, World};

/// What people type most, reading and writing.
const COMMANDS: &[&str] = &[
    "kubectl get pods -n n1",
    "kubectl get pods -A -o wide",
    "kubectl get pods -A -o jsonpath='{.items[*].metadata.name}'",
    "kubectl get pods -A --sort-by=.metadata.name",
    "kubectl get pods -A -l i=5",
    "kubectl get pod p1 -n n2 -o yaml",
    "kubectl get all -n n1",
    "kubectl get events -A",
    "kubectl describe pod p1 -n n2",
    "kubectl describe deployment d1 -n n1",
    "kubectl describe node node01",
    "kubectl api-resources",
    "kubectl explain pod.spec.containers",
    "kubectl auth can-i get pods --as=system:serviceaccount:n1:default -n n1",
    "kubectl auth can-i --list --as=system:serviceaccount:n1:default -n n1",
    "kubectl run x --image=nginx -n n1",
    "kubectl create deployment web --image=nginx -n n3",
    "kubectl scale deployment d1 --replicas=3 -n n1",
    "kubectl set image deployment d1 nginx=busybox -n n1",
    "kubectl label pod p1 a=b -n n2",
    "kubectl patch configmap c1 -n n2 -p '{\"data\":{\"x\":\"y\"}}'",
    "kubectl apply -f changed.yaml",
    "kubectl apply --server-side --force-conflicts -f changed.yaml",
    "kubectl diff -f changed.yaml",
    "kubectl delete pod p1 -n n2",
    "kubectl delete deployment d1 -n n1",
    "kubectl cordon node01",
    "kubectl expose deployment d1 --port=80 -n n1",
    "kubectl create token default -n n1",
];

fn run(world: &mut World, line: &str) {
    let (Outcome::Done(output) | Outcome::NeedsEdit(output, _) | Outcome::Streaming(output)) =
        world.run_fresh(line);
    assert!(output.exit <= 1, "{line}: {}", String::from_utf8_lossy(&output.stderr));
    black_box(output);
}

/// 500 objects in twenty namespaces, on top of what every cluster has.
fn cluster() -> World {
    let mut text = String::new();
    for n in 1..=20 {
        let _ = writeln!(text, "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n{n}}}");
    }
    for i in 1..=240 {
        let n = i % 20 + 1;
        let kind = if i % 3 == 0 { "Secret" } else { "ConfigMap" };
        let data = if i % 3 == 0 { "stringData" } else { "data" };
        let meta = format!("{{name: c{i}, namespace: n{n}, labels: {{i: \"{i}\"}}}}");
        let _ = writeln!(text, "---\napiVersion: v1\nkind: {kind}\nmetadata: {meta}\n{data}: {{a: b}}");
    }
    for i in 1..=50 {
        let meta = format!("{{name: p{i}, namespace: n{}, labels: {{i: \"{i}\"}}}}", i % 20 + 1);
        let spec = "{containers: [{name: a, image: nginx}]}";
        let _ = writeln!(text, "---\napiVersion: v1\nkind: Pod\nmetadata: {meta}\nspec: {spec}");
        let rules = "[{apiGroups: [''], resources: [pods], verbs: [get]}]";
        let group = "rbac.authorization.k8s.io";
        let _ = writeln!(
            text,
            "---\napiVersion: {group}/v1\nkind: Role\nmetadata: {{name: r{i}, namespace: n1}}\nrules: {rules}\n---\napiVersion: {group}/v1\nkind: RoleBinding\nmetadata: {{name: r{i}, namespace: n1}}\nroleRef: {{apiGroup: {group}, kind: Role, name: r{i}}}\nsubjects: [{{kind: ServiceAccount, name: default, namespace: n1}}]"
        );
    }
    let mut world = World::bare(KubeVersion::V1_36);
    world.write("all.yaml", &text);
    world.write(
        "changed.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c1, namespace: n2}\ndata: {a: c}\n",
    );
    run(&mut world, "kubectl apply -f all.yaml");
    run(
        &mut world,
        "for i in $(seq 1 30); do kubectl create deployment d$i --image=nginx -n n$((i%4+1)); done",
    );
    run(&mut world, "kubectl create deployment d1 --image=nginx -n n1");
    world
}

fn commands(c: &mut Criterion) {
    let world = cluster();
    let mut group = c.benchmark_group("kubectl");
    group.sample_size(20).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    for line in COMMANDS {
        let name = line.trim_start_matches("kubectl ");
        group.bench_function(name, |b| {
            b.iter_batched_ref(|| world.clone(), |world| run(world, line), BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, commands);
criterion_main!(benches);
