//! Programs: a table from names to functions over a [`Sys`]. Adding a program is one file and one row.
//!
//! A program reaches files, processes and the network only through the system calls of [`Sys`]. An executable on disk is
//! [`MAGIC`] and the program's name, so that copies and links of it work as on a real system.

mod accounts;
mod admin;
mod apparmor;
mod awk;
mod base64;
mod blocks;
mod caps;
mod cat;
mod chmod;
mod chown;
mod cmp;
mod cp;
mod crictl;
mod cut;
mod date;
mod dd;
pub mod diff;
mod du;
mod edit;
mod env;
mod etcdctl;
mod find;
mod fold;
mod grep;
mod gzip;
mod head;
mod id;
mod install;
mod iptables;
mod jq;
mod kill;
pub mod kmod;
mod kubeadm;
mod ln;
mod ls;
mod misc;
mod mkdir;
mod mv;
mod names;
mod net;
mod nice;
mod od;
mod openssl;
pub(crate) mod options;
pub mod packages;
mod paste;
mod pgrep;
mod ports;
mod printf;
mod ps;
mod rm;
mod sed;
mod seq;
mod server;
mod setpriv;
mod sh;
mod shuf;
mod sleep;
mod small;
mod sort;
mod startup;
mod stat;
mod strings;
mod su;
mod sudoers;
pub mod sums;
mod sysctl;
mod systemd;
mod tar;
mod tee;
mod top;
mod touch;
mod tr;
mod ufw;
mod uniq;
mod wc;
mod who;
mod wrap;
mod xargs;
mod xxd;

pub use kill::{kill_words, signal, signal_name, signal_table, signal_words};
pub use printf::{Escapes, echo, escapes, printf};
pub use server::{answer, hang_up, listener};
pub use startup::{around_complaint, startup};

use crate::errno::Errno;
use crate::sys::{Result, Sys};

/// What the file of an executable starts with.
pub const MAGIC: &[u8] = b"\x7fELF\x02\x01\x01\0";

