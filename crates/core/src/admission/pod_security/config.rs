//! The plugin's part of `--admission-control-config-file`: defaults for unlabelled namespaces, and exemptions.
//!
//! Models pod-security-admission `admission/api/v1`.

use gatehouse_model::Value;

use super::level::{Level, LevelVersion, Policy, Version};

/// `PodSecurityConfiguration`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// What holds where labels do not say.
    pub defaults: Policy,
    /// Users whose requests are not looked at.
    pub exempt_users: Vec<String>,
    /// Namespaces that are not looked at.
    pub exempt_namespaces: Vec<String>,
    /// Runtime classes whose pods are not looked at.
    pub exempt_runtime_classes: Vec<String>,
}

impl Configuration {
    /// Reads a `PodSecurityConfiguration`; what is missing or cannot be read is as if it were not there.
    #[must_use]
    pub fn from_value(value: &Value) -> Self {
        let mode = |name: &str| LevelVersion {
            level: Level::parse(value.str_at(&["defaults", name])).unwrap_or_default(),
            version: Version::parse(value.str_at(&["defaults", &format!("{name}-version")]))
                .unwrap_or_default(),
        };
        let list = |name: &str| {
            value.list_at(&["exemptions", name]).iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Self {
            defaults: Policy { enforce: mode("enforce"), audit: mode("audit"), warn: mode("warn") },
            exempt_users: list("usernames"),
            exempt_namespaces: list("namespaces"),
            exempt_runtime_classes: list("runtimeClasses"),
        }
    }
}
