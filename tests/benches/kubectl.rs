//! How long kubectl's commands take on a cluster of 500 objects: every one of them is to answer within 5 ms.

#![expect(missing_docs, reason = "criterion's macros document nothing")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use gatehouse_lab::machine::Outcome;
use gatehouse_lab::{KubeVersion, World};

/// Every command that there is, and what people type most of it; in their order, reading and writing.
const COMMANDS: &[&str] = &[
    "kubectl get pods -n n1",
    "kubectl get pods -A -o wide",
    "kubectl get pods -A -o json",
    "kubectl get pods -A -o yaml",
    "kubectl get pods -A -o name",
    "kubectl get pods -A -o jsonpath='{.items[*].metadata.name}'",
    "kubectl get pods -A -o go-template='{{range .items}}{{.metadata.name}} {{end}}'",
    "kubectl get pods -A -o custom-columns=A:.metadata.name,B:.spec.nodeName",
    "kubectl get pods -A --sort-by=.metadata.name",
    "kubectl get pods -A -l i=5 -L i",
    "kubectl get pods -A --field-selector=status.phase=Running",
    "kubectl get pod p1 -n n2 -o yaml",
    "kubectl get all -n n1",
    "kubectl get pods,secrets,configmaps -A",
    "kubectl get nodes -o wide",
    "kubectl get events -A",
    "kubectl get --raw /api/v1/namespaces/n1/pods",
    "kubectl describe pod p1 -n n2",
    "kubectl describe pods -A",
    "kubectl describe deployment d1 -n n1",
    "kubectl describe namespace n1",
    "kubectl describe node node01",
    "kubectl api-resources",
    "kubectl api-versions",
    "kubectl version",
    "kubectl cluster-info",
    "kubectl explain pod.spec.containers",
    "kubectl explain deployment --recursive",
    "kubectl config view",
    "kubectl config get-contexts",
    "kubectl config set-context --current --namespace=n1",
    "kubectl completion bash",
    "kubectl __complete get pods ''",
    "kubectl auth can-i get pods --as=system:serviceaccount:n1:default -n n1",
    "kubectl auth can-i --list --as=system:serviceaccount:n1:default -n n1",
    "kubectl auth whoami",
    "kubectl auth reconcile -f role.yaml",
    "kubectl events -n n1",
    "kubectl top pods -n n1",
    "kubectl rollout status deployment d1 -n n1",
    "kubectl rollout history deployment d1 -n n1",
    "kubectl wait pod p1 --for=condition=Ready -n n2",
    "kubectl diff -f changed.yaml",
    "kubectl kustomize .",
    "kubectl logs p1 -n n2",
    "kubectl run x --image=nginx -n n1",
    "kubectl create namespace new",
    "kubectl create deployment web --image=nginx -n n3",
    "kubectl create configmap more --from-literal=a=b -n n3",
    "kubectl create secret generic more --from-literal=a=b -n n3",
    "kubectl create job once --image=busybox -n n3 -- true",
    "kubectl create cronjob tick --image=busybox --schedule='* * * * *' -n n3 -- true",
    "kubectl create role more --verb=get --resource=pods -n n3",
    "kubectl create rolebinding more --role=more --user=jane -n n3",
    "kubectl create clusterrole more --verb=get --resource=pods",
    "kubectl create clusterrolebinding more --clusterrole=view --user=jane",
    "kubectl create serviceaccount more -n n3",
    "kubectl create service clusterip more --tcp=80 -n n3",
    "kubectl create ingress more --rule=a.example/=more:80 -n n3",
    "kubectl create quota more --hard=pods=100 -n n3",
    "kubectl create pdb more --selector=a=b --min-available=1 -n n3",
    "kubectl create priorityclass more --value=10",
    "kubectl create token default -n n1",
    "kubectl apply -f changed.yaml",
    "cat changed.yaml | kubectl apply -f -",
    "kubectl apply -k .",
    "kubectl apply --server-side --force-conflicts -f changed.yaml",
    "kubectl apply --prune -l none=none -f changed.yaml -n n2",
    "kubectl replace -f changed.yaml",
    "kubectl patch configmap c1 -n n2 -p '{\"data\":{\"x\":\"y\"}}'",
    "KUBE_EDITOR='sed -i s/b/c/' kubectl edit configmap c1 -n n2",
    "kubectl label pod p1 a=b -n n2",
    "kubectl annotate pod p1 a=b -n n2",
    "kubectl set image deployment d1 nginx=busybox -n n1",
    "kubectl set env deployment d1 A=b -n n1",
    "kubectl scale deployment d1 --replicas=3 -n n1",
    "kubectl autoscale deployment d1 --max=3 -n n1",
    "kubectl rollout restart deployment d1 -n n1",
    "kubectl rollout pause deployment d1 -n n1",
    "kubectl expose deployment d1 --port=80 -n n1",
    "kubectl taint node node01 a=b:NoSchedule",
    "kubectl cordon node01",
    "kubectl drain node01 --force --ignore-daemonsets --dry-run=server",
    "kubectl certificate approve c",
    "kubectl delete pod p1 -n n2",
    "kubectl delete configmap c1 -n n2",
    "kubectl delete deployment d1 -n n1",
];

