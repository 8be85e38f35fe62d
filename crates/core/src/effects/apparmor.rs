//! AppArmor: its profile language as apparmor_parser reads it, and the loaded policy as the kernel asks it.
//!
//! The way of a profile: [`Policy::read`] (text to rules, with the parser's errors), [`PolicySet::load`] (the node's
//! kernel), [`PolicySet::decide`] (every hook). Models AppArmor 4.1.0 and 3.0.8 and the kernel 6.12. Does not know
//! stacked labels, policy namespaces, the dbus daemon, and sockets' addresses.

mod audit;
mod compile;
mod decide;
mod default;
mod entries;
mod glob;
mod includes;
mod including;
mod label;
mod lexer;
mod mount;
mod perms;
mod policy;
mod rule;
mod scan;
mod syntax;
mod token;
mod variables;
mod words;

pub use audit::{AuditRecord, AuditType, quoted};
pub use compile::Profile;
pub use decide::{Cause, MountRequest, NetworkAccess, Operation, PathOp, Subject, Trace, Verdict};
pub use default::{DEFAULT_PROFILE, default_policy, default_text};
pub use glob::Glob;
pub use includes::{Found, Includes, ROOT, STOCK, Stock};
pub use label::Label;
pub use mount::flag as mount_flag;
pub use policy::{LoadMode, Loaded, Policy, PolicySet};
pub use rule::{Flags, Location, ProfileMode};
pub use syntax::{ParserVersion, PolicyError};

#[cfg(test)]
mod tests;
