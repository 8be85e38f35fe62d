//! The profile containerd makes for containers that name none. Models containerd contrib/apparmor/template.go.

use std::sync::{Arc, OnceLock};

use super::compile::Profile;
use super::decide::{Cause, Operation, Verdict};
use super::includes::Stock;
use super::label::Label;
use super::policy::Policy;
use super::rule::Location;
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
    Policy::read(FILE, &default_text(), &Stock, ParserVersion::V4_1_0)
}

/// What containerd calls the file it hands to the parser.
const FILE: &str = "/tmp/cri-containerd.apparmor.d";

/// The default profile as the kernel holds it; it is the same everywhere, and read when it is first needed.
pub(super) fn default_profile() -> Option<Arc<Profile>> {
    static READ: OnceLock<Option<Arc<Profile>>> = OnceLock::new();
    READ.get_or_init(|| default_policy().ok()?.profiles.into_iter().next().map(Arc::new)).clone()
}

/// What the default profile gives in one rule and denies in none: files outside of `/proc` and `/sys` (`file,`),
/// capabilities and sockets. Nearly all that containers do is of this kind, and it spares reading the profile; a test holds
/// it to what the profile says.
pub(super) fn plainly_given(operation: &Operation<'_>) -> Option<Verdict> {
    let free = |path: &str| path.starts_with('/') && !path.starts_with("/proc") && !path.starts_with("/sys");
    let (given, line) = match *operation {
        Operation::Path { path, .. } | Operation::Exec { path, .. } => (free(path), 7),
        Operation::Rename { from, to, .. } => (free(from) && free(to), 7),
        Operation::Capability(_) => (true, 6),
        Operation::Socket { .. } => (true, 5),
        _ => (false, 0),
    };
    let same = matches!(operation, Operation::Exec { .. }).then(|| Label::new(DEFAULT_PROFILE));
    let because = Cause::Rule(Location { file: FILE.to_owned(), line });
    given.then(|| Verdict { because, label: same, ..Verdict::default() })
}
