//! The network: whose packets may reach whom.
//!
//! Models networking.k8s.io/v1 NetworkPolicy as its documentation states it, and, where the cluster's plugin enforces
//! them, AdminNetworkPolicy, BaselineAdminNetworkPolicy and Cilium's policies. Policies are compiled once, against the
//! pods they can see ([`Network`]), then asked: one flow with its causes ([`Network::flow`]), a request over it
//! ([`Network::http`], [`Network::dns`]), the whole picture for one port ([`Network::matrix`]), what could go
//! ([`Network::useless`]) or what would be enough ([`Network::suggest`]). Knows nothing of how
//! packets travel; replies and node traffic always pass.

mod addr;
mod admin_policy;
mod bits;
pub(crate) mod cilium;
mod compile;
mod decide;
pub mod dns;
mod explain;
mod index;
mod input;
pub mod istio;
mod matrix;
mod policy;
mod redundant;
pub(crate) mod requests;
pub mod services;
mod state;
mod suggest;

pub use addr::Cidr;
pub use cilium::{Enforcement, Settings};
pub use compile::Network;
pub use explain::{End, Flow, HalfVerdict};
pub use input::{ContainerPort, Namespace, Node, Pod, Snapshot};
pub use matrix::Matrix;
pub use policy::{Direction, Port, Protocol};
pub use redundant::Useless;
pub use requests::{HttpRequest, RequestVerdict};
pub use state::{Cni, Learned, NetworkCache, Plugin};
pub use suggest::Observed;

#[cfg(test)]
mod tests;
