//! What a network plugin brings to a cluster: its CustomResourceDefinitions, its settings, who its operator is.
//!
//! The definitions are those of kubernetes-sigs/network-policy-api v0.1.7 (experimental channel) and of Cilium 1.18,
//! without their descriptions; parts that occur more than once stand once. Of Cilium's other kinds, which no policy
//! refers to, nothing is here, nor are its agents' pods.

use gatehouse_model::{Value, json};

use crate::cluster::Cluster;
use crate::controllers::Client;
use crate::network::Cni;
use crate::request::User;

const PLUGINS: &str = include_str!("plugins.json");

/// How deep definitions may refer to one another.
const DEPTH: usize = 32;

/// Gives a cluster another network plugin.
pub fn network_plugin(cluster: &mut Cluster, cni: Cni) {
    cluster.network.cni = cni;
    let name = match cni {
        Cni::Enforcing => return,
        Cni::AdminPolicy => "admin-policy",
        Cni::Cilium => "cilium",
    };
    // The text is ours; that it parses is tested.
    let plugins = json::parse(PLUGINS).unwrap_or_default();
    let definitions = plugins.get("definitions").cloned().unwrap_or_default();
    let mut objects: Vec<(&str, Value)> = plugins
        .list_at(&[name])
        .iter()
        .map(|crd| ("customresourcedefinitions.apiextensions.k8s.io", expand(crd, &definitions, DEPTH)))
        .collect();
    if cni == Cni::Cilium {
        objects.extend(cilium());
    }
    let admin = User {
        name: "kubernetes-admin".to_owned(),
        groups: vec!["system:masters".to_owned()],
        ..User::default()
    };
    for (resource, object) in objects {
        let _ = Client::acting(cluster, admin.clone()).create(resource, object);
    }
}

/// What Cilium's chart makes besides, as far as it can be told apart here.
fn cilium() -> [(&'static str, Value); 4] {
    let named = |name: &str| json!({"name": name, "namespace": "kube-system"});
    let of = ["ciliumnetworkpolicies/status", "ciliumclusterwidenetworkpolicies/status"];
    [
        (
            "configmaps",
            json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": (named("cilium-config")),
                "data": {
                    "cluster-name": "default", "enable-l7-proxy": "true", "enable-policy": "default",
                    "mesh-auth-enabled": "true", "mesh-auth-mutual-enabled": "true",
                },
            }),
        ),
        (
            "serviceaccounts",
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": (named("cilium-operator"))}),
        ),
        (
            "clusterroles.rbac.authorization.k8s.io",
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                "metadata": {"name": "cilium-operator"},
                "rules": [{"apiGroups": ["cilium.io"], "resources": (of.to_vec()), "verbs": ["update", "patch"]}],
            }),
        ),
        (
            "clusterrolebindings.rbac.authorization.k8s.io",
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                "metadata": {"name": "cilium-operator"},
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cilium-operator",
                },
                "subjects": [
                    {"kind": "ServiceAccount", "name": "cilium-operator", "namespace": "kube-system"},
                ],
            }),
        ),
    ]
}

/// A value with the definitions it refers to put in place.
fn expand(value: &Value, definitions: &Value, depth: usize) -> Value {
    match value {
        Value::List(items) => items.iter().map(|v| expand(v, definitions, depth)).collect(),
        Value::Map(map) => match value.get("$ref").and_then(Value::as_str) {
            Some(name) if depth > 0 => {
                let part = definitions.get(name).cloned().unwrap_or_default();
                expand(&part, definitions, depth - 1)
            }
            _ => Value::Map(
                map.iter()
                    .map(|(k, v)| (k, expand(v, definitions, depth)))
                    .collect::<gatehouse_model::Map>()
                    .into(),
            ),
        },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_model::KubeVersion;

    #[test]
    fn the_definitions_are_taken_and_served() {
        for (cni, kinds) in [
            (Cni::AdminPolicy, &["adminnetworkpolicies", "baselineadminnetworkpolicies"][..]),
            (
                Cni::Cilium,
                &["ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies", "ciliumcidrgroups"][..],
            ),
        ] {
            let mut cluster = Cluster::bare(KubeVersion::V1_36, 1);
            network_plugin(&mut cluster, cni);
            let served = cluster.resources();
            for kind in kinds {
                assert!(served.iter().any(|r| r.plural == *kind), "{kind}");
            }
            let crds = cluster.store.list("customresourcedefinitions.apiextensions.k8s.io", None);
            for crd in crds {
                assert!(!json::print(&crd.0).contains("$ref"), "{}", crd.name());
            }
        }
    }
}
