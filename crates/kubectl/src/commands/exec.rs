//! `kubectl exec`. Models kubectl `pkg/cmd/exec/exec.go` and `pkg/cmd/util/podcmd`.

use gatehouse_core::request::ResourceTarget;
use gatehouse_core::{Reply, Target, Verb};
use gatehouse_model::{Object, ResourceType};

use crate::cli::{Args, Command, Flag};
use crate::client::Builder;
use crate::error::Error;
use crate::host::ContainerRef;
use crate::session::{Finish, Session};

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Execute a command in a container",
    long: "Execute a command in a container.",
    examples: "# Get output from running the 'date' command from pod mypod, using the first container by default\nkubectl exec mypod -- date\n\n# Get output from running the 'date' command in ruby-container from pod mypod\nkubectl exec mypod -c ruby-container -- date\n\n# Switch to raw terminal mode; sends stdin to 'bash' in ruby-container from pod mypod\n# and sends stdout/stderr from 'bash' back to the client\nkubectl exec mypod -c ruby-container -i -t -- bash -il\n\n# Get output from running 'date' command from the first pod of the deployment mydeployment, using the first container by default\nkubectl exec deploy/mydeployment -- date",
    usage: "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
    flags: &[&[
        Flag::str("container", "Container name. If omitted, use the kubectl.kubernetes.io/default-container annotation for selecting the container to be attached or the first container in the pod will be chosen").short('c'),
        Flag::slice("filename", "to use to exec into the resource").short('f'),
        Flag::duration("pod-running-timeout", "1m0s", "The length of time (like 5s, 2m, or 3h, higher than zero) to wait until at least one pod is running"),
        Flag::bool("quiet", "Only print output from the remote session").short('q'),
        Flag::bool("stdin", "Pass stdin to the container").short('i'),
        Flag::bool("tty", "Stdin is a TTY").short('t'),
    ]],
    run: Some(run),
    ..Command::named("exec")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// The pod that the words mean: a pod, or the first running pod of a workload.
pub(super) fn pod_for(
    session: &mut Session<'_, '_>,
    words: &[String],
) -> Result<(Object, ResourceType), Error> {
    let namespace = session.namespace()?.name;
    let pods = session.resource("pods")?;
    let words: Vec<String> = match words {
        [one] if !one.contains('/') => vec![format!("pods/{one}")],
        other => other.to_vec(),
    };
    let builder = Builder {
        namespace: namespace.clone(),
        default_namespace: true,
        words,
        flatten: true,
        ..Builder::default()
    };
    let infos = builder.infos(session)?;
    let Some(info) = infos.into_iter().next() else { return Err(Error::plain("no pod found")) };
    let object = info.object()?.clone();
    if object.kind() == "Pod" {
        return Ok((object, pods));
    }
    let selector = object.at(&["spec", "selector"]).cloned().unwrap_or_default();
    let labels = if selector.get("matchLabels").is_some() {
        selector.map_at(&["matchLabels"]).clone()
    } else {
        selector.entries().clone()
    };
    if labels.is_empty() {
        return Err(Error::plain(format!(
            "cannot attach to *v1.{}: selector for *v1.{} not implemented",
            object.kind(),
            object.kind()
        )));
    }
    let text: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or(""))).collect();
    let chosen = Builder {
        namespace,
        words: vec!["pods".to_owned()],
        selector: text.join(","),
        flatten: true,
        ..Builder::default()
    };
    let mut found: Vec<Object> = chosen.infos(session)?.into_iter().filter_map(|i| i.object).collect();
    gatehouse_model::order::by_key(&mut found, |p| p.str_at(&["status", "phase"]) != "Running");
    found
        .into_iter()
        .next()
        .map(|p| (p, pods))
        .ok_or_else(|| Error::plain("timed out waiting for the condition"))
}

/// The names of all containers of a pod, each with what is remarked of its kind.
fn all_names(pod: &Object) -> impl Iterator<Item = (&str, &'static str)> {
    [("containers", ""), ("initContainers", " (init)"), ("ephemeralContainers", " (ephem)")]
        .into_iter()
        .flat_map(|(field, note)| {
            pod.list_at(&["spec", field]).iter().map(move |c| (c.str_at(&["name"]), note))
        })
}

/// The same, as they are listed to choose from.
fn listed(pod: &Object) -> String {
    let names: Vec<String> = all_names(pod).map(|(name, note)| format!("{name}{note}")).collect();
    names.join(", ")
}

/// The container meant, with the remark kubectl makes when it chose one itself.
pub(super) fn container_of(
    session: &mut Session<'_, '_>,
    pod: &Object,
    wanted: &str,
    quiet: bool,
) -> Result<String, Error> {
    let names: Vec<String> = all_names(pod).map(|(name, _)| name.to_owned()).collect();
    if !wanted.is_empty() {
        if names.iter().any(|n| n == wanted) {
            return Ok(wanted.to_owned());
        }
        return Err(Error::plain(format!(
            "container {wanted} is not valid for pod {} out of: {}",
            pod.name(),
            listed(pod)
        )));
    }
    if let Some(chosen) = pod.annotation("kubectl.kubernetes.io/default-container").filter(|n| !n.is_empty())
    {
        if names.iter().any(|n| n == chosen) {
            return Ok(chosen.to_owned());
        }
        session.eprintln(format!("Default container name \"{chosen}\" not found in pod {}", pod.name()));
    }
    let Some(first) = pod.list_at(&["spec", "containers"]).first() else {
        return Err(Error::plain(format!("pod {} does not have any containers", pod.name())));
    };
    let first = first.str_at(&["name"]).to_owned();
    if names.len() > 1 && !quiet {
        session.eprintln(format!("Defaulted container {first:?} out of: {}", listed(pod)));
    }
    Ok(first)
}

