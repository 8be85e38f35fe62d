//! Programs that ask for privileges: `mount`, `umount`, `unshare`, `nsenter`, `chroot`, `mknod`, `dmesg`.

use gatehouse_core::effects::apparmor::mount_flag;

use super::{execvp, options};
use crate::errno::Errno;
use crate::fs::Kind;
use crate::sys::{Clone, Sys};

/// `mount`'s options as flags; the rest are the file system's own.
fn flags(text: &str) -> u32 {
    text.split(',')
        .map(|o| match o {
            "ro" => mount_flag::RDONLY,
            "remount" => mount_flag::REMOUNT,
            "bind" => mount_flag::BIND,
            "rbind" => mount_flag::BIND | mount_flag::REC,
            "move" => mount_flag::MOVE,
            "nosuid" => 2,
            "nodev" => 4,
            "noexec" => 8,
            _ => 0,
        })
        .fold(0, |a, b| a | b)
}

pub(super) fn mount(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "t:o:rwaBRMnvl",
        &[("bind", 'B'), ("rbind", 'R'), ("move", 'M'), ("types", 't'), ("options", 'o'), ("read-only", 'r')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    let mut bits = opts.value('o').map_or(0, flags);
    for (letter, bit) in [
        ('B', mount_flag::BIND),
        ('R', mount_flag::BIND | mount_flag::REC),
        ('M', mount_flag::MOVE),
        ('r', mount_flag::RDONLY),
    ] {
        if opts.has(letter) {
            bits |= bit;
        }
    }
    let (source, point) = match opts.operands.as_slice() {
        [] => {
            if busybox {
                let _ = sys.call("geteuid");
            } else {
                for call in ["getgid", "getegid", "prctl", "readlink", "newfstatat"] {
                    let _ = sys.call(call);
                }
            }
            let table = sys.slurp("/proc/mounts").unwrap_or_default();
            for line in table.lines() {
                let f: Vec<&str> = line.split(' ').collect();
                if let [source, point, kind, options, ..] = f.as_slice() {
                    sys.print(&format!("{source} on {point} type {kind} ({options})\n"));
                }
            }
            return 0;
        }
        [point] => {
            let table = sys.slurp("/proc/mounts").unwrap_or_default();
            let known = table.lines().rev().find_map(|l| {
                let mut f = l.split(' ');
                let source = f.next()?;
                (f.next()? == point).then(|| source.to_owned())
            });
            (known.unwrap_or_else(|| "none".to_owned()), point.clone())
        }
        [source, point, ..] => (source.clone(), point.clone()),
    };
    let fstype = opts.value('t').unwrap_or("").to_owned();
    if busybox {
        mount_busybox(sys, &source, &point, &fstype, bits)
    } else {
        mount_util_linux(sys, &source, &point, &fstype, bits)
    }
}

fn mount_busybox(sys: &mut Sys<'_>, source: &str, point: &str, fstype: &str, bits: u32) -> i32 {
    // busybox adds MS_SILENT, and tries once more read-only where the first answer allows it.
    let bits = bits | mount_flag::SILENT;
    let kind = if fstype.is_empty() && bits & (mount_flag::REMOUNT | mount_flag::BIND) == 0 {
        "ext4"
    } else {
        fstype
    };
    for call in ["geteuid", "newfstatat"] {
        let _ = sys.call(call);
    }
    let mut done = sys.mount("mount", source, point, kind, bits);
    if matches!(done, Err(Errno::EACCES | Errno::EROFS)) && bits & mount_flag::RDONLY == 0 {
        done = sys.mount("mount", source, point, kind, bits | mount_flag::RDONLY);
    }
    if done.is_err() {
        // A program of the file system's own might know better.
        for call in ["vfork", "exit_group", "wait4"] {
            sys.note_parent(call);
        }
    }
    match done {
        Ok(()) => 0,
        Err(Errno::EPERM) => {
            sys.complain("mount: permission denied (are you root?)\n");
            1
        }
        Err(e) => {
            sys.complain(&format!("mount: mounting {source} on {point} failed: {}\n", e.text()));
            255
        }
    }
}

fn mount_util_linux(sys: &mut Sys<'_>, source: &str, point: &str, fstype: &str, bits: u32) -> i32 {
    let root = sys.me().cred.ruid == 0;
    let (bind, again) = (bits & mount_flag::BIND != 0, bits & mount_flag::REMOUNT != 0);
    let before: &[&str] = match (again, bind) {
        (true, _) => &[
            "getgid",
            "getegid",
            "prctl",
            "statx",
            "readlink",
            "newfstatat",
            "open_tree",
            "uname",
            "mount_setattr",
            "mkdir",
        ],
        (false, true) => &["readlink", "getgid", "getegid", "prctl", "open_tree", "statx"],
        (false, false) => &["readlink", "statx", "getgid", "getegid", "prctl"],
    };
    for call in before {
        let _ = sys.call(call);
    }
    if sys.walk(point, true).is_ok_and(|f| f.at.is_none()) {
        sys.complain(&format!("mount: {point}: mount point is not a directory.\n       dmesg(1) may have more information after failed mount system call.\n"));
        return 32;
    }
    let tail = "       dmesg(1) may have more information after failed mount system call.\n";
    if !root && sys.me().cred.uid == 0 {
        // The set-user-ID program gives up what it got, and makes sure that it cannot take it back.
        let (uid, gid) = (sys.me().cred.ruid, sys.me().cred.gid);
        let _ = sys.setgid(gid);
        if sys.setuid(uid).is_err() || sys.setuid(0).is_ok() {
            sys.complain("mount: drop permissions failed.\n");
            return 32;
        }
    }
    if !root {
        sys.complain(&format!("mount: {point}: must be superuser to use mount.\n{tail}"));
        return 32;
    }
    if bits & mount_flag::REMOUNT != 0 {
        let overlay = sys
            .space()
            .and_then(|s| s.mounts.all().iter().find(|m| m.point == point).map(|m| m.fstype == "overlay"))
            .unwrap_or(false);
        let may = sys.call("fspick").is_ok()
            && sys.capable(gatehouse_core::effects::capabilities::Capability::SysAdmin);
        if may && overlay {
            sys.complain(&format!(
                "mount: {point}: fsconfig() failed: overlay: No changes allowed in reconfigure.\n{tail}"
            ));
            return 32;
        }
    }
    // The newer calls ask for the capability before any profile sees a path.
    let admin = gatehouse_core::effects::capabilities::Capability::SysAdmin;
    let opened = if again || bind { Ok(()) } else { sys.call("fsopen") };
    let opened =
        opened.and_then(|()| if sys.capable_over(admin, Clone::NEWNS) { Ok(()) } else { Err(Errno::EPERM) });
    match opened.and_then(|()| sys.mount("mount", source, point, fstype, bits)) {
        Ok(()) => 0,
        Err(Errno::EPERM | Errno::EACCES) => {
            sys.complain(&format!("mount: {point}: permission denied.\n{tail}"));
            32
        }
        Err(Errno::ENOENT) => {
            sys.complain(&format!("mount: {point}: special device {source} does not exist.\n{tail}"));
            32
        }
        Err(Errno::ENODEV) => {
            sys.complain(&format!("mount: {point}: unknown filesystem type '{fstype}'.\n{tail}"));
            32
        }
        Err(e) => {
            sys.complain(&format!(
                "mount: {point}: mount({}) system call failed: {}.\n{tail}",
                e.0,
                e.text()
            ));
            32
        }
    }
}

pub(super) fn umount(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "lfrnavRdt:", &[]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let mut code = 0;
    for point in &opts.operands {
        if sys.busybox() {
            let _ = sys.slurp("/proc/mounts");
            for call in ["fstat", "readlink"] {
                let _ = sys.call(call);
            }
        } else {
            for call in ["newfstatat", "fstatfs"] {
                let _ = sys.call(call);
            }
        }
        if let Err(e) = sys.umount(point) {
            let text = match (sys.busybox(), e) {
                (true, e) => format!("umount: can't unmount {point}: {}\n", e.text()),
                (false, Errno::EPERM) => format!("umount: {point}: must be superuser to unmount.\n"),
                (false, Errno::ENOENT) => format!("umount: {point}: no mount point specified.\n"),
                (false, Errno::EINVAL) => format!("umount: {point}: not mounted.\n"),
                (false, e) => format!("umount: {point}: {}.\n", e.text()),
            };
            sys.complain(&text);
            code = if sys.busybox() { 1 } else { 32 };
        }
    }
    code
}

pub(super) fn unshare(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("user", 'U'),
        ("map-root-user", 'r'),
        ("mount", 'm'),
        ("net", 'n'),
        ("pid", 'p'),
        ("uts", 'u'),
        ("ipc", 'i'),
        ("fork", 'f'),
        ("mount-proc", 'P'),
        ("cgroup", 'C'),
    ];
    let opts = match options::parse_leading(sys, argv, "UrmnpuifPC", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    let mut bits = 0;
    for (letter, bit) in [
        ('U', Clone::NEWUSER),
        ('r', Clone::NEWUSER),
        ('m', Clone::NEWNS),
        ('n', Clone::NEWNET),
        ('p', Clone::NEWPID),
        ('u', Clone::NEWUTS),
        ('i', Clone::NEWIPC),
        ('C', Clone::NEWCGROUP),
    ] {
        if opts.has(letter) {
            bits |= bit;
        }
    }
    let (uid, gid) = (sys.getid("geteuid"), sys.getid("getegid"));
    if let Err(e) = sys.unshare(bits) {
        let text = if busybox {
            format!("unshare: unshare(0x{bits:x}): {}\n", e.text())
        } else {
            format!("unshare: unshare failed: {}\n", e.text())
        };
        sys.complain(&text);
        return 1;
    }
    if opts.has('r') {
        for (file, text) in [
            ("/proc/self/uid_map", format!("0 {uid} 1")),
            ("/proc/self/setgroups", "deny".to_owned()),
            ("/proc/self/gid_map", format!("0 {gid} 1")),
        ] {
            let done = sys
                .open(file, crate::sys::Flags { write: true, ..crate::sys::Flags::default() }, 0)
                .and_then(|fd| {
                    let w = sys.write(fd, text.as_bytes());
                    sys.close(fd);
                    w
                });
            if let Err(e) = done {
                let text = if busybox {
                    format!("unshare: write error: {}\n", e.text())
                } else {
                    format!("unshare: write failed {file}: {}\n", e.text())
                };
                sys.complain(&text);
                return 1;
            }
        }
    }
    if busybox && opts.has('U') && !opts.has('r') {
        for call in ["newfstatat", "getgid", "setgid", "setuid"] {
            let _ = sys.call(call);
        }
    }
    let command = if opts.operands.is_empty() { vec!["/bin/sh".to_owned()] } else { opts.operands.clone() };
    run(sys, "unshare", &command)
}

/// Becomes another program, with the words a program has for its failure.
fn run(sys: &mut Sys<'_>, program: &str, command: &[String]) -> i32 {
    let name = command.first().cloned().unwrap_or_default();
    match execvp(sys, command) {
        Ok(code) => code,
        Err(e) => {
            let text = match (sys.busybox(), program) {
                (true, p) => format!("{p}: can't execute '{name}': {}\n", e.text()),
                (false, "chroot") => {
                    format!("chroot: failed to run command \u{2018}{name}\u{2019}: {}\n", e.text())
                }
                (false, p) => format!("{p}: failed to execute {name}: {}\n", e.text()),
            };
            sys.complain(&text);
            if e == Errno::ENOENT { 127 } else { 126 }
        }
    }
}

pub(super) fn nsenter(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("target", 't'),
        ("mount", 'm'),
        ("uts", 'u'),
        ("ipc", 'i'),
        ("net", 'n'),
        ("pid", 'p'),
        ("user", 'U'),
        ("all", 'a'),
    ];
    let opts = match options::parse_leading(sys, argv, "t:muinpUaCF", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let target = opts.value('t').and_then(|t| t.parse().ok()).unwrap_or(1);
    if !opts.has('t') && !sys.busybox() {
        sys.complain("nsenter: no namespace specified\n");
        return 1;
    }
    let present = sys.follow_quietly(&format!("/proc/{target}")).is_ok();
    if sys.busybox() {
        let _ = sys.call("openat");
        if !present {
            sys.complain(&format!(
                "nsenter: can't open '/proc/{target}/ns/mnt': No such file or directory\n"
            ));
            return 1;
        }
    } else {
        for call in ["uname", "pidfd_open"] {
            let _ = sys.call(call);
        }
        if !present {
            sys.complain(&format!("nsenter: cannot open /proc/{target}/ns/mnt: No such file or directory\n"));
            return 1;
        }
    }
    if let Err(e) = sys.setns(target) {
        let text = if sys.busybox() {
            format!("nsenter: setns(): can't reassociate to namespace 'mnt': {}\n", e.text())
        } else {
            format!("nsenter: reassociate to namespaces failed: {}\n", e.text())
        };
        sys.complain(&text);
        return 1;
    }
    let command = if opts.operands.is_empty() { vec!["/bin/sh".to_owned()] } else { opts.operands.clone() };
    run(sys, "nsenter", &command)
}

pub(super) fn chroot(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let busybox = sys.busybox();
    let opts = if busybox {
        let operands = argv.get(1..).unwrap_or_default().to_vec();
        options::Options { operands, ..Default::default() }
    } else {
        match options::parse_leading(
            sys,
            argv,
            "u:g:s",
            &[("userspec", 'u'), ("groups", 'g'), ("skip-chdir", 's')],
        ) {
            Ok(o) => o,
            Err(_) => return 125,
        }
    };
    let Some((root, command)) = opts.operands.split_first() else {
        sys.complain("chroot: missing operand\nTry 'chroot --help' for more information.\n");
        return 125;
    };
    if !busybox && root != "/" {
        let _ = sys.call("readlink");
    }
    if let Err(e) = sys.chroot(root) {
        let text = if busybox {
            format!("chroot: can't change root directory to '{root}': {}\n", e.text())
        } else {
            format!("chroot: cannot change root directory to '{root}': {}\n", e.text())
        };
        sys.complain(&text);
        return if busybox { 1 } else { 125 };
    }
    let _ = sys.chdir("/");
    if let Some(spec) = opts.value('u')
        && let Err(text) = become_user(sys, spec)
    {
        sys.complain(&format!("chroot: {text}\n"));
        return 125;
    }
    let command =
        if command.is_empty() { vec!["/bin/sh".to_owned(), "-i".to_owned()] } else { command.to_vec() };
    run(sys, "chroot", &command)
}

/// `USER[:GROUP]` by name or number.
fn become_user(sys: &mut Sys<'_>, spec: &str) -> Result<(), String> {
    let (user, group) = spec.split_once(':').unwrap_or((spec, ""));
    sys.ask_name_service();
    let account = sys.find_user(|u| u.name == user || user.parse() == Ok(u.uid));
    let uid = user.parse().ok().or(account.as_ref().map(|a| a.uid)).ok_or("invalid user")?;
    let gid = match group {
        "" => account.map(|a| a.gid).ok_or(format!("no group specified for unknown uid: {uid}"))?,
        g => g
            .parse()
            .ok()
            .or_else(|| sys.groups().into_iter().find(|(n, _, _)| n == g).map(|(_, i, _)| i))
            .ok_or("invalid group")?,
    };
    let failed = |what: &str, e: Errno| format!("failed to set {what}: {}", e.text());
    sys.setgroups(&[gid]).map_err(|e| failed("supplemental groups", e))?;
    sys.setgid(gid).map_err(|e| failed("group-ID", e))?;
    sys.setuid(uid).map_err(|e| failed("user-ID", e))
}

pub(super) fn mknod(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "m:Z", &[("mode", 'm')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let (path, kind) = match opts.operands.as_slice() {
        [p, t] if t == "p" => (p.clone(), Kind::Fifo),
        [p, t, major, minor] => {
            let (Ok(a), Ok(b)) = (major.parse(), minor.parse()) else {
                let (what, word) =
                    if major.parse::<u32>().is_err() { ("major", major) } else { ("minor", minor) };
                sys.complain(&if sys.busybox() {
                    format!("mknod: invalid number '{word}'\n")
                } else {
                    format!("mknod: invalid {what} device number '{word}'\n")
                });
                return 1;
            };
            (p.clone(), if t == "b" { Kind::Block(a, b) } else { Kind::Char(a, b) })
        }
        _ => {
            sys.complain("mknod: missing operand\nTry 'mknod --help' for more information.\n");
            return 1;
        }
    };
    let mode = opts.value('m').and_then(|m| super::chmod::apply(m, 0o666, false, 0)).unwrap_or(0o666);
    match sys.mknod(&path, kind, mode) {
        Ok(()) => 0,
        Err(e) => {
            sys.complain(&format!("mknod: {path}: {}\n", e.text()));
            1
        }
    }
}

pub(super) fn dmesg(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "TwHxcCtkn:l:",
        &[("follow", 'w'), ("ctime", 'T'), ("human", 'H'), ("notime", 't')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    if !sys.busybox() {
        let _ = sys.call("ioctl");
    }
    match sys.syslog() {
        Ok(text) => {
            if opts.has('t') {
                let bare: String =
                    text.lines().map(|l| format!("{}\n", l.split_once("] ").map_or(l, |(_, r)| r))).collect();
                sys.print(&bare);
            } else {
                sys.print(&text);
            }
            0
        }
        Err(e) => {
            let text = if sys.busybox() {
                format!("dmesg: klogctl: {}\n", e.text())
            } else {
                format!("dmesg: read kernel buffer failed: {}\n", e.text())
            };
            sys.complain(&text);
            if !sys.busybox() {
                let _ = sys.call("dup");
            }
            1
        }
    }
}
