//! Manifests that are wrong: each is refused with a place, in bounded time, and never by a panic.

#![expect(clippy::disallowed_methods, reason = "bounded real time is what is tested")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use gatehouse_lab::machine::Outcome;
use gatehouse_lab::{KubeVersion, World};

/// The longest a single one may take, with the tests' optimization.
const LIMIT: Duration = Duration::from_secs(20);

const POD: &str =
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: c\n    image: nginx\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  replicas: 1\n  selector:\n    matchLabels: {app: a}\n  template:\n    metadata:\n      labels: {app: a}\n    spec:\n      containers:\n      - name: c\n        image: nginx\n";
const POLICY: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: a\nspec:\n  podSelector: {}\n  policyTypes: [Ingress]\n";
const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: a\nrules:\n- apiGroups: ['']\n  resources: [pods]\n  verbs: [get]\n";

/// Lines that no YAML parser reads where they stand.
const BROKEN: &[&str] = &[
    "  key: 'never closed",
    "  key: \"never closed",
    "  key: [1, 2",
    "  key: {a: 1",
    "  key: {a: 1]]",
    "\tkey: tab",
    "  key: value: again",
    "  - item\n  key: value",
    "  key: *nobody",
    "  key: &a &b 1",
    "  key: @at",
    "  key: `tick`",
    "  key: %percent",
    "  key: \"\\q\"",
    "  ? [a\n  : b",
    "  key: |2x\n    text",
    "  key: !!binary |\n  - a",
    "   odd: 1\n  even: 2\n    deeper: 3",
    "  key: \"\\x9\"",
    "  key: 'a' 'b'",
    "  key: \"a\" b",
    "  ]",
    "  }",
    "  key:\n\t- tab",
    "  key: >z\n   text",
];

/// Fields and values of the wrong type.
const WRONG: &[(&str, &str, &str)] = &[
    (POD, "  name: a", "  name: [a]"),
    (POD, "  name: a", "  name: {a: b}"),
    (POD, "  name: a", "  name: a\n  labels: text"),
    (POD, "  name: a", "  name: a\n  labels: [a]"),
    (POD, "  name: a", "  name: a\n  labels: {a: 1}"),
    (POD, "  name: a", "  name: a\n  labels: {a: {b: c}}"),
    (POD, "  name: a", "  name: a\n  annotations: {a: true}"),
    (POD, "  name: a", "  name: a\n  finalizers: text"),
    (POD, "  name: a", "  name: a\n  generation: many"),
    (POD, "  name: a", "  name: a\n  creationTimestamp: yesterday"),
    (POD, "metadata:\n  name: a", "metadata: a"),
    (POD, "metadata:\n  name: a", "metadata: [a]"),
    (POD, "    image: nginx", "    image: 5"),
    (POD, "    image: nginx", "    image: [nginx]"),
    (POD, "    image: nginx", "    image: nginx\n    command: sh"),
    (POD, "    image: nginx", "    image: nginx\n    command: [1]"),
    (POD, "    image: nginx", "    image: nginx\n    args: {a: b}"),
    (POD, "    image: nginx", "    image: nginx\n    ports: 80"),
    (POD, "    image: nginx", "    image: nginx\n    ports: [80]"),
    (POD, "    image: nginx", "    image: nginx\n    ports: [{containerPort: http}]"),
    (POD, "    image: nginx", "    image: nginx\n    ports: [{containerPort: 80.5}]"),
    (POD, "    image: nginx", "    image: nginx\n    env: {A: b}"),
    (POD, "    image: nginx", "    image: nginx\n    env: [{name: A, value: 1}]"),
    (POD, "    image: nginx", "    image: nginx\n    env: [{name: A, value: true}]"),
    (POD, "    image: nginx", "    image: nginx\n    securityContext: true"),
    (POD, "    image: nginx", "    image: nginx\n    securityContext: {privileged: 'yes'}"),
    (POD, "    image: nginx", "    image: nginx\n    securityContext: {runAsUser: root}"),
    (POD, "    image: nginx", "    image: nginx\n    securityContext: {capabilities: [ALL]}"),
    (POD, "    image: nginx", "    image: nginx\n    securityContext: {capabilities: {drop: ALL}}"),
    (POD, "    image: nginx", "    image: nginx\n    resources: {limits: [cpu]}"),
    (POD, "    image: nginx", "    image: nginx\n    resources: {limits: {cpu: lots}}"),
    (POD, "    image: nginx", "    image: nginx\n    volumeMounts: [{name: v, mountPath: [a]}]"),
    (POD, "    image: nginx", "    image: nginx\n    livenessProbe: {httpGet: {port: [80]}}"),
    (POD, "spec:\n", "spec:\n  hostNetwork: 'true'\n"),
    (POD, "spec:\n", "spec:\n  hostPID: 1\n"),
    (POD, "spec:\n", "spec:\n  nodeSelector: [a]\n"),
    (POD, "spec:\n", "spec:\n  tolerations: {a: b}\n"),
    (POD, "spec:\n", "spec:\n  volumes: {a: b}\n"),
    (POD, "spec:\n", "spec:\n  restartPolicy: [Always]\n"),
    (POD, "spec:\n", "spec:\n  terminationGracePeriodSeconds: soon\n"),
    (DEPLOYMENT, "  replicas: 1", "  replicas: one"),
    (DEPLOYMENT, "  replicas: 1", "  replicas: [1]"),
    (DEPLOYMENT, "  replicas: 1", "  replicas: 1.5"),
    (DEPLOYMENT, "  replicas: 1", "  replicas: 'true'"),
    (DEPLOYMENT, "  replicas: 1", "  replicas: 1\n  strategy: Recreate"),
    (DEPLOYMENT, "  replicas: 1", "  replicas: 1\n  paused: 'no'"),
    (DEPLOYMENT, "    matchLabels: {app: a}", "    matchLabels: [app]"),
    (DEPLOYMENT, "    matchLabels: {app: a}", "    matchExpressions: {key: app}"),
    (POLICY, "  podSelector: {}", "  podSelector: []"),
    (POLICY, "  podSelector: {}", "  podSelector: {}\n  ingress: {from: []}"),
    (POLICY, "  podSelector: {}", "  podSelector: {}\n  ingress: [{from: {podSelector: {}}}]"),
    (POLICY, "  podSelector: {}", "  podSelector: {}\n  ingress: [{ports: [{port: [80]}]}]"),
    (POLICY, "[Ingress]", "Ingress"),
    (ROLE, "[get]", "get"),
    (ROLE, "[pods]", "{pods: get}"),
    (ROLE, "rules:", "rules: {}\nother:"),
];

