//! The small world in which the AppArmor recordings were made: a file tree and a process that is root or user
//! 1000, asked call by call. Discretionary access is played here as far as those calls need it.

use gatehouse_core::effects::Errno;
use gatehouse_core::effects::apparmor::{
    Label, MountRequest, NetworkAccess, Operation, PathOp, PolicySet, Subject, Trace, Verdict, mount_flag,
};
use gatehouse_core::effects::capabilities::{Capability, NewPrivileges};

/// How a call ended: `ok`, an error's name, perhaps with the step it came at.
pub(super) struct Outcome {
    pub(super) result: String,
    pub(super) label: Option<Label>,
    pub(super) audit: Vec<String>,
}

/// One process and its calls.
pub(super) struct World<'a> {
    pub(super) policy: &'a PolicySet,
    pub(super) label: Label,
    pub(super) uid: u32,
    comm: String,
    audit: Vec<String>,
    killed: bool,
}

type Step = Result<(), String>;

const PID: &str = "4242";

fn open(read: bool, write: bool, append: bool, truncate: bool, create: bool) -> PathOp {
    PathOp::Open { read, write, append, truncate, create }
}

impl<'a> World<'a> {
    pub(super) fn new(policy: &'a PolicySet, label: Label, uid: u32) -> Self {
        Self { policy, label, uid, comm: "<COMM>".to_owned(), audit: vec![], killed: false }
    }

    /// Runs one of the recordings' operations.
    pub(super) fn run(mut self, operation: &str, one: &str, two: &str) -> Result<Outcome, String> {
        let step = self.operation(operation, one, two)?;
        let result = match step {
            _ if self.killed => "killed by signal 9".to_owned(),
            Ok(()) => "ok".to_owned(),
            Err(e) => e,
        };
        let changed = matches!(operation, "exec" | "changeprofile" | "changehat") && result == "ok";
        Ok(Outcome { label: changed.then_some(self.label), result, audit: self.audit })
    }

    fn ask(&mut self, operation: &Operation<'_>) -> (Step, Verdict) {
        let subject = Subject { label: &self.label, fsuid: self.uid, new_privileges: NewPrivileges::Allowed };
        let verdict = self.policy.decide(&subject, operation);
        for line in &verdict.audit {
            let line = line.line_with("<TIME>:<SERIAL>", "<PID>", "");
            let line = line.replace("comm=\"\"", &format!("comm=\"{}\"", self.comm));
            self.audit.push(line.replace(&format!("/proc/{PID}/"), "/proc/<PID>/"));
        }
        self.killed |= verdict.killed;
        let step = match verdict.error {
            Some(e) => Err(e.to_string()),
            None if self.killed => Err(String::new()),
            None => Ok(()),
        };
        (step, verdict)
    }

    fn check(&mut self, operation: &Operation<'_>) -> Step {
        self.ask(operation).0
    }

    fn path(&mut self, op: PathOp, path: &str) -> Step {
        let owner = owner(path);
        self.check(&Operation::Path { op, path, owner })
    }

    /// A capability: user 1000 has none, root has what the profile leaves him.
    fn capable(&mut self, cap: Capability, error: Errno) -> Step {
        if self.uid != 0 {
            return Err(error.to_string());
        }
        self.check(&Operation::Capability(cap)).map_err(|e| if e.is_empty() { e } else { error.to_string() })
    }

    /// Discretionary access to a file: the owner by the first digit of its mode, others by the last.
    fn access(&mut self, path: &str, write: bool, read: bool) -> Step {
        let (owner, mode) = (owner(path), mode(path));
        let bits = if owner == self.uid { mode >> 6 } else { mode } & 7;
        if (!write || bits & 2 != 0) && (!read || bits & 4 != 0) {
            return Ok(());
        }
        if !write && self.capable(Capability::DacReadSearch, Errno::EACCES).is_ok() {
            return Ok(());
        }
        self.capable(Capability::DacOverride, Errno::EACCES)
    }

    fn open(&mut self, path: &str, op: PathOp) -> Step {
        let PathOp::Open { read, write, truncate, .. } = op else { return Ok(()) };
        self.access(path, write, read)?;
        self.path(op, path)?;
        if truncate { self.path(PathOp::Truncate, path) } else { Ok(()) }
    }

