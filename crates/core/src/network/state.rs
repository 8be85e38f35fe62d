//! What the network is apart from stored objects: the plugin that enforces policies, the names it has seen resolved,
//! and what was compiled last.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::compile::Network;
use super::input::Snapshot;
use crate::cluster::Cluster;

/// Which policies the cluster's network plugin enforces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cni {
    /// NetworkPolicy.
    #[default]
    Enforcing,
    /// NetworkPolicy, AdminNetworkPolicy and BaselineAdminNetworkPolicy.
    AdminPolicy,
    /// Cilium: NetworkPolicy as Cilium has it, CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy.
    Cilium,
}

/// The addresses that answers to DNS questions gave for names, as a plugin that watches such answers learns them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learned(BTreeMap<String, BTreeSet<IpAddr>>);

impl Learned {
    /// Remembers an answer. Names are kept in small letters and without a final dot.
    pub fn learn(&mut self, name: &str, addresses: impl IntoIterator<Item = IpAddr>) {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        self.0.entry(name).or_default().extend(addresses);
    }

    /// The names learnt, each with its addresses.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BTreeSet<IpAddr>)> {
        self.0.iter().map(|(name, addresses)| (name.as_str(), addresses))
    }
}

/// The cluster's network plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plugin {
    /// Which it is.
    pub cni: Cni,
    /// What it has learnt from DNS.
    pub learned: Learned,
}

/// The network last compiled for a cluster. A clone starts with the same one and goes its own way.
#[derive(Default)]
pub struct NetworkCache(Mutex<Option<(u64, Network)>>);

impl NetworkCache {
    /// The network of a cluster: what has not changed since last time is not compiled again, and while nothing at all was
    /// stored it is not even looked at.
    #[must_use]
    pub fn of(&self, cluster: &Cluster) -> Network {
        let revision = cluster.store.revision();
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let network = match &*slot {
            Some((known, last)) if *known == revision && *last.plugin() == cluster.network => {
                return last.clone();
            }
            Some((_, last)) => last.update(Snapshot::of(cluster)),
            None => Network::compile(Snapshot::of(cluster)),
        };
        *slot = Some((revision, network.clone()));
        network
    }
}

impl Clone for NetworkCache {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()))
    }
}

impl fmt::Debug for NetworkCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NetworkCache")
    }
}
