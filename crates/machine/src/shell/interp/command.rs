//! Simple commands: functions, builtins, programs; and what substitutions run.

use super::*;

/// The longest value of a variable.
const MAX_VALUE: usize = 8 << 20;

impl Interp<'_, '_> {
    pub(super) fn simple(&mut self, assigns: &[Assign], words: &[Word], redirects: &[Redirect]) -> Flow {
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
                if self.state.options.xtrace {
                    let value = self.state.get(&a.name).unwrap_or_default().to_owned();
                    self.sys.complain(&format!("+ {}={}\n", a.name, self.traced(&value)));
                }
            }
            self.state.status = self.substituted.unwrap_or(0);
            return self.stopped().unwrap_or(Flow::Next);
        };
        if self.state.options.xtrace {
            let shown: Vec<String> = words.iter().map(|w| self.traced(w)).collect();
            self.sys.complain(&format!("+ {}\n", shown.join(" ")));
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

    /// A word as `set -x` shows it.
    fn traced(&self, word: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_,./:+-%@".contains(c);
        let bare = match self.state.dialect {
            Dialect::Dash => true,
            Dialect::Bash => word.chars().all(|c| plain(c) || "=~#".contains(c)) && !word.is_empty(),
            Dialect::Ash => word.chars().all(|c| plain(c) || c == ']') && !word.is_empty(),
        };
        if bare { word.to_owned() } else { super::super::quoted(word) }
    }

    /// Assignments in front of a command; gives what they hid.
    pub(super) fn assign_for(
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

    pub(super) fn put_back(&mut self, name: String, var: Option<Var>) {
        match var {
            Some(v) => self.state.vars.insert(name, v),
            None => self.state.vars.remove(&name),
        };
    }

    pub(crate) fn assign(&mut self, a: &Assign, exported: bool) -> Result<(), String> {
        if self.state.vars.get(&a.name).is_some_and(|v| v.readonly) {
            let bash = self.state.dialect == Dialect::Bash;
            return Err(format!("{}: {}", a.name, if bash { "readonly variable" } else { "is read only" }));
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
                let text = old + &text;
                self.sys.spend(text.len() / 64);
                if text.len() > MAX_VALUE {
                    return Err("cannot allocate memory".to_owned());
                }
                var.values.insert(index, text);
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

    pub(super) fn function(
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

    pub(super) fn external(&mut self, words: &[String], assigns: &[Assign], redirects: &[Redirect]) -> Flow {
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
            // dash redirects, then looks the program up, before it forks.
            if !redirects.is_empty() {
                for call in ["fcntl", "dup2"] {
                    let _ = self.sys.call(call);
                }
            }
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
    pub(super) fn launch(&mut self, words: &[String], path: &str) -> i32 {
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
                    return crate::shell::run_text(self.sys, self.state, &text);
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

    pub(super) fn finish(&mut self, job: Result<Job, Errno>) -> Flow {
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
    pub(in crate::shell) fn substitute(&mut self, script: &Script) -> Result<String, String> {
        let mut state = self.state.clone();
        state.interactive = false;
        let interactive = self.state.interactive;
        let dialect = self.state.dialect;
        if dialect != Dialect::Bash {
            for call in ["pipe2", "rt_sigprocmask"] {
                let _ = self.sys.call(call);
            }
            self.sys.reap(crate::sys::Reap::Told);
        }
        let result = self.sys.capture("clone", |child| {
            state.interactive = interactive;
            if dialect == Dialect::Ash {
                // Its parent waits for what it writes.
                for call in ["close", "read"] {
                    child.note_parent(call);
                }
            }
            if dialect != Dialect::Bash {
                let _ = child.call("dup2");
            }
            let mut inner = Interp::new(child, &mut state);
            inner.tail = true;
            inner.script(script);
            state.status
        });
        if dialect != Dialect::Bash && result.is_ok() {
            for call in ["rt_sigreturn", "wait4"] {
                let _ = self.sys.call(call);
            }
        }
        match result {
            Ok((bytes, job)) => {
                self.substituted = Some(job.wait.code());
                self.state.status = job.wait.code();
                if let Wait::Stopped(s) = job.wait {
                    self.sys.stop(s);
                }
                let text = crate::text::decode(&bytes).replace('\0', "");
                Ok(text.trim_end_matches('\n').to_owned())
            }
            Err(e) => Err(format!("fork: {}", e.text())),
        }
    }

    /// `<(…)`: the output as a file.
    pub(in crate::shell) fn process_substitution(&mut self, script: &Script) -> Result<String, String> {
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
}
