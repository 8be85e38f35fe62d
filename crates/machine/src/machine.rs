//! A machine: one kernel, its file systems and its processes. Cheap to clone.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_core::Timestamp;
use gatehouse_core::effects::apparmor::{DEFAULT_PROFILE, LoadMode, Loaded, Policy, PolicySet};

use crate::fs::{Fs, Kind};
use crate::process::{Cred, Process, Space, State, Userland};
use crate::{fs::MountTable, image, procfs};

/// The host's space.
pub const HOST: u32 = 1;

/// What the kernel is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// `uname -r`
    pub release: String,
    /// `uname -v`
    pub version: String,
    /// The rest of /proc/version: who compiled it.
    pub compiler: String,
    /// A log of its own that anyone may read: a sandbox's.
    pub dmesg: Option<String>,
    /// Who answers system calls.
    pub surface: Surface,
}

/// Who answers a process's system calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Surface {
    /// The machine's own kernel, with its filters and its security module.
    #[default]
    Host,
    /// gVisor's Sentry: not every call is there, and neither the host's filters nor its profiles are asked.
    Sentry,
    /// A guest kernel in a small virtual machine (Kata): all calls are there, no filter and no security module is.
    Guest,
}

impl Kernel {
    /// Whether it is older than a version.
    #[must_use]
    pub fn before(&self, major: u32, minor: u32) -> bool {
        let mut parts = self.release.split(['.', '-']).map(|p| p.parse::<u32>().unwrap_or(0));
        let (a, b) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        (a, b) < (major, minor)
    }
}

impl Default for Kernel {
    fn default() -> Self {
        Self {
            release: "6.8.0-51-generic".to_owned(),
            version: "#52-Ubuntu SMP PREEMPT_DYNAMIC Thu Dec  5 13:09:44 UTC 2024".to_owned(),
            compiler: "(buildd@lcy02-amd64-075) (x86_64-linux-gnu-gcc-13 (Ubuntu 13.3.0-6ubuntu2~24.04) 13.3.0, GNU ld (GNU Binutils for Ubuntu) 2.42)".to_owned(),
            dmesg: None,
            surface: Surface::Host,
        }
    }
}

/// A machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Spaces whose processes the kernel killed because they held too much memory.
    pub out_of_memory: std::collections::BTreeSet<u32>,
    /// All inodes.
    pub fs: Fs,
    /// The namespaces, by number.
    pub spaces: BTreeMap<u32, Arc<Space>>,
    /// The processes, by number.
    pub processes: BTreeMap<u32, Arc<Process>>,
    /// Now; whoever owns the machine sets it.
    pub now: Timestamp,
    /// The kernel.
    pub kernel: Arc<Kernel>,
    /// The kernel's log: when, and the line.
    pub log: Arc<Vec<(i64, String)>>,
    /// The AppArmor profiles in the kernel; `None` where the kernel has no AppArmor.
    pub apparmor: Option<PolicySet>,
    /// When it was started, in milliseconds since 1970.
    pub booted: i64,
    /// Capabilities of files, by inode (`security.capability`).
    pub file_caps: BTreeMap<u64, gatehouse_core::effects::capabilities::CapSet>,
    /// What a node's services know; empty on other machines.
    pub services: Arc<crate::node::Services>,
    /// Names of the calls made since this was set, in the order of their first use.
    pub trace: Option<Arc<Vec<&'static str>>>,
    audit_serial: u64,
    /// The number given last in each PID namespace but the host's.
    vpids: BTreeMap<u32, u32>,
    /// What remains of the shell scripts of processes that wait, by process.
    pub(crate) scripts: BTreeMap<u32, Arc<crate::shell::ShellState>>,
    next_pid: u32,
    next_space: u32,
}

