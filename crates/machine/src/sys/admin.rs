//! Calls that change what a process or the whole system is: users, namespaces, mounts, host name, clock, log.
//!
//! Models kernel/sys.c, kernel/user_namespace.c, fs/namespace.c.

use gatehouse_core::effects::apparmor::{MountRequest, NetworkAccess, Operation, mount_flag};
use gatehouse_core::effects::capabilities::{Capability, NewPrivileges, ProcessCaps, Uids};

use super::{Handle, Open, Result, Sys, gate};
use crate::errno::Errno;
use crate::fs::{Dir, Kind, Loc};
use crate::process::UserNamespace;

/// Bits of clone(2) and unshare(2).
#[derive(Clone, Copy, Debug)]
pub struct Clone;

impl Clone {
    /// `CLONE_NEWNS`
    pub const NEWNS: u32 = 0x2_0000;
    /// `CLONE_NEWUTS`
    pub const NEWUTS: u32 = 0x400_0000;
    /// `CLONE_NEWIPC`
    pub const NEWIPC: u32 = 0x800_0000;
    /// `CLONE_NEWUSER`
    pub const NEWUSER: u32 = 0x1000_0000;
    /// `CLONE_NEWPID`
    pub const NEWPID: u32 = 0x2000_0000;
    /// `CLONE_NEWNET`
    pub const NEWNET: u32 = 0x4000_0000;
    /// `CLONE_NEWCGROUP`
    pub const NEWCGROUP: u32 = 0x200_0000;
}

