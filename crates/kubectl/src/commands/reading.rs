//! What the reading commands share.

/// What a missing type is answered with.
pub(super) const API_RESOURCES: &str =
    "Use \"kubectl api-resources\" for a complete list of supported resources.";
