//! Applying the same manifest again changes nothing, whatever kind it is of and whatever its strings look like.
//!
//! kubectl says so where the manifest is written as the server keeps it; lists that it replaces as a whole are written with
//! their defaults here, for with anything else it says `configured`, as the real one does.

use gatehouse_lab::machine::Outcome;
use gatehouse_lab::{KubeVersion, World};

/// One object of each kind that people write.
const OBJECTS: &str = r"
apiVersion: v1
kind: ConfigMap
data: {a: TEXT, b: TEXT}
---
apiVersion: v1
kind: Secret
immutable: false
data: {b: YWJj}
---
apiVersion: v1
kind: ServiceAccount
automountServiceAccountToken: false
imagePullSecrets: [{name: s}]
---
apiVersion: v1
kind: Namespace
---
apiVersion: v1
kind: Service
spec: {selector: {app: a}, ports: [{name: http, port: 80, targetPort: web}, {name: dns, port: 53, protocol: UDP}]}
---
apiVersion: v1
kind: Pod
spec:
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
  initContainers: [{name: i, image: busybox, command: [sh, -c, TEXT]}]
  containers:
  - name: c
    image: nginx:1.27
    env: [{name: A, value: TEXT}, {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
    ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP}]
    resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: '1'}}
    volumeMounts: [{name: v, mountPath: /v}]
    livenessProbe: {httpGet: {path: /, port: 80}}
  volumes: [{name: v, emptyDir: {sizeLimit: 1Gi}}]
---
apiVersion: apps/v1
kind: Deployment
spec:
  replicas: 2
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}, annotations: {x: TEXT}}
    spec: {containers: [{name: c, image: nginx, args: [TEXT, TEXT]}, {name: d, image: busybox}]}
---
apiVersion: apps/v1
kind: StatefulSet
spec:
  serviceName: s
  selector: {matchLabels: {app: s}}
  template: {metadata: {labels: {app: s}}, spec: {containers: [{name: c, image: nginx}]}}
---
apiVersion: apps/v1
kind: DaemonSet
spec:
  selector: {matchLabels: {app: d}}
  template: {metadata: {labels: {app: d}}, spec: {containers: [{name: c, image: nginx}], tolerations: [{operator: Exists}]}}
---
apiVersion: batch/v1
kind: Job
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: [TEXT]}]}}}
---
apiVersion: batch/v1
kind: CronJob
spec: {schedule: '*/5 * * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox}]}}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {a: b}}}], ports: [{port: 80, protocol: TCP}]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
spec: {rules: [{host: a.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}}]}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
spec: {controller: example.com/c}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
rules: [{apiGroups: [''], resources: [pods], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
rules: [{nonResourceURLs: [/healthz], verbs: [get]}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
spec: {minAvailable: 50%, selector: {matchLabels: {app: a}}}
---
apiVersion: v1
kind: ResourceQuota
spec: {hard: {pods: '10', requests.cpu: '4'}}
---
apiVersion: v1
kind: LimitRange
spec: {limits: [{type: Container, default: {cpu: 500m}, defaultRequest: {cpu: 100m}}]}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
value: 1000
description: TEXT
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
handler: runsc
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
provisioner: example.com/p
---
apiVersion: v1
kind: PersistentVolume
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /x}}
---
apiVersion: v1
kind: PersistentVolumeClaim
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: d}}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
spec: {holderIdentity: TEXT}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
spec:
  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods], scope: '*'}]}
  validations: [{expression: 'true', message: TEXT}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
";

/// Strings that a careless reader or printer would change.
const TEXTS: &[&str] = &[
    "plain",
    "yes",
    "null",
    "1.0",
    "0x10",
    "a: b",
    "- a",
    "it's",
    "say \"hi\"",
    "back\\slash",
    " lead",
    "trail ",
    "two\nlines",
    "ends\n",
    "tab\there",
    "é",
    "<&>",
    "#no",
    "2020-01-01",
    "${A}",
    "$(A)",
];

fn run(world: &mut World, line: &str) -> (String, i32) {
    let (Outcome::Done(output) | Outcome::NeedsEdit(output, _) | Outcome::Streaming(output)) =
        world.run_fresh(line);
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (text, output.exit)
}

#[test]
fn the_second_time_nothing_changes() {
    let fresh = World::bare(KubeVersion::V1_36);
    let mut wrong = Vec::new();
    for round in 0..4 {
        let mut texts = TEXTS.iter().cycle().skip(round * 5);
        for (i, template) in OBJECTS.split("---\n").enumerate() {
            let quoted = |t: &str| format!("{t:?}");
            let mut manifest = String::new();
            for (n, piece) in template.trim().split("TEXT").enumerate() {
                if n > 0 {
                    manifest.push_str(&quoted(texts.next().map_or("", |t| t)));
                }
                manifest.push_str(piece);
            }
            let note = quoted(texts.next().map_or("", |t| t));
            manifest.push_str(&format!(
                "\nmetadata: {{name: o{i}, labels: {{x: y1}}, annotations: {{n: {note}}}}}\n"
            ));
            for flags in ["", " --server-side"] {
                let mut world = fresh.clone();
                world.write("o.yaml", &manifest);
                let (first, exit) = run(&mut world, &format!("kubectl apply{flags} -f o.yaml"));
                let version = "kubectl get -f o.yaml -o jsonpath='{.metadata.resourceVersion}'";
                let (before, _) = run(&mut world, version);
                let (second, again) = run(&mut world, &format!("kubectl apply{flags} -f o.yaml"));
                let (after, _) = run(&mut world, version);
                let expected = if flags.is_empty() { " unchanged\n" } else { " serverside-applied\n" };
                let (diff, differs) = run(&mut world, &format!("kubectl diff{flags} -f o.yaml"));
                if exit != 0 || again != 0 || !second.ends_with(expected) || before != after || differs != 0 {
                    wrong.push(format!("{manifest}apply{flags}: {first}{second}{before} {after}\n{diff}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} times:\n{}", wrong.len(), wrong.join("\n"));
}
