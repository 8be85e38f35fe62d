//! The network: whose packets may reach whom.
//!
//! Models networking.k8s.io/v1 NetworkPolicy as its documentation states it. Policies are compiled once, against the
//! pods they can see ([`Network`]), then asked: one flow with its causes ([`Network::flow`]), or the whole picture
//! for one port ([`Network::matrix`]). Knows nothing of how packets travel; replies and node traffic always pass.

mod addr;
mod bits;
mod compile;
mod explain;
mod index;
mod input;
mod matrix;

pub use addr::Cidr;
pub use compile::{Direction, Network, Port, Protocol};
pub use explain::{End, Flow, HalfVerdict};
pub use input::{ContainerPort, Namespace, Pod};
pub use matrix::Matrix;

#[cfg(test)]
mod tests;
