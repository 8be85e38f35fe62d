//! What is on a disk before anything runs: the directories, users and programs of a small Ubuntu.

use std::sync::Arc;

use crate::fs::{Dir, Ino, Kind};
use crate::machine::{HOST, Machine};
use crate::programs;

/// Values under /proc/sys.
pub const SYSCTLS: &[(&str, &str)] = &[
    ("kernel/msgmax", "8192"),
    ("kernel/shm_rmid_forced", "0"),
    ("kernel/shmmax", "18446744073692774399"),
    ("kernel/ostype", "Linux"),
    ("kernel/pid_max", "4194304"),
    ("kernel/randomize_va_space", "2"),
    ("kernel/dmesg_restrict", "1"),
    ("kernel/kptr_restrict", "1"),
    ("kernel/unprivileged_bpf_disabled", "2"),
    ("kernel/yama/ptrace_scope", "1"),
    ("kernel/panic", "10"),
    ("kernel/panic_on_oops", "1"),
    ("net/core/somaxconn", "4096"),
    ("net/ipv4/ip_forward", "1"),
    ("net/ipv4/ip_local_port_range", "32768\t60999"),
    ("net/ipv4/ip_unprivileged_port_start", "1024"),
    ("net/ipv4/ping_group_range", "1\t0"),
    ("net/ipv4/tcp_syncookies", "1"),
    ("net/ipv6/conf/all/disable_ipv6", "0"),
    ("net/bridge/bridge-nf-call-iptables", "1"),
    ("vm/overcommit_memory", "1"),
    ("vm/swappiness", "60"),
    ("fs/protected_hardlinks", "1"),
    ("fs/protected_symlinks", "1"),
    ("fs/inotify/max_user_instances", "8192"),
    ("user/max_user_namespaces", "15420"),
];

/// Device files every system and container has: name, major, minor, mode.
pub const DEVICES: &[(&str, u32, u32, u32)] = &[
    ("null", 1, 3, 0o666),
    ("zero", 1, 5, 0o666),
    ("full", 1, 7, 0o666),
    ("random", 1, 8, 0o666),
    ("urandom", 1, 9, 0o666),
    ("tty", 5, 0, 0o666),
];

/// Fills a /dev.
pub fn devices(machine: &mut Machine, dev: Ino) {
    let now = machine.now.0;
    for (name, major, minor, mode) in DEVICES {
        machine.fs.put(dev, name, Kind::Char(*major, *minor), *mode, (0, 0), now);
    }
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ] {
        machine.fs.put(dev, name, Kind::Link(target.into()), 0o777, (0, 0), now);
    }
}

/// A /sys with what people look at in it.
pub fn sysfs(machine: &mut Machine) -> Ino {
    let now = machine.now.0;
    let root = machine.fs.new_root(0o555, now);
    for dir in [
        "fs/cgroup",
        "firmware",
        "kernel/security",
        "class/net/lo",
        "class/net/eth0",
        "devices/virtual/powercap",
        "block",
    ] {
        machine.fs.make_dirs(root, dir, now);
    }
    for (path, text, mode) in [
        ("kernel/mm/ksm/run", "0\n", 0o644),
        ("kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n", 0o644),
        ("class/net/eth0/mtu", "1450\n", 0o644),
    ] {
        machine.fs.put(root, path, Kind::File(Arc::new(text.as_bytes().to_vec())), mode, (0, 0), now);
    }
    root
}

/// The tree of an image with busybox's tools: every applet a hard link in /bin.
pub fn busybox_root(machine: &mut Machine) -> Ino {
    let now = machine.now.0;
    let root = machine.fs.new_root(0o755, now);
    for (dir, mode) in [
        ("etc", 0o755),
        ("home", 0o755),
        ("root", 0o700),
        ("tmp", 0o1777),
        ("var/tmp", 0o1777),
        ("var/log", 0o755),
        ("usr/bin", 0o755),
        ("mnt", 0o755),
        ("run", 0o755),
        ("opt", 0o755),
    ] {
        machine.fs.put(root, dir, Kind::Dir(Dir::default()), mode, (0, 0), now);
    }
    install(machine, root, "bin/busybox", "busybox");
    let (Some(bin), Some(ino)) = (machine.fs.at(root, "bin"), machine.fs.at(root, "bin/busybox")) else {
        return root;
    };
    for name in programs::debian_applets() {
        machine.fs.link(bin, name, ino, now);
    }
    for (path, text) in [
        (
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nbin:x:2:2:bin:/bin:/bin/false\nwww-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
        ),
        (
            "etc/group",
            "root:x:0:\ndaemon:x:1:\nbin:x:2:\nwheel:x:10:root\nwww-data:x:33:\nusers:x:100:\nnogroup:x:65534:\n",
        ),
    ] {
        machine.fs.put(root, path, Kind::File(Arc::new(text.as_bytes().to_vec())), 0o644, (0, 0), now);
    }
    root
}

