//! A cluster as a value: cheap to clone, so that a preview can try a change and throw it away.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_model::{KubeVersion, ResourceType, Value, kinds};

use crate::admission::backends::Backend;
use crate::admission::policies::{Cel, Expressions};
use crate::authz::rbac::IndexCache;
use crate::config::ApiServerConfig;
use crate::controllers::Memory;
use crate::network::{NetworkCache, Plugin};
use crate::store::Store;
use crate::world::{Entropy, Timestamp};

/// Everything the control plane knows, at one moment of virtual time.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Which Kubernetes this is.
    pub version: KubeVersion,
    /// The API server's flags.
    pub config: Arc<ApiServerConfig>,
    /// What is stored.
    pub store: Store,
    /// Now.
    pub now: Timestamp,
    /// Where names, UIDs and tokens come from.
    pub entropy: Entropy,
    /// Roles and bindings, compiled when first asked.
    pub rbac: IndexCache,
    /// What evaluates the expressions of admission policies; without it they are not looked at.
    pub expressions: Option<Arc<dyn Expressions>>,
    /// The backends of admission webhooks, by address.
    pub webhook_backends: Arc<BTreeMap<String, Backend>>,
    /// The network plugin.
    pub network: Plugin,
    /// Network policies, compiled when first asked.
    pub networks: NetworkCache,
    /// What the controllers remember between passes.
    pub controllers: Memory,
    /// Which of the control plane's other components run.
    pub components: Components,
    /// What the API server's process remembers.
    pub process: Process,
    /// Lines of the audit log that nobody has taken away yet.
    pub audit_log: Vec<String>,
}

/// What the API server's process remembers: a restart forgets it.
#[derive(Clone, Debug, Default)]
pub struct Process {
    /// What is left of the buckets of EventRateLimit.
    pub event_buckets: crate::admission::EventBuckets,
    /// What the backend of ImagePolicyWebhook answered.
    pub image_reviews: crate::admission::ImageReviews,
    /// The way of impersonation that last let each user through.
    pub impersonation: BTreeMap<String, crate::authz::impersonation::Mode>,
}

/// The components besides the API server that act by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Components {
    /// kube-scheduler.
    pub scheduler: bool,
    /// kube-controller-manager.
    pub controller_manager: bool,
}

impl Default for Components {
    fn default() -> Self {
        Self { scheduler: true, controller_manager: true }
    }
}

impl Cluster {
    /// A cluster with nothing in it.
    #[must_use]
    pub fn empty(version: KubeVersion, seed: u64) -> Self {
        Self {
            version,
            config: Arc::new(ApiServerConfig::default()),
            store: Store::default(),
            now: Timestamp::GENESIS,
            entropy: Entropy::new(seed),
            rbac: IndexCache::default(),
            expressions: Some(Arc::new(Cel)),
            webhook_backends: Arc::default(),
            network: Plugin::default(),
            networks: NetworkCache::default(),
            controllers: Memory::default(),
            components: Components::default(),
            process: Process::default(),
            audit_log: Vec::new(),
        }
    }

    /// What is served: the built-in kinds in discovery order, then custom resources.
    #[must_use]
    pub fn resources(&self) -> Vec<ResourceType> {
        let mut resources = kinds::builtin(self.version);
        resources.extend(crate::schema::custom_resources(self));
        resources
    }

    /// The resource served under a group, version and plural name.
    #[must_use]
    pub fn resource(&self, group: &str, version: &str, plural: &str) -> Option<ResourceType> {
        self.find(group, Some(version), plural)
    }

    /// The resource served under a group and plural name, in this version of the group or in the first that has it.
    #[must_use]
    pub fn find(&self, group: &str, version: Option<&str>, plural: &str) -> Option<ResourceType> {
        let fits = |r: &ResourceType| {
            r.plural == plural && r.gv.group == group && version.is_none_or(|v| r.gv.version == v)
        };
        let custom = || crate::schema::custom_resources(self).into_iter().find(fits);
        kinds::find(self.version, group, version, plural).or_else(custom)
    }

    /// Puts objects in place as they are, without any check: how the state a cluster starts from gets in.
    /// `objects` is keyed by API path (`/api/v1/namespaces`), each a list.
    pub fn seed(&mut self, objects: &Value) {
        for (path, list) in objects.entries().iter() {
            let resource = crate::store::group_resource_of_path(path);
            for object in list.items() {
                self.store.seed(&resource, object.clone());
            }
        }
    }
}
