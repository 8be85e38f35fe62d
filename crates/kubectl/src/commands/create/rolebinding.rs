//! `kubectl create rolebinding`. Models kubectl `pkg/cmd/create/create_rolebinding.go`.

use gatehouse_model::{Value, json};

use super::Generator;
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::str("clusterrole", "ClusterRole this RoleBinding should reference"),
    Flag::str("role", "Role this RoleBinding should reference"),
    Flag::array("user", "Usernames to bind to the role. The flag can be repeated to add multiple users."),
    Flag::array("group", "Groups to bind to the role. The flag can be repeated to add multiple groups."),
    Flag::array(
        "serviceaccount",
        "Service accounts to bind to the role, in the format <namespace>:<name>. The flag can be repeated to add multiple service accounts.",
    ),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Create a role binding for a particular role or cluster role",
    long: "Create a role binding for a particular role or cluster role.",
    examples: "# Create a role binding for user1, user2, and group1 using the admin cluster role\nkubectl create rolebinding admin --clusterrole=admin --user=user1 --user=user2 --group=group1\n\n# Create a role binding for service account monitoring:sa-dev using the admin role\nkubectl create rolebinding admin-binding --role=admin --serviceaccount=monitoring:sa-dev",
    usage: "NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, FLAGS],
    run: Some(run),
    ..Command::named("rolebinding")
};

const GROUP: &str = "rbac.authorization.k8s.io";

/// The subjects that `--user`, `--group` and `--serviceaccount` name.
pub(in crate::commands) fn subjects(args: &Args) -> Result<Vec<Value>, Error> {
    let mut subjects = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        for name in args.list(flag) {
            subjects.push(json!({"apiGroup": GROUP, "kind": kind, "name": name}));
        }
    }
    for account in args.list("serviceaccount") {
        let parts: Vec<&str> = account.split(':').collect();
        let [namespace, name] = parts.as_slice() else {
            return Err(Error::plain("serviceaccount must be <namespace>:<name>"));
        };
        if namespace.is_empty() || name.is_empty() {
            return Err(Error::plain("serviceaccount must be <namespace>:<name>"));
        }
        subjects.push(json!({"kind": "ServiceAccount", "name": (*name), "namespace": (*namespace)}));
    }
    Ok(subjects)
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let (cluster_role, role) = (args.str("clusterrole"), args.str("role"));
    if cluster_role.is_empty() == role.is_empty() {
        return Err(Error::plain("exactly one of clusterrole or role must be specified"));
    }
    let (kind, name) = if role.is_empty() { ("ClusterRole", cluster_role) } else { ("Role", role) };
    let subjects = subjects(args)?;
    let mut object = generator.object("rbac.authorization.k8s.io/v1", "RoleBinding", true);
    object.set(&["roleRef"], json!({"apiGroup": GROUP, "kind": kind, "name": name}));
    if !subjects.is_empty() {
        object.set(&["subjects"], subjects);
    }
    generator.finish(session, args, object, "rolebindings", true, "failed to create rolebinding: ")
}
