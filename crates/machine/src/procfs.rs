//! /proc: what the kernel tells of itself and of processes, made up when it is read.
//!
//! Models Linux fs/proc. Inodes of processes are numbers above [`PROC_BASE`]; everything else is plain files of a
//! file system of its own, one for each PID namespace.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::errno::Errno;
use crate::fs::{Dir, Ino, Inode, Kind, Loc, PROC_BASE};
use crate::machine::{Machine, Surface};
use crate::process::Process;
use crate::sys::{Handle, Sys};

/// Entries of a process's directory; 0 is the directory itself.
const ENTRIES: &[&str] = &[
    "",
    "status",
    "cmdline",
    "comm",
    "environ",
    "mounts",
    "attr",
    "cwd",
    "exe",
    "root",
    "fd",
    "stat",
    "uid_map",
    "gid_map",
    "setgroups",
    "limits",
    "cgroup",
    "mountinfo",
    "ns",
    "maps",
    "oom_score_adj",
    "loginuid",
    "current",
];
const ATTR: u64 = 6;
const NS: u64 = 18;
const CURRENT: u64 = 22;
/// Entries of `ns` are numbered from here.
const FIRST_NS: u64 = 200;
/// The namespaces a process lives in, and the number the host's first one has.
const NAMESPACES: &[(&str, u32)] = &[
    ("cgroup", 4_026_531_835),
    ("ipc", 4_026_531_839),
    ("mnt", 4_026_531_841),
    ("net", 4_026_531_840),
    ("pid", 4_026_531_836),
    ("pid_for_children", 4_026_531_836),
    ("time", 4_026_531_834),
    ("time_for_children", 4_026_531_834),
    ("user", 4_026_531_837),
    ("uts", 4_026_531_838),
];
const FD: u64 = 10;
/// Entries of `fd` are numbered from here.
const FIRST_FD: u64 = 100;

/// The name of an entry's number.
#[must_use]
pub fn entry_name(entry: u64) -> &'static str {
    match entry {
        CURRENT => "attr/current",
        e => usize::try_from(e).ok().and_then(|e| ENTRIES.get(e)).copied().unwrap_or(""),
    }
}

const fn number(pid: u32, entry: u64) -> Ino {
    PROC_BASE + ((pid as u64) << 8) + entry
}

fn visible<'m>(machine: &'m Machine, me: &Process) -> impl Iterator<Item = &'m Arc<Process>> {
    let ns = machine.space(me.space).map_or(1, |s| s.pid_ns);
    machine
        .processes
        .values()
        .filter(move |p| ns == 1 || machine.space(p.space).is_some_and(|s| s.pid_ns == ns))
}

fn vpid(machine: &Machine, me: &Process, p: &Process) -> u32 {
    if machine.space(me.space).map_or(1, |s| s.pid_ns) == 1 { p.pid } else { p.vpid }
}

/// A parent's number; 0 where it is outside the reader's PID namespace.
fn parent_of(machine: &Machine, me: &Process, p: &Process) -> u32 {
    let ns = |q: &Process| machine.space(q.space).map_or(1, |s| s.pid_ns);
    let seen = |q: &&Arc<Process>| ns(me) == 1 || ns(q) == ns(me);
    machine.processes.get(&p.ppid).filter(seen).map_or(0, |q| vpid(machine, me, q))
}

/// The directory of a process named by number or `self`.
#[must_use]
pub fn process(machine: &Machine, me: &Process, name: &str) -> Option<Ino> {
    if name == "self" || name == "thread-self" {
        return Some(number(me.pid, 0));
    }
    let wanted: u32 = name.parse().ok()?;
    visible(machine, me).find(|p| vpid(machine, me, p) == wanted).map(|p| number(p.pid, 0))
}

/// The names of the processes that can be seen.
#[must_use]
pub fn process_names(machine: &Machine, me: &Process) -> Vec<String> {
    let mut pids: Vec<u32> = visible(machine, me).map(|p| vpid(machine, me, p)).collect();
    gatehouse_model::order::sort(&mut pids);
    let mut names: Vec<String> = pids.into_iter().map(|p| p.to_string()).collect();
    names.push("self".to_owned());
    names
}

