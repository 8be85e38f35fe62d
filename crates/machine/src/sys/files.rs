//! Calls on files: open, read, write, stat, and everything that changes a directory.
//!
//! The order of checks is the kernel's (fs/namei.c, fs/open.c, fs/attr.c): lookup, then for each call what
//! stands here.

mod change;

use std::sync::Arc;

use super::walk::{Found, READ, WRITE};
use gatehouse_core::effects::apparmor::PathOp;

use super::{Handle, Open, Result, Sys, Tty, gate};
use crate::errno::Errno;
use crate::fs::{Dir, Inode, Kind, Loc};
use gatehouse_core::effects::capabilities::Capability;

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags {
    /// For reading.
    pub read: bool,
    /// For writing.
    pub write: bool,
    /// Made where missing.
    pub create: bool,
    /// Must not exist yet.
    pub exclusive: bool,
    /// Emptied.
    pub truncate: bool,
    /// Writes go to the end.
    pub append: bool,
}

impl Flags {
    /// `O_RDONLY`
    pub const READ: Self =
        Self { read: true, write: false, create: false, exclusive: false, truncate: false, append: false };
    /// `O_WRONLY|O_CREAT|O_TRUNC`
    pub const CREATE: Self =
        Self { read: false, write: true, create: true, exclusive: false, truncate: true, append: false };
    /// `O_WRONLY|O_CREAT|O_APPEND`
    pub const APPEND: Self =
        Self { read: false, write: true, create: true, exclusive: false, truncate: false, append: true };

    const fn bits(self) -> u64 {
        let access = match (self.read, self.write) {
            (true, true) => 2,
            (false, true) => 1,
            _ => 0,
        };
        access
            | if self.create { 0o100 } else { 0 }
            | if self.exclusive { 0o200 } else { 0 }
            | if self.truncate { 0o1000 } else { 0 }
            | if self.append { 0o2000 } else { 0 }
    }
}

/// What `stat` tells.
#[derive(Clone, Debug)]
pub struct Stat {
    /// The inode.
    pub inode: Arc<Inode>,
    /// Its number.
    pub ino: u64,
    /// The mount it was seen through, as a device number.
    pub dev: u32,
}

impl std::ops::Deref for Stat {
    type Target = Inode;
    fn deref(&self) -> &Inode {
        &self.inode
    }
}

