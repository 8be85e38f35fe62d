//! The life of processes: fork, execve, sleep, kill, and where they stand.

use super::*;

impl Sys<'_> {
    /// Runs `body` in a child process and waits for it.
    ///
    /// # Errors
    /// What clone(2) or vfork(2) says.
    pub fn fork(&mut self, call: &'static str, body: impl FnOnce(&mut Sys<'_>) -> i32) -> Result<Job> {
        gate!(self, call, &[], stat);
        // A process is dear.
        self.spend(24);
        if self.depth > MAX_DEPTH {
            return Err(Errno::EAGAIN);
        }
        self.flush();
        let pid = self.machine.next_pid();
        let pid_ns = self.space().map_or(1, |s| s.pid_ns);
        let vpid = self.machine.next_vpid(pid_ns, pid);
        // The parent waits while the child runs.
        let reaps = std::mem::take(&mut self.reaps);
        if reaps == Reap::First {
            self.note("wait4");
        }
        let child = Process { pid, vpid, ppid: self.me.pid, started: self.machine.now.0, ..self.me.clone() };
        let parent = std::mem::replace(&mut self.me, child);
        let fds: BTreeMap<i32, Handle> = self.fds.clone();
        let buffer = std::mem::take(&mut self.buffer);
        self.depth += 1;
        self.publish();
        let code = body(self);
        self.flush();
        if reaps != Reap::Told {
            self.note("wait4");
        }
        let _ = self.call("exit_group");
        self.depth -= 1;
        self.fds = fds;
        self.buffer = buffer;
        let child = std::mem::replace(&mut self.me, parent);
        let wait = match child.state.clone() {
            State::Running => Wait::Exited(code),
            State::Exited(c) => Wait::Exited(c),
            State::Killed(s) => Wait::Killed(s),
            stopped => Wait::Stopped(stopped),
        };
        if matches!(wait, Wait::Stopped(_)) {
            self.machine.processes.insert(child.pid, Arc::new(child));
        } else {
            self.machine.processes.remove(&child.pid);
        }
        if reaps != Reap::Told {
            let _ = self.call("wait4");
        }
        Ok(Job { pid: vpid, wait })
    }

    /// Collects what a child writes to standard output.
    ///
    /// # Errors
    /// As [`Self::fork`].
    pub fn capture(
        &mut self,
        call: &'static str,
        body: impl FnOnce(&mut Sys<'_>) -> i32,
    ) -> Result<(Vec<u8>, Job)> {
        let sink = output(Tty::No);
        let shared = sink.clone();
        let job = self.fork(call, move |child| {
            child.set_handle(1, Some(shared));
            body(child)
        })?;
        Ok((crate::sys::taken(&sink), job))
    }

    /// Runs a program in a child process, found as `execvp` finds it, and waits for its exit code.
    ///
    /// # Errors
    /// As [`Self::fork`] and [`Self::exec`].
    pub fn spawn(&mut self, words: &[String]) -> Result<i32> {
        let mut failed = None;
        let job = self.fork("vfork", |child| match programs::execvp(child, words) {
            Ok(code) => code,
            Err(e) => {
                failed = Some(e);
                127
            }
        })?;
        failed.map_or_else(|| Ok(job.wait.code()), Err)
    }

    /// execve(2): turns the process into another program and runs it. Gives its exit code.
    ///
    /// # Errors
    /// As execve(2); the process is then what it was.
    pub fn exec(&mut self, path: &str, argv: &[String]) -> Result<i32> {
        gate!(self, "execve");
        let found = self.walk(path, true)?;
        let at = found.existing()?;
        let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
        let Kind::File(content) = &inode.kind else { return Err(Errno::EACCES) };
        if !self.may(&inode, 1) || self.has_mount_option(at.mount, "noexec") {
            return Err(Errno::EACCES);
        }
        let full = self.found_path(&found);
        if content.starts_with(b"#!") {
            let first = content.split(|b| *b == b'\n').next().unwrap_or_default();
            let line = String::from_utf8_lossy(first.get(2..).unwrap_or_default()).trim().to_owned();
            let (interpreter, arg) =
                line.split_once(char::is_whitespace).map_or((line.as_str(), None), |(i, a)| (i, Some(a)));
            let mut args = vec![interpreter.to_owned()];
            args.extend(arg.map(|a| a.trim().to_owned()));
            args.push(path.to_owned());
            args.extend(argv.iter().skip(1).cloned());
            return self.exec(interpreter, &args);
        }
        let Some(name) =
            content.strip_prefix(programs::MAGIC).map(|n| String::from_utf8_lossy(n).into_owned())
        else {
            return Err(Errno::ENOEXEC);
        };
        self.lsm_exec(&found, &inode)?;
        self.me.comm =
            argv.first().map_or("", |_| full.rsplit('/').next().unwrap_or(&full)).chars().take(15).collect();
        self.me.exe = full;
        self.me.argv = Arc::new(argv.to_vec());
        self.publish();
        Ok(self.start(&name, argv))
    }

    /// Runs an applet inside the shell's own process, as busybox's standalone shell does: no execve, no start-up.
    pub(crate) fn run_applet(&mut self, main: programs::Main, argv: &[String]) -> i32 {
        let code = main(self, argv);
        self.flush();
        let _ = self.call("exit_group");
        code
    }

    pub(super) fn has_mount_option(&self, mount: u32, option: &str) -> bool {
        self.space()
            .and_then(|s| s.mounts.get(mount).map(|m| m.options.iter().any(|o| o == option)))
            .unwrap_or(false)
    }

    pub(super) fn start(&mut self, name: &str, argv: &[String]) -> i32 {
        if let Some(outside) = name.strip_prefix("outside:") {
            let _ = outside;
            return self.run_outside(argv);
        }
        let Some(main) = programs::find(name, argv) else { return 127 };
        if let Some(code) = programs::startup(self, name) {
            return code;
        }
        self.fresh = name == "busybox";
        let code = main(self, argv);
        self.flush();
        let _ = self.call("exit_group");
        code
    }

    /// Runs a program from outside.
    pub(super) fn run_outside(&mut self, argv: &[String]) -> i32 {
        let Some(outside) = self.outside.take() else { return 127 };
        let outcome = outside.run(self, argv);
        self.outside = Some(outside);
        let (output, state) = match outcome {
            Outcome::Done(o) => (o, None),
            Outcome::NeedsEdit(o, request) => (o, Some(State::Editing(request))),
            Outcome::Streaming(o) => (o, Some(State::Blocked(None, 130))),
        };
        for (fd, piece) in output.pieces() {
            let _ = self.write(fd, piece);
        }
        if let Some(state) = state {
            self.stop(state);
        }
        output.exit
    }

    /// Asks the world around; `None` inside a program from outside.
    pub fn with_outside<T>(
        &mut self,
        ask: impl FnOnce(&mut dyn crate::Outside, &mut crate::Machine) -> T,
    ) -> Option<T> {
        let outside = self.outside.as_deref_mut()?;
        Some(ask(outside, self.machine))
    }

    /// clock_nanosleep(2); `None` is for ever.
    ///
    /// # Errors
    /// What the gate says.
    pub fn sleep(&mut self, millis: Option<i64>) -> Result<()> {
        gate!(self, "clock_nanosleep");
        self.wait_for(millis);
        Ok(())
    }

    /// Lets time pass, or blocks the process where nobody waits for it.
    pub fn wait_for(&mut self, millis: Option<i64>) {
        self.flush();
        let until = millis.map(|m| self.machine.now.0 + m);
        match millis {
            Some(..=0) => {}
            Some(m) if self.patience == Patience::Advance && m <= LONGEST_SLEEP => {
                let machine = &mut *self.machine;
                match self.outside.as_deref_mut() {
                    Some(o) => o.advance(machine, m),
                    None => machine.now = machine.now.plus_millis(m),
                }
            }
            _ => self.stop(State::Blocked(until, 0)),
        }
    }

    /// Says whether sleeping moves time.
    pub fn set_patience(&mut self, patience: Patience) -> Patience {
        std::mem::replace(&mut self.patience, patience)
    }

    /// chdir(2).
    ///
    /// # Errors
    /// As chdir(2).
    pub fn chdir(&mut self, path: &str) -> Result<()> {
        gate!(self, "chdir");
        let found = self.walk(path, true)?;
        let at = found.existing()?;
        let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
        if !inode.is_dir() {
            return Err(Errno::ENOTDIR);
        }
        if !self.may(&inode, 1) {
            return Err(Errno::EACCES);
        }
        self.me.cwd = at;
        Ok(())
    }

    /// getcwd(2).
    ///
    /// # Errors
    /// What the gate says.
    pub fn getcwd(&mut self) -> Result<String> {
        gate!(self, "getcwd");
        Ok(self.path_of(self.me.cwd))
    }

    /// The working directory, without a call: what the process knows of itself.
    #[must_use]
    pub fn cwd(&self) -> String {
        self.path_of(self.me.cwd)
    }

    /// umask(2): sets the mask and gives the old one.
    pub fn umask(&mut self, mask: u32) -> u32 {
        if self.call("umask").is_err() {
            return self.me.umask;
        }
        std::mem::replace(&mut self.me.umask, mask & 0o777)
    }

    /// kill(2), with a number of the caller's PID namespace.
    ///
    /// # Errors
    /// As kill(2).
    pub fn kill(&mut self, vpid: u32, signal: i32) -> Result<()> {
        gate!(self, "kill", &[u64::from(vpid), signal as u64]);
        let ns = self.space().map(|s| s.pid_ns);
        let target = self.fellow(vpid)?;
        let mine = self.me.cred.uid == target.cred.ruid
            || self.me.cred.ruid == target.cred.ruid
            || self.me.cred.uid == target.cred.suid
            || self.me.cred.ruid == target.cred.suid;
        if !mine && !self.capable_over(Capability::Kill, 0) {
            return Err(Errno::EPERM);
        }
        self.lsm_signal(&target, signal)?;
        // A PID namespace's init is spared signals it does not handle.
        if signal != 0 && !(vpid == 1 && ns != Some(1)) && target.pid != 1 {
            if target.pid == self.me.pid {
                self.stop(State::Killed(signal));
            } else {
                self.machine.processes.remove(&target.pid);
                crate::node::units::killed(self.machine, target.pid, signal);
            }
        }
        Ok(())
    }

    /// Whether a process this one sees under a number is still there.
    #[must_use]
    pub fn alive(&self, vpid: u32) -> bool {
        self.fellow(vpid).is_ok()
    }

    /// Takes a child that has ended out of the table.
    pub(crate) fn bury(&mut self, vpid: u32) {
        if let Ok(child) = self.fellow(vpid) {
            self.machine.processes.remove(&child.pid);
        }
    }

    /// Goes on with a child that waited until now; nothing where it is no more.
    pub(crate) fn revive(&mut self, vpid: u32, body: impl FnOnce(&mut Sys<'_>) -> i32) -> Option<Wait> {
        let mut child = self.fellow(vpid).ok()?;
        child.state = State::Running;
        self.flush();
        let parent = std::mem::replace(&mut self.me, child);
        let fds = self.fds.clone();
        let patience = self.set_patience(Patience::Block);
        self.publish();
        let code = body(self);
        self.flush();
        self.set_patience(patience);
        self.fds = fds;
        let child = std::mem::replace(&mut self.me, parent);
        Some(match child.state.clone() {
            State::Running | State::Exited(_) => {
                self.machine.processes.remove(&child.pid);
                Wait::Exited(if let State::Exited(c) = child.state { c } else { code })
            }
            State::Killed(s) => {
                self.machine.processes.remove(&child.pid);
                Wait::Killed(s)
            }
            stopped => {
                self.machine.processes.insert(child.pid, Arc::new(child));
                Wait::Stopped(stopped)
            }
        })
    }

    /// A process by its number as this one sees it.
    pub(in crate::sys) fn fellow(&self, vpid: u32) -> Result<Process> {
        let ns = self.space().map(|s| s.pid_ns);
        let seen = |p: &Process| {
            p.vpid == vpid && (ns == Some(1) || self.machine.space(p.space).map(|s| s.pid_ns) == ns)
        };
        self.machine.processes.values().find(|p| seen(p)).map(|p| Process::clone(p)).ok_or(Errno::ESRCH)
    }
}