/// An entry of a process's directory.
#[must_use]
pub fn child(machine: &Machine, me: &Process, dir: Ino, name: &str) -> Option<Ino> {
    let (base, entry) = (dir & !255, (dir - PROC_BASE) & 255);
    if name == "attr" && crate::security::surface_of(machine, me) == Surface::Sentry {
        return None;
    }
    if entry == ATTR {
        return (name == "current").then_some(base + CURRENT);
    }
    if entry == NS {
        return NAMESPACES.iter().position(|(n, _)| *n == name).map(|i| base + FIRST_NS + i as u64);
    }
    if entry == FD {
        return name.parse::<u64>().ok().filter(|n| *n < 3).map(|n| base + FIRST_FD + n);
    }
    if entry != 0 {
        return None;
    }
    let i = ENTRIES.iter().position(|e| *e == name && !e.is_empty())? as u64;
    (i != CURRENT).then_some(base + i)
}

/// Where a link of `ns` leads.
fn namespace(machine: &Machine, p: &Process, index: u64) -> String {
    let (name, first) =
        usize::try_from(index).ok().and_then(|i| NAMESPACES.get(i)).copied().unwrap_or(("", 0));
    let kind = name.trim_end_matches("_for_children");
    let space = machine.space(p.space);
    let shifted = space.is_some_and(|s| s.id_shift > 0) || p.cred.user_namespace.is_some();
    // What a container has of its own: all but time, and users where it has no namespace of them.
    let own = match kind {
        "time" => 0,
        "user" => u32::from(shifted) * p.space,
        "pid" => space.map_or(1, |s| s.pid_ns).saturating_sub(1),
        _ => p.space.saturating_sub(1),
    };
    let index = NAMESPACES.iter().position(|(n, _)| *n == kind).unwrap_or(0);
    let number = if own == 0 { first } else { 4_026_532_200 + own * 10 + index as u32 };
    format!("{kind}:[{number}]")
}

fn owner(machine: &Machine, ino: Ino) -> Option<Arc<Process>> {
    let pid = u32::try_from((ino - PROC_BASE) >> 8).ok()?;
    machine.processes.get(&pid).cloned()
}

/// The inode of a process's entry.
#[must_use]
pub fn inode(machine: &Machine, me: &Process, ino: Ino) -> Option<Arc<Inode>> {
    let p = owner(machine, ino)?;
    let entry = (ino - PROC_BASE) & 255;
    let dir = |names: &[&str]| {
        let entries = gatehouse_model::order::map(names.iter().map(|n| (Arc::from(*n), 0)));
        Kind::Dir(Dir { entries, ..Dir::default() })
    };
    let link = |at: Loc| {
        let path =
            machine.space(p.space).map_or_else(String::new, |s| s.mounts.path_of(&machine.fs, p.root, at));
        Kind::Link(path.into())
    };
    let (kind, mode) = match entry {
        0 => (dir(ENTRIES.get(1..22).unwrap_or_default()), 0o555),
        ATTR => (dir(&["current"]), 0o555),
        7 => (link(p.cwd), 0o777),
        8 => (Kind::Link(p.exe.as_str().into()), 0o777),
        9 => (link(p.root), 0o777),
        NS => {
            let names: Vec<&str> = NAMESPACES.iter().map(|(n, _)| *n).collect();
            (dir(&names), 0o511)
        }
        e if e >= FIRST_NS => (Kind::Link(namespace(machine, &p, e - FIRST_NS).into()), 0o777),
        10 => (dir(&["0", "1", "2"]), 0o500),
        4 => (Kind::File(Arc::default()), 0o400),
        CURRENT => (Kind::File(Arc::default()), 0o666),
        FIRST_FD..=102 => (Kind::Link("/dev/null".into()), 0o700),
        12..=14 => (Kind::File(Arc::default()), 0o644),
        _ => (Kind::File(Arc::default()), 0o444),
    };
    let _ = me;
    Some(Arc::new(Inode { kind, mode, uid: p.cred.uid, gid: p.cred.gid, mtime: p.started, links: 1 }))
}

