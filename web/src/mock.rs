//! A stand-in for the lab until it lands.
#![expect(missing_docs, reason = "a stand-in")]
use std::collections::BTreeMap;
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Domain {
    ClusterSetup,
    ClusterHardening,
    SystemHardening,
}
impl Domain {
    pub fn title(self) -> &'static str {
        match self {
            Domain::ClusterSetup => "Cluster setup",
            Domain::ClusterHardening => "Cluster hardening",
            Domain::SystemHardening => "System hardening",
        }
    }
}
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PictureKind {
    Network,
    None,
}
#[derive(Clone, PartialEq, Debug)]
pub struct Exercise {
    pub id: String,
    pub title: String,
    pub domain: Domain,
    pub minutes: u32,
    pub hints: Vec<String>,
    pub picture: PictureKind,
}
#[derive(Clone, PartialEq, Debug)]
pub struct Bundle {
    pub exercise: Exercise,
    pub files: BTreeMap<String, String>,
}
impl Bundle {
    pub fn task(&self) -> &str {
        self.files.get("task.md").map_or("", String::as_str)
    }
    pub fn solution_notes(&self) -> &str {
        self.files.get("solution.md").map_or("", String::as_str)
    }
    pub fn below<'a>(&'a self, dir: &str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let prefix = format!("{dir}/");
        self.files.iter().filter_map(move |(path, text)| Some((path.strip_prefix(&prefix)?, text.as_str())))
    }
}
static CATALOGUE: std::sync::LazyLock<Vec<Bundle>> = std::sync::LazyLock::new(|| {
    let task = "Two namespaces, four pods, and no policy at all: everybody reaches everybody.\n\n| pod | namespace | address |\n|---|---|---|\n| pod1 | test | 192.168.173.129 |\n| pod2 | test | 192.168.173.130 |\n\nEach pod has the label `app` with its own name. Close the network in four steps:\n\n1. In **both** namespaces: every pod may send to anywhere, nobody may send to any pod.\n2. `pod1` may reach `pod2` on TCP port 80, and on no other port.\n\nWrite the policies in `policies.yaml` and apply them with `kubectl apply -f policies.yaml`.\n\n```\nkubectl get pods -A -o wide\n```\n";
    [
        ("networkpolicy-four-steps", "Four steps to a closed network", Domain::ClusterSetup, 12),
        ("rbac-service-accounts", "Two service accounts, one right each", Domain::ClusterHardening, 8),
        ("apparmor-deny-write", "A profile that forbids writing", Domain::SystemHardening, 10),
    ]
    .iter()
    .map(|(id, t, d, m)| Bundle {
        exercise: Exercise {
            id: id.to_string(),
            title: t.to_string(),
            domain: *d,
            minutes: *m,
            hints: vec![
                "A policy with an empty `podSelector` chooses every pod of its namespace.".to_string(),
                "Name the port under `ports`.".to_string(),
            ],
            picture: PictureKind::Network,
        },
        files: [
            ("task.md".to_string(), task.to_string()),
            ("solution.md".to_string(), "Policies add up: one that allows is enough.".to_string()),
            ("solution/policies.yaml".to_string(), "kind: NetworkPolicy\n".to_string()),
        ]
        .into_iter()
        .collect(),
    })
    .collect()
});
pub fn catalogue() -> &'static [Bundle] {
    &CATALOGUE
}
#[derive(Clone, PartialEq, Debug)]
pub struct Tab {
    pub path: String,
    pub text: String,
}
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PreviewKind {
    Created,
    Configured,
    Unchanged,
    Refused,
    Mistake,
    Warning,
    Note,
}
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct At {
    pub line: usize,
    pub column: usize,
}
#[derive(Clone, PartialEq, Debug)]
pub struct PreviewLine {
    pub text: String,
    pub kind: PreviewKind,
    pub at: Option<At>,
}
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Preview {
    pub lines: Vec<PreviewLine>,
}
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Transcript {
    pub prompt: String,
    pub line: String,
    pub stdout: String,
    pub stderr: String,
    pub exit: i32,
    pub edit: Option<String>,
    pub streaming: bool,
}
#[derive(Clone, PartialEq, Debug)]
pub struct CheckResult {
    pub id: String,
    pub wants: String,
    pub weight: u32,
    pub passed: bool,
    pub expected: String,
    pub actual: String,
    pub because: Vec<String>,
}
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Report {
    pub checks: Vec<CheckResult>,
}
impl Report {
    pub fn score(&self) -> u32 {
        self.checks.iter().filter(|c| c.passed).map(|c| c.weight).sum()
    }
    pub fn max(&self) -> u32 {
        self.checks.iter().map(|c| c.weight).sum()
    }
}
#[derive(Clone, PartialEq, Debug)]
pub struct PicturePod {
    pub namespace: String,
    pub name: String,
    pub ip: String,
}
#[derive(Clone, PartialEq, Debug)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    pub allowed: bool,
    pub because: Vec<String>,
}
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Picture {
    pub port: String,
    pub pods: Vec<PicturePod>,
    pub edges: Vec<Edge>,
}
#[derive(Clone, Debug)]
pub struct Session {
    bundle: Bundle,
    files: Vec<Tab>,
    log: Vec<Transcript>,
    applied: bool,
    before: Option<Vec<Transcript>>,
    pending: bool,
}
impl Session {
    pub fn of(id: &str, _seed: u64) -> Result<Session, String> {
        let bundle = catalogue().iter().find(|e| e.exercise.id == id).ok_or("none")?.clone();
        let text = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: deny-ingress # both namespaces\n  namespace: default\nspec:\n  podSelector: {}\n  policyTypes: [\"Ingress\"]\n".to_string();
        Ok(Session {
            bundle,
            files: vec![
                Tab { path: "policies.yaml".into(), text: text.clone() },
                Tab { path: "pod.yaml".into(), text },
                Tab {
                    path: "node01:/etc/apparmor.d/deny-write".into(),
                    text: "profile deny-write {}\n".into(),
                },
            ],
            log: vec![],
            applied: false,
            before: None,
            pending: false,
        })
    }
    pub fn restore(json: &str) -> Result<Session, String> {
        let mut w = json.splitn(3, '\u{1}');
        let mut s = Session::of(w.next().ok_or("x")?, 1)?;
        if let Some(t) = w.next() {
            for l in t.split('\u{2}').filter(|l| !l.is_empty()) {
                s.run(l);
            }
        }
        if let Some(t) = w.next() {
            s.edit("policies.yaml", t);
        }
        Ok(s)
    }
    pub fn save(&self) -> String {
        format!(
            "{}\u{1}{}\u{1}{}",
            self.bundle.exercise.id,
            self.log.iter().map(|t| t.line.clone()).collect::<Vec<_>>().join("\u{2}"),
            self.files[0].text
        )
    }
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }
    pub fn tabs(&self) -> Vec<Tab> {
        let mut t = self.files.clone();
        if self.pending {
            t.push(Tab { path: "/tmp/kubectl-edit-1.yaml".into(), text: "kind: Pod\n".into() });
        }
        t
    }
    pub fn transcripts(&self) -> &[Transcript] {
        &self.log
    }
    pub fn pending_edit(&self) -> Option<&str> {
        self.pending.then_some("/tmp/kubectl-edit-1.yaml")
    }
    pub fn edit(&mut self, path: &str, text: &str) {
        for f in &mut self.files {
            if f.path == path {
                f.text = text.to_string();
            }
        }
    }
    pub fn preview(&self, path: &str) -> Preview {
        let t = self.tabs().iter().find(|f| f.path == path).map(|f| f.text.clone()).unwrap_or_default();
        if t.contains('\t') {
            return Preview { lines: vec![PreviewLine { text: "error: error parsing policy.yaml: error converting YAML to JSON: yaml: line 4: found character that cannot start any token".into(), kind: PreviewKind::Mistake, at: Some(At { line: 4, column: 3 }) }] };
        }
        Preview { lines: vec![PreviewLine { text: "networkpolicy.networking.k8s.io/deny-ingress created".into(), kind: PreviewKind::Created, at: None }, PreviewLine { text: "Error from server (NotFound): error when creating \"policy.yaml\": namespaces \"tests\" not found".into(), kind: PreviewKind::Refused, at: Some(At { line: 5, column: 14 }) }] }
    }
    pub fn run(&mut self, line: &str) -> Transcript {
        let mut t = Transcript { prompt: self.prompt(), line: line.to_string(), ..Default::default() };
        if line.starts_with("kubectl apply") {
            self.applied = true;
            t.stdout = "networkpolicy.networking.k8s.io/deny-ingress created\n".into()
        } else if line.starts_with("kubectl edit") {
            self.pending = true;
            t.edit = Some("/tmp/kubectl-edit-1.yaml".into())
        } else if line.starts_with("kubectl get") {
            t.stdout = "NAMESPACE   NAME   READY   STATUS    RESTARTS   AGE   IP                NODE     NOMINATED NODE   READINESS GATES\ndefault     pod1   1/1     Running   0          12m   192.168.173.129   node01   <none>           <none>\ndefault     pod2   1/1     Running   0          12m   192.168.173.130   node01   <none>           <none>\n".into()
        } else {
            t.stderr = format!("bash: {}: command not found\n", line);
            t.exit = 127
        }
        self.log.push(t.clone());
        t
    }
    pub fn finish_edit(&mut self, _text: &str) -> Option<Transcript> {
        self.pending = false;
        Some(Transcript { stdout: "pod/x edited\n".into(), ..Default::default() })
    }
    pub fn is_incomplete(&self, line: &str) -> bool {
        line.contains("<<EOF") && !line.ends_with("\nEOF")
    }
    pub fn prompt(&self) -> String {
        "student@lab:~$ ".into()
    }
    pub fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>) {
        let from = line[..cursor].rfind(' ').map_or(0, |i| i + 1);
        (
            from,
            ["kubectl", "kill", "get", "pods", "policies.yaml", "apply"]
                .iter()
                .filter(|c| c.starts_with(&line[from..cursor]))
                .map(|c| c.to_string())
                .collect(),
        )
    }
    pub fn reset(&mut self) {
        self.before = Some(std::mem::take(&mut self.log));
        self.applied = false;
    }
    pub fn undo(&mut self) -> bool {
        if let Some(b) = self.before.take() {
            for t in b {
                self.run(&t.line);
            }
            return true;
        }
        false
    }
    pub fn grade(&self) -> Report {
        let p = self.applied;
        let c = |id: &str, wants: &str, weight, passed, expected: &str, actual: &str, because: &[&str]| {
            CheckResult {
                id: id.into(),
                wants: wants.into(),
                weight,
                passed,
                expected: expected.into(),
                actual: actual.into(),
                because: because.iter().map(|b| b.to_string()).collect(),
            }
        };
        Report {
            checks: vec![
                c("a", "every pod may go out", 30, p, "allowed", "allowed", &[]),
                c(
                    "b",
                    "only pod1 reaches pod2, on TCP port 80",
                    30,
                    p,
                    "test/pod3 → default/pod2 TCP/80: denied",
                    "allowed",
                    &["no policy selects default/pod2 for ingress"],
                ),
                c(
                    "c",
                    "pod2's address reaches pod3",
                    40,
                    false,
                    "default/pod2 → test/pod3 TCP/80: allowed",
                    "denied",
                    &["NetworkPolicy test/deny-ingress isolates test/pod3 for ingress (policy.yaml line 8)"],
                ),
            ],
        }
    }
    pub fn picture(&self) -> Picture {
        let pod = |ns: &str, n: &str, i| PicturePod {
            namespace: ns.into(),
            name: n.into(),
            ip: format!("192.168.173.{i}"),
        };
        let pods = vec![
            pod("default", "pod4", 132),
            pod("test", "pod1", 129),
            pod("test", "pod2", 130),
            pod("test", "pod3", 131),
        ];
        let mut edges = vec![];
        for from in 0..4 {
            for to in 0..4 {
                if from != to {
                    edges.push(Edge {
                        from,
                        to,
                        allowed: !(self.applied && to != 2),
                        because: vec!["no policy selects the pod".into()],
                    })
                }
            }
        }
        Picture { port: "TCP/80".into(), pods, edges }
    }
}
