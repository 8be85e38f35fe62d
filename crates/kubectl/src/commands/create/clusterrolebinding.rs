//! `kubectl create clusterrolebinding`. Models kubectl `pkg/cmd/create/create_clusterrolebinding.go`.

use gatehouse_model::json;

use super::Generator;
use super::rolebinding::subjects;
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::str("clusterrole", "ClusterRole this ClusterRoleBinding should reference").required(),
    Flag::array(
        "user",
        "Usernames to bind to the clusterrole. The flag can be repeated to add multiple users.",
    ),
    Flag::array(
        "group",
        "Groups to bind to the clusterrole. The flag can be repeated to add multiple groups.",
    ),
    Flag::array(
        "serviceaccount",
        "Service accounts to bind to the clusterrole, in the format <namespace>:<name>. The flag can be repeated to add multiple service accounts.",
    ),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Create a cluster role binding for a particular cluster role",
    long: "Create a cluster role binding for a particular cluster role.",
    examples: "# Create a cluster role binding for user1, user2, and group1 using the cluster-admin cluster role\nkubectl create clusterrolebinding cluster-admin --clusterrole=cluster-admin --user=user1 --user=user2 --group=group1",
    usage: "NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, FLAGS],
    run: Some(run),
    ..Command::named("clusterrolebinding")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let subjects = subjects(args)?;
    let mut object = generator.object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", false);
    object.set(
        &["roleRef"],
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": (args.str("clusterrole"))}),
    );
    if !subjects.is_empty() {
        object.set(&["subjects"], subjects);
    }
    generator.finish(
        session,
        args,
        object,
        "clusterrolebindings",
        false,
        "failed to create clusterrolebinding: ",
    )
}
