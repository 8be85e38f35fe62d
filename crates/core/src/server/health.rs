//! What the API server says of its own health.
//!
//! Models apiserver `pkg/server/healthz` and the checks and hooks that a kube-apiserver registers, in their order.

use gatehouse_model::json::go_quote;

use crate::cluster::Cluster;
use crate::status::{PLAIN_ANSWER, Reason, Status, StatusCause};

/// The hooks of 1.36, in the order in which they are registered.
const HOOKS: &[&str] = &[
    "start-apiserver-admission-initializer",
    "generic-apiserver-start-informers",
    "priority-and-fairness-config-consumer",
    "priority-and-fairness-filter",
    "storage-object-count-tracker-hook",
    "start-apiextensions-informers",
    "start-apiextensions-controllers",
    "crd-informer-synced",
    "start-system-namespaces-controller",
    "peer-endpoint-reconciler-controller",
    "start-cluster-authentication-info-controller",
    "start-kube-apiserver-identity-lease-controller",
    "start-kube-apiserver-identity-lease-garbage-collector",
    "storage-readiness",
    "start-legacy-token-tracking-controller",
    "start-service-ip-repair-controllers",
    "rbac/bootstrap-roles",
    "scheduling/bootstrap-system-priority-classes",
    "priority-and-fairness-config-producer",
    "bootstrap-controller",
    "start-kubernetes-service-cidr-controller",
    "aggregator-reload-proxy-client-cert",
    "start-kube-aggregator-informers",
    "apiservice-status-local-available-controller",
    "apiservice-status-remote-available-controller",
    "apiservice-registration-controller",
    "apiservice-discovery-controller",
    "kube-apiserver-autoregistration",
    COMPLETION,
    "apiservice-openapi-controller",
    "apiservice-openapiv3-controller",
];

/// The hooks of 1.20.
const HOOKS_1_20: &[&str] = &[
    "start-kube-apiserver-admission-initializer",
    "generic-apiserver-start-informers",
    "priority-and-fairness-config-consumer",
    "priority-and-fairness-filter",
    "start-apiextensions-informers",
    "start-apiextensions-controllers",
    "crd-informer-synced",
    "bootstrap-controller",
    "rbac/bootstrap-roles",
    "scheduling/bootstrap-system-priority-classes",
    "priority-and-fairness-config-producer",
    "start-cluster-authentication-info-controller",
    "aggregator-reload-proxy-client-cert",
    "start-kube-aggregator-informers",
    "apiservice-registration-controller",
    "apiservice-status-available-controller",
    "kube-apiserver-autoregistration",
    COMPLETION,
    "apiservice-openapi-controller",
];

/// A check of its own among the hooks.
const COMPLETION: &str = "autoregister-completion";

/// The checks of `healthz`, `livez` or `readyz`, in order, and whether each is well.
fn checks(cluster: &Cluster, endpoint: &str) -> Vec<(String, bool)> {
    let minor = cluster.version.minor();
    let ready = endpoint == "readyz";
    let mut all = vec!["ping", "log"];
    if minor >= 33 && !ready {
        all.push("loopback-serving-certificate");
    }
    all.push("etcd");
    if ready && minor >= 23 {
        all.push("etcd-readiness");
    }
    let well = |name: &str| (name.to_owned(), true);
    let mut all: Vec<(String, bool)> = all.into_iter().map(well).collect();
    if endpoint != "livez" {
        all.extend(cluster.store.encryption().health());
    }
    if ready {
        all.push(well("informer-sync"));
    }
    let hooks = if minor < 24 { HOOKS_1_20 } else { HOOKS };
    all.extend(hooks.iter().map(|hook| match *hook {
        COMPLETION => well(COMPLETION),
        hook => well(&format!("poststarthook/{hook}")),
    }));
    if ready {
        all.push(well("shutdown"));
    }
    all
}

/// The answer of an endpoint to a query, or of one of its checks.
pub(super) fn get(cluster: &Cluster, endpoint: &str, check: &str, query: &str) -> Result<String, Status> {
    let all = checks(cluster, endpoint);
    if !check.is_empty() {
        return match all.iter().find(|(name, _)| name == check) {
            Some((_, true)) => Ok("ok".to_owned()),
            Some(_) => Err(unwell(&format!("internal server error: {check}: health check failed"))),
            None => Err(Status::path_not_found()),
        };
    }
    let pairs = || query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut excluded: Vec<&str> =
        pairs().filter(|(key, _)| *key == "exclude").map(|(_, value)| value).collect();
    let (mut text, mut passed) = (String::new(), true);
    for (name, well) in &all {
        let out = excluded.contains(&name.as_str());
        excluded.retain(|other| other != name);
        text.push_str(&match (out, well) {
            (true, _) => format!("[+]{name} excluded: ok\n"),
            (false, true) => format!("[+]{name} ok\n"),
            (false, false) => format!("[-]{name} failed: reason withheld\n"),
        });
        passed &= out || *well;
    }
    if !excluded.is_empty() {
        gatehouse_model::order::sort(&mut excluded);
        let names: Vec<String> = excluded.iter().map(|name| go_quote(name)).collect();
        let names = names.join(", ");
        text.push_str(&format!("warn: some health checks cannot be excluded: no matches for {names}\n"));
    }
    text.push_str(&format!("{endpoint} check {}\n", if passed { "passed" } else { "failed" }));
    match passed {
        false => Err(unwell(&text)),
        true if pairs().any(|(key, _)| key == "verbose") => Ok(text),
        true => Ok("ok".to_owned()),
    }
}

/// A check that failed answers in plain text; the status is what a client makes of it.
fn unwell(text: &str) -> Status {
    let quoted = go_quote(text);
    let mut status = Status::new(
        Reason::InternalError,
        format!("an error on the server ({quoted}) has prevented the request from succeeding"),
    );
    status.causes.push(StatusCause {
        reason: PLAIN_ANSWER.to_owned(),
        message: text.to_owned(),
        field: String::new(),
    });
    status
}
