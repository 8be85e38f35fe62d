//! Processes and the spaces (namespaces) they live in.

use std::sync::Arc;

use gatehouse_core::effects::apparmor::Label;
use gatehouse_core::effects::capabilities::{CapSet, NewPrivileges, ProcessCaps};
use gatehouse_core::effects::seccomp::Filter;

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

/// A user namespace a process made: what its capabilities count for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserNamespace {
    /// Whether whoever made it had CAP_SETFCAP: without, root cannot be mapped to root.
    pub from_setfcap: bool,
    /// The one user mapped: inside, outside.
    pub uid_map: Option<(u32, u32)>,
    /// The one group mapped.
    pub gid_map: Option<(u32, u32)>,
    /// Whether namespaces of mounts, host name and network were made inside it (`CLONE_*` bits).
    pub owns: u32,
}

/// Users, groups and what else decides what a process may do.
#[derive(Clone, Debug, Default)]
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
    /// Capability sets.
    pub caps: ProcessCaps,
    /// `no_new_privs`
    pub new_privileges: NewPrivileges,
    /// Seccomp filters, newest last.
    pub filters: Vec<Arc<Filter>>,
    /// The AppArmor label.
    pub label: Label,
    /// The user namespace it made, if it did.
    pub user_namespace: Option<UserNamespace>,
}

impl Cred {
    /// A user of the host with one group; root has every capability.
    #[must_use]
    pub fn user(uid: u32, gid: u32) -> Self {
        let all = CapSet::ALL;
        let own = if uid == 0 { all } else { CapSet::EMPTY };
        let caps = ProcessCaps { permitted: own, effective: own, bounding: all, ..ProcessCaps::default() };
        Self { ruid: uid, uid, suid: uid, gid, groups: vec![gid], caps, ..Self::default() }
    }

    /// Whether the process is in a group.
    #[must_use]
    pub fn in_group(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }

    /// A user's number as the process itself sees it.
    #[must_use]
    pub fn seen_uid(&self, uid: u32) -> u32 {
        match &self.user_namespace {
            None => uid,
            Some(n) => n.uid_map.filter(|(_, outside)| *outside == uid).map_or(65534, |(inside, _)| inside),
        }
    }

    /// A group's number as the process itself sees it.
    #[must_use]
    pub fn seen_gid(&self, gid: u32) -> u32 {
        match &self.user_namespace {
            None => gid,
            Some(n) => n.gid_map.filter(|(_, outside)| *outside == gid).map_or(65534, |(inside, _)| inside),
        }
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
    /// Whether busybox's shell runs applets itself instead of executing files (Debian's build does, Docker's does not).
    pub standalone_shell: bool,
    /// Which devices may be made and opened: the host's and privileged containers' all, others' a short list.
    pub all_devices: bool,
    /// `net.ipv4.ip_unprivileged_port_start`
    pub unprivileged_ports: u16,
    /// Whether `net.ipv4.ping_group_range` lets everybody ping.
    pub unprivileged_ping: bool,
    /// The sandbox's own kernel, where it has one (gVisor, Kata).
    pub kernel: Option<Arc<crate::machine::Kernel>>,
    /// The address of its network namespace.
    pub address: String,
    /// The host's user that stands for root in its user namespace; 0 in the host's own.
    pub id_shift: u32,
    /// How many bytes its processes may hold together.
    pub memory: Option<u64>,
    /// The ports its container says it has; a server nothing is known of listens there.
    pub ports: Vec<u16>,
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
    /// A shell below it, the process of this number, has the keyboard.
    Typing(u32),
    /// It ended by itself.
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
}

/// A process.
#[derive(Clone, Debug)]
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
    /// The session of the terminal it is on: the number of the shell that was opened with it.
    pub terminal: Option<u32>,
    /// The executable's path.
    pub exe: String,
    /// The arguments, with the command.
    pub argv: Arc<Vec<String>>,
    /// The environment, in order.
    pub env: Arc<Vec<(String, String)>>,
    /// How it stands.
    pub state: State,
    /// The ports it listens on, each with whether that is UDP.
    pub listens: Arc<Vec<(u16, bool)>>,
    /// When it started, in milliseconds since 1970.
    pub started: i64,
    /// How much it gives way to others: 19 most, -20 least.
    pub nice: i32,
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
