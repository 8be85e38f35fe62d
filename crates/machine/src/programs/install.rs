//! `install`, `truncate`, `sync` and `mkfifo`.

use super::{chmod, cp, dd, options};
use crate::errno::Errno;
use crate::fs::Kind;
use crate::sys::{Flags, Sys};

pub(super) fn install(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("directory", 'd'),
        ("mode", 'm'),
        ("owner", 'o'),
        ("group", 'g'),
        ("verbose", 'v'),
        ("target-directory", 't'),
    ];
    let opts = match options::parse(sys, argv, "bcdDm:o:g:pst:Tv", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    for call in if busybox { &["getgid"][..] } else { &["geteuid", "umask"] } {
        let _ = sys.call(call);
    }
    let Some(mode) = chmod::apply(opts.value('m').unwrap_or("755"), 0, false, 0) else {
        sys.complain(&format!("install: invalid mode \u{2018}{}\u{2019}\n", opts.value('m').unwrap_or("")));
        return 1;
    };
    let (mut uid, mut gid) = (None, None);
    if let Some(owner) = opts.value('o') {
        sys.ask_name_service();
        uid = owner.parse().ok().or_else(|| sys.find_user(|u| u.name == owner).map(|u| u.uid));
        if uid.is_none() {
            sys.complain(&if busybox {
                format!("install: unknown user {owner}\n")
            } else {
                format!("install: invalid user \u{2018}{owner}\u{2019}\n")
            });
            return 1;
        }
    }
    if let Some(group) = opts.value('g') {
        gid = group
            .parse()
            .ok()
            .or_else(|| sys.groups().into_iter().find(|(n, ..)| n == group).map(|(_, g, _)| g));
        if gid.is_none() {
            sys.complain(&if busybox {
                format!("install: unknown group {group}\n")
            } else {
                format!("install: invalid group \u{2018}{group}\u{2019}\n")
            });
            return 1;
        }
    }
    let finish = |sys: &mut Sys<'_>, path: &str| -> i32 {
        let mut code = 0;
        if uid.is_some() || gid.is_some() {
            let call = if busybox { "lchown" } else { "fchownat" };
            if let Err(e) = sys.chown(call, path, uid, gid, false) {
                sys.complain(&if busybox {
                    format!("install: can't change ownership of {path}: {}\n", e.text())
                } else {
                    format!("install: cannot change ownership of '{path}': {}\n", e.text())
                });
                code = 1;
            }
        }
        if let Err(e) = sys.chmod(if busybox { "chmod" } else { "fchmodat" }, path, mode) {
            sys.complain(&if busybox {
                format!("install: can't change permissions of {path}: {}\n", e.text())
            } else {
                format!("install: cannot change permissions of '{path}': {}\n", e.text())
            });
            code = 1;
        }
        code
    };
    if opts.has('d') {
        let mut code = 0;
        for d in &opts.operands {
            let mut path = String::new();
            for part in d.split_inclusive('/') {
                path.push_str(part);
                let made = if path == "/" { Ok(()) } else { sys.mkdir(path.trim_end_matches('/'), 0o755) };
                if let Err(e) = made
                    && !(e == Errno::EEXIST && sys.follow_quietly(&path).is_ok_and(|s| s.is_dir()))
                {
                    sys.complain(&if busybox {
                        format!("install: can't create directory '{path}': {}\n", e.text())
                    } else {
                        format!("install: cannot create directory \u{2018}{path}\u{2019}: {}\n", e.text())
                    });
                    code = 1;
                    break;
                }
            }
            code |= finish(sys, d);
        }
        return code;
    }
    let mut sources = opts.operands.clone();
    let Some(target) =
        opts.value('t').map(str::to_owned).or_else(|| sources.pop()).filter(|_| !sources.is_empty())
    else {
        sys.complain("install: missing file operand\nTry 'install --help' for more information.\n");
        return 1;
    };
    let into = sys.stat(&target).is_ok_and(|s| s.is_dir()) && !opts.has('T');
    let mut code = 0;
    for s in sources {
        let to = if into { cp::join(&target, &s) } else { target.clone() };
        if let Err(e) = sys.stat(&s) {
            let what = if busybox { "can't stat" } else { "cannot stat" };
            sys.complain(&format!("install: {what} '{s}': {}\n", e.text()));
            code = 1;
            continue;
        }
        if opts.has('v') {
            sys.print(&format!("'{s}' -> '{to}'\n"));
        }
        // An old file is replaced, not written into.
        if sys.stat_quietly(&to).is_ok() {
            let _ = sys.unlink(if busybox { "unlink" } else { "unlinkat" }, &to);
        }
        let copied = cp::copy(sys, &s, &to, &options::Options::default(), 0);
        code |= if copied == 0 { finish(sys, &to) } else { copied };
    }
    if !busybox {
        let _ = sys.call("lseek");
    }
    code
}

pub(super) fn truncate(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts =
        match options::parse(sys, argv, "cs:or:", &[("no-create", 'c'), ("size", 's'), ("reference", 'r')]) {
            Ok(o) => o,
            Err(code) => return code,
        };
    let busybox = sys.busybox();
    let Some(text) = opts.value('s') else {
        sys.complain(if busybox {
            "BusyBox v1.37.0 (Debian 1:1.37.0-6+b9) multi-call binary.\n\nUsage: truncate [-c] -s SIZE FILE...\n\nTruncate FILEs to SIZE\n\n\t-c\tDo not create files\n\t-s SIZE\n"
        } else {
            "truncate: you must specify either '--size' or '--reference'\nTry 'truncate --help' for more information.\n"
        });
        return 1;
    };
    let sign = text.chars().next().filter(|c| "+-".contains(*c));
    let Some(n) = dd::size(text.trim_start_matches(['+', '-'])).filter(|n| *n <= 64 << 20) else {
        sys.complain(&if busybox {
            format!("truncate: invalid number '{text}'\n")
        } else {
            format!("truncate: Invalid number: \u{2018}{text}\u{2019}\n")
        });
        return 1;
    };
    let mut code = 0;
    for f in &opts.operands {
        let there = sys.follow_quietly(f).map(|s| s.size() as usize);
        if there.is_err() && opts.has('c') {
            continue;
        }
        let flags = Flags { write: true, create: !opts.has('c'), ..Flags::default() };
        let done = sys.open(f, flags, 0o666).and_then(|fd| {
            let old = there.unwrap_or(0);
            let new = match sign {
                Some('+') => old + n,
                Some(_) => old.saturating_sub(n),
                None => n,
            };
            let done = sys.call("ftruncate").and_then(|()| sys.resize(f, new));
            sys.close(fd);
            done
        });
        if let Err(e) = done {
            sys.complain(&if busybox {
                format!("truncate: {f}: {}\n", e.text())
            } else {
                format!("truncate: cannot open '{f}' for writing: {}\n", e.text())
            });
            code = 1;
        }
    }
    code
}

pub(super) fn sync(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    i32::from(sys.call("sync").is_err())
}

pub(super) fn mkfifo(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "m:Z", &[("mode", 'm')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let mode = opts.value('m').and_then(|m| chmod::apply(m, 0o666, false, 0)).unwrap_or(0o666);
    let mut code = 0;
    for f in &opts.operands {
        if let Err(e) = sys.mknod(f, Kind::Fifo, mode) {
            sys.complain(&if sys.busybox() {
                format!("mkfifo: {f}: {}\n", e.text())
            } else {
                format!("mkfifo: cannot create fifo '{f}': {}\n", e.text())
            });
            code = 1;
        }
    }
    code
}
