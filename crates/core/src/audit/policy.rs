//! The audit policy: its file, what is wrong with it, and which rule a request meets first.
//!
//! Models apiserver `pkg/audit/policy/{reader,checker}.go` and `pkg/apis/audit/validation/validation.go`.

use gatehouse_model::field::aggregate;
use gatehouse_model::{FieldError, FieldPath, Value, names};

use crate::request::{ResourceTarget, Target, User, Verb};

/// How much of a request is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    #[default]
    None,
    /// Who did what to what, and how that ended.
    Metadata,
    /// And the body.
    Request,
    /// And the answer.
    RequestResponse,
}

/// When an event is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The request came in.
    RequestReceived,
    /// The answer's headers went out: only of watches and connections.
    ResponseStarted,
    /// The answer went out.
    ResponseComplete,
    /// The server panicked.
    Panic,
}

const LEVELS: [Level; 4] = [Level::None, Level::Metadata, Level::Request, Level::RequestResponse];
const STAGES: [Stage; 4] =
    [Stage::RequestReceived, Stage::ResponseStarted, Stage::ResponseComplete, Stage::Panic];

impl Level {
    /// As policies and events write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Metadata => "Metadata",
            Self::Request => "Request",
            Self::RequestResponse => "RequestResponse",
        }
    }
}

impl Stage {
    /// As policies and events write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequestReceived => "RequestReceived",
            Self::ResponseStarted => "ResponseStarted",
            Self::ResponseComplete => "ResponseComplete",
            Self::Panic => "Panic",
        }
    }
}

/// Resources of one group, maybe only some objects of them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct GroupResources {
    group: String,
    resources: Vec<String>,
    names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    level: Level,
    users: Vec<String>,
    groups: Vec<String>,
    verbs: Vec<String>,
    resources: Vec<GroupResources>,
    namespaces: Vec<String>,
    urls: Vec<String>,
    omit_stages: Vec<Stage>,
    omit_managed_fields: Option<bool>,
}

/// A policy that was found to be in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    rules: Vec<Rule>,
    omit_stages: Vec<Stage>,
    omit_managed_fields: bool,
}

/// What the policy has to say of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Telling {
    pub(super) level: Level,
    pub(super) omit_stages: Vec<Stage>,
    pub(super) omit_managed_fields: bool,
}

