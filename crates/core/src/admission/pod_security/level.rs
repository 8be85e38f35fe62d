//! Levels and versions, as labels and configuration write them.
//!
//! Models pod-security-admission `api/helpers.go`.

use std::fmt;

use gatehouse_model::{FieldError, FieldPath, Map, Value};

const PREFIX: &str = "pod-security.kubernetes.io/";

/// How strict a policy is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Anything goes.
    #[default]
    Privileged,
    /// Known escalations are refused.
    Baseline,
    /// Hardened.
    Restricted,
}

impl Level {
    /// The word in labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }

    /// Reads a label's value.
    ///
    /// # Errors
    /// What the server says of another value.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        [Self::Privileged, Self::Baseline, Self::Restricted]
            .into_iter()
            .find(|l| l.as_str() == text)
            .ok_or("must be one of privileged, baseline, restricted")
    }
}

/// Which version of the standards is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// The newest the server knows.
    #[default]
    Latest,
    /// That of Kubernetes `1.x`.
    Minor(u32),
}

impl Version {
    /// Reads a label's value.
    ///
    /// # Errors
    /// What the server says of another value.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        let digits = text.strip_prefix("v1.").filter(|d| *d == "0" || !d.starts_with('0'));
        digits
            .filter(|d| d.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|d| d.parse().ok())
            .map(Self::Minor)
            .ok_or("must be \"latest\" or \"v1.x\"")
    }

    /// The minor version to look checks up with, on a server of `1.server`.
    #[must_use]
    pub fn minor(self, server: u8) -> u8 {
        match self {
            Self::Latest => server,
            Self::Minor(minor) => u8::try_from(minor).unwrap_or(u8::MAX).min(server),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::Minor(minor) => write!(f, "v1.{minor}"),
        }
    }
}

/// A level in a version: `baseline:v1.24`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelVersion {
    /// How strict.
    pub level: Level,
    /// In which version.
    pub version: Version,
}

impl fmt::Display for LevelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.level.as_str(), self.version)
    }
}

/// What holds in a namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Violations are refused.
    pub enforce: LevelVersion,
    /// Violations are written to the audit log.
    pub audit: LevelVersion,
    /// Violations are told to the user.
    pub warn: LevelVersion,
}

impl Policy {
    /// Whether every mode lets everything pass.
    #[must_use]
    pub fn fully_privileged(&self) -> bool {
        [self.enforce, self.audit, self.warn].iter().all(|m| m.level == Level::Privileged)
    }

    fn equivalent(&self, other: &Self) -> bool {
        let same = |a: LevelVersion, b: LevelVersion| {
            (a.level == Level::Privileged && b.level == Level::Privileged) || a == b
        };
        same(self.enforce, other.enforce) && same(self.audit, other.audit) && same(self.warn, other.warn)
    }

    /// The policy that labels ask for, over the cluster's defaults, and what is wrong with the labels.
    /// What cannot be read is restricted where it enforces and privileged where it only tells.
    #[must_use]
    pub fn from_labels(labels: &Map, defaults: Self) -> (Self, Vec<FieldError>) {
        let mut policy = defaults;
        let mut errors = Vec::new();
        let get = |name: &str| labels.get(&format!("{PREFIX}{name}")).and_then(Value::as_str);
        let mut fail = |name: &str, value: &str, why: &str| {
            let path = FieldPath::new("metadata").child("labels").key(&format!("{PREFIX}{name}"));
            errors.push(FieldError::invalid(path, &value.into(), why));
        };
        let mut enforce_set = false;
        let modes = [
            ("enforce", &mut policy.enforce, Level::Restricted),
            ("audit", &mut policy.audit, Level::Privileged),
            ("warn", &mut policy.warn, Level::Privileged),
        ];
        for (name, mode, fallback) in modes {
            if let Some(value) = get(name) {
                mode.level = Level::parse(value).unwrap_or_else(|why| {
                    fail(name, value, why);
                    fallback
                });
                enforce_set |= name == "enforce" && Level::parse(value).is_ok();
            }
            let name = format!("{name}-version");
            if let Some(value) = get(&name) {
                mode.version = Version::parse(value).unwrap_or_else(|why| {
                    fail(&name, value, why);
                    Version::Latest
                });
            }
        }
        // Who enforces wants to be told about templates, too.
        if get("warn").is_none() && enforce_set && policy.enforce.level > policy.warn.level {
            policy.warn.level = policy.enforce.level;
            if get("warn-version").is_none() {
                policy.warn.version = policy.enforce.version;
            }
        }
        (policy, errors)
    }

    /// What is said when an exempt namespace is labelled all the same.
    pub(super) fn exempt_warning(&self, namespace: &str, labels: &Map, defaults: &Self) -> Option<String> {
        if self.fully_privileged() || self.equivalent(defaults) {
            return None;
        }
        let has = |name: &str| labels.contains_key(&format!("{PREFIX}{name}"));
        let parts: Vec<String> = [("enforce", self.enforce), ("audit", self.audit), ("warn", self.warn)]
            .into_iter()
            .filter(|(name, mode)| {
                mode.level != Level::Privileged && (has(name) || has(&format!("{name}-version")))
            })
            .map(|(name, mode)| format!("{name}={mode}"))
            .collect();
        Some(format!(
            "namespace \"{namespace}\" is exempt from Pod Security, and the policy ({}) will be ignored",
            parts.join(", ")
        ))
    }
}
