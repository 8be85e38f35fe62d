//! `kubectl config set-cluster`. Models kubectl `pkg/cmd/config/set_cluster.go`.

use gatehouse_model::base64;

use super::{start, store, unexpected};
use crate::cli::{Args, Command, Flag};
use crate::config::save::{default_file, relativize};
use crate::error::Error;
use crate::session::Session;

pub(super) static COMMAND: Command = Command {
    short: "Set a cluster entry in kubeconfig",
    long: "Set a cluster entry in kubeconfig.\n\n Specifying a name that already exists will merge new fields on top of existing values for those fields.",
    examples: "# Set only the server field on the e2e cluster entry without touching other values\nkubectl config set-cluster e2e --server=https://1.2.3.4\n\n# Embed certificate authority data for the e2e cluster entry\nkubectl config set-cluster e2e --embed-certs --certificate-authority=~/.kube/e2e/kubernetes.ca.crt",
    usage: "NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] [--tls-server-name=example.com]",
    flags: &[&[
        Flag::str(
            "certificate-authority",
            "Path to certificate-authority file for the cluster entry in kubeconfig",
        ),
        Flag::bool("embed-certs", "embed-certs for the cluster entry in kubeconfig"),
        Flag::bool(
            "insecure-skip-tls-verify",
            "insecure-skip-tls-verify for the cluster entry in kubeconfig",
        ),
        Flag::str("proxy-url", "proxy-url for the cluster entry in kubeconfig"),
        Flag::str("server", "server for the cluster entry in kubeconfig"),
        Flag::str("tls-server-name", "tls-server-name for the cluster entry in kubeconfig"),
    ]],
    run: Some(run),
    ..Command::named("set-cluster")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let [name] = args.words.as_slice() else { return Err(unexpected(session, args)) };
    if name.is_empty() {
        return Err(Error::plain("you must specify a non-empty cluster name"));
    }
    let authority = args.str("certificate-authority").to_owned();
    if args.bool("insecure-skip-tls-verify") && !authority.is_empty() {
        return Err(Error::plain(
            "you cannot specify a certificate authority and insecure mode at the same time",
        ));
    }
    let embed = args.bool("embed-certs");
    if embed {
        if authority.is_empty() {
            return Err(Error::plain("you must specify a --certificate-authority to embed"));
        }
        if session.host.files.is_dir(&authority).is_none() {
            return Err(Error::plain(format!(
                "could not stat certificate-authority file {authority}: stat {authority}: no such file or directory"
            )));
        }
    }
    let (which, before) = start(session, args)?;
    let mut after = before.clone();
    let file = default_file(session.host.files, &which);
    let entry = after.clusters.entry(name.clone()).or_default();
    for key in ["server", "tls-server-name", "proxy-url"] {
        if args.changed(key) {
            let value = args.str(key);
            if value.is_empty() {
                entry.value.remove(&[key]).map_or((), drop)
            } else {
                entry.value.set(&[key], value)
            }
        }
    }
    if args.changed("server") && !args.changed("tls-server-name") {
        // The name belonged to the server before.
        entry.value.remove(&["tls-server-name"]);
    }
    if args.changed("insecure-skip-tls-verify") {
        if args.bool("insecure-skip-tls-verify") {
            entry.value.set(&["insecure-skip-tls-verify"], true);
            entry.value.remove(&["certificate-authority"]);
            entry.value.remove(&["certificate-authority-data"]);
        } else {
            entry.value.remove(&["insecure-skip-tls-verify"]);
        }
    }
    if !authority.is_empty() {
        entry.value.remove(&["insecure-skip-tls-verify"]);
        if embed {
            let bytes = session.host.files.read(&authority).map_err(|e| {
                Error::plain(format!(
                    "could not read certificate-authority data from {authority}: open {authority}: {}",
                    e.errno
                ))
            })?;
            entry.value.set(&["certificate-authority-data"], base64::encode(&bytes));
            entry.value.remove(&["certificate-authority"]);
        } else {
            let dir = session.host.files.working_dir();
            entry.value.set(&["certificate-authority"], relativize(&authority, &file, &dir));
            entry.value.remove(&["certificate-authority-data"]);
        }
    }
    if entry.value.get("server").is_none() {
        entry.value.set(&["server"], "");
    }
    store(session, &which, &before, &after)?;
    session.println(format!("Cluster {name:?} set."));
    Ok(())
}
