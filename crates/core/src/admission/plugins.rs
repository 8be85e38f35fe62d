//! The plugins, in the order in which the API server asks them, and which of them are on.
//!
//! Models kubernetes `pkg/kubeapiserver/options/plugins.go`.

use super::{
    AdmissionRequest, Notes, always_pull_images, certificates, default_ingress_class, default_tolerations,
    image_policy, limit_ranger, namespace_lifecycle, node_restriction, pod_security, pod_security_policy,
    policies, priority, resource_quota, runtime_class, service_account, webhooks,
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

/// All plugins, in order.
const PLUGINS: &[Plugin] = &[
    plugin("NamespaceLifecycle", ON, Some(namespace_lifecycle::mutate), None),
    plugin("LimitRanger", ON, Some(limit_ranger::mutate), Some(limit_ranger::validate)),
    plugin(service_account::NAME, ON, Some(service_account::mutate), Some(service_account::validate)),
    plugin("NodeRestriction", Default::Off, Some(node_restriction::mutate), None),
    plugin(
        "AlwaysPullImages",
        Default::Off,
        Some(always_pull_images::mutate),
        Some(always_pull_images::validate),
    ),
    plugin(image_policy::NAME, Default::Off, None, Some(image_policy::validate)),
    plugin(pod_security::NAME, Default::Since(23), None, Some(|c, r, n| pod_security::validate(c, r, n))),
    plugin(
        pod_security_policy::NAME,
        Default::Off,
        Some(pod_security_policy::mutate),
        Some(|c, r, n| pod_security_policy::validate(c, r, n)),
    ),
    plugin("Priority", ON, Some(priority::mutate), Some(priority::validate)),
    plugin("DefaultTolerationSeconds", ON, Some(default_tolerations::mutate), None),
    plugin("RuntimeClass", ON, Some(runtime_class::mutate), Some(runtime_class::validate)),
    plugin("CertificateApproval", ON, None, Some(certificates::approval)),
    plugin("CertificateSigning", ON, None, Some(certificates::signing)),
    plugin("CertificateSubjectRestriction", ON, None, Some(certificates::subject)),
    plugin("DefaultIngressClass", ON, Some(default_ingress_class::mutate), None),
    plugin("MutatingAdmissionPolicy", Default::Since(36), Some(policies::mutating::mutate), None),
    plugin("MutatingAdmissionWebhook", ON, Some(webhooks::mutate), None),
    plugin("ValidatingAdmissionPolicy", Default::Since(30), None, Some(policies::validating::validate)),
    plugin("ValidatingAdmissionWebhook", ON, None, Some(webhooks::validate)),
    plugin("ResourceQuota", ON, None, Some(resource_quota::validate)),
];

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

/// The names of the plugins that run on this cluster, in order, as far as they are simulated.
#[must_use]
pub fn enabled_names(cluster: &Cluster) -> Vec<&'static str> {
    enabled(cluster).iter().map(|p| p.name).collect()
}
