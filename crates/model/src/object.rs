//! An API object: a tree with the envelope every kind shares.

use crate::resource::GroupVersion;
use crate::value::{Map, Value};

/// The fields of `metadata` in the order in which `metav1.ObjectMeta` declares them, and Go prints them.
pub const METADATA_ORDER: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// A tree that is a JSON object, read and changed through its envelope. What lies in `spec` is reached by path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(pub Value);

impl Object {
    /// An object of this `apiVersion` and `kind`, otherwise empty.
    #[must_use]
    pub fn new(api_version: &str, kind: &str) -> Self {
        Self(crate::json!({"apiVersion": api_version, "kind": kind}))
    }

    /// `apiVersion`, empty where missing.
    #[must_use]
    pub fn api_version(&self) -> &str {
        self.0.str_at(&["apiVersion"])
    }

    /// Group and version of `apiVersion`.
    #[must_use]
    pub fn group_version(&self) -> GroupVersion {
        GroupVersion::parse(self.api_version())
    }

    /// `kind`, empty where missing.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.str_at(&["kind"])
    }

    /// `metadata.name`, empty where missing.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.str_at(&["metadata", "name"])
    }

    /// `metadata.namespace`, empty for cluster-scoped objects.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.0.str_at(&["metadata", "namespace"])
    }

    /// `metadata.uid`, empty before the object is stored.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.0.str_at(&["metadata", "uid"])
    }

    /// `metadata.labels`.
    #[must_use]
    pub fn labels(&self) -> &Map {
        self.0.map_at(&["metadata", "labels"])
    }

    /// `metadata.annotations`.
    #[must_use]
    pub fn annotations(&self) -> &Map {
        self.0.map_at(&["metadata", "annotations"])
    }

    /// The value of one label.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels().get(key).and_then(Value::as_str)
    }

    /// The value of one annotation.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations().get(key).and_then(Value::as_str)
    }

    /// `metadata.generation`, 0 where missing.
    #[must_use]
    pub fn generation(&self) -> i64 {
        self.0.i64_at(&["metadata", "generation"]).unwrap_or(0)
    }

    /// Whether deletion was asked for (`metadata.deletionTimestamp` is set).
    #[must_use]
    pub fn is_deleting(&self) -> bool {
        !self.0.str_at(&["metadata", "deletionTimestamp"]).is_empty()
    }

    /// The owner reference that says `controller: true`.
    #[must_use]
    pub fn controller(&self) -> Option<&Value> {
        self.0
            .list_at(&["metadata", "ownerReferences"])
            .iter()
            .find(|r| r.bool_at(&["controller"]) == Some(true))
    }
}

impl std::ops::Deref for Object {
    type Target = Value;
    fn deref(&self) -> &Value {
        &self.0
    }
}

impl std::ops::DerefMut for Object {
    fn deref_mut(&mut self) -> &mut Value {
        &mut self.0
    }
}
