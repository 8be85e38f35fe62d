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

use gatehouse_model::field_selector::FieldSelector;

use crate::cluster::Cluster;
use crate::config::AuthorizationMode;
use crate::decision::{Answer, Bearing, Cause, Decision, Verdict};
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
    /// The field selector of a list or watch, as text; empty for none.
    pub field_selector: &'a str,
}

impl Attributes<'_> {
    /// The value a field must have by the field selector, if it says so.
    #[must_use]
    pub fn selected(&self, field: &str) -> Option<String> {
        selected(self.field_selector, field)
    }
}

/// The value a field must have by a field selector, if it says so.
#[must_use]
pub fn selected(field_selector: &str, field: &str) -> Option<String> {
    let selector = FieldSelector::parse(field_selector).ok()?;
    selector.terms.into_iter().find(|t| t.equal && t.field == field).map(|t| t.value)
}

/// Whether the user is in [`MASTERS`].
#[must_use]
pub fn is_master(user: &User) -> bool {
    user.groups.iter().any(|g| g == MASTERS)
}

fn decision(verdict: Verdict, reason: impl Into<String>) -> Decision {
    Decision { verdict, reason: reason.into(), because: Vec::new(), answers: Vec::new() }
}

/// Everybody whom roles and bindings let do this; members of [`MASTERS`] may do everything besides, and so may all
/// where the mode AlwaysAllow is on.
#[must_use]
pub fn who_can(cluster: &Cluster, verb: &Verb, target: &Target) -> Vec<rbac::Holder> {
    cluster.rbac.of(&cluster.store).who_can(verb, target)
}

/// Everything roles and bindings let a user do, cluster-wide grants first.
#[must_use]
pub fn what_can(cluster: &Cluster, user: &User) -> Vec<rbac::Granted> {
    cluster.rbac.of(&cluster.store).what_can(user)
}

/// Asks the cluster's authorizers in order; the first opinion counts, none means no. The reasons of authorizers
/// without an opinion stand one a line. Causes are left out: see [`authorize`].
#[must_use]
pub fn decide(cluster: &Cluster, attributes: &Attributes<'_>) -> Decision {
    consult(cluster, attributes, None)
}

fn consult(
    cluster: &Cluster,
    attributes: &Attributes<'_>,
    mut answers: Option<&mut Vec<Answer>>,
) -> Decision {
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
        if let Some(answers) = &mut answers {
            answers.push(Answer { authorizer: mode.as_str(), verdict: opinion.verdict });
        }
        if opinion.verdict != Verdict::NoOpinion {
            return opinion;
        }
        if !opinion.reason.is_empty() {
            reasons.push(opinion.reason);
        }
    }
    decision(Verdict::NoOpinion, reasons.join("\n"))
}

/// As [`decide`], with what each authorizer said and the causes: what decided, or what nearly did and what it lacked.
#[must_use]
pub fn authorize(cluster: &Cluster, attributes: &Attributes<'_>) -> Decision {
    let mut answers = Vec::new();
    let mut decision = consult(cluster, attributes, Some(&mut answers));
    decision.answers = answers;
    let modes = &cluster.config.authorization_modes;
    if is_master(attributes.user) {
        let text = "members of group \"system:masters\" may do everything";
        decision.because.push(Cause::plain(Bearing::Decided, text));
    } else if decision.allowed() && decision.reason.is_empty() {
        let text = if modes.contains(&AuthorizationMode::AlwaysAllow) && !node::is_node(attributes.user) {
            "authorization mode AlwaysAllow lets everybody do everything"
        } else {
            "the node authorizer lets a kubelet do this"
        };
        decision.because.push(Cause::plain(Bearing::Decided, text));
    } else if modes.contains(&AuthorizationMode::Rbac) {
        decision.because = cluster.rbac.of(&cluster.store).explain(attributes);
        if decision.because.is_empty() {
            let text = "no binding gives this user or its groups a role with a rule like that";
            decision.because.push(Cause::plain(Bearing::Noted, text));
        }
    }
    decision
}
