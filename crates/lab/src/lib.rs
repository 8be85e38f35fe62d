//! The lab: exercises, sessions, checks and reports. The facade that the page and the native binary use.
//!
//! Owns the [`World`] (a cluster, its machines, its kubelets) and lets it come to rest after every command. Knows no
//! DOM and no command-line arguments.

pub mod check;
pub mod content;
pub mod exercise;
pub mod explain;
pub mod picture;
pub mod preview;
pub mod reach;
pub mod report;
pub mod session;
pub mod world;

pub use gatehouse_core::network::{Cni, Network};
pub use gatehouse_machine as machine;
pub use gatehouse_model::KubeVersion;
pub use picture::Picture;
pub use preview::{Preview, PreviewKind, PreviewLine};
pub use report::{CheckResult, Report};
pub use session::{Action, Session, SessionError, Tab, Transcript};
pub use world::{Addon, World};
