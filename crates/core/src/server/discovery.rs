//! Paths that name no resource: health, version, discovery.
//!
//! Models apiserver `pkg/server/{healthz,routes}` and `pkg/endpoints/discovery`.

use gatehouse_model::{Map, Object, ResourceType, Value, json};

use crate::cluster::Cluster;
use crate::request::{Reply, Target};
use crate::server::authorize::Authorized;
use crate::status::{PLAIN_ANSWER, Reason, Status, StatusCause};

/// GET of a path.
pub(super) fn get(cluster: &Cluster, _authorized: Authorized, target: &Target) -> Result<Reply, Status> {
    let Target::Path(full) = target else { return Err(Status::path_not_found()) };
    let (path, query) = full.split_once('?').unwrap_or((full, ""));
    let verbose = query.split('&').any(|p| p == "verbose" || p.starts_with("verbose="));
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    match parts.as_slice() {
        [check @ ("healthz" | "livez" | "readyz")] => health(cluster, check, verbose),
        ["healthz" | "livez" | "readyz", check] if CHECKS.contains(check) => Ok(Reply::Text("ok".to_owned())),
        ["healthz" | "readyz", check] => {
            match cluster.store.encryption().health().iter().find(|(n, _)| n == check) {
                Some((_, true)) => Ok(Reply::Text("ok".to_owned())),
                Some(_) => Err(unwell(&format!("internal server error: {check}: health check failed"))),
                None => Err(Status::path_not_found()),
            }
        }
        ["version"] => Ok(Reply::Text(gatehouse_model::json::print_indent(&version(cluster), "  "))),
        ["api"] => Ok(object(json!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "172.30.1.2:6443"}],
        }))),
        ["apis"] => Ok(object(groups(cluster))),
        ["apis", name] => group(cluster, name).map(object).ok_or_else(Status::path_not_found),
        ["api", version] => resources(cluster, "", version).map(object).ok_or_else(Status::path_not_found),
        ["apis", name, version] => {
            resources(cluster, name, version).map(object).ok_or_else(Status::path_not_found)
        }
        ["debug", "pprof"] if cluster.config.profiling => Ok(Reply::Text(PROFILES.to_owned())),
        ["metrics"] => Ok(Reply::Text(String::new())),
        [] => Ok(object(json!({"paths": (paths(cluster))}))),
        _ => Err(Status::path_not_found()),
    }
}

/// The first lines of Go's index of profiles.
const PROFILES: &str = "<html>\n<head>\n<title>/debug/pprof/</title>\n<style>\n.profile-name{\n\tdisplay:inline-block;\n\twidth:6rem;\n}\n</style>\n</head>\n<body>\n/debug/pprof/\n<br>\n<p>Set debug=1 as a query parameter to export in legacy text format</p>\n<br>\n</body>\n</html>\n";

fn object(value: Value) -> Reply {
    Reply::Object(Object(value))
}

const CHECKS: &[&str] = &[
    "ping",
    "log",
    "etcd",
    "etcd-readiness",
    "informer-sync",
    "poststarthook/rbac/bootstrap-roles",
    "shutdown",
];

fn health(cluster: &Cluster, check: &str, verbose: bool) -> Result<Reply, Status> {
    let more = if check == "livez" { Vec::new() } else { cluster.store.encryption().health() };
    let well = more.iter().all(|(_, well)| *well);
    if !verbose && well {
        return Ok(Reply::Text("ok".to_owned()));
    }
    let mut text = String::new();
    for name in ["ping", "log", "etcd"] {
        text.push_str(&format!("[+]{name} ok\n"));
    }
    if check == "readyz" {
        text.push_str("[+]etcd-readiness ok\n");
    }
    for (name, well) in more {
        let line =
            if well { format!("[+]{name} ok\n") } else { format!("[-]{name} failed: reason withheld\n") };
        text.push_str(&line);
    }
    if check == "readyz" {
        text.push_str("[+]informer-sync ok\n");
    }
    for hook in HOOKS {
        text.push_str(&format!("[+]poststarthook/{hook} ok\n"));
    }
    if check == "readyz" {
        text.push_str("[+]shutdown ok\n");
    }
    text.push_str(&format!("{check} check {}\n", if well { "passed" } else { "failed" }));
    if well { Ok(Reply::Text(text)) } else { Err(unwell(&text)) }
}

