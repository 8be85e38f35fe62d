//! The system call boundary: the only way from programs to files, processes and sockets.
//!
//! A [`Sys`] is one process's view of its kernel. Every call first passes the gate (seccomp), then lookup and permission
//! bits, capabilities, read-only mounts and the security module, each at the place the kernel has it. A process that was
//! killed or that waits gets EINTR from every further call, so whatever its program still does has no effect.

mod admin;
mod fd;
mod files;
mod lsm;
mod names;
mod net;
mod raw;
mod rights;
mod run;
mod walk;

use std::collections::BTreeMap;

use gatehouse_core::Timestamp;
use gatehouse_core::effects::seccomp::{Action, Arch, LogEntry, log_line, number_of};

use crate::errno::Errno;
use crate::fs::{Ino, Inode, Loc};
use crate::machine::{Machine, Surface};
use crate::outside::Outside;
use crate::process::{Process, Space, State, Userland};

pub use admin::Clone;
pub use fd::{Handle, Open, Tty, output, outputs, source, taken};
pub use files::{Flags, Stat};
pub use names::User;
pub use raw::Arg;
pub(crate) use run::Reap;
pub use run::{Job, Patience, Wait};
pub use walk::Found;

use std::sync::Arc;

/// What a system call gives.
pub type Result<T> = std::result::Result<T, Errno>;

/// Whether the gate lets a call through.
enum Gate {
    Pass,
    /// The filter skips the call and has it return 0.
    Skip,
    Fail(Errno),
}

macro_rules! gate {
    ($sys:expr, $name:expr, $args:expr) => {
        match $sys.gate($name, $args) {
            $crate::sys::Gate::Pass => {}
            $crate::sys::Gate::Skip => return Ok(Default::default()),
            $crate::sys::Gate::Fail(e) => return Err(e),
        }
    };
    // A call that must give something: where the filter skips it there is nothing to give.
    ($sys:expr, $name:expr, $args:expr, stat) => {
        match $sys.gate($name, $args) {
            $crate::sys::Gate::Pass => {}
            $crate::sys::Gate::Skip => return Err($crate::errno::Errno::ENOENT),
            $crate::sys::Gate::Fail(e) => return Err(e),
        }
    };
    ($sys:expr, $name:expr) => {
        $crate::sys::gate!($sys, $name, &[])
    };
}
use gate;

/// A process at work.
pub struct Sys<'a> {
    machine: &'a mut Machine,
    outside: Option<&'a mut dyn Outside>,
    me: Process,
    fds: BTreeMap<i32, Handle>,
    /// What the program printed and has not written yet.
    buffer: Vec<u8>,
    /// How many programs deep this process runs: scripts that call themselves end.
    depth: u32,
    /// System calls still allowed before the process counts as running for ever.
    fuel: u64,
    patience: Patience,
    /// When the parent of the next child looks after it.
    reaps: Reap,
    /// Whether a program of busybox has not used standard output yet.
    fresh: bool,
    /// Whether calls pass the filter; off where one call stands for several.
    filtered: bool,
    /// The label the next exec takes on (`change_onexec`).
    on_exec: Option<gatehouse_core::effects::apparmor::Label>,
}

/// Calls one command line may make: enough for any script a person writes, an end for `while :; do :; done`.
const FUEL: u64 = 600_000;

impl<'a> Sys<'a> {
    /// A process with its standard streams.
    pub fn new(
        machine: &'a mut Machine,
        outside: &'a mut dyn Outside,
        me: Process,
        stdin: Handle,
        stdout: Handle,
        stderr: Handle,
    ) -> Self {
        machine.processes.insert(me.pid, Arc::new(me.clone()));
        Self {
            machine,
            outside: Some(outside),
            me,
            fds: BTreeMap::from([(0, stdin), (1, stdout), (2, stderr)]),
            buffer: Vec::new(),
            depth: 0,
            fuel: FUEL,
            patience: Patience::default(),
            reaps: Reap::default(),
            fresh: false,
            filtered: true,
            on_exec: None,
        }
    }

    /// Ends the view: writes what is buffered and takes the process out of the table.
    pub fn finish(mut self) -> Process {
        self.flush();
        self.machine.processes.remove(&self.me.pid);
        self.me
    }

    /// The process.
    #[must_use]
    pub fn me(&self) -> &Process {
        &self.me
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.machine.now
    }

    /// The machine, for programs from outside that change places with it and for those that are the kernel's voice.
    pub fn machine_mut(&mut self) -> &mut Machine {
        self.machine
    }

    /// The machine.
    #[must_use]
    pub fn machine(&self) -> &Machine {
        self.machine
    }

    /// The process's space.
    #[must_use]
    pub fn space(&self) -> Option<&Arc<Space>> {
        self.machine.space(self.me.space)
    }

    /// Whose tools are installed here.
    #[must_use]
    pub fn userland(&self) -> Userland {
        self.space().map_or(Userland::Coreutils, |s| s.userland)
    }

