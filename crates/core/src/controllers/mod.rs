//! Controllers: what turns wishes into objects, each acting through the API server as its own service account.
//!
//! One file a controller. A pass looks at the store, acts, and is repeated until nothing changes. Knows nothing of
//! users' commands. Models kube-controller-manager and kube-scheduler as far as their effects can be seen.

pub mod client;
mod deployment;
pub mod events;
mod namespace;
mod replicaset;
mod root_ca;
mod scheduler;
mod serviceaccount;
mod standin;

pub use client::Client;
pub use standin::StandIn;

use crate::cluster::Cluster;

/// A controller: the name of its service account, and one pass.
type Controller = (&'static str, fn(&mut Client<'_>));

/// In the order they are asked; the order does not matter to where things come to rest.
const CONTROLLERS: &[Controller] = &[
    ("service-account-controller", serviceaccount::pass),
    ("root-ca-cert-publisher", root_ca::pass),
    ("namespace-controller", namespace::pass),
    ("deployment-controller", deployment::pass),
    ("replicaset-controller", replicaset::pass),
    ("default-scheduler", scheduler::pass),
];

/// Lets every controller act once. Says whether anything changed.
pub fn reconcile(cluster: &mut Cluster) -> bool {
    let before = cluster.store.revision();
    for (name, pass) in CONTROLLERS {
        pass(&mut Client::new(cluster, name));
    }
    cluster.store.revision() != before
}

#[cfg(test)]
mod tests;
