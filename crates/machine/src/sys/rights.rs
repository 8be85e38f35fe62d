//! Calls on what a process may do and how much it counts: capset(2), prctl(2), getpriority(2), setpriority(2).

use gatehouse_core::effects::capabilities::{CapSet, Capability, ProcessCaps};

use super::{Result, Sys, gate};
use crate::errno::Errno;
use crate::process::State;

impl Sys<'_> {
    /// capset(2): permitted may only shrink, effective stays within it, inheritable within what the bounding set lets.
    ///
    /// # Errors
    /// EPERM.
    pub fn set_caps(&mut self, effective: CapSet, permitted: CapSet, inheritable: CapSet) -> Result<()> {
        gate!(self, "capset");
        let old = self.me.cred.caps;
        let reach = if old.effective.has(Capability::Setpcap) { old.bounding } else { old.permitted };
        let grows = !permitted.minus(old.permitted).is_empty()
            || !effective.minus(permitted).is_empty()
            || !inheritable.minus(old.inheritable.or(old.permitted).or(reach)).is_empty();
        if grows {
            return Err(Errno::EPERM);
        }
        let ambient = old.ambient.and(permitted).and(inheritable);
        self.me.cred.caps = ProcessCaps { effective, permitted, inheritable, ambient, ..old };
        self.publish();
        Ok(())
    }

    /// prctl(PR_CAPBSET_DROP).
    ///
    /// # Errors
    /// EPERM.
    pub fn drop_bounding(&mut self, cap: Capability) -> Result<()> {
        gate!(self, "prctl");
        if !self.capable_over(Capability::Setpcap, 0) {
            return Err(Errno::EPERM);
        }
        let caps = &mut self.me.cred.caps;
        caps.bounding = caps.bounding.without(cap);
        self.publish();
        Ok(())
    }

    /// getpriority(2) of a process: its nice value.
    ///
    /// # Errors
    /// ESRCH.
    pub fn priority(&mut self, vpid: u32) -> Result<i32> {
        gate!(self, "getpriority", &[0, u64::from(vpid)]);
        if vpid == 0 {
            return Ok(self.me.nice);
        }
        self.fellow(vpid).map(|p| p.nice)
    }

    /// setpriority(2) of a process.
    ///
    /// # Errors
    /// ESRCH, EPERM for somebody else's, EACCES for what needs CAP_SYS_NICE.
    pub fn set_priority(&mut self, vpid: u32, nice: i32) -> Result<()> {
        gate!(self, "setpriority", &[0, u64::from(vpid), nice as u64]);
        let nice = nice.clamp(-20, 19);
        let target = if vpid == 0 { self.me.clone() } else { self.fellow(vpid)? };
        let me = &self.me.cred;
        let mine = me.uid == target.cred.ruid || me.uid == target.cred.uid;
        let whole = target.cred.caps.permitted.minus(me.caps.permitted).is_empty();
        if !(mine && whole || self.capable_over(Capability::SysNice, 0)) {
            return Err(Errno::EPERM);
        }
        if nice < target.nice && !self.capable_over(Capability::SysNice, 0) {
            return Err(Errno::EACCES);
        }
        if target.pid == self.me.pid {
            self.me.nice = nice;
            self.publish();
        } else if let Some(p) = self.machine.processes.get_mut(&target.pid) {
            std::sync::Arc::make_mut(p).nice = nice;
        }
        Ok(())
    }

    /// prctl(PR_CAP_AMBIENT_RAISE) of a set: what is permitted and inheritable.
    ///
    /// # Errors
    /// EPERM.
    pub fn raise_ambient(&mut self, set: CapSet) -> Result<()> {
        gate!(self, "prctl");
        let caps = &mut self.me.cred.caps;
        if !set.minus(caps.permitted.and(caps.inheritable)).is_empty() {
            return Err(Errno::EPERM);
        }
        caps.ambient = set;
        Ok(())
    }

    /// setresuid(2) of a process that asked to keep its permitted set (PR_SET_KEEPCAPS).
    ///
    /// # Errors
    /// EPERM.
    pub fn setuid_keeping(&mut self, uid: u32) -> Result<()> {
        for call in ["getresuid", "setresuid"] {
            gate!(self, call);
        }
        let (real, saved) = (self.me.cred.ruid, self.me.cred.suid);
        if !self.capable_over(Capability::Setuid, 0) && uid != real && uid != saved {
            return Err(Errno::EPERM);
        }
        let c = &mut self.me.cred;
        (c.ruid, c.uid, c.suid) = (uid, uid, uid);
        self.publish();
        Ok(())
    }

    /// Holds so many bytes in memory. What is more than the container's cgroup allows has the kernel kill all of its
    /// processes (`memory.oom.group`); false is then the answer.
    pub fn hold(&mut self, bytes: u64) -> bool {
        let Some((limit, id)) = self.space().and_then(|s| Some((s.memory?, s.id))) else { return true };
        if bytes <= limit {
            return true;
        }
        let (comm, pid, uid) = (self.me.comm.clone(), self.me.pid, self.me.cred.uid);
        self.machine.log_line(format!(
            "Memory cgroup out of memory: Killed process {pid} ({comm}) total-vm:{}kB, anon-rss:{}kB, file-rss:1152kB, shmem-rss:0kB, UID:{uid} pgtables:{}kB oom_score_adj:999",
            limit / 1024 + 3200,
            limit / 1024,
            limit / 524_288 + 44
        ));
        self.machine.out_of_memory.insert(id);
        self.stop(State::Killed(9));
        false
    }
}
