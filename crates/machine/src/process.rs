//! Processes and the spaces (namespaces) they live in.

use std::sync::Arc;

use crate::fs::{Loc, MountTable};

/// Which C library and tools a machine has: their messages and the system calls they make differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Userland {
    /// Debian's and Ubuntu's: coreutils, dash, util-linux, dynamically linked.
    #[default]
    Coreutils,
    /// One static busybox.
    Busybox,
}

/// Users, groups and what else decides what a process may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cred {
    /// The real user.
    pub ruid: u32,
    /// The effective user, also for files.
    pub uid: u32,
    /// The saved user.
    pub suid: u32,
    /// The effective group.
    pub gid: u32,
    /// The other groups.
    pub groups: Vec<u32>,
}

impl Cred {
    /// A user with one group.
    #[must_use]
    pub fn user(uid: u32, gid: u32) -> Self {
        Self { ruid: uid, uid, suid: uid, gid, groups: vec![gid] }
    }

    /// Whether the process is in a group.
    #[must_use]
    pub fn in_group(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }
}

/// A group of namespaces that processes share: the host's, or a container's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// Its number; 1 is the host's.
    pub id: u32,
    /// What is mounted.
    pub mounts: MountTable,
    /// The host name.
    pub hostname: String,
    /// The PID namespace; 1 is the host's.
    pub pid_ns: u32,
    /// Whose tools are installed.
    pub userland: Userland,
}

/// How a process stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It runs.
    #[default]
    Running,
    /// It waits until a moment (milliseconds since 1970), or for ever, and then ends with the exit code.
    Blocked(Option<i64>, i32),
    /// It waits for a person to edit a file.
    Editing(crate::EditRequest),
    /// It ended by itself.
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The number, as the host sees it.
    pub pid: u32,
    /// The number inside its PID namespace.
    pub vpid: u32,
    /// The parent's number, as the host sees it.
    pub ppid: u32,
    /// Credentials.
    pub cred: Cred,
    /// The number of its [`Space`].
    pub space: u32,
    /// The working directory.
    pub cwd: Loc,
    /// The root directory.
    pub root: Loc,
    /// The mask for new files.
    pub umask: u32,
    /// The command name, at most 15 letters.
    pub comm: String,
    /// The executable's path.
    pub exe: String,
    /// The arguments, with the command.
    pub argv: Arc<Vec<String>>,
    /// The environment, in order.
    pub env: Arc<Vec<(String, String)>>,
    /// How it stands.
    pub state: State,
    /// When it started, in milliseconds since 1970.
    pub started: i64,
}

impl Process {
    /// An environment variable.
    #[must_use]
    pub fn env(&self, name: &str) -> Option<&str> {
        self.env.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Whether it can go on.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.state == State::Running
    }
}

/// Numbers of the capabilities that calls ask for.
#[expect(missing_docs, reason = "the kernel's names, documented in capabilities(7)")]
pub mod cap {
    pub const CHOWN: u8 = 0;
    pub const DAC_OVERRIDE: u8 = 1;
    pub const DAC_READ_SEARCH: u8 = 2;
    pub const FOWNER: u8 = 3;
    pub const FSETID: u8 = 4;
    pub const KILL: u8 = 5;
    pub const SETGID: u8 = 6;
    pub const SETUID: u8 = 7;
    pub const SETPCAP: u8 = 8;
    pub const NET_BIND_SERVICE: u8 = 10;
    pub const NET_ADMIN: u8 = 12;
    pub const NET_RAW: u8 = 13;
    pub const SYS_MODULE: u8 = 16;
    pub const SYS_CHROOT: u8 = 18;
    pub const SYS_PTRACE: u8 = 19;
    pub const SYS_ADMIN: u8 = 21;
    pub const SYS_BOOT: u8 = 22;
    pub const SYS_NICE: u8 = 23;
    pub const SYS_TIME: u8 = 25;
    pub const MKNOD: u8 = 27;
    pub const SETFCAP: u8 = 31;
    pub const SYSLOG: u8 = 34;
}
