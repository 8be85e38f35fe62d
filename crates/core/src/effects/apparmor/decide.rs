//! What the loaded policy says of one operation: one function for the machine's one gate.
//!
//! Each operation is one hook of the kernel; a system call may pass several (creating a file: the new name, then
//! the open), in the order the machine knows. Discretionary access and capabilities of the process are not looked
//! at here. Models Linux 6.12 security/apparmor.

mod access;
mod change;
mod exec;
mod file;
mod mount;

use super::audit::AuditRecord;
use super::compile::Profile;
use super::default::plainly_given;
use super::label::Label;
use super::policy::PolicySet;
use super::rule::Location;
use crate::effects::Errno;
use crate::effects::capabilities::{Capability, NewPrivileges};

pub use access::{NetworkAccess, Trace};
pub use file::PathOp;
pub use mount::MountRequest;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The process' label.
    pub label: &'a Label,
    /// Its file system user.
    pub fsuid: u32,
    /// Whether exec may add privileges.
    pub new_privileges: NewPrivileges,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub enum Operation<'a> {
    /// Something with one path. A directory's path ends in a slash.
    Path {
        /// What.
        op: PathOp,
        /// The path, as the process' root shows it.
        path: &'a str,
        /// The file's owner; of a new file, the process' file system user.
        owner: u32,
    },
    /// rename(2).
    Rename {
        /// The old path.
        from: &'a str,
        /// The new path.
        to: &'a str,
        /// The owner of the file that moves.
        owner: u32,
    },
    /// link(2).
    Link {
        /// The new name.
        name: &'a str,
        /// The file linked to.
        target: &'a str,
        /// Its owner.
        owner: u32,
    },
    /// execve(2); the verdict says the label after it.
    Exec {
        /// The executable, symbolic links followed.
        path: &'a str,
        /// Its owner.
        owner: u32,
    },
    /// A capability is used.
    Capability(Capability),
    /// A socket is made or used.
    Socket {
        /// What is done with it.
        access: NetworkAccess,
        /// `AF_*`.
        family: u16,
        /// `SOCK_*`, without flags.
        kind: u32,
        /// The protocol as given to socket(2).
        protocol: i32,
        /// The port it is bound to, or a raw socket's protocol; 0 before.
        local_port: u16,
    },
    /// mount(2).
    Mount(MountRequest<'a>),
    /// umount(2), with the mount point's path.
    Umount(&'a str),
    /// pivot_root(2).
    PivotRoot {
        /// The new root.
        new_root: &'a str,
        /// Where the old one goes.
        old_root: &'a str,
    },
    /// A signal is sent; 0 asks whether the process exists.
    Signal {
        /// The signal's number.
        number: u32,
        /// The receiver's label.
        peer: &'a Label,
    },
    /// A process is traced or read (ptrace(2), `/proc/PID/mem`).
    Ptrace {
        /// How.
        how: Trace,
        /// The other's label.
        peer: &'a Label,
    },
    /// `changeprofile NAME` written to `/proc/self/attr/apparmor/current`, or `exec NAME` to `…/exec`.
    ChangeProfile {
        /// The label asked for.
        target: &'a str,
        /// Only with the next exec.
        on_exec: bool,
    },
    /// `changehat TOKEN^NAME`.
    ChangeHat {
        /// The hat asked for.
        hat: &'a str,
    },
    /// clone(2) or unshare(2) with CLONE_NEWUSER.
    CreateUserNamespace,
}

/// Why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cause {
    /// The process has no profile, or one that does not look.
    #[default]
    Unconfined,
    /// This rule.
    Rule(Location),
    /// No rule gives it.
    NoRule,
    /// Every profile gives it.
    Implied,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The error the call fails with; none where it goes on.
    pub error: Option<Errno>,
    /// Whether the process is killed (a profile with `flags=(kill)`).
    pub killed: bool,
    /// The log lines, in order.
    pub audit: Vec<AuditRecord>,
    /// What decided.
    pub because: Cause,
    /// The label afterwards, where the operation changes it.
    pub label: Option<Label>,
    /// Whether the new program starts with a scrubbed environment (`AT_SECURE`).
    pub secure: bool,
}