/// The tree of a Debian-like image: coreutils, dash, util-linux.
pub fn debian_root(machine: &mut Machine) -> Ino {
    let now = machine.now.0;
    let root = machine.fs.new_root(0o755, now);
    for (dir, mode) in [
        ("etc", 0o755),
        ("home", 0o755),
        ("root", 0o700),
        ("tmp", 0o1777),
        ("var/tmp", 0o1777),
        ("var/log", 0o755),
        ("var/lib", 0o755),
        ("usr/bin", 0o755),
        ("usr/lib/x86_64-linux-gnu", 0o755),
        ("mnt", 0o755),
        ("run", 0o755),
        ("opt", 0o755),
        ("srv", 0o755),
    ] {
        machine.fs.put(root, dir, Kind::Dir(Dir::default()), mode, (0, 0), now);
    }
    for (link, target) in [
        ("bin", "usr/bin"),
        ("sbin", "usr/bin"),
        ("lib", "usr/lib"),
        ("lib64", "usr/lib"),
        ("usr/sbin", "bin"),
    ] {
        machine.fs.put(root, link, Kind::Link(target.into()), 0o777, (0, 0), now);
    }
    for name in programs::image_names() {
        install(machine, root, &format!("usr/bin/{name}"), name);
    }
    for file in ["usr/lib/x86_64-linux-gnu/libc.so.6", "etc/ld.so.cache"] {
        machine.fs.put(root, file, Kind::File(Arc::new(b"\x7fELF".to_vec())), 0o755, (0, 0), now);
    }
    for (path, text, mode, gid) in [
        ("etc/passwd", PASSWD, 0o644, 0),
        ("etc/group", GROUP, 0o644, 0),
        ("etc/shadow", "root:*:19700:0:99999:7:::\n", 0o640, 42),
        (
            "etc/os-release",
            "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"13\"\nID=debian\n",
            0o644,
            0,
        ),
    ] {
        machine.fs.put(root, path, Kind::File(Arc::new(text.as_bytes().to_vec())), mode, (0, gid), now);
    }
    set_user_id(machine, root);
    root
}

/// Programs that run as root whoever starts them.
fn set_user_id(machine: &mut Machine, root: Ino) {
    for name in ["su", "sudo", "mount", "umount"] {
        if let Some(i) = machine.fs.at(root, &format!("usr/bin/{name}")).and_then(|i| machine.fs.get_mut(i)) {
            i.mode = 0o4755;
        }
    }
}

/// Puts an executable of the given program at a path below a root.
pub fn install(machine: &mut Machine, root: Ino, path: &str, program: &str) {
    let mut content = programs::MAGIC.to_vec();
    content.extend_from_slice(program.as_bytes());
    let now = machine.now.0;
    machine.fs.put(root, path, Kind::File(Arc::new(content)), 0o755, (0, 0), now);
}

/// The users of a Debian-like system.
pub const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
sync:x:4:65534:sync:/bin:/bin/sync
games:x:5:60:games:/usr/games:/usr/sbin/nologin
man:x:6:12:man:/var/cache/man:/usr/sbin/nologin
lp:x:7:7:lp:/var/spool/lpd:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
news:x:9:9:news:/var/spool/news:/usr/sbin/nologin
uucp:x:10:10:uucp:/var/spool/uucp:/usr/sbin/nologin
proxy:x:13:13:proxy:/bin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
backup:x:34:34:backup:/var/backups:/usr/sbin/nologin
list:x:38:38:Mailing List Manager:/var/list:/usr/sbin/nologin
irc:x:39:39:ircd:/run/ircd:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
";

/// The groups of a Debian-like system.
pub const GROUP: &str = "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nlp:x:7:\nmail:x:8:\nnews:x:9:\nuucp:x:10:\nman:x:12:\nproxy:x:13:\nkmem:x:15:\ndialout:x:20:\nfax:x:21:\nvoice:x:22:\ncdrom:x:24:\nfloppy:x:25:\ntape:x:26:\nsudo:x:27:\naudio:x:29:\ndip:x:30:\nwww-data:x:33:\nbackup:x:34:\noperator:x:37:\nlist:x:38:\nirc:x:39:\nsrc:x:40:\nshadow:x:42:\nutmp:x:43:\nvideo:x:44:\nsasl:x:45:\nplugdev:x:46:\nstaff:x:50:\ngames:x:60:\nusers:x:100:\nnogroup:x:65534:\n";

