//! The kubeconfig: which server, as whom, in which namespace.
//!
//! Models client-go `tools/clientcmd`. Reads files only through the host.

pub mod credential;
pub mod file;
pub mod load;
pub mod resolve;
pub mod save;

pub use file::KubeConfig;
pub use resolve::{Namespace, Target};