    /// Whether the tools are busybox's.
    #[must_use]
    pub fn busybox(&self) -> bool {
        self.userland() == Userland::Busybox
    }

    /// An environment variable.
    #[must_use]
    pub fn env(&self, name: &str) -> Option<String> {
        self.me.env(name).map(str::to_owned)
    }

    /// Replaces the environment.
    pub fn set_environment(&mut self, env: Vec<(String, String)>) {
        self.me.env = Arc::new(env);
        self.publish();
    }

    /// Writes over the arguments, as setproctitle does: what `ps` shows.
    pub fn set_title(&mut self, title: &str) {
        self.me.argv = Arc::new(vec![title.to_owned()]);
        self.publish();
    }

    /// Shows the process table what the process is now.
    fn publish(&mut self) {
        self.machine.processes.insert(self.me.pid, Arc::new(self.me.clone()));
    }

    /// Whether the process can go on.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.me.runs()
    }

    /// How the process stands.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.me.state
    }

    /// Puts the process in another state; a state other than running stays.
    pub fn stop(&mut self, state: State) {
        if self.me.runs() {
            self.flush();
            self.me.state = state;
            self.publish();
        }
    }

    fn gate(&mut self, name: &'static str, args: &[u64]) -> Gate {
        if !self.me.runs() {
            return Gate::Fail(Errno::EINTR);
        }
        self.fuel = self.fuel.saturating_sub(1);
        if self.fuel == 0 {
            self.me.state = State::Blocked(None, 130);
            return Gate::Fail(Errno::EINTR);
        }
        if self.filtered {
            self.note(name);
        }
        if self.surface() == Surface::Sentry
            && let Some(e) = gatehouse_core::effects::sandbox::refuses(name, &self.me.cred.caps)
        {
            return Gate::Fail(Errno(e.0));
        }
        if self.filtered && !self.me.cred.filters.is_empty() {
            return self.seccomp(name, args);
        }
        Gate::Pass
    }

    /// Who answers the process's calls.
    pub(crate) fn surface(&self) -> Surface {
        self.space().and_then(|s| s.kernel.as_ref()).map_or(Surface::Host, |k| k.surface)
    }

    /// Takes down that a call is made.
    fn note(&mut self, name: &'static str) {
        if let Some(trace) = &mut self.machine.trace
            && !trace.contains(&name)
        {
            Arc::make_mut(trace).push(name);
        }
    }

    /// What the filters say; the one that took its place last is asked first and the strictest answer counts.
    fn seccomp(&mut self, name: &'static str, args: &[u64]) -> Gate {
        let mut six = [0; 6];
        for (slot, a) in six.iter_mut().zip(args) {
            *slot = *a;
        }
        for filter in self.me.cred.filters.clone().iter().rev() {
            let action = filter.decide_name(name, &six).action;
            if action.logged() {
                self.log_seccomp(action, name);
            }
            if action.signals() {
                self.buffer.clear();
                self.stop(State::Killed(31));
                return Gate::Fail(Errno::EINTR);
            }
            match action.errno() {
                None => {}
                Some(e) if e.0 == 0 => return Gate::Skip,
                Some(e) => return Gate::Fail(Errno(e.0)),
            }
        }
        Gate::Pass
    }

    fn log_seccomp(&mut self, action: Action, name: &str) {
        let Some(number) = number_of(Arch::X86_64, name) else { return };
        let stamp = self.machine.audit_stamp();
        let subject = match &self.machine.apparmor {
            Some(policy) => policy.current(&self.me.cred.label),
            None => "unconfined".to_owned(),
        };
        let entry = LogEntry {
            stamp: &stamp,
            uid: self.me.cred.uid,
            gid: self.me.cred.gid,
            subject: &subject,
            pid: self.me.pid,
            comm: &self.me.comm,
            exe: &self.me.exe,
            arch: Arch::X86_64,
            number,
            ip: 0x7f3c_2a1b_4c0d,
        };
        if let Some(line) = log_line(action, &entry) {
            self.machine.log_line(line);
        }
    }

    /// Makes a call that has no effect a program could see but its failure.
    ///
    /// # Errors
    /// What the gate says.
    pub fn call(&mut self, name: &'static str) -> Result<()> {
        gate!(self, name);
        Ok(())
    }

    /// An inode, made up by procfs where it is one of its own.
    #[must_use]
    pub fn inode(&self, ino: Ino) -> Option<Arc<Inode>> {
        if ino >= crate::fs::PROC_BASE {
            return crate::procfs::inode(self.machine, &self.me, ino);
        }
        self.machine.fs.get(ino).cloned()
    }

    fn read_only(&self, at: Loc) -> bool {
        self.space().and_then(|s| s.mounts.get(at.mount).map(|m| m.read_only)).unwrap_or(false)
    }

    /// The path of a place, from the process's root.
    #[must_use]
    pub fn path_of(&self, at: Loc) -> String {
        self.space().map_or_else(String::new, |s| s.mounts.path_of(&self.machine.fs, self.me.root, at))
    }
}
