//! What the plugins do to requests that reach them through the whole chain.

use gatehouse_model::{KubeVersion, Map, Value, json};

use super::testing::{admit, resource};
use super::*;

fn cluster(version: KubeVersion, plugins: &[&str]) -> Cluster {
    let mut cluster = Cluster::empty(version, 1);
    let flags = std::sync::Arc::make_mut(&mut cluster.config);
    flags.enable_admission_plugins = plugins.iter().map(|p| (*p).to_owned()).collect();
    cluster.seed(&json!({
        "/api/v1/namespaces": [{"metadata": {"name": "ci"}, "status": {"phase": "Active"}}, {"metadata": {"name": "old"}, "status": {"phase": "Terminating"}}],
        "/api/v1/serviceaccounts": [{"metadata": {"name": "default", "namespace": "ci"}},
            {"metadata": {"name": "quiet", "namespace": "ci"}, "automountServiceAccountToken": false, "imagePullSecrets": [{"name": "registry"}]}],
    }));
    cluster
}

fn pod(spec: Value) -> Value {
    json!({"metadata": {"name": "web", "namespace": "ci"}, "spec": spec})
}

fn run(cluster: &mut Cluster, pod: &Value) -> Result<Value, String> {
    admit(cluster, "jane", &resource("", "Pod", "pods"), pod, None).0
}

fn refusal(cluster: &mut Cluster, spec: Value) -> String {
    run(cluster, &pod(spec)).unwrap_err()
}

const PLAIN: KubeVersion = KubeVersion::V1_36;

#[test]
fn every_pod_gets_an_account_a_token_and_tolerations() {
    let mut cluster = cluster(PLAIN, &[]);
    let done = run(&mut cluster, &pod(json!({"containers": [{"name": "c"}]}))).unwrap();
    assert_eq!(done.str_at(&["spec", "serviceAccountName"]), "default");
    let volume = &done.list_at(&["spec", "volumes"])[0];
    assert!(volume.str_at(&["name"]).starts_with("kube-api-access-"));
    assert_eq!(
        volume.list_at(&["projected", "sources"])[0].i64_at(&["serviceAccountToken", "expirationSeconds"]),
        Some(3607)
    );
    let mount = &done.list_at(&["spec", "containers"])[0].list_at(&["volumeMounts"])[0];
    assert_eq!(mount.str_at(&["mountPath"]), "/var/run/secrets/kubernetes.io/serviceaccount");
    assert_eq!(done.list_at(&["spec", "tolerations"]).len(), 2);
    assert_eq!(done.i64_at(&["spec", "priority"]), Some(0));
}

#[test]
fn automount_is_the_pods_word_before_the_accounts() {
    let mut cluster = cluster(PLAIN, &[]);
    let quiet =
        run(&mut cluster, &pod(json!({"serviceAccountName": "quiet", "containers": [{"name": "c"}]})))
            .unwrap();
    assert!(quiet.list_at(&["spec", "volumes"]).is_empty());
    assert_eq!(quiet.list_at(&["spec", "imagePullSecrets"])[0].str_at(&["name"]), "registry");
    let loud = json!({"serviceAccountName": "quiet", "automountServiceAccountToken": true, "containers": [{"name": "c"}]});
    assert_eq!(run(&mut cluster, &pod(loud)).unwrap().list_at(&["spec", "volumes"]).len(), 1);
    let own = json!({"containers": [{"name": "c", "volumeMounts": [{"name": "x", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]}]});
    assert!(run(&mut cluster, &pod(own)).unwrap().list_at(&["spec", "volumes"]).is_empty());
}

#[test]
fn a_missing_account_is_named_with_the_prefix_of_a_generated_name() {
    let mut cluster = cluster(PLAIN, &[]);
    assert_eq!(
        refusal(&mut cluster, json!({"serviceAccountName": "ghost", "containers": []})),
        "pods \"web\" is forbidden: error looking up service account ci/ghost: serviceaccount \"ghost\" not found"
    );
    let generated = json!({"metadata": {"generateName": "web-", "namespace": "ci"}, "spec": {"serviceAccountName": "ghost"}});
    let error = run(&mut cluster, &generated).unwrap_err();
    assert!(error.starts_with("pods \"web-\" is forbidden"), "{error}");
}

#[test]
fn nothing_comes_into_a_namespace_that_is_missing_or_going() {
    let mut cluster = cluster(PLAIN, &[]);
    let maps = resource("", "ConfigMap", "configmaps");
    let map = |ns: &str| json!({"metadata": {"name": "m", "namespace": ns}});
    assert_eq!(
        admit(&mut cluster, "jane", &maps, &map("ghost"), None).0,
        Err("namespaces \"ghost\" not found".to_owned())
    );
    assert_eq!(
        admit(&mut cluster, "jane", &maps, &map("old"), None).0,
        Err("configmaps \"m\" is forbidden: unable to create new content in namespace old because it is being terminated".to_owned())
    );
}

#[test]
fn limits_fill_in_and_hold() {
    let mut cluster = cluster(PLAIN, &[]);
    cluster.seed(&json!({"/api/v1/limitranges": [{"metadata": {"name": "l", "namespace": "ci"}, "spec": {"limits": [{
        "type": "Container", "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"}, "min": {"cpu": "50m"}, "max": {"cpu": "1"}, "maxLimitRequestRatio": {"cpu": "8"}}]}}]}));
    let done = run(&mut cluster, &pod(json!({"containers": [{"name": "c"}]}))).unwrap();
    assert_eq!(
        done.str_at(&["metadata", "annotations", "kubernetes.io/limit-ranger"]),
        "LimitRanger plugin set: cpu request for container c; cpu limit for container c"
    );
    let mut asks = |request: &str, limit: &str| {
        refusal(
            &mut cluster,
            json!({"containers": [{"name": "c", "resources": {"requests": {"cpu": request}, "limits": {"cpu": limit}}}]}),
        )
    };
    assert_eq!(
        asks("10m", "50m"),
        "pods \"web\" is forbidden: minimum cpu usage per Container is 50m, but request is 10m"
    );
    assert_eq!(
        asks("500m", "2"),
        "pods \"web\" is forbidden: maximum cpu usage per Container is 1, but limit is 2"
    );
    assert_eq!(
        asks("100m", "900m"),
        "pods \"web\" is forbidden: cpu max limit to request ratio per Container is 8, but provided ratio is 9.000000"
    );
}