impl Machine {
    /// A machine with an empty disk and nothing running but init.
    #[must_use]
    pub fn empty(hostname: &str, now: Timestamp) -> Self {
        let mut fs = Fs::default();
        let root = fs.new_root(0o755, now.0);
        let mounts = MountTable::new(root, "/dev/vda1", "ext4", &["rw", "relatime"]);
        let space = Space {
            id: HOST,
            mounts,
            hostname: hostname.to_owned(),
            pid_ns: 1,
            userland: Userland::Coreutils,
            standalone_shell: false,
            all_devices: true,
            unprivileged_ports: 1024,
            unprivileged_ping: false,
            kernel: None,
            address: "127.0.0.1".to_owned(),
            id_shift: 0,
            memory: None,
            ports: Vec::new(),
        };
        let mut machine = Self {
            out_of_memory: std::collections::BTreeSet::new(),
            fs,
            spaces: BTreeMap::from([(HOST, Arc::new(space))]),
            processes: BTreeMap::new(),
            now,
            kernel: Arc::default(),
            log: Arc::default(),
            apparmor: Some(PolicySet::new()),
            file_caps: BTreeMap::new(),
            services: Arc::default(),
            trace: None,
            audit_serial: 100,
            booted: now.0 - 3_600_000,
            vpids: BTreeMap::new(),
            scripts: BTreeMap::new(),
            next_pid: 0,
            next_space: HOST,
        };
        let init = machine.new_process(HOST, Cred::user(0, 0), &["/sbin/init"]);
        machine.processes.insert(init.pid, Arc::new(init));
        machine.next_pid = 4000;
        machine
    }

    /// A machine with the programs, users and files of a small Ubuntu, and a home for `user` unless that is root.
    #[must_use]
    pub fn host(hostname: &str, user: &str, now: Timestamp) -> Self {
        let mut machine = Self::empty(hostname, now);
        image::host(&mut machine, user);
        procfs::mount(&mut machine, HOST);
        machine
    }

    /// The host's space.
    #[must_use]
    pub fn space(&self, id: u32) -> Option<&Arc<Space>> {
        self.spaces.get(&id)
    }

    /// A space, to be changed.
    pub fn space_mut(&mut self, id: u32) -> Option<&mut Space> {
        self.spaces.get_mut(&id).map(Arc::make_mut)
    }

    /// Adds a space and gives it its number.
    pub fn add_space(&mut self, mut space: Space) -> u32 {
        self.next_space += 1;
        space.id = self.next_space;
        self.spaces.insert(self.next_space, Arc::new(space));
        self.next_space
    }

    /// The next free process number.
    pub fn next_pid(&mut self) -> u32 {
        self.next_pid += 1;
        self.next_pid
    }

    /// The next number inside a PID namespace: as on the host, those of processes that ended are not given again soon.
    pub fn next_vpid(&mut self, pid_ns: u32, pid: u32) -> u32 {
        if pid_ns == 1 {
            return pid;
        }
        let last = self.vpids.entry(pid_ns).or_default();
        *last += 1;
        *last
    }

    /// A PID namespace that nobody is in begins anew: its first process has number one.
    pub(crate) fn empty_pid_ns(&mut self, space: u32) {
        let Some(ns) = self.space(space).map(|space| space.pid_ns) else { return };
        if !self.processes.values().any(|p| self.space(p.space).is_some_and(|space| space.pid_ns == ns)) {
            self.vpids.remove(&ns);
        }
    }

    /// Takes back the number given last.
    pub(crate) fn forget_vpid(&mut self, pid_ns: u32) {
        if let Some(last) = self.vpids.get_mut(&pid_ns) {
            *last = last.saturating_sub(1);
        }
    }