impl Sys<'_> {
    /// getuid(2) and its kin under their names: the number the process sees, or -1 where the filter refuses.
    pub fn getid(&mut self, call: &'static str) -> u32 {
        if self.call(call).is_err() {
            return u32::MAX;
        }
        let c = &self.me.cred;
        match call {
            "getuid" => c.seen_uid(c.ruid),
            "geteuid" => c.seen_uid(c.uid),
            _ => c.seen_gid(c.gid),
        }
    }

    /// setuid(2).
    ///
    /// # Errors
    /// EPERM.
    pub fn setuid(&mut self, uid: u32) -> Result<()> {
        gate!(self, "setuid", &[u64::from(uid)]);
        let c = &self.me.cred;
        let from = Uids { real: c.ruid, effective: c.uid, saved: c.suid };
        let privileged = self.capable_over(Capability::Setuid, 0);
        let to = if privileged {
            Uids::same(uid)
        } else if uid == from.real || uid == from.saved {
            Uids { effective: uid, ..from }
        } else {
            return Err(Errno::EPERM);
        };
        let c = &mut self.me.cred;
        c.caps = c.caps.after_setuid(from, to);
        (c.ruid, c.uid, c.suid) = (to.real, to.effective, to.saved);
        self.publish();
        Ok(())
    }

    /// setgid(2).
    ///
    /// # Errors
    /// EPERM.
    pub fn setgid(&mut self, gid: u32) -> Result<()> {
        gate!(self, "setgid", &[u64::from(gid)]);
        if self.me.cred.gid != gid && !self.capable_over(Capability::Setgid, 0) {
            return Err(Errno::EPERM);
        }
        self.me.cred.gid = gid;
        Ok(())
    }

    /// setgroups(2).
    ///
    /// # Errors
    /// EPERM.
    pub fn setgroups(&mut self, groups: &[u32]) -> Result<()> {
        gate!(self, "setgroups");
        if !self.capable_over(Capability::Setgid, 0) {
            return Err(Errno::EPERM);
        }
        self.me.cred.groups = groups.to_vec();
        Ok(())
    }

    /// unshare(2).
    ///
    /// # Errors
    /// EPERM, EACCES.
    pub fn unshare(&mut self, flags: u32) -> Result<()> {
        gate!(self, "unshare", &[u64::from(flags)]);
        if flags & Clone::NEWUSER != 0 {
            self.ask(&Operation::CreateUserNamespace)?;
            let from_setfcap = self.me.cred.caps.effective.has(Capability::Setfcap);
            let owns = flags & !Clone::NEWUSER;
            self.me.cred.user_namespace =
                Some(UserNamespace { from_setfcap, owns, ..UserNamespace::default() });
            self.me.cred.caps = ProcessCaps::in_new_user_namespace();
        } else if flags != 0 && !self.capable_over(Capability::SysAdmin, 0) {
            return Err(Errno::EPERM);
        }
        if flags & (Clone::NEWNS | Clone::NEWUTS | Clone::NEWNET) != 0
            && let Some(space) = self.space().map(|s| (**s).clone())
        {
            self.me.space = self.machine.add_space(space);
        }
        self.publish();
        Ok(())
    }

    /// Writes a line to /proc/self/uid_map or gid_map: `inside outside count`.
    ///
    /// # Errors
    /// EINVAL, EPERM.
    pub(crate) fn map_ids(&mut self, text: &str, groups: bool) -> Result<()> {
        let mut numbers = text.split_whitespace().map(|n| n.parse::<u32>().map_err(|_| Errno::EINVAL));
        let mut next = || numbers.next().unwrap_or(Err(Errno::EINVAL));
        let (inside, outside, count) = (next()?, next()?, next()?);
        if count != 1 || outside == u32::MAX || inside == u32::MAX {
            return Err(Errno::EINVAL);
        }
        let (uid, gid) = (self.me.cred.uid, self.me.cred.gid);
        let Some(n) = &mut self.me.cred.user_namespace else { return Err(Errno::EPERM) };
        if outside != if groups { gid } else { uid } {
            return Err(Errno::EPERM);
        }
        // verify_root_map: the parent's root may be mapped only by who could give files capabilities there.
        if !groups && outside == 0 && !n.from_setfcap {
            return Err(Errno::EPERM);
        }
        *(if groups { &mut n.gid_map } else { &mut n.uid_map }) = Some((inside, outside));
        self.publish();
        Ok(())
    }

    /// setns(2) into the namespaces of a process.
    ///
    /// # Errors
    /// EPERM.
    pub fn setns(&mut self, vpid: u32) -> Result<()> {
        gate!(self, "setns");
        if !(self.capable(Capability::SysAdmin) && self.me.cred.caps.capable(Capability::SysChroot)) {
            return Err(Errno::EPERM);
        }
        let ns = self.space().map(|s| s.pid_ns);
        let target = self
            .machine
            .processes
            .values()
            .find(|p| p.vpid == vpid && self.machine.space(p.space).map(|s| s.pid_ns) == ns);
        let Some((space, root)) = target.map(|p| (p.space, p.root)) else { return Err(Errno::ESRCH) };
        (self.me.space, self.me.root, self.me.cwd) = (space, root, root);
        Ok(())
    }

    /// mount(2), or the first call of its newer kin under its name. `flags` are `MS_*`.
    ///
    /// # Errors
    /// As mount(2).
    pub fn mount(
        &mut self,
        call: &'static str,
        source: &str,
        point: &str,
        fstype: &str,
        flags: u32,
    ) -> Result<()> {
        gate!(self, call);
        let found = self.walk(point, true)?;
        let at = found.existing()?;
        let path = self.path_of(at);
        let slashed = if path.ends_with('/') { path.clone() } else { format!("{path}/") };
        let bind = flags & mount_flag::BIND != 0;
        let from = if bind && flags & mount_flag::REMOUNT == 0 {
            Some(self.walk(source, true)?.existing()?)
        } else {
            None
        };
        let resolved = from.map(|f| self.path_of(f)).map(|p| if p.ends_with('/') { p } else { p + "/" });
        let request = MountRequest {
            source: Some(resolved.as_deref().unwrap_or(source)),
            point: &slashed,
            fstype: (!fstype.is_empty()).then_some(fstype),
            flags,
        };
        self.ask(&Operation::Mount(request))?;
        if !self.capable_over(Capability::SysAdmin, Clone::NEWNS) {
            return Err(Errno::EPERM);
        }
        let now = self.machine.now.0;
        let space = self.me.space;
        let read_only = flags & mount_flag::RDONLY != 0;
        if flags & mount_flag::REMOUNT != 0 {
            if let Some(m) = self.machine.space_mut(space).and_then(|s| s.mounts.get_mut(at.mount)) {
                m.read_only = read_only;
            }
            return Ok(());
        }
        if flags & mount_flag::PROPAGATION != 0 {
            return Ok(());
        }
        let root = match (from, fstype) {
            (Some(f), _) => f.ino,
            (None, "tmpfs" | "ramfs") => self.machine.fs.add(
                Kind::Dir(Dir::default()),
                0o1777,
                self.me.cred.uid,
                self.me.cred.gid,
                now,
            ),
            (None, "proc") => crate::procfs::build(self.machine),
            (None, "sysfs" | "cgroup2" | "devpts" | "mqueue" | "overlay") => {
                self.machine.fs.new_root(0o755, now)
            }
            (None, _) if source.starts_with("/dev/") => {
                return Err(if self.walk(source, true)?.at.is_some() {
                    Errno::EACCES
                } else {
                    Errno::ENOENT
                });
            }
            _ => return Err(Errno::ENODEV),
        };
        let options: &[&str] = if read_only { &["ro", "relatime"] } else { &["rw", "relatime"] };
        let fstype = if bind { "ext4" } else { fstype };
        if let Some(s) = self.machine.space_mut(space) {
            s.mounts.mount(at, root, &path, source, fstype, options);
        }
        Ok(())
    }

    /// umount2(2).
    ///
    /// # Errors
    /// As umount(2).
    pub fn umount(&mut self, point: &str) -> Result<()> {
        gate!(self, "umount2");
        let at = self.walk(point, true)?.existing()?;
        let path = self.path_of(at);
        if !self.capable_over(Capability::SysAdmin, Clone::NEWNS) {
            return Err(Errno::EPERM);
        }
        let is_root = self.space().and_then(|s| s.mounts.get(at.mount)).is_some_and(|m| m.root == at.ino);
        if !is_root {
            return Err(Errno::EINVAL);
        }
        self.ask(&Operation::Umount(&if path.ends_with('/') { path } else { path + "/" }))?;
        let space = self.me.space;
        if let Some(s) = self.machine.space_mut(space) {
            s.mounts.unmount(at.mount);
        }
        Ok(())
    }

    /// chroot(2).
    ///
    /// # Errors
    /// As chroot(2).
    pub fn chroot(&mut self, path: &str) -> Result<()> {
        gate!(self, "chroot");
        let at = self.walk(path, true)?.existing()?;
        let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
        if !inode.is_dir() {
            return Err(Errno::ENOTDIR);
        }
        if !self.may(&inode, 1) {
            return Err(Errno::EACCES);
        }
        if !self.capable_over(Capability::SysChroot, 0) {
            return Err(Errno::EPERM);
        }
        self.me.root = at;
        Ok(())
    }

    /// syslog(2): the kernel's log.
    ///
    /// # Errors
    /// EPERM where dmesg is restricted.
    pub fn syslog(&mut self) -> Result<String> {
        gate!(self, "syslog", &[3]);
        if let Some(text) = self.space().and_then(|s| s.kernel.as_ref()).and_then(|k| k.dmesg.clone()) {
            return Ok(text);
        }
        if !self.capable(Capability::Syslog) {
            return Err(Errno::EPERM);
        }
        let booted = self.machine.booted;
        Ok(self
            .machine
            .log
            .iter()
            .map(|(at, line)| {
                format!("[{:5}.{:06}] {line}\n", (at - booted) / 1000, (at - booted) % 1000 * 1000)
            })
            .collect())
    }

    /// socket(2). Gives its number.
    ///
    /// # Errors
    /// EAFNOSUPPORT, EACCES, EPERM.
    pub fn socket(&mut self, family: u16, kind: u32, protocol: i32) -> Result<i32> {
        let args = [u64::from(family), u64::from(kind), u64::from(protocol.unsigned_abs())];
        gate!(self, "socket", &args, stat);
        if !matches!(family, 1 | 2 | 10 | 16 | 17 | 38 | 40) {
            return Err(Errno::EAFNOSUPPORT);
        }
        let access = NetworkAccess::Create;
        self.ask(&Operation::Socket { access, family, kind, protocol, local_port: 0 })?;
        let raw = family == 17 || kind == 3 && matches!(family, 2 | 10);
        if raw && !self.capable_over(Capability::NetRaw, Clone::NEWNET) {
            return Err(Errno::EPERM);
        }
        let icmp = kind == 2 && matches!(protocol, 1 | 58) && matches!(family, 2 | 10);
        if icmp && !self.space().is_some_and(|s| s.unprivileged_ping) {
            return Err(Errno::EACCES);
        }
        let handle: Handle = std::rc::Rc::new(std::cell::RefCell::new(Open::Socket {
            datagram: kind == 2,
            // A raw socket's protocol stands where others have their port.
            port: if kind == 3 && family == 2 { u16::try_from(protocol).unwrap_or(0) } else { 0 },
            of: (
                family,
                kind,
                match (kind, protocol) {
                    (1, 0) if family != 1 => 6,
                    (2, 0) if family != 1 => 17,
                    (_, p) => p,
                },
            ),
            peer: None,
        }));
        let fd = self.next_fd();
        self.fds.insert(fd, handle);
        Ok(fd)
    }

    /// Asks the security module for a use of a socket.
    fn use_socket(&mut self, fd: i32, access: NetworkAccess) -> Result<()> {
        let Some(handle) = self.fds.get(&fd).cloned() else { return Ok(()) };
        let Open::Socket { port, of: (family, kind, protocol), .. } = *handle.borrow() else { return Ok(()) };
        self.ask(&Operation::Socket { access, family, kind, protocol, local_port: port }).map(|_| ())
    }

    /// A call on a socket that has no effect a program could see but its failure.
    ///
    /// # Errors
    /// What the gate and the security module say.
    pub fn socket_call(&mut self, fd: i32, call: &'static str) -> Result<()> {
        gate!(self, call);
        let access = match call {
            "connect" => NetworkAccess::Connect,
            "setsockopt" => NetworkAccess::Setopt,
            "getsockopt" => NetworkAccess::Getopt,
            "getsockname" => NetworkAccess::Getattr,
            "sendto" | "sendmsg" | "write" => NetworkAccess::Send,
            "recvfrom" | "recvmsg" | "read" => NetworkAccess::Receive,
            _ => return Ok(()),
        };
        self.use_socket(fd, access)
    }

    /// bind(2) to a port.
    ///
    /// # Errors
    /// EACCES below the unprivileged ports without CAP_NET_BIND_SERVICE.
    pub fn bind(&mut self, fd: i32, port: u16) -> Result<()> {
        gate!(self, "bind");
        self.use_socket(fd, NetworkAccess::Bind)?;
        let limit = self.space().map_or(1024, |s| s.unprivileged_ports);
        if port != 0 && port < limit && !self.capable_over(Capability::NetBindService, Clone::NEWNET) {
            return Err(Errno::EACCES);
        }
        if let Some(h) = self.fds.get(&fd)
            && let Open::Socket { port: p, .. } = &mut *h.borrow_mut()
        {
            *p = port;
        }
        Ok(())
    }

    /// listen(2): from now on whoever connects to the socket's port finds the process.
    ///
    /// # Errors
    /// EADDRINUSE where another process of the network namespace listens there.
    pub fn listen(&mut self, fd: i32) -> Result<()> {
        gate!(self, "listen");
        let handle = self.fds.get(&fd).cloned().ok_or(Errno::EBADF)?;
        let Open::Socket { datagram, port, .. } = *handle.borrow() else { return Err(Errno::ENOTSOCK) };
        self.use_socket(fd, NetworkAccess::Listen)?;
        let mine = self.space().map(|s| s.address.clone()).unwrap_or_default();
        if crate::programs::listener(self.machine, &mine, port, datagram).is_some() {
            return Err(Errno::EADDRINUSE);
        }
        std::sync::Arc::make_mut(&mut self.me.listens).push((port, datagram));
        self.publish();
        Ok(())
    }

    /// An ioctl or netlink request that changes the network.
    ///
    /// # Errors
    /// EPERM.
    pub fn change_network(&mut self, call: &'static str) -> Result<()> {
        gate!(self, call);
        if self.capable_over(Capability::NetAdmin, Clone::NEWNET) { Ok(()) } else { Err(Errno::EPERM) }
    }

    /// setxattr(2) of `security.capability`.
    ///
    /// # Errors
    /// As setxattr(2).
    pub fn set_file_caps(
        &mut self,
        path: &str,
        caps: gatehouse_core::effects::capabilities::CapSet,
    ) -> Result<()> {
        gate!(self, "fsetxattr");
        let at = self.walk(path, true)?.existing()?;
        if self.read_only(at) {
            return Err(Errno::EROFS);
        }
        if !self.capable(Capability::Setfcap) {
            return Err(Errno::EPERM);
        }
        self.machine.file_caps.insert(at.ino, caps);
        Ok(())
    }

    /// removexattr(2) of `security.capability`.
    ///
    /// # Errors
    /// As removexattr(2); ENODATA where there is none.
    pub fn remove_file_caps(&mut self, path: &str) -> Result<()> {
        gate!(self, "fremovexattr");
        let at = self.walk(path, true)?.existing()?;
        if !self.capable(Capability::Setfcap) {
            return Err(Errno::EPERM);
        }
        self.machine.file_caps.remove(&at.ino).map(|_| ()).ok_or(Errno::ENOENT)
    }

    /// prctl(PR_SET_NO_NEW_PRIVS).
    pub fn no_new_privileges(&mut self) {
        if self.call("prctl").is_ok() {
            self.me.cred.new_privileges = NewPrivileges::Forbidden;
        }
    }

    /// Where a process's root and working directory are, for who builds containers.
    pub fn set_place(&mut self, root: Loc, cwd: Loc) {
        (self.me.root, self.me.cwd) = (root, cwd);
    }

    /// The profile the next exec takes on (`/proc/self/attr/apparmor/exec`), past its own rules: runc's way in.
    pub(crate) fn change_on_exec(&mut self, label: gatehouse_core::effects::apparmor::Label) {
        self.on_exec = Some(label);
    }
}
