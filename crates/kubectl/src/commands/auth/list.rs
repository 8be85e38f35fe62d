//! `kubectl auth can-i --list`: everything somebody may do in a namespace.
//! Models kubectl `pkg/cmd/auth/cani.go` (`printStatus`) and `pkg/util/rbac`.

use gatehouse_model::{Value, json};

use super::ask;
use crate::cli::Args;
use crate::error::Error;
use crate::print::tabwriter::TabWriter;
use crate::session::Session;

/// A rule taken apart: one group and resource, or one path, at most one name; some verbs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    verbs: Vec<String>,
    groups: Vec<String>,
    resources: Vec<String>,
    names: Vec<String>,
    paths: Vec<String>,
}

fn words(value: &Value, key: &str) -> Vec<String> {
    value.list_at(&[key]).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn show(list: &[String]) -> String {
    format!("[{}]", list.join(" "))
}

impl Rule {
    /// How Go prints the rule; the list is sorted by it.
    fn key(&self) -> String {
        format!(
            "&PolicyRule{{Verbs:{},APIGroups:{},Resources:{},ResourceNames:{},NonResourceURLs:{},}}",
            show(&self.verbs),
            show(&self.groups),
            show(&self.resources),
            show(&self.names),
            show(&self.paths)
        )
    }

    /// `deployments.apps/scale`
    fn resource(&self) -> String {
        let Some(resource) = self.resources.first() else { return String::new() };
        let (name, sub) = resource.split_once('/').map_or((resource.as_str(), None), |(n, s)| (n, Some(s)));
        let mut text = name.to_owned();
        if let Some(group) = self.groups.first().filter(|g| !g.is_empty()) {
            text = format!("{text}.{group}");
        }
        match sub {
            Some(sub) => format!("{text}/{sub}"),
            None => text,
        }
    }
}

/// Rules of one verb each.
fn break_down(status: &Value) -> Vec<Rule> {
    let mut rules = Vec::new();
    for rule in status.list_at(&["resourceRules"]) {
        let names = words(rule, "resourceNames");
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                for verb in words(rule, "verbs") {
                    let each: Vec<Vec<String>> = if names.is_empty() {
                        vec![Vec::new()]
                    } else {
                        names.iter().map(|n| vec![n.clone()]).collect()
                    };
                    for names in each {
                        rules.push(Rule {
                            verbs: vec![verb.clone()],
                            groups: vec![group.clone()],
                            resources: vec![resource.clone()],
                            names,
                            paths: Vec::new(),
                        });
                    }
                }
            }
        }
    }
    for rule in status.list_at(&["nonResourceRules"]) {
        for path in words(rule, "nonResourceURLs") {
            for verb in words(rule, "verbs") {
                rules.push(Rule {
                    verbs: vec![verb],
                    groups: Vec::new(),
                    resources: Vec::new(),
                    names: Vec::new(),
                    paths: vec![path.clone()],
                });
            }
        }
    }
    rules
}

/// Puts the verbs of one resource together; rules of paths stay apart.
fn compact(rules: Vec<Rule>) -> Vec<Rule> {
    let mut compacted: Vec<Rule> = Vec::new();
    for rule in rules {
        let same = |r: &&mut Rule| {
            rule.paths.is_empty()
                && r.paths.is_empty()
                && r.groups == rule.groups
                && r.resources == rule.resources
                && r.names == rule.names
        };
        match compacted.iter_mut().find(same) {
            Some(existing) => {
                for verb in rule.verbs {
                    if !existing.verbs.contains(&verb) {
                        existing.verbs.push(verb);
                    }
                }
            }
            None => compacted.push(rule),
        }
    }
    gatehouse_model::order::by_key(&mut compacted, Rule::key);
    compacted
}

/// Prints the list.
pub(super) fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let namespace = session.namespace()?.name;
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "metadata": {},
        "spec": {"namespace": namespace},
    });
    let answer = ask(session, "authorization.k8s.io", "selfsubjectrulesreviews", review)?;
    let status = answer.get("status").cloned().unwrap_or_default();
    if status.bool_at(&["incomplete"]) == Some(true) {
        session.warn(format!("the list may be incomplete: {}", status.str_at(&["evaluationError"])));
    }
    let mut table = TabWriter::table();
    if !args.bool("no-headers") {
        table.write("Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
    }
    for rule in compact(break_down(&status)) {
        table.write(&format!(
            "{}\t{}\t{}\t{}\n",
            rule.resource(),
            show(&rule.paths),
            show(&rule.names),
            show(&rule.verbs)
        ));
    }
    table.flush();
    let text = table.take();
    session.print(text);
    Ok(())
}
