//! A rule of a role, as words. Reviews, escalation and the lists of what a subject may do read it; deciding a
//! request uses the compiled form in `rbac`.
//!
//! Models component-helpers `auth/rbac/validation/policy_comparator.go` and `rbac/v1/evaluation_helpers.go`.

use gatehouse_model::json::go_quote;
use gatehouse_model::{Map, Value};

/// A rule: verbs on resources of groups, or on paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyRule {
    /// `apiGroups`
    pub api_groups: Vec<String>,
    /// `resources`
    pub resources: Vec<String>,
    /// `nonResourceURLs`
    pub non_resource_urls: Vec<String>,
    /// `resourceNames`
    pub resource_names: Vec<String>,
    /// `verbs`
    pub verbs: Vec<String>,
}

fn words(value: &Value, field: &str) -> Vec<String> {
    value.list_at(&[field]).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|w| go_quote(w)).collect::<Vec<_>>().join(" ")
}

impl PolicyRule {
    /// Reads an element of a role's `rules`.
    #[must_use]
    pub fn from_value(value: &Value) -> Self {
        Self {
            api_groups: words(value, "apiGroups"),
            resources: words(value, "resources"),
            non_resource_urls: words(value, "nonResourceURLs"),
            resource_names: words(value, "resourceNames"),
            verbs: words(value, "verbs"),
        }
    }

    /// All rules of a role.
    #[must_use]
    pub fn of_role(role: &Value) -> Vec<Self> {
        role.list_at(&["rules"]).iter().map(Self::from_value).collect()
    }

    /// The rule as an object's field, empty lists left out.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        for (key, words) in [
            ("apiGroups", &self.api_groups),
            ("resources", &self.resources),
            ("nonResourceURLs", &self.non_resource_urls),
            ("resourceNames", &self.resource_names),
            ("verbs", &self.verbs),
        ] {
            if !words.is_empty() {
                map.insert(key, words.clone());
            }
        }
        map.into()
    }

    /// As refusals show a rule: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`.
    #[must_use]
    pub fn compact(&self) -> String {
        let parts: Vec<String> = [
            ("APIGroups", &self.api_groups),
            ("Resources", &self.resources),
            ("NonResourceURLs", &self.non_resource_urls),
            ("ResourceNames", &self.resource_names),
            ("Verbs", &self.verbs),
        ]
        .iter()
        .filter(|(_, words)| !words.is_empty())
        .map(|(name, words)| format!("{name}:[{}]", quoted(words)))
        .collect();
        format!("{{{}}}", parts.join(", "))
    }

    /// The rule as rules of one verb on one thing each.
    fn broken_down(&self) -> Vec<Self> {
        let mut out = Vec::new();
        for group in &self.api_groups {
            for resource in &self.resources {
                for verb in &self.verbs {
                    let one = Self {
                        api_groups: vec![group.clone()],
                        resources: vec![resource.clone()],
                        verbs: vec![verb.clone()],
                        ..Self::default()
                    };
                    if self.resource_names.is_empty() {
                        out.push(one);
                    } else {
                        for name in &self.resource_names {
                            out.push(Self { resource_names: vec![name.clone()], ..one.clone() });
                        }
                    }
                }
            }
        }
        for url in &self.non_resource_urls {
            for verb in &self.verbs {
                out.push(Self {
                    non_resource_urls: vec![url.clone()],
                    verbs: vec![verb.clone()],
                    ..Self::default()
                });
            }
        }
        out
    }

    /// Whether this rule grants everything that `asked`, a rule of one verb on one thing, does.
    fn covers(&self, asked: &Self) -> bool {
        covers_words(&self.verbs, &asked.verbs)
            && covers_words(&self.api_groups, &asked.api_groups)
            && asked.resources.iter().all(|r| self.covers_resource(r))
            && asked
                .non_resource_urls
                .iter()
                .all(|u| self.non_resource_urls.iter().any(|own| url_covers(own, u)))
            && (self.resource_names.is_empty()
                || (!asked.resource_names.is_empty()
                    && asked.resource_names.iter().all(|n| self.resource_names.contains(n))))
    }

    fn covers_resource(&self, resource: &str) -> bool {
        self.resources.iter().any(|own| {
            own == "*"
                || own == resource
                || resource
                    .split_once('/')
                    .is_some_and(|(_, subresource)| own.strip_prefix("*/") == Some(subresource))
        })
    }

    /// The group, resource and maybe the name, if the rule is about just one of each.
    fn simple(&self) -> Option<(&str, &str, Option<&str>)> {
        let ([group], [resource], []) =
            (self.api_groups.as_slice(), self.resources.as_slice(), self.non_resource_urls.as_slice())
        else {
            return None;
        };
        match self.resource_names.as_slice() {
            [] => Some((group, resource, None)),
            [name] => Some((group, resource, Some(name))),
            _ => None,
        }
    }
}

fn covers_words(own: &[String], asked: &[String]) -> bool {
    asked.iter().all(|a| own.iter().any(|o| o == "*" || o == a))
}

fn url_covers(own: &str, asked: &str) -> bool {
    own == asked || (own.ends_with('*') && asked.starts_with(own.trim_end_matches('*')))
}

/// The parts of `asked` that no rule in `held` grants, one verb on one thing each.
#[must_use]
pub fn uncovered(held: &[PolicyRule], asked: &[PolicyRule]) -> Vec<PolicyRule> {
    asked
        .iter()
        .flat_map(PolicyRule::broken_down)
        .filter(|one| !held.iter().any(|own| own.covers(one)))
        .collect()
}

/// Puts the verbs of rules about the same single resource together.
#[must_use]
pub fn compacted(rules: Vec<PolicyRule>) -> Vec<PolicyRule> {
    let mut out: Vec<PolicyRule> = Vec::new();
    for rule in rules {
        let same = rule.simple().and_then(|key| out.iter_mut().find(|known| known.simple() == Some(key)));
        if let Some(known) = same {
            for verb in rule.verbs {
                if !known.verbs.contains(&verb) {
                    known.verbs.push(verb);
                }
            }
        } else {
            out.push(rule);
        }
    }
    out
}
