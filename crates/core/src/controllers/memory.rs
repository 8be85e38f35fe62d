//! What controllers remember between passes: what they last looked at, when they want to look again, what failed.
//!
//! A pass whose inputs did not change and whose time has not come is skipped: that keeps a quiet cluster cheap.
//! Stands where client-go has informers, work queues and `util/flowcontrol` back-offs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gatehouse_model::Object;

use crate::store::{Change, Key, Store};
use crate::world::Timestamp;

/// The first delay after a failure, in milliseconds (`workqueue.DefaultControllerRateLimiter`); it doubles.
const FIRST_DELAY: i64 = 5;
/// The longest delay after failures, in milliseconds.
const LAST_DELAY: i64 = 1_000_000;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    quiet: BTreeMap<&'static str, Quiet>,
    failures: BTreeMap<String, Failure>,
    wake: Option<Timestamp>,
    /// The revision after which the controller that is at work has seen nothing; none where it has to look at everything.
    since: Option<u64>,
    /// The UID of the object it looks at, where it says so.
    looking: Option<Arc<str>>,
    /// When the objects it works on, by UID, want to be looked at again.
    wakes: BTreeMap<Arc<str>, Timestamp>,
    pub(super) collected: u64,
    /// Objects on their way out that wait for what they own.
    pub(super) holding: BTreeSet<(Arc<str>, Key)>,
    /// Pods that had no node when the scheduler looked last.
    pub(super) unscheduled: BTreeSet<Key>,
    /// Since when pods, by UID, tolerate taints of their nodes for a time only.
    pub(super) tolerating: BTreeMap<String, Timestamp>,
    /// Since when nodes that pods are bound to are missing.
    pub(super) missing: BTreeMap<String, Timestamp>,
    /// When each autoscaler, by UID, is looked at next.
    pub(super) scaling: BTreeMap<String, Timestamp>,
    /// Whether nodes are watched over (`--controllers=*` has it, the recordings' cluster had not): cordoned and
    /// unhealthy nodes then get taints.
    pub node_lifecycle: bool,
    /// When somebody besides the controllers has something to do.
    alarms: BTreeSet<Timestamp>,
}

#[derive(Clone, Debug)]
struct Quiet {
    seen: Vec<u64>,
    /// The store's revision when it looked.
    revision: u64,
    wake: Option<Timestamp>,
    /// The same of single objects, by UID.
    wakes: BTreeMap<Arc<str>, Timestamp>,
}

/// What a controller has to look at.
pub(super) enum Due {
    /// All of it.
    Everything,
    /// The objects with these UIDs and those of these namespaces.
    Only { uids: BTreeSet<Arc<str>>, namespaces: BTreeSet<Arc<str>> },
}

