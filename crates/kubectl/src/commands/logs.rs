//! `kubectl logs`. Models kubectl `pkg/cmd/logs` and `pkg/polymorphichelpers/logsforobject.go`.

use gatehouse_core::request::ResourceTarget;
use gatehouse_core::{Reply, Status, Target, Timestamp, Verb};
use gatehouse_model::{Object, Selector, time};

use super::patience;
use crate::cli::groups::SELECTOR;
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::host::ContainerRef;
use crate::session::{Finish, Session, target_of};

const FLAGS: &[Flag] = &[
    Flag::bool("all-containers", "Get all containers' logs in the pod(s)."),
    Flag::bool("all-pods", "Get logs from all pod(s). Sets prefix to true.").since(32),
    Flag::str("container", "Print the logs of this container").short('c'),
    Flag::bool("follow", "Specify if the logs should be streamed.").short('f'),
    Flag::bool(
        "ignore-errors",
        "If watching / following pod logs, allow for any errors that occur to be non-fatal",
    ),
    Flag::bool(
        "insecure-skip-tls-verify-backend",
        "Skip verifying the identity of the kubelet that logs are requested from.  In theory, an attacker could provide invalid log content back. You might want to use this if your kubelet serving certificates have expired.",
    ),
    Flag::int("limit-bytes", "0", "Maximum bytes of logs to return. Defaults to no limit."),
    Flag::int(
        "max-log-requests",
        "5",
        "Specify maximum number of concurrent logs to follow when using by a selector. Defaults to 5.",
    ),
    Flag::duration(
        "pod-running-timeout",
        "20s",
        "The length of time (like 5s, 2m, or 3h, higher than zero) to wait until at least one pod is running",
    ),
    Flag::bool("prefix", "Prefix each log line with the log source (pod name and container name)"),
    Flag::bool(
        "previous",
        "If true, print the logs for the previous instance of the container in a pod if it exists.",
    )
    .short('p'),
    Flag::duration(
        "since",
        "0s",
        "Only return logs newer than a relative duration like 5s, 2m, or 3h. Defaults to all logs. Only one of since-time / since may be used.",
    ),
    Flag::str(
        "since-time",
        "Only return logs after a specific date (RFC3339). Defaults to all logs. Only one of since-time / since may be used.",
    ),
    Flag::int(
        "tail",
        "-1",
        "Lines of recent log file to display. Defaults to -1 with no selector, showing all log lines otherwise 10, if a selector is provided.",
    ),
    Flag::bool("timestamps", "Include timestamps on each line in the log output"),
];

const USAGE: &str = "logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]";

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Print the logs for a container in a pod",
    long: "Print the logs for a container in a pod or specified resource. If the pod has only one container, the container name is optional.",
    examples: "# Return snapshot logs from pod nginx with only one container\nkubectl logs nginx\n\n# Return snapshot of previous terminated ruby container logs from pod web-1\nkubectl logs -p -c ruby web-1\n\n# Display only the most recent 20 lines of output in pod nginx\nkubectl logs --tail=20 nginx\n\n# Return snapshot logs from container nginx-1 of a deployment named nginx\nkubectl logs deployment/nginx -c nginx-1",
    usage: "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]",
    flags: &[FLAGS, SELECTOR],
    run: Some(run),
    ..Command::named("logs")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let usage = || {
        args.usage_error(format!(
            "expected '{USAGE}'.\nPOD or TYPE/NAME is a required argument for the logs command"
        ))
    };
    let by_selector = !args.str("selector").is_empty();
    let (named, inline) = match args.words.as_slice() {
        [] if by_selector => ("", ""),
        [_] if by_selector => {
            return Err(args.usage_error("only a selector (-l) or a POD name is allowed"));
        }
        [one] => (one.as_str(), ""),
        [one, container] => (one.as_str(), container.as_str()),
        _ => return Err(usage()),
    };
    validate(args, inline)?;
    since(session, args)?;
    let namespace = session.namespace()?.name;
    let pods = if by_selector {
        let pods = pods(session, &namespace, args.str("selector"))?;
        if pods.is_empty() {
            session.eprintln(format!("No resources found in {namespace} namespace."));
        }
        pods
    } else {
        pods_of(session, args, &namespace, named)?
    };
    let container = if inline.is_empty() { args.str("container") } else { inline };
    let mut sources = Vec::new();
    for pod in &pods {
        for name in containers(session, args, pod, container)? {
            sources.push((pod.clone(), name));
        }
    }
    let max = args.int("max-log-requests");
    if args.bool("follow") && sources.len() > 1 && i64::try_from(sources.len()).is_ok_and(|n| n > max) {
        return Err(Error::plain(format!(
            "you are attempting to follow {} log streams, but maximum allowed concurrency is {max}, use --max-log-requests to increase the limit",
            sources.len()
        )));
    }
    for (pod, container) in &sources {
        let text = match read(session, args, pod, container) {
            Err(error) if args.bool("ignore-errors") => format!("error: {}\n", error.text()),
            other => other?,
        };
        session.print(text);
        if args.bool("follow") && pod.str_at(&["status", "phase"]) == "Running" {
            session.finish = Finish::Stream;
        }
    }
    Ok(())
}

