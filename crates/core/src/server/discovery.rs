//! Paths that name no resource: version, discovery.
//!
//! Models apiserver `pkg/server/routes`, `pkg/endpoints/discovery` and apiextensions'
//! `customresource_discovery_controller.go`. Knows no OpenAPI documents.

use gatehouse_model::{Map, Object, ResourceType, Value, json};

use crate::cluster::Cluster;
use crate::request::{Reply, Target};
use crate::schema;
use crate::server::authorize::Authorized;
use crate::server::health;
use crate::status::Status;

/// GET of a path.
pub(super) fn get(cluster: &Cluster, _authorized: Authorized, target: &Target) -> Result<Reply, Status> {
    let Target::Path(full) = target else { return Err(Status::path_not_found()) };
    let (path, query) = full.split_once('?').unwrap_or((full, ""));
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    match parts.as_slice() {
        [endpoint @ ("healthz" | "livez" | "readyz"), check @ ..] => {
            health::get(cluster, endpoint, &check.join("/"), query).map(Reply::Text)
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

fn version(cluster: &Cluster) -> Value {
    let minor = cluster.version.minor();
    let mut version = json!({"major": "1", "minor": (minor.to_string())});
    // Since 1.33 a server says which version it plays, and which it can work beside.
    if minor >= 33 {
        version.set(&["emulationMajor"], "1");
        version.set(&["emulationMinor"], minor.to_string());
        version.set(&["minCompatibilityMajor"], "1");
        version.set(&["minCompatibilityMinor"], (minor - 1).to_string());
    }
    version.set(&["gitVersion"], cluster.version.git_version());
    for (field, value) in [("gitTreeState", "clean"), ("compiler", "gc"), ("platform", "linux/amd64")] {
        version.set(&[field], value);
    }
    version
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
    let (mut rows, mut custom): (Vec<(String, Value)>, Vec<Value>) = (Vec::new(), Vec::new());
    for resource in cluster.resources() {
        if resource.gv.group != group || resource.gv.version != version {
            continue;
        }
        let of_definition = schema::is_custom(cluster, &resource);
        let mut own = vec![(resource.plural.to_string(), row(cluster, &resource, of_definition))];
        for sub in &resource.subresources {
            let name = format!("{}/{sub}", resource.plural);
            own.push((name.clone(), subresource(cluster, &resource, sub, &name)));
        }
        if of_definition {
            // Status before scale, and definitions as they come.
            custom.extend(own.into_iter().map(|(_, row)| row));
        } else {
            rows.extend(own);
        }
    }
    if rows.is_empty() && custom.is_empty() {
        return None;
    }
    gatehouse_model::order::by(&mut rows, |a, b| a.0.cmp(&b.0));
    let rows: Vec<Value> = rows.into_iter().map(|(_, row)| row).chain(custom).collect();
    let mut list = json!({"kind": "APIResourceList"});
    // The core group's list never says its own version.
    if group.is_empty() {
        list.set(&["groupVersion"], version);
    } else {
        list.set(&["apiVersion"], "v1");
        list.set(&["groupVersion"], format!("{group}/{version}"));
    }
    list.set(&["resources"], rows);
    Some(list)
}

fn subresource(cluster: &Cluster, resource: &ResourceType, sub: &str, name: &str) -> Value {
    let kind = &*resource.kind;
    let options = |what: &str| ("", "", format!("{kind}{what}Options"));
    let policy = if cluster.version.minor() >= 22 { "v1" } else { "v1beta1" };
    let (group, version, kind) = match sub {
        "scale" => ("autoscaling", "v1", "Scale".to_owned()),
        "eviction" => ("policy", policy, "Eviction".to_owned()),
        "token" => ("authentication.k8s.io", "v1", "TokenRequest".to_owned()),
        "binding" => ("", "", "Binding".to_owned()),
        "attach" => options("Attach"),
        "exec" => options("Exec"),
        "portforward" => options("PortForward"),
        "proxy" => options("Proxy"),
        _ => ("", "", kind.to_owned()),
    };
    let mut row = json!({"name": name, "singularName": "", "namespaced": (resource.namespaced())});
    if !group.is_empty() {
        row.set(&["group"], group);
        row.set(&["version"], version);
    }
    row.set(&["kind"], kind);
    row.set(&["verbs"], subresource_verbs(sub));
    row
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

fn row(cluster: &Cluster, resource: &ResourceType, of_definition: bool) -> Value {
    const CUSTOM: [&str; 8] =
        ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
    let mut row = Map::new();
    row.insert("name", &*resource.plural);
    row.insert("singularName", &*resource.singular);
    row.insert("namespaced", resource.namespaced());
    row.insert("kind", &*resource.kind);
    let words = |l: &[std::borrow::Cow<'static, str>]| l.iter().map(|s| Value::from(&**s)).collect::<Value>();
    let verbs = if of_definition {
        CUSTOM.into_iter().map(Value::from).collect::<Value>()
    } else {
        words(&resource.verbs)
    };
    row.insert("verbs", verbs);
    if !resource.short_names.is_empty() {
        row.insert("shortNames", words(&resource.short_names));
    }
    if !resource.categories.is_empty() {
        row.insert("categories", words(&resource.categories));
    }
    if resource.verbs.iter().any(|verb| verb == "patch") {
        row.insert("storageVersionHash", storage_hash(cluster, resource, of_definition));
    }
    row.into()
}

/// A mark of the version in which objects are stored, by which clients see that it changed.
fn storage_hash(cluster: &Cluster, resource: &ResourceType, of_definition: bool) -> String {
    let (group, kind) = (&*resource.gv.group, &*resource.kind);
    let stored = if of_definition {
        schema::storage_version(cluster, resource)
    } else {
        let all = cluster.resources();
        let first = all.iter().find(|r| r.gv.group == group && r.kind == kind);
        first.map_or_else(String::new, |r| r.gv.version.to_string())
    };
    let text = match kind {
        "Event" => "/v1/Event".to_owned(),
        // What is new is stored as it was before, for one release.
        "MutatingAdmissionPolicy" | "MutatingAdmissionPolicyBinding" if cluster.version.minor() == 36 => {
            format!("{group}/v1beta1/{kind}")
        }
        _ => format!("{group}/{stored}/{kind}"),
    };
    let mut digest = gatehouse_model::sha256::digest(text.as_bytes());
    digest.truncate(8);
    gatehouse_model::base64::encode(&digest)
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
