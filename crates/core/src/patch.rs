//! The patch algorithms, for the server and for kubectl.
//!
//! Pure functions over trees. They know no cluster and no schema beyond the [`strategic::Shape`] they are handed.

pub mod json;
pub mod merge;
pub mod strategic;