impl Verdict {
    /// Whether the operation goes on.
    #[must_use]
    pub const fn allowed(&self) -> bool {
        self.error.is_none() && !self.killed
    }

    fn label(label: Label) -> Self {
        Self { label: Some(label), ..Self::default() }
    }

    /// Takes over another hook's answer: the first error stays, lines add up.
    fn and(mut self, other: Self) -> Self {
        self.audit.extend(other.audit);
        self.killed |= other.killed;
        if self.error.is_none() {
            self.error = other.error;
            self.because = other.because;
        }
        self
    }
}

impl PolicySet {
    /// Decides one operation.
    #[must_use]
    pub fn decide(&self, subject: &Subject<'_>, operation: &Operation<'_>) -> Verdict {
        if self.is_runtime_default(subject.label)
            && let Some(verdict) = plainly_given(operation)
        {
            return verdict;
        }
        match self.confining(subject.label) {
            Some(profile) => self.confined(&profile, subject, operation),
            None => self.unconfined(subject, operation),
        }
    }

    /// A process that a profile confines.
    #[inline(never)] // An entry in web/chunks.txt.
    pub(super) fn confined(
        &self,
        profile: &Profile,
        subject: &Subject<'_>,
        operation: &Operation<'_>,
    ) -> Verdict {
        match *operation {
            Operation::Path { op, path, owner } => file::path(profile, subject, op, path, owner),
            Operation::Rename { from, to, owner } => file::rename(profile, subject, from, to, owner),
            Operation::Link { name, target, owner } => file::link(profile, subject, name, target, owner),
            Operation::Exec { path, owner } => exec::exec(self, profile, subject, path, owner),
            Operation::Capability(cap) => access::capability(profile, cap),
            Operation::Socket { access, family, kind, protocol, local_port } => {
                access::socket(profile, access, (family, kind, protocol), local_port)
            }
            Operation::Mount(request) => mount::mount(profile, &request),
            Operation::Umount(point) => mount::umount(profile, point),
            Operation::PivotRoot { new_root, old_root } => mount::pivot_root(profile, new_root, old_root),
            Operation::Signal { number, peer } => self.signal(subject, Some(profile), number, peer),
            Operation::Ptrace { how, peer } => self.ptrace(subject, Some(profile), how, peer),
            Operation::ChangeProfile { target, on_exec } => {
                change::profile(self, profile, subject, target, on_exec)
            }
            Operation::ChangeHat { hat } => change::hat(self, profile, hat),
            Operation::CreateUserNamespace => access::user_namespace(profile),
        }
    }

    /// A process that no profile confines: only others' rules, attachments and changes of profile matter.
    fn unconfined(&self, subject: &Subject<'_>, operation: &Operation<'_>) -> Verdict {
        match *operation {
            Operation::Exec { path, .. } => {
                Verdict::label(self.attached(path).unwrap_or_else(|| subject.label.clone()))
            }
            Operation::Signal { number, peer } => self.signal(subject, None, number, peer),
            Operation::Ptrace { how, peer } => self.ptrace(subject, None, how, peer),
            Operation::ChangeProfile { target, on_exec } => change::unconfined(self, target, on_exec),
            Operation::ChangeHat { .. } => change::unconfined_hat(subject.label),
            _ => Verdict::default(),
        }
    }

    fn signal(&self, subject: &Subject<'_>, profile: Option<&Profile>, number: u32, peer: &Label) -> Verdict {
        let mut verdict = profile.map_or_else(Verdict::default, |p| access::signal(p, true, number, peer));
        if let Some(other) = self.confining(peer) {
            verdict = verdict.and(access::signal(&other, false, number, subject.label));
        }
        verdict
    }

    fn ptrace(&self, subject: &Subject<'_>, profile: Option<&Profile>, how: Trace, peer: &Label) -> Verdict {
        let Some(profile) = profile else { return Verdict::default() };
        let verdict = access::ptrace(profile, how, false, peer);
        match self.confining(peer) {
            Some(other) => verdict.and(access::ptrace(&other, how, true, subject.label)),
            None => verdict,
        }
    }
}
