//! `cp`.

use super::options::{self, Options};
use crate::errno::Errno;
use crate::fs::Kind;
use crate::sys::{Flags, Stat, Sys};

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("recursive", 'r'),
        ("archive", 'a'),
        ("preserve", 'p'),
        ("force", 'f'),
        ("no-clobber", 'n'),
        ("target-directory", 't'),
        ("verbose", 'v'),
    ];
    let opts = match options::parse(sys, argv, "rRapfinvdLPTut:", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    if !sys.busybox() {
        let _ = sys.call("geteuid");
    }
    let mut sources = opts.operands.clone();
    let target = match opts.value('t') {
        Some(t) => t.to_owned(),
        None => {
            let Some(t) = sources.pop() else {
                return missing(sys, "cp: missing file operand\n");
            };
            t
        }
    };
    if sources.is_empty() {
        return missing(sys, &format!("cp: missing destination file operand after '{target}'\n"));
    }
    let into = sys.stat(&target).is_ok_and(|s| s.is_dir()) && !opts.has('T');
    if !into && sources.len() > 1 {
        let text = if sys.busybox() {
            format!("cp: target '{target}' is not a directory\n")
        } else {
            format!("cp: target '{target}': No such file or directory\n")
        };
        sys.complain(&text);
        return 1;
    }
    let mut code = 0;
    for s in &sources {
        let to = if into { join(&target, s) } else { target.clone() };
        code |= copy(sys, s, &to, &opts, 0);
    }
    if !sys.busybox() {
        let _ = sys.call("lseek");
    }
    code
}

fn missing(sys: &mut Sys<'_>, text: &str) -> i32 {
    if sys.busybox() {
        sys.complain("BusyBox v1.37.0 (Debian 1:1.37.0-6+b9) multi-call binary.\n\nUsage: cp [-arPLHpfinlsTu] SOURCE DEST\nor: cp [-arPLHpfinlsu] SOURCE... { -t DIRECTORY | DIRECTORY }\n");
        return 1;
    }
    sys.complain(text);
    let _ = sys.write(2, b"Try 'cp --help' for more information.\n");
    let _ = sys.call("lseek");
    1
}

/// The name a source has inside a directory.
pub(super) fn join(dir: &str, source: &str) -> String {
    let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or(source);
    format!("{}/{name}", dir.trim_end_matches('/'))
}

/// Copies a file or tree; gives the exit code.
pub(super) fn copy(sys: &mut Sys<'_>, from: &str, to: &str, opts: &Options, depth: u32) -> i32 {
    let busybox = sys.busybox();
    let recursive = opts.has('r') || opts.has('R') || opts.has('a');
    let keep_links =
        opts.has('a') || opts.has('d') || opts.has('P') || recursive && depth > 0 && !opts.has('L');
    let stat = match if keep_links { sys.lstat(from) } else { sys.stat(from) } {
        Ok(s) => s,
        Err(e) => {
            let text = if busybox {
                format!("cp: can't stat '{from}': {}\n", e.text())
            } else {
                format!("cp: cannot stat '{from}': {}\n", e.text())
            };
            sys.complain(&text);
            return 1;
        }
    };
    let code = match &stat.kind {
        Kind::Dir(_) => {
            if !recursive {
                let text = if busybox {
                    format!("cp: omitting directory '{from}'\n")
                } else {
                    format!("cp: -r not specified; omitting directory '{from}'\n")
                };
                sys.complain(&text);
                return 1;
            }
            if depth > 50 {
                return 1;
            }
            let there = sys.stat(to).is_ok();
            if busybox && !there {
                let _ = sys.call("umask");
            }
            let call = if busybox { "mkdir" } else { "mkdirat" };
            if !there && let Err(e) = sys.mkdir_by(call, to, stat.mode & 0o777) {
                let text = if busybox {
                    format!("cp: can't create directory '{to}': {}\n", e.text())
                } else {
                    format!("cp: cannot create directory '{to}': {}\n", e.text())
                };
                sys.complain(&text);
                return 1;
            }
            let mut code = 0;
            let names = sys.list(from).unwrap_or_default();
            if busybox && !there {
                let _ = sys.call("chmod");
            }
            for name in names {
                code |= copy(sys, &format!("{from}/{name}"), &format!("{to}/{name}"), opts, depth + 1);
            }
            code
        }
        Kind::Link(target) if keep_links => {
            let call = if busybox { "symlink" } else { "symlinkat" };
            i32::from(sys.symlink(call, target, to).is_err())
        }
        _ => file(sys, from, to, &stat, opts),
    };
    if code == 0 && opts.has('v') {
        sys.print(&format!("'{from}' -> '{to}'\n"));
    }
    if code == 0 && (opts.has('p') || opts.has('a')) {
        let other = (stat.uid, stat.gid) != (sys.me().cred.uid, sys.me().cred.gid);
        let directory = stat.is_dir();
        let _ = sys.utime(to, Some(stat.mtime));
        if busybox || other {
            let call = if busybox {
                "chown"
            } else if directory {
                "fchownat"
            } else {
                "fchown"
            };
            let _ = sys.chown(call, to, Some(stat.uid), Some(stat.gid), false);
        }
        if busybox {
            let _ = sys.chmod("chmod", to, stat.mode);
        } else {
            let _ = sys.chmod(if directory { "chmod" } else { "fchmod" }, to, stat.mode);
            let _ = sys.call(if directory { "llistxattr" } else { "flistxattr" });
        }
    }
    code
}