    /// The operation's outcome; the outer error is an operation nobody knows.
    fn operation(&mut self, name: &str, one: &str, two: &str) -> Result<Step, String> {
        let own = one.replace("/proc/self/", &format!("/proc/{PID}/"));
        let resolved = if one == "/aat/link" { "/aat/dir/x" } else { own.as_str() };
        let folder = format!("{one}/");
        let opened = |s: Step| s.map_err(|e| if e.is_empty() { e } else { format!("open {e}") });
        Ok(match name {
            "r" => self.open(resolved, open(true, false, false, false, false)),
            "w" => self.open(resolved, open(false, true, false, false, false)),
            "rw" => self.open(resolved, open(true, true, false, false, false)),
            "a" => self.open(resolved, open(false, true, true, false, false)),
            "trunc" => self.open(resolved, open(false, true, false, true, false)),
            "list" => self.path(open(true, false, false, false, false), &folder),
            "create" => self.create(one, open(false, true, false, false, true)),
            "create-append" => self.create(one, open(false, true, true, false, true)),
            "truncate" => self.access(one, true, false).and_then(|()| self.path(PathOp::Truncate, one)),
            "mkdir" => self.path(PathOp::Mkdir, &folder),
            "mknod" => self.path(PathOp::Mknod, one),
            "symlink" => self.path(PathOp::Symlink, two),
            "unlink" => self.path(PathOp::Unlink, one),
            "rmdir" => self.path(PathOp::Rmdir, &folder),
            "rename" => self.check(&Operation::Rename { from: one, to: two, owner: owner(one) }),
            "link" => self.check(&Operation::Link { name: two, target: one, owner: owner(one) }),
            "stat" => self.path(PathOp::Getattr, one),
            "chmod" => self.path(PathOp::Chmod, one),
            "chown" => {
                self.path(PathOp::Chown, one).and_then(|()| self.capable(Capability::Chown, Errno::EPERM))
            }
            // The kernel does not ask AppArmor for these.
            "utime" | "access-r" | "chdir" => Ok(()),
            "lock" => match opened(self.open(one, open(true, false, false, false, false))) {
                Ok(()) => self.path(PathOp::Lock { exclusive: true }, one),
                refused => refused,
            },
            "mmapx" => match opened(self.open(one, open(true, false, false, false, false))) {
                Ok(()) => self.path(PathOp::Mmap { read: true, write: false, exec: true }, one),
                refused => refused,
            },
            "exec" => self.exec(one),
            "socket" => self.socket(one, two)?,
            "signal" => {
                let number = two.parse().map_err(|_| format!("signal \"{two}\""))?;
                self.check(&Operation::Signal { number, peer: &Label::new(one) })
            }
            "ptrace" => self.check(&Operation::Ptrace { how: Trace::Trace, peer: &Label::new(one) }),
            "unshare" if one == "user" => self.check(&Operation::CreateUserNamespace),
            "unshare" | "sethostname" => self.capable(Capability::SysAdmin, Errno::EPERM),
            "chroot" => self.capable(Capability::SysChroot, Errno::EPERM),
            "setuid" => self.capable(Capability::Setuid, Errno::EPERM),
            "nice" => self.capable(Capability::SysNice, Errno::EACCES),
            "mount" => self.mount(&folder, Some("none"), Some("tmpfs"), 0),
            "mount-ro" => self.mount(&folder, Some("none"), Some("tmpfs"), mount_flag::RDONLY),
            "bind" => self.mount(&folder, Some(&format!("{two}/")), None, mount_flag::BIND),
            "remount" => {
                self.mount(&folder, None, None, mount_flag::RDONLY | mount_flag::REMOUNT | mount_flag::BIND)
            }
            "umount" => self
                .capable(Capability::SysAdmin, Errno::EPERM)
                .and_then(|()| self.check(&Operation::Umount(&folder))),
            "changeprofile" | "changehat" => self.change(name, one),
            other => return Err(format!("unknown operation \"{other}\"")),
        })
    }

    fn create(&mut self, path: &str, op: PathOp) -> Step {
        let owner = self.uid;
        self.check(&Operation::Path { op: PathOp::Mknod, path, owner })?;
        self.check(&Operation::Path { op, path, owner })
    }

    fn exec(&mut self, path: &str) -> Step {
        let (step, verdict) = self.ask(&Operation::Exec { path, owner: owner(path) });
        step?;
        let Some(label) = verdict.label.filter(|l| *l != self.label) else { return Ok(()) };
        self.label = label;
        // The program's first page is mapped under the new label.
        self.comm = path.rsplit('/').next().unwrap_or("").to_owned();
        self.path(PathOp::Mmap { read: true, write: false, exec: false }, path)
    }

    fn socket(&mut self, family: &str, kind: &str) -> Result<Step, String> {
        let number = match family {
            "unix" => 1,
            "inet" => 2,
            "inet6" => 10,
            "netlink" => 16,
            "packet" => 17,
            other => return Err(format!("family \"{other}\"")),
        };
        let (kind, protocol) = match (kind, number) {
            ("stream", _) => (1, 0),
            ("dgram", _) => (2, 0),
            ("raw", 2) => (3, 1),
            // ETH_P_ALL in network order.
            ("raw", 17) => (3, 0x300),
            ("raw", _) => (3, 0),
            (other, _) => return Err(format!("socket type \"{other}\"")),
        };
        let create = Operation::Socket {
            access: NetworkAccess::Create,
            family: number,
            kind,
            protocol,
            local_port: 0,
        };
        let raw = number == 17 || (kind == 3 && number != 16);
        Ok(self
            .check(&create)
            .and_then(|()| if raw { self.capable(Capability::NetRaw, Errno::EPERM) } else { Ok(()) }))
    }

    fn mount(&mut self, point: &str, source: Option<&str>, fstype: Option<&str>, flags: u32) -> Step {
        self.check(&Operation::Mount(MountRequest { source, point, fstype, flags }))?;
        self.capable(Capability::SysAdmin, Errno::EPERM)
    }

    fn change(&mut self, operation: &str, name: &str) -> Step {
        let file = format!("/proc/{PID}/attr/apparmor/current");
        let opened = self.path(open(false, true, false, false, false), &file);
        if operation == "changehat" {
            opened.map_err(|e| if e.is_empty() { e } else { format!("open {e}") })?;
        } else if opened.is_err() && !self.killed {
            // The recordings' program then tries the file's older name.
            self.path(open(false, true, false, false, false), &format!("/proc/{PID}/attr/current"))?;
        } else {
            opened?;
        }
        let asked = if operation == "changehat" {
            Operation::ChangeHat { hat: name }
        } else {
            Operation::ChangeProfile { target: name, on_exec: false }
        };
        let (step, verdict) = self.ask(&asked);
        step?;
        self.label = verdict.label.unwrap_or_else(|| self.label.clone());
        Ok(())
    }
}

fn owner(path: &str) -> u32 {
    if path.starts_with("/aat/home/user") { 1000 } else { 0 }
}

fn mode(path: &str) -> u32 {
    match path {
        "/aat/etc/shadow" => 0o600,
        "/dev/null" => 0o666,
        _ if path.starts_with("/root/") => 0o600,
        _ => 0o644,
    }
}
