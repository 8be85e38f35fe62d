//! One object on its way through a build. Models kustomize `api/resource`, `kyaml/resid` and the legacy order.

use gatehouse_model::Object;

/// Kinds that live outside namespaces.
const CLUSTER: &[&str] = &[
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "ComponentStatus",
    "CustomResourceDefinition",
    "DeviceClass",
    "FlowSchema",
    "IPAddress",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PodSecurityPolicy",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "ResourceSlice",
    "RuntimeClass",
    "SelfSubjectAccessReview",
    "SelfSubjectReview",
    "SelfSubjectRulesReview",
    "ServiceCIDR",
    "StorageClass",
    "SubjectAccessReview",
    "TokenReview",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
];

const FIRST: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

const LAST: &[&str] = &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// An object, and what it was called before.
pub(super) struct Resource {
    pub(super) object: Object,
    /// Earlier names, each with its namespace then.
    pub(super) before: Vec<(String, String)>,
    /// Whether the hash of its content goes behind its name.
    pub(super) hashed: bool,
}

impl Resource {
    pub(super) fn new(object: Object) -> Self {
        Self { object, before: Vec::new(), hashed: false }
    }

    pub(super) fn name(&self) -> &str {
        self.object.str_at(&["metadata", "name"])
    }

    pub(super) fn namespace(&self) -> &str {
        self.object.str_at(&["metadata", "namespace"])
    }

    pub(super) fn cluster_scoped(&self) -> bool {
        CLUSTER.contains(&self.object.kind())
    }

    /// Gives it another name or namespace, remembering those it had.
    pub(super) fn rename(&mut self, name: &str, namespace: &str) {
        let old = (self.name().to_owned(), self.namespace().to_owned());
        if old.0 == name && old.1 == namespace {
            return;
        }
        if !self.before.contains(&old) {
            self.before.push(old);
        }
        self.object.set(&["metadata", "name"], name);
        if !namespace.is_empty() {
            self.object.set(&["metadata", "namespace"], namespace);
        }
    }

    /// Whether it is, or was, called so.
    pub(super) fn was(&self, name: &str) -> bool {
        self.name() == name || self.before.iter().any(|(n, _)| n == name)
    }

    pub(super) fn add_hash(&mut self) {
        if self.hashed {
            self.hashed = false;
            let name = format!("{}-{}", self.name(), crate::hash::of_kustomized(&self.object));
            let namespace = self.namespace().to_owned();
            self.rename(&name, &namespace);
        }
    }

    /// How kustomize names it: `Deployment.v1.apps/web.[noNs]`.
    pub(super) fn id(&self) -> String {
        let gv = self.object.group_version();
        let group = if gv.group.is_empty() { "[noGrp]" } else { gv.group.as_ref() };
        let namespace = if self.namespace().is_empty() { "[noNs]" } else { self.namespace() };
        format!("{}.{}.{group}/{}.{namespace}", self.object.kind(), gv.version, self.name())
    }
}

/// Puts objects in the order in which they can be applied.
pub(super) fn order(all: &mut [Resource]) {
    all.sort_by_cached_key(|r| {
        let kind = r.object.kind().to_owned();
        let rank = match (FIRST.iter().position(|k| *k == kind), LAST.iter().position(|k| *k == kind)) {
            (Some(i), _) => i,
            (None, Some(i)) => FIRST.len() + 1 + i,
            (None, None) => FIRST.len(),
        };
        let gv = r.object.group_version();
        let gvk = (gv.group.to_string(), gv.version.to_string(), kind);
        (rank, gvk, r.namespace().to_owned(), r.name().to_owned())
    });
}
