//! The plugins, in the order in which the API server asks them, and which of them are on.
//!
//! Models kubernetes `pkg/kubeapiserver/options/plugins.go`.

use super::{
    AdmissionRequest, Notes, always, always_pull_images, anti_affinity, certificates, default_ingress_class,
    default_tolerations, event_rate_limit, external_ips, image_policy, limit_ranger, namespace_existence,
    namespace_lifecycle, node_restriction, nodes, owner_references, pod_node_selector, pod_security,
    pod_security_policy, pod_tolerations, policies, priority, resource_quota, runtime_class, service_account,
    storage, webhooks,
};
use crate::cluster::Cluster;
use crate::status::Status;

type Mutate = fn(&mut Cluster, &mut AdmissionRequest<'_>, &mut Notes) -> Result<(), Status>;
type Validate = fn(&mut Cluster, &AdmissionRequest<'_>, &mut Notes) -> Result<(), Status>;

/// When a plugin is on without being asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Default {
    /// Never.
    Off,
    /// From this minor version on.
    Since(u8),
}

/// A plugin: a name for the flags and what it does.
pub(super) struct Plugin {
    /// As the flags call it.
    pub(super) name: &'static str,
    default: Default,
    /// Its mutating half.
    pub(super) mutate: Option<Mutate>,
    /// Its validating half.
    pub(super) validate: Option<Validate>,
}

const fn plugin(
    name: &'static str,
    default: Default,
    mutate: Option<Mutate>,
    validate: Option<Validate>,
) -> Plugin {
    Plugin { name, default, mutate, validate }
}

/// All plugins, in order. Those without halves decide nothing that is simulated.
const PLUGINS: &[Plugin] = &[
    plugin("AlwaysAdmit", OFF, None, None),
    plugin("NamespaceAutoProvision", OFF, Some(namespace_existence::provision), None),
    plugin("NamespaceLifecycle", ON, Some(namespace_lifecycle::mutate), None),
    plugin("NamespaceExists", OFF, None, Some(namespace_existence::exists)),
    plugin("SecurityContextDeny", OFF, None, None),
    plugin("LimitPodHardAntiAffinityTopology", OFF, None, Some(anti_affinity::validate)),
    plugin("LimitRanger", ON, Some(limit_ranger::mutate), Some(limit_ranger::validate)),
    plugin(service_account::NAME, ON, Some(service_account::mutate), Some(service_account::validate)),
    plugin("NodeRestriction", OFF, Some(node_restriction::mutate), None),
    plugin("TaintNodesByCondition", ON, Some(nodes::taint), None),
    plugin("AlwaysPullImages", OFF, Some(always_pull_images::mutate), Some(always_pull_images::validate)),
    plugin(image_policy::NAME, OFF, None, Some(image_policy::validate)),
    plugin(pod_security::NAME, Default::Since(23), None, Some(|c, r, n| pod_security::validate(c, r, n))),
    plugin(
        pod_security_policy::NAME,
        OFF,
        Some(pod_security_policy::mutate),
        Some(|c, r, n| pod_security_policy::validate(c, r, n)),
    ),
    plugin(pod_node_selector::NAME, OFF, Some(pod_node_selector::mutate), Some(pod_node_selector::validate)),
    plugin("Priority", ON, Some(priority::mutate), Some(priority::validate)),
    plugin("DefaultTolerationSeconds", ON, Some(default_tolerations::mutate), None),
    plugin(pod_tolerations::NAME, OFF, Some(pod_tolerations::mutate), Some(pod_tolerations::validate)),
    plugin(event_rate_limit::NAME, OFF, None, Some(event_rate_limit::validate)),
    plugin("ExtendedResourceToleration", OFF, Some(pod_tolerations::extended), None),
    plugin("DefaultStorageClass", ON, Some(storage::default_class), None),
    plugin("StorageObjectInUseProtection", ON, Some(storage::protect), None),
    plugin("PodGroupProtection", OFF, None, None),
    plugin("OwnerReferencesPermissionEnforcement", OFF, None, Some(owner_references::validate)),
    plugin("PersistentVolumeClaimResize", ON, None, Some(storage::resize)),
    plugin("RuntimeClass", ON, Some(runtime_class::mutate), Some(runtime_class::validate)),
    plugin("CertificateApproval", ON, None, Some(certificates::approval)),
    plugin("CertificateSigning", ON, None, Some(certificates::signing)),
    plugin("ClusterTrustBundleAttest", ON, None, Some(certificates::attest)),
    plugin("CertificateSubjectRestriction", ON, None, Some(certificates::subject)),
    plugin("DefaultIngressClass", ON, Some(default_ingress_class::mutate), None),
    plugin("DenyServiceExternalIPs", OFF, None, Some(external_ips::validate)),
    plugin("PodTopologyLabels", Default::Since(35), Some(nodes::topology), None),
    plugin("PodGroupWorkloadExists", OFF, None, None),
    plugin("NodeDeclaredFeatureValidator", OFF, None, None),
    plugin("MutatingAdmissionPolicy", Default::Since(36), Some(policies::mutating::mutate), None),
    plugin("MutatingAdmissionWebhook", ON, Some(webhooks::mutate), None),
    plugin("ValidatingAdmissionPolicy", Default::Since(30), None, Some(policies::validating::validate)),
    plugin("ValidatingAdmissionWebhook", ON, None, Some(webhooks::validate)),
    plugin("ResourceQuota", ON, None, Some(resource_quota::validate)),
    plugin("AlwaysDeny", OFF, Some(always::deny), Some(always::deny_again)),
];

/// Plugins that servers have only from a minor version on, or only before one.
const SPANS: &[(&str, u8, u8)] = &[
    ("SecurityContextDeny", 0, 30),
    (pod_security::NAME, 22, u8::MAX),
    (pod_security_policy::NAME, 0, 25),
    ("ClusterTrustBundleAttest", 26, u8::MAX),
    ("ValidatingAdmissionPolicy", 26, u8::MAX),
    ("MutatingAdmissionPolicy", 32, u8::MAX),
    ("DenyServiceExternalIPs", 21, u8::MAX),
    ("PodTopologyLabels", 33, u8::MAX),
    ("PodGroupProtection", 36, u8::MAX),
    ("PodGroupWorkloadExists", 36, u8::MAX),
    ("NodeDeclaredFeatureValidator", 35, u8::MAX),
];

/// Off unless a flag says otherwise.
const OFF: Default = Default::Off;

/// On in every version that is simulated.
const ON: Default = Default::Since(0);

impl Plugin {
    fn is_on(&self, cluster: &Cluster) -> bool {
        let config = &cluster.config;
        let listed = |names: &[String]| names.iter().any(|n| n == self.name);
        let default = match self.default {
            Default::Off => false,
            Default::Since(minor) => cluster.version.minor() >= minor,
        };
        listed(&config.enable_admission_plugins) || (default && !listed(&config.disable_admission_plugins))
    }
}

/// The plugins that run on this cluster.
pub(super) fn enabled(cluster: &Cluster) -> Vec<&'static Plugin> {
    PLUGINS.iter().filter(|p| p.is_on(cluster)).collect()
}

/// The names of the plugins that run on this cluster, in order, as far as they decide anything.
#[must_use]
pub fn enabled_names(cluster: &Cluster) -> Vec<&'static str> {
    let decides = |p: &&&Plugin| p.mutate.is_some() || p.validate.is_some();
    enabled(cluster).iter().filter(decides).map(|p| p.name).collect()
}

/// Whether a server of `1.minor` has a plugin of this name.
#[must_use]
pub fn is_known(name: &str, minor: u8) -> bool {
    let span = SPANS.iter().find(|(of, ..)| *of == name);
    PLUGINS.iter().any(|p| p.name == name)
        && span.is_none_or(|(_, since, until)| (*since..*until).contains(&minor))
}
