//! Exercises: their format, and the catalogue that is built in.

pub mod format;

mod bundle;
mod catalogue;

pub use bundle::{Answer, Bundle, lines};
pub use catalogue::{catalogue, find};
pub use format::{Check, Domain, Exercise};

/// The JSON Schema of `exercise.yaml`.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(Exercise);
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}
