//! kubectl: its grammar, its patch logic and its printers.
//!
//! Talks to the cluster through [`host::Api`], to files through [`host::Files`] and to containers through
//! [`host::Containers`]; knows no exercise and no page. Everything printed is kubectl's own wording.

pub mod host;

pub use host::{Api, Containers, Files, Host};
