//! The shell: bash on terminals and nodes, dash and busybox's ash in containers.
//!
//! [`run`] is the terminal's door: one line in, an [`Outcome`] out. Knows no kubectl: programs that are not the
//! machine's own come from [`Outside`].

pub(crate) mod arith;
mod ast;
mod builtins;
mod complete;
mod expand;
pub(crate) mod glob;
pub(crate) mod interp;
mod parse;
mod state;
mod syntax;
pub(crate) mod test;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use complete::{common_prefix, complete};
pub use state::{Background, Dialect, Options, ShellState, Var};

use crate::machine::{HOST, Machine};
use crate::outcome::{Outcome, Output};
use crate::outside::Outside;
use crate::process::{Cred, State};
use crate::sys::{Sys, Tty, outputs, source};
use interp::{Flow, Interp};
use parse::ParseError;

/// How far a line typed so far is from being a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It can run (or be refused).
    Complete,
    /// A quote, heredoc or compound command is open: the terminal shows `> ` and asks for more.
    Incomplete,
}

/// A text as one word of a command line.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Whether a line can run or needs more lines.
#[must_use]
pub fn readiness(session: &ShellState, line: &str) -> Readiness {
    match parse::parse(line, &session.aliases, session.dialect, false) {
        Err(ParseError::Incomplete { .. }) => Readiness::Incomplete,
        _ => Readiness::Complete,
    }
}

/// Standard streams of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// A person's terminal.
    Terminal,
    /// Captured: a script, the conformance runner, a check.
    Captured,
}

/// Runs one line in a session of the machine's terminal.
pub fn run(
    machine: &mut Machine,
    session: &mut ShellState,
    outside: &mut dyn Outside,
    line: &str,
) -> Outcome {
    let streams = if session.interactive { Streams::Terminal } else { Streams::Captured };
    if session.interactive && !line.trim().is_empty() {
        session.remember(line);
    }
    run_with(machine, session, outside, streams, b"", &mut |i| evaluate(i, line))
}

/// Goes on with a line that stopped for an editor, once the file was saved or left.
pub fn resume(machine: &mut Machine, session: &mut ShellState, outside: &mut dyn Outside) -> Outcome {
    run_with(machine, session, outside, Streams::Terminal, b"", &mut |i| i.resume())
}

/// Runs a line as [`run`] does, with given standard streams and input.
pub fn run_with_input(
    machine: &mut Machine,
    session: &mut ShellState,
    outside: &mut dyn Outside,
    streams: Streams,
    stdin: &[u8],
    line: &str,
) -> Outcome {
    run_with(machine, session, outside, streams, stdin, &mut |i| evaluate(i, line))
}

fn run_with(
    machine: &mut Machine,
    session: &mut ShellState,
    outside: &mut dyn Outside,
    streams: Streams,
    stdin: &[u8],
    body: &mut dyn FnMut(&mut Interp<'_, '_>) -> Flow,
) -> Outcome {
    if let Some(inner) = session.inner.take() {
        return run_inside(machine, session, outside, *inner, streams, body);
    }
    let tty = if streams == Streams::Terminal { Tty::Yes } else { Tty::No };
    let (stdout, stderr, printed) = outputs(tty);
    let input = source(stdin.to_vec(), tty);
    let mut process = match session.process.take() {
        Some(p) => p,
        None => login(machine, session),
    };
    process.state = State::Running;
    let mut sys = Sys::new(machine, outside, process, input, stdout, stderr);
    let flow = {
        let mut interp = Interp::new(&mut sys, session);
        let flow = body(&mut interp);
        if interp.state.interactive {
            builtins::jobs::notices(&mut interp);
        }
        if flow == Flow::Exit && !session.interactive {
            session.exited = true;
        }
        flow
    };
    if session.exited || !session.interactive {
        exit_trap(&mut sys, session);
    }
    if session.exited && session.interactive && session.dialect == Dialect::Bash {
        sys.complain(if session.login { "logout\n" } else { "exit\n" });
    }
    if let State::Typing(pid) = *sys.state() {
        session.inner = sys.take_script(pid).map(Box::new);
    }
    let mut process = sys.finish();
    let outcome = outcome(session.status, flow, &process.state, printed.take());
    process.state = State::Running;
    session.process = Some(process);
    outcome
}

/// Runs something in the shell that has the keyboard in a session's place; when that one is left, the line that started
/// it goes on.
fn run_inside(
    machine: &mut Machine,
    session: &mut ShellState,
    outside: &mut dyn Outside,
    mut inner: ShellState,
    streams: Streams,
    body: &mut dyn FnMut(&mut Interp<'_, '_>) -> Flow,
) -> Outcome {
    // Who waits for the inner shell is there to be seen meanwhile.
    let waiting = session.process.clone();
    if let Some(process) = &waiting {
        machine.processes.insert(process.pid, std::sync::Arc::new(process.clone()));
    }
    let pid = inner.process.as_ref().map_or(0, |process| process.pid);
    let outcome = run_with(machine, &mut inner, outside, streams, b"", body);
    if let Some(process) = &waiting {
        machine.processes.remove(&process.pid);
    }
    if !inner.exited {
        session.inner = Some(Box::new(inner));
        return outcome;
    }
    machine.processes.retain(|_, process| process.state != State::Typing(pid));
    session.status = inner.status;
    // `exec bash`: the two are one.
    session.exited = waiting.is_some_and(|process| process.pid == pid);
    let Outcome::Done(mut printed) = outcome else { return outcome };
    if session.exited {
        return Outcome::Done(printed);
    }
    let joined = |rest: Output| {
        printed.append(&rest);
        Output { exit: rest.exit, ..printed }
    };
    match run_with(machine, session, outside, streams, b"", &mut |i| i.resume()) {
        Outcome::Done(rest) => Outcome::Done(joined(rest)),
        Outcome::Streaming(rest) => Outcome::Streaming(joined(rest)),
        Outcome::NeedsEdit(rest, request) => Outcome::NeedsEdit(joined(rest), request),
    }
}

