//! `kubectl create clusterrole`. Models kubectl `pkg/cmd/create/create_clusterrole.go`.

use gatehouse_model::{Map, json};

use super::{Generator, role};
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::slice("non-resource-url", "A partial url that user should have access to."),
    Flag::slice("aggregation-rule", "An aggregation label selector for combining ClusterRoles.").default(""),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Create a cluster role",
    long: "Create a cluster role.",
    examples: "# Create a cluster role named \"pod-reader\" that allows user to perform \"get\", \"watch\" and \"list\" on pods\nkubectl create clusterrole pod-reader --verb=get,list,watch --resource=pods\n\n# Create a cluster role name \"foo\" with NonResourceURL specified\nkubectl create clusterrole \"foo\" --verb=get --non-resource-url=/logs/*\n\n# Create a cluster role name \"monitoring\" with AggregationRule specified\nkubectl create clusterrole monitoring --aggregation-rule=\"rbac.example.com/aggregate-to-monitoring=true\"",
    usage: "NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, role::FLAGS, FLAGS],
    run: Some(run),
    ..Command::named("clusterrole")
};

/// Verbs of paths.
const PATH_VERBS: &[&str] = &["*", "get", "post", "put", "delete", "patch", "head", "options"];

fn check_urls(verbs: &[String], urls: &[String]) -> Result<(), Error> {
    for verb in verbs {
        if !PATH_VERBS.contains(&verb.as_str()) {
            return Err(Error::plain(format!("invalid verb: '{verb}' for nonResourceURL")));
        }
    }
    for url in urls.iter().filter(|u| *u != "*") {
        if !url.starts_with('/') {
            return Err(Error::plain("nonResourceURL should start with /"));
        }
        if url.trim_end_matches('*').len() + 1 < url.len()
            || url.get(..url.len() - 1).is_some_and(|u| u.contains('*'))
        {
            return Err(Error::plain("nonResourceURL only supports wildcard matches when '*' is at the end"));
        }
    }
    Ok(())
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let (verbs, wanted) = (role::verbs(args), role::wanted(args));
    let urls = role::unique(args.list("non-resource-url"));
    let names = role::unique(args.list("resource-name"));
    let mut labels = Map::new();
    for pair in args.list("aggregation-rule") {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(Error::plain(format!(
                "invalid argument {:?} for \"--aggregation-rule\" flag: malformed pair, expect string=string\nSee 'kubectl create clusterrole --help' for usage.",
                args.str("aggregation-rule")
            )));
        };
        labels.insert(key.trim(), value.trim());
    }
    let mut object = generator.object("rbac.authorization.k8s.io/v1", "ClusterRole", false);
    if !labels.is_empty() {
        if !urls.is_empty() || !verbs.is_empty() || !wanted.is_empty() || !names.is_empty() {
            return Err(Error::plain(
                "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames",
            ));
        }
        object.set(&["aggregationRule", "clusterRoleSelectors"], json!([{"matchLabels": labels}]));
        object.set(&["rules"], gatehouse_model::Value::Null);
        return generator.finish(session, args, object, "clusterroles", false, "");
    }
    if verbs.is_empty() {
        return Err(Error::plain("at least one verb must be specified"));
    }
    if wanted.is_empty() && urls.is_empty() {
        return Err(Error::plain("one of resource or nonResourceURL must be specified"));
    }
    if !wanted.is_empty() {
        role::validate(session, &verbs, &wanted)?;
    }
    if !urls.is_empty() {
        check_urls(&verbs, &urls)?;
    }
    let mut rules = role::rules(session, &verbs, &wanted, &names)?;
    if !urls.is_empty() {
        rules.push(json!({"verbs": (verbs.clone()), "nonResourceURLs": (urls.clone())}));
    }
    object.set(&["rules"], rules);
    generator.finish(session, args, object, "clusterroles", false, "")
}
