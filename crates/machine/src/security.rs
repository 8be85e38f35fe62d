//! What of a process's security shows in /proc.

use std::fmt::Write as _;

use gatehouse_core::effects::capabilities::NewPrivileges;

use crate::errno::Errno;
use crate::machine::{Machine, Surface};
use crate::process::Process;

/// /proc/PID/attr/current.
///
/// # Errors
/// EINVAL where the kernel has no security module that fills it.
pub fn label_of(machine: &Machine, process: &Process) -> Result<String, Errno> {
    let surface = surface_of(machine, process);
    match machine.apparmor.as_ref().filter(|_| surface == Surface::Host) {
        Some(policy) => Ok(policy.current(&process.cred.label) + "\n"),
        None => Err(Errno::EINVAL),
    }
}

/// Who answers a process's system calls.
pub(crate) fn surface_of(machine: &Machine, process: &Process) -> Surface {
    machine.space(process.space).and_then(|s| s.kernel.as_ref()).map_or(Surface::Host, |k| k.surface)
}

/// The lines of /proc/PID/status from `CapInh` to `Seccomp_filters`.
#[must_use]
pub fn status_lines(process: &Process) -> String {
    let cred = &process.cred;
    let mut out = String::new();
    for (name, set) in cred.caps.status_lines() {
        let _ = writeln!(out, "{name}:\t{set}");
    }
    let no_new = i32::from(cred.new_privileges == NewPrivileges::Forbidden);
    let mode = if cred.filters.is_empty() { 0 } else { 2 };
    let _ =
        write!(out, "NoNewPrivs:\t{no_new}\nSeccomp:\t{mode}\nSeccomp_filters:\t{}\n", cred.filters.len());
    out
}