/// Numbers that no field holds.
const HUGE: &[(&str, &str, &str)] = &[
    (DEPLOYMENT, "  replicas: 1", "  replicas: 99999999999999999999"),
    (DEPLOYMENT, "  replicas: 1", "  replicas: 2147483648"),
    (DEPLOYMENT, "  replicas: 1", "  replicas: -99999999999999999999"),
    (DEPLOYMENT, "  replicas: 1", "  replicas: 1e400"),
    (DEPLOYMENT, "  replicas: 1", "  replicas: .inf"),
    (DEPLOYMENT, "  replicas: 1", "  replicas: .nan"),
    (DEPLOYMENT, "  replicas: 1", "  replicas: 0xffffffffffffffffff"),
    (POD, "    image: nginx", "    image: nginx\n    ports: [{containerPort: 99999999999}]"),
    (POD, "    image: nginx", "    image: nginx\n    ports: [{containerPort: 65536}]"),
    (POD, "    image: nginx", "    image: nginx\n    resources: {limits: {cpu: 1e}}"),
    (POD, "    image: nginx", "    image: nginx\n    resources: {limits: {cpu: 1kk}}"),
    (POD, "    image: nginx", "    image: nginx\n    securityContext: {runAsUser: 9223372036854775808}"),
    (POD, "    image: nginx", "    image: nginx\n    securityContext: {runAsUser: -1}"),
];

/// Fields that do not exist.
const UNKNOWN: &[(&str, &str, &str)] = &[
    (POD, "spec:", "spek:"),
    (POD, "    image: nginx", "    imagee: nginx"),
    (POD, "    image: nginx", "    image: nginx\n    securitycontext: {}"),
    (POD, "    image: nginx", "    image: nginx\n    securityContext: {privilege: true}"),
    (POD, "    image: nginx", "    image: nginx\n    env: [{nam: A}]"),
    (POD, "  containers:", "  container: []\n  containers:"),
    (POD, "  name: a", "  name: a\n  label: {}"),
    (DEPLOYMENT, "  replicas: 1", "  replica: 1"),
    (DEPLOYMENT, "      containers:", "      conteners: []\n      containers:"),
    (POLICY, "  podSelector: {}", "  podselector: {}"),
    (ROLE, "  verbs: [get]", "  verb: [get]"),
    (ROLE, "  resources: [pods]", "  resource: [pods]"),
    (POD, "kind: Pod", "kind: Pot"),
    (POD, "apiVersion: v1", "apiVersion: v2"),
    (POD, "kind: Pod\n", ""),
    (POD, "apiVersion: v1\n", ""),
    (POD, "  name: a", "  nam: a"),
];

