//! Running scripts.
//!
//! What blocks (a `sleep` in a container's own command, an editor on the terminal) ends the run with
//! [`Flow::Suspend`]; on the way out every construct leaves what remains of it in the state's `rest`, innermost first,
//! and [`Interp::resume`] goes on from there. So a container's `while true; do …; sleep 5; done` lives for ever.

mod command;
mod compound;
mod redirect;

use std::sync::Arc;

use super::ast::{
    Assign, Command, Compound, Item, Join, Pipeline, Redirect, RedirectOp, Script, Value, Word,
};
use super::state::{Background, Dialect, ShellState, Var};
use super::{arith, builtins, glob, test};
use crate::errno::Errno;
use crate::process::State;
use crate::sys::{Flags, Handle, Job, Reap, Sys, Tty, Wait, output, source, taken};

/// How a command leaves its surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// On to the next one.
    Next,
    /// `break n`
    Break(u32),
    /// `continue n`
    Continue(u32),
    /// `return`
    Return,
    /// `exit`, or the process is no more.
    Exit,
    /// The process waits; the rest is kept.
    Suspend,
}

/// What remains of a construct that was left by [`Flow::Suspend`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Frame {
    Items(Vec<Item>),
    Chain(Vec<(Join, Pipeline)>),
    /// The condition was being tested.
    WhileTest {
        until: bool,
        test: Script,
        body: Script,
    },
    WhileBody {
        until: bool,
        test: Script,
        body: Script,
    },
    For {
        name: String,
        words: Vec<String>,
        body: Script,
    },
    /// A subshell in a process of its own.
    Child(u32, Box<Waiting>),
}

/// What is left of a subshell.
#[derive(Clone, Debug)]
pub(crate) struct Waiting(ShellState);

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.0.rest == other.0.rest
    }
}

/// An interpreter at work.
pub(crate) struct Interp<'s, 'a> {
    pub(crate) sys: &'s mut Sys<'a>,
    pub(crate) state: &'s mut ShellState,
    /// The exit code of the last command substitution of the command under way.
    substituted: Option<i32>,
    /// What an earlier command of a pipe waits for.
    waits: Option<State>,
    /// Whether the process has nothing to do behind the command under way: a program takes its place.
    pub(crate) tail: bool,
    /// How many loops the command under way is in.
    pub(crate) loops: u32,
    /// Whether `eval` reads the text under way.
    pub(crate) evaluating: bool,
    /// How many files are being sourced.
    pub(crate) sourcing: u32,
    /// Whether a parameter that must be there was missing.
    pub(super) missing: bool,
}

type Saved = Vec<(i32, Option<Handle>)>;

impl<'s, 'a> Interp<'s, 'a> {
    pub(crate) fn new(sys: &'s mut Sys<'a>, state: &'s mut ShellState) -> Self {
        Self {
            sys,
            state,
            substituted: None,
            waits: None,
            tail: false,
            loops: 0,
            evaluating: false,
            sourcing: 0,
            missing: false,
        }
    }

    /// What a message starts with.
    pub(crate) fn prefix(&self) -> String {
        let s = &*self.state;
        match s.dialect {
            Dialect::Bash if s.interactive => format!("{}: ", s.name),
            Dialect::Bash => format!("{}: line {}: ", s.name, s.line.max(1)),
            Dialect::Dash => format!("{}: {}: ", s.name, s.line.max(1)),
            Dialect::Ash => format!("{}: ", s.name),
        }
    }