impl Sys<'_> {
    pub(super) fn next_fd(&self) -> i32 {
        (0..).find(|n| !self.fds.contains_key(n)).unwrap_or(0)
    }

    /// Opens a file.
    ///
    /// # Errors
    /// As open(2).
    pub fn open(&mut self, path: &str, flags: Flags, mode: u32) -> Result<i32> {
        gate!(self, "openat", &[-100i64 as u64, 0, flags.bits(), u64::from(mode)]);
        let handle = self.open_handle(path, flags, mode)?;
        let fd = self.next_fd();
        self.fds.insert(fd, handle);
        Ok(fd)
    }

    /// creat(2), for programs that still call it.
    ///
    /// # Errors
    /// As open(2).
    pub fn creat(&mut self, path: &str, mode: u32) -> Result<i32> {
        gate!(self, "creat", &[0, u64::from(mode)]);
        let handle = self.open_handle(path, Flags::CREATE, mode)?;
        let fd = self.next_fd();
        self.fds.insert(fd, handle);
        Ok(fd)
    }

    /// The part of open behind the gate.
    pub(super) fn open_handle(&mut self, path: &str, flags: Flags, mode: u32) -> Result<Handle> {
        let found = self.walk(path, true)?;
        if found.at.is_none() && !flags.create {
            return Err(Errno::ENOENT);
        }
        let at = match found.at {
            Some(_) if flags.create && flags.exclusive => return Err(Errno::EEXIST),
            Some(at) => {
                let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
                if inode.is_dir() && (flags.write || flags.create) {
                    return Err(Errno::EISDIR);
                }
                let mask =
                    if flags.read { READ } else { 0 } | if flags.write || flags.truncate { WRITE } else { 0 };
                let device =
                    matches!(inode.kind, Kind::Char(..) | Kind::Block(..) | Kind::Fifo | Kind::Socket);
                // O_TRUNC asks for a writable mount before anything else (do_open).
                if flags.truncate && !device && self.read_only(at) {
                    return Err(Errno::EROFS);
                }
                if !self.may(&inode, mask) {
                    return Err(Errno::EACCES);
                }
                if mask & WRITE != 0 && !device && self.read_only(at) {
                    return Err(Errno::EROFS);
                }
                self.device_cgroup(&inode.kind, true)?;
                let op = PathOp::Open {
                    read: flags.read,
                    write: flags.write,
                    append: flags.append,
                    truncate: flags.truncate,
                    create: flags.create,
                };
                self.lsm(op, &found)?;
                if flags.truncate && !device {
                    self.lsm(PathOp::Truncate, &found)?;
                }
                if mask & WRITE != 0 && at.ino >= crate::fs::PROC_BASE {
                    return crate::procfs::open_for_writing(self, at);
                }
                at
            }
            None => {
                self.may_create(&found, PathOp::Mknod)?;
                let now = self.machine.now.0;
                let mode = mode & !self.me.umask;
                let at = self.make(&found, Kind::File(Arc::default()), mode, now);
                let made = Found { at: Some(at), ..found.clone() };
                let op = PathOp::Open {
                    read: flags.read,
                    write: flags.write,
                    append: flags.append,
                    truncate: flags.truncate,
                    create: true,
                };
                self.lsm(op, &made)?;
                at
            }
        };
        if at.ino >= crate::fs::PROC_BASE {
            let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
            if let Kind::File(_) = inode.kind {
                return crate::procfs::read(self, at).map(|data| super::source(data, Tty::No));
            }
        }
        if let Some(h) = self.open_device(at)? {
            return Ok(h);
        }
        if flags.truncate {
            self.set_content(at, Vec::new());
        }
        Ok(std::rc::Rc::new(std::cell::RefCell::new(Open::File {
            at,
            pos: 0,
            read: flags.read,
            write: flags.write,
            append: flags.append,
            guard: self.guard_of(&found),
        })))
    }

    /// The capability a write to a sysctl needs though its mode bits let root in.
    fn guard_of(&self, found: &Found) -> Option<Capability> {
        let path = if self.is_procfs(found.dir) { self.found_path(found) } else { return None };
        let forwarding = path.ends_with("/ip_forward") || path.ends_with("/forwarding");
        (forwarding && path.contains("/sys/net/")).then_some(Capability::NetAdmin)
    }

    fn open_device(&mut self, at: Loc) -> Result<Option<Handle>> {
        match self.inode(at.ino).map(|i| i.kind.clone()) {
            Some(Kind::Char(5, 0)) => Err(Errno::ENXIO),
            Some(Kind::Char(major, _)) if !matches!(major, 1 | 5 | 136) => Err(Errno::ENXIO),
            // The node's own disk; no other is there.
            Some(Kind::Block(major, _)) if major != 252 => Err(Errno::ENXIO),
            Some(Kind::Socket) => Err(Errno::ENXIO),
            _ => Ok(None),
        }
    }

    pub(super) fn set_content(&mut self, at: Loc, data: Vec<u8>) {
        let now = self.machine.now.0;
        if let Some(i) = self.machine.fs.get_mut(at.ino)
            && let Kind::File(c) = &mut i.kind
        {
            *c = Arc::new(data);
            i.mtime = now;
        }
    }

    /// Makes an inode under the name that a walk found free.
    fn make(&mut self, found: &Found, kind: Kind, mode: u32, now: i64) -> Loc {
        let (uid, mut gid) = (self.me.cred.uid, self.me.cred.gid);
        let mut mode = mode;
        if let Some(parent) = self.machine.fs.get(found.dir.ino)
            && parent.mode & 0o2000 != 0
        {
            gid = parent.gid;
            if matches!(kind, Kind::Dir(_)) {
                mode |= 0o2000;
            }
        }
        let ino = self.machine.fs.add(kind, mode, uid, gid, now);
        self.machine.fs.link(found.dir.ino, &found.name, ino, now);
        Loc { mount: found.dir.mount, ino }
    }

    /// Checks for a new name: read-only mount, then the directory's bits and the security module.
    fn may_create(&mut self, found: &Found, op: PathOp) -> Result<()> {
        if found.dir.ino >= crate::fs::PROC_BASE || self.is_procfs(found.dir) {
            return Err(Errno::ENOENT);
        }
        if self.read_only(found.dir) {
            return Err(Errno::EROFS);
        }
        let dir = self.inode(found.dir.ino).ok_or(Errno::ENOENT)?;
        if !self.may(&dir, WRITE | 1) {
            return Err(Errno::EACCES);
        }
        self.lsm(op, found)
    }

    fn is_procfs(&self, at: Loc) -> bool {
        self.space().and_then(|s| s.mounts.get(at.mount).map(|m| m.fstype == "proc")).unwrap_or(false)
    }

    /// Checks for a name to be taken away: the directory's bits, the sticky bit, the security module.
    fn may_delete(&mut self, found: &Found, op: Option<PathOp>) -> Result<Loc> {
        if self.read_only(found.dir) {
            return Err(Errno::EROFS);
        }
        let at = found.existing()?;
        let dir = self.inode(found.dir.ino).ok_or(Errno::ENOENT)?;
        let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
        if let Some(op) = op {
            self.lsm(op, found)?;
        }
        if !self.may(&dir, WRITE | 1) {
            return Err(Errno::EACCES);
        }
        let me = self.me.cred.uid;
        if dir.mode & 0o1000 != 0
            && inode.uid != me
            && dir.uid != me
            && !self.capable_inode(Capability::Fowner, &inode)
        {
            return Err(Errno::EPERM);
        }
        if at.mount != found.dir.mount {
            return Err(Errno::EBUSY);
        }
        Ok(at)
    }

    /// stat(2), under the name of the call the C library uses.
    ///
    /// # Errors
    /// As stat(2).
    pub fn stat(&mut self, path: &str) -> Result<Stat> {
        gate!(self, "newfstatat", &[], stat);
        self.stat_at(path, true)
    }

    /// lstat(2).
    ///
    /// # Errors
    /// As lstat(2).
    pub fn lstat(&mut self, path: &str) -> Result<Stat> {
        gate!(self, "newfstatat", &[], stat);
        self.stat_at(path, false)
    }

    fn stat_at(&mut self, path: &str, follow: bool) -> Result<Stat> {
        let found = self.walk(path, follow)?;
        let at = found.existing()?;
        self.lsm(PathOp::Getattr, &found)?;
        let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
        Ok(Stat { inode, ino: at.ino, dev: at.mount })
    }

    /// fstat(2): what an open file is; `None` for pipes and the terminal.
    ///
    /// # Errors
    /// EBADF, or what the gate says.
    pub fn fstat(&mut self, fd: i32) -> Result<Option<Stat>> {
        gate!(self, "fstat", &[fd as u64]);
        let handle = self.fds.get(&fd).ok_or(Errno::EBADF)?;
        let Open::File { at, .. } = &*handle.borrow() else { return Ok(None) };
        let at = *at;
        Ok(self.inode(at.ino).map(|inode| Stat { inode, ino: at.ino, dev: at.mount }))
    }

    /// access(2) or faccessat2, by the real user.
    ///
    /// # Errors
    /// As access(2).
    pub fn access(&mut self, call: &'static str, path: &str, mask: u32) -> Result<()> {
        gate!(self, call);
        let found = self.walk(path, true)?;
        let at = found.existing()?;
        let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
        if mask != 0 && !self.may(&inode, mask) {
            return Err(Errno::EACCES);
        }
        if mask & WRITE != 0 && self.read_only(at) && !matches!(inode.kind, Kind::Char(..) | Kind::Block(..))
        {
            return Err(Errno::EROFS);
        }
        Ok(())
    }

    /// Whether the effective user may, worked out from what stat told: no call.
    pub fn access_quietly(&mut self, path: &str, mask: u32) -> bool {
        let Ok(found) = self.walk(path, true) else { return false };
        let Some(inode) = found.at.and_then(|a| self.inode(a.ino)) else { return false };
        self.me.cred.uid == 0 && (mask != 1 || inode.mode & 0o111 != 0) || self.may(&inode, mask)
    }

    /// readlink(2).
    ///
    /// # Errors
    /// As readlink(2); EINVAL for what is no link.
    pub fn read_link(&mut self, path: &str) -> Result<String> {
        gate!(self, "readlink");
        let found = self.walk(path, false)?;
        let at = found.existing()?;
        match self.inode(at.ino).map(|i| i.kind.clone()) {
            Some(Kind::Link(t)) => Ok(t.to_string()),
            _ => Err(Errno::EINVAL),
        }
    }

    /// The names in an open directory, in byte order.
    ///
    /// # Errors
    /// As open(2) and getdents64(2).
    pub fn list(&mut self, path: &str) -> Result<Vec<String>> {
        let (names, _) = self.list_open(path)?;
        gate!(self, "close");
        Ok(names)
    }

    /// As [`Self::list`]; the directory stays open until it is closed.
    ///
    /// # Errors
    /// As open(2) and getdents64(2).
    pub fn list_open(&mut self, path: &str) -> Result<(Vec<String>, i32)> {
        gate!(self, "openat", &[-100i64 as u64, 0, 0o200_000]);
        let found = self.walk(path, true)?;
        let at = found.existing()?;
        let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
        if !inode.is_dir() {
            return Err(Errno::ENOTDIR);
        }
        if !self.may(&inode, READ) {
            return Err(Errno::EACCES);
        }
        self.lsm(
            PathOp::Open { read: true, write: false, append: false, truncate: false, create: false },
            &found,
        )?;
        gate!(self, "fstat");
        gate!(self, "getdents64");
        let mut names: Vec<String> = match &inode.kind {
            Kind::Dir(d) => d.entries.keys().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        if matches!(&inode.kind, Kind::Dir(d) if d.procfs) {
            names.extend(crate::procfs::process_names(self.machine, &self.me));
        }
        Ok((names, self.next_fd()))
    }
}
