//! The compiled index beside the store it was made from.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Index, TABLES};
use crate::store::{Store, Table};

/// The tables an index was made from. Holding them keeps their addresses from being used again, so equal addresses
/// mean equal content.
type Identity = [Option<Arc<Table>>; 4];

/// The index last compiled for a cluster. A clone starts with the same one and goes its own way.
#[derive(Default)]
pub struct IndexCache(Mutex<Option<(Identity, Arc<Index>)>>);

impl IndexCache {
    /// The index of `store`, compiled now unless its RBAC tables are those of last time.
    #[must_use]
    pub fn of(&self, store: &Store) -> Arc<Index> {
        let tables = TABLES.map(|t| store.table(t));
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, index)) = &*slot
            && known.iter().zip(&tables).all(|(a, b)| same(a.as_ref(), *b))
        {
            return Arc::clone(index);
        }
        let index = Arc::new(Index::compile(store));
        *slot = Some((tables.map(Option::<&_>::cloned), Arc::clone(&index)));
        index
    }
}

fn same(a: Option<&Arc<Table>>, b: Option<&Arc<Table>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (None, None) => true,
        _ => false,
    }
}

impl Clone for IndexCache {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()))
    }
}

impl fmt::Debug for IndexCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndexCache")
    }
}
