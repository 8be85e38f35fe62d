//! Why: the server's words for what allowed a request, and the tutor's for what did and what nearly did.

use gatehouse_model::{Object, Value};

use super::super::Attributes;
use super::{Asked, Found, Grant, Index, Rule, missing_role};
use crate::decision::{Bearing, Cause, ObjectRef};
use crate::request::Target;

/// `ServiceAccount "builder/ci"`, `User "jane"`.
fn describe_subject(subject: &Value, binding_namespace: &str) -> String {
    let (kind, name) = (subject.str_at(&["kind"]), subject.str_at(&["name"]));
    if kind == "ServiceAccount" {
        let own = subject.str_at(&["namespace"]);
        let namespace = if own.is_empty() { binding_namespace } else { own };
        return format!("{kind} \"{name}/{namespace}\"");
    }
    format!("{kind} \"{name}\"")
}

fn describe_role(binding: &Object) -> String {
    format!("{} \"{}\"", binding.str_at(&["roleRef", "kind"]), binding.str_at(&["roleRef", "name"]))
}

fn reference(object: &Object) -> ObjectRef {
    ObjectRef {
        kind: object.kind().to_owned(),
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
    }
}

fn kind_of(binding: &Object) -> &'static str {
    if binding.namespace().is_empty() { "ClusterRoleBinding" } else { "RoleBinding" }
}

/// The dimensions in which a rule and a request differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    Verb,
    Group,
    Resource,
    Name,
    Path,
}

fn lacks(rule: &Rule, asked: &Asked<'_>) -> Vec<Lack> {
    let mut lacks = Vec::new();
    match *asked {
        Asked::Resource { verb, group, resource, subresource, name, names } => {
            for (holds, lack) in [
                (rule.verbs.has(verb), Lack::Verb),
                (rule.groups.has(group), Lack::Group),
                (rule.resource_matches(resource, subresource), Lack::Resource),
                (rule.name_matches(name, names), Lack::Name),
            ] {
                if !holds {
                    lacks.push(lack);
                }
            }
        }
        Asked::Path { verb, path } => {
            if !rule.verbs.has(verb) {
                lacks.push(Lack::Verb);
            }
            if !rule.path_matches(path) {
                lacks.push(Lack::Path);
            }
        }
    }
    lacks
}

fn listed(rule: &Value, field: &str) -> String {
    let words: Vec<String> = rule
        .list_at(&[field])
        .iter()
        .filter_map(Value::as_str)
        .map(gatehouse_model::json::go_quote)
        .collect();
    words.join(", ")
}

impl Index {
    /// `RBAC: allowed by RoleBinding "b/ci" of Role "r" to User "jane"`.
    pub(super) fn reason(&self, found: Found) -> String {
        let Some(binding) = self.bindings.get(found.binding as usize) else { return String::new() };
        let binding = &binding.object;
        let namespace = binding.namespace();
        let subject = binding
            .list_at(&["subjects"])
            .get(found.subject as usize)
            .map(|s| describe_subject(s, namespace))
            .unwrap_or_default();
        let name = if namespace.is_empty() {
            binding.name().to_owned()
        } else {
            format!("{}/{namespace}", binding.name())
        };
        format!("RBAC: allowed by {} \"{name}\" of {} to {subject}", kind_of(binding), describe_role(binding))
    }

    /// The causes of a decision: the rule that allowed it, or what nearly did and what it lacked.
    #[must_use]
    pub fn explain(&self, attributes: &Attributes<'_>) -> Vec<Cause> {
        let asked = self.asked(attributes.verb.as_str(), attributes.target);
        let here = self.namespace_of(attributes.target);
        if let Some(found) = self.find(attributes) {
            let mut causes = self.explain_found(found);
            let others =
                self.applying(attributes.user, here).into_iter().filter(|g| g.binding != found.binding);
            causes.extend(others.filter_map(|grant| self.also(grant, &asked)));
            return causes;
        }
        let mut causes = Vec::new();
        for grant in self.applying(attributes.user, here) {
            self.near_misses(grant, attributes, &asked, &mut causes);
        }
        self.elsewhere(attributes, &asked, here, &mut causes);
        causes
    }

    /// Another binding that would have allowed the same.
    fn also(&self, grant: Grant, asked: &Asked<'_>) -> Option<Cause> {
        let rule = self.role_of(grant)?.rules.iter().position(|r| r.allows(asked))?;
        let binding = &self.bindings.get(grant.binding as usize)?.object;
        Some(Cause {
            bearing: Bearing::Noted,
            object: Some(reference(binding)),
            field: format!("subjects[{}]", grant.subject),
            text: format!("would allow it too, by rules[{rule}] of {}", describe_role(binding)),
        })
    }

    fn explain_found(&self, found: Found) -> Vec<Cause> {
        let binding = self.bindings.get(found.binding as usize);
        let Some((binding, role)) = binding.and_then(|b| Some((b, self.role_of_binding(b)?))) else {
            return Vec::new();
        };
        let subject =
            binding.object.list_at(&["subjects"]).get(found.subject as usize).cloned().unwrap_or_default();
        vec![
            Cause {
                bearing: Bearing::Decided,
                object: Some(reference(&binding.object)),
                field: format!("subjects[{}]", found.subject),
                text: format!(
                    "gives {} to {}",
                    describe_role(&binding.object),
                    describe_subject(&subject, binding.object.namespace())
                ),
            },
            Cause {
                bearing: Bearing::Decided,
                object: Some(reference(&role.object)),
                field: format!("rules[{}]", found.rule),
                text: "this rule allows it".to_owned(),
            },
        ]
    }