#[test]
fn a_runtime_class_brings_overhead_and_nodes() {
    let mut cluster = cluster(PLAIN, &[]);
    cluster.seed(&json!({"/apis/node.k8s.io/v1/runtimeclasses": [{"metadata": {"name": "gvisor"}, "handler": "runsc",
        "overhead": {"podFixed": {"memory": "64Mi"}},
        "scheduling": {"nodeSelector": {"runtime": "gvisor"}, "tolerations": [{"key": "gvisor", "operator": "Exists"}]}}]}));
    let done = run(&mut cluster, &pod(json!({"runtimeClassName": "gvisor", "containers": []}))).unwrap();
    assert_eq!(done.str_at(&["spec", "overhead", "memory"]), "64Mi");
    assert_eq!(done.str_at(&["spec", "nodeSelector", "runtime"]), "gvisor");
    assert!(done.list_at(&["spec", "tolerations"]).iter().any(|t| t.str_at(&["key"]) == "gvisor"));
    assert_eq!(
        refusal(&mut cluster, json!({"runtimeClassName": "kata", "containers": []})),
        "pods \"web\" is forbidden: pod rejected: RuntimeClass \"kata\" not found"
    );
    assert_eq!(
        refusal(&mut cluster, json!({"overhead": {"memory": "1Mi"}, "containers": []})),
        "pods \"web\" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
    );
    assert_eq!(
        refusal(
            &mut cluster,
            json!({"runtimeClassName": "gvisor", "nodeSelector": {"runtime": "runc"}, "containers": []})
        ),
        "pods \"web\" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[runtime] = gvisor; pod.spec.nodeSelector[runtime] = runc"
    );
}

#[test]
fn a_class_of_priority_becomes_a_number() {
    let mut cluster = cluster(PLAIN, &[]);
    cluster.seed(&json!({"/apis/scheduling.k8s.io/v1/priorityclasses": [{"metadata": {"name": "high"}, "value": 1000, "preemptionPolicy": "Never"}]}));
    let done = run(&mut cluster, &pod(json!({"priorityClassName": "high", "containers": []}))).unwrap();
    assert_eq!(
        (done.i64_at(&["spec", "priority"]), done.str_at(&["spec", "preemptionPolicy"])),
        (Some(1000), "Never")
    );
    assert_eq!(
        refusal(&mut cluster, json!({"priorityClassName": "ghost", "containers": []})),
        "pods \"web\" is forbidden: no PriorityClass with name ghost was found"
    );
    assert_eq!(
        refusal(&mut cluster, json!({"priority": 5, "containers": []})),
        "pods \"web\" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name"
    );
}

#[test]
fn images_are_always_pulled_if_the_plugin_is_on() {
    let spec = json!({"containers": [{"name": "c", "image": "nginx", "imagePullPolicy": "Never"}]});
    let policy = |plugins: &[&str]| {
        let done = run(&mut cluster(PLAIN, plugins), &pod(spec.clone())).unwrap();
        done.list_at(&["spec", "containers"])[0].str_at(&["imagePullPolicy"]).to_owned()
    };
    assert_eq!(policy(&[]), "Never");
    assert_eq!(policy(&["AlwaysPullImages"]), "Always");
}

