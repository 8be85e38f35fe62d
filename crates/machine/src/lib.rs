//! Linux as the learner sees it: file systems, users, processes, programs, the shell.
//!
//! Nodes, containers and the learner's terminal are all machines. Knows nothing of kubectl, exercises and pages;
//! programs it does not have itself come from a registry that `lab` fills.

pub mod outcome;

pub use outcome::{EditRequest, Outcome, Output};
