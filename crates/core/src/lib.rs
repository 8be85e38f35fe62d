//! The shared core: what a cluster's security really does.
//!
//! Plays the API server (authentication, authorization, admission, validation, storage), its controllers, the
//! network and the kubelet's and kernel's security decisions. Knows no YAML text, no kubectl, no exercise and no
//! page; has no clock, randomness or I/O of its own (see [`world`]).

pub mod admission;
pub mod audit;
pub mod authn;
pub mod authz;
pub mod bootstrap;
pub mod cluster;
pub mod config;
pub mod controllers;
pub mod decision;
mod defaults;
pub mod effects;
pub mod kubelet;
mod managed;
pub mod network;
pub mod patch;
pub mod pki;
pub mod request;
mod schema;
pub mod server;
pub mod status;
pub mod store;
mod strategy;
mod validation;
pub mod world;

pub use cluster::Cluster;
pub use config::ApiServerConfig;
pub use decision::{Cause, Decision, Trace, Verdict};
pub use request::{Body, Credential, DryRun, PatchType, Reply, Request, Response, Target, Verb};
pub use status::{Reason, Status};
pub use store::Store;
pub use world::{Entropy, Timestamp};