/// What reading a process's file gives.
///
/// # Errors
/// ESRCH, EINVAL.
pub fn read(sys: &Sys<'_>, at: Loc) -> Result<Vec<u8>, Errno> {
    let p = owner(sys.machine(), at.ino).ok_or(Errno::ESRCH)?;
    let machine = sys.machine();
    let entry = (at.ino - PROC_BASE) & 255;
    Ok(match entry {
        1 => status(machine, sys.me(), &p).into_bytes(),
        2 => p.argv.iter().flat_map(|a| a.bytes().chain([0])).collect(),
        3 => format!("{}\n", p.comm).into_bytes(),
        4 => p.env.iter().flat_map(|(n, v)| format!("{n}={v}\0").into_bytes()).collect(),
        5 => mounts(machine, &p).into_bytes(),
        11 => stat(machine, sys.me(), &p).into_bytes(),
        12 | 13 => {
            match (machine.space(p.space).map_or(0, |s| s.id_shift), sys.space().map_or(0, |s| s.id_shift)) {
                (0, _) => b"         0          0 4294967295\n".to_vec(),
                // Inside, the outer numbers are seen as the reader's own namespace has them.
                (shift, mine) => {
                    let outside = if mine == shift { shift } else { shift - mine };
                    format!("{:>10} {outside:>10} {:>10}\n", 0, 65536).into_bytes()
                }
            }
        }
        14 => b"allow\n".to_vec(),
        15 => LIMITS.as_bytes().to_vec(),
        16 => b"0::/\n".to_vec(),
        17 => mountinfo(machine, &p).into_bytes(),
        19 => maps(&p).into_bytes(),
        20 => b"1000\n".to_vec(),
        21 => b"4294967295".to_vec(),
        CURRENT => crate::security::label_of(machine, &p)?.into_bytes(),
        _ => Vec::new(),
    })
}

/// Opens a process's file for writing: what is written is looked at when the stream is next written to.
///
/// # Errors
/// EACCES.
pub fn open_for_writing(sys: &mut Sys<'_>, at: Loc) -> Result<Handle, Errno> {
    if !sys.runs() {
        return Err(Errno::EINTR);
    }
    Ok(std::rc::Rc::new(std::cell::RefCell::new(crate::sys::Open::Proc {
        entry: (at.ino - PROC_BASE) & 255,
    })))
}

/// A write to one of the process's own files.
///
/// # Errors
/// EINVAL, EPERM.
pub fn write(sys: &mut Sys<'_>, entry: u64, bytes: &[u8]) -> Result<(), Errno> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    match entry {
        12 => sys.map_ids(&text, false),
        13 => sys.map_ids(&text, true),
        14 => Ok(()),
        _ => Err(Errno::EINVAL),
    }
}

fn mounts(machine: &Machine, p: &Process) -> String {
    let Some(space) = machine.space(p.space) else { return String::new() };
    space
        .mounts
        .all()
        .iter()
        .map(|m| format!("{} {} {} {} 0 0\n", m.source, m.point, m.fstype, m.option_text()))
        .collect()
}

const LIMITS: &str = "Limit                     Soft Limit           Hard Limit           Units     \n\
Max cpu time              unlimited            unlimited            seconds   \n\
Max file size             unlimited            unlimited            bytes     \n\
Max data size             unlimited            unlimited            bytes     \n\
Max stack size            8388608              unlimited            bytes     \n\
Max core file size        unlimited            unlimited            bytes     \n\
Max resident set          unlimited            unlimited            bytes     \n\
Max processes             unlimited            unlimited            processes \n\
Max open files            1048576              1048576              files     \n\
Max locked memory         8388608              8388608              bytes     \n\
Max address space         unlimited            unlimited            bytes     \n\
Max file locks            unlimited            unlimited            locks     \n\
Max pending signals       15420                15420                signals   \n\
Max msgqueue size         819200               819200               bytes     \n\
Max nice priority         0                    0                    \n\
Max realtime priority     0                    0                    \n\
Max realtime timeout      unlimited            unlimited            us        \n";

/// What is mounted where, with the numbers of the mounts.
fn mountinfo(machine: &Machine, p: &Process) -> String {
    let Some(space) = machine.space(p.space) else { return String::new() };
    let first = 400 + p.space * 100;
    let all = space.mounts.all();
    let mut text = String::new();
    for (i, m) in all.iter().enumerate() {
        // The mount below is the one with the longest path that leads here.
        let covers = |point: &str| {
            m.point.starts_with(point) && (point == "/" || m.point.as_bytes().get(point.len()) == Some(&b'/'))
        };
        let below = all
            .iter()
            .take(i)
            .enumerate()
            .filter(|(_, q)| covers(&q.point))
            .max_by_key(|(_, q)| q.point.len());
        let parent = below.map_or(first - 100, |(j, _)| first + j as u32);
        let options = m.option_text();
        let _ = writeln!(
            text,
            "{} {parent} 0:{} / {} {options} - {} {} {}",
            first + i as u32,
            30 + i,
            m.point,
            m.fstype,
            m.source,
            options.split(',').next().unwrap_or("rw"),
        );
    }
    text
}