/// A request for a certificate, so that there is one to approve.
const CSR: &str = "\
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: c}
spec:
  signerName: kubernetes.io/kube-apiserver-client
  usages: [client auth]
  request: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQ1lqQ0NBVW9DQVFBd0hURU5NQXNHQTFVRUF3d0VhbUZ1WlRFTU1Bb0dBMVVFQ2d3RFpHVjJNSUlCSWpBTgpCZ2txaGtpRzl3MEJBUUVGQUFPQ0FROEFNSUlCQ2dLQ0FRRUExNXNFQmRZZkFTTjdra0ZtLzNySHlUTFlzZTZSClNnaGNESkVNdHlVdkVyckp4Y1VJQjNmR09xbnJFK1U2TGZjZldUejU4OHFaaC9EYnpiRUJZOGl1SytRSFNSdFoKbFRMNVpTTkNzUWJIdzgzdVAwaW1lcmtNT3Q5eEFFSm50aExaNmtmOUdvVlpRSzQySWRGSFhkZWRvSHpyZEpOdAplazZCdkZZd2RaNDZIUVpxVndKTGQ5WWNLbkpEaElZZUs5U1QvSUJMbFUweDZEMGRSZGNXNjU2WStpTGhKVEpFCkx6d090ejB4VHVxSUxpNHFOUzlvWjJ2K0Q0WlJmT0padzNGaWRYaStFcXpCYWFGVzFweDRGTElvaEliRnJPT1YKMW1aeFNsWGs0Z203azBPZ2JMdktzZmNYclFrcjJsOXlzY0cvc1RBenBVNndxUHJkc01GSVJLendad0lEQVFBQgpvQUF3RFFZSktvWklodmNOQVFFTEJRQURnZ0VCQVB0RHlTUzcyRnNMbGlqM0UwdkxSU29vcFg0dnBkM0pRNnQ1CnJackJNRWY2Sklzc3BHZ3hlZHgyckRwcmFGQ3J4SlllTDRndjBML1JFQ2pVZUFrbkhxOWZKRGxmNm90N3FKV3MKNmhqcEM1cm1KV0NaRVREc0gxdFV2ZWtEZVp0dTdZdE9FY1pjcU0zWHc4U3QxVk9rRVlmZ29weVVGczVNVjdaZgp4QmQ1VEZ0Y2FTUGpBcmZLTTFsMXFoNjNaSlNvUGt0YndwdGRwZkZQVDJtNHJrVmFuMGtZNjB1WnBCb28xY2ZHCjdhY1VCMFRGcFEybDlDUzNjeE0rU1Z6dkswdDRqS0g0R2hxNnBFMk5OYlpZS1diSTA2bVdTUFhtbFY0b1JtQ0gKckUyU1NVcGJLS1JWQnRGWDJ3NTNNRGd5M3hMd21iNVZsNStJVXpBdlVGYkVwaHlZZGtBPQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K
";

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
    world.write("kustomization.yaml", "namespace: n2\nresources: [changed.yaml]\n");
    world.write(
        "role.yaml",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r1, namespace: n1}\nrules: [{apiGroups: [''], resources: [pods], verbs: [list]}]\n",
    );
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
    world.write("c.yaml", CSR);
    run(&mut world, "kubectl create -f c.yaml");
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
