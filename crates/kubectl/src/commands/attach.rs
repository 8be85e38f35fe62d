//! `kubectl attach`, and what `run -i` does with the pod it made. Models kubectl `pkg/cmd/attach/attach.go`.
//!
//! The simulation has no stream between a terminal and a running process: what a process wrote so far is shown, and
//! what a shell is given on standard input is run in its container.

use gatehouse_model::{Object, Value};

use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::host::{ContainerRef, Farewell};
use crate::session::{Finish, Session};

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Attach to a running container",
    long: "Attach to a process that is already running inside an existing container.",
    examples: "# Get output from running pod mypod; use the 'kubectl.kubernetes.io/default-container' annotation\n# for selecting the container to be attached or the first container in the pod will be chosen\nkubectl attach mypod\n\n# Get output from ruby-container from pod mypod\nkubectl attach mypod -c ruby-container",
    usage: "(POD | TYPE/NAME) -c CONTAINER",
    flags: &[&[
        Flag::str("container", "Container name. If omitted, use the kubectl.kubernetes.io/default-container annotation for selecting the container to be attached or the first container in the pod will be chosen").short('c'),
        Flag::str("detach-keys", "Override the key sequence for detaching a container").default("ctrl-p,ctrl-q").since(36),
        Flag::duration("pod-running-timeout", "1m0s", "The length of time (like 5s, 2m, or 3h, higher than zero) to wait until at least one pod is running"),
        Flag::bool("quiet", "Only print output from the remote session").short('q'),
        Flag::bool("stdin", "Pass stdin to the container").short('i'),
        Flag::bool("tty", "Stdin is a TTY").short('t'),
    ]],
    run: Some(run),
    ..Command::named("attach")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    if args.words.is_empty() {
        return Err(Error::plain("at least 1 argument is required for attach"));
    }
    if args.words.len() > 2 {
        return Err(Error::plain(format!(
            "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {}: [{}]",
            args.words.len(),
            args.words.join(" ")
        )));
    }
    let (pod, mapping) = super::exec::pod_for(session, &args.words)?;
    if matches!(pod.str_at(&["status", "phase"]), "Succeeded" | "Failed") {
        return Err(Error::plain(format!(
            "cannot attach a container in a completed pod; current phase is {}",
            pod.str_at(&["status", "phase"])
        )));
    }
    let container = super::exec::container_of(session, &pod, args.str("container"), args.bool("quiet"))
        .map_err(|e| e.prefixed("cannot attach to the container"))?;
    super::exec::authorize(session, &mapping, &pod, &container, "attach")?;
    let lists = ["containers", "ephemeralContainers"];
    let spec =
        lists.iter().flat_map(|l| pod.list_at(&["spec", l])).find(|c| c.str_at(&["name"]) == container);
    if args.bool("tty") && spec.is_some_and(|s| s.bool_at(&["tty"]) != Some(true)) && !args.bool("quiet") {
        session.eprintln(format!("error: Unable to use a TTY - container {container} did not allocate one"));
    }
    if args.bool("stdin") && spec.is_some_and(is_shell) {
        return shell(session, args, &pod, &container, Farewell::default()).map(drop);
    }
    show_logs(session, &pod, &container);
    session.finish = Finish::Stream;
    Ok(())
}

fn show_logs(session: &mut Session<'_, '_>, pod: &Object, container: &str) {
    let reference = ContainerRef {
        namespace: pod.namespace().to_owned(),
        pod: pod.name().to_owned(),
        container: container.to_owned(),
    };
    if let Ok(lines) = session.host.containers.logs(&reference, false) {
        for (_, line) in lines {
            session.println(line);
        }
    }
}

/// Whether a command is a shell that waits for what it is told.
fn is_shell(container: &Value) -> bool {
    let mut words: Vec<&str> = container.list_at(&["command"]).iter().filter_map(Value::as_str).collect();
    words.extend(container.list_at(&["args"]).iter().filter_map(Value::as_str));
    match words.as_slice() {
        [] => true,
        [one] => matches!(one.rsplit('/').next().unwrap_or(one), "sh" | "bash" | "ash"),
        _ => false,
    }
}

/// Whether a session at the terminal goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attached {
    /// It is over.
    Over,
    /// A shell has the terminal.
    Open,
}

/// Waits for a new pod, shows what it writes, and waits for its end where it has one. `then` is run when a session at
/// the terminal is over.
pub(super) fn to_new_pod(
    session: &mut Session<'_, '_>,
    args: &Args,
    pod: &Object,
    restart: &str,
    then: Vec<String>,
) -> Result<Attached, Error> {
    let (pod, _) = wait_for(session, args, pod, |phase, ready| {
        (phase == "Running" && ready) || matches!(phase, "Succeeded" | "Failed")
    })?;
    let Some(container) = pod.list_at(&["spec", "containers"]).first().cloned() else {
        return Ok(Attached::Over);
    };
    let name = container.str_at(&["name"]).to_owned();
    if args.bool("stdin") && is_shell(&container) && pod.str_at(&["status", "phase"]) == "Running" {
        let failed = match restart {
            "Always" => String::new(),
            _ => format!("pod {}/{} terminated (Error)\n", pod.namespace(), pod.name()),
        };
        return shell(session, args, &pod, &name, Farewell { failed, then, ..Farewell::default() });
    }
    if restart == "Always" {
        show_logs(session, &pod, &name);
        session.finish = Finish::Stream;
        return Ok(Attached::Over);
    }
    let (ended, done) = wait_for(session, args, &pod, |phase, _| matches!(phase, "Succeeded" | "Failed"))?;
    show_logs(session, &ended, &name);
    if !done {
        session.finish = Finish::Stream;
        return Ok(Attached::Over);
    }
    if ended.str_at(&["status", "phase"]) == "Succeeded" {
        return Ok(Attached::Over);
    }
    let status = ended.list_at(&["status", "containerStatuses"]).first().cloned().unwrap_or_default();
    let code = status.i64_at(&["state", "terminated", "exitCode"]).unwrap_or(0);
    let place = format!("{}/{}", ended.namespace(), ended.name());
    if code == 0 {
        return Err(Error::plain(format!("pod {place} failed with unknown exit code")));
    }
    let terminated = |key: &str| status.str_at(&["state", "terminated", key]).to_owned();
    Err(Error::Exit(
        i32::try_from(code).unwrap_or(1),
        format!("pod {place} terminated ({})\n{}", terminated("reason"), terminated("message")),
    ))
}

