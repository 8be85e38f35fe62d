//! Seccomp as containerd, runc and libseccomp make it from a profile, and as the kernel applies it.
//!
//! The way of a profile: [`Profile::parse`] (containerd reads the JSON), [`Filter::compile`] (runc and
//! libseccomp make the program), [`start::start`] (runc itself runs under it), [`Filter::decide`] (every call).
//! Models containerd 1.7.24, runc 1.1.15 and libseccomp 2.6.0. Does not know notify listeners.

mod action;
mod audit;
mod decode;
mod default;
mod filter;
mod profile;
pub mod start;
pub mod syscalls;

pub use action::Action;
pub use audit::{LogEntry, log_line};
pub use default::{RuntimeVersion, runtime_default};
pub use filter::{Because, Filter, SetupError, Verdict};
pub use profile::{Argument, Operator, Profile, Rule};
pub use syscalls::{Arch, name_of, number_of};

#[cfg(test)]
mod tests;
