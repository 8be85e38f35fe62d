//! `kubectl auth can-i`. Models kubectl `pkg/cmd/auth/cani.go`.

use gatehouse_model::json;

use super::{ask, list};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::mapping;
use crate::session::Session;

pub(super) static COMMAND: Command = Command {
    short: "Check whether an action is allowed",
    long: "Check whether an action is allowed.\n\n VERB is a logical Kubernetes API verb like 'get', 'list', 'watch', 'delete', etc. TYPE is a Kubernetes resource. Shortcuts and groups will be resolved. NONRESOURCEURL is a partial URL that starts with \"/\". NAME is the name of a particular Kubernetes resource. This command pairs nicely with impersonation. See --as global flag.",
    examples: "# Check to see if I can create pods in any namespace\nkubectl auth can-i create pods --all-namespaces\n\n# Check to see if I can list deployments in my current namespace\nkubectl auth can-i list deployments.apps\n\n# Check to see if service account \"foo\" of namespace \"dev\" can list pods in the namespace \"prod\"\n# You must be allowed to use impersonation for the global option \"--as\"\nkubectl auth can-i list pods --as=system:serviceaccount:dev:foo -n prod\n\n# Check to see if I can do everything in my current namespace (\"*\" means all)\nkubectl auth can-i '*' '*'\n\n# List all allowed actions in namespace \"foo\"\nkubectl auth can-i --list --namespace=foo",
    usage: "VERB [TYPE | TYPE/NAME | NONRESOURCEURL]",
    flags: &[&[
        Flag::bool("all-namespaces", "If true, check the specified action in all namespaces.").short('A'),
        Flag::bool("list", "If true, prints all allowed actions."),
        Flag::bool("no-headers", "If true, prints allowed actions without headers"),
        Flag::bool("quiet", "If true, suppress output and just return the exit code.").short('q'),
        Flag::str("subresource", "SubResource such as pod/log or deployment/scale"),
    ]],
    run: Some(run),
    ..Command::named("can-i")
};

const RESOURCE_VERBS: &[&str] = &[
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
    "*",
    "approve",
    "sign",
    "escalate",
    "attest",
];
const PATH_VERBS: &[&str] = &["get", "put", "post", "head", "options", "delete", "patch", "*"];

/// What is asked about.
struct Question {
    verb: String,
    group: String,
    resource: String,
    name: String,
    path: String,
    /// The type, where the server knows it.
    known: Option<bool>,
}

fn resource_for(session: &mut Session<'_, '_>, typed: &str, question: &mut Question) -> Result<(), Error> {
    typed.clone_into(&mut question.resource);
    if typed == "*" {
        return Ok(());
    }
    let lower = typed.to_lowercase();
    session.target()?;
    // Whatever keeps it from being known: the question is asked all the same.
    if let Ok(Some(found)) = session.pick(|resources| mapping::find(resources, &lower)) {
        question.group = found.gv.group.to_string();
        question.resource = found.plural.to_string();
        question.known = Some(found.namespaced());
        return Ok(());
    }
    if !matches!(lower.as_str(), "users" | "groups") {
        let (resource, group) = lower.split_once('.').unwrap_or((&lower, ""));
        session.warn(match group {
            "" => format!("the server doesn't have a resource type '{resource}'\n"),
            _ => format!("the server doesn't have a resource type '{resource}' in group '{group}'\n"),
        });
    }
    Ok(())
}

fn question(session: &mut Session<'_, '_>, args: &Args) -> Result<Question, Error> {
    let [verb, what] = args.words.as_slice() else {
        return Err(Error::plain(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
        ));
    };
    let mut question = Question {
        verb: verb.clone(),
        group: String::new(),
        resource: String::new(),
        name: String::new(),
        path: String::new(),
        known: None,
    };
    if what.starts_with('/') {
        question.path.clone_from(what);
        return Ok(question);
    }
    let (typed, name) = what.split_once('/').unwrap_or((what, ""));
    resource_for(session, typed, &mut question)?;
    name.clone_into(&mut question.name);
    Ok(question)
}

fn validate(session: &mut Session<'_, '_>, args: &Args, question: &Question) -> Result<(), Error> {
    let unknown_verb = |verbs: &[&str]| !verbs.contains(&question.verb.as_str());
    if !question.path.is_empty() {
        if !args.str("subresource").is_empty() {
            return Err(Error::plain("--subresource can not be used with NonResourceURL"));
        }
        if unknown_verb(PATH_VERBS) {
            session.warn(format!("verb '{}' is not a known verb\n", question.verb));
        }
    } else if !args.bool("all-namespaces") {
        if question.known == Some(false) {
            let scope = format!("resource '{}' is not namespace scoped", question.resource);
            session.warn(match question.group.as_str() {
                "" => format!("{scope}\n"),
                group => format!("{scope} in group '{group}'\n"),
            });
        }
        if unknown_verb(RESOURCE_VERBS) {
            session.warn(format!("verb '{}' is not a known verb\n", question.verb));
        }
    }
    if args.bool("no-headers") {
        return Err(Error::plain("--no-headers cannot be set without --list specified"));
    }
    Ok(())
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    if args.bool("list") {
        if !args.words.is_empty() {
            return Err(Error::plain("list option must be specified with no arguments"));
        }
        if args.bool("quiet") || args.bool("all-namespaces") || !args.str("subresource").is_empty() {
            return Err(Error::plain(
                "list option can't be specified with neither quiet, all-namespaces nor subresource options",
            ));
        }
        return list::run(session, args);
    }
    let question = question(session, args)?;
    let namespace = if args.bool("all-namespaces") { String::new() } else { session.namespace()?.name };
    validate(session, args, &question)?;
    let mut review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "metadata": {}, "spec": {}});
    if question.path.is_empty() {
        let mut attributes =
            json!({"verb": (question.verb.as_str()), "resource": (question.resource.as_str())});
        for (key, value) in [
            ("namespace", namespace.as_str()),
            ("group", question.group.as_str()),
            ("subresource", args.str("subresource")),
            ("name", question.name.as_str()),
        ] {
            if !value.is_empty() {
                attributes.set(&[key], value);
            }
        }
        review.set(&["spec", "resourceAttributes"], attributes);
    } else {
        let attributes = json!({"verb": (question.verb.as_str()), "path": (question.path.as_str())});
        review.set(&["spec", "nonResourceAttributes"], attributes);
    }
    let answer = ask(session, "authorization.k8s.io", "selfsubjectaccessreviews", review)?;
    let allowed = answer.bool_at(&["status", "allowed"]) == Some(true);
    if !args.bool("quiet") {
        let mut line = if allowed { "yes" } else { "no" }.to_owned();
        for field in ["reason", "evaluationError"] {
            let text = answer.str_at(&["status", field]);
            if !allowed && !text.is_empty() {
                line.push_str(" - ");
                line.push_str(text);
            }
        }
        session.println(line);
    }
    if allowed { Ok(()) } else { Err(Error::Exit(1, String::new())) }
}