/// A program: its process and its arguments (with its name) to an exit code.
pub type Main = fn(&mut Sys<'_>, &[String]) -> i32;

/// The table, by name.
const TABLE: &[(&str, Main)] = &[
    ("[", misc::test),
    ("agnhost", server::agnhost),
    ("arch", misc::arch),
    ("awk", awk::main),
    ("base64", base64::main),
    ("basename", names::basename),
    ("bash", sh::main),
    ("busybox", misc::busybox),
    ("cat", cat::main),
    ("chgrp", chown::main),
    ("chmod", chmod::main),
    ("chown", chown::main),
    ("clear", misc::clear),
    ("column", paste::column),
    ("comm", paste::comm),
    ("coredns", server::coredns),
    ("cp", cp::main),
    ("cut", cut::main),
    ("dash", sh::main),
    ("date", date::main),
    ("df", misc::df),
    ("diff", diff::main),
    ("dirname", names::dirname),
    ("docker-entrypoint.sh", server::entrypoint),
    ("echo", misc::echo),
    ("egrep", grep::main),
    ("entrypoint.sh", server::entrypoint),
    ("env", env::main),
    ("expr", misc::expr),
    ("false", misc::false_),
    ("fgrep", grep::main),
    ("find", find::main),
    ("gawk", awk::main),
    ("grep", grep::main),
    ("groups", id::groups),
    ("head", head::head),
    ("hexdump", sums::hexdump),
    ("hostname", names::hostname),
    ("httpd", server::httpd),
    ("httpd-foreground", server::serve),
    ("id", id::main),
    ("jq", jq::main),
    ("kill", kill::main),
    ("ln", ln::main),
    ("ls", ls::main),
    ("md5sum", sums::main),
    ("mkdir", mkdir::main),
    ("mktemp", misc::mktemp),
    ("more", cat::main),
    ("less", cat::main),
    ("mv", mv::main),
    ("nano", edit::main),
    ("nginx", server::nginx),
    ("nl", paste::nl),
    ("nproc", misc::nproc),
    ("paste", paste::main),
    ("pause", server::serve),
    ("printenv", env::printenv),
    ("printf", misc::printf),
    ("ps", ps::main),
    ("pwd", names::pwd),
    ("readlink", names::readlink),
    ("realpath", names::realpath),
    ("rev", paste::rev),
    ("redis-server", server::serve),
    ("rm", rm::main),
    ("rmdir", rm::rmdir),
    ("sed", sed::main),
    ("seq", seq::main),
    ("server", server::serve),
    ("python3", server::python),
    ("postgres", server::serve),
    ("pilot-discovery", server::serve),
    ("pilot-agent", server::pilot_agent),
    ("nginx-ingress-controller", server::ingress),
    ("mysqld", server::serve),
    ("http-echo", server::http_echo),
    ("hello-app", server::serve),
    ("sh", sh::main),
    ("sha256sum", sums::main),
    ("sha512sum", sums::main),
    ("sleep", sleep::main),
    ("cmp", cmp::main),
    ("dd", dd::main),
    ("du", du::main),
    ("install", install::install),
    ("killall", pgrep::killall),
    ("mkfifo", install::mkfifo),
    ("nice", nice::nice),
    ("nohup", wrap::nohup),
    ("od", od::main),
    ("pgrep", pgrep::pgrep),
    ("pidof", pgrep::pidof),
    ("pkill", pgrep::pgrep),
    ("renice", nice::renice),
    ("setpriv", setpriv::main),
    ("setsid", wrap::setsid),
    ("stress", wrap::stress),
    ("sync", install::sync),
    ("time", wrap::time),
    ("truncate", install::truncate),
    ("uptime", wrap::uptime),
    ("watch", wrap::watch),
    ("sort", sort::main),
    ("stat", stat::main),
    ("tac", paste::tac),
    ("tail", head::tail),
    ("tar", tar::main),
    ("tee", tee::main),
    ("test", misc::test),
    ("timeout", sleep::timeout),
    ("touch", touch::main),
    ("tr", tr::main),
    ("true", misc::true_),
    ("tty", misc::tty),
    ("uname", names::uname),
    ("uniq", uniq::main),
    ("vi", edit::main),
    ("vim", edit::main),
    ("wc", wc::main),
    ("which", names::which),
    ("whoami", id::whoami),
    ("capsh", caps::capsh),
    ("chroot", admin::chroot),
    ("curl", net::curl),
    ("dig", net::dig),
    ("getent", net::getent),
    ("dmesg", admin::dmesg),
    ("getcap", caps::getcap),
    ("getpcaps", caps::getpcaps),
    ("ip", net::ip),
    ("mknod", admin::mknod),
    ("mount", admin::mount),
    ("nc", net::nc),
    ("nslookup", net::nslookup),
    ("nsenter", admin::nsenter),
    ("ping", net::ping),
    ("setcap", caps::setcap),
    ("su", su::su),
    ("sudo", su::sudo),
    ("umount", admin::umount),
    ("unshare", admin::unshare),
    ("wget", net::wget),
    ("aa-complain", apparmor::set_mode),
    ("aa-disable", apparmor::set_mode),
    ("aa-enabled", apparmor::enabled),
    ("aa-enforce", apparmor::set_mode),
    ("aa-exec", apparmor::exec),
    ("aa-status", apparmor::status),
    ("apparmor_parser", apparmor::parser),
    ("apparmor_status", apparmor::status),
    ("crictl", crictl::main),
    ("journalctl", systemd::journalctl),
    ("sysctl", sysctl::main),
    ("systemctl", systemd::systemctl),
    ("etcdctl", etcdctl::main),
    ("etcdutl", etcdctl::main),
    ("apt", packages::apt),
    ("apt-cache", packages::apt),
    ("apt-get", packages::apt),
    ("apt-mark", packages::apt),
    ("dpkg", packages::dpkg),
    ("kubeadm", kubeadm::main),
    ("iptables", iptables::main),
    ("iptables-save", iptables::dump),
    ("ufw", ufw::main),
    ("chsh", accounts::chsh),
    ("gpasswd", accounts::gpasswd),
    ("groupadd", accounts::groupadd),
    ("groupdel", accounts::groupdel),
    ("lsmod", kmod::lsmod),
    ("lsof", ports::lsof),
    ("modinfo", kmod::modinfo),
    ("modprobe", kmod::modprobe),
    ("netstat", ports::netstat),
    ("nologin", accounts::nologin),
    ("passwd", accounts::passwd),
    ("rmmod", kmod::rmmod),
    ("ss", ports::ss),
    ("useradd", accounts::useradd),
    ("userdel", accounts::userdel),
    ("usermod", accounts::usermod),
    ("openssl", openssl::main),
    ("strings", strings::main),
    ("xxd", xxd::main),
    ("free", misc::free),
    ("xargs", xargs::main),
    ("yes", misc::yes),
    ("ash", sh::main),
    ("arp", net::arp),
    ("cksum", sums::cksum),
    ("expand", fold::expand),
    ("factor", shuf::factor),
    ("file", small::file),
    ("findmnt", blocks::findmnt),
    ("fold", fold::fold),
    ("gunzip", gzip::main),
    ("gzip", gzip::main),
    ("host", net::host),
    ("hostid", who::hostid),
    ("ifconfig", net::ifconfig),
    ("join", shuf::join),
    ("last", who::last),
    ("link", small::link),
    ("logger", small::logger),
    ("logname", who::logname),
    ("lsblk", blocks::lsblk),
    ("lsns", blocks::lsns),
    ("mountpoint", blocks::mountpoint),
    ("route", net::route),
    ("service", small::service),
    ("sha1sum", sums::main),
    ("shuf", shuf::shuf),
    ("split", shuf::split),
    ("sum", sums::cksum),
    ("telnet", net::telnet),
    ("top", top::main),
    ("traceroute", net::traceroute),
    ("unexpand", fold::unexpand),
    ("unlink", small::unlink),
    ("users", who::users),
    ("usleep", small::usleep),
    ("w", who::w),
    ("who", who::who),
    ("zcat", gzip::main),
];

/// A moment as klog starts its lines: `1120 00:00:00`.
#[must_use]
pub fn civil(millis: i64) -> String {
    date::format("%m%d %T", millis)
}

/// The name of the folder the kubelet writes a volume's files into.
#[must_use]
pub fn volume_stamp(millis: i64) -> String {
    let seed = millis.unsigned_abs().wrapping_mul(2_654_435_761) % 4_000_000_000;
    format!("..{}.{seed}", date::format("%Y_%m_%d_%H_%M_%S", millis))
}

/// A moment as HTTP writes it: `Fri, 20 Nov 2026 00:00:00 GMT`.
#[must_use]
pub fn http_date(millis: i64) -> String {
    date::format("%a, %d %b %Y %T GMT", millis)
}

/// Base64 with padding.
#[must_use]
pub fn encode_base64(bytes: &[u8]) -> String {
    base64::encode(bytes)
}

/// The bytes of a base64 text, up to what is none.
#[must_use]
pub fn decode_base64(text: &[u8]) -> Vec<u8> {
    base64::decode(text, false).0
}

/// The names of all programs of a userland; servers come with their images.
pub fn names() -> impl Iterator<Item = &'static &'static str> {
    const SERVERS: [fn(&mut Sys<'_>, &[String]) -> i32; 9] = [
        server::nginx,
        server::serve,
        server::entrypoint,
        server::agnhost,
        server::coredns,
        server::http_echo,
        server::ingress,
        server::pilot_agent,
        server::python,
    ];
    TABLE.iter().filter(|(_, main)| !SERVERS.iter().any(|s| std::ptr::fn_addr_eq(*s, *main))).map(|(n, _)| n)
}

/// Programs that only nodes have.
const NODE_ONLY: &[&str] = &[
    "arp",
    "ash",
    "file",
    "host",
    "ifconfig",
    "last",
    "logger",
    "route",
    "service",
    "telnet",
    "top",
    "traceroute",
    "usleep",
    "w",
    "apt-mark",
    "kubeadm",
    "iptables",
    "iptables-save",
    "ufw",
    "chsh",
    "gpasswd",
    "groupadd",
    "groupdel",
    "lsmod",
    "lsof",
    "modinfo",
    "modprobe",
    "netstat",
    "nologin",
    "passwd",
    "rmmod",
    "ss",
    "useradd",
    "userdel",
    "usermod",
    "aa-complain",
    "aa-disable",
    "aa-enabled",
    "aa-enforce",
    "aa-exec",
    "aa-status",
    "apparmor_parser",
    "apparmor_status",
    "crictl",
    "etcdctl",
    "etcdutl",
    "journalctl",
    "jq",
    "killall",
    "nano",
    "openssl",
    "sudo",
    "sysctl",
    "stress",
    "systemctl",
    "vim",
];

/// The names of the programs that images of a Debian kind have.
pub fn image_names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(n, _)| *n).filter(|n| *n != "busybox" && !NODE_ONLY.contains(n))
}

