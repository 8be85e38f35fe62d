//! `kubectl config` `delete-cluster`, `delete-context`, `delete-user`.

use super::{start, store, unexpected};
use crate::cli::{Args, Command};
use crate::config::save::default_file;
use crate::error::Error;
use crate::session::Session;

pub(super) static CLUSTER: Command = Command {
    short: "Delete the specified cluster from the kubeconfig",
    long: "Delete the specified cluster from the kubeconfig.",
    examples: "# Delete the minikube cluster\nkubectl config delete-cluster minikube",
    usage: "NAME",
    run: Some(|session, args| run(session, args, "cluster")),
    ..Command::named("delete-cluster")
};

pub(super) static CONTEXT: Command = Command {
    short: "Delete the specified context from the kubeconfig",
    long: "Delete the specified context from the kubeconfig.",
    examples: "# Delete the context for the minikube cluster\nkubectl config delete-context minikube",
    usage: "NAME",
    run: Some(|session, args| run(session, args, "context")),
    ..Command::named("delete-context")
};

pub(super) static USER: Command = Command {
    short: "Delete the specified user from the kubeconfig",
    long: "Delete the specified user from the kubeconfig.",
    examples: "# Delete the minikube user\nkubectl config delete-user minikube",
    usage: "NAME",
    run: Some(|session, args| run(session, args, "user")),
    ..Command::named("delete-user")
};

fn run(session: &mut Session<'_, '_>, args: &Args, what: &str) -> Result<(), Error> {
    let name = match args.words.as_slice() {
        [name] => name,
        _ if what == "user" => return Err(args.usage_error("user to delete is required")),
        [] => return Err(help_only(session, args)),
        [name, ..] => name,
    };
    let (which, before) = start(session, args)?;
    let file = default_file(session.host.files, &which);
    let mut after = before.clone();
    let removed = match what {
        "cluster" => after.clusters.remove(name),
        "user" => after.users.remove(name),
        _ => after.contexts.remove(name),
    };
    if removed.is_none() {
        return Err(Error::plain(format!("cannot delete {what} {name}, not in {file}")));
    }
    if what == "context" && before.current_context == *name {
        session.eprintln("warning: this removed your active context, use \"kubectl config use-context\" to select a different one");
    }
    store(session, &which, &before, &after)?;
    session.println(format!("deleted {what} {name} from {file}"));
    Ok(())
}

/// Without a name only the help is printed.
fn help_only(session: &mut Session<'_, '_>, args: &Args) -> Error {
    let _ = unexpected(session, args);
    Error::Exit(0, String::new())
}
