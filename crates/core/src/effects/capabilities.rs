//! Capabilities: the sets of a process, and how a container's securityContext, an exec and a change of user move them.
//!
//! Does not know which call needs which capability: the machine asks [`CapSet::has`] where the kernel asks
//! `capable()`. Models Linux 6.12 security/commoncap.c, containerd 1.7 pkg/cri and runc.

mod container;
mod process;
mod set;

pub use container::{Accounts, OciProcess, oci_process};
pub use process::{ExecFile, FileCaps, NewPrivileges, ProcessCaps, Uids};
pub use set::{CapSet, Capability, DEFAULT};

#[cfg(test)]
mod tests;
