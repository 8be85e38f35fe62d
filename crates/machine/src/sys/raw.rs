//! System calls by name and arguments, as a program without a C library makes them.
//!
//! For what no program here needs as such: probes, `strace`-like exercises. Every call passes the same gate and the
//! same checks; calls that need more than a right end where the kernel would look at their arguments.

use gatehouse_core::effects::apparmor::{Operation, PathOp};
use gatehouse_core::effects::capabilities::Capability;

use super::{Flags, Gate, Result, Sys, gate};
use crate::errno::Errno;
use crate::fs::Kind;

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A number.
    Number(i64),
    /// A string in memory.
    Text(String),
    /// A buffer in memory.
    Buffer,
}

impl Arg {
    fn word(&self) -> u64 {
        match self {
            Self::Number(n) => *n as u64,
            Self::Text(_) | Self::Buffer => 0x7fff_0000_1000,
        }
    }
}

impl Sys<'_> {
    /// Makes a call. `Ok` is any result that is no error.
    ///
    /// # Errors
    /// The call's error number.
    pub fn raw(&mut self, name: &'static str, args: &[Arg]) -> Result<()> {
        let words: Vec<u64> = args.iter().map(Arg::word).collect();
        match self.gate(name, &words) {
            Gate::Pass => {}
            Gate::Skip => return Ok(()),
            Gate::Fail(e) => return Err(e),
        }
        // The filter was asked under the call's own name; what follows is inside the kernel.
        self.filtered = false;
        let done = self.raw_inside(name, args);
        self.filtered = true;
        done
    }

    fn raw_inside(&mut self, name: &'static str, args: &[Arg]) -> Result<()> {
        let text = |i: usize| match args.get(i) {
            Some(Arg::Text(t)) => t.clone(),
            _ => String::new(),
        };
        let number = |i: usize| match args.get(i) {
            Some(Arg::Number(n)) => *n,
            _ => 0,
        };
        let id = |i: usize| u32::try_from(number(i)).unwrap_or(u32::MAX);
        let memory = |i: usize| !matches!(args.get(i), Some(Arg::Number(_)) | None);
        match name {
            "open" => {
                let bits = number(1);
                let flags = Flags {
                    read: matches!(bits & 3, 0 | 2),
                    write: matches!(bits & 3, 1 | 2),
                    create: bits & 0o100 != 0,
                    exclusive: bits & 0o200 != 0,
                    truncate: bits & 0o1000 != 0,
                    append: bits & 0o2000 != 0,
                };
                self.open_handle(&text(0), flags, id(2)).map(|_| ())
            }
            "mkdir" => self.mkdir(&text(0), id(1)),
            "rmdir" => self.rmdir("rmdir", &text(0)),
            "unlink" => self.unlink("unlink", &text(0)),
            "rename" => self.rename("rename", &text(0), &text(1)),
            "symlink" => self.symlink("symlink", &text(0), &text(1)),
            "link" => self.link("link", &text(0), &text(1)),
            "chmod" => self.chmod("chmod", &text(0), id(1)),
            "chown" => self.chown("chown", &text(0), Some(id(1)), Some(id(2)), true),
            "truncate" => self.truncate(&text(0)),
            "mknod" => {
                let (mode, device) = (id(1), id(2));
                let (major, minor) = (device >> 8, device & 255);
                let kind = match mode & 0o170_000 {
                    0o010_000 => Kind::Fifo,
                    0o020_000 => Kind::Char(major, minor),
                    0o060_000 => Kind::Block(major, minor),
                    _ => Kind::File(std::sync::Arc::default()),
                };
                self.mknod(&text(0), kind, mode & 0o7777)
            }
            "utimensat" => self.utime(&text(1), None),
            "access" => self.access("access", &text(0), id(1)),
            "stat" => self.stat(&text(0)).map(|_| ()),
            "execve" => self.exec(&text(0), &[text(0)]).map(|_| ()),
            "socket" => self
                .socket(u16::try_from(number(0)).unwrap_or(0), id(1), i32::try_from(number(2)).unwrap_or(0))
                .map(|_| ()),
            "mount" => self.mount("mount", &text(0), &text(1), &text(2), id(3)),
            "umount2" => self.umount(&text(0)),
            "sethostname" => self.sethostname(&text(0)),
            "chroot" => self.chroot(&text(0)),
            "setuid" => self.setuid(id(0)),
            "setgid" => self.setgid(id(0)),
            "kill" => self.kill(id(0), i32::try_from(number(1)).unwrap_or(0)),
            "unshare" => self.unshare(id(0)),
            "syslog" => self.syslog().map(|_| ()),
            "pivot_root" => {
                let operation = Operation::PivotRoot { new_root: "/", old_root: "/" };
                if !self.capable_over(Capability::SysAdmin, super::Clone::NEWNS) {
                    return Err(Errno::EPERM);
                }
                self.ask(&operation)?;
                Err(Errno::EBUSY)
            }
            other => self.raw_admin(other, &number, &memory),
        }
    }

    /// Calls on the whole system: which capability, and what the kernel says next.
    fn raw_admin(
        &mut self,
        name: &str,
        number: &dyn Fn(usize) -> i64,
        memory: &dyn Fn(usize) -> bool,
    ) -> Result<()> {
        let mut needs =
            |c: Capability, e: Errno, then: Result<()>| if self.capable(c) { then } else { Err(e) };
        let perm = Errno::EPERM;
        match name {
            "swapon" | "swapoff" => needs(Capability::SysAdmin, perm, Err(Errno::ENOENT)),
            "acct" => needs(Capability::SysPacct, perm, Err(Errno::ENOENT)),
            "iopl" => needs(Capability::SysRawio, perm, Ok(())),
            "init_module" => needs(Capability::SysModule, perm, Err(Errno::ENOEXEC)),
            "delete_module" => needs(Capability::SysModule, perm, Err(Errno::ENOENT)),
            "kexec_load" | "reboot" => needs(Capability::SysBoot, perm, Ok(())),
            "setpriority" if number(2) < 0 => needs(Capability::SysNice, Errno::EACCES, Ok(())),
            "vhangup" => needs(Capability::SysTtyConfig, perm, Ok(())),
            "userfaultfd" => needs(Capability::SysPtrace, perm, Ok(())),
            "perf_event_open" => {
                // perf_event_paranoid is 2 or more: only who may see the kernel's own counters goes on.
                let seen =
                    needs(Capability::Perfmon, perm, Ok(())).is_ok() || self.capable(Capability::SysAdmin);
                Err(if seen { Errno::ENOENT } else { Errno::EACCES })
            }
            "bpf" => Err(Errno::EINVAL),
            "keyctl" => Err(Errno::EOPNOTSUPP),
            "open_by_handle_at" => {
                Err(if number(0) < 0 && (memory(1) || self.machine.kernel.before(6, 14)) {
                    Errno::EBADF
                } else {
                    Errno::EFAULT
                })
            }
            "io_uring_setup" | "setrlimit" | "settimeofday" => Err(Errno::EFAULT),
            "quotactl" => Err(Errno::ENODEV),
            "clock_settime" => Err(Errno::EINVAL),
            "setns" => Err(Errno::EBADF),
            "lookup_dcookie" => Err(Errno::ENOSYS),
            _ => Ok(()),
        }
    }

    /// truncate(2).
    ///
    /// # Errors
    /// As truncate(2).
    pub fn truncate(&mut self, path: &str) -> Result<()> {
        gate!(self, "truncate");
        let found = self.walk(path, true)?;
        let at = found.existing()?;
        let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
        if inode.is_dir() {
            return Err(Errno::EISDIR);
        }
        if self.read_only(at) {
            return Err(Errno::EROFS);
        }
        if !self.may(&inode, super::walk::WRITE) {
            return Err(Errno::EACCES);
        }
        self.lsm(PathOp::Truncate, &found)?;
        self.set_content(at, Vec::new());
        Ok(())
    }
}
