//! What a program's C library does before `main`: the calls every start makes.
//!
//! Debian's busybox is static; everything of its coreutils is linked dynamically, and reads the loader's cache and the
//! C library first. A call that must not fail ends the program as glibc does.

use crate::errno::Errno;
use crate::sys::{Flags, Sys};

/// Calls of a static program, in order.
const STATIC: &[&str] = &[
    "brk",
    "brk",
    "arch_prctl",
    "set_tid_address",
    "set_robust_list",
    "rseq",
    "prlimit64",
    "readlinkat",
    "getrandom",
    "brk",
    "brk",
    "brk",
    "mprotect",
    "prctl",
    "getuid",
];
/// Calls of a dynamic program around the files it opens.
const BEFORE: &[&str] = &["brk", "mmap", "access"];
const AFTER: &[&str] =
    &["arch_prctl", "set_tid_address", "set_robust_list", "rseq", "mprotect", "prlimit64", "munmap"];

/// What the libraries of a program, and what it does before it looks at its command line, ask for: SELinux looks for
/// its file systems, a table reads who runs it, and so on.
const OWN: &[(&str, &str)] = &[
    ("cp find id install mkdir mkfifo mknod mv sed stat tar", "statfs getrandom"),
    ("false true", ""),
    ("ip", "prctl statfs getrandom getuid ioctl"),
    ("unshare", "geteuid getegid getrandom rt_sigaction"),
    ("wget", "getrandom rt_sigprocmask newfstatat getuid ioctl rt_sigaction futex lseek"),
    ("egrep fgrep grep", "getrandom lseek sigaltstack rt_sigaction"),
    ("cmp diff", "getrandom lseek sigaltstack rt_sigaction fcntl"),
    ("capsh free getcap getpcaps ping pgrep pidof pkill setcap uptime", "prctl getrandom"),
    ("dash sh", "getuid getgid getpid rt_sigaction geteuid getrandom"),
    ("which", "getuid getgid getpid rt_sigaction geteuid getrandom getppid getcwd fcntl getegid"),
    ("nc", "rt_sigaction getrandom"),
    ("more rev sort", "getrandom rt_sigaction"),
    ("ls", "prctl statfs getrandom"),
    ("mount", "statfs getrandom getuid geteuid"),
    ("nsenter", "statfs getrandom"),
    ("umount", "statfs getrandom getuid geteuid statx getgid getegid prctl"),
    ("su", "fstatfs prctl getrandom getuid geteuid"),
    ("ps", "prctl getrandom rt_sigaction rt_sigprocmask newfstatat getpid ioctl geteuid"),
];

/// Those whose complaints go through glibc's `error`, which first asks whether standard output is still open.
const ASKS: &str = "base64 basename cat chgrp chmod chown chroot comm cp cut date dd dirname du expand fold groups head id install join ln ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc paste printenv readlink realpath rm rmdir seq sha1sum sha256sum sha512sum shuf sleep sort stat sync tac tail tee timeout touch tr true truncate tty uname uniq wc whoami yes";
/// Those of util-linux, which close standard error by its copy.
const COPIES: &str = "dmesg lsns mount nsenter renice rev setpriv su umount unshare";

fn among(list: &str, program: &str) -> bool {
    list.split(' ').any(|n| n == program)
}

/// The call a program of this name makes before it complains, and the one behind.
pub fn around_complaint(program: &str) -> (Option<&'static str>, Option<&'static str>) {
    (among(ASKS, program).then_some("fcntl"), among(COPIES, program).then_some("dup"))
}

fn own(program: &str) -> impl Iterator<Item = &'static str> {
    let row = OWN.iter().find(|(names, _)| among(names, program)).map_or("getrandom", |(_, calls)| calls);
    row.split(' ').filter(|c| !c.is_empty())
}

/// Makes the calls; the exit code where the program does not get as far as its `main`.
pub fn startup(sys: &mut Sys<'_>, program: &str) -> Option<i32> {
    let code = if program == "busybox" { start_static(sys) } else { start_dynamic(sys, program) };
    if sys.runs() { code } else { Some(0) }
}

fn start_static(sys: &mut Sys<'_>) -> Option<i32> {
    for call in STATIC {
        if sys.call(call).is_err() && *call == "arch_prctl" {
            return fatal(sys, "Fatal glibc error: Cannot allocate TLS block\n");
        }
    }
    None
}

fn fatal(sys: &mut Sys<'_>, text: &str) -> Option<i32> {
    sys.complain(text);
    Some(127)
}

fn start_dynamic(sys: &mut Sys<'_>, program: &str) -> Option<i32> {
    for call in BEFORE {
        let _ = sys.call(call);
    }
    let name = sys.me().argv.first().cloned().unwrap_or_default();
    // The cache may be missing; the library may not.
    if let Ok(fd) = sys.open("/etc/ld.so.cache", Flags::READ, 0) {
        let _ = sys.fstat(fd);
        sys.close(fd);
    }
    let mut refused = None;
    for folder in ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib", "/usr/lib"] {
        match sys.open(&format!("{folder}/libc.so.6"), Flags::READ, 0) {
            Ok(fd) => {
                refused = None;
                for call in ["read", "pread64"] {
                    let _ = sys.call(call);
                }
                let _ = sys.fstat(fd);
                sys.close(fd);
                break;
            }
            Err(Errno::ENOENT | Errno::ENOTDIR) => {}
            Err(e) => {
                refused = Some(e);
                break;
            }
        }
    }
    if let Some(e) = refused {
        return fatal(
            sys,
            &format!(
                "{name}: error while loading shared libraries: libc.so.6: cannot open shared object file: {}\n",
                e.text()
            ),
        );
    }
    for call in AFTER {
        if sys.call(call).is_err() && *call == "arch_prctl" {
            return fatal(sys, "cannot set %fs base address for thread-local storage\n");
        }
    }
    for call in own(program) {
        let _ = sys.call(call);
    }
    None
}
