//! What is stored: objects by resource, namespace and name.
//!
//! Lists come out in the order etcd gives them: by namespace, then name, in bytes. Clones share everything.

pub mod at_rest;
pub mod etcd;
mod log;

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_model::{Object, Value};

use crate::server::Admitted;
use at_rest::{Encryption, Seal};
pub(crate) use log::Change;
use log::Log;

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
    /// The newest changes.
    log: Arc<Log>,
    /// How objects are written from now on (`--encryption-provider-config`).
    encryption: Arc<Encryption>,
    /// What objects were written with, where that was not plain text.
    seals: BTreeMap<Arc<str>, Arc<BTreeMap<Key, Arc<Seal>>>>,
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

    /// What changed after `revision`, oldest first; nothing where that goes too far back.
    pub(crate) fn changes_since(&self, revision: u64) -> Option<impl Iterator<Item = &Change>> {
        self.log.since(revision)
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
        let start: Key = (namespace.unwrap_or_default().into(), "".into());
        self.tables
            .get(group_resource)
            .into_iter()
            .flat_map(move |t| t.range(start.clone()..))
            .take_while(move |((ns, _), _)| namespace.is_none_or(|wanted| **ns == *wanted))
            .map(|(_, o)| o)
    }

    /// The objects of a namespace whose names begin so.
    pub(crate) fn named<'a>(
        &'a self,
        group_resource: &str,
        namespace: &'a str,
        prefix: &'a str,
    ) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        let start: Key = (namespace.into(), prefix.into());
        self.tables
            .get(group_resource)
            .into_iter()
            .flat_map(move |t| t.range(start.clone()..))
            .take_while(move |((ns, name), _)| **ns == *namespace && name.starts_with(prefix))
            .map(|(_, o)| o)
    }

    /// Writes objects as `encryption` says from now on; what is there stays as it is.
    pub fn set_encryption(&mut self, encryption: Arc<Encryption>) {
        self.encryption = encryption;
    }

    /// What an object was last written with; `None` for plain text.
    #[must_use]
    pub fn seal_of(&self, group_resource: &str, namespace: &str, name: &str) -> Option<&Arc<Seal>> {
        self.seals.get(group_resource)?.get(&(namespace.into(), name.into()))
    }

    /// Whether the server can read an object back.
    ///
    /// # Errors
    /// What the storage says when it has no key that fits.
    pub fn readable(&self, group_resource: &str, object: &Object) -> Result<(), String> {
        if self.seals.is_empty() && *self.encryption == Encryption::default() {
            return Ok(());
        }
        let seal = self.seal_of(group_resource, object.namespace(), object.name());
        self.encryption.open(group_resource, seal)
    }

    /// What objects are written and read with.
    #[must_use]
    pub fn encryption(&self) -> &Encryption {
        &self.encryption
    }

    /// Whether an object would be written with something else now.
    #[must_use]
    pub fn is_stale(&self, group_resource: &str, object: &Object) -> bool {
        let seal = self.seal_of(group_resource, object.namespace(), object.name());
        self.encryption.seal(group_resource).as_ref() != seal
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
        self.write_seal(group_resource, &key);
        let name = self.note_change(group_resource);
        let table = self.tables.entry(Arc::clone(&name)).or_default();
        let old = Arc::make_mut(table).insert(key.clone(), Arc::clone(&object));
        Arc::make_mut(&mut self.log).note(self.revision, name, key, old.as_deref(), Some(&object));
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
        let key: Key = (namespace.into(), name.into());
        let removed = Arc::make_mut(table).remove(&key);
        if let Some(old) = &removed {
            self.revision += 1;
            self.removed = self.revision;
            let name = self.note_change(group_resource);
            Arc::make_mut(&mut self.log).note(self.revision, name, key, Some(old), None);
        }
        removed
    }

    /// Notes what the object under `key` is written with.
    fn write_seal(&mut self, group_resource: &str, key: &Key) {
        match self.encryption.seal(group_resource) {
            Some(seal) => {
                let table = self.seals.entry(group_resource.into()).or_default();
                Arc::make_mut(table).insert(key.clone(), seal);
            }
            None => {
                if let Some(table) = self.seals.get_mut(group_resource) {
                    Arc::make_mut(table).remove(key);
                }
            }
        }
    }

    /// Notes that a table changed; gives back its name to be shared.
    fn note_change(&mut self, group_resource: &str) -> Arc<str> {
        let name = self.changed.get_key_value(group_resource);
        let name = name.map_or_else(|| Arc::from(group_resource), |(name, _)| Arc::clone(name));
        match self.changed.get_mut(group_resource) {
            Some(revision) => *revision = self.revision,
            None => {
                self.changed.insert(Arc::clone(&name), self.revision);
            }
        }
        name
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