/// Waits for a debugging container, shows what it writes, and goes on in it where it is a shell.
pub(super) fn to_container(
    session: &mut Session<'_, '_>,
    args: &Args,
    pod: &Object,
    name: &str,
) -> Result<(), Error> {
    let mapping = session.resource("pods")?;
    let lists = ["containerStatuses", "ephemeralContainerStatuses", "initContainerStatuses"];
    let mut now = pod.clone();
    for _ in 0..120 {
        let status = lists
            .iter()
            .flat_map(|l| now.list_at(&["status", l]))
            .find(|s| s.str_at(&["name"]) == name)
            .cloned()
            .unwrap_or_default();
        if status.at(&["state", "running"]).is_some() {
            let spec = ["containers", "ephemeralContainers"];
            let container =
                spec.iter().flat_map(|l| now.list_at(&["spec", l])).find(|c| c.str_at(&["name"]) == name);
            if args.bool("stdin") && container.is_some_and(is_shell) {
                return shell(session, args, &now, name, Farewell::default()).map(drop);
            }
            break;
        }
        let ended = [["state", "terminated"], ["lastState", "terminated"]];
        if ended.iter().any(|at| status.at(at).is_some()) {
            show_logs(session, &now, name);
            return Ok(());
        }
        session.advance(500);
        now = session.get(&mapping, pod.namespace(), pod.name())?;
    }
    show_logs(session, &now, name);
    session.finish = Finish::Stream;
    Ok(())
}

/// A shell: what standard input holds is run in the container; at a terminal the learner goes on in it.
fn shell(
    session: &mut Session<'_, '_>,
    args: &Args,
    pod: &Object,
    container: &str,
    mut farewell: Farewell,
) -> Result<Attached, Error> {
    let stdin = session.host.stdin.take();
    if !args.bool("quiet") {
        if stdin.is_none() && session.version().minor >= 33 {
            session.eprintln("All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.");
        }
        session.eprintln("If you don't see a command prompt, try pressing enter.");
    }
    let terminal = stdin.is_none();
    if terminal && args.bool("tty") && !args.bool("quiet") {
        farewell.message = ended(pod, container);
    }
    let failed = farewell.failed.clone();
    let reference = ContainerRef {
        namespace: pod.namespace().to_owned(),
        pod: pod.name().to_owned(),
        container: container.to_owned(),
    };
    let attached = session.host.containers.attach(&reference, stdin.as_deref(), farewell);
    let output = attached.map_err(Error::plain)?;
    session.output.append(&output);
    if terminal {
        // Whoever shows the terminal goes on in the container.
        session.finish = Finish::Stream;
        return Ok(Attached::Open);
    }
    if output.exit == 0 { Ok(Attached::Over) } else { Err(Error::Exit(output.exit, failed)) }
}

/// What is said of a session that is over where the container may be there still.
fn ended(pod: &Object, container: &str) -> String {
    let place = format!("kubectl attach {} -c {container} -n {} -i -t", pod.name(), pod.namespace());
    let ephemeral = pod.list_at(&["spec", "ephemeralContainers"]);
    if ephemeral.iter().any(|c| c.str_at(&["name"]) == container) {
        return format!(
            "Session ended, the ephemeral container will not be restarted but may be reattached using '{place}' if it is still running\n"
        );
    }
    if pod.str_at(&["spec", "restartPolicy"]) == "Never" {
        return String::new();
    }
    format!("Session ended, resume using '{place}' command\n")
}

/// Lets time pass until the pod's phase is one that is waited for; says whether it came to that.
fn wait_for(
    session: &mut Session<'_, '_>,
    args: &Args,
    pod: &Object,
    done: impl Fn(&str, bool) -> bool,
) -> Result<(Object, bool), Error> {
    let mapping = session.resource("pods")?;
    let limit = args.millis("pod-running-timeout").max(1000);
    let mut waited = 0;
    loop {
        let now = session.get(&mapping, pod.namespace(), pod.name())?;
        let ready = now
            .list_at(&["status", "conditions"])
            .iter()
            .any(|c| c.str_at(&["type"]) == "Ready" && c.str_at(&["status"]) == "True");
        if done(now.str_at(&["status", "phase"]), ready) {
            return Ok((now, true));
        }
        if waited >= limit {
            if now.str_at(&["status", "phase"]) == "Running" {
                return Ok((now, false));
            }
            return Err(Error::plain("timed out waiting for the condition"));
        }
        session.advance(500);
        waited += 500;
    }
}