fn strings(value: &Value, field: &str) -> Vec<String> {
    value.list_at(&[field]).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn stages(value: &Value) -> Vec<Stage> {
    let named = |name: &String| STAGES.iter().find(|s| s.as_str() == name).copied();
    strings(value, "omitStages").iter().filter_map(named).collect()
}

impl Policy {
    /// Reads a policy file that is no broken YAML.
    ///
    /// # Errors
    /// What the server says of it, without the path.
    pub fn read(text: &str, value: &Value) -> Result<Self, String> {
        let (version, kind) = (value.str_at(&["apiVersion"]), value.str_at(&["kind"]));
        for (field, word) in [("Kind", kind), ("apiVersion", version)] {
            if word.is_empty() {
                return Err(format!("failed decoding: Object '{field}' is missing in '{text}'"));
            }
        }
        if version != "audit.k8s.io/v1" || !matches!(kind, "Policy" | "PolicyList" | "Event" | "EventList") {
            return Err(format!(
                "failed decoding: no kind \"{kind}\" is registered for version \"{version}\" in scheme \"k8s.io/apiserver/pkg/audit/scheme.go:30\""
            ));
        }
        let rules = value.list_at(&["rules"]);
        for rule in rules {
            shape(rule).map_err(|why| format!("failed decoding: {why}"))?;
        }
        let errors = validate(value);
        if !errors.is_empty() {
            return Err(aggregate(&errors));
        }
        if rules.is_empty() {
            return Err("loaded illegal policy with 0 rules".to_owned());
        }
        Ok(Self {
            rules: rules.iter().map(rule).collect(),
            omit_stages: stages(value),
            omit_managed_fields: value.bool_at(&["omitManagedFields"]) == Some(true),
        })
    }

    /// The fields that the format does not have, in the strict decoder's words: they are passed over.
    #[must_use]
    pub fn strange(value: &Value) -> Vec<String> {
        let mut unknown = Vec::new();
        let mut look = |v: &Value, place: &str, known: &[&str]| {
            let strange = v.entries().iter().filter(|(k, _)| !known.contains(k));
            unknown.extend(strange.map(|(k, _)| format!("unknown field \"{place}{k}\"")));
        };
        look(value, "", &["apiVersion", "kind", "metadata", "omitManagedFields", "omitStages", "rules"]);
        for (i, rule) in value.list_at(&["rules"]).iter().enumerate() {
            let known = [
                "level",
                "namespaces",
                "nonResourceURLs",
                "omitManagedFields",
                "omitStages",
                "resources",
                "userGroups",
                "users",
                "verbs",
            ];
            look(rule, &format!("rules[{i}]."), &known);
            for (j, resource) in rule.list_at(&["resources"]).iter().enumerate() {
                look(
                    resource,
                    &format!("rules[{i}].resources[{j}]."),
                    &["group", "resourceNames", "resources"],
                );
            }
        }
        unknown
    }

    /// What is told of a request. `user` is missing where nobody was authenticated.
    pub(super) fn telling(&self, user: Option<&User>, verb: &Verb, target: &Target) -> Telling {
        let Some(rule) = self.rules.iter().find(|r| r.fits(user, verb, target)) else {
            return Telling {
                level: Level::None,
                omit_stages: self.omit_stages.clone(),
                omit_managed_fields: self.omit_managed_fields,
            };
        };
        Telling {
            level: rule.level,
            omit_stages: [self.omit_stages.as_slice(), &rule.omit_stages].concat(),
            omit_managed_fields: rule.omit_managed_fields.unwrap_or(self.omit_managed_fields),
        }
    }
}

fn rule(value: &Value) -> Rule {
    let level = LEVELS.into_iter().find(|l| l.as_str() == value.str_at(&["level"]));
    Rule {
        level: level.unwrap_or_default(),
        users: strings(value, "users"),
        groups: strings(value, "userGroups"),
        verbs: strings(value, "verbs"),
        resources: value
            .list_at(&["resources"])
            .iter()
            .map(|r| GroupResources {
                group: r.str_at(&["group"]).to_owned(),
                resources: strings(r, "resources"),
                names: strings(r, "resourceNames"),
            })
            .collect(),
        namespaces: strings(value, "namespaces"),
        urls: strings(value, "nonResourceURLs"),
        omit_stages: stages(value),
        omit_managed_fields: value.bool_at(&["omitManagedFields"]),
    }
}

/// What the decoder says of a rule whose lists are none.
fn shape(rule: &Value) -> Result<(), String> {
    let go = |v: &Value| match v {
        Value::Str(_) => "string",
        Value::Bool(_) => "bool",
        Value::Map(_) => "object",
        Value::List(_) => "array",
        Value::Null => "",
        _ => "number",
    };
    let wrong = |value: Option<&Value>, kind: &str, path: &str, of: &str| match value.map(go) {
        None | Some("" | "array") => Ok(()),
        Some(found) => Err(format!(
            "json: cannot unmarshal {found} into Go struct field {kind}.rules.{path} of type {of}"
        )),
    };
    for field in ["users", "userGroups", "verbs", "namespaces", "nonResourceURLs"] {
        wrong(rule.get(field), "PolicyRule", field, "[]string")?;
    }
    wrong(rule.get("omitStages"), "PolicyRule", "omitStages", "[]v1.Stage")?;
    wrong(rule.get("resources"), "PolicyRule", "resources", "[]v1.GroupResources")?;
    for resource in rule.list_at(&["resources"]) {
        if resource.as_map().is_none() {
            let found = go(resource);
            return Err(format!(
                "json: cannot unmarshal {found} into Go struct field PolicyRule.rules.resources of type v1.GroupResources"
            ));
        }
        for field in ["resources", "resourceNames"] {
            wrong(resource.get(field), "GroupResources", &format!("resources.{field}"), "[]string")?;
        }
    }
    Ok(())
}

fn validate(policy: &Value) -> Vec<FieldError> {
    let mut errors = omitted(policy, &FieldPath::new("omitStages"));
    for (i, rule) in policy.list_at(&["rules"]).iter().enumerate() {
        let path = FieldPath::new("rules").index(i);
        let level = rule.str_at(&["level"]);
        if level.is_empty() {
            errors.push(FieldError::required(path.child("level"), ""));
        } else if !LEVELS.iter().any(|l| l.as_str() == level) {
            let known = LEVELS.map(Level::as_str);
            errors.push(FieldError::not_supported(path.child("level"), &level.into(), &known));
        }
        errors.extend(urls(rule, &path.child("nonResourceURLs")));
        errors.extend(resources(rule, &path.child("resources")));
        errors.extend(omitted(rule, &path.child("omitStages")));
        let both = !rule.list_at(&["resources"]).is_empty() || !rule.list_at(&["namespaces"]).is_empty();
        if let (Some(given), true) = (rule.get("nonResourceURLs").filter(|u| !u.items().is_empty()), both) {
            let why = "rules cannot apply to both regular resources and non-resource URLs";
            errors.push(FieldError::invalid(path.child("nonResourceURLs"), given, why));
        }
    }
    errors
}

fn omitted(value: &Value, path: &FieldPath) -> Vec<FieldError> {
    let known = STAGES.map(Stage::as_str);
    let why = format!("allowed stages are {}", known.join(","));
    let stages = strings(value, "omitStages");
    let wrong = stages.iter().enumerate().filter(|(_, s)| !known.contains(&s.as_str()));
    wrong.map(|(i, s)| FieldError::invalid(path.index(i), &s.as_str().into(), why.as_str())).collect()
}

fn urls(rule: &Value, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (i, url) in strings(rule, "nonResourceURLs").iter().enumerate().filter(|(_, u)| *u != "*") {
        if !url.starts_with('/') {
            let why = "non-resource URL rules must begin with a '/' character";
            errors.push(FieldError::invalid(path.index(i), &url.as_str().into(), why));
        }
        if url.strip_suffix('*').unwrap_or(url).contains('*') {
            let why = "non-resource URL wildcards '*' must be the final character of the rule";
            errors.push(FieldError::invalid(path.index(i), &url.as_str().into(), why));
        }
    }
    errors
}

fn resources(rule: &Value, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for resource in rule.list_at(&["resources"]) {
        let group = resource.str_at(&["group"]);
        if !group.is_empty() && group != "*" {
            let wrong = names::dns1123_subdomain(group);
            if !wrong.is_empty() {
                errors.push(FieldError::invalid(path.child("group"), &group.into(), wrong.join(",")));
            }
        }
        if let (Some(named), true) = (
            resource.get("resourceNames").filter(|n| !n.items().is_empty()),
            resource.list_at(&["resources"]).is_empty(),
        ) {
            let why = "using resourceNames requires at least one resource";
            errors.push(FieldError::invalid(path.child("resourceNames"), named, why));
        }
    }
    errors
}

impl Rule {
    fn fits(&self, user: Option<&User>, verb: &Verb, target: &Target) -> bool {
        let has = |list: &[String], word: &str| list.iter().any(|w| w == word);
        if !self.users.is_empty() && !user.is_some_and(|u| has(&self.users, &u.name)) {
            return false;
        }
        if !self.groups.is_empty() && !user.is_some_and(|u| u.groups.iter().any(|g| has(&self.groups, g))) {
            return false;
        }
        if !self.verbs.is_empty() && !has(&self.verbs, verb.as_str()) {
            return false;
        }
        if !self.namespaces.is_empty() || !self.resources.is_empty() {
            let Target::Resource(resource) = target else { return false };
            return (self.namespaces.is_empty() || has(&self.namespaces, &resource.namespace))
                && (self.resources.is_empty() || self.resources.iter().any(|r| r.has(resource)));
        }
        if !self.urls.is_empty() {
            let Target::Path(path) = target else { return false };
            let path = path.split('?').next().unwrap_or(path);
            return self.urls.iter().any(|u| {
                u == "*" || u == path || u.ends_with('*') && path.starts_with(u.trim_end_matches('*'))
            });
        }
        true
    }
}

impl GroupResources {
    fn has(&self, target: &ResourceTarget) -> bool {
        if self.group != target.group && self.group != "*" {
            return false;
        }
        if self.resources.is_empty() {
            return true;
        }
        if !self.names.is_empty() && !self.names.contains(&target.name) {
            return false;
        }
        let sub = target.subresource.as_str();
        let whole =
            if sub.is_empty() { target.resource.clone() } else { format!("{}/{sub}", target.resource) };
        self.resources.iter().any(|r| {
            *r == whole
                || r == "*"
                || !sub.is_empty() && r.strip_prefix("*/") == Some(sub)
                || r.strip_suffix("/*") == Some(target.resource.as_str())
        })
    }
}
