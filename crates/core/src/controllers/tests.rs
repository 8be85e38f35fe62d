use gatehouse_model::{KubeVersion, Object, Value, base64, json};

use super::*;
use crate::kubelet::Kubelet;
use crate::request::{Propagation, User};

mod cluster;

/// A cluster with controllers and the stand-in kubelet, and an administrator.
struct Rig {
    cluster: Cluster,
    kubelet: StandIn,
}

impl Rig {
    fn new() -> Self {
        Self::of(KubeVersion::V1_36)
    }

    fn of(version: KubeVersion) -> Self {
        let mut rig = Self { cluster: Cluster::bare(version, 1), kubelet: StandIn::default() };
        rig.settle();
        rig
    }

    fn settle(&mut self) {
        for _ in 0..100 {
            let acted = reconcile(&mut self.cluster);
            if !self.kubelet.sync(&mut self.cluster) && !acted {
                self.leaves_nothing_undone();
                return;
            }
        }
        panic!("never quiet");
    }

    /// Who looks only at what changed misses nothing: looking at everything finds nothing to do.
    fn leaves_nothing_undone(&mut self) {
        let mut whole = self.cluster.clone();
        whole.controllers.look_again();
        let before = whole.store.revision();
        reconcile(&mut whole);
        let changes = whole.store.changes_since(before).into_iter().flatten();
        let changes: Vec<String> = changes.map(|c| format!("{} {:?}", c.table, c.key)).collect();
        assert!(changes.is_empty(), "left undone: {changes:?}");
    }

    fn advance(&mut self, seconds: i64) {
        self.cluster.now = self.cluster.now.plus_millis(seconds * 1000);
        self.settle();
    }

    fn admin(&mut self) -> Client<'_> {
        let admin = User { name: "admin".into(), groups: vec!["system:masters".into()], ..User::default() };
        Client::acting(&mut self.cluster, admin)
    }

    fn create(&mut self, resource: &str, object: Value) {
        self.cluster.now = self.cluster.now.plus_millis(1000);
        self.admin().create(resource, object).expect("accepted");
        self.settle();
    }

    fn merge(&mut self, resource: &str, name: &str, patch: Value) {
        self.cluster.now = self.cluster.now.plus_millis(1000);
        self.admin().merge(resource, "default", name, patch).expect("accepted");
        self.settle();
    }

    fn delete(&mut self, resource: &str, name: &str, propagation: Propagation) {
        self.admin().delete_with(resource, "default", name, propagation).expect("accepted");
        self.settle();
    }

    fn get(&self, resource: &str, name: &str) -> Option<Object> {
        self.cluster.store.get(resource, "default", name).map(|o| (**o).clone())
    }

    fn all(&self, resource: &str) -> Vec<Object> {
        self.cluster.store.list(resource, Some("default")).map(|o| (**o).clone()).collect()
    }

    fn conditions(&self, resource: &str, name: &str) -> Vec<String> {
        let object = self.get(resource, name).expect("there");
        let text = |c: &Value| ["type", "status", "reason"].map(|k| c.str_at(&[k]).to_owned()).join(" ");
        object.list_at(&["status", "conditions"]).iter().map(text).collect()
    }

    fn messages(&self) -> Vec<String> {
        self.all("events").iter().map(|e| e.str_at(&["message"]).to_owned()).collect()
    }
}

fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": image}]}})
}

fn deployment(image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": (template(image))},
    })
}

#[test]
fn a_quiet_cluster_stays_quiet() {
    let mut rig = Rig::new();
    rig.create("deployments.apps", deployment("nginx:1"));
    let revision = rig.cluster.store.revision();
    rig.advance(60);
    assert_eq!(rig.cluster.store.revision(), revision);
}

