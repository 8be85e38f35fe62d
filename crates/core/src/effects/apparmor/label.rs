//! The label of a process: the profile that confines it.

use std::fmt;

/// A process' label. Stacks of labels and policy namespaces are not modelled.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// No profile.
    #[default]
    Unconfined,
    /// A profile's full name.
    Profile(String),
}

impl Label {
    /// Reads a label as rules and commands name it.
    #[must_use]
    pub fn new(name: &str) -> Self {
        if name == "unconfined" { Self::Unconfined } else { Self::Profile(name.to_owned()) }
    }

    /// The name, `unconfined` for none.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Unconfined => "unconfined",
            Self::Profile(name) => name,
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