/// The names of busybox's applets.
pub fn applets() -> impl Iterator<Item = &'static str> {
    const GNU_ONLY: &[&str] = &[
        "bash",
        "dash",
        "jq",
        "gawk",
        "busybox",
        "vim",
        "nano",
        "capsh",
        "getcap",
        "getpcaps",
        "setcap",
        "comm",
        "column",
        "curl",
        "openssl",
        "sudo",
        "apt",
        "apt-get",
        "apt-cache",
        "dpkg",
        "dig",
        "findmnt",
        "join",
        "logname",
        "lsblk",
        "lsns",
    ];
    /// Of the nodes' tools.
    const TOO: &[&str] = &[
        "arp",
        "ash",
        "ifconfig",
        "logger",
        "route",
        "telnet",
        "top",
        "traceroute",
        "usleep",
        "w",
        "last",
        "killall",
        "lsmod",
        "modinfo",
        "modprobe",
        "netstat",
        "passwd",
        "rmmod",
        "sysctl",
    ];
    let there = |n: &&str| !GNU_ONLY.contains(n) && (!NODE_ONLY.contains(n) || TOO.contains(n));
    TABLE.iter().map(|(n, _)| *n).filter(there)
}

/// The applet busybox's shell runs itself.
pub(crate) fn applet(name: &str) -> Option<Main> {
    applets().find(|a| *a == name).and_then(|n| TABLE.iter().find(|(t, _)| *t == n)).map(|(_, m)| *m)
}