/// The memory of a process: its program, heap and stack.
fn maps(p: &Process) -> String {
    let exe = &p.exe;
    let mut text = String::new();
    for (range, mode, offset, what) in [
        ("555555554000-55555555a000", "r--p", "00000000", exe.as_str()),
        ("55555555a000-555555572000", "r-xp", "00006000", exe.as_str()),
        ("55555557d000-55555559e000", "rw-p", "00000000", "[heap]"),
        ("7ffffffde000-7ffffffff000", "rw-p", "00000000", "[stack]"),
    ] {
        let inode = if what.starts_with('/') { "fe:01 262402" } else { "00:00 0" };
        let head = format!("{range} {mode} {offset} {inode}");
        let _ = writeln!(text, "{head:<72} {what}");
    }
    text
}

/// What gVisor tells of a process: less than Linux.
fn sentry_status(machine: &Machine, me: &Process, p: &Process) -> String {
    let parent = parent_of(machine, me, p);
    let pid = vpid(machine, me, p);
    let state = if p.pid == me.pid { "R (running)" } else { "S (sleeping)" };
    let mut text = format!(
        "Name:\t{}\nState:\t{state}\nTgid:\t{pid}\nPid:\t{pid}\nPPid:\t{parent}\nTracerPid:\t0\nFDSize:\t4\n\
         VmSize:\t4624 kB\nVmRSS:\t1664 kB\nVmData:\t240 kB\nThreads:\t1\n",
        p.comm
    );
    for (name, set) in p.cred.caps.status_lines() {
        let _ = writeln!(text, "{name}:\t{set}");
    }
    text.push_str("Seccomp:\t0\nMems_allowed:\t1\nMems_allowed_list:\t0\n");
    text
}

/// What `stat` says in numbers, up to the pages in memory.
fn stat(machine: &Machine, me: &Process, p: &Process) -> String {
    let pid = vpid(machine, me, p);
    let number = |of: u32| machine.processes.get(&of).map_or(0, |process| vpid(machine, me, process));
    let session = p.terminal.map_or(pid, number);
    let (terminal, front) = match p.terminal {
        // Who asks is in front on its own terminal; pts/0 is 136:0.
        Some(_) => (34816, if p.terminal == me.terminal { i64::from(vpid(machine, me, me)) } else { -1 }),
        None => (0, -1),
    };
    let state = if p.pid == me.pid { 'R' } else { 'S' };
    let started = (p.started - machine.booted).max(0) / 10;
    format!(
        "{pid} ({}) {state} {} {pid} {session} {terminal} {front} 4194304 100 0 0 0 0 0 0 0 {} {} 1 0 {started} 4734976 416\n",
        p.comm,
        parent_of(machine, me, p),
        20 + p.nice,
        p.nice
    )
}

