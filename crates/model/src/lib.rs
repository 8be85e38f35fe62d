//! Text to objects: what every other room stands on.
//!
//! Knows YAML, JSON, the table of kinds, structural schemas, selectors, quantities, field paths and diagnostics.
//! Knows nothing of clusters, users, files, clocks or randomness.

pub mod base64;
pub mod decode;
pub mod field;
pub mod field_selector;
pub mod json;
pub mod kinds;
pub mod names;
pub mod object;
pub mod order;
pub mod quantity;
pub mod resource;
pub mod schema;
pub mod selector;
pub mod sha256;
pub mod time;
pub mod value;
pub mod version;
pub mod yaml;

pub use field::{FieldError, FieldErrorKind, FieldPath};
pub use field_selector::FieldSelector;
pub use object::Object;
pub use quantity::Quantity;
pub use resource::{GroupKind, GroupVersion, ResourceType, Scope};
pub use selector::Selector;
pub use value::{Map, Value};
pub use version::{ClientVersion, KubeVersion};
