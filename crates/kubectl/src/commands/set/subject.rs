//! `kubectl set subject`. Models kubectl `pkg/cmd/set/set_subject.go`.

use gatehouse_model::{Value, json};

use super::template::Setter;
use super::{ALL, shared};
use crate::cli::groups::{DRY_RUN, PRINT, SELECTOR, files};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Update the user, group, or service account in a role binding or cluster role binding",
    long: "Update the user, group, or service account in a role binding or cluster role binding.",
    examples: "# Update a cluster role binding for serviceaccount1\nkubectl set subject clusterrolebinding admin --serviceaccount=namespace:serviceaccount1\n\n# Update a role binding for user1, user2, and group1\nkubectl set subject rolebinding admin --user=user1 --user=user2 --group=group1",
    usage: "(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    flags: &[
        &shared(ALL, "If true, set subject will NOT contact api-server but run locally."),
        PRINT,
        &files("Filename, directory, or URL to files the resource to update the subjects"),
        SELECTOR,
        DRY_RUN,
        &[
            Flag::array("group", "Groups to bind to the role"),
            Flag::array("serviceaccount", "Service accounts to bind to the role"),
            Flag::array("user", "Usernames to bind to the role"),
        ],
    ],
    run: Some(run),
    ..Command::named("subject")
};

fn sorted(args: &Args, flag: &str) -> Vec<String> {
    let mut words = args.list(flag);
    gatehouse_model::order::sort(&mut words);
    words.dedup();
    words
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let setter = Setter::new(session, args, &args.words)?;
    setter.check_local()?;
    if args.bool("all") && !args.str("selector").is_empty() {
        return Err(Error::plain("cannot set --all and --selector at the same time"));
    }
    let (users, groups, accounts) =
        (sorted(args, "user"), sorted(args, "group"), sorted(args, "serviceaccount"));
    if users.is_empty() && groups.is_empty() && accounts.is_empty() {
        return Err(Error::plain("you must specify at least one value of user, group or serviceaccount"));
    }
    let namespace = session.namespace()?.name;
    let mut subjects: Vec<Value> = Vec::new();
    for (kind, names) in [("User", users), ("Group", groups)] {
        for name in names {
            subjects.push(json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}));
        }
    }
    for account in accounts {
        let parts: Vec<&str> = account.split(':').collect();
        let [wanted, name] = parts.as_slice() else {
            return Err(Error::plain("serviceaccount must be <namespace>:<name>"));
        };
        if name.is_empty() {
            return Err(Error::plain("serviceaccount must be <namespace>:<name>"));
        }
        let cluster =
            setter.infos.iter().any(|i| i.object.as_ref().is_some_and(|o| o.kind() == "ClusterRoleBinding"));
        if wanted.is_empty() && cluster {
            return Err(Error::plain(
                "serviceaccount must be <namespace>:<name>, namespace must be specified",
            ));
        }
        let place = if wanted.is_empty() { namespace.as_str() } else { wanted };
        subjects.push(json!({"kind": "ServiceAccount", "name": (*name), "namespace": place}));
    }
    setter.apply(session, "subjects updated", "failed to patch subjects to rolebinding: ", false, |_, object| {
        if !matches!(object.kind(), "RoleBinding" | "ClusterRoleBinding") {
            let plural = format!("{}s", object.kind().to_lowercase());
            return Err(Error::plain(format!("error: {plural}/{} setting subjects is only supported for RoleBinding/ClusterRoleBinding\n", object.name())));
        }
        let mut all = object.list_at(&["subjects"]).to_vec();
        for subject in &subjects {
            if !all.contains(subject) {
                all.push(subject.clone());
            }
        }
        if !all.is_empty() {
            object.set(&["subjects"], all);
        }
        Ok(())
    })
}
