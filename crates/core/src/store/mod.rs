//! What is stored: objects by resource, namespace and name.
//!
//! Lists come out in the order etcd gives them: by namespace, then name, in bytes. Clones share everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_model::{Object, Value};

use crate::server::Admitted;

/// Namespace (empty for cluster-scoped objects) and name.
pub type Key = (Arc<str>, Arc<str>);

/// The objects of one resource.
pub(crate) type Table = BTreeMap<Key, Arc<Object>>;

/// All objects of a cluster. Group resources are written `pods`, `deployments.apps`.
#[derive(Clone, Debug, Default)]
pub struct Store {
    tables: BTreeMap<Arc<str>, Arc<Table>>,
    /// The revision of each table's newest change.
    changed: BTreeMap<Arc<str>, u64>,
    revision: u64,
    /// The revision of the newest removal.
    removed: u64,
}

impl Store {
    /// The revision of the newest change: the resource version of lists.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// The revision of the newest change of a resource's objects; 0 where there was none.
    #[must_use]
    pub fn revision_of(&self, group_resource: &str) -> u64 {
        self.changed.get(group_resource).copied().unwrap_or(0)
    }

    /// The revision of the newest removal of any object.
    #[must_use]
    pub const fn removal_revision(&self) -> u64 {
        self.removed
    }

    /// One object. `namespace` is empty for cluster-scoped ones.
    #[must_use]
    pub fn get(&self, group_resource: &str, namespace: &str, name: &str) -> Option<&Arc<Object>> {
        self.tables.get(group_resource)?.get(&(namespace.into(), name.into()))
    }

    /// All objects of a resource, in one namespace or (`None`) everywhere.
    pub fn list<'a>(
        &'a self,
        group_resource: &str,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        self.tables
            .get(group_resource)
            .into_iter()
            .flat_map(|t| t.iter())
            .filter(move |((ns, _), _)| namespace.is_none_or(|wanted| **ns == *wanted))
            .map(|(_, o)| o)
    }

    /// The resources of which anything is stored.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(|k| &**k)
    }

    /// All objects of a resource as one value: unchanged as long as it stays at its address.
    pub(crate) fn table(&self, group_resource: &str) -> Option<&Arc<Table>> {
        self.tables.get(group_resource)
    }

    /// Stores what went through the whole house.
    pub fn commit(&mut self, admitted: Admitted) -> Arc<Object> {
        let table = admitted.table().to_owned();
        self.put(&table, admitted.into_object())
    }

    /// Stores an object under the name in its metadata and gives it the next resource version.
    /// Only the server's commit stage calls this.
    pub(crate) fn put(&mut self, group_resource: &str, mut object: Object) -> Arc<Object> {
        self.revision += 1;
        object.set(&["metadata", "resourceVersion"], self.revision.to_string());
        let key: Key = (object.namespace().into(), object.name().into());
        let object = Arc::new(object);
        self.note_change(group_resource);
        let table = self.tables.entry(group_resource.into()).or_default();
        Arc::make_mut(table).insert(key, Arc::clone(&object));
        object
    }

    /// Removes an object.
    pub(crate) fn remove(
        &mut self,
        group_resource: &str,
        namespace: &str,
        name: &str,
    ) -> Option<Arc<Object>> {
        let table = self.tables.get_mut(group_resource)?;
        let removed = Arc::make_mut(table).remove(&(namespace.into(), name.into()));
        if removed.is_some() {
            self.revision += 1;
            self.removed = self.revision;
            self.note_change(group_resource);
        }
        removed
    }

    fn note_change(&mut self, group_resource: &str) {
        match self.changed.get_mut(group_resource) {
            Some(revision) => *revision = self.revision,
            None => {
                self.changed.insert(group_resource.into(), self.revision);
            }
        }
    }

    /// Puts an object of the initial state in place.
    pub(crate) fn seed(&mut self, group_resource: &str, object: Value) {
        self.put(group_resource, Object(object));
    }
}

/// The group resource an API path lists: `/apis/apps/v1/deployments` is `deployments.apps`.
#[must_use]
pub fn group_resource_of_path(path: &str) -> String {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["apis", group, _version, resource] => gatehouse_model::resource::qualified(resource, group),
        ["api", _version, resource] => (*resource).to_owned(),
        _ => path.to_owned(),
    }
}
