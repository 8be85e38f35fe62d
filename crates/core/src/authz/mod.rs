//! May they: the authorizers of `--authorization-mode`, asked in order.
//!
//! Models kubernetes `pkg/kubeapiserver/authorizer/config.go` and apiserver `pkg/authorization/union`.

pub mod aggregation;
pub mod escalation;
pub mod forbidden;
pub mod impersonation;
pub mod node;
pub mod policy_rule;
pub mod rbac;
pub mod review;

use crate::cluster::Cluster;
use crate::config::AuthorizationMode;
use crate::decision::{Bearing, Cause, Decision, Verdict};
use crate::request::{Target, User, Verb};

pub use policy_rule::PolicyRule;

/// The group whose members are asked no questions.
pub const MASTERS: &str = "system:masters";

/// What authorization looks at: never the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes<'a> {
    /// Who.
    pub user: &'a User,
    /// Does what.
    pub verb: &'a Verb,
    /// To what.
    pub target: &'a Target,
}

/// Whether the user is in [`MASTERS`].
#[must_use]
pub fn is_master(user: &User) -> bool {
    user.groups.iter().any(|g| g == MASTERS)
}

fn decision(verdict: Verdict, reason: impl Into<String>) -> Decision {
    Decision { verdict, reason: reason.into(), because: Vec::new() }
}

/// Asks the cluster's authorizers in order; the first opinion counts, none means no. The reasons of authorizers
/// without an opinion stand one a line. Causes are left out: see [`authorize`].
#[must_use]
pub fn decide(cluster: &Cluster, attributes: &Attributes<'_>) -> Decision {
    if is_master(attributes.user) {
        return decision(Verdict::Allow, "");
    }
    let mut reasons: Vec<String> = Vec::new();
    for mode in &cluster.config.authorization_modes {
        let opinion = match mode {
            AuthorizationMode::AlwaysAllow => decision(Verdict::Allow, ""),
            AuthorizationMode::AlwaysDeny => decision(Verdict::NoOpinion, "Everything is forbidden."),
            AuthorizationMode::Node => node::decide(cluster, attributes),
            AuthorizationMode::Rbac => cluster.rbac.of(&cluster.store).decide(attributes),
        };
        if opinion.verdict != Verdict::NoOpinion {
            return opinion;
        }
        if !opinion.reason.is_empty() {
            reasons.push(opinion.reason);
        }
    }
    decision(Verdict::NoOpinion, reasons.join("\n"))
}

/// As [`decide`], with the causes: what decided, or what nearly did and what it lacked.
#[must_use]
pub fn authorize(cluster: &Cluster, attributes: &Attributes<'_>) -> Decision {
    let mut decision = decide(cluster, attributes);
    let noted =
        |bearing, text: &str| Cause { bearing, object: None, field: String::new(), text: text.to_owned() };
    let modes = &cluster.config.authorization_modes;
    if is_master(attributes.user) {
        decision
            .because
            .push(noted(Bearing::Decided, "members of group \"system:masters\" may do everything"));
    } else if decision.allowed() && decision.reason.is_empty() {
        let text = if modes.contains(&AuthorizationMode::AlwaysAllow) && !node::is_node(attributes.user) {
            "authorization mode AlwaysAllow lets everybody do everything"
        } else {
            "the node authorizer lets a kubelet do this"
        };
        decision.because.push(noted(Bearing::Decided, text));
    } else if modes.contains(&AuthorizationMode::Rbac) {
        decision.because = cluster.rbac.of(&cluster.store).explain(attributes);
    }
    decision
}
