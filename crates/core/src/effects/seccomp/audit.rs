//! The kernel's log line for a filtered call. Models kernel/auditsc.c (audit_seccomp).

use super::action::Action;
use super::syscalls::Arch;

/// What the line tells besides the filter's answer; the audit header, the address and the process are the machine's.
#[derive(Clone, Copy, Debug)]
pub struct LogEntry<'a> {
    /// `time.milliseconds:serial` of the audit record.
    pub stamp: &'a str,
    /// Effective user.
    pub uid: u32,
    /// Effective group.
    pub gid: u32,
    /// The AppArmor label, `unconfined` without one, with its mode (`name (enforce)`).
    pub subject: &'a str,
    /// The process.
    pub pid: u32,
    /// Its command name, at most fifteen bytes.
    pub comm: &'a str,
    /// Its executable.
    pub exe: &'a str,
    /// By which entry the call came.
    pub arch: Arch,
    /// The call's number.
    pub number: u32,
    /// The instruction pointer.
    pub ip: u64,
}

/// The line, from `audit:` on; none for an action that is not logged.
#[must_use]
pub fn log_line(action: Action, e: &LogEntry<'_>) -> Option<String> {
    if !action.logged() {
        return None;
    }
    let signal = if action.signals() { 31 } else { 0 };
    let (arch, compat) = if e.arch == Arch::X86 { ("40000003", 1) } else { ("c000003e", 0) };
    Some(format!(
        "audit: type=1326 audit({}): auid=4294967295 uid={} gid={} ses=4294967295 subj={} pid={} comm=\"{}\" exe=\"{}\" sig={signal} arch={arch} syscall={} compat={compat} ip={:#x} code={:#x}",
        e.stamp,
        e.uid,
        e.gid,
        e.subject,
        e.pid,
        e.comm,
        e.exe,
        e.number,
        e.ip,
        action.code()
    ))
}
