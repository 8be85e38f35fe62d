//! `kubectl create role`, and the rules that `create clusterrole` shares. Models kubectl `pkg/cmd/create/create_role.go`.

use std::collections::BTreeMap;

use gatehouse_model::{Value, json};

use super::Generator;
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::mapping;
use crate::session::Session;

pub(super) const FLAGS: &[Flag] = &[
    Flag::slice("verb", "Verb that applies to the resources contained in the rule"),
    Flag::slice("resource", "Resource that the rule applies to"),
    Flag::array(
        "resource-name",
        "Resource in the white list that the rule applies to, repeat this flag for multiple items",
    ),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Create a role with single rule",
    long: "Create a role with single rule.",
    examples: "# Create a role named \"pod-reader\" that allows user to perform \"get\", \"watch\" and \"list\" on pods\nkubectl create role pod-reader --verb=get --verb=list --verb=watch --resource=pods\n\n# Create a role named \"pod-reader\" with ResourceName specified\nkubectl create role pod-reader --verb=get --resource=pods --resource-name=readablepod --resource-name=anotherpod\n\n# Create a role named \"foo\" with API Group specified\nkubectl create role foo --verb=get,list,watch --resource=rs.apps\n\n# Create a role named \"foo\" with SubResource specified\nkubectl create role foo --verb=get,list,watch --resource=pods,pods/status",
    usage: "NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, FLAGS],
    run: Some(run),
    ..Command::named("role")
};

/// Verbs that need no remark.
const STANDARD: &[&str] = &[
    "*",
    "get",
    "delete",
    "list",
    "create",
    "update",
    "patch",
    "watch",
    "proxy",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
];

/// Verbs that only go with these group resources.
const SPECIAL: &[(&str, &[(&str, &str)])] = &[
    ("use", &[("policy", "podsecuritypolicies"), ("extensions", "podsecuritypolicies")]),
    ("bind", &[("rbac.authorization.k8s.io", "roles"), ("rbac.authorization.k8s.io", "clusterroles")]),
    ("escalate", &[("rbac.authorization.k8s.io", "roles"), ("rbac.authorization.k8s.io", "clusterroles")]),
    (
        "impersonate",
        &[("", "users"), ("", "serviceaccounts"), ("", "groups"), ("authentication.k8s.io", "userextras")],
    ),
];

/// A value of `--resource`.
pub(super) struct Wanted {
    resource: String,
    group: String,
    subresource: String,
}

/// Each once, in order.
pub(super) fn unique(words: Vec<String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in words {
        if !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

/// The verbs; `*` stands for all.
pub(super) fn verbs(args: &Args) -> Vec<String> {
    let verbs = args.list("verb");
    if verbs.iter().any(|v| v == "*") { vec!["*".to_owned()] } else { unique(verbs) }
}

/// The values of `--resource`; a lone `*` ends them.
pub(super) fn wanted(args: &Args) -> Vec<Wanted> {
    let mut all = Vec::new();
    for word in args.list("resource") {
        let (whole, subresource) = word.split_once('/').unwrap_or((&word, ""));
        let (resource, group) = whole.split_once('.').unwrap_or((whole, ""));
        let everything = word == "*";
        let entry = Wanted {
            resource: resource.to_owned(),
            group: group.to_owned(),
            subresource: subresource.to_owned(),
        };
        all.push(entry);
        if everything {
            break;
        }
    }
    all
}

fn resolve(session: &mut Session<'_, '_>, wanted: &Wanted) -> Result<Option<(String, String)>, Error> {
    let found = mapping::find_group(session.resources()?, &wanted.resource, &wanted.group);
    Ok(found.map(|r| (r.gv.group.to_string(), r.plural.to_string())))
}

/// Remarks on unusual verbs; refuses resources that do not exist and verbs that do not go with them.
pub(super) fn validate(session: &mut Session<'_, '_>, verbs: &[String], all: &[Wanted]) -> Result<(), Error> {
    for verb in verbs {
        if !STANDARD.contains(&verb.as_str()) {
            session.warn(format!("'{verb}' is not a standard resource verb"));
        }
    }
    if all.is_empty() {
        return Err(Error::plain("at least one resource must be specified"));
    }
    for one in all {
        if one.resource.is_empty() {
            return Err(Error::plain("resource must be specified if apiGroup/subresource specified"));
        }
        if one.resource == "*" {
            return Ok(());
        }
        let found = resolve(session, one)?;
        let mut missing = found.is_none();
        let (group, resource) = found.unwrap_or_else(|| (one.group.clone(), one.resource.clone()));
        for verb in verbs {
            let Some((_, fits)) = SPECIAL.iter().find(|(v, _)| v == verb) else { continue };
            if !fits.iter().any(|(g, r)| *g == group && *r == resource) {
                return Err(Error::plain(format!(
                    "can not perform '{verb}' on '{resource}' in group '{group}'"
                )));
            }
            missing = false;
        }
        if missing {
            return Err(Error::NoResource {
                resource: one.resource.clone(),
                group: one.group.clone(),
                version: String::new(),
            });
        }
    }
    Ok(())
}

/// One rule a group, the groups by name.
pub(super) fn rules(
    session: &mut Session<'_, '_>,
    verbs: &[String],
    all: &[Wanted],
    names: &[String],
) -> Result<Vec<Value>, Error> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in all {
        let (group, mut resource) =
            resolve(session, one)?.unwrap_or_else(|| (one.group.clone(), one.resource.clone()));
        if !one.subresource.is_empty() {
            resource = format!("{resource}/{}", one.subresource);
        }
        let resources = groups.entry(group).or_default();
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    Ok(groups
        .into_iter()
        .map(|(group, resources)| {
            let mut rule = json!({"apiGroups": [group], "resources": resources, "verbs": (verbs.to_vec())});
            if !names.is_empty() {
                rule.set(&["resourceNames"], names.to_vec());
            }
            rule
        })
        .collect())
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let (verbs, wanted) = (verbs(args), wanted(args));
    if verbs.is_empty() {
        return Err(Error::plain("at least one verb must be specified"));
    }
    validate(session, &verbs, &wanted)?;
    let rules = rules(session, &verbs, &wanted, &unique(args.list("resource-name")))?;
    let mut object = generator.object("rbac.authorization.k8s.io/v1", "Role", true);
    object.set(&["rules"], rules);
    generator.finish(session, args, object, "roles", true, "")
}
