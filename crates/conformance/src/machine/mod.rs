//! Suites of the kernel that run programs and calls on a simulated machine, in containers as the recordings had them.

mod exec;
mod order;
mod outcomes;
mod syscalls;
mod tools;
mod world;

pub use exec::{ApparmorExec, ApparmorStart, CapabilitiesExec, SeccompExec, SeccompLog};
pub use order::Order;
pub use outcomes::SyscallOutcomes;
pub use syscalls::SeccompSyscalls;
pub use tools::ApparmorTools;