/// Asks the server whether the subresource may be used; it is what opens the connection.
pub(super) fn authorize(
    session: &mut Session<'_, '_>,
    mapping: &ResourceType,
    pod: &Object,
    container: &str,
    subresource: &str,
) -> Result<(), Error> {
    let target = Target::Resource(ResourceTarget {
        group: mapping.gv.group.to_string(),
        version: mapping.gv.version.to_string(),
        resource: mapping.plural.to_string(),
        subresource: subresource.to_owned(),
        namespace: pod.namespace().to_owned(),
        name: pod.name().to_owned(),
    });
    // Websockets begin with a GET, but the server authorizes `create` besides since 1.35.
    let verb = if session.server_version().minor() >= 31 { Verb::Get } else { Verb::Create };
    let mut request = session.request(verb, target)?;
    request.options.query.push(("container".to_owned(), container.to_owned()));
    match session.send(request)? {
        Reply::Text(_) | Reply::Object(_) | Reply::Success(_) | Reply::List { .. } => Ok(()),
    }
}

fn split(args: &Args) -> Result<(Vec<String>, Vec<String>), Error> {
    if let Some(dash) = args.dash {
        let (before, after) = args.words.split_at_checked(dash).unwrap_or((&args.words, &[]));
        return Ok((before.to_vec(), after.to_vec()));
    }
    if args.words.len() > 1 {
        return Err(Error::plain(
            "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples",
        ));
    }
    Ok((args.words.clone(), Vec::new()))
}

/// What is said where a command could not be started: between a websocket and the kubelet stands the API server.
fn refused(session: &Session<'_, '_>, why: &str) -> Error {
    let why = if why.starts_with("container not found") {
        format!("unable to upgrade connection: {why}")
    } else {
        why.to_owned()
    };
    let server = if session.server_version().minor() >= 31 { "Internal error occurred: " } else { "" };
    Error::plain(format!("{server}{why}"))
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let (resource, command) = split(args)?;
    if resource.is_empty() && args.list("filename").is_empty() {
        return Err(Error::plain("pod, type/name or --filename must be specified"));
    }
    if command.is_empty() {
        return Err(Error::plain("you must specify at least one command for the container"));
    }
    if resource.len() > 1 {
        return Err(args.usage_error(
            "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead",
        ));
    }
    if let Some(file) = args.list("filename").first().filter(|f| session.host.files.is_dir(f).is_none()) {
        return Err(Error::plain(format!("the path {file:?} does not exist")));
    }
    let (pod, mapping) = pod_for(session, &resource)?;
    let phase = pod.str_at(&["status", "phase"]).to_owned();
    if matches!(phase.as_str(), "Succeeded" | "Failed") {
        return Err(Error::plain(format!(
            "cannot exec into a container in a completed pod; current phase is {phase}"
        )));
    }
    let wanted = args.str("container");
    if !wanted.is_empty() && !all_names(&pod).any(|(name, _)| name == wanted) {
        // Older clients leave it to the kubelet to find out.
        let (pod, shown) = (pod.name(), listed(&pod));
        return Err(Error::plain(if session.version().minor >= 34 {
            format!("container {wanted} is not valid for pod {pod} out of: {shown}")
        } else {
            format!("Error from server (BadRequest): container {wanted} is not valid for pod {pod}")
        }));
    }
    let container = container_of(session, &pod, wanted, args.bool("quiet"))?;
    let interactive = args.bool("stdin");
    let tty = args.bool("tty");
    if tty && session.host.stdin.is_some() {
        session.eprintln("Unable to use a TTY - input is not a terminal or the right kind of file");
    }
    authorize(session, &mapping, &pod, &container, "exec")?;
    let stdin = if interactive { session.host.stdin.take() } else { None };
    let shell =
        command.first().is_some_and(|c| matches!(c.rsplit('/').next().unwrap_or(c), "sh" | "bash" | "ash"));
    if interactive && stdin.is_none() && shell && command.len() == 1 {
        // A shell at a terminal: whoever shows the terminal goes on in the container.
        session.finish = Finish::Stream;
    }
    let reference =
        ContainerRef { namespace: pod.namespace().to_owned(), pod: pod.name().to_owned(), container };
    let output = session
        .host
        .containers
        .exec(&reference, &command, &stdin.unwrap_or_default(), tty)
        .map_err(|why| refused(session, &why))?;
    session.output.append(&output);
    if output.exit == 0 {
        return Ok(());
    }
    Err(Error::Exit(output.exit, format!("command terminated with exit code {}", output.exit)))
}