impl Due {
    /// Whether an object has to be looked at.
    pub(super) fn has(&self, object: &Object) -> bool {
        match self {
            Self::Everything => true,
            Self::Only { uids, namespaces } => {
                uids.contains(object.uid()) || namespaces.contains(object.namespace())
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Failure {
    count: u32,
    next: Timestamp,
    seen: u64,
}

impl Memory {
    /// Whether a controller has to look: something it watches changed, or its time has come.
    pub(super) fn is_due(&self, name: &'static str, seen: &[u64], now: Timestamp) -> bool {
        self.quiet.get(name).is_none_or(|q| q.seen != seen || q.wake.is_some_and(|w| w <= now))
    }

    /// Whether anything that failed could succeed now.
    pub(super) fn has_retries(&self, store: &Store, now: Timestamp) -> bool {
        if self.failures.is_empty() {
            return false;
        }
        let activity = activity(store);
        self.failures.values().any(|f| f.next <= now || f.seen != activity)
    }

    /// Forgets failures that were due and that nobody tried again: what failed is gone.
    pub(super) fn forget(&mut self, store: &Store, now: Timestamp) {
        if !self.failures.is_empty() {
            let activity = activity(store);
            self.failures.retain(|_, f| f.next > now && f.seen == activity);
        }
    }

    /// Before a pass; `whole` where something may succeed now that nothing in the store tells of.
    pub(super) fn begin(&mut self, name: &'static str, whole: bool, now: Timestamp) {
        self.wake = None;
        self.looking = None;
        let quiet = self.quiet.get_mut(name).filter(|q| !whole && q.wake.is_none_or(|w| w > now));
        self.since = quiet.as_ref().map(|q| q.revision);
        self.wakes = quiet.map(|q| std::mem::take(&mut q.wakes)).unwrap_or_default();
    }

    /// Forgets when each controller looked, so that all look at everything.
    #[cfg(test)]
    pub(super) fn look_again(&mut self) {
        self.quiet.clear();
        self.collected = 0;
        self.holding.clear();
        self.unscheduled.clear();
    }

    /// After a pass that started with `seen` at `revision`.
    pub(super) fn end(&mut self, name: &'static str, seen: Vec<u64>, revision: u64) {
        self.looking = None;
        let wakes = std::mem::take(&mut self.wakes);
        let wake = self.wake.take().into_iter().chain(wakes.values().copied()).min();
        self.quiet.insert(name, Quiet { seen, revision, wake, wakes });
    }

    /// The controller that is at work looks at this object now: only then is it to be woken for it again.
    pub(super) fn look_at(&mut self, object: &Object) {
        let uid: Arc<str> = object.uid().into();
        self.wakes.remove(&uid);
        self.looking = Some(uid);
    }

    /// What the controller that is at work has to look at of `own`: objects that changed or control (as somebody of
    /// `owned` did or does) what changed, and everything of a namespace where an orphan of `owned` or anything of `near`
    /// changed.
    pub(super) fn due(&mut self, store: &Store, own: &str, owned: &[&str], near: &[&str]) -> Due {
        let Some(changes) = self.since.and_then(|s| store.changes_since(s)) else { return Due::Everything };
        let (mut uids, mut namespaces) = (BTreeSet::new(), BTreeSet::new());
        for change in changes {
            if *change.table == *own {
                uids.insert(Arc::clone(&change.uid));
                if change.removed {
                    self.wakes.remove(&change.uid);
                }
            } else if owned.contains(&&*change.table) {
                uids.extend(change.controllers.iter().flatten().cloned());
                if change.is_orphan() {
                    namespaces.insert(Arc::clone(&change.key.0));
                }
            } else if near.contains(&&*change.table) {
                if change.key.0.is_empty() {
                    return Due::Everything;
                }
                namespaces.insert(Arc::clone(&change.key.0));
            }
        }
        Due::Only { uids, namespaces }
    }

    /// What changed since the controller that is at work looked last; nothing where it has to look at everything.
    pub(super) fn changes<'s>(&self, store: &'s Store) -> Option<impl Iterator<Item = &'s Change>> {
        store.changes_since(self.since?)
    }

    /// The controller that is at work wants to look again then.
    pub(super) fn wake_at(&mut self, when: Timestamp) {
        match &self.looking {
            Some(uid) => {
                let wake = self.wakes.entry(Arc::clone(uid)).or_insert(when);
                *wake = when.min(*wake);
            }
            None => self.wake = Some(self.wake.map_or(when, |w| w.min(when))),
        }
    }

    /// When the next controller wants to look again although nothing changes.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.quiet.values().filter_map(|q| q.wake).chain(self.alarms.first().copied()).min()
    }

    /// Asks that everybody looks again then: a kubelet's wish.
    pub fn alarm(&mut self, when: Timestamp) {
        self.alarms.insert(when);
    }

    /// Forgets what is past.
    pub(super) fn forget_alarms(&mut self, now: Timestamp) {
        self.alarms.retain(|a| *a > now);
    }

    /// Whether what failed may be tried again: its delay is over, or anything else changed meanwhile.
    pub(super) fn may_retry(&mut self, key: &str, store: &Store, now: Timestamp) -> bool {
        let Some(failure) = self.failures.get(key).copied() else { return true };
        if failure.next <= now || failure.seen != activity(store) {
            return true;
        }
        self.wake_at(failure.next);
        false
    }

    /// Notes a failure, after everything that followed from it was written.
    pub(super) fn failed(&mut self, key: &str, store: &Store, now: Timestamp) {
        let count = self.failures.get(key).map_or(0, |f| f.count);
        let delay = FIRST_DELAY.saturating_mul(1_i64.checked_shl(count.min(20)).unwrap_or(i64::MAX));
        let next = now.plus_millis(delay.min(LAST_DELAY));
        self.failures.insert(key.to_owned(), Failure { count: count + 1, next, seen: activity(store) });
        self.wake_at(next);
    }

    /// Forgets the failures of something that works or is gone.
    pub(super) fn succeeded(&mut self, key: &str) {
        self.failures.remove(key);
    }
}

/// The key under which failures of an object's controller are kept.
pub(super) fn key(object: &Object) -> String {
    format!("{}/{}", object.kind(), object.uid())
}

/// Stands for everything that could make a refused request succeed: what admission and authorization look at.
fn activity(store: &Store) -> u64 {
    const GATES: &[&str] = &[
        "namespaces",
        "serviceaccounts",
        "secrets",
        "limitranges",
        "resourcequotas",
        "priorityclasses.scheduling.k8s.io",
        "runtimeclasses.node.k8s.io",
        "podsecuritypolicies.policy",
        "validatingadmissionpolicies.admissionregistration.k8s.io",
        "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "mutatingadmissionpolicies.admissionregistration.k8s.io",
        "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "roles.rbac.authorization.k8s.io",
        "rolebindings.rbac.authorization.k8s.io",
        "clusterroles.rbac.authorization.k8s.io",
        "clusterrolebindings.rbac.authorization.k8s.io",
    ];
    GATES.iter().map(|t| store.revision_of(t)).max().unwrap_or(0)
}