/// Who may become whom on an Ubuntu.
const SUDOERS: &str = "Defaults\tenv_reset\nDefaults\tmail_badpass\nDefaults\tsecure_path=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin\"\n\n# User privilege specification\nroot\tALL=(ALL:ALL) ALL\n\n# Members of the admin group may gain root privileges\n%admin ALL=(ALL) ALL\n\n# Allow members of group sudo to execute any command\n%sudo\tALL=(ALL:ALL) ALL\n\n# See sudoers(5) for more information on \"@include\" directives:\n\n@includedir /etc/sudoers.d\n";

/// Fills the host's disk.
pub fn host(machine: &mut Machine, user: &str) {
    let Some(root) = machine.space(HOST).map(|s| s.mounts.root().ino) else { return };
    let now = machine.now.0;
    for (dir, mode) in [
        ("/etc", 0o755),
        ("/usr/bin", 0o755),
        ("/usr/sbin", 0o755),
        ("/usr/local/bin", 0o755),
        ("/var/log", 0o755),
        ("/var/lib", 0o755),
        ("/var/tmp", 0o1777),
        ("/tmp", 0o1777),
        ("/root", 0o700),
        ("/home", 0o755),
        ("/run", 0o755),
        ("/dev", 0o755),
        ("/opt", 0o755),
        ("/mnt", 0o755),
        ("/srv", 0o755),
        ("/boot", 0o755),
        ("/sys/kernel", 0o755),
        ("/lib/modules", 0o755),
    ] {
        machine.make_dir(dir, mode, (0, 0));
    }
    for (link, target) in [("/bin", "usr/bin"), ("/sbin", "usr/sbin"), ("/lib64", "usr/lib64")] {
        machine.fs.put(root, link, Kind::Link(target.into()), 0o777, (0, 0), now);
    }
    let dev = machine.fs.put(root, "/dev", Kind::Dir(Dir::default()), 0o755, (0, 0), now);
    devices(machine, dev);
    for name in programs::names() {
        if *name != "busybox" {
            install(machine, root, &format!("/usr/bin/{name}"), name);
        }
    }
    set_user_id(machine, root);
    let hostname = machine.space(HOST).map(|s| s.hostname.clone()).unwrap_or_default();
    let mut passwd = PASSWD.to_owned();
    let mut group = GROUP.to_owned();
    if user != "root" {
        passwd.push_str(&format!("{user}:x:1000:1000:{user}:/home/{user}:/bin/bash\n"));
        group = group.replace("sudo:x:27:\n", &format!("sudo:x:27:{user}\n"));
        group.push_str(&format!("{user}:x:1000:\n"));
        machine.make_dir(&format!("/home/{user}"), 0o750, (1000, 1000));
    }
    let shadow: String = passwd
        .lines()
        .filter_map(|l| l.split(':').next())
        .map(|n| format!("{n}:*:19700:0:99999:7:::\n"))
        .collect();
    machine.write_file("/etc/passwd", passwd, 0o644, (0, 0));
    machine.write_file("/etc/group", group, 0o644, (0, 0));
    machine.write_file("/etc/shadow", shadow, 0o640, (0, 42));
    machine.write_file("/etc/hostname", format!("{hostname}\n"), 0o644, (0, 0));
    machine.write_file(
        "/etc/hosts",
        format!("127.0.0.1 localhost\n127.0.1.1 {hostname}\n172.30.1.2 controlplane\n172.30.2.2 node01\n"),
        0o644,
        (0, 0),
    );
    machine.write_file(
        "/etc/resolv.conf",
        "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n",
        0o644,
        (0, 0),
    );
    machine.make_dir("/run/systemd/resolve", 0o755, (0, 0));
    machine.write_file("/run/systemd/resolve/resolv.conf", "nameserver 8.8.8.8\nsearch .\n", 0o644, (0, 0));
    machine.write_file(
        "/etc/os-release",
        crate::images::release::Release::Ubuntu(24)
            .files()
            .into_iter()
            .map(|(_, text)| text)
            .collect::<String>(),
        0o644,
        (0, 0),
    );
    for (path, text) in gatehouse_core::effects::apparmor::STOCK {
        machine.write_file(&format!("/etc/apparmor.d/{path}"), *text, 0o644, (0, 0));
    }
    for (path, text) in [
        ("/sys/module/apparmor/parameters/enabled", "Y\n"),
        ("/sys/module/apparmor/parameters/mode", "enforce\n"),
        ("/sys/kernel/security/apparmor/profiles", ""),
    ] {
        machine.write_file(path, text, 0o444, (0, 0));
    }
    machine.fs.put(root, "/usr/sbin/nologin", Kind::Link("../bin/nologin".into()), 0o777, (0, 0), now);
    machine.make_dir("/etc/sudoers.d", 0o750, (0, 0));
    machine.write_file("/etc/sudoers", SUDOERS, 0o440, (0, 0));
    machine.write_file(
        "/etc/shells",
        "# /etc/shells: valid login shells\n/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n",
        0o644,
        (0, 0),
    );
}
