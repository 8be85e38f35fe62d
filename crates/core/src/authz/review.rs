//! The answers of `SelfSubjectRulesReview`: what a user may do in a namespace.
//!
//! Models kubernetes `pkg/registry/authorization/selfsubjectrulesreview/rest.go` and the `RulesFor` of each authorizer.

use gatehouse_model::field::aggregate_texts;
use gatehouse_model::{Value, json};

use super::node;
use super::policy_rule::PolicyRule;
use crate::cluster::Cluster;
use crate::config::AuthorizationMode;
use crate::request::User;

/// What a `SelfSubjectRulesReview` reports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// Rules about resources, as authorizers yield them, not compacted.
    pub resource: Vec<PolicyRule>,
    /// Rules about paths.
    pub non_resource: Vec<PolicyRule>,
    /// Whether an authorizer could not list everything.
    pub incomplete: bool,
    /// What went wrong on the way; empty if nothing did.
    pub evaluation_error: String,
}

impl Rules {
    /// The review's `status`.
    #[must_use]
    pub fn to_status(&self) -> Value {
        let list = |rules: &[PolicyRule]| rules.iter().map(PolicyRule::to_value).collect::<Value>();
        let mut status = json!({
            "incomplete": (self.incomplete),
            "resourceRules": (list(&self.resource)),
            "nonResourceRules": (list(&self.non_resource)),
        });
        if !self.evaluation_error.is_empty() {
            status.set(&["evaluationError"], self.evaluation_error.as_str());
        }
        status
    }
}

/// What a user may do in a namespace, as far as the authorizers can list it.
#[must_use]
pub fn rules(cluster: &Cluster, user: &User, namespace: &str) -> Rules {
    let mut out = Rules::default();
    let mut errors: Vec<String> = Vec::new();
    let everything = || {
        let star = || vec!["*".to_owned()];
        (
            PolicyRule { verbs: star(), api_groups: star(), resources: star(), ..PolicyRule::default() },
            PolicyRule { verbs: star(), non_resource_urls: star(), ..PolicyRule::default() },
        )
    };
    for mode in &cluster.config.authorization_modes {
        match mode {
            AuthorizationMode::AlwaysAllow => {
                let (resource, path) = everything();
                out.resource.push(resource);
                out.non_resource.push(path);
            }
            AuthorizationMode::AlwaysDeny => {}
            AuthorizationMode::Node => {
                if node::is_node(user) {
                    out.incomplete = true;
                    errors.push("node authorizer does not support user rule resolution".to_owned());
                }
            }
            AuthorizationMode::Rbac => {
                let (rules, missing) = cluster.rbac.of(&cluster.store).rules_for(user, namespace);
                for rule in rules {
                    if !rule.resources.is_empty() {
                        let mut about = rule.clone();
                        about.non_resource_urls.clear();
                        out.resource.push(about);
                    }
                    if !rule.non_resource_urls.is_empty() {
                        out.non_resource.push(PolicyRule {
                            verbs: rule.verbs,
                            non_resource_urls: rule.non_resource_urls,
                            ..PolicyRule::default()
                        });
                    }
                }
                errors.extend(missing);
            }
        }
    }
    if !errors.is_empty() {
        out.evaluation_error = aggregate_texts(&errors);
    }
    out
}
