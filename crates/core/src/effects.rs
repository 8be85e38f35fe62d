//! What the kernel and the container runtime make of a container's security settings: pure functions from
//! settings and one operation to a verdict with its causes.
//!
//! Knows seccomp, AppArmor, capabilities, what the kubelet and the runtime make of a manifest ([`plan`]), and which
//! calls gVisor makes ([`sandbox`]). Does not know files, processes or networks: the machine holds
//! those, asks here at its one system call gate, and applies the answers in the kernel's order.

pub mod apparmor;
pub mod capabilities;
pub mod errno;
pub mod plan;
pub mod sandbox;
pub mod seccomp;

pub use errno::Errno;