#[test]
fn a_deployment_comes_to_rest_and_rolls_over() {
    let mut rig = Rig::new();
    rig.create("deployments.apps", deployment("nginx:1"));
    let web = rig.get("deployments.apps", "web").expect("there");
    assert_eq!(web.i64_at(&["status", "readyReplicas"]), Some(2));
    assert_eq!(web.i64_at(&["status", "updatedReplicas"]), Some(2));
    assert_eq!(
        rig.conditions("deployments.apps", "web"),
        ["Available True MinimumReplicasAvailable", "Progressing True NewReplicaSetAvailable"]
    );
    rig.merge("deployments.apps", "web", json!({"spec": {"template": (template("nginx:2"))}}));
    let images: Vec<String> = rig
        .all("pods")
        .iter()
        .map(|p| p.list_at(&["spec", "containers"])[0].str_at(&["image"]).to_owned())
        .collect();
    assert_eq!(images, ["nginx:2", "nginx:2"]);
    let sets = rig.all("replicasets.apps");
    assert_eq!(sets.iter().filter_map(|s| s.i64_at(&["spec", "replicas"])).sum::<i64>(), 2);
    assert_eq!(sets.len(), 2);
    // Back to the first template: its set gets the newest revision and remembers the old one.
    rig.merge("deployments.apps", "web", json!({"spec": {"template": (template("nginx:1"))}}));
    let sets = rig.all("replicasets.apps");
    assert_eq!(sets.len(), 2);
    let back = sets.iter().find(|s| s.i64_at(&["spec", "replicas"]) == Some(2)).expect("one");
    assert_eq!(back.annotation("deployment.kubernetes.io/revision"), Some("3"));
    assert_eq!(back.annotation("deployment.kubernetes.io/revision-history"), Some("1"));
    assert_eq!(
        rig.get("deployments.apps", "web").unwrap().annotation("deployment.kubernetes.io/revision"),
        Some("3")
    );
}

#[test]
fn a_rollout_that_cannot_finish_times_out() {
    let mut rig = Rig::new();
    let mut stuck = deployment("nginx:1");
    stuck.set(&["spec", "progressDeadlineSeconds"], 2);
    stuck.set(&["spec", "template", "spec", "nodeSelector"], json!({"disk": "nvme"}));
    rig.create("deployments.apps", stuck);
    assert_eq!(
        rig.conditions("deployments.apps", "web"),
        ["Available False MinimumReplicasUnavailable", "Progressing True ReplicaSetUpdated"]
    );
    rig.advance(5);
    assert_eq!(
        rig.conditions("deployments.apps", "web"),
        ["Available False MinimumReplicasUnavailable", "Progressing False ProgressDeadlineExceeded"]
    );
}

#[test]
fn what_is_owned_goes_with_its_owner_or_stays() {
    for propagation in [Propagation::Background, Propagation::Foreground] {
        let mut rig = Rig::new();
        rig.create("deployments.apps", deployment("nginx:1"));
        rig.delete("deployments.apps", "web", propagation);
        assert!(rig.all("deployments.apps").is_empty());
        assert!(rig.all("replicasets.apps").is_empty());
        assert!(rig.all("pods").is_empty());
    }
    let mut rig = Rig::new();
    rig.create("deployments.apps", deployment("nginx:1"));
    rig.delete("deployments.apps", "web", Propagation::Orphan);
    assert!(rig.all("deployments.apps").is_empty());
    assert_eq!(rig.all("pods").len(), 2);
    let sets = rig.all("replicasets.apps");
    assert!(sets[0].list_at(&["metadata", "ownerReferences"]).is_empty());
    // A new deployment with the same selector takes them over.
    rig.create("deployments.apps", deployment("nginx:1"));
    assert_eq!(rig.all("replicasets.apps").len(), 1);
    assert_eq!(rig.all("pods").len(), 2);
}

#[test]
fn an_owner_waits_for_what_blocks_it_until_it_is_let_go() {
    for freed in [json!({"metadata": {"ownerReferences": null}}), json!({"metadata": {"finalizers": null}})] {
        let mut rig = Rig::new();
        let map = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}});
        rig.create("configmaps", map("owner"));
        let uid = rig.get("configmaps", "owner").expect("made").uid().to_owned();
        let mut owned = map("owned");
        owned.set(&["metadata", "finalizers"], json!(["example.com/hold"]));
        let reference = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": (uid.as_str()),
            "blockOwnerDeletion": true}]);
        owned.set(&["metadata", "ownerReferences"], reference);
        rig.create("configmaps", owned);
        rig.delete("configmaps", "owner", Propagation::Foreground);
        assert!(rig.get("configmaps", "owned").expect("held").is_deleting());
        assert!(rig.get("configmaps", "owner").expect("waits").is_deleting());
        rig.merge("configmaps", "owned", freed);
        assert!(rig.get("configmaps", "owner").is_none());
    }
}

