//! Roles and cluster roles: their rules broken down and put together anew.
//!
//! Models kubectl `pkg/util/rbac/rbac.go` as well.

use gatehouse_model::{Object, Value};

use super::Description;
use crate::error::Error;

/// A rule about one resource (maybe one name of it) or one URL.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    group: Option<String>,
    resource: Option<String>,
    name: Option<String>,
    url: Option<String>,
    verbs: Vec<String>,
}

pub(super) fn describe(d: &mut Description<'_, '_, '_>, role: &Object) -> Result<(), Error> {
    d.w.field(0, "Name", role.name());
    d.labels_and_annotations(role);
    let w = &mut d.w;
    w.line(0, "PolicyRule:");
    w.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    w.line(1, "---------\t-----------------\t--------------\t-----");
    for rule in compact(role.list_at(&["rules"])) {
        let cells = [
            qualified(&rule),
            bracketed(rule.url.as_slice()),
            bracketed(rule.name.as_slice()),
            bracketed(&rule.verbs),
        ];
        w.line(1, cells.join("\t"));
    }
    Ok(())
}

fn bracketed(words: &[String]) -> String {
    format!("[{}]", words.join(" "))
}

/// `deployments.apps/scale`
fn qualified(rule: &Rule) -> String {
    let Some(resource) = &rule.resource else { return String::new() };
    let (name, sub) = resource.split_once('/').map_or((resource.as_str(), None), |(n, s)| (n, Some(s)));
    let group = rule.group.as_deref().unwrap_or("");
    let dot = if group.is_empty() { "" } else { "." };
    let sub = sub.map_or(String::new(), |s| format!("/{s}"));
    format!("{name}{dot}{group}{sub}")
}

fn words(rule: &Value, member: &str) -> Vec<String> {
    rule.list_at(&[member]).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Rules about the same resource and name become one; the order is that of their Go text.
fn compact(rules: &[Value]) -> Vec<Rule> {
    let mut compacted: Vec<Rule> = Vec::new();
    for rule in rules {
        let verbs = words(rule, "verbs");
        let names = words(rule, "resourceNames");
        let names: Vec<Option<String>> =
            if names.is_empty() { vec![None] } else { names.into_iter().map(Some).collect() };
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                for verb in &verbs {
                    for name in &names {
                        add(&mut compacted, &group, &resource, name.as_ref(), verb);
                    }
                }
            }
        }
        for url in words(rule, "nonResourceURLs") {
            for verb in &verbs {
                let verbs = vec![verb.clone()];
                let url = Some(url.clone());
                compacted.push(Rule { group: None, resource: None, name: None, url, verbs });
            }
        }
    }
    gatehouse_model::order::by_key(&mut compacted, text);
    compacted
}

fn add(rules: &mut Vec<Rule>, group: &str, resource: &str, name: Option<&String>, verb: &str) {
    let same = |r: &&mut Rule| {
        r.group.as_deref() == Some(group)
            && r.resource.as_deref() == Some(resource)
            && r.name.as_ref() == name
    };
    match rules.iter_mut().find(same) {
        Some(rule) => {
            if !rule.verbs.iter().any(|v| v == verb) {
                rule.verbs.push(verb.to_owned());
            }
        }
        None => rules.push(Rule {
            group: Some(group.to_owned()),
            resource: Some(resource.to_owned()),
            name: name.cloned(),
            url: None,
            verbs: vec![verb.to_owned()],
        }),
    }
}

/// `PolicyRule.String()`: kubectl sorts by it.
fn text(rule: &Rule) -> String {
    format!(
        "&PolicyRule{{Verbs:{},APIGroups:{},Resources:{},ResourceNames:{},NonResourceURLs:{},}}",
        bracketed(&rule.verbs),
        bracketed(rule.group.as_slice()),
        bracketed(rule.resource.as_slice()),
        bracketed(rule.name.as_slice()),
        bracketed(rule.url.as_slice())
    )
}
