//! Running scripts.
//!
//! What blocks (a `sleep` in a container's own command, an editor on the terminal) ends the run with
//! [`Flow::Suspend`]; on the way out every construct leaves what remains of it in the state's `rest`, innermost first,
//! and [`Interp::resume`] goes on from there. So a container's `while true; do …; sleep 5; done` lives for ever.

use std::sync::Arc;

use super::ast::{
    Assign, Command, Compound, Item, Join, Pipeline, Redirect, RedirectOp, Script, Value, Word,
};
use super::state::{Dialect, ShellState, Var};
use super::{arith, builtins, glob, test};
use crate::errno::Errno;
use crate::process::State;
use crate::sys::{Flags, Handle, Job, Sys, Tty, Wait, output, source, taken};

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
}

type Saved = Vec<(i32, Option<Handle>)>;

impl<'s, 'a> Interp<'s, 'a> {
    pub(crate) fn new(sys: &'s mut Sys<'a>, state: &'s mut ShellState) -> Self {
        Self { sys, state, substituted: None, waits: None, tail: false }
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
    pub(crate) fn complain(&mut self, text: &str) {
        let line = format!("{}{text}\n", self.prefix());
        self.sys.complain(&line);
    }

    fn stopped(&self) -> Option<Flow> {
        match self.sys.state() {
            State::Running => None,
            State::Blocked(..) | State::Editing(_) => Some(Flow::Suspend),
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
        while let Some(frame) = frames.pop_front() {
            flow = match (frame, flow) {
                (_, f @ (Flow::Exit | Flow::Return)) => f,
                (Frame::Items(items), Flow::Next) => self.script(&items),
                (Frame::Chain(rest), Flow::Next) => self.chain(&rest),
                (Frame::Items(_) | Frame::Chain(_), f) => f,
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
        if item.background {
            return self.background(item);
        }
        self.chain(&item.chain)
    }

    fn background(&mut self, item: &Item) -> Flow {
        let mut state = self.state.clone();
        let item = Item { background: false, ..item.clone() };
        let patience = self.sys.set_patience(crate::sys::Patience::Block);
        let job = self.sys.fork("clone", |child| {
            state.interactive = false;
            child.set_handle(0, Some(source(Vec::new(), Tty::No)));
            let mut inner = Interp::new(child, &mut state);
            inner.tail = true;
            inner.script(std::slice::from_ref(&item));
            state.status
        });
        self.sys.set_patience(patience);
        match job {
            Ok(job) => {
                self.state.last_background = job.pid;
                if self.state.interactive {
                    self.sys.complain(&format!("[1] {}\n", job.pid));
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
        for (i, (command, with_stderr)) in p.commands.iter().enumerate() {
            let last = i + 1 == count;
            if !last {
                let _ = self.sys.call("pipe2");
            }
            let _ = self.sys.call("rt_sigprocmask");
            let sink = output(Tty::No);
            let (stdin, stdout) = (input.take(), sink.clone());
            let mut state = self.state.clone();
            let job = self.sys.fork("clone", |child| {
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
        match command {
            Command::Simple { assigns, words, redirects, line } => {
                self.state.line = *line;
                self.simple(assigns, words, redirects)
            }
            Command::Compound(compound, redirects) => {
                self.tail = false;
                let Ok(saved) = self.redirect(redirects) else {
                    self.restore(Vec::new());
                    return Flow::Next;
                };
                let flow = self.compound(compound);
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

    fn compound(&mut self, compound: &Compound) -> Flow {
        match compound {
            Compound::Group(body) => self.script(body),
            Compound::Subshell(body) => {
                let mut state = self.state.clone();
                self.tail = false;
                let job = self.sys.fork("clone", |child| {
                    let mut inner = Interp::new(child, &mut state);
                    inner.tail = true;
                    inner.script(body);
                    state.status
                });
                self.finish(job)
            }
            Compound::If(arms, otherwise) => {
                for (test, body) in arms {
                    let flow = self.condition(test);
                    if flow != Flow::Next {
                        return flow;
                    }
                    if self.state.status == 0 {
                        return self.script(body);
                    }
                }
                self.state.status = 0;
                otherwise.as_ref().map_or(Flow::Next, |o| self.script(o))
            }
            Compound::While { until, test, body } => self.while_loop(*until, test, body),
            Compound::For(name, words, body) => {
                let words = match words {
                    None => Ok(self.state.args.clone()),
                    Some(w) => self.words(w),
                };
                match words {
                    Ok(w) => {
                        self.state.status = 0;
                        self.for_loop(name, &w, body)
                    }
                    Err(e) => self.expansion_error(&e),
                }
            }
            Compound::ForArith([init, test, step], body) => {
                let mut run = |me: &mut Self, t: &str| me.arith(t);
                if run(self, init).is_none() {
                    return Flow::Next;
                }
                loop {
                    match if test.trim().is_empty() { Some(1) } else { run(self, test) } {
                        Some(0) | None => return Flow::Next,
                        Some(_) => {}
                    }
                    let flow = self.script(body);
                    if let Some(f) = self.loop_flow(flow) {
                        return f;
                    }
                    if run(self, step).is_none() {
                        return Flow::Next;
                    }
                }
            }
            Compound::Case(word, arms) => {
                let text = match self.text(word) {
                    Ok(t) => t,
                    Err(e) => return self.expansion_error(&e),
                };
                self.state.status = 0;
                for (patterns, body) in arms {
                    for p in patterns {
                        let pattern = match self.pattern(p) {
                            Ok(p) => p,
                            Err(e) => return self.expansion_error(&e),
                        };
                        if glob::matches(&pattern, &text) {
                            return self.script(body);
                        }
                    }
                }
                Flow::Next
            }
            Compound::Test(words) => {
                self.state.status = match test::double(self, words) {
                    Ok(yes) => i32::from(!yes),
                    Err(e) => {
                        self.complain(&e);
                        2
                    }
                };
                Flow::Next
            }
            Compound::Arith(text) => {
                let value = self.arith(text);
                self.state.status = i32::from(value.unwrap_or(0) == 0);
                Flow::Next
            }
        }
    }

    fn arith(&mut self, text: &str) -> Option<i64> {
        let mut parser = super::parse::Parser::new(text.chars().collect(), &EMPTY);
        let word = Word(parser.double(None).unwrap_or_default());
        let result = self
            .text(&word)
            .and_then(|t| arith::evaluate(self.state, &t).map_err(|e| self.arith_error(&t, &e)));
        match result {
            Ok(v) => Some(v),
            Err(e) => {
                self.complain(&format!("((: {e}"));
                self.state.status = 1;
                None
            }
        }
    }

    /// Runs a condition, inside which `set -e` does not count.
    fn condition(&mut self, test: &Script) -> Flow {
        let errexit = std::mem::replace(&mut self.state.options.errexit, false);
        let flow = self.script(test);
        self.state.options.errexit |= errexit;
        flow
    }

    fn while_loop(&mut self, until: bool, test: &Script, body: &Script) -> Flow {
        loop {
            let flow = self.condition(test);
            if flow == Flow::Suspend {
                let (test, body) = (test.clone(), body.clone());
                self.state.rest.push(Frame::WhileTest { until, test, body });
            }
            if flow != Flow::Next {
                return flow;
            }
            if (self.state.status == 0) == until {
                self.state.status = 0;
                return Flow::Next;
            }
            let flow = self.script(body);
            if flow == Flow::Suspend {
                let (test, body) = (test.clone(), body.clone());
                self.state.rest.push(Frame::WhileBody { until, test, body });
                return flow;
            }
            if let Some(f) = self.loop_flow(flow) {
                return f;
            }
        }
    }

    /// Goes on with a loop whose condition was just tested.
    fn while_body(&mut self, until: bool, test: &Script, body: &Script) -> Flow {
        if (self.state.status == 0) == until {
            self.state.status = 0;
            return Flow::Next;
        }
        let flow = self.script(body);
        if flow == Flow::Suspend {
            self.state.rest.push(Frame::WhileBody { until, test: test.clone(), body: body.clone() });
            return flow;
        }
        match self.loop_flow(flow) {
            Some(f) => f,
            None => self.while_loop(until, test, body),
        }
    }

    fn for_loop(&mut self, name: &str, words: &[String], body: &Script) -> Flow {
        for (i, w) in words.iter().enumerate() {
            self.state.set(name, w);
            let flow = self.script(body);
            if flow == Flow::Suspend {
                let words = words.get(i + 1..).unwrap_or_default().to_vec();
                self.state.rest.push(Frame::For { name: name.to_owned(), words, body: body.clone() });
                return flow;
            }
            if let Some(f) = self.loop_flow(flow) {
                return f;
            }
        }
        Flow::Next
    }

    /// Whether a body's flow leaves its loop, and with what.
    fn loop_flow(&mut self, flow: Flow) -> Option<Flow> {
        match flow {
            Flow::Next | Flow::Continue(0 | 1) => self.stopped(),
            Flow::Break(0 | 1) => Some(Flow::Next),
            Flow::Break(n) => Some(Flow::Break(n - 1)),
            Flow::Continue(n) => Some(Flow::Continue(n - 1)),
            other => Some(other),
        }
    }

    /// A word could not be expanded: the script ends, an interactive line is dropped.
    pub(crate) fn expansion_error(&mut self, error: &str) -> Flow {
        self.complain(error);
        self.state.status = if self.state.dialect == Dialect::Dash { 2 } else { 1 };
        Flow::Exit
    }

    fn simple(&mut self, assigns: &[Assign], words: &[Word], redirects: &[Redirect]) -> Flow {
        self.substituted = None;
        let words = match self.words(words) {
            Ok(w) => w,
            Err(e) => return self.expansion_error(&e),
        };
        let Some(name) = words.first().cloned() else {
            let Ok(saved) = self.redirect(redirects) else { return Flow::Next };
            self.restore(saved);
            for a in assigns {
                if let Err(e) = self.assign(a, false) {
                    return self.expansion_error(&e);
                }
            }
            self.state.status = self.substituted.unwrap_or(0);
            return self.stopped().unwrap_or(Flow::Next);
        };
        if self.state.options.xtrace {
            self.sys.complain(&format!("+ {}\n", words.join(" ")));
        }
        if let Some(body) = self.state.functions.get(&name).cloned() {
            return self.function(&body, &words, assigns, redirects);
        }
        if let Some(builtin) = builtins::find(&name, self.state.dialect) {
            let Ok(saved) = self.redirect(redirects) else { return Flow::Next };
            let declares = matches!(name.as_str(), "declare" | "local" | "export" | "readonly" | "typeset");
            let hidden = self.assign_for(assigns, !declares);
            let flow = match hidden {
                Ok(hidden) => {
                    let flow = builtin(self, &words);
                    for (n, v) in hidden {
                        self.put_back(n, v);
                    }
                    flow
                }
                Err(e) => self.expansion_error(&e),
            };
            if !self.sys.flush() && self.sys.runs() {
                self.complain("write error: Bad file descriptor");
                self.state.status = 1;
            }
            if name == "exec" && words.len() == 1 {
                // `exec > file` stays.
                return flow;
            }
            self.restore(saved);
            return self.stopped().unwrap_or(flow);
        }
        self.external(&words, assigns, redirects)
    }

    /// Assignments in front of a command; gives what they hid.
    fn assign_for(
        &mut self,
        assigns: &[Assign],
        exported: bool,
    ) -> Result<Vec<(String, Option<Var>)>, String> {
        let mut hidden = Vec::new();
        for a in assigns {
            if exported {
                hidden.push((a.name.clone(), self.state.vars.get(&a.name).cloned()));
            }
            self.assign(a, exported)?;
        }
        Ok(hidden)
    }

    fn put_back(&mut self, name: String, var: Option<Var>) {
        match var {
            Some(v) => self.state.vars.insert(name, v),
            None => self.state.vars.remove(&name),
        };
    }

    pub(crate) fn assign(&mut self, a: &Assign, exported: bool) -> Result<(), String> {
        if self.state.vars.get(&a.name).is_some_and(|v| v.readonly) {
            return Err(format!("{}: readonly variable", a.name));
        }
        match &a.value {
            Value::Scalar(word) => {
                let text = self.text(word)?;
                let index = match &a.index {
                    Some(i) => usize::try_from(arith::evaluate(self.state, i)?).unwrap_or(0),
                    None => 0,
                };
                let var = self.state.vars.entry(a.name.clone()).or_default();
                var.array |= a.index.is_some();
                let old = if a.append {
                    var.values.get(&index).cloned().unwrap_or_default()
                } else {
                    String::new()
                };
                var.values.insert(index, old + &text);
            }
            Value::Array(words) => {
                let words = self.words(words)?;
                let var = self.state.vars.entry(a.name.clone()).or_default();
                if !a.append {
                    var.values.clear();
                }
                var.array = true;
                let start = var.values.keys().next_back().map_or(0, |k| k + 1);
                var.values.extend(words.into_iter().enumerate().map(|(i, w)| (start + i, w)));
            }
        }
        if exported && let Some(v) = self.state.vars.get_mut(&a.name) {
            v.exported = true;
        }
        Ok(())
    }

    fn function(
        &mut self,
        body: &Command,
        words: &[String],
        assigns: &[Assign],
        redirects: &[Redirect],
    ) -> Flow {
        if self.state.locals.len() > 200 {
            self.complain(&format!(
                "{}: maximum function nesting level exceeded (200)",
                words.first().map_or("", String::as_str)
            ));
            self.state.status = 1;
            return Flow::Exit;
        }
        let Ok(saved) = self.redirect(redirects) else { return Flow::Next };
        if let Err(e) = self.assign_for(assigns, true) {
            return self.expansion_error(&e);
        }
        let args = std::mem::replace(&mut self.state.args, words.get(1..).unwrap_or_default().to_vec());
        self.state.locals.push(std::collections::BTreeMap::new());
        let flow = self.command(body);
        for (name, var) in self.state.locals.pop().unwrap_or_default() {
            self.put_back(name, var);
        }
        self.state.args = args;
        self.restore(saved);
        match flow {
            Flow::Return => Flow::Next,
            f => f,
        }
    }

    /// Runs an external program with words that were expanded before (`command NAME …`).
    pub(crate) fn run_words(&mut self, words: &[String]) -> Flow {
        self.external(words, &[], &[])
    }

    /// The prefix of messages, for programs that are builtins as well.
    pub(crate) fn prefix_of(&self) -> String {
        self.prefix()
    }

    fn external(&mut self, words: &[String], assigns: &[Assign], redirects: &[Redirect]) -> Flow {
        let hidden = match self.assign_for(assigns, true) {
            Ok(h) => h,
            Err(e) => return self.expansion_error(&e),
        };
        let env = self.state.environment();
        let path = self
            .state
            .get("PATH")
            .unwrap_or("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .to_owned();
        for (n, v) in hidden {
            self.put_back(n, v);
        }
        if std::mem::take(&mut self.tail) {
            // Nothing comes behind: the program takes the shell's place.
            if self.redirect(redirects).is_err() {
                return Flow::Exit;
            }
            self.sys.set_environment(env);
            let code = self.launch(words, &path);
            self.state.status = code;
            return self.stopped().unwrap_or(Flow::Exit);
        }
        let mut state = self.state.clone();
        let ash = self.state.dialect == Dialect::Ash;
        if self.state.dialect == Dialect::Dash {
            // dash looks the program up before it forks.
            let name = words.first().map_or("", String::as_str);
            if !name.contains('/') {
                crate::programs::which(self.sys, &path, name);
            }
        }
        let _ = self.sys.call("rt_sigprocmask");
        let job = self.sys.fork(if ash { "clone" } else { "vfork" }, |child| {
            let mut inner = Interp::new(child, &mut state);
            if inner.redirect(redirects).is_err() {
                return state.status;
            }
            child.set_environment(env);
            Interp::new(child, &mut state).launch(words, &path)
        });
        let _ = self.sys.call("rt_sigreturn");
        self.finish(job)
    }

    /// In the child: finds and executes a program.
    fn launch(&mut self, words: &[String], path: &str) -> i32 {
        let name = words.first().cloned().unwrap_or_default();
        let standalone =
            self.sys.space().is_some_and(|s| s.standalone_shell) && self.state.dialect == Dialect::Ash;
        if standalone && let Some(main) = crate::programs::applet(&name) {
            return self.sys.run_applet(main, words);
        }
        let candidates: Vec<String> = if name.contains('/') {
            vec![name.clone()]
        } else {
            path.split(':').map(|d| if d.is_empty() { name.clone() } else { format!("{d}/{name}") }).collect()
        };
        let mut error = Errno::ENOENT;
        for c in &candidates {
            if !name.contains('/') && self.sys.stat(c).is_err() {
                continue;
            }
            match self.sys.exec(c, words) {
                Ok(code) => return code,
                Err(Errno::ENOEXEC) => {
                    // A text file without `#!` is a script of this shell.
                    let text = self.sys.slurp(c).unwrap_or_default();
                    self.state.args = words.get(1..).unwrap_or_default().to_vec();
                    self.state.name.clone_from(c);
                    return super::run_text(self.sys, self.state, &text);
                }
                Err(Errno::ENOENT) => {}
                Err(e) => error = e,
            }
            if !self.sys.runs() {
                return 0;
            }
        }
        let code = if error == Errno::ENOENT { 127 } else { 126 };
        let is_dir =
            name.contains('/') && error == Errno::EACCES && self.sys.stat(&name).is_ok_and(|s| s.is_dir());
        let text = match self.state.dialect {
            Dialect::Bash if is_dir => format!("{name}: Is a directory"),
            Dialect::Bash if name.contains('/') || error != Errno::ENOENT => {
                format!("{name}: {}", error.text())
            }
            Dialect::Bash => format!("{name}: command not found"),
            _ if error == Errno::ENOENT => format!("{name}: not found"),
            _ => format!("{name}: {}", error.text()),
        };
        self.complain(&text);
        code
    }

    fn finish(&mut self, job: Result<Job, Errno>) -> Flow {
        let job = match job {
            Ok(j) => j,
            Err(e) => return self.cannot_fork(e),
        };
        self.report(&job, true);
        self.state.status = job.wait.code();
        if let Wait::Stopped(s) = job.wait {
            if let State::Blocked(_, code) = s {
                self.state.status = code;
            }
            self.sys.stop(s);
        }
        self.stopped().unwrap_or(Flow::Next)
    }

    /// `$(…)`: the output without its last newlines.
    pub(super) fn substitute(&mut self, script: &Script) -> Result<String, String> {
        let mut state = self.state.clone();
        state.interactive = false;
        let interactive = self.state.interactive;
        let result = self.sys.capture("clone", |child| {
            state.interactive = interactive;
            let mut inner = Interp::new(child, &mut state);
            inner.tail = true;
            inner.script(script);
            state.status
        });
        match result {
            Ok((bytes, job)) => {
                self.substituted = Some(job.wait.code());
                self.state.status = job.wait.code();
                if let Wait::Stopped(s) = job.wait {
                    self.sys.stop(s);
                }
                let text = String::from_utf8_lossy(&bytes).replace('\0', "");
                Ok(text.trim_end_matches('\n').to_owned())
            }
            Err(e) => Err(format!("fork: {}", e.text())),
        }
    }

    /// `<(…)`: the output as a file.
    pub(super) fn process_substitution(&mut self, script: &Script) -> Result<String, String> {
        let mut state = self.state.clone();
        let result = self.sys.capture("clone", |child| {
            let mut inner = Interp::new(child, &mut state);
            inner.script(script);
            state.status
        });
        let (bytes, _) = result.map_err(|e| format!("fork: {}", e.text()))?;
        let number = self.sys.machine_mut().next_pid();
        let path = format!("/tmp/sh-np.{number}");
        self.sys.spill(&path, &bytes).map_err(|e| format!("{path}: {}", e.text()))?;
        Ok(path)
    }

    /// Applies redirections; gives what they replaced. On failure the message is printed and the status set.
    fn redirect(&mut self, redirects: &[Redirect]) -> Result<Saved, ()> {
        let mut saved = Saved::new();
        for r in redirects {
            let ok = self.one_redirect(r, &mut saved);
            if ok.is_ok() && self.state.dialect == Dialect::Dash {
                for call in ["fcntl", "dup2"] {
                    let _ = self.sys.call(call);
                }
            }
            if let Err(text) = ok {
                self.restore(saved);
                if !text.is_empty() {
                    self.complain(&text);
                }
                self.state.status = if self.state.dialect == Dialect::Dash { 2 } else { 1 };
                return Err(());
            }
        }
        Ok(saved)
    }

    fn one_redirect(&mut self, r: &Redirect, saved: &mut Saved) -> Result<(), String> {
        let mut put = |me: &mut Self, fd: i32, h: Option<Handle>| {
            let old = me.sys.set_handle(fd, h);
            saved.push((fd, old));
        };
        match &r.op {
            RedirectOp::Read(w) => {
                let path = self.text(w)?;
                let h = self.open(&path, Flags::READ)?;
                put(self, r.fd.unwrap_or(0), Some(h));
            }
            RedirectOp::Write(w) => {
                let path = self.text(w)?;
                let h = self.open(&path, Flags::CREATE)?;
                put(self, r.fd.unwrap_or(1), Some(h));
            }
            RedirectOp::Append(w) => {
                let path = self.text(w)?;
                let h = self.open(&path, Flags::APPEND)?;
                put(self, r.fd.unwrap_or(1), Some(h));
            }
            RedirectOp::ReadWrite(w) => {
                let path = self.text(w)?;
                let h =
                    self.open(&path, Flags { read: true, write: true, create: true, ..Flags::default() })?;
                put(self, r.fd.unwrap_or(0), Some(h));
            }
            RedirectOp::Both(w) | RedirectOp::BothAppend(w) => {
                let path = self.text(w)?;
                let flags = if matches!(r.op, RedirectOp::Both(_)) { Flags::CREATE } else { Flags::APPEND };
                let h = self.open(&path, flags)?;
                put(self, 1, Some(h.clone()));
                put(self, 2, Some(h));
            }
            RedirectOp::Dup(w) => {
                let text = self.text(w)?;
                let to = r.fd.unwrap_or(1);
                if text == "-" {
                    put(self, to, None);
                } else {
                    let bad = format!("{text}: Bad file descriptor");
                    let from: i32 = text.parse().map_err(|_| format!("{text}: ambiguous redirect"))?;
                    let h = self.sys.handle(from).ok_or(bad)?;
                    put(self, to, Some(h));
                }
            }
            RedirectOp::Heredoc(body) => {
                let text = match body.get() {
                    Some(w) => self.text(w)?,
                    None => String::new(),
                };
                put(self, r.fd.unwrap_or(0), Some(source(text.into_bytes(), Tty::No)));
            }
            RedirectOp::HereString(w) => {
                let text = self.text(w)? + "\n";
                put(self, r.fd.unwrap_or(0), Some(source(text.into_bytes(), Tty::No)));
            }
        }
        Ok(())
    }

    fn open(&mut self, path: &str, flags: Flags) -> Result<Handle, String> {
        if path.is_empty() && self.state.dialect == Dialect::Bash {
            return Err(": No such file or directory".to_owned());
        }
        self.sys.open_file(path, flags).map_err(|e| match (self.state.dialect, flags.create, e) {
            (Dialect::Bash, _, e) => format!("{path}: {}", e.text()),
            (Dialect::Dash, true, Errno::ENOENT) => format!("cannot create {path}: Directory nonexistent"),
            (Dialect::Dash, false, Errno::ENOENT) => format!("cannot open {path}: No such file"),
            (Dialect::Dash, true, e) => format!("cannot create {path}: {}", e.text()),
            (Dialect::Dash, false, e) => format!("cannot open {path}: {}", e.text()),
            (Dialect::Ash, true, Errno::ENOENT) => format!("can't create {path}: nonexistent directory"),
            (Dialect::Ash, false, Errno::ENOENT) => format!("can't open {path}: no such file"),
            (Dialect::Ash, true, e) => format!("can't create {path}: {}", e.text()),
            (Dialect::Ash, false, e) => format!("can't open {path}: {}", e.text()),
        })
    }

    fn restore(&mut self, saved: Saved) {
        self.sys.flush();
        for (fd, h) in saved.into_iter().rev() {
            self.sys.set_handle(fd, h);
        }
    }
}

static EMPTY: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
