//! What a kubelet is to the cluster: something that makes pods of its nodes run.
//!
//! Two bodies: the stand-in of the recordings (every bound pod is Running and Ready at once), here in `core`; and the
//! real one in `machine`, which runs container processes.

use crate::cluster::Cluster;

/// The kubelets of all nodes, seen from the control plane.
pub trait Kubelet {
    /// Looks at the pods bound to its nodes, starts, stops and reports. Says whether it changed the cluster;
    /// it is called until nothing changes.
    fn sync(&mut self, cluster: &mut Cluster) -> bool;
}