#[test]
fn a_service_finds_its_pods() {
    let mut rig = Rig::new();
    rig.create("deployments.apps", deployment("nginx:1"));
    rig.create(
        "services",
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
        }),
    );
    let endpoints = rig.get("endpoints", "web").expect("made");
    let subset = &endpoints.list_at(&["subsets"])[0];
    assert_eq!(subset.list_at(&["addresses"]).len(), 2);
    assert_eq!(subset.list_at(&["ports"])[0].i64_at(&["port"]), Some(8080));
    let slices = rig.all("endpointslices.discovery.k8s.io");
    let slice = slices.iter().find(|s| s.label("kubernetes.io/service-name") == Some("web")).expect("made");
    assert_eq!(slice.list_at(&["endpoints"]).len(), 2);
    rig.delete("deployments.apps", "web", Propagation::Background);
    assert!(rig.get("endpoints", "web").unwrap().list_at(&["subsets"]).is_empty());
    rig.delete("services", "web", Propagation::Background);
    assert!(rig.get("endpoints", "web").is_none());
    assert_eq!(rig.all("endpointslices.discovery.k8s.io").len(), 1);
}

#[test]
fn a_token_secret_lives_with_its_account() {
    let mut rig = Rig::new();
    let secret = |name: &str, account: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
            "metadata": {"name": name, "namespace": "default",
                "annotations": {"kubernetes.io/service-account.name": account}},
        })
    };
    rig.create(
        "serviceaccounts",
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "ci", "namespace": "default"}}),
    );
    rig.create("secrets", secret("ci-token", "ci"));
    rig.create("secrets", secret("ghost-token", "ghost"));
    assert!(rig.get("secrets", "ghost-token").is_none());
    let token = rig.get("secrets", "ci-token").expect("stays");
    let data: Vec<&str> = token.map_at(&["data"]).keys().collect();
    assert_eq!(data, ["ca.crt", "namespace", "token"]);
    let text = base64::decode(token.str_at(&["data", "token"])).expect("base64");
    let text = String::from_utf8(text).expect("text");
    let user = crate::authn::token::authenticate(&rig.cluster, &text, &[]).expect("accepted");
    assert_eq!(user.name, "system:serviceaccount:default:ci");
    rig.delete("serviceaccounts", "ci", Propagation::Background);
    assert!(rig.get("secrets", "ci-token").is_none());
}

#[test]
fn an_approved_request_gets_a_certificate() {
    let mut rig = Rig::new();
    let csr = "MIICYjCCAUoCAQAwHTENMAsGA1UEAwwEamFuZTEMMAoGA1UECgwDZGV2MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA6GpQhZEvLInANBa0YvOj0tjv8414ins5aeGGwdRKlqvEgFPCTmAYXIzcqmtT+fZY5UDVdT+t0KrDj9GotLjTL0Ms8EdQUVZFVUc8RpCopJQ1VF91xfhYveRZGrd/TTrz8T11yYfuP6nhqCKhQN2eiGb6+ufELq1QfdhSTGrzqZ2zCIIxfmy3fpgf5tmiLPe10JYZRvWaE76xnE/YooBqNq5cWpW5t+7iQzaueRAV/ngxUVTAW/GvcbERQh541m9fUmlUFxQeS+HxhjaNnKE1ws5f+HTO8GK9Y/x4u5x9wQJnh8LWS+3MS/CTnG3UnLawFoQpliUwe/hbCY5qxjHnwwIDAQABoAAwDQYJKoZIhvcNAQELBQADggEBAHsf77pi6B3TOJCkMVDMK2xXY4C2Hwnwl77ib4yHttcVD92K2hbZ7FuWskK/1UeJQeGCc8gYW+pYHggrPve9YmbmKP2iHDuGJ9YDEjFzYTGPmWhZp4WoKTyUCRm37M1li9tTOM471AS9HF4qBfmiBjyYfhZvyL6LnhySwqggk+cJIyQSWYpov7qx2uru3VYgXsqouhTsKRwwfv83JrDUIjFp+ponJOAOrGFUuYEbOUVX6Fc7lh6whit709bdQbhZeRpGkaXVh/SinRInCmWV+K88YsI+lGlvAP109TBRmbkx1kl6tsBPs3zfND4onfNMkS6/xgr498qhFa9+psskXKk=";
    let pem = format!("-----BEGIN CERTIFICATE REQUEST-----\n{csr}\n-----END CERTIFICATE REQUEST-----\n");
    let requests = "certificatesigningrequests.certificates.k8s.io";
    rig.create(
        requests,
        json!({
            "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": "jane"},
            "spec": {"request": (base64::encode(pem.as_bytes())), "usages": ["client auth"],
                "signerName": "kubernetes.io/kube-apiserver-client"},
        }),
    );
    let stored = |rig: &Rig| (**rig.cluster.store.get(requests, "", "jane").expect("there")).clone();
    let mut approved = stored(&rig);
    assert_eq!(approved.str_at(&["status", "certificate"]), "");
    approved.set(
        &["status", "conditions"],
        json!([{"type": "Approved", "status": "True", "reason": "r", "message": "m"}]),
    );
    rig.admin().update(requests, &approved, "approval").expect("approved");
    rig.settle();
    let certificate = base64::decode(stored(&rig).str_at(&["status", "certificate"])).expect("base64");
    let text = String::from_utf8(certificate).expect("text");
    assert!(text.starts_with("-----BEGIN CERTIFICATE-----\nMII"), "{text}");
    let body: String = text.lines().filter(|l| !l.starts_with('-')).collect();
    let der = base64::decode(&body).expect("base64");
    assert!(der.windows(4).any(|w| w == b"jane"));
    rig.advance(2 * 3600);
    assert!(rig.cluster.store.get(requests, "", "jane").is_none());
}

