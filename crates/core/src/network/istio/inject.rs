//! What the sidecar injector makes of a pod: an init container that redirects traffic, the proxy, labels and annotations.
//!
//! The proxy is an init container that keeps running, as Istio adds it since 1.27. Volumes, environment and probes of the
//! real template that decide nothing here are left out.

use gatehouse_model::{Map, Object, Value, json};

use super::{PROXY, has_sidecar};

/// The address of the injector, as its webhook configuration names it.
pub const WEBHOOK: &str = "https://istiod.istio-system.svc:443/inject";

const IMAGE: &str = "docker.io/istio/proxyv2:1.28.0";

/// Whether a pod gets a sidecar: it says so itself, or its namespace does. What the node's own network carries is left
/// alone.
fn wanted(pod: &Object, namespace: &Map) -> bool {
    let said = |key: &str| pod.label(key).or_else(|| pod.annotation(key));
    let of_namespace = |key: &str| namespace.get(key).and_then(Value::as_str);
    if pod.bool_at(&["spec", "hostNetwork"]) == Some(true) || has_sidecar(pod) {
        return false;
    }
    match (said("sidecar.istio.io/inject"), of_namespace("istio-injection")) {
        (Some("false"), _) | (_, Some("disabled")) => false,
        (_, Some("enabled")) => true,
        _ if of_namespace("istio.io/rev") == Some("default") => true,
        (said, _) => said == Some("true") || pod.label("istio.io/rev") == Some("default"),
    }
}

/// The pod with its sidecar; `None` where it gets none.
#[must_use]
pub fn inject(pod: &Object, namespace: &Map) -> Option<Object> {
    if !wanted(pod, namespace) {
        return None;
    }
    let mut pod = pod.clone();
    let first = pod.list_at(&["spec", "containers"]).first().map_or("", |c| c.str_at(&["name"])).to_owned();
    let canonical = ["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"]
        .iter()
        .find_map(|k| pod.label(k).map(str::to_owned));
    let name = canonical.unwrap_or_else(|| match pod.str_at(&["metadata", "generateName"]) {
        "" => pod.name().to_owned(),
        prefix => prefix.trim_end_matches('-').to_owned(),
    });
    for (key, value) in [
        ("security.istio.io/tlsMode", "istio"),
        ("service.istio.io/canonical-name", name.as_str()),
        ("service.istio.io/canonical-revision", "latest"),
    ] {
        pod.set(&["metadata", "labels", key], value);
    }
    for (key, value) in [
        ("istio.io/rev", "default"),
        ("kubectl.kubernetes.io/default-container", first.as_str()),
        ("kubectl.kubernetes.io/default-logs-container", first.as_str()),
        ("prometheus.io/path", "/stats/prometheus"),
        ("prometheus.io/port", "15020"),
        ("prometheus.io/scrape", "true"),
        (
            "sidecar.istio.io/status",
            "{\"initContainers\":[\"istio-init\",\"istio-proxy\"],\"containers\":null,\"volumes\":[\"istio-envoy\",\"istio-data\"],\"imagePullSecrets\":null,\"revision\":\"default\"}",
        ),
    ] {
        if pod.annotation(key).is_none() {
            pod.set(&["metadata", "annotations", key], value);
        }
    }
    let resources =
        json!({"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "128Mi"}});
    let init = json!({
        "name": "istio-init", "image": IMAGE, "resources": (resources.clone()),
        "args": ["istio-iptables", "-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT", "-i", "*", "-x", "",
            "-b", "*", "-d", "15090,15021,15020", "--log_output_level=default:info"],
        "securityContext": {
            "allowPrivilegeEscalation": false, "privileged": false, "readOnlyRootFilesystem": false,
            "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
            "runAsGroup": 0, "runAsNonRoot": false, "runAsUser": 0,
        },
    });
    let proxy = json!({
        "name": PROXY, "image": IMAGE, "restartPolicy": "Always", "resources": resources,
        "args": ["proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local", "--proxyLogLevel=warning",
            "--proxyComponentLogLevel=misc:error", "--log_output_level=default:info"],
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        ],
        "ports": [{"containerPort": 15090, "name": "http-envoy-prom", "protocol": "TCP"}],
        "securityContext": {
            "allowPrivilegeEscalation": false, "privileged": false, "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]}, "runAsGroup": 1337, "runAsNonRoot": true, "runAsUser": 1337,
        },
        "volumeMounts": [
            {"mountPath": "/etc/istio/proxy", "name": "istio-envoy"},
            {"mountPath": "/var/lib/istio/data", "name": "istio-data"},
        ],
    });
    let own = pod.list_at(&["spec", "initContainers"]).to_vec();
    pod.set(&["spec", "initContainers"], [init, proxy].into_iter().chain(own).collect::<Value>());
    let mut volumes = pod.list_at(&["spec", "volumes"]).to_vec();
    volumes.push(json!({"name": "istio-envoy", "emptyDir": {"medium": "Memory"}}));
    volumes.push(json!({"name": "istio-data", "emptyDir": {}}));
    pod.set(&["spec", "volumes"], Value::from(volumes));
    Some(pod)
}
