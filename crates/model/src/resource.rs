//! Names of APIs: groups, versions, kinds, and what a server serves of them.

use std::borrow::Cow;
use std::fmt;

/// An API group and version. The core group's name is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupVersion {
    /// For instance `apps`; empty for the core group.
    pub group: Cow<'static, str>,
    /// For instance `v1`.
    pub version: Cow<'static, str>,
}

impl GroupVersion {
    /// Reads an `apiVersion`: `v1` or `apps/v1`.
    #[must_use]
    pub fn parse(api_version: &str) -> Self {
        match api_version.split_once('/') {
            Some((g, v)) => Self { group: g.to_owned().into(), version: v.to_owned().into() },
            None => Self { group: "".into(), version: api_version.to_owned().into() },
        }
    }
}

impl fmt::Display for GroupVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            f.write_str(&self.version)
        } else {
            write!(f, "{}/{}", self.group, self.version)
        }
    }
}

/// A kind within its group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKind {
    /// For instance `apps`; empty for the core group.
    pub group: Cow<'static, str>,
    /// For instance `Deployment`.
    pub kind: Cow<'static, str>,
}

/// Whether objects live in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Objects live in a namespace.
    Namespaced,
    /// Objects belong to the whole cluster.
    Cluster,
}

/// One resource of the API: a row of `kubectl api-resources`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceType {
    /// Group and version.
    pub gv: GroupVersion,
    /// For instance `Deployment`.
    pub kind: Cow<'static, str>,
    /// The plural, lower-case name in URLs: `deployments`.
    pub plural: Cow<'static, str>,
    /// The singular name: `deployment`.
    pub singular: Cow<'static, str>,
    /// For instance `deploy`.
    pub short_names: Vec<Cow<'static, str>>,
    /// Whether objects live in a namespace.
    pub scope: Scope,
    /// The verbs served, in alphabetical order.
    pub verbs: Vec<Cow<'static, str>>,
    /// For instance `all`.
    pub categories: Vec<Cow<'static, str>>,
    /// Subresources served: `status`, `scale`, `log`, …
    pub subresources: Vec<Cow<'static, str>>,
}

impl ResourceType {
    /// Whether objects live in a namespace.
    #[must_use]
    pub fn namespaced(&self) -> bool {
        self.scope == Scope::Namespaced
    }

    /// `deployments.apps`, or `pods` in the core group: how errors and `-o name` call a resource.
    #[must_use]
    pub fn group_resource(&self) -> String {
        qualified(&self.plural, &self.gv.group)
    }

    /// The kind within its group.
    #[must_use]
    pub fn group_kind(&self) -> GroupKind {
        GroupKind { group: self.gv.group.clone(), kind: self.kind.clone() }
    }
}

/// `name.group`, or just `name` in the core group.
#[must_use]
pub fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}