#[test]
fn a_backend_of_images_decides() {
    let mut cluster = cluster(PLAIN, &["ImagePolicyWebhook"]);
    let server = "https://images.example:8443/review";
    let configure = |cluster: &mut Cluster, allow: bool| {
        let own = json!({"imagePolicy": {"defaultAllow": allow, "server": server}});
        let flags = std::sync::Arc::make_mut(&mut cluster.config);
        flags.admission_configuration.insert("ImagePolicyWebhook".to_owned(), own);
    };
    configure(&mut cluster, true);
    assert!(run(&mut cluster, &pod(json!({"containers": [{"name": "c", "image": "nginx:latest"}]}))).is_ok());
    configure(&mut cluster, false);
    assert_eq!(
        refusal(&mut cluster, json!({"containers": [{"name": "c", "image": "nginx:1.27"}]})),
        "pods \"web\" is forbidden: Post \"https://images.example:8443/review?timeout=30s\": dial tcp: lookup images.example on 8.8.8.8:53: no such host"
    );
    let message = "Images using latest tag are not allowed".to_owned();
    let rule = backends::Rule { pattern: "*:latest".to_owned(), message, ..backends::Rule::default() };
    let backend = backends::Backend { rules: vec![rule], sidecars: false };
    std::sync::Arc::make_mut(&mut cluster.webhook_backends).insert(server.to_owned(), backend);
    assert!(run(&mut cluster, &pod(json!({"containers": [{"name": "c", "image": "nginx:1.27"}]}))).is_ok());
    assert_eq!(
        refusal(&mut cluster, json!({"containers": [{"name": "c", "image": "nginx:latest"}]})),
        "pods \"web\" is forbidden: image policy webhook backend denied one or more images: Images using latest tag are not allowed"
    );
}

#[test]
fn the_answers_of_an_image_backend_are_kept_for_a_while() {
    let mut cluster = cluster(PLAIN, &["ImagePolicyWebhook"]);
    let server = "https://images.example:8443/review";
    let answer = |cluster: &mut Cluster, allowed: bool| {
        let rule = backends::Rule { pattern: "*".to_owned(), allowed, ..backends::Rule::default() };
        let backend = backends::Backend { rules: vec![rule], sidecars: false };
        std::sync::Arc::make_mut(&mut cluster.webhook_backends).insert(server.to_owned(), backend);
    };
    let configure = |cluster: &mut Cluster, own: Value| {
        let mut own = json!({"imagePolicy": (own)});
        own.set(&["imagePolicy", "server"], server);
        let flags = std::sync::Arc::make_mut(&mut cluster.config);
        flags.admission_configuration.insert("ImagePolicyWebhook".to_owned(), own);
    };
    let ask = |cluster: &mut Cluster, seconds: i64| {
        cluster.now = cluster.now.plus_millis(seconds * 1000);
        run(cluster, &pod(json!({"containers": [{"name": "c", "image": "nginx"}]}))).is_ok()
    };
    configure(&mut cluster, json!({"denyTTL": 60}));
    answer(&mut cluster, true);
    assert!(ask(&mut cluster, 0));
    answer(&mut cluster, false);
    // Five minutes for a yes where nothing else is said, a minute for a no as configured.
    assert!(ask(&mut cluster, 299));
    assert!(!ask(&mut cluster, 1));
    answer(&mut cluster, true);
    assert!(!ask(&mut cluster, 59));
    assert!(ask(&mut cluster, 1));
    // Another question is another answer, and -1 keeps nothing.
    answer(&mut cluster, false);
    assert_eq!(
        refusal(&mut cluster, json!({"containers": [{"name": "c", "image": "httpd"}]})),
        "pods \"web\" is forbidden: one or more images rejected by webhook backend"
    );
    cluster.process = crate::cluster::Process::default();
    configure(&mut cluster, json!({"denyTTL": -1}));
    assert!(!ask(&mut cluster, 0));
    answer(&mut cluster, true);
    assert!(ask(&mut cluster, 0));
}

#[test]
fn the_default_tolerations_last_as_long_as_the_flags_say() {
    let mut cluster = cluster(PLAIN, &[]);
    std::sync::Arc::make_mut(&mut cluster.config).toleration_seconds = [30, 0];
    let done = run(&mut cluster, &pod(json!({"containers": [{"name": "c", "image": "nginx"}]}))).unwrap();
    let seconds: Vec<_> = done
        .list_at(&["spec", "tolerations"])
        .iter()
        .map(|t| (t.str_at(&["key"]), t.i64_at(&["tolerationSeconds"])))
        .collect();
    assert_eq!(
        seconds,
        [("node.kubernetes.io/not-ready", Some(30)), ("node.kubernetes.io/unreachable", Some(0))]
    );
}

