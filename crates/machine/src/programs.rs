//! Programs: a table from names to functions over a [`Sys`]. Adding a program is one file and one row of `table.rs`.
//!
//! A program reaches files, processes and the network only through the system calls of [`Sys`]. An executable on disk is
//! [`MAGIC`] and the program's name, so that copies and links of it work as on a real system.

mod accounts;
mod adduser;
mod admin;
mod apparmor;
mod awk;
mod base64;
mod blocks;
mod caps;
mod cat;
mod chage;
mod chmod;
mod chown;
mod cmp;
mod cp;
mod crictl;
mod ctr;
mod cut;
mod daemons;
mod date;
mod dd;
pub mod diff;
mod du;
mod edit;
mod env;
mod etcdctl;
mod find;
mod fold;
mod fuser;
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
mod table;
mod tar;
mod tee;
mod top;
mod touch;
mod tr;
mod ufw;
mod uniq;
mod visudo;
mod wc;
mod who;
mod wrap;
mod xargs;
mod xxd;

pub use kill::{kill_words, signal, signal_name, signal_table, signal_words};
pub use printf::{Escapes, echo, escapes, printf};
pub use server::{answer, hang_up, listener};
pub use startup::{around_complaint, startup};
pub(crate) use table::applet;
pub use table::{applets, debian_applets, find, image_names, names};

use crate::errno::Errno;
use crate::sys::{Result, Sys};

/// What the file of an executable starts with.
pub const MAGIC: &[u8] = b"\x7fELF\x02\x01\x01\0";

/// A program: its process and its arguments (with its name) to an exit code.
pub type Main = fn(&mut Sys<'_>, &[String]) -> i32;

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