/// Everything that is wrong, by name.
fn cases() -> Vec<(String, Vec<u8>)> {
    let mut cases: Vec<(String, Vec<u8>)> = Vec::new();
    for (i, line) in BROKEN.iter().enumerate() {
        for (template, at) in
            [(POD, "spec:\n"), (DEPLOYMENT, "  template:\n"), (POLICY, "spec:\n"), (ROLE, "rules:\n")]
        {
            let text = template.replacen(at, &format!("{line}\n{at}"), 1);
            cases.push((format!("broken line {i} before {at:?}"), text.into_bytes()));
        }
    }
    for (kind, table) in [("wrong type", WRONG), ("huge", HUGE), ("unknown", UNKNOWN)] {
        for (template, from, to) in table {
            assert!(template.contains(from), "{from} is not in the template");
            cases.push((format!("{kind}: {to}"), template.replacen(from, to, 1).into_bytes()));
        }
    }
    let deep =
        |open: &str, close: &str, n: usize| format!("{POD}  x: {}{}\n", open.repeat(n), close.repeat(n));
    cases.push(("deep lists".into(), deep("[", "]", 20_000).into_bytes()));
    cases.push(("deep maps".into(), deep("{a: ", "}", 20_000).into_bytes()));
    cases.push(("deep and open".into(), deep("[", "", 20_000).into_bytes()));
    cases.push(("deep dashes".into(), format!("{POD}  x:\n  {}a\n", "- ".repeat(20_000)).into_bytes()));
    let mut steps = POD.to_owned();
    for i in 1..3000 {
        let _ = writeln!(steps, "{}k:", " ".repeat(i + 1));
    }
    cases.push(("deep blocks".into(), steps.into_bytes()));
    cases.push(("deep JSON".into(), format!("{{\"kind\":\"Pod\",\"x\":{}", "[".repeat(20_000)).into_bytes()));
    let mut bomb =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..12 {
        let before = format!("*a{}", i - 1);
        let _ = writeln!(bomb, "a{i}: &a{i} [{}]", [before.as_str(); 9].join(", "));
    }
    cases.push(("anchors that explode".into(), bomb.into_bytes()));
    cases.push(("an anchor that holds itself".into(), format!("{POD}  x: &x [*x]\n").into_bytes()));
    let long = "x".repeat(5_000_000);
    let argument = format!("    image: nginx\n    args: [{long}]");
    cases.push(("5 MB in an argument".into(), POD.replacen("    image: nginx", &argument, 1).into_bytes()));
    cases.push(("5 MB of comments, then nonsense".into(), format!("#{long}\n{POD}  x: [\n").into_bytes()));
    let many: String = (0..250_000).map(|i| format!("  k{i}: v\n")).collect();
    cases.push(("5 MB of fields".into(), format!("{POD}{many}").into_bytes()));
    cases.push(("5 MB in one line of JSON".into(), format!("{{\"kind\": \"{long}").into_bytes()));
    for (name, bytes) in [
        ("invalid UTF-8 in a value", &b"apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\xff\"}\n"[..]),
        ("invalid UTF-8 in a key", &b"apiVersion: v1\nkind: Pod\nm\xc3\x28: 1\n"[..]),
        ("UTF-8 cut off", &b"apiVersion: v1\nkind: Pod\nmetadata: {name: \xe2\x82"[..]),
        ("a null byte", &b"apiVersion: v1\nkind: Pod\nmetadata: {name: a\0b}\n"[..]),
        ("a control character", &b"apiVersion: v1\nkind: Pod\nmetadata: {name: a\x07b}\n"[..]),
        ("UTF-16", &b"\xff\xfea\0p\0i\0:\0 \0v\0"[..]),
        ("nothing but noise", &b"\x80\x81\x82\x83"[..]),
        ("a picture", &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..]),
        ("broken JSON", &b"{\"apiVersion\": \"v1\", \"kind\": \"Pod\", }"[..]),
        ("JSON without an end", &b"{\"apiVersion\": \"v1\", \"kind\": \"Pod\""[..]),
        ("JSON with a rest", &b"{\"apiVersion\": \"v1\", \"kind\": \"Pod\"} x"[..]),
        ("a list of words", &b"- a\n- b\n"[..]),
        ("a word", &b"Pod\n"[..]),
        ("a number", &b"5\n"[..]),
        ("a list without items", &b"apiVersion: v1\nkind: List\nitems: 5\n"[..]),
        ("a list of words in a List", &b"apiVersion: v1\nkind: List\nitems: [a, b]\n"[..]),
        ("HTML", &b"<!DOCTYPE html>\n<html><body>404: not found</body></html>\n"[..]),
        ("the second document", &b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\nkind: [\n"[..]),
    ] {
        cases.push((name.to_owned(), bytes.to_vec()));
    }
    for key in ["name", "labels", "annotations"] {
        let text = POD.replacen("  name: a", &format!("  name: a\n  {key}: a\n  {key}: []"), 1);
        cases.push((format!("{key} twice"), text.into_bytes()));
    }
    cases
}

#[test]
fn each_is_refused_with_a_place() {
    let cases = cases();
    assert!(cases.len() >= 200, "{} cases", cases.len());
    let fresh = World::bare(KubeVersion::V1_36);
    let mut wrong = Vec::new();
    for (name, bytes) in &cases {
        let mut world = fresh.clone();
        world.write_bytes("bad.yaml", bytes);
        let start = Instant::now();
        let (Outcome::Done(output) | Outcome::NeedsEdit(output, _) | Outcome::Streaming(output)) =
            world.run_fresh("kubectl apply -f bad.yaml");
        let took = start.elapsed();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // A file, a line, an offset or a field.
        let places = ["bad.yaml", "line ", "spec", "metadata", "offset", "rules", "kind", "apiVersion"];
        let placed = places.iter().any(|p| said.contains(p));
        if output.exit == 0 || !placed || took > LIMIT || said.len() > 20_000 {
            let said: String = said.chars().take(300).collect();
            wrong.push(format!("{name}: exit {} after {took:?}: {said}", output.exit));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
