//! Patches that kubectl makes: what `apply` sends, and the annotation it remembers by.
//!
//! Knows trees and merge keys, nothing of commands and servers.

pub mod last_applied;
pub mod local;
pub mod merge;
pub mod strategic;