    fn near_misses(
        &self,
        grant: Grant,
        attributes: &Attributes<'_>,
        asked: &Asked<'_>,
        causes: &mut Vec<Cause>,
    ) {
        let Some(binding) = self.bindings.get(grant.binding as usize) else { return };
        let Some(role) = self.role_of(grant) else {
            causes.push(Cause {
                bearing: Bearing::NearMiss,
                object: Some(reference(&binding.object)),
                field: "roleRef".to_owned(),
                text: format!("applies, but its role is missing: {}", missing_role(&binding.object)),
            });
            return;
        };
        for (i, rule) in role.rules.iter().enumerate() {
            let [lack] = lacks(rule, asked).as_slice().to_owned()[..] else { continue };
            let Some(text) =
                role.object.list_at(&["rules"]).get(i).and_then(|r| lack_text(lack, r, attributes))
            else {
                continue;
            };
            causes.push(Cause {
                bearing: Bearing::NearMiss,
                object: Some(reference(&role.object)),
                field: format!("rules[{i}]"),
                text: format!("{text} (bound by {} \"{}\")", kind_of(&binding.object), binding.object.name()),
            });
        }
    }

    /// Bindings that would allow the request if they stood in its namespace, or named its user's namespace.
    fn elsewhere(
        &self,
        attributes: &Attributes<'_>,
        asked: &Asked<'_>,
        here: Option<u32>,
        causes: &mut Vec<Cause>,
    ) {
        let Target::Resource(target) = attributes.target else { return };
        let allows =
            |grant: Grant| self.role_of(grant).is_some_and(|role| role.rules.iter().any(|r| r.allows(asked)));
        for bound in self.bounds_of(attributes.user) {
            for (ns, grants) in &bound.namespaced {
                if Some(*ns) == here {
                    continue;
                }
                for grant in grants.iter().copied().filter(|g| allows(*g)) {
                    let Some(binding) = self.bindings.get(grant.binding as usize) else { continue };
                    let wanted = if target.namespace.is_empty() {
                        "the whole cluster".to_owned()
                    } else {
                        format!("namespace \"{}\"", target.namespace)
                    };
                    causes.push(Cause {
                        bearing: Bearing::NearMiss,
                        object: Some(reference(&binding.object)),
                        field: "metadata.namespace".to_owned(),
                        text: format!(
                            "allows this only in namespace \"{}\", the request is about {wanted}",
                            binding.object.namespace()
                        ),
                    });
                }
            }
        }
        let Some((user_namespace, account)) =
            attributes.user.name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'))
        else {
            return;
        };
        for binding in &self.bindings {
            let namespace = binding.object.namespace();
            let in_scope = namespace.is_empty() || namespace == target.namespace;
            if !in_scope
                || !self
                    .role_of_binding(binding)
                    .is_some_and(|role| role.rules.iter().any(|r| r.allows(asked)))
            {
                continue;
            }
            for (i, subject) in binding.object.list_at(&["subjects"]).iter().enumerate() {
                let own = subject.str_at(&["namespace"]);
                if subject.str_at(&["kind"]) == "ServiceAccount"
                    && subject.str_at(&["name"]) == account
                    && own != user_namespace
                {
                    causes.push(Cause {
                        bearing: Bearing::NearMiss,
                        object: Some(reference(&binding.object)),
                        field: format!("subjects[{i}].namespace"),
                        text: format!(
                            "names service account \"{account}\" of namespace \"{own}\", the request comes from \"{user_namespace}\""
                        ),
                    });
                }
            }
        }
    }
}

/// What a rule that fits in all but one respect grants instead; `None` where it has nothing to do with the request.
fn lack_text(lack: Lack, rule: &Value, attributes: &Attributes<'_>) -> Option<String> {
    let verb = attributes.verb;
    Some(match (lack, attributes.target) {
        (Lack::Verb, _) => format!("grants {} but not \"{verb}\"", listed(rule, "verbs")),
        (Lack::Group, Target::Resource(t)) => {
            format!("is about API group {}, the request about \"{}\"", listed(rule, "apiGroups"), t.group)
        }
        (Lack::Name, Target::Resource(t)) if t.name.is_empty() => {
            format!("is limited to names {}, the request has no name", listed(rule, "resourceNames"))
        }
        (Lack::Name, Target::Resource(t)) => {
            format!(
                "is limited to names {}, the request is about \"{}\"",
                listed(rule, "resourceNames"),
                t.name
            )
        }
        (Lack::Resource, Target::Resource(t)) => {
            let related = rule
                .list_at(&["resources"])
                .iter()
                .filter_map(Value::as_str)
                .any(|r| r == t.resource || r.split('/').next() == Some(t.resource.as_str()));
            if !related {
                return None;
            }
            let wanted = if t.subresource.is_empty() {
                t.resource.clone()
            } else {
                format!("{}/{}", t.resource, t.subresource)
            };
            format!("grants {} but not \"{wanted}\"", listed(rule, "resources"))
        }
        _ => return None,
    })
}
