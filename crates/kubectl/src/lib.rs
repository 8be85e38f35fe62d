//! kubectl: its grammar, its patch logic and its printers.
//!
//! Talks to the cluster through [`host::Api`], to files through [`host::Files`] and to containers through
//! [`host::Containers`]; knows no exercise and no page. Everything printed is kubectl's own wording.

mod chance;
pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod der;
pub mod describe;
pub mod discovery;
pub mod error;
pub mod explain;
pub mod hash;
pub mod host;
pub mod image_name;
pub mod kustomize;
pub mod mapping;
pub mod output;
pub mod patch;
pub mod preferences;
pub mod print;
pub mod run;
pub mod session;
pub mod structs;
pub mod tables;

pub use host::{Api, Containers, Files, Host};
pub use run::run;