#[test]
fn an_aggregated_role_follows_its_parts() {
    let mut rig = Rig::new();
    let roles = "clusterroles.rbac.authorization.k8s.io";
    rig.create(
        roles,
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "all"}, "rules": [],
            "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"to": "all"}}]},
        }),
    );
    rig.create(
        roles,
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "part", "labels": {"to": "all"}},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
        }),
    );
    let rules = |rig: &Rig| rig.cluster.store.get(roles, "", "all").unwrap().list_at(&["rules"]).len();
    assert_eq!(rules(&rig), 1);
    rig.admin().delete(roles, "", "part").expect("accepted");
    rig.settle();
    assert_eq!(rules(&rig), 0);
}

#[test]
fn refused_pods_are_told_of_and_tried_again() {
    let mut rig = Rig::new();
    let enforce = |level: Option<&str>| json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": (level)}}});
    rig.admin().merge("namespaces", "", "default", enforce(Some("restricted"))).expect("accepted");
    rig.create("deployments.apps", deployment("nginx:1"));
    assert_eq!(
        rig.conditions("deployments.apps", "web"),
        [
            "Progressing True NewReplicaSetCreated",
            "Available False MinimumReplicasUnavailable",
            "ReplicaFailure True FailedCreate"
        ]
    );
    assert!(rig.messages().iter().any(|m| m.starts_with("Error creating: pods \"web-")));
    rig.admin().merge("namespaces", "", "default", enforce(None)).expect("accepted");
    rig.settle();
    assert_eq!(rig.all("pods").len(), 2);
}

#[test]
fn a_daemon_runs_on_every_node_that_fits() {
    let mut rig = Rig::new();
    rig.create(
        "daemonsets.apps",
        json!({
            "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent", "namespace": "default"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": (template("busybox"))},
        }),
    );
    let status = |rig: &Rig, key: &str| rig.get("daemonsets.apps", "agent").unwrap().i64_at(&["status", key]);
    assert_eq!(status(&rig, "desiredNumberScheduled"), Some(1));
    assert_eq!(status(&rig, "numberAvailable"), Some(1));
    assert_eq!(rig.all("pods")[0].str_at(&["spec", "nodeName"]), "node01");
    rig.merge("daemonsets.apps", "agent", json!({"spec": {"template": (template("busybox:2"))}}));
    let pods = rig.all("pods");
    assert_eq!(pods.len(), 1);
    assert_eq!(pods[0].list_at(&["spec", "containers"])[0].str_at(&["image"]), "busybox:2");
    assert_eq!(rig.all("controllerrevisions.apps").len(), 2);
    let ssd = json!({"spec": {"template": {"spec": {"nodeSelector": {"disk": "ssd"}}}}});
    rig.merge("daemonsets.apps", "agent", ssd);
    assert_eq!(status(&rig, "desiredNumberScheduled"), Some(0));
    assert!(rig.all("pods").is_empty());
}

