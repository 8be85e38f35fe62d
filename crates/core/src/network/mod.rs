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
mod requests;
mod state;

pub use addr::Cidr;
pub use compile::{Direction, Network, Port, Protocol};
pub use explain::{End, Flow, HalfVerdict};
pub use input::{ContainerPort, Namespace, Pod};
pub use matrix::Matrix;
pub use requests::{HttpRequest, RequestVerdict};
pub use state::{Cni, Learned, Plugin};

#[cfg(test)]
mod tests;