fn validate(args: &Args, inline: &str) -> Result<(), Error> {
    let container = if inline.is_empty() { args.str("container") } else { inline };
    let refused = if !args.str("since-time").is_empty() && args.millis("since") != 0 {
        "at most one of `sinceTime` or `sinceSeconds` may be specified".to_owned()
    } else if args.bool("all-containers") && !container.is_empty() {
        format!("--all-containers=true should not be specified with container name {container}")
    } else if args.changed("container") && !inline.is_empty() {
        "only one of -c or an inline [CONTAINER] arg is allowed".to_owned()
    } else if args.int("limit-bytes") < 0 {
        "--limit-bytes must be greater than 0".to_owned()
    } else if args.millis("since") < 0 {
        "--since must be greater than 0".to_owned()
    } else if args.int("tail") < -1 {
        "--tail must be greater than or equal to -1".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::plain(refused))
}

fn pods(session: &mut Session<'_, '_>, namespace: &str, selector: &str) -> Result<Vec<Object>, Error> {
    let target = ResourceTarget {
        version: "v1".to_owned(),
        resource: "pods".to_owned(),
        namespace: namespace.to_owned(),
        ..ResourceTarget::default()
    };
    let mut request = session.request(Verb::List, Target::Resource(target))?;
    selector.clone_into(&mut request.options.label_selector);
    match session.send(request)? {
        Reply::List { items, .. } => Ok(items),
        _ => Ok(Vec::new()),
    }
}

/// The pod named, or one of those that belong to the object named.
fn pods_of(
    session: &mut Session<'_, '_>,
    args: &Args,
    namespace: &str,
    named: &str,
) -> Result<Vec<Object>, Error> {
    let (word, name) = named.split_once('/').unwrap_or(("pods", named));
    let mapping = session.resource(word)?;
    let object = match session.get(&mapping, namespace, name) {
        // Newer clients say in which namespace they looked.
        Err(e) if e.is_not_found() && session.version().minor >= 30 => {
            return Err(Error::plain(format!(
                "error from server (NotFound): {} in namespace {namespace:?}",
                e.text()
            )));
        }
        other => other?,
    };
    if object.kind() == "Pod" {
        return Ok(vec![object]);
    }
    let selector = match object.at(&["spec", "selector"]) {
        Some(s) if matches!(object.kind(), "Service" | "ReplicationController") => {
            Selector::from_labels(s.entries())
        }
        Some(s) => Selector::from_object(Some(s)).map_err(Error::plain)?,
        None => {
            return Err(Error::plain(format!(
                "cannot get the logs from *v1.{0}: selector for *v1.{0} not implemented",
                object.kind()
            )));
        }
    };
    let deadline = session.now().0 + args.millis("pod-running-timeout");
    let found = patience::until(session, deadline, |session| {
        let pods = pods(session, namespace, &selector.to_string())?;
        Ok((!pods.is_empty()).then_some(pods))
    })?;
    let Some(mut found) = found else {
        return Err(Error::plain("timed out waiting for the condition"));
    };
    // The one most worth reading first: ready, and ready for longest.
    gatehouse_model::order::by_key(&mut found, |p| {
        (p.str_at(&["status", "phase"]) != "Running", p.name().to_owned())
    });
    if args.bool("all-pods") || found.len() == 1 {
        return Ok(found);
    }
    let count = found.len();
    found.truncate(1);
    let first = found.first().map_or("", |p| p.name()).to_owned();
    session.eprintln(format!("Found {count} pods, using pod/{first}"));
    Ok(found)
}

