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
pub(crate) mod test;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use complete::{common_prefix, complete};
pub use state::{Dialect, Options, ShellState, Var};

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
    match parse::parse(line, &session.aliases) {
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
        session.history.push(line.to_owned());
    }
    run_with(machine, session, outside, streams, b"", |i| evaluate(i, line))
}

/// Goes on with a line that stopped for an editor, once the file was saved or left.
pub fn resume(machine: &mut Machine, session: &mut ShellState, outside: &mut dyn Outside) -> Outcome {
    run_with(machine, session, outside, Streams::Terminal, b"", |i| i.resume())
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
    run_with(machine, session, outside, streams, stdin, |i| evaluate(i, line))
}

fn run_with(
    machine: &mut Machine,
    session: &mut ShellState,
    outside: &mut dyn Outside,
    streams: Streams,
    stdin: &[u8],
    body: impl FnOnce(&mut Interp<'_, '_>) -> Flow,
) -> Outcome {
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
        if flow == Flow::Exit && !session.interactive {
            session.exited = true;
        }
        flow
    };
    if session.exited || !session.interactive {
        exit_trap(&mut sys, session);
    }
    if session.exited && session.interactive {
        sys.complain("exit\n");
    }
    let mut process = sys.finish();
    let outcome = outcome(session.status, flow, &process.state, printed.take());
    process.state = State::Running;
    session.process = Some(process);
    outcome
}

fn exit_trap(sys: &mut Sys<'_>, session: &mut ShellState) {
    if let Some(text) = session.exit_trap.take() {
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
    let script = match parse::parse(text, &aliases) {
        Ok(s) => s,
        Err(e) => {
            syntax_error(interp, text, &e);
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

fn syntax_error(interp: &mut Interp<'_, '_>, text: &str, error: &ParseError) {
    let s = &*interp.state;
    match (error, s.dialect) {
        (ParseError::Incomplete { looking_for }, Dialect::Bash)
            if !looking_for.is_empty() && looking_for.len() == 1 =>
        {
            let lines = text.lines().count().max(1);
            let name = if s.interactive { s.name.clone() } else { format!("{}: -c: line {lines}", s.name) };
            interp
                .sys
                .complain(&format!("{name}: unexpected EOF while looking for matching `{looking_for}'\n"));
        }
        (ParseError::Incomplete { .. }, Dialect::Bash) => {
            let lines = text.lines().count().max(1) + 1;
            let name = s.name.clone();
            interp.sys.complain(&format!("{name}: -c: line {lines}: syntax error: unexpected end of file\n"));
        }
        (ParseError::Incomplete { looking_for }, Dialect::Dash) => {
            let text = if matches!(looking_for.as_str(), "'" | "\"") {
                "Syntax error: Unterminated quoted string".to_owned()
            } else {
                "Syntax error: end of file unexpected".to_owned()
            };
            interp.complain(&text);
        }
        (ParseError::Incomplete { looking_for }, Dialect::Ash) => {
            let text = if matches!(looking_for.as_str(), "'" | "\"") {
                "syntax error: unterminated quoted string".to_owned()
            } else {
                "syntax error: unexpected end of file".to_owned()
            };
            interp.complain(&text);
        }
        (ParseError::Unexpected { token, line }, dialect) => {
            let source = text.lines().nth(line.saturating_sub(1)).unwrap_or("").to_owned();
            match dialect {
                Dialect::Bash => {
                    let name =
                        if s.interactive { s.name.clone() } else { format!("{}: -c: line {line}", s.name) };
                    let mut lines = format!("{name}: syntax error near unexpected token `{token}'\n");
                    if !s.interactive {
                        lines.push_str(&format!("{name}: `{source}'\n"));
                    }
                    interp.sys.complain(&lines);
                }
                Dialect::Dash => {
                    interp.state.line = *line;
                    interp.complain(&format!("Syntax error: \"{token}\" unexpected"));
                }
                Dialect::Ash => interp.complain(&format!("syntax error: unexpected \"{token}\"")),
            }
        }
    }
}

/// Goes on with a script whose process waited.
/// The exit code with which a trap's action ends the shell; none where it goes on.
pub(crate) fn trap_exit(action: &str) -> Option<i32> {
    let last = action.trim_end_matches([';', ' ']).rsplit([';', '&', '|']).next()?.trim();
    let mut words = last.split_whitespace();
    (words.next() == Some("exit")).then(|| words.next().and_then(|w| w.parse().ok()).unwrap_or(143))
}

pub(crate) fn resume_script(sys: &mut Sys<'_>, mut state: ShellState) -> i32 {
    Interp::new(sys, &mut state).resume();
    if sys.runs() {
        exit_trap(sys, &mut state);
    } else if let State::Blocked(..) = sys.state() {
        sys.keep_script(&state);
    }
    state.status
}

/// Runs a script's text in a shell of its own: `sh -c`, a file without `#!`.
pub(crate) fn run_text(sys: &mut Sys<'_>, state: &mut ShellState, text: &str) -> i32 {
    let env: Vec<(String, String)> = sys.me().env.to_vec();
    for (n, v) in env {
        state.export(&n, &v);
    }
    let cwd = sys.cwd();
    state.set("PWD", &cwd);
    let mut interp = Interp::new(sys, state);
    // busybox's shell lets the last command of `-c` take its place; dash does not.
    interp.tail = interp.state.dialect == Dialect::Ash && interp.state.exit_trap.is_none();
    evaluate(&mut interp, text);
    if sys.runs() {
        exit_trap(sys, state);
    } else if let State::Blocked(..) = sys.state() {
        sys.keep_script(state);
    }
    state.status
}
