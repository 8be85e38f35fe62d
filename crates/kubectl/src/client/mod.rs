//! From arguments, files and selectors to objects. Models cli-runtime `pkg/resource`.

pub mod builder;
pub mod files;
pub mod helper;
pub mod info;
pub mod openapi;
pub(crate) mod record;
pub mod requests;
mod text;
mod words;

pub use builder::Builder;
pub use info::Info;
pub use requests::{Change, Removal};