#[test]
fn nobody_becomes_a_master_by_certificate() {
    use crate::pki::{Key, der, x509};
    let key = Key::new(crate::pki::Algorithm::P256, &mut crate::world::Entropy::new(1));
    let request = |organization: &str| {
        let subject =
            [("O".to_owned(), organization.to_owned()), ("CN".to_owned(), "system:node:node01".to_owned())];
        let pem = der::pem("CERTIFICATE REQUEST", &x509::Request::write(&subject, &key, &[]));
        json!({"metadata": {"name": "r"}, "spec": {"signerName": "kubernetes.io/kube-apiserver-client", "request": (gatehouse_model::base64::encode(pem.as_bytes()))}})
    };
    let kind = resource("certificates.k8s.io", "CertificateSigningRequest", "certificatesigningrequests");
    let mut cluster = cluster(PLAIN, &[]);
    let mut ask = |subject: &str| admit(&mut cluster, "jane", &kind, &request(subject), None).0.map(|_| ());
    assert_eq!(ask("developers"), Ok(()));
    assert_eq!(
        ask("system:masters"),
        Err("certificatesigningrequests.certificates.k8s.io \"r\" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed".to_owned())
    );
}

#[test]
fn a_kubelet_touches_only_its_own_node() {
    let mut cluster = cluster(PLAIN, &["NodeRestriction"]);
    let kind = resource("", "Node", "nodes");
    let node = |name: &str, labels: Value| json!({"metadata": {"name": name, "labels": labels}, "spec": {}});
    let user = User {
        name: "system:node:node01".to_owned(),
        groups: vec!["system:nodes".to_owned()],
        ..User::default()
    };
    let mut update = |name: &str, new: Value, old: Value| {
        let old = gatehouse_model::Object(old);
        let mut request = AdmissionRequest {
            user: &user,
            operation: Operation::Update,
            resource: &kind,
            subresource: "",
            namespace: "",
            name,
            object: Some(gatehouse_model::Object(new)),
            old_object: Some(&old),
            dry_run: DryRun::No,
        };
        mutate(&mut cluster, &mut request, &mut Notes::default()).map_err(|s| s.message)
    };
    let plain = |name: &str| node(name, json!({}));
    assert_eq!(update("node01", node("node01", json!({"a": "b"})), plain("node01")), Ok(()));
    assert_eq!(
        update("node01", node("node01", json!({"node-restriction.kubernetes.io/x": "y"})), plain("node01")),
        Err("nodes \"node01\" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/x".to_owned())
    );
    assert_eq!(
        update("node02", plain("node02"), plain("node02")),
        Err("nodes \"node02\" is forbidden: node \"node01\" is not allowed to modify node \"node02\""
            .to_owned())
    );
    let mut tainted = plain("node01");
    tainted.set(&["spec", "taints"], json!([{"key": "a", "effect": "NoSchedule"}]));
    assert_eq!(
        update("node01", tainted, plain("node01")),
        Err("nodes \"node01\" is forbidden: node \"node01\" is not allowed to modify taints".to_owned())
    );
}

#[test]
fn flags_turn_plugins_on_and_off_in_the_servers_order() {
    let names = |version, on: &[&str]| enabled_names(&cluster(version, on));
    let new = names(KubeVersion::V1_36, &["NodeRestriction"]);
    assert_eq!(new[..4], ["NamespaceLifecycle", "LimitRanger", "ServiceAccount", "NodeRestriction"]);
    assert!(new.contains(&"PodSecurity") && !new.contains(&"PodSecurityPolicy"));
    let old = names(KubeVersion::V1_20, &["PodSecurityPolicy"]);
    assert!(
        old.contains(&"PodSecurityPolicy")
            && !old.contains(&"PodSecurity")
            && !old.contains(&"ValidatingAdmissionPolicy")
    );
    assert_eq!(old.last(), Some(&"ResourceQuota"));
}

#[test]
fn the_trace_tells_what_each_plugin_changed() {
    let mut cluster = cluster(PLAIN, &[]);
    let spec = json!({"serviceAccountName": "quiet", "containers": [{"name": "c"}]});
    let (_, notes) = admit(&mut cluster, "jane", &resource("", "Pod", "pods"), &pod(spec), None);
    let step = notes.steps.iter().find(|s| s.plugin == "ServiceAccount").unwrap();
    let changes: Map =
        step.changes.iter().map(|c| (c.field.as_str(), Value::from(c.after.as_str()))).collect();
    assert_eq!(
        Value::from(changes),
        json!({"spec.imagePullSecrets": "[{\"name\":\"registry\"}]", "spec.serviceAccount": "\"quiet\""})
    );
}
