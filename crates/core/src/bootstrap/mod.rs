//! What a cluster holds before anybody has asked it for anything: namespaces, nodes, the bootstrap policy, priority
//! classes, default service accounts.
//!
//! The data is what real servers of the two recorded versions made of themselves; other versions start from the
//! nearer one.

mod plugins;
mod served;

pub use plugins::network_plugin;

use gatehouse_model::{KubeVersion, Value, json};

use crate::cluster::Cluster;
use crate::config::ApiServerConfig;

const V1_36: &str = include_str!("1.36.json");
const V1_20: &str = include_str!("1.20.json");

/// The objects a cluster of this version starts with, keyed by API path, each a list.
#[must_use]
pub fn objects(version: KubeVersion) -> Value {
    let text = if version.minor() <= 24 { V1_20 } else { V1_36 };
    // The text is ours; that it parses is tested.
    json::parse(text).unwrap_or_default()
}

impl Cluster {
    /// A cluster as it is right after its start, with API server flags to fit its version.
    #[must_use]
    pub fn bare(version: KubeVersion, seed: u64) -> Self {
        Self::bare_at(version, seed, None)
    }

    /// The same, with an API server that says it listens at an address other than the recordings'.
    #[must_use]
    pub fn bare_at(version: KubeVersion, seed: u64, address: Option<&str>) -> Self {
        let mut cluster = Self::empty(version, seed);
        cluster.config = std::sync::Arc::new(ApiServerConfig::for_version(version));
        let mut objects = objects(version);
        let now = cluster.now.to_string();
        for (_, list) in objects.make_map().iter_mut() {
            for object in list.make_list() {
                object.set(&["metadata", "uid"], cluster.entropy.uid());
                object.set(&["metadata", "creationTimestamp"], now.as_str());
            }
        }
        if let Some(address) = address {
            let slices = objects.at_mut(&["/apis/discovery.k8s.io/v1/endpointslices"]);
            for slice in slices.into_iter().flat_map(Value::make_list) {
                for endpoint in slice.entry_at(&["endpoints"]).make_list() {
                    endpoint.set(&["addresses"], vec![address]);
                }
                for port in slice.entry_at(&["ports"]).make_list() {
                    port.set(&["port"], 6443);
                }
            }
        }
        cluster.seed(&objects);
        served::seed(&mut cluster);
        cluster
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_cluster_has_its_bootstrap_policy() {
        for version in [KubeVersion::V1_20, KubeVersion::V1_36] {
            let cluster = Cluster::bare(version, 1);
            let admin =
                cluster.store.get("clusterroles.rbac.authorization.k8s.io", "", "cluster-admin").unwrap();
            assert_eq!(admin.list_at(&["rules"]).len(), 2);
            assert!(!admin.uid().is_empty());
            assert_eq!(cluster.store.list("namespaces", None).count(), 4);
        }
    }
}