fn stateful(image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db", "namespace": "default"},
        "spec": {"replicas": 2, "serviceName": "db", "selector": {"matchLabels": {"app": "web"}}, "template": (template(image))},
    })
}

#[test]
fn a_stateful_set_works_in_order() {
    let mut rig = Rig::new();
    rig.create("statefulsets.apps", stateful("postgres:16"));
    let names = |rig: &Rig| rig.all("pods").iter().map(|p| p.name().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&rig), ["db-0", "db-1"]);
    let set = rig.get("statefulsets.apps", "db").unwrap();
    assert_eq!(set.i64_at(&["status", "currentReplicas"]), Some(2));
    assert_eq!(set.str_at(&["status", "currentRevision"]), set.str_at(&["status", "updateRevision"]));
    rig.merge("statefulsets.apps", "db", json!({"spec": {"template": (template("postgres:17"))}}));
    for pod in rig.all("pods") {
        assert_eq!(pod.list_at(&["spec", "containers"])[0].str_at(&["image"]), "postgres:17");
    }
    let set = rig.get("statefulsets.apps", "db").unwrap();
    assert_eq!(set.i64_at(&["status", "updatedReplicas"]), Some(2));
    assert_eq!(set.str_at(&["status", "currentRevision"]), set.str_at(&["status", "updateRevision"]));
    rig.merge("statefulsets.apps", "db", json!({"spec": {"replicas": 1}}));
    assert_eq!(names(&rig), ["db-0"]);
}

fn job(name: &str) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": "default"},
        "spec": {"completions": 2, "parallelism": 2, "backoffLimit": 1,
            "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}}},
    })
}

impl Rig {
    /// Ends every running pod of a job.
    fn end_pods(&mut self, phase: &str) {
        for pod in self.all("pods") {
            if pod.str_at(&["status", "phase"]) == "Running" {
                let mut status = pod.get("status").cloned().unwrap_or_default();
                status.set(&["phase"], phase);
                let mut kubelet = Client::kubelet(&mut self.cluster, "node01");
                kubelet.update_status("pods", &pod, status).expect("accepted");
            }
        }
        self.settle();
    }
}

#[test]
fn a_job_ends_when_its_pods_have() {
    let mut rig = Rig::new();
    rig.create("jobs.batch", job("j"));
    assert_eq!(rig.get("jobs.batch", "j").unwrap().i64_at(&["status", "active"]), Some(2));
    rig.end_pods("Succeeded");
    assert_eq!(
        rig.conditions("jobs.batch", "j"),
        ["SuccessCriteriaMet True CompletionsReached", "Complete True CompletionsReached"]
    );
    assert_eq!(rig.get("jobs.batch", "j").unwrap().i64_at(&["status", "succeeded"]), Some(2));
    rig.delete("jobs.batch", "j", Propagation::Background);
    assert!(rig.all("pods").is_empty());
    rig.create("jobs.batch", job("bad"));
    rig.end_pods("Failed");
    assert_eq!(
        rig.conditions("jobs.batch", "bad"),
        ["FailureTarget True BackoffLimitExceeded", "Failed True BackoffLimitExceeded"]
    );
}

#[test]
fn a_cron_job_makes_jobs_at_its_times() {
    let mut rig = Rig::new();
    rig.create(
        "cronjobs.batch",
        json!({
            "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "cj", "namespace": "default"},
            "spec": {"schedule": "*/5 * * * *", "jobTemplate": {"spec": (job("x").get("spec").cloned())}},
        }),
    );
    assert!(rig.all("jobs.batch").is_empty());
    rig.advance(300);
    let jobs = rig.all("jobs.batch");
    assert_eq!(jobs.len(), 1);
    let cron = rig.get("cronjobs.batch", "cj").unwrap();
    assert_eq!(cron.str_at(&["status", "lastScheduleTime"]), "2026-11-20T00:05:00Z");
    assert_eq!(cron.list_at(&["status", "active"])[0].str_at(&["name"]), jobs[0].name());
    rig.end_pods("Succeeded");
    assert!(rig.get("cronjobs.batch", "cj").unwrap().list_at(&["status", "active"]).is_empty());
}