fn exit_trap(sys: &mut Sys<'_>, session: &mut ShellState) {
    if let Some(text) = session.traps.remove(&0).filter(|t| !t.is_empty()) {
        let status = session.status;
        evaluate(&mut Interp::new(sys, session), &text);
        session.status = status;
    }
}

fn outcome(status: i32, flow: Flow, state: &State, printed: Output) -> Outcome {
    let output = Output { exit: status, ..printed };
    let _ = flow;
    match state {
        State::Editing(request) => Outcome::NeedsEdit(output, request.clone()),
        State::Blocked(..) => Outcome::Streaming(output),
        State::Killed(signal) => Outcome::Done(Output { exit: 128 + signal, ..output }),
        _ => Outcome::Done(output),
    }
}

/// The process of a session that starts: the user of `$USER`, in `$PWD`.
fn login(machine: &mut Machine, session: &mut ShellState) -> crate::process::Process {
    let user = session.get("USER").unwrap_or("root").to_owned();
    let cred = Cred::of_account(machine, &user).unwrap_or_else(|| Cred::user(0, 0));
    let mut process = machine.new_process(HOST, cred, &["-bash"]);
    process.comm = "bash".to_owned();
    process.terminal = session.interactive.then_some(process.pid);
    process.exe = "/usr/bin/bash".to_owned();
    if let Some(at) = machine.space(HOST).and_then(|s| s.mounts.locate(&machine.fs, session.cwd())) {
        process.cwd = at;
    }
    process.env = std::sync::Arc::new(session.environment());
    process
}

/// Parses and runs a text in an interpreter.
pub(crate) fn evaluate(interp: &mut Interp<'_, '_>, text: &str) -> Flow {
    let none = BTreeMap::new();
    let aliases = if interp.state.interactive { interp.state.aliases.clone() } else { none };
    let script = match parse::parse(text, &aliases, interp.state.dialect, true) {
        Ok((script, open)) => {
            for (delimiter, line) in open.into_iter().filter(|_| interp.state.dialect == Dialect::Bash) {
                let name = &interp.state.name;
                let text = format!(
                    "{name}: line {line}: warning: here-document at line {line} delimited by end-of-file (wanted `{delimiter}')\n"
                );
                interp.sys.complain(&text);
            }
            script
        }
        Err(e) => {
            syntax::complain(interp, text, &e);
            interp.state.status = 2;
            return Flow::Exit;
        }
    };
    let flow = interp.script(&script);
    if interp.state.interactive && flow == Flow::Exit && !interp.state.exited {
        return Flow::Next;
    }
    flow
}

/// The exit code with which a trap's action ends the shell; none where it goes on.
pub(crate) fn trap_exit(action: &str) -> Option<i32> {
    let last = action.trim_end_matches([';', ' ']).rsplit([';', '&', '|']).next()?.trim();
    let mut words = last.split_whitespace();
    (words.next() == Some("exit")).then(|| words.next().and_then(|w| w.parse().ok()).unwrap_or(143))
}

/// Goes on with a script whose process waited.
pub(crate) fn resume_script(sys: &mut Sys<'_>, mut state: ShellState) -> i32 {
    Interp::new(sys, &mut state).resume();
    if sys.runs() {
        exit_trap(sys, &mut state);
    } else if let State::Blocked(..) = sys.state() {
        sys.keep_script(&state);
    }
    state.status
}

/// Goes on with a script in the background; gives its exit code, and what is left of it where it waits again.
pub(crate) fn resume_background(sys: &mut Sys<'_>, mut state: ShellState) -> (i32, Option<ShellState>) {
    Interp::new(sys, &mut state).resume();
    let waits = matches!(sys.state(), State::Blocked(..));
    (state.status, waits.then_some(state))
}

/// Runs a script's text in a shell of its own: `sh -c`, a file without `#!`.
pub(crate) fn run_text(sys: &mut Sys<'_>, state: &mut ShellState, text: &str) -> i32 {
    surroundings(sys, state);
    let mut interp = Interp::new(sys, state);
    // busybox's shell lets the last command of `-c` take its place; dash does not.
    interp.tail = interp.state.dialect == Dialect::Ash && !interp.state.traps.contains_key(&0);
    evaluate(&mut interp, text);
    if sys.runs() {
        exit_trap(sys, state);
    } else if let State::Blocked(..) = sys.state() {
        sys.keep_script(state);
    }
    state.status
}

/// A shell that a person types into takes the keyboard from the one that started it.
pub(crate) fn take_keyboard(sys: &mut Sys<'_>, mut state: ShellState) -> i32 {
    surroundings(sys, &mut state);
    state.interactive = true;
    state.user = sys.user_name(sys.me().cred.uid).unwrap_or_default();
    state.process = Some(sys.me().clone());
    sys.keep_script(&state);
    sys.stop(State::Typing(sys.me().pid));
    0
}

/// What a shell takes over from the process it is.
fn surroundings(sys: &Sys<'_>, state: &mut ShellState) {
    for (name, value) in sys.me().env.iter() {
        state.export(name, value);
    }
    state.set("PWD", &sys.cwd());
}