    /// Prints a message of the shell itself.
    /// What ash puts behind the name of a builtin that fails in a script. `-c` has no lines.
    pub(crate) fn ash_line(&self) -> &'static str {
        if self.state.interactive { "" } else { "line 0: " }
    }

    pub(crate) fn complain(&mut self, text: &str) {
        let line = format!("{}{text}\n", self.prefix());
        self.sys.complain(&line);
    }

    fn stopped(&self) -> Option<Flow> {
        match self.sys.state() {
            State::Running => None,
            State::Blocked(..) | State::Editing(_) | State::Typing(_) => Some(Flow::Suspend),
            _ => Some(Flow::Exit),
        }
    }

    pub(crate) fn script(&mut self, items: &[Item]) -> Flow {
        let tail = std::mem::take(&mut self.tail);
        for (i, item) in items.iter().enumerate() {
            self.tail = tail && i + 1 == items.len() && !item.background;
            let flow = self.item(item);
            if flow != Flow::Next {
                if flow == Flow::Suspend {
                    self.state.rest.push(Frame::Items(items.get(i + 1..).unwrap_or_default().to_vec()));
                }
                return flow;
            }
        }
        Flow::Next
    }

    /// Goes on with what was left.
    pub(crate) fn resume(&mut self) -> Flow {
        let mut flow = Flow::Next;
        let mut frames: std::collections::VecDeque<Frame> = std::mem::take(&mut self.state.rest).into();
        let is_loop = |f: &&Frame| matches!(f, Frame::WhileBody { .. } | Frame::For { .. });
        while let Some(frame) = frames.pop_front() {
            self.loops = frames.iter().filter(is_loop).count() as u32;
            flow = match (frame, flow) {
                (_, f @ (Flow::Exit | Flow::Return)) => f,
                (Frame::Items(items), Flow::Next) => self.script(&items),
                (Frame::Chain(rest), Flow::Next) => self.chain(&rest),
                (Frame::Child(pid, left), Flow::Next) => self.child_goes_on(pid, left.0),
                (Frame::Items(_) | Frame::Chain(_) | Frame::Child(..), f) => f,
                (Frame::WhileTest { until, test, body }, Flow::Next) => self.while_body(until, &test, &body),
                (Frame::WhileBody { until, test, body }, f) => match self.loop_flow(f) {
                    Some(f) => f,
                    None => self.while_loop(until, &test, &body),
                },
                (Frame::For { name, words, body }, f) => match self.loop_flow(f) {
                    Some(f) => f,
                    None => self.for_loop(&name, &words, &body),
                },
                (Frame::WhileTest { .. }, f) => f,
            };
            if flow == Flow::Suspend {
                self.state.rest.extend(frames);
                return flow;
            }
        }
        flow
    }

    fn item(&mut self, item: &Item) -> Flow {
        self.state.line = item.line;
        if !self.state.jobs.is_empty() {
            builtins::jobs::look(self);
        }
        if item.background {
            return self.background(item);
        }
        self.chain(&item.chain)
    }

    fn background(&mut self, item: &Item) -> Flow {
        let mut state = self.state.clone();
        let text = item.text.clone();
        state.jobs.clear();
        let item = Item { background: false, ..item.clone() };
        let patience = self.sys.set_patience(crate::sys::Patience::Block);
        let dash = self.state.dialect == Dialect::Dash;
        let _ = self.sys.call("rt_sigprocmask");
        // A shell that waits behind it is asleep before the child has done anything.
        let waits = dash.then_some(["wait4", "rt_sigsuspend"]);
        let job = self.sys.fork("clone", |child| {
            for call in waits.into_iter().flatten() {
                child.note_parent(call);
            }
            state.interactive = false;
            child.set_handle(0, Some(source(Vec::new(), Tty::No)));
            let mut inner = Interp::new(child, &mut state);
            inner.tail = true;
            inner.script(std::slice::from_ref(&item));
            state.status
        });
        self.sys.set_patience(patience);
        let _ = self.sys.call("rt_sigreturn");
        match job {
            Ok(job) => {
                self.state.last_background = job.pid;
                let number = self.state.jobs.iter().map(|j| j.number).max().unwrap_or(0) + 1;
                let (ended, until, exit) = match job.wait {
                    Wait::Exited(code) => (Some(code), None, code),
                    Wait::Killed(signal) => (Some(-signal), None, 128 + signal),
                    Wait::Stopped(State::Blocked(until, code)) => (None, until, code),
                    Wait::Stopped(_) => (None, None, 0),
                };
                let rest = (!state.rest.is_empty() && ended.is_none()).then(|| Box::new(state));
                self.state.jobs.push(Background { number, pid: job.pid, text, ended, until, exit, rest });
                if self.state.interactive {
                    self.sys.complain(&format!("[{number}] {}\n", job.pid));
                }
                self.state.status = 0;
                Flow::Next
            }
            Err(e) => self.cannot_fork(e),
        }
    }

    fn chain(&mut self, chain: &[(Join, Pipeline)]) -> Flow {
        let tail = std::mem::take(&mut self.tail);
        for (i, (join, pipeline)) in chain.iter().enumerate() {
            let run = match join {
                Join::First => true,
                Join::And => self.state.status == 0,
                Join::Or => self.state.status != 0,
            };
            if !run {
                continue;
            }
            let last = i + 1 == chain.len();
            self.tail = tail && last && !pipeline.negated;
            let flow = self.pipeline(pipeline);
            if flow != Flow::Next {
                if flow == Flow::Suspend && !last {
                    self.state.rest.push(Frame::Chain(chain.get(i + 1..).unwrap_or_default().to_vec()));
                }
                return flow;
            }
            if last && self.state.options.errexit && self.state.status != 0 && !pipeline.negated {
                return Flow::Exit;
            }
        }
        Flow::Next
    }

    fn pipeline(&mut self, p: &Pipeline) -> Flow {
        let flow = if let [(only, _)] = p.commands.as_slice() {
            let flow = self.command(only);
            self.state.pipe_status = vec![self.state.status];
            flow
        } else {
            self.pipe(p)
        };
        if p.negated {
            self.state.status = i32::from(self.state.status == 0);
        }
        flow
    }

    /// Each command runs to its end before the next one starts; what it printed is the next one's input.
    fn pipe(&mut self, p: &Pipeline) -> Flow {
        let mut input: Option<Handle> = None;
        let mut codes = Vec::new();
        let count = p.commands.len();
        let dash = self.state.dialect == Dialect::Dash;
        if dash && p.commands.first().is_some_and(|(c, _)| self.is_external(c)) {
            let _ = self.sys.call("newfstatat");
        }
        for (i, (command, with_stderr)) in p.commands.iter().enumerate() {
            let last = i + 1 == count;
            if !last {
                let _ = self.sys.call("pipe2");
            }
            let _ = self.sys.call("rt_sigprocmask");
            let sink = output(Tty::No);
            let (stdin, stdout) = (input.take(), sink.clone());
            let mut state = self.state.clone();
            // dash looks up the next command's program while the child starts.
            let ahead = p.commands.get(i + 1).filter(|_| dash);
            let ahead = ahead.is_some_and(|(c, _)| self.is_external(c));
            self.sys.reap(if dash { Reap::Told } else { Reap::Beside });
            let job = self.sys.fork("clone", |child| {
                if ahead {
                    child.note_parent("newfstatat");
                }
                if let Some(h) = stdin {
                    child.set_handle(0, Some(h));
                }
                if !last {
                    if *with_stderr {
                        child.set_handle(2, Some(stdout.clone()));
                    }
                    child.set_handle(1, Some(stdout));
                }
                if !last {
                    let _ = child.call("close");
                }
                let _ = child.call("dup2");
                let mut inner = Interp::new(child, &mut state);
                inner.tail = true;
                inner.command(command);
                state.status
            });
            let job = match job {
                Ok(j) => j,
                Err(e) => {
                    // A pipe belongs to no line in dash.
                    if self.state.dialect == Dialect::Dash {
                        let text = format!("{}: 0: Cannot fork\n", self.state.name);
                        self.sys.complain(&text);
                        self.state.status = 2;
                        return Flow::Exit;
                    }
                    return self.cannot_fork(e);
                }
            };
            let _ = self.sys.call("rt_sigreturn");
            if dash {
                let _ = self.sys.call("wait4");
            }
            if let Wait::Stopped(s) = &job.wait {
                // `tail -f log | grep x` shows what there is and then waits.
                if last || matches!(s, State::Editing(_)) {
                    self.sys.stop(s.clone());
                } else {
                    self.waits = Some(s.clone());
                }
            }
            self.report(&job, last);
            codes.push(job.wait.code());
            input = Some(source(taken(&sink), Tty::No));
        }
        self.state.status = if self.state.options.pipefail {
            codes.iter().rev().copied().find(|c| *c != 0).unwrap_or(0)
        } else {
            codes.last().copied().unwrap_or(0)
        };
        self.state.pipe_status = codes;
        if let Some(s) = self.waits.take() {
            self.sys.stop(s);
        }
        self.stopped().unwrap_or(Flow::Next)
    }

    /// Whether a command is a program's name as it stands.
    fn is_external(&self, command: &Command) -> bool {
        let Command::Simple { words, .. } = command else { return false };
        let Some(Word(parts)) = words.first() else { return false };
        let [super::ast::Part::Plain(name)] = parts.as_slice() else { return false };
        !name.contains('/')
            && builtins::find(name, self.state.dialect).is_none()
            && !self.state.functions.contains_key(name)
    }

    fn cannot_fork(&mut self, e: Errno) -> Flow {
        let text = match self.state.dialect {
            Dialect::Bash => format!("fork: {}", e.text()),
            Dialect::Dash => "Cannot fork".to_owned(),
            Dialect::Ash => format!("can't fork: {}", e.text()),
        };
        self.complain(&text);
        self.state.status = if self.state.dialect == Dialect::Bash { 254 } else { 2 };
        Flow::Exit
    }

    /// Says what a signal did to a child, as shells do.
    fn report(&mut self, job: &Job, last: bool) {
        let Wait::Killed(signal) = job.wait else { return };
        let text = match signal {
            31 => "Bad system call",
            9 => "Killed",
            11 => "Segmentation fault",
            15 => "Terminated",
            6 => "Aborted",
            _ => return,
        };
        if last {
            let core = if matches!(signal, 31 | 11 | 6) && self.state.dialect == Dialect::Bash {
                " (core dumped)"
            } else {
                ""
            };
            let line = match self.state.dialect {
                Dialect::Bash => format!(
                    "{}{}\n",
                    if self.state.interactive { String::new() } else { self.prefix() },
                    text.to_owned() + core
                ),
                _ => format!("{text}\n"),
            };
            self.sys.complain(&line);
        }
    }

    fn command(&mut self, command: &Command) -> Flow {
        self.sys.spend(1);
        if let Some(flow) = self.stopped() {
            return flow;
        }
        match command {
            Command::Simple { assigns, words, redirects, line } => {
                self.state.line = *line;
                self.simple(assigns, words, redirects)
            }
            Command::Compound(compound, redirects) => {
                let tail = std::mem::take(&mut self.tail);
                let Ok(saved) = self.redirect(redirects) else {
                    self.restore(Vec::new());
                    return Flow::Next;
                };
                let flow = match &**compound {
                    // Nothing comes behind: the process itself is the subshell.
                    Compound::Subshell(body) if tail => {
                        self.tail = true;
                        self.script(body)
                    }
                    other => self.compound(other),
                };
                self.restore(saved);
                flow
            }
            Command::Function(name, body) => {
                self.state.functions.insert(name.clone(), Arc::clone(body));
                self.state.status = 0;
                Flow::Next
            }
        }
    }

    /// A word could not be expanded: the script ends, an interactive line is dropped.
    pub(crate) fn expansion_error(&mut self, error: &str) -> Flow {
        self.complain(error);
        self.state.status = match self.state.dialect {
            Dialect::Bash if std::mem::take(&mut self.missing) && !self.state.interactive => 127,
            Dialect::Bash => 1,
            Dialect::Dash | Dialect::Ash => 2,
        };
        Flow::Exit
    }
}

static EMPTY: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
