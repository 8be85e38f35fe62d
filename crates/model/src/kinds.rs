//! Every kind a cluster serves without custom resources: one row a kind and API version.
//!
//! Rows stand in discovery order, which is the order kubectl resolves names in: groups by the aggregator's
//! priority, versions of a group by preference, resources by name. Models what `/apis` of a kube-apiserver
//! serves by default, and kube-aggregator's `apiserver` priorities.

mod table;

use std::borrow::Cow;

use crate::resource::{GroupVersion, ResourceType, Scope};
use crate::version::KubeVersion;

/// A row of the table.
pub(crate) struct Row {
    /// `group/version`, or `v1`.
    api_version: &'static str,
    kind: &'static str,
    plural: &'static str,
    short_names: &'static [&'static str],
    scope: Scope,
    verbs: Verbs,
    categories: &'static [&'static str],
    subresources: &'static [&'static str],
    /// The first and the last minor version that serve it.
    served: (u8, u8),
}

/// Which verbs a resource has.
#[derive(Clone, Copy)]
enum Verbs {
    /// All eight.
    All,
    /// All but `deletecollection`.
    NoCollection,
    /// As `NoCollection` before 1.24, then all.
    CollectionSince24,
    /// A question to the server: only `create`.
    Create,
    /// Only `get` and `list`.
    Read,
}

impl Verbs {
    fn names(self, version: KubeVersion) -> &'static [&'static str] {
        const ALL: &[&str] =
            &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
        const SINGLE: &[&str] = &["create", "delete", "get", "list", "patch", "update", "watch"];
        match self {
            Self::All => ALL,
            Self::NoCollection => SINGLE,
            Self::CollectionSince24 => {
                if version.minor() >= 24 {
                    ALL
                } else {
                    SINGLE
                }
            }
            Self::Create => &["create"],
            Self::Read => &["get", "list"],
        }
    }
}

fn cows(names: &'static [&'static str]) -> Vec<Cow<'static, str>> {
    names.iter().map(|n| Cow::Borrowed(*n)).collect()
}

impl Row {
    fn resource(&self, version: KubeVersion) -> ResourceType {
        let (group, v) = self.api_version.split_once('/').unwrap_or(("", self.api_version));
        ResourceType {
            gv: GroupVersion { group: group.into(), version: v.into() },
            kind: self.kind.into(),
            plural: self.plural.into(),
            singular: self.kind.to_ascii_lowercase().into(),
            short_names: cows(self.short_names),
            scope: self.scope,
            verbs: cows(self.verbs.names(version)),
            categories: cows(self.categories),
            subresources: cows(self.subresources),
        }
    }
}

/// The kinds a cluster of this version serves, in discovery order.
#[must_use]
pub fn builtin(version: KubeVersion) -> Vec<ResourceType> {
    let minor = version.minor();
    let served = table::KINDS.iter().filter(|row| (row.served.0..=row.served.1).contains(&minor));
    served.map(|row| row.resource(version)).collect()
}

/// The first resource, in discovery order, of this group and plural name: in this version of the group, or in any.
#[must_use]
pub fn find(version: KubeVersion, group: &str, of: Option<&str>, plural: &str) -> Option<ResourceType> {
    let minor = version.minor();
    let row = table::KINDS.iter().find(|row| {
        let (g, v) = row.api_version.split_once('/').unwrap_or(("", row.api_version));
        row.plural == plural
            && g == group
            && of.is_none_or(|wanted| v == wanted)
            && (row.served.0..=row.served.1).contains(&minor)
    });
    row.map(|row| row.resource(version))
}

/// The group versions a cluster serves, in discovery order.
#[must_use]
pub fn group_versions(version: KubeVersion) -> Vec<GroupVersion> {
    let mut out: Vec<GroupVersion> = Vec::new();
    for resource in builtin(version) {
        if !out.contains(&resource.gv) {
            out.push(resource.gv);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find<'a>(kinds: &'a [ResourceType], name: &str) -> Option<&'a ResourceType> {
        kinds
            .iter()
            .find(|r| r.plural == name || r.singular == name || r.short_names.iter().any(|s| s == name))
    }

    #[test]
    fn names_resolve_as_in_kubectl() {
        let new = builtin(KubeVersion::V1_36);
        let old = builtin(KubeVersion::V1_20);
        for (kinds, name, api, plural) in [
            (&new, "deploy", "apps/v1", "deployments"),
            (&new, "netpol", "networking.k8s.io/v1", "networkpolicies"),
            (&new, "ev", "v1", "events"),
            (&new, "hpa", "autoscaling/v2", "horizontalpodautoscalers"),
            (&old, "hpa", "autoscaling/v1", "horizontalpodautoscalers"),
            (&old, "psp", "policy/v1beta1", "podsecuritypolicies"),
            (&old, "cj", "batch/v1beta1", "cronjobs"),
            (&old, "ing", "networking.k8s.io/v1", "ingresses"),
        ] {
            let r = find(kinds, name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!((r.gv.to_string().as_str(), &*r.plural), (api, plural));
        }
        assert!(find(&new, "psp").is_none());
        assert!(find(&old, "validatingadmissionpolicies").is_none());
    }

    #[test]
    fn the_table_is_sound() {
        for version in [KubeVersion::V1_20, KubeVersion::new(25), KubeVersion::V1_36] {
            let kinds = builtin(version);
            let mut names: Vec<_> = kinds.iter().map(|r| (r.gv.to_string(), r.plural.to_string())).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), kinds.len(), "a resource twice in {version}");
            for gv in group_versions(version) {
                let plurals: Vec<_> = kinds.iter().filter(|r| r.gv == gv).map(|r| r.plural.clone()).collect();
                assert!(plurals.is_sorted(), "{gv}: {plurals:?}");
            }
            for (name, _) in [("pods", 0), ("nodes", 0), ("secrets", 0), ("roles", 0)] {
                assert!(find(&kinds, name).is_some());
            }
        }
        let services = |v| find(&builtin(v), "svc").expect("services").verbs.len();
        assert_eq!((services(KubeVersion::V1_20), services(KubeVersion::V1_36)), (7, 8));
    }
}
