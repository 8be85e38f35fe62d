//! Containers: from what the runtime was told ([`ContainerSpec`]) to namespaces, mounts and a first process; and
//! `exec` into them.
//!
//! Models what containerd 1.7 and runc 1.1 set up for the CRI. Knows no pods: whoever starts them fills the spec.

mod run;

use std::sync::Arc;

use gatehouse_core::effects::apparmor::Label;
use gatehouse_core::effects::capabilities::{CapSet, NewPrivileges, ProcessCaps};
use gatehouse_core::effects::seccomp::Filter;
use gatehouse_core::effects::seccomp::start::{self, Start};

use crate::errno::Errno;
use crate::fs::{Dir, Ino, Kind, MountTable};
use crate::machine::{Kernel, Machine};
use crate::outcome::{Outcome, Output};
use crate::outside::{Alone, Outside};
use crate::process::{Cred, Process, Space, State, Userland};
use crate::shell::{Dialect, ShellState};
use crate::sys::{Handle, Patience, Sys, Tty, outputs, source};
use crate::{image, procfs};

pub use run::{Started, exec, look_up, resume, shell, start, with_process};

/// Something mounted into a container.
#[derive(Clone, Debug)]
pub struct Volume {
    /// Where, absolute.
    pub path: String,
    /// The directory or file that appears there.
    pub root: Ino,
    /// Whether it is mounted read-only.
    pub read_only: bool,
    /// The file system's type, as /proc/mounts shows it.
    pub fstype: String,
    /// What is mounted, as /proc/mounts shows it.
    pub source: String,
}

/// What the runtime is told.
#[derive(Clone, Debug)]
pub struct ContainerSpec {
    /// The host name: the pod's.
    pub hostname: String,
    /// The root directory: a tree of the container's own.
    pub root: Ino,
    /// Whose tools it holds.
    pub userland: Userland,
    /// Whether busybox's shell runs applets itself (Debian's build).
    pub standalone_shell: bool,
    /// The command, with its arguments.
    pub argv: Vec<String>,
    /// The environment, in order.
    pub env: Vec<(String, String)>,
    /// The working directory.
    pub cwd: String,
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// All groups, the primary one among them.
    pub groups: Vec<u32>,
    /// The bounding set; root's other sets follow from it.
    pub capabilities: CapSet,
    /// `no_new_privs`
    pub new_privileges: NewPrivileges,
    /// The seccomp filter; `None` is Unconfined.
    pub filter: Option<Arc<Filter>>,
    /// The AppArmor label; `Unconfined` where there is no profile or no AppArmor.
    pub label: Label,
    /// Privileged: all devices, nothing masked, /sys writable.
    pub privileged: bool,
    /// `readOnlyRootFilesystem`
    pub read_only_root: bool,
    /// `procMount: Unmasked`
    pub unmasked_proc: bool,
    /// Volumes, in the order they are mounted.
    pub volumes: Vec<Volume>,
    /// containerd's `enable_unprivileged_ports` (on by default from 2.0 on).
    pub unprivileged_ports: bool,
    /// containerd's `enable_unprivileged_icmp`.
    pub unprivileged_icmp: bool,
    /// The pod's address.
    pub address: String,
    /// Sysctls of its namespaces, with dots.
    pub sysctls: Vec<(String, String)>,
    /// The host's user that stands for root in a user namespace of its own; 0 without one.
    pub id_shift: u32,
    /// Whether its standard input is kept open.
    pub stdin: bool,
    /// The ports the container declares.
    pub ports: Vec<u16>,
    /// The PID namespace to join: another container's (`shareProcessNamespace`) or the host's (`hostPID`).
    pub join_pid_ns: Option<u32>,
    /// The limit of its memory cgroup.
    pub memory: Option<u64>,
    /// A sandbox's own kernel (gVisor, Kata).
    pub kernel: Option<Arc<Kernel>>,
    /// Text of /etc/hosts; the usual one where empty.
    pub hosts: String,
    /// Text of /etc/resolv.conf.
    pub resolv_conf: String,
}

