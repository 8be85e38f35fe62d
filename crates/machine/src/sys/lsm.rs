//! Where the kernel asks for capabilities and the security module (AppArmor).

use std::sync::Arc;

use gatehouse_core::effects::apparmor::{Label, Operation, PathOp, Subject, Verdict};
use gatehouse_core::effects::capabilities::{Capability, ExecFile, FileCaps, Uids};

use super::walk::Found;
use super::{Result, Sys};
use crate::errno::Errno;
use crate::fs::{Inode, Kind};
use crate::machine::Surface;
use crate::process::{Process, State};

/// Devices the cgroup of a container lets through.
const CONTAINER_DEVICES: &[(u32, u32)] =
    &[(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2), (10, 200)];

/// Capabilities that only count in the first user namespace.
const MACHINE_WIDE: &[Capability] = &[
    Capability::Syslog,
    Capability::SysTime,
    Capability::SysModule,
    Capability::SysBoot,
    Capability::SysRawio,
    Capability::SysPacct,
    Capability::Mknod,
    Capability::MacAdmin,
    Capability::MacOverride,
    Capability::AuditControl,
];

impl Sys<'_> {
    /// Asks the profile; writes its lines to the kernel's log.
    pub(super) fn ask(&mut self, operation: &Operation<'_>) -> Result<Verdict> {
        if self.surface() != Surface::Host {
            return Ok(Verdict::default());
        }
        let Some(policy) = &self.machine.apparmor else { return Ok(Verdict::default()) };
        let cred = &self.me.cred;
        let subject = Subject { label: &cred.label, fsuid: cred.uid, new_privileges: cred.new_privileges };
        let verdict = policy.decide(&subject, operation);
        for record in &verdict.audit {
            let stamp = self.machine.audit_stamp();
            let line = record.line(&stamp, self.me.pid, &self.me.comm);
            self.machine.log_line(line);
        }
        if verdict.killed {
            self.stop(State::Killed(9));
            return Err(Errno::EINTR);
        }
        match verdict.error {
            Some(e) => Err(Errno(e.0)),
            None => Ok(verdict),
        }
    }

    /// Whether the process has a capability over the whole system (its container's namespaces), and its profile lets it use it.
    pub fn capable(&mut self, capability: Capability) -> bool {
        if self.me.cred.user_namespace.is_some() || !self.me.cred.caps.capable(capability) {
            return false;
        }
        // In a user namespace of its own a container's root is nobody to the machine as a whole.
        if self.space().is_some_and(|s| s.id_shift != 0) && MACHINE_WIDE.contains(&capability) {
            return false;
        }
        self.ask(&Operation::Capability(capability)).is_ok()
    }

    /// Whether it has a capability over what its own user namespace owns (`CLONE_*` bit), or over the system.
    pub fn capable_over(&mut self, capability: Capability, namespace: u32) -> bool {
        match &self.me.cred.user_namespace {
            Some(n) if namespace == 0 || n.owns & namespace != 0 => {
                self.me.cred.caps.capable(capability) && self.ask(&Operation::Capability(capability)).is_ok()
            }
            Some(_) => false,
            None => self.capable(capability),
        }
    }

    /// Whether a capability holds over an inode: inside a user namespace only where its owner is mapped.
    pub(super) fn capable_inode(&mut self, capability: Capability, inode: &Inode) -> bool {
        match &self.me.cred.user_namespace {
            None => self.capable(capability),
            Some(n) => {
                let mapped = n.uid_map.is_some_and(|(_, o)| o == inode.uid)
                    && n.gid_map.is_some_and(|(_, o)| o == inode.gid);
                mapped
                    && self.me.cred.caps.capable(capability)
                    && self.ask(&Operation::Capability(capability)).is_ok()
            }
        }
    }

    /// The path AppArmor sees: a directory's ends in a slash.
    fn profile_path(&self, found: &Found, dir: bool) -> String {
        let path = self.found_path(found);
        if dir && !path.ends_with('/') { path + "/" } else { path }
    }

    /// Asks for an operation on a path.
    pub(super) fn lsm(&mut self, op: PathOp, found: &Found) -> Result<()> {
        if self.machine.apparmor.is_none() || self.me.cred.label == Label::Unconfined {
            return Ok(());
        }
        let inode = found.at.and_then(|a| self.inode(a.ino));
        let dir = inode.as_ref().is_some_and(|i| i.is_dir()) || matches!(op, PathOp::Mkdir | PathOp::Rmdir);
        let owner = inode.map_or(self.me.cred.uid, |i| i.uid);
        let path = self.profile_path(found, dir);
        self.ask(&Operation::Path { op, path: &path, owner }).map(|_| ())
    }

    pub(super) fn lsm_rename(&mut self, old: &Found, new: &Found) -> Result<()> {
        let inode = old.at.and_then(|a| self.inode(a.ino));
        let dir = inode.as_ref().is_some_and(|i| i.is_dir());
        let owner = inode.map_or(0, |i| i.uid);
        let (from, to) = (self.profile_path(old, dir), self.profile_path(new, dir));
        self.ask(&Operation::Rename { from: &from, to: &to, owner }).map(|_| ())
    }

    pub(super) fn lsm_link(&mut self, old: &Found, new: &Found) -> Result<()> {
        let owner = old.at.and_then(|a| self.inode(a.ino)).map_or(0, |i| i.uid);
        let (target, name) = (self.profile_path(old, false), self.profile_path(new, false));
        self.ask(&Operation::Link { name: &name, target: &target, owner }).map(|_| ())
    }

    /// The exec hook, then what the new image changes: label, users, capabilities.
    pub(super) fn lsm_exec(&mut self, found: &Found, inode: &Arc<Inode>) -> Result<()> {
        let path = self.profile_path(found, false);
        let asks = self.machine.apparmor.is_some();
        if asks && let Some(label) = self.on_exec.take() {
            // runc's change_onexec: the target profile is not asked whether it may start this.
            self.me.cred.label = label;
        } else if asks {
            let verdict = self.ask(&Operation::Exec { path: &path, owner: inode.uid })?;
            if let Some(label) = verdict.label.filter(|l| *l != self.me.cred.label) {
                self.me.cred.label = label;
                let op = PathOp::Mmap { read: true, write: false, exec: false };
                self.ask(&Operation::Path { op, path: &path, owner: inode.uid })?;
            }
        }
        let cred = &mut self.me.cred;
        let nosuid = cred.user_namespace.is_some();
        let caps = self.machine.file_caps.get(&found.at.map_or(0, |a| a.ino)).copied();
        let file = ExecFile {
            setuid: (inode.mode & 0o4000 != 0 && !nosuid).then_some(inode.uid),
            setgid: inode.mode & 0o2000 != 0 && !nosuid,
            caps: caps.map(|set| FileCaps {
                permitted: set,
                inheritable: gatehouse_core::effects::capabilities::CapSet::EMPTY,
                effective: true,
            }),
        };
        let uids = Uids { real: cred.ruid, effective: cred.uid, saved: cred.suid };
        let inside_root =
            cred.user_namespace.as_ref().is_some_and(|n| n.uid_map.is_some_and(|(inside, _)| inside == 0));
        if inside_root {
            return Ok(());
        }
        match cred.caps.exec(uids, &file, cred.new_privileges) {
            Some((caps, uids)) => {
                cred.caps = caps;
                (cred.ruid, cred.uid, cred.suid) = (uids.real, uids.effective, uids.saved);
                Ok(())
            }
            None => Err(Errno::EPERM),
        }
    }

    pub(super) fn lsm_signal(&mut self, target: &Process, signal: i32) -> Result<()> {
        let number = u32::try_from(signal).unwrap_or(0);
        let peer = target.cred.label.clone();
        self.ask(&Operation::Signal { number, peer: &peer }).map(|_| ())
    }

    /// What the devices cgroup of a container lets it make or open.
    pub(super) fn device_cgroup(&mut self, kind: &Kind, opens: bool) -> Result<()> {
        if self.space().is_none_or(|s| s.all_devices) {
            return Ok(());
        }
        match kind {
            // A container may make any node, but not open it.
            Kind::Char(..) | Kind::Block(..) if !opens => Ok(()),
            Kind::Char(a, b) if *a == 136 || CONTAINER_DEVICES.contains(&(*a, *b)) => Ok(()),
            Kind::Char(..) | Kind::Block(..) => Err(Errno::EPERM),
            _ => Ok(()),
        }
    }
}
