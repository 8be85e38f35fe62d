//! The profile containerd makes for containers that name none. Models containerd contrib/apparmor/template.go.

use super::includes::Stock;
use super::policy::Policy;
use super::syntax::{ParserVersion, PolicyError};

/// The default profile's name.
pub const DEFAULT_PROFILE: &str = "cri-containerd.apparmor.d";

/// The default profile's text.
#[must_use]
pub fn default_text() -> String {
    include_str!("stock/cri-containerd").replace("NAME", DEFAULT_PROFILE)
}

/// The default profile, compiled.
///
/// # Errors
/// None in practice: a test holds the text to the parser.
pub fn default_policy() -> Result<Policy, PolicyError> {
    Policy::read("/tmp/cri-containerd.apparmor.d", &default_text(), &Stock, ParserVersion::V4_1_0)
}
