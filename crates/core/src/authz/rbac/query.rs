//! The two questions an auditor asks: who can do this, and what can this subject do.

use super::super::Attributes;
use super::super::policy_rule::PolicyRule;
use super::{Found, Grant, Index};
use crate::decision::ObjectRef;
use crate::request::{Target, User, Verb};

/// A subject that may do what was asked, and through which binding and rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder {
    /// `User`, `Group` or `ServiceAccount`.
    pub kind: String,
    /// A service account's namespace; empty for others.
    pub namespace: String,
    /// The subject's name.
    pub name: String,
    /// What gives it the role.
    pub binding: ObjectRef,
    /// The role.
    pub role: ObjectRef,
    /// The position of the first rule that allows it.
    pub rule: usize,
}

/// One thing a subject may do, and through which binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The namespace it is limited to; empty for the whole cluster.
    pub namespace: String,
    /// What it may do.
    pub rule: PolicyRule,
    /// What gives it the role.
    pub binding: ObjectRef,
    /// The role.
    pub role: ObjectRef,
}

fn reference(kind: &str, object: &gatehouse_model::Object) -> ObjectRef {
    ObjectRef {
        kind: kind.to_owned(),
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
    }
}

impl Index {
    /// All subjects that roles and bindings let do this. Members of `system:masters` may do everything besides.
    #[must_use]
    pub fn who_can(&self, verb: &Verb, target: &Target) -> Vec<Holder> {
        let asked = self.asked(verb.as_str(), target);
        let wanted = if let Target::Resource(t) = target { t.namespace.as_str() } else { "" };
        let mut holders = Vec::new();
        for binding in &self.bindings {
            let object = &binding.object;
            if !object.namespace().is_empty() && object.namespace() != wanted {
                continue;
            }
            let Some(role) = self.role_of_binding(binding) else { continue };
            let Some(rule) = role.rules.iter().position(|r| r.allows(&asked)) else { continue };
            for subject in object.list_at(&["subjects"]) {
                let kind = subject.str_at(&["kind"]);
                let own = subject.str_at(&["namespace"]);
                let namespace = match kind {
                    "ServiceAccount" if own.is_empty() => object.namespace(),
                    "ServiceAccount" => own,
                    _ => "",
                };
                holders.push(Holder {
                    kind: kind.to_owned(),
                    namespace: namespace.to_owned(),
                    name: subject.str_at(&["name"]).to_owned(),
                    binding: reference(
                        if object.namespace().is_empty() { "ClusterRoleBinding" } else { "RoleBinding" },
                        object,
                    ),
                    role: reference(object.str_at(&["roleRef", "kind"]), &role.object),
                    rule,
                });
            }
        }
        holders
    }

    /// The reasons of all bindings that allow a request. The server names one of them at random: it looks at
    /// bindings in the order of a Go map.
    #[must_use]
    pub fn reasons(&self, attributes: &Attributes<'_>) -> Vec<String> {
        let asked = self.asked(attributes.verb.as_str(), attributes.target);
        let grants = self.applying(attributes.user, self.namespace_of(attributes.target));
        let found = grants.into_iter().filter_map(|grant| {
            let rule = self.role_of(grant)?.rules.iter().position(|r| r.allows(&asked))?;
            Some(Found { binding: grant.binding, subject: grant.subject, rule })
        });
        found.map(|f| self.reason(f)).collect()
    }

    /// Everything roles and bindings let this user do, anywhere, cluster-wide grants first.
    #[must_use]
    pub fn what_can(&self, user: &User) -> Vec<Granted> {
        let mut grants: Vec<Grant> = Vec::new();
        for bound in self.bounds_of(user) {
            grants.extend(&bound.everywhere);
            grants.extend(bound.namespaced.iter().flat_map(|(_, g)| g));
        }
        self.granted(grants)
    }

    /// What this user may do in a namespace (empty: what it may do cluster-wide), in the order its bindings are
    /// looked at, and the errors met on the way (roles that are missing).
    #[must_use]
    pub fn rules_for(&self, user: &User, namespace: &str) -> (Vec<PolicyRule>, Vec<String>) {
        let verb = Verb::Get;
        let target = Target::Resource(crate::request::ResourceTarget {
            namespace: namespace.to_owned(),
            ..Default::default()
        });
        let here = self.namespace_of(&target);
        let rules = self.granted(self.applying(user, here)).into_iter().map(|g| g.rule).collect();
        (rules, self.missing_roles(&Attributes { user, verb: &verb, target: &target, field_selector: "" }))
    }

    fn granted(&self, mut grants: Vec<Grant>) -> Vec<Granted> {
        gatehouse_model::order::by_key(&mut grants, |g| (g.binding, g.subject));
        grants.dedup_by_key(|g| g.binding);
        let mut out = Vec::new();
        for grant in grants {
            let (Some(binding), Some(role)) =
                (self.bindings.get(grant.binding as usize), self.role_of(grant))
            else {
                continue;
            };
            let object = &binding.object;
            for rule in PolicyRule::of_role(&role.object) {
                out.push(Granted {
                    namespace: object.namespace().to_owned(),
                    rule,
                    binding: reference(
                        if object.namespace().is_empty() { "ClusterRoleBinding" } else { "RoleBinding" },
                        object,
                    ),
                    role: reference(object.str_at(&["roleRef", "kind"]), &role.object),
                });
            }
        }
        out
    }
}