fn file(sys: &mut Sys<'_>, from: &str, to: &str, stat: &Stat, opts: &Options) -> i32 {
    let busybox = sys.busybox();
    let there = sys.stat(to);
    if let Ok(t) = &there {
        if opts.has('n') {
            return 0;
        }
        if t.ino == stat.ino && t.dev == stat.dev {
            sys.complain(&format!("cp: '{from}' and '{to}' are the same file\n"));
            return 1;
        }
    }
    let bytes = match read(sys, from, busybox) {
        Ok(b) => b,
        Err(e) => {
            let text = if busybox {
                format!("cp: can't open '{from}': {}\n", e.text())
            } else {
                format!("cp: cannot open '{from}' for reading: {}\n", e.text())
            };
            sys.complain(&text);
            return 1;
        }
    };
    let flags = if there.is_ok() {
        Flags { create: false, ..Flags::CREATE }
    } else {
        Flags { exclusive: true, truncate: false, ..Flags::CREATE }
    };
    let mut opened = sys.open(to, flags, stat.mode & 0o777);
    if opened.is_err() && opts.has('f') && there.is_ok() {
        let call = if busybox { "unlink" } else { "unlinkat" };
        if sys.unlink(call, to).is_ok() {
            opened = sys.open(to, Flags::CREATE, stat.mode & 0o777);
        }
    }
    if !busybox && opened.is_ok() {
        // It would rather share the blocks, or have the kernel copy them.
        for call in ["ioctl", "fadvise64", "uname"] {
            let _ = sys.call(call);
        }
    }
    let fd = match opened {
        Ok(fd) => fd,
        Err(e) => {
            let e = if to.ends_with('/') && e == Errno::EISDIR { Errno::ENOTDIR } else { e };
            let text = if busybox {
                format!("cp: can't create '{to}': {}\n", e.text())
            } else {
                format!("cp: cannot create regular file '{to}': {}\n", e.text())
            };
            sys.complain(&text);
            return 1;
        }
    };
    // One call copies it inside the kernel.
    let sent = sys.call(if busybox { "sendfile" } else { "copy_file_range" });
    let done = match sent {
        Ok(()) => sys.write_quietly(fd, &bytes),
        Err(_) => {
            let _ = sys.call("read");
            sys.write(fd, &bytes)
        }
    };
    sys.close(fd);
    if let Err(e) = done {
        sys.complain(&format!("cp: error writing '{to}': {}\n", e.text()));
        return 1;
    }
    0
}

/// The source's bytes: busybox has the kernel send them, coreutils looks at the file first.
fn read(sys: &mut Sys<'_>, from: &str, busybox: bool) -> Result<Vec<u8>, Errno> {
    let fd = sys.open(from, Flags::READ, 0)?;
    if busybox {
        return Ok(sys.read_quietly(fd));
    }
    let _ = sys.fstat(fd);
    let bytes = sys.read_all(fd);
    sys.close(fd);
    bytes
}
