//! kubectl's grammar: commands, flags and how words become both.
//!
//! Models what kubectl takes of cobra and pflag: finding the command, flag syntax and its errors, required flags,
//! suggestions and help. Knows no command by name and nothing of clusters.

pub mod args;
pub mod command;
pub mod find;
pub mod flag;
pub mod global;
pub mod groups;
pub mod help;
pub mod parse;
pub mod value;

pub use args::Args;
pub use command::Command;
pub use flag::{Flag, FlagType};