/// A check that failed answers in plain text; the status is what a client makes of it.
fn unwell(text: &str) -> Status {
    let quoted = gatehouse_model::json::go_quote(text);
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

const HOOKS: &[&str] = &[
    "start-apiserver-admission-initializer",
    "generic-apiserver-start-informers",
    "priority-and-fairness-config-consumer",
    "priority-and-fairness-filter",
    "start-apiextensions-informers",
    "start-apiextensions-controllers",
    "crd-informer-synced",
    "start-system-namespaces-controller",
    "start-cluster-authentication-info-controller",
    "rbac/bootstrap-roles",
    "scheduling/bootstrap-system-priority-classes",
    "priority-and-fairness-config-producer",
    "bootstrap-controller",
    "start-kube-aggregator-informers",
    "apiservice-registration-controller",
    "apiservice-status-available-controller",
    "kube-apiserver-autoregistration",
    "autoregister-completion",
    "apiservice-openapi-controller",
];

fn version(cluster: &Cluster) -> Value {
    let minor = cluster.version.minor().to_string();
    json!({
        "major": "1", "minor": minor, "gitVersion": (cluster.version.git_version()),
        "gitTreeState": "clean", "compiler": "gc", "platform": "linux/amd64",
    })
}

/// Groups in discovery order, each with its versions in order of preference.
fn group_versions(cluster: &Cluster) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for resource in cluster.resources() {
        if resource.gv.group.is_empty() {
            continue;
        }
        let version = resource.gv.version.to_string();
        match groups.iter_mut().find(|(g, _)| *g == resource.gv.group) {
            Some((_, versions)) => {
                if !versions.contains(&version) {
                    versions.push(version);
                }
            }
            None => groups.push((resource.gv.group.to_string(), vec![version])),
        }
    }
    groups
}

fn group_value(name: &str, versions: &[String]) -> Value {
    let versions: Vec<Value> = versions
        .iter()
        .map(|v| json!({"groupVersion": (format!("{name}/{v}")), "version": (v.as_str())}))
        .collect();
    let preferred = versions.first().cloned().unwrap_or_default();
    json!({"name": name, "versions": versions, "preferredVersion": preferred})
}

fn groups(cluster: &Cluster) -> Value {
    let groups: Vec<Value> = group_versions(cluster).iter().map(|(g, v)| group_value(g, v)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

fn group(cluster: &Cluster, name: &str) -> Option<Value> {
    let (name, versions) = group_versions(cluster).into_iter().find(|(g, _)| g == name)?;
    let mut value = group_value(&name, &versions);
    value.set(&["kind"], "APIGroup");
    value.set(&["apiVersion"], "v1");
    Some(value)
}

fn resources(cluster: &Cluster, group: &str, version: &str) -> Option<Value> {
    let mut rows: Vec<(String, Value)> = Vec::new();
    for resource in cluster.resources() {
        if resource.gv.group != group || resource.gv.version != version {
            continue;
        }
        rows.push((resource.plural.to_string(), row(&resource)));
        for sub in &resource.subresources {
            let name = format!("{}/{sub}", resource.plural);
            let row = json!({
                "name": (name.as_str()), "singularName": "", "namespaced": (resource.namespaced()),
                "kind": (&*resource.kind), "verbs": (subresource_verbs(sub)),
            });
            rows.push((name, row));
        }
    }
    if rows.is_empty() {
        return None;
    }
    gatehouse_model::order::by(&mut rows, |a, b| a.0.cmp(&b.0));
    let rows: Vec<Value> = rows.into_iter().map(|(_, row)| row).collect();
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    Some(
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": rows}),
    )
}

fn subresource_verbs(sub: &str) -> Value {
    match sub {
        "status" | "scale" | "approval" | "ephemeralcontainers" | "resize" => {
            json!(["get", "patch", "update"])
        }
        "log" => json!(["get"]),
        "finalize" => json!(["update"]),
        "attach" | "exec" | "portforward" => json!(["create", "get"]),
        "proxy" => json!(["create", "delete", "get", "patch", "update"]),
        _ => json!(["create"]),
    }
}

fn row(resource: &ResourceType) -> Value {
    let mut row = Map::new();
    row.insert("name", &*resource.plural);
    row.insert("singularName", &*resource.singular);
    row.insert("namespaced", resource.namespaced());
    row.insert("kind", &*resource.kind);
    let words = |l: &[std::borrow::Cow<'static, str>]| l.iter().map(|s| Value::from(&**s)).collect::<Value>();
    row.insert("verbs", words(&resource.verbs));
    if !resource.short_names.is_empty() {
        row.insert("shortNames", words(&resource.short_names));
    }
    if !resource.categories.is_empty() {
        row.insert("categories", words(&resource.categories));
    }
    row.into()
}

fn paths(cluster: &Cluster) -> Value {
    let mut paths = vec!["/api".to_owned(), "/api/v1".to_owned(), "/apis".to_owned()];
    for (group, versions) in group_versions(cluster) {
        paths.push(format!("/apis/{group}"));
        paths.extend(versions.iter().map(|v| format!("/apis/{group}/{v}")));
    }
    paths.extend(["/healthz", "/livez", "/metrics", "/openapi/v2", "/readyz", "/version"].map(str::to_owned));
    gatehouse_model::order::sort(&mut paths);
    paths.into_iter().collect()
}