/// The program behind an executable's content: busybox looks at the name it is called by.
#[must_use]
pub fn find(name: &str, argv: &[String]) -> Option<Main> {
    let called = argv.first().map_or("", |a| a.rsplit('/').next().unwrap_or(a)).trim_start_matches('-');
    let name = if name == "busybox" { called } else { name };
    TABLE.iter().find(|(n, _)| *n == name).map(|(_, m)| *m)
}

/// The file a name stands for on a search path.
pub fn which(sys: &mut Sys<'_>, path: &str, name: &str) -> Option<String> {
    if name.contains('/') {
        return sys.access_quietly(name, 1).then(|| name.to_owned());
    }
    path.split(':')
        .map(|d| format!("{d}/{name}"))
        .find(|p| sys.stat(p).is_ok_and(|s| !s.is_dir() && s.mode & 0o111 != 0))
}

/// execvp(3): replaces the process by a program found on the search path.
///
/// # Errors
/// As execve(2).
pub fn run_from_path(sys: &mut Sys<'_>, path: &str, argv: &[String]) -> Result<i32> {
    let name = argv.first().ok_or(Errno::ENOENT)?;
    if name.contains('/') {
        return sys.exec(name, argv);
    }
    let mut error = Errno::ENOENT;
    for dir in path.split(':') {
        match sys.exec(&format!("{dir}/{name}"), argv) {
            Err(Errno::ENOENT | Errno::ENOTDIR) => {}
            Err(e) if !sys.runs() => return Err(e),
            Err(e) => error = e,
            ok => return ok,
        }
    }
    Err(error)
}

/// execvp with the process's own `$PATH`.
///
/// # Errors
/// As execve(2).
pub fn execvp(sys: &mut Sys<'_>, argv: &[String]) -> Result<i32> {
    let path = sys
        .env("PATH")
        .unwrap_or_else(|| "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned());
    run_from_path(sys, &path, argv)
}

/// The text of the files named, or of standard input where none is; complaints are made in the program's words.
/// Gives each input with its name, and whether all could be read.
pub(crate) fn inputs(sys: &mut Sys<'_>, program: &str, files: &[String]) -> (Vec<(String, String)>, bool) {
    let mut all = Vec::new();
    let mut fine = true;
    if files.is_empty() {
        let bytes = sys.read_all(0).unwrap_or_default();
        all.push(("-".to_owned(), crate::text::decode(&bytes)));
    }
    for f in files {
        let read = if f == "-" { sys.read_all(0) } else { read_input(sys, f) };
        match read {
            Ok(bytes) => all.push((f.clone(), crate::text::decode(&bytes))),
            Err(e) => {
                fine = false;
                sys.complain(&format!("{program}: {f}: {}\n", e.text()));
            }
        }
    }
    (all, fine)
}

/// Reads a file as stdio does: openat, fstat, read, close.
pub(crate) fn read_input(sys: &mut Sys<'_>, path: &str) -> Result<Vec<u8>> {
    let fd = sys.open(path, crate::sys::Flags::READ, 0)?;
    let _ = sys.fstat(fd);
    if !sys.busybox() {
        advise(sys);
    }
    let all = sys.read_all(fd);
    sys.close(fd);
    all
}

/// What programs of coreutils tell the kernel about a stream they read from its start, and how they leave standard input.
fn advise(sys: &mut Sys<'_>) {
    const FROM_START: &[&str] =
        &["base64", "comm", "cut", "expand", "fold", "join", "md5sum", "nl", "paste", "uniq", "wc"];
    let name = sys.me().comm.clone();
    let sums = name.starts_with("sha") && name.ends_with("sum");
    if name == "uniq" {
        let _ = sys.call("dup3");
    }
    if FROM_START.contains(&name.as_str()) || sums {
        let _ = sys.call("fadvise64");
        if name != "wc" {
            let _ = sys.call("lseek");
        }
    }
}

/// Reads a file as busybox's programs do that use no stdio: openat, what they do besides, read.
pub(crate) fn read_plainly(sys: &mut Sys<'_>, path: &str, besides: &[&'static str]) -> Result<Vec<u8>> {
    let fd = sys.open(path, crate::sys::Flags::READ, 0)?;
    for call in besides {
        let _ = sys.call(call);
    }
    sys.read_all(fd)
}

/// Text to lines without their ends.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    let mut all: Vec<&str> = text.split('\n').collect();
    if all.last() == Some(&"") {
        all.pop();
    }
    all
}
