//! What core needs of the schemas: decoding against them, and the merge keys of their lists.
//!
//! The schemas themselves are `gatehouse_model`'s; custom resources bring their own.

use gatehouse_model::{ResourceType, Value};

use crate::cluster::Cluster;
use crate::patch::strategic;

/// A decoded tree and the strict findings (`unknown field "spec.foo"`).
pub(crate) type Decoded = (Value, Vec<String>);

/// Decodes a tree as the resource's kind.
///
/// # Errors
/// What Go's decoder says of a value of the wrong type.
pub(crate) fn decode(_cluster: &Cluster, _resource: &ResourceType, value: Value) -> Result<Decoded, String> {
    Ok((value, Vec::new()))
}

/// Whether a tree converts to the resource's type, in the words of the unstructured converter.
///
/// # Errors
/// What the converter says of the first value that does not.
pub(crate) fn fits(_cluster: &Cluster, _resource: &ResourceType, _value: &Value) -> Result<(), String> {
    Ok(())
}

/// Whether a resource is defined by a CustomResourceDefinition.
pub(crate) fn is_custom(cluster: &Cluster, resource: &ResourceType) -> bool {
    cluster
        .store
        .get("customresourcedefinitions.apiextensions.k8s.io", "", &resource.group_resource())
        .is_some()
}

/// The merge keys of a built-in kind.
pub(crate) fn shape(_resource: &ResourceType) -> Tagged {
    Tagged { parent: String::new(), field: String::new() }
}

/// A place in a built-in type, known by the field and the one above it.
pub(crate) struct Tagged {
    parent: String,
    field: String,
}

/// Lists that are maps: field, the field above (empty for any), merge key.
const MERGE_KEYS: &[(&str, &str, &str)] = &[
    ("containers", "", "name"),
    ("initContainers", "", "name"),
    ("ephemeralContainers", "", "name"),
    ("volumes", "spec", "name"),
    ("env", "", "name"),
    ("ports", "containers", "containerPort"),
    ("ports", "initContainers", "containerPort"),
    ("ports", "ephemeralContainers", "containerPort"),
    ("ports", "spec", "port"),
    ("volumeMounts", "", "mountPath"),
    ("volumeDevices", "", "devicePath"),
    ("imagePullSecrets", "", "name"),
    ("hostAliases", "", "ip"),
    ("topologySpreadConstraints", "", "topologyKey"),
    ("schedulingGates", "", "name"),
    ("resourceClaims", "", "name"),
    ("conditions", "status", "type"),
    ("podIPs", "status", "ip"),
    ("hostIPs", "status", "ip"),
    ("addresses", "status", "type"),
    ("secrets", "", "name"),
    ("ownerReferences", "metadata", "uid"),
    ("webhooks", "", "name"),
    ("matchConditions", "", "name"),
    ("variables", "", "name"),
];

impl strategic::Shape for Tagged {
    fn member(&self, field: &str) -> Self {
        Self { parent: self.field.clone(), field: field.to_owned() }
    }

    fn merge_key(&self) -> Option<&str> {
        MERGE_KEYS
            .iter()
            .find(|(field, parent, _)| *field == self.field && (parent.is_empty() || *parent == self.parent))
            .map(|(_, _, key)| *key)
    }

    fn is_set(&self) -> bool {
        matches!(self.field.as_str(), "finalizers" | "podCIDRs")
    }
}

/// The resources that CustomResourceDefinitions define.
pub(crate) fn custom_resources(cluster: &Cluster) -> Vec<ResourceType> {
    use gatehouse_model::{GroupVersion, Scope};
    let mut out = Vec::new();
    for crd in cluster.store.list("customresourcedefinitions.apiextensions.k8s.io", None) {
        let group = crd.str_at(&["spec", "group"]).to_owned();
        let names = crd.at(&["spec", "names"]).cloned().unwrap_or_default();
        let words = |key: &str| -> Vec<std::borrow::Cow<'static, str>> {
            names.list_at(&[key]).iter().filter_map(Value::as_str).map(|s| s.to_owned().into()).collect()
        };
        for version in crd.list_at(&["spec", "versions"]) {
            if version.bool_at(&["served"]) != Some(true) {
                continue;
            }
            let mut subresources = Vec::new();
            if version.at(&["subresources", "status"]).is_some() {
                subresources.push("status".into());
            }
            if version.at(&["subresources", "scale"]).is_some() {
                subresources.push("scale".into());
            }
            let all = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
            out.push(ResourceType {
                gv: GroupVersion {
                    group: group.clone().into(),
                    version: version.str_at(&["name"]).to_owned().into(),
                },
                kind: names.str_at(&["kind"]).to_owned().into(),
                plural: names.str_at(&["plural"]).to_owned().into(),
                singular: names.str_at(&["singular"]).to_owned().into(),
                short_names: words("shortNames"),
                scope: if crd.str_at(&["spec", "scope"]) == "Namespaced" {
                    Scope::Namespaced
                } else {
                    Scope::Cluster
                },
                verbs: all.into_iter().map(Into::into).collect(),
                categories: words("categories"),
                subresources,
            });
        }
    }
    out
}
