//! Processes of containers: the command, exec, shells.

use super::*;

/// How a container's command started.
#[derive(Clone, Debug)]
pub enum Started {
    /// It ended at once.
    Ended(Output),
    /// It runs on; what it printed so far, its process, and when it goes on by itself (milliseconds since 1970).
    Running(Output, u32, Option<i64>),
}

/// The file a command's name stands for inside a container, as Go's `exec.LookPath` looks for it.
///
/// # Errors
/// runc's text: `exec: "x": executable file not found in $PATH`, `exec: "/x": stat /x: no such file or directory`, …
pub fn look_up(machine: &Machine, container: &Container, command: &str) -> Result<String, String> {
    let Some(space) = machine.space(container.space) else { return Err("container not found".to_owned()) };
    let find = |path: &str| {
        let at = space.mounts.locate(&machine.fs, path)?;
        machine.fs.get(at.ino).cloned()
    };
    let runs = |path: &str| find(path).is_some_and(|i| !i.is_dir() && i.mode & 0o111 != 0);
    if command.contains('/') {
        return match find(command) {
            None => Err(format!("exec: \"{command}\": stat {command}: no such file or directory")),
            Some(i) if i.is_dir() => Err(format!("exec: \"{command}\": is a directory")),
            Some(i) if i.mode & 0o111 == 0 => Err(format!("exec: \"{command}\": permission denied")),
            Some(_) => Ok(command.to_owned()),
        };
    }
    let path = container
        .template
        .env("PATH")
        .unwrap_or("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    path.split(':')
        .map(|d| format!("{}/{command}", d.trim_end_matches('/')))
        .find(|p| runs(p))
        .ok_or_else(|| format!("exec: \"{command}\": executable file not found in $PATH"))
}

pub(super) struct Ran {
    output: Output,
    state: State,
    pid: u32,
}

#[expect(clippy::too_many_arguments, reason = "a process has that many ends")]
pub(super) fn run(
    machine: &mut Machine,
    outside: &mut dyn Outside,
    process: Process,
    path: &str,
    argv: &[String],
    stdin: Handle,
    tty: Tty,
    patience: Patience,
) -> Ran {
    let (stdout, stderr, printed) = outputs(tty);
    let label = process.cred.label.clone();
    let pid = process.pid;
    let mut sys = Sys::new(machine, outside, process, stdin, stdout, stderr);
    sys.set_patience(patience);
    if label != Label::Unconfined {
        sys.change_on_exec(label);
    }
    let exit = match sys.exec(path, argv) {
        Ok(code) => code,
        Err(e) => {
            sys.complain(&format!("exec {path}: {}", e.text().to_lowercase()));
            if e == Errno::ENOENT { 127 } else { 126 }
        }
    };
    let process = sys.finish();
    let exit = match &process.state {
        State::Killed(signal) => 128 + signal,
        _ => exit,
    };
    let state = process.state.clone();
    if !matches!(state, State::Running | State::Killed(_) | State::Exited(_)) && patience == Patience::Block {
        machine.processes.insert(pid, Arc::new(process));
    }
    Ran { output: Output { exit, ..printed.take() }, state, pid }
}

/// Starts the container's command.
///
/// # Errors
/// The runtime's refusal, as the CRI reports it.
pub fn start(
    machine: &mut Machine,
    outside: &mut dyn Outside,
    container: &Container,
    id: &str,
) -> Result<Started, String> {
    let command = container.argv.first().cloned().unwrap_or_default();
    let path = look_up(machine, container, &command).map_err(|e| {
        format!("failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: {e}: unknown")
    })?;
    let cred = &container.template.cred;
    match start::start(cred.filters.first().map(|f| &**f), cred.new_privileges, &path, id) {
        Ok(Start::Running) => {}
        Ok(Start::Exited { code, stderr }) => {
            return Ok(Started::Ended(Output::failure(code, stderr)));
        }
        Err(e) => return Err(e.message),
    }
    let mut process = container.template.clone();
    process.started = machine.now.0;
    let ran = run(
        machine,
        outside,
        process,
        &path,
        &container.argv,
        source(Vec::new(), if container.stdin { Tty::Yes } else { Tty::No }),
        Tty::No,
        Patience::Block,
    );
    Ok(match ran.state {
        State::Blocked(until, _) => Started::Running(ran.output, ran.pid, until),
        State::Editing(_) => Started::Running(ran.output, ran.pid, None),
        _ => Started::Ended(ran.output),
    })
}

/// Goes on with a container's command that waited until now.
pub fn resume(machine: &mut Machine, outside: &mut dyn Outside, pid: u32) -> Started {
    let Some(process) = machine.processes.get(&pid).map(|p| (**p).clone()) else {
        return Started::Ended(Output { exit: 137, ..Output::default() });
    };
    let exit = if let State::Blocked(_, code) = process.state { code } else { 0 };
    let Some(script) = machine.scripts.remove(&pid) else {
        machine.processes.remove(&pid);
        return Started::Ended(Output { exit, ..Output::default() });
    };
    let (stdout, stderr, printed) = outputs(Tty::No);
    let process = Process { state: State::Running, ..process };
    // Children that waited with it are done.
    machine.processes.retain(|_, p| p.ppid != pid || !matches!(p.state, State::Blocked(Some(_), _)));
    let mut sys = Sys::new(machine, outside, process, source(Vec::new(), Tty::No), stdout, stderr);
    sys.set_patience(Patience::Block);
    let exit = crate::shell::resume_script(&mut sys, (*script).clone());
    let process = sys.finish();
    let output = Output { exit, ..printed.take() };
    match process.state.clone() {
        State::Blocked(until, _) => {
            machine.processes.insert(pid, Arc::new(process));
            Started::Running(output, pid, until)
        }
        State::Killed(signal) => Started::Ended(Output { exit: 128 + signal, ..output }),
        _ => Started::Ended(output),
    }
}

/// Runs a command in a container: `kubectl exec`, `crictl exec`. A terminal is asked for with `tty`.
///
/// # Errors
/// Why the command could not start, as the CRI reports it.
pub fn exec(
    machine: &mut Machine,
    outside: &mut dyn Outside,
    container: &Container,
    argv: &[String],
    stdin: &[u8],
    tty: Tty,
) -> Result<Outcome, String> {
    let refused = |text: &str| {
        format!(
            "failed to exec in container: failed to start exec \"{}\": OCI runtime exec failed: exec failed: {text}: unknown",
            exec_id(machine)
        )
    };
    let command = argv.first().cloned().unwrap_or_default();
    let path = look_up(machine, container, &command)
        .map_err(|e| refused(&format!("unable to start container process: {e}")))?;
    let cred = &container.template.cred;
    match start::exec(cred.filters.first().map(|f| &**f), cred.new_privileges, &path) {
        Ok(Start::Running) => {}
        Ok(Start::Exited { code, stderr }) => {
            return Ok(Outcome::Done(Output::failure(code, stderr)));
        }
        Err(e) => return Err(refused(&e)),
    }
    let pid = machine.next_pid();
    let pid_ns = machine.space(container.space).map_or(1, |s| s.pid_ns);
    let mut process = container.template.clone();
    process.cred.caps = ProcessCaps::of_container(container.capabilities, process.cred.uid);
    (process.vpid, process.pid, process.ppid) = (machine.next_vpid(pid_ns, pid), pid, 0);
    process.started = machine.now.0;
    process.state = State::Running;
    let ran =
        run(machine, outside, process, &path, argv, source(stdin.to_vec(), tty), tty, Patience::Advance);
    Ok(match ran.state {
        State::Editing(request) => Outcome::NeedsEdit(ran.output, request),
        State::Blocked(..) => Outcome::Streaming(ran.output),
        _ => Outcome::Done(ran.output),
    })
}

/// Lets a process of the container make calls of its own: what `kubectl exec` of a program that is no userland's does.
pub fn with_process<T>(
    machine: &mut Machine,
    outside: &mut dyn Outside,
    container: &Container,
    body: impl FnOnce(&mut Sys<'_>) -> T,
) -> T {
    let pid = machine.next_pid();
    let pid_ns = machine.space(container.space).map_or(1, |s| s.pid_ns);
    let mut process = container.template.clone();
    (process.vpid, process.pid, process.ppid) = (machine.next_vpid(pid_ns, pid), pid, 0);
    let stdin = source(Vec::new(), Tty::No);
    let (stdout, stderr, _) = outputs(Tty::No);
    let mut sys = Sys::new(machine, outside, process, stdin, stdout, stderr);
    let result = body(&mut sys);
    sys.finish();
    // It never was.
    machine.forget_vpid(pid_ns);
    result
}

/// A shell that a person types into, in a container: `kubectl exec -it … -- sh`.
///
/// # Errors
/// The runtime's refusal, as for [`exec`].
pub fn shell(machine: &mut Machine, container: &Container, command: &str) -> Result<ShellState, String> {
    // What runc would refuse for the shell it refuses for a shell that does nothing.
    let trial = [command.to_owned(), "-c".to_owned(), ":".to_owned()];
    exec(machine, &mut Alone, container, &trial, b"", Tty::No)?;
    let path = look_up(machine, container, command)?;
    let space = machine.space(container.space);
    let pid_ns = space.map_or(1, |s| s.pid_ns);
    let busybox = space.is_some_and(|s| s.userland == Userland::Busybox);
    let name = command.rsplit('/').next().unwrap_or(command);
    let dialect = match name {
        _ if busybox => Dialect::Ash,
        "bash" => Dialect::Bash,
        _ => Dialect::Dash,
    };
    let pid = machine.next_pid();
    let mut process = container.template.clone();
    process.cred.caps = ProcessCaps::of_container(container.capabilities, process.cred.uid);
    (process.vpid, process.pid, process.ppid) = (machine.next_vpid(pid_ns, pid), pid, 0);
    process.started = machine.now.0;
    process.state = State::Running;
    name.clone_into(&mut process.comm);
    process.terminal = Some(process.pid);
    process.exe = path;
    process.argv = std::sync::Arc::new(vec![command.to_owned()]);
    let mut state = ShellState::script(dialect, name);
    state.interactive = true;
    for (key, value) in process.env.iter() {
        state.export(key, value);
    }
    let cwd =
        machine.space(container.space).map(|s| s.mounts.path_of(&machine.fs, process.root, process.cwd));
    state.set("PWD", &cwd.unwrap_or_else(|| "/".to_owned()));
    state.user = with_process(machine, &mut Alone, container, |sys| sys.user_name(process.cred.uid))
        .unwrap_or_default();
    state.process = Some(process);
    Ok(state)
}

/// Sixty-four hexadecimal digits: the number of an exec.
pub(super) fn exec_id(machine: &Machine) -> String {
    let mut random = gatehouse_core::Entropy::new(
        machine.now.0.unsigned_abs() ^ u64::from(machine.processes.keys().next_back().copied().unwrap_or(0)),
    );
    (0..4).map(|_| format!("{:016x}", random.next_u64())).collect()
}
