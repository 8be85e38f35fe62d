//! Linux as the learner sees it: file systems, users, processes, programs, the shell.
//!
//! Nodes, containers and the learner's terminal are all machines. Knows nothing of kubectl, exercises and pages;
//! programs it does not have itself come from [`Outside`], which `lab` provides.

pub mod container;
pub mod errno;
pub mod fs;
pub mod image;
pub mod images;
pub mod kubelet;
pub mod machine;
pub mod net;
pub mod node;
pub mod outcome;
pub mod outside;
pub mod process;
pub mod procfs;
pub mod programs;
pub mod regex;
pub mod security;
pub mod shell;
pub mod sys;
pub mod text;

pub use container::{Container, ContainerSpec, Volume};
pub use machine::Machine;
pub use outcome::{EditRequest, Outcome, Output};
pub use outside::{Alone, Outside};
pub use shell::ShellState;
pub use sys::Sys;
pub use sys::Tty;
