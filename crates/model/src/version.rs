//! Which Kubernetes a cluster speaks, and which kubectl the learner holds.

use std::fmt;

/// The minor version of a cluster, `1.x`. Behaviour is held to recordings of 1.36 and 1.20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubeVersion {
    minor: u8,
}

impl KubeVersion {
    /// Kubernetes 1.20 (recorded with 1.20.2): the last years of PodSecurityPolicy.
    pub const V1_20: Self = Self { minor: 20 };
    /// Kubernetes 1.36 (recorded with 1.36.2): the lab's usual cluster.
    pub const V1_36: Self = Self { minor: 36 };

    /// Version `1.minor`.
    #[must_use]
    pub const fn new(minor: u8) -> Self {
        Self { minor }
    }

    /// Reads `1.36`, `v1.36` or `v1.36.2`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.")?;
        let minor = rest.split('.').next()?;
        minor.parse().ok().map(Self::new)
    }

    /// The `x` of `1.x`.
    #[must_use]
    pub const fn minor(self) -> u8 {
        self.minor
    }

    /// The server's full version, `v1.36.2`.
    #[must_use]
    pub fn git_version(self) -> String {
        format!("v1.{}.2", self.minor)
    }

    /// The kubectl that goes with this cluster: 1.27.16 for 1.20, else the cluster's minor, patch 4.
    #[must_use]
    pub const fn client(self) -> ClientVersion {
        if self.minor <= 20 {
            ClientVersion { minor: 27, patch: 16 }
        } else {
            ClientVersion { minor: self.minor, patch: 4 }
        }
    }
}

impl fmt::Display for KubeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

/// The version of the kubectl in the learner's terminal, `1.minor.patch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientVersion {
    /// The `x` of `1.x.y`.
    pub minor: u8,
    /// The `y` of `1.x.y`.
    pub patch: u8,
}

impl fmt::Display for ClientVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1.{}.{}", self.minor, self.patch)
    }
}