const KINDS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Which containers of a pod are meant.
fn containers(
    session: &mut Session<'_, '_>,
    args: &Args,
    pod: &Object,
    wanted: &str,
) -> Result<Vec<String>, Error> {
    let names = |kind: &str| -> Vec<String> {
        pod.list_at(&["spec", kind]).iter().map(|c| c.str_at(&["name"]).to_owned()).collect()
    };
    let all: Vec<String> = KINDS.iter().flat_map(|kind| names(kind)).collect();
    if args.bool("all-containers") {
        return Ok(all);
    }
    let every = || {
        let mark = |kind: &'static str, note: &'static str| {
            names(kind).into_iter().map(move |n| format!("{n}{note}"))
        };
        let list: Vec<String> = mark("containers", "")
            .chain(mark("initContainers", " (init)"))
            .chain(mark("ephemeralContainers", " (ephem)"))
            .collect();
        list.join(", ")
    };
    let mut wanted = wanted.to_owned();
    if wanted.is_empty()
        && let Some(default) = pod.annotation("kubectl.kubernetes.io/default-container")
    {
        if all.iter().any(|n| n == default) {
            default.clone_into(&mut wanted);
        } else {
            session.eprintln(format!("Default container name {default:?} not found in pod {}", pod.name()));
        }
    }
    if wanted.is_empty() {
        wanted = names("containers").into_iter().next().unwrap_or_default();
        if all.len() > 1 && !args.bool("all-pods") {
            session.eprintln(format!("Defaulted container {wanted:?} out of: {}", every()));
        }
    }
    if !all.contains(&wanted) {
        return Err(Error::plain(format!(
            "container {wanted} is not valid for pod {} out of: {}",
            pod.name(),
            every()
        )));
    }
    Ok(vec![wanted])
}

/// Everything a container wrote, oldest line first.
pub(super) fn lines(
    session: &mut Session<'_, '_>,
    pod: &Object,
    container: &str,
    previous: bool,
) -> Result<Vec<(Timestamp, String)>, Error> {
    let mapping = session.resource("pods")?;
    let target = target_of(&mapping, pod.namespace(), pod.name(), "log");
    let mut request = session.request(Verb::Get, target)?;
    request.options.query.push(("container".to_owned(), container.to_owned()));
    if previous {
        request.options.query.push(("previous".to_owned(), "true".to_owned()));
    }
    session.send(request)?;
    let source = ContainerRef {
        namespace: pod.namespace().to_owned(),
        pod: pod.name().to_owned(),
        container: container.to_owned(),
    };
    let lines = session.host.containers.logs(&source, previous);
    lines.map_err(|why| Error::status(Status::bad_request(why)))
}

fn read(session: &mut Session<'_, '_>, args: &Args, pod: &Object, container: &str) -> Result<String, Error> {
    let lines = lines(session, pod, container, args.bool("previous"))?;
    let since = since(session, args)?;
    let mut lines: Vec<(Timestamp, String)> = lines.into_iter().filter(|(at, _)| *at >= since).collect();
    let tail = match args.int("tail") {
        -1 if !args.str("selector").is_empty() && !args.changed("tail") => 10,
        n => n,
    };
    if let Ok(tail) = usize::try_from(tail) {
        let skip = lines.len().saturating_sub(tail);
        lines.drain(..skip);
    }
    let prefix = if args.bool("prefix") || args.bool("all-pods") {
        format!("[pod/{}/{container}] ", pod.name())
    } else {
        String::new()
    };
    let mut text: String = lines
        .into_iter()
        .map(|(at, line)| {
            let stamp = if args.bool("timestamps") {
                let nanos = u32::try_from(at.0.rem_euclid(1000) * 1000).unwrap_or(0);
                let time = time::rfc3339_micro(at.seconds(), nanos);
                format!("{}000Z ", time.trim_end_matches('Z'))
            } else {
                String::new()
            };
            format!("{prefix}{stamp}{line}\n")
        })
        .collect();
    if let Ok(limit) = usize::try_from(args.int("limit-bytes"))
        && limit > 0
        && text.len() > limit
    {
        let end = (0..=limit).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        text.truncate(end);
    }
    Ok(text)
}

/// The first moment whose lines are wanted.
fn since(session: &Session<'_, '_>, args: &Args) -> Result<Timestamp, Error> {
    let given = args.str("since-time");
    if !given.is_empty() {
        let (seconds, _) = time::parse_rfc3339(given).map_err(Error::plain)?;
        return Ok(Timestamp(seconds * 1000));
    }
    Ok(match args.millis("since") {
        0 => Timestamp(i64::MIN),
        millis => Timestamp(session.now().0 - millis),
    })
}
