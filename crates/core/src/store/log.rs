//! What changed lately, so that controllers look at what a change concerns and at nothing else.
//!
//! Stands where client-go has watches. Knows only the newest changes: whoever asks for more has to look at everything.

use std::collections::VecDeque;
use std::sync::Arc;

use gatehouse_model::{Object, Value};

use super::Key;

/// How many changes are kept.
const KEPT: usize = 512;

/// One object that was written or removed.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The group resource.
    pub(crate) table: Arc<str>,
    pub(crate) key: Key,
    pub(crate) uid: Arc<str>,
    /// The UIDs of its controllers, before and after.
    pub(crate) controllers: [Option<Arc<str>>; 2],
    pub(crate) removed: bool,
}

impl Change {
    /// Nobody controls the object, and it is there.
    pub(crate) fn is_orphan(&self) -> bool {
        let [_, after] = &self.controllers;
        after.is_none() && !self.removed
    }
}

/// The newest changes, one for each revision.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    changes: VecDeque<Change>,
    /// The revision of the newest one.
    newest: u64,
}

impl Log {
    /// Notes that `old` became `new` in `revision`.
    pub(super) fn note(
        &mut self,
        revision: u64,
        table: Arc<str>,
        key: Key,
        old: Option<&Object>,
        new: Option<&Object>,
    ) {
        let uid = new.or(old).and_then(|o| shared(o, &["metadata", "uid"])).unwrap_or_else(|| "".into());
        let controllers = [old, new].map(|o| o?.controller().and_then(|c| shared(c, &["uid"])));
        if self.changes.len() == KEPT {
            self.changes.pop_front();
        }
        self.changes.push_back(Change { table, key, uid, controllers, removed: new.is_none() });
        self.newest = revision;
    }

    /// The changes after `revision`, oldest first; nothing where they go too far back.
    pub(super) fn since(&self, revision: u64) -> Option<impl Iterator<Item = &Change>> {
        // A store that was put back has not come so far yet.
        let wanted = usize::try_from(self.newest.checked_sub(revision)?).ok()?;
        Some(self.changes.iter().skip(self.changes.len().checked_sub(wanted)?))
    }
}

fn shared(value: &Value, path: &[&str]) -> Option<Arc<str>> {
    match value.at(path) {
        Some(Value::Str(text)) => Some(Arc::clone(text)),
        _ => None,
    }
}