    /// A process at the root of a space, not yet in the table.
    pub fn new_process(&mut self, space: u32, cred: Cred, argv: &[&str]) -> Process {
        let pid = self.next_pid();
        let (root, pid_ns) = self
            .space(space)
            .map_or((crate::fs::Loc { mount: 0, ino: 0 }, 1), |s| (s.mounts.root(), s.pid_ns));
        Process {
            pid,
            vpid: self.next_vpid(pid_ns, pid),
            ppid: u32::from(pid != 1),
            cred,
            space,
            cwd: root,
            root,
            umask: 0o022,
            comm: argv.first().map_or("", |a| a.rsplit('/').next().unwrap_or(a)).chars().take(15).collect(),
            terminal: None,
            exe: argv.first().copied().unwrap_or_default().to_owned(),
            argv: Arc::new(argv.iter().map(|a| (*a).to_owned()).collect()),
            env: Arc::default(),
            state: State::Running,
            listens: Arc::default(),
            started: self.now.0,
            nice: 0,
        }
    }

    /// Puts a file at a path of the host, with its parent directories, past every check: how machines are set up.
    pub fn write_file(&mut self, path: &str, content: impl Into<Vec<u8>>, mode: u32, owner: (u32, u32)) {
        let Some(root) = self.space(HOST).map(|s| s.mounts.root()) else { return };
        let now = self.now.0;
        let (dir, name) = path.trim_end_matches('/').rsplit_once('/').unwrap_or(("", path));
        self.fs.make_dirs(root.ino, dir, now);
        let at = self.space(HOST).and_then(|s| s.mounts.locate(&self.fs, dir)).map_or(root.ino, |l| l.ino);
        self.fs.put(at, name, Kind::File(Arc::new(content.into())), mode, owner, now);
    }

    /// Makes a directory of the host past every check.
    pub fn make_dir(&mut self, path: &str, mode: u32, owner: (u32, u32)) {
        let Some(root) = self.space(HOST).map(|s| s.mounts.root()) else { return };
        let now = self.now.0;
        self.fs.put(root.ino, path, Kind::Dir(crate::fs::Dir::default()), mode, owner, now);
    }

    /// Whether a directory of the host is there.
    #[must_use]
    pub fn has_dir(&self, path: &str) -> bool {
        let at = self.space(HOST).and_then(|s| s.mounts.locate(&self.fs, path));
        at.and_then(|at| self.fs.get(at.ino)).is_some_and(|i| i.is_dir())
    }

    /// A file of the host, past every check.
    #[must_use]
    pub fn read_file(&self, path: &str) -> Option<Arc<Vec<u8>>> {
        let loc = self.space(HOST)?.mounts.locate(&self.fs, path)?;
        self.fs.content(loc.ino)
    }

    /// Does to the kernel's AppArmor profiles what apparmor_parser does; `None` where there is no AppArmor.
    pub fn load_profiles(&mut self, policy: &Policy, mode: LoadMode) -> Option<Loaded> {
        let loaded = self.apparmor.as_mut()?.load(policy, mode);
        self.list_profiles();
        Some(loaded)
    }

    fn list_profiles(&mut self) {
        let listing: Vec<String> = self.apparmor.as_ref().map(|p| p.listing().collect()).unwrap_or_default();
        let text = listing.iter().map(|l| format!("{l}\n")).collect::<String>();
        self.write_file("/sys/kernel/security/apparmor/profiles", text, 0o444, (0, 0));
    }

    /// What containerd does before its first confined container: loads its default profile.
    pub fn load_default_profile(&mut self) {
        if let Some(profiles) = self.apparmor.as_mut().filter(|profiles| !profiles.has(DEFAULT_PROFILE)) {
            profiles.load_runtime_default();
            self.list_profiles();
        }
    }

    /// The `seconds.milliseconds:serial` of the next audit record.
    pub fn audit_stamp(&mut self) -> String {
        self.audit_serial += 1;
        format!("{}.{:03}:{}", self.now.0.div_euclid(1000), self.now.0.rem_euclid(1000), self.audit_serial)
    }

    /// Adds a line to the kernel's log.
    pub fn log_line(&mut self, line: String) {
        let at = self.now.0;
        Arc::make_mut(&mut self.log).push((at, line));
    }
}
