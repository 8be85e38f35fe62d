//! What the network is apart from stored objects: the plugin that enforces policies, and the names it has seen resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

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