impl ContainerSpec {
    /// A container with the runtime's defaults: root, the default capabilities, nothing else.
    #[must_use]
    pub fn new(root: Ino, userland: Userland) -> Self {
        Self {
            hostname: String::new(),
            root,
            userland,
            standalone_shell: false,
            argv: Vec::new(),
            env: vec![("PATH".to_owned(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned())],
            cwd: "/".to_owned(),
            uid: 0,
            gid: 0,
            groups: vec![0],
            capabilities: CapSet::container_default(),
            new_privileges: NewPrivileges::Allowed,
            filter: None,
            label: Label::Unconfined,
            privileged: false,
            read_only_root: false,
            unmasked_proc: false,
            volumes: Vec::new(),
            unprivileged_ports: true,
            unprivileged_icmp: true,
            address: String::new(),
            sysctls: Vec::new(),
            id_shift: 0,
            stdin: false,
            ports: Vec::new(),
            join_pid_ns: None,
            memory: None,
            kernel: None,
            hosts: String::new(),
            resolv_conf: "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n".to_owned(),
        }
    }
}

/// A container that was made.
#[derive(Clone, Debug)]
pub struct Container {
    /// Its namespaces.
    pub space: u32,
    /// What its processes start as.
    pub template: Process,
    /// The command.
    pub argv: Vec<String>,
    /// Whether somebody may type into it: reading waits for them.
    pub stdin: bool,
    /// The bounding set runc gives.
    capabilities: CapSet,
}

/// Paths of /proc (and /sys) that are hidden, as the kubelet's and containerd's defaults have them.
const MASKED: &[&str] = &[
    "/proc/asound",
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
];
/// Paths that are read-only.
const READ_ONLY: &[&str] = &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// Makes a container's namespaces and mounts.
pub fn create(machine: &mut Machine, spec: &ContainerSpec) -> Container {
    let now = machine.now.0;
    let root = spec.root;
    for dir in ["proc", "dev", "sys", "etc"] {
        machine.fs.make_dirs(root, dir, now);
    }
    let options: &[&str] = if spec.read_only_root { &["ro", "relatime"] } else { &["rw", "relatime"] };
    let mut mounts = MountTable::new(root, "overlay", "overlay", options);
    let proc = procfs::build(machine);
    mount(
        machine,
        &mut mounts,
        "/proc",
        proc,
        "proc",
        "proc",
        &["rw", "nosuid", "nodev", "noexec", "relatime"],
    );
    let dev = machine.fs.new_root(0o755, now);
    image::devices(machine, dev);
    for (name, target) in [("core", "/proc/kcore"), ("ptmx", "pts/ptmx")] {
        machine.fs.put(dev, name, Kind::Link(target.into()), 0o777, (0, 0), now);
    }
    for (name, mode) in [("pts", 0o755), ("mqueue", 0o1777), ("shm", 0o1777)] {
        machine.fs.put(dev, name, Kind::Dir(Dir::default()), mode, (0, 0), now);
    }
    if spec.privileged {
        machine.fs.put(dev, "vda", Kind::Block(252, 0), 0o660, (0, 6), now);
        machine.fs.put(dev, "kmsg", Kind::Char(1, 11), 0o644, (0, 0), now);
        machine.fs.put(dev, "mem", Kind::Char(1, 1), 0o640, (0, 15), now);
    }
    mount(machine, &mut mounts, "/dev", dev, "tmpfs", "tmpfs", &["rw", "nosuid", "size=65536k", "mode=755"]);
    let sysfs = image::sysfs(machine);
    mount(
        machine,
        &mut mounts,
        "/sys",
        sysfs,
        "sysfs",
        "sysfs",
        &["ro", "nosuid", "nodev", "noexec", "relatime"],
    );
    let cgroup = machine.fs.new_root(0o755, now);
    mount(
        machine,
        &mut mounts,
        "/sys/fs/cgroup",
        cgroup,
        "cgroup",
        "cgroup2",
        &["ro", "nosuid", "nodev", "noexec", "relatime"],
    );
    let hosts = if spec.hosts.is_empty() {
        format!(
            "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n{}\t{}\n",
            spec.address, spec.hostname
        )
    } else {
        spec.hosts.clone()
    };
    for (path, text) in [
        ("/etc/hosts", hosts),
        ("/etc/hostname", format!("{}\n", spec.hostname)),
        ("/etc/resolv.conf", spec.resolv_conf.clone()),
    ] {
        let file = machine.fs.add(Kind::File(Arc::new(text.into_bytes())), 0o644, 0, 0, now);
        mount(
            machine,
            &mut mounts,
            path,
            file,
            "/dev/vda1",
            "ext4",
            &[if spec.read_only_root { "ro" } else { "rw" }, "relatime"],
        );
    }
    for v in &spec.volumes {
        let mode = if v.read_only { "ro" } else { "rw" };
        mount(machine, &mut mounts, &v.path, v.root, &v.source, &v.fstype, &[mode, "relatime"]);
    }
    if !spec.privileged && !spec.unmasked_proc {
        mask(machine, &mut mounts);
    }
    let pid_ns =
        spec.join_pid_ns.unwrap_or_else(|| machine.spaces.values().map(|s| s.pid_ns).max().unwrap_or(1) + 1);
    let space = machine.add_space(Space {
        id: 0,
        mounts,
        hostname: spec.hostname.clone(),
        pid_ns,
        userland: spec.userland,
        standalone_shell: spec.standalone_shell,
        all_devices: spec.privileged,
        unprivileged_ports: if spec.unprivileged_ports { 0 } else { 1024 },
        unprivileged_ping: spec.unprivileged_icmp,
        kernel: spec.kernel.clone(),
        address: spec.address.clone(),
        ports: spec.ports.clone(),
        id_shift: spec.id_shift,
        memory: spec.memory,
    });
    for (name, value) in &spec.sysctls {
        let file = Kind::File(Arc::new(format!("{value}\n").into_bytes()));
        machine.fs.put(proc, &format!("sys/{}", name.replace('.', "/")), file, 0o644, (0, 0), now);
        let Some(space) = machine.space_mut(space) else { continue };
        match name.as_str() {
            "net.ipv4.ip_unprivileged_port_start" => {
                space.unprivileged_ports = value.parse().unwrap_or(space.unprivileged_ports);
            }
            "net.ipv4.ping_group_range" => {
                let mut ends = value.split_whitespace().map(|n| n.parse::<i64>().unwrap_or(0));
                space.unprivileged_ping = ends.next() <= ends.next();
            }
            _ => {}
        }
    }
    if let Some(k) = &spec.kernel {
        let compiler = if k.compiler.is_empty() { String::new() } else { format!("{} ", k.compiler) };
        let text = format!("Linux version {} {compiler}{}\n", k.release, k.version);
        let release = format!("{}\n", k.release).into_bytes();
        machine.fs.put(proc, "sys/kernel/osrelease", Kind::File(Arc::new(release)), 0o444, (0, 0), now);
        machine.fs.put(proc, "version", Kind::File(Arc::new(text.into_bytes())), 0o444, (0, 0), now);
    }
    attach(machine, space, spec)
}

/// A container whose namespaces are there already: what [`create`] gave, from its spec.
pub fn attach(machine: &mut Machine, space: u32, spec: &ContainerSpec) -> Container {
    let cred = Cred {
        ruid: spec.uid,
        uid: spec.uid,
        suid: spec.uid,
        gid: spec.gid,
        groups: spec.groups.clone(),
        caps: ProcessCaps::of_container(spec.capabilities, spec.uid),
        new_privileges: spec.new_privileges,
        filters: spec.filter.iter().cloned().collect(),
        label: spec.label.clone(),
        user_namespace: None,
    };
    let words: Vec<&str> = spec.argv.iter().map(String::as_str).collect();
    machine.empty_pid_ns(space);
    let mut template = machine.new_process(space, cred, &words);
    template.env = Arc::new(spec.env.clone());
    if let Some(at) = machine.space(space).and_then(|s| s.mounts.locate(&machine.fs, &spec.cwd)) {
        template.cwd = at;
    }
    Container { space, template, argv: spec.argv.clone(), stdin: spec.stdin, capabilities: spec.capabilities }
}

/// Mounts at a path that is made where missing, as runc does.
fn mount(
    machine: &mut Machine,
    table: &mut MountTable,
    path: &str,
    root: Ino,
    source: &str,
    fstype: &str,
    options: &[&str],
) {
    let now = machine.now.0;
    let is_dir = machine.fs.get(root).is_some_and(|i| i.is_dir());
    if table.locate(&machine.fs, path).is_none() {
        let (dir, name) = path.trim_end_matches('/').rsplit_once('/').unwrap_or(("", path));
        // The deepest directory that exists, mounts crossed; what is missing is made below it.
        let mut at = table.enter(table.root());
        let mut missing = Vec::new();
        for part in dir.split('/').filter(|p| !p.is_empty()) {
            let next = if missing.is_empty() { machine.fs.child(at.ino, part) } else { None };
            match next {
                Some(ino) => at = table.enter(crate::fs::Loc { mount: at.mount, ino }),
                None => missing.push(part),
            }
        }
        let parent = machine.fs.make_dirs(at.ino, &missing.join("/"), now);
        let kind =
            if is_dir { Kind::Dir(Dir { parent, ..Dir::default() }) } else { Kind::File(Arc::default()) };
        machine.fs.put(parent, name, kind, 0o755, (0, 0), now);
    }
    if let Some(on) = table.locate(&machine.fs, path) {
        table.mount(on, root, path, source, fstype, options);
    }
}

fn mask(machine: &mut Machine, table: &mut MountTable) {
    let now = machine.now.0;
    for path in READ_ONLY {
        if let Some(on) = table.locate(&machine.fs, path) {
            table.mount(on, on.ino, path, "proc", "proc", &["ro", "nosuid", "nodev", "noexec", "relatime"]);
        }
    }
    for path in MASKED {
        let Some(on) = table.locate(&machine.fs, path) else { continue };
        if machine.fs.get(on.ino).is_some_and(|i| i.is_dir()) {
            let empty = machine.fs.add(Kind::Dir(Dir::default()), 0o755, 0, 0, now);
            table.mount(on, empty, path, "tmpfs", "tmpfs", &["ro", "relatime"]);
        } else {
            let null = machine.fs.add(Kind::Char(1, 3), 0o666, 0, 0, now);
            table.mount(on, null, path, "tmpfs", "tmpfs", &["rw", "nosuid", "size=65536k", "mode=755"]);
        }
    }
}