fn status(machine: &Machine, me: &Process, p: &Process) -> String {
    if crate::security::surface_of(machine, p) == Surface::Sentry {
        return sentry_status(machine, me, p);
    }
    let c = &p.cred;
    let mut groups: Vec<u32> = c.groups.clone();
    gatehouse_model::order::sort(&mut groups);
    let groups: String = groups.iter().map(|g| format!("{g} ")).collect();
    // The host sees the users of a user namespace as what they are outside.
    let of = |p: &Process| machine.space(p.space).map_or(0, |s| s.id_shift);
    let shift = of(p).saturating_sub(of(me));
    let parent = parent_of(machine, me, p);
    let pid = vpid(machine, me, p);
    let state = if p.pid == me.pid { "R (running)" } else { "S (sleeping)" };
    let mut text = format!(
        "Name:\t{}\nUmask:\t{:04o}\nState:\t{state}\nTgid:\t{pid}\nNgid:\t0\nPid:\t{pid}\nPPid:\t{parent}\nTracerPid:\t0\nUid:\t{}\t{}\t{}\t{}\nGid:\t{}\t{}\t{}\t{}\nFDSize:\t64\nGroups:\t{groups}\n",
        p.comm,
        p.umask,
        me.cred.seen_uid(c.ruid) + shift,
        me.cred.seen_uid(c.uid) + shift,
        me.cred.seen_uid(c.suid) + shift,
        me.cred.seen_uid(c.uid) + shift,
        c.gid + shift,
        c.gid + shift,
        c.gid + shift,
        c.gid + shift
    );
    let _ = write!(
        text,
        "NStgid:\t{pid}\nNSpid:\t{pid}\nNSpgid:\t{pid}\nNSsid:\t1\nVmPeak:\t    4624 kB\nVmSize:\t    4624 kB\nVmRSS:\t    1664 kB\nThreads:\t1\n"
    );
    text.push_str(&crate::security::status_lines(p));
    text.push_str("Speculation_Store_Bypass:\tvulnerable\nCpus_allowed:\tf\nCpus_allowed_list:\t0-3\nMems_allowed:\t00000001\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t0\n");
    text
}

/// Builds the files of a procfs and gives its root.
pub fn build(machine: &mut Machine) -> Ino {
    let now = machine.now.0;
    let root = machine.fs.add(Kind::Dir(Dir { procfs: true, ..Dir::default() }), 0o555, 0, 0, now);
    let k = Arc::clone(&machine.kernel);
    let file = |machine: &mut Machine, path: &str, mode: u32, text: String| {
        machine.fs.put(root, path, Kind::File(Arc::new(text.into_bytes())), mode, (0, 0), now);
    };
    file(machine, "version", 0o444, format!("Linux version {} {} {}\n", k.release, k.compiler, k.version));
    file(machine, "cmdline", 0o444, "BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro\n".into());
    file(
        machine,
        "uptime",
        0o444,
        format!("{}.00 {}.00\n", (now - machine.booted) / 1000, (now - machine.booted) / 1000),
    );
    file(machine, "loadavg", 0o444, "0.08 0.05 0.01 1/180 4242\n".into());
    file(
        machine,
        "meminfo",
        0o444,
        "MemTotal:        4028320 kB\nMemFree:         2204160 kB\nMemAvailable:    3308936 kB\n".into(),
    );
    file(
        machine,
        "cpuinfo",
        0o444,
        "processor\t: 0\nmodel name\t: Virtual CPU\n\nprocessor\t: 1\nmodel name\t: Virtual CPU\n\n".into(),
    );
    file(
        machine,
        "filesystems",
        0o444,
        "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\n\text4\nnodev\toverlay\n".into(),
    );
    file(machine, "keys", 0o444, String::new());
    file(machine, "kcore", 0o400, "\u{7f}ELF".into());
    file(machine, "sysrq-trigger", 0o200, String::new());
    file(
        machine,
        "modules",
        0o444,
        "overlay 212992 1 - Live 0x0000000000000000\nbr_netfilter 32768 0 - Live 0x0000000000000000\n".into(),
    );
    for (path, value) in crate::image::SYSCTLS {
        file(machine, &format!("sys/{path}"), 0o644, format!("{value}\n"));
    }
    file(machine, "sys/kernel/osrelease", 0o444, format!("{}\n", k.release));
    machine.fs.put(root, "mounts", Kind::Link("self/mounts".into()), 0o777, (0, 0), now);
    for dir in ["sys", "sys/kernel", "sys/net", "sys/fs", "sys/vm", "bus", "fs", "irq"] {
        machine.fs.put(root, dir, Kind::Dir(Dir::default()), 0o555, (0, 0), now);
    }
    root
}

/// Mounts a procfs of its own at /proc of a space.
pub fn mount(machine: &mut Machine, space: u32) {
    let root = build(machine);
    let Some(s) = machine.space(space).cloned() else { return };
    let now = machine.now.0;
    machine.fs.make_dirs(s.mounts.root().ino, "proc", now);
    let Some(on) = s.mounts.locate(&machine.fs, "/proc") else { return };
    if let Some(s) = machine.space_mut(space) {
        s.mounts.mount(on, root, "/proc", "proc", "proc", &["rw", "nosuid", "nodev", "noexec", "relatime"]);
    }
}
