//! What a shell remembers from one command to the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ast::Command;
use super::interp::Frame;
use crate::process::Process;

/// Which shell it is: wording and a few habits differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// bash: terminals and nodes.
    #[default]
    Bash,
    /// Debian's /bin/sh.
    Dash,
    /// busybox's.
    Ash,
}

/// A variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Var {
    /// The value; an array's elements by index.
    pub values: BTreeMap<usize, String>,
    /// Whether it is an array.
    pub array: bool,
    /// Whether programs see it.
    pub exported: bool,
    /// Whether it may be changed.
    pub readonly: bool,
}

impl Var {
    /// A plain variable.
    #[must_use]
    pub fn text(value: &str) -> Self {
        Self { values: BTreeMap::from([(0, value.to_owned())]), ..Self::default() }
    }

    /// Its value, or its first element.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        self.values.get(&0).map(String::as_str)
    }
}

/// Options of `set`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent switches with one letter each")]
pub struct Options {
    /// `-e`
    pub errexit: bool,
    /// `-u`
    pub nounset: bool,
    /// `-x`
    pub xtrace: bool,
    /// `-f`
    pub noglob: bool,
    /// `-o pipefail`
    pub pipefail: bool,
}

/// A command in the background.
#[derive(Clone, Debug)]
pub struct Background {
    /// The number behind `%`.
    pub number: usize,
    /// Its process, as the shell sees it.
    pub pid: u32,
    /// What was written.
    pub text: String,
    /// The exit code or, below zero, the signal that ended it; none while it runs.
    pub ended: Option<i32>,
    /// When it will go on or end (milliseconds since 1970), and the exit code; none for never.
    pub until: Option<i64>,
    /// The exit code it ends with.
    pub exit: i32,
    /// What it does then, if it is a script.
    pub rest: Option<Box<ShellState>>,
}

/// A shell's state.
#[derive(Clone, Debug, Default)]
pub struct ShellState {
    /// Which shell it is.
    pub dialect: Dialect,
    /// Variables.
    pub vars: BTreeMap<String, Var>,
    /// Functions.
    pub functions: BTreeMap<String, Arc<Command>>,
    /// Aliases.
    pub aliases: BTreeMap<String, String>,
    /// `$1` and following.
    pub args: Vec<String>,
    /// `$0`
    pub name: String,
    /// `$?`
    pub status: i32,
    /// `${PIPESTATUS[@]}`
    pub pipe_status: Vec<i32>,
    /// `$!`
    pub last_background: u32,
    /// Options.
    pub options: Options,
    /// What was typed.
    pub history: Vec<String>,
    /// Whether a person types.
    pub interactive: bool,
    /// What to do when a signal comes, by its number; 0 is the shell's end. Nothing is to let it pass by.
    pub traps: BTreeMap<i32, String>,
    /// What runs in the background, or ended there and was not asked for.
    pub jobs: Vec<Background>,
    /// Which word `getopts` reads, and how many of its letters it has read.
    pub(crate) getopts: (usize, usize),
    /// Limits that `ulimit` has set, by letter.
    pub limits: BTreeMap<char, u64>,
    /// Whether `exit` was called: the terminal goes back to where it came from.
    pub exited: bool,
    /// The process behind the shell, once it ran something.
    pub process: Option<Process>,
    /// Whether it is a login shell: it says `logout` when it is left.
    pub login: bool,
    /// What passwd calls the one it runs as, for the prompt.
    pub user: String,
    /// The shell that has the keyboard in its place (`sudo -i`, `su`, `bash`).
    pub inner: Option<Box<ShellState>>,
    /// What is still to be run when an editor was closed or a sleep is over.
    pub(crate) rest: Vec<Frame>,
    /// The line a message names.
    pub(crate) line: usize,
    /// Variables a function hides, innermost last.
    pub(crate) locals: Vec<BTreeMap<String, Option<Var>>>,
}

impl ShellState {
    /// A shell that reads its commands from an argument or a file.
    #[must_use]
    pub fn script(dialect: Dialect, name: &str) -> Self {
        Self { dialect, name: name.to_owned(), ..Self::default() }
    }

    /// A shell a person types into, with the usual variables of `user`.
    #[must_use]
    pub fn interactive(user: &str) -> Self {
        let home = if user == "root" { "/root".to_owned() } else { format!("/home/{user}") };
        let mut state =
            Self { name: "bash".to_owned(), interactive: true, user: user.to_owned(), ..Self::default() };
        state.export("USER", user);
        state.export("LOGNAME", user);
        state.export("HOME", &home);
        state.export("PWD", &home);
        state.export("SHELL", "/bin/bash");
        state.export("TERM", "xterm-256color");
        state.export("LANG", "C.UTF-8");
        state.export("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        state
    }

    /// The shell that has the keyboard: this one, or the innermost that was started from it.
    #[must_use]
    pub fn innermost(&self) -> &Self {
        self.inner.as_deref().map_or(self, Self::innermost)
    }

    /// Takes down what a person typed.
    pub(crate) fn remember(&mut self, line: &str) {
        match self.inner.as_deref_mut() {
            Some(inner) => inner.remember(line),
            None => self.history.push(line.to_owned()),
        }
    }

    /// What stands before the cursor: bash says who and where, the small shells only where, or nothing.
    #[must_use]
    pub fn prompt(&self, host: &str) -> String {
        let shell = self.innermost();
        let root = shell.process.as_ref().map_or(shell.user == "root", |p| p.cred.uid == 0);
        let sign = if root { '#' } else { '$' };
        let cwd = shell.cwd();
        match shell.dialect {
            Dialect::Ash => format!("{cwd} {sign} "),
            Dialect::Dash => format!("{sign} "),
            Dialect::Bash => {
                let home = shell.get("HOME").filter(|home| *home != "/");
                let below = home.and_then(|home| cwd.strip_prefix(home));
                let below = below.filter(|rest| rest.is_empty() || rest.starts_with('/'));
                let shown = below.map_or_else(|| cwd.to_owned(), |rest| format!("~{rest}"));
                let user = if shell.user.is_empty() { "I have no name!" } else { &shell.user };
                format!("{user}@{host}:{shown}{sign} ")
            }
        }
    }

    /// A variable's value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).and_then(Var::first)
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: &str) {
        let var = self.vars.entry(name.to_owned()).or_default();
        var.values.insert(0, value.to_owned());
    }

    /// Sets a variable that programs see.
    pub fn export(&mut self, name: &str, value: &str) {
        self.set(name, value);
        if let Some(v) = self.vars.get_mut(name) {
            v.exported = true;
        }
    }

    /// The environment of programs.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        self.vars
            .iter()
            .filter(|(_, v)| v.exported)
            .filter_map(|(n, v)| v.first().map(|f| (n.clone(), f.to_owned())))
            .collect()
    }

    /// The working directory, as `$PWD` has it.
    #[must_use]
    pub fn cwd(&self) -> &str {
        self.get("PWD").unwrap_or("/")
    }
}
