//! `kubectl cp`, of single files. Models kubectl `pkg/cmd/cp/cp.go`, and the `tar` it runs in the container.

use super::exec;
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::host::ContainerRef;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Copy files and directories to and from containers",
    long: "Copy files and directories to and from containers.",
    examples: "# Copy /tmp/foo local file to /tmp/bar in a remote pod in namespace <some-namespace>\nkubectl cp /tmp/foo <some-namespace>/<some-pod>:/tmp/bar\n\n# Copy /tmp/foo from a remote pod to /tmp/bar locally\nkubectl cp <some-namespace>/<some-pod>:/tmp/foo /tmp/bar",
    usage: "<file-spec-src> <file-spec-dest>",
    flags: &[&[
        Flag::str("container", "Container name. If omitted, use the kubectl.kubernetes.io/default-container annotation for selecting the container to be attached or the first container in the pod will be chosen").short('c'),
        Flag::bool("no-preserve", "The copied file/directory's ownership and permissions will not be preserved in the container"),
        Flag::int("retries", "0", "Set number of retries to complete a copy operation from a container. Specify 0 to disable or any negative value for infinite retrying. The default is 0 (no retry)."),
    ]],
    run: Some(run),
    ..Command::named("cp")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// `[[namespace/]pod:]path`
struct Spec {
    namespace: String,
    pod: String,
    path: String,
}

fn spec(text: &str) -> Result<Spec, Error> {
    let wrong = || Error::plain("filespec must match the canonical format: [[namespace/]pod:]file/path");
    let Some((pod, path)) = text.split_once(':') else {
        return Ok(Spec { namespace: String::new(), pod: String::new(), path: text.to_owned() });
    };
    let (namespace, pod) = match pod.split('/').collect::<Vec<_>>().as_slice() {
        [""] => return Err(wrong()),
        [pod] => ("", *pod),
        [namespace, pod] => (*namespace, *pod),
        _ => return Err(wrong()),
    };
    Ok(Spec { namespace: namespace.to_owned(), pod: pod.to_owned(), path: path.to_owned() })
}

fn base(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let [from, to] = args.words.as_slice() else {
        return Err(Error::plain("source and destination are required"));
    };
    let (from, to) = (spec(from)?, spec(to)?);
    if !from.pod.is_empty() && !to.pod.is_empty() {
        return Err(Error::plain("one of src or dest must be a local file specification"));
    }
    if from.path.is_empty() || to.path.is_empty() {
        return Err(Error::plain("filepath can not be empty"));
    }
    if from.pod.is_empty() && to.pod.is_empty() {
        return Err(Error::plain("one of src or dest must be a remote file specification"));
    }
    if to.pod.is_empty() {
        return from_pod(session, args, &from, &to.path);
    }
    if session.host.files.is_dir(&from.path).is_none() {
        return Err(Error::plain(format!("{} doesn't exist in local filesystem", from.path)));
    }
    to_pod(session, args, &from.path, &to)
}

/// The container, once the server lets kubectl in.
fn container(session: &mut Session<'_, '_>, args: &Args, spec: &Spec) -> Result<ContainerRef, Error> {
    let mapping = session.resource("pods")?;
    let namespace = match spec.namespace.as_str() {
        "" => session.namespace()?.name,
        named => named.to_owned(),
    };
    let pod = session.get(&mapping, &namespace, &spec.pod)?;
    let phase = pod.str_at(&["status", "phase"]);
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(Error::plain(format!(
            "cannot exec into a container in a completed pod; current phase is {phase}"
        )));
    }
    let name = exec::container_of(session, &pod, args.str("container"), false)?;
    exec::authorize(session, &mapping, &pod, &name, "exec")?;
    Ok(ContainerRef { namespace, pod: spec.pod.clone(), container: name })
}

/// What a command in the container ends with; `None` where it cannot even start.
fn succeeds(session: &mut Session<'_, '_>, place: &ContainerRef, argv: &[&str]) -> Option<bool> {
    let argv: Vec<String> = argv.iter().map(|w| (*w).to_owned()).collect();
    session.host.containers.exec(place, &argv, b"", false).ok().map(|o| o.exit == 0)
}

fn from_pod(session: &mut Session<'_, '_>, args: &Args, from: &Spec, to: &str) -> Result<(), Error> {
    let place = container(session, args, from)?;
    let content = session.host.containers.read_file(&place, &from.path).map_err(Error::plain)?;
    if from.path.starts_with('/') {
        let busybox = succeeds(session, &place, &["busybox", "true"]) == Some(true);
        session.println(if busybox {
            "tar: removing leading '/' from member names"
        } else {
            "tar: Removing leading `/' from member names"
        });
    }
    let target = if session.host.files.is_dir(to) == Some(true) {
        format!("{}/{}", to.trim_end_matches('/'), base(&from.path))
    } else {
        to.to_owned()
    };
    session
        .host
        .files
        .write(&target, &content)
        .map_err(|e| Error::plain(format!("open {target}: {}", e.errno)))
}

fn to_pod(session: &mut Session<'_, '_>, args: &Args, from: &str, to: &Spec) -> Result<(), Error> {
    let place = container(session, args, to)?;
    copy(session, &place, from, &to.path)
}

/// Copies a file, or a directory with all that is in it.
fn copy(session: &mut Session<'_, '_>, place: &ContainerRef, from: &str, to: &str) -> Result<(), Error> {
    let target = if succeeds(session, place, &["test", "-d", to]) == Some(true) {
        format!("{}/{}", to.trim_end_matches('/'), base(from))
    } else {
        to.to_owned()
    };
    let open = |e: crate::host::FileError| Error::plain(format!("open {from}: {}", e.errno));
    if session.host.files.is_dir(from) == Some(true) {
        succeeds(session, place, &["mkdir", "-p", &target]);
        let from = from.trim_end_matches('/');
        for entry in session.host.files.list(from).map_err(open)? {
            copy(session, place, &format!("{from}/{}", entry.name), &format!("{target}/{}", entry.name))?;
        }
        return Ok(());
    }
    let content = session.host.files.read(from).map_err(open)?;
    session.host.containers.write_file(place, &target, &content).map_err(Error::plain)
}
