//! Cilium's policies: CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy of `cilium.io/v2`.
//!
//! Models Cilium 1.18: `pkg/policy` (`api/`, `rule.go`, `l4.go`, `repository.go`) and
//! `pkg/k8s/apis/cilium.io/utils`. To Cilium a peer is an identity: a pod by its labels, or something reserved (the
//! node itself, another node, the world). Blocks of addresses and names from DNS are of the world only. Knows no
//! encryption, no TLS inspection beyond the server's name, no Kafka, no groups of cloud providers, no other clusters.

mod compile;
mod identity;
mod names;
mod requests;
mod selectors;
mod validate;

pub(super) use compile::compile;
pub(super) use identity::{Facts, HOSTS, WORLD};
pub(super) use requests::{Authentication, Beyond, Requests};

use gatehouse_model::{Object, Value};

/// When endpoints that no policy selects are isolated: `enable-policy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enforcement {
    /// Only those that a policy selects.
    #[default]
    Default,
    /// All.
    Always,
    /// None, not even those that a policy selects.
    Never,
}

/// Cilium's settings, as the ConfigMap `kube-system/cilium-config` has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `enable-policy`
    pub enforcement: Enforcement,
    /// `enable-host-firewall`: whether policies with a `nodeSelector` do anything.
    pub host_firewall: bool,
    /// `mesh-auth-enabled`: whether a policy may ask for authentication at all.
    pub authentication: bool,
    /// `mesh-auth-mutual-enabled`: whether pods can prove who they are.
    pub mutual_authentication: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enforcement: Enforcement::Default,
            host_firewall: false,
            authentication: true,
            mutual_authentication: false,
        }
    }
}

impl Settings {
    /// Reads the ConfigMap.
    #[must_use]
    pub fn of(config: &Object) -> Self {
        let set = |key: &str, default: bool| match config.str_at(&["data", key]) {
            "true" => true,
            "false" => false,
            _ => default,
        };
        Self {
            enforcement: match config.str_at(&["data", "enable-policy"]) {
                "always" => Enforcement::Always,
                "never" => Enforcement::Never,
                _ => Enforcement::Default,
            },
            host_firewall: set("enable-host-firewall", false),
            authentication: set("mesh-auth-enabled", true),
            mutual_authentication: set("mesh-auth-mutual-enabled", false),
        }
    }
}

/// What is wrong with a policy, in the words of Cilium's operator; it then has no effect.
pub(crate) fn complaints(object: &Object, settings: Settings) -> Vec<String> {
    specs(object).flat_map(|(_, spec)| validate::complaints(spec, settings)).collect()
}

/// The rules an object holds and where each stands.
fn specs(object: &Object) -> impl Iterator<Item = (String, &Value)> {
    let one = object.get("spec").filter(|s| !s.is_null()).map(|s| ("spec".to_owned(), s));
    let many = object.list_at(&["specs"]).iter().enumerate().map(|(i, s)| (format!("specs[{i}]"), s));
    one.into_iter().chain(many)
}
