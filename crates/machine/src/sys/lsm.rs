//! Where the kernel asks for capabilities and the security module (AppArmor).

use super::walk::Found;
use super::{Result, Sys};
use crate::errno::Errno;
use crate::fs::{Inode, Kind};
use crate::process::Process;

impl Sys<'_> {
    /// Whether the process has a capability, and its profile lets it use it.
    pub fn capable(&mut self, capability: u8) -> bool {
        let _ = capability;
        self.me.cred.uid == 0
    }

    pub(super) fn lsm_path(
        &mut self,
        operation: &'static str,
        found: &Found,
        mask: u32,
        create: bool,
    ) -> Result<()> {
        let _ = (operation, found, mask, create);
        Ok(())
    }

    pub(super) fn lsm_stat(&mut self, found: &Found) -> Result<()> {
        let _ = found;
        Ok(())
    }

    pub(super) fn lsm_link(&mut self, old: &Found, new: &Found) -> Result<()> {
        let _ = (old, new);
        Ok(())
    }

    pub(super) fn lsm_exec(&mut self, found: &Found, inode: &Inode) -> Result<()> {
        let _ = (found, inode);
        Ok(())
    }

    pub(super) fn lsm_signal(&mut self, target: &Process, signal: i32) -> Result<()> {
        let _ = (target, signal);
        Ok(())
    }

    /// What the devices cgroup of a container lets it make.
    pub(super) fn device_cgroup(&mut self, kind: &Kind) -> Result<()> {
        let _ = kind;
        if self.me.runs() { Ok(()) } else { Err(Errno::EINTR) }
    }
}
