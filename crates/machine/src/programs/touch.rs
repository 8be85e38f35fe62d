//! `touch`.

use super::options;
use crate::errno::Errno;
use crate::sys::{Flags, Sys};

const USAGE: &str = "BusyBox v1.37.0 (Debian 1:1.37.0-6+b9) multi-call binary.\n\nUsage: touch [-cham] [-d DATE] [-t DATE] [-r FILE] FILE...\n\nUpdate mtime of FILEs\n\n\t-c\tDon't create files\n\t-h\tDon't follow links\n\t-a\tChange only atime\n\t-m\tChange only mtime\n\t-d DT\tDate/time to use\n\t-t DT\tDate/time to use\n\t-r FILE\tUse FILE's date/time\n";

/// `[[CC]YY]MMDDhhmm[.ss]` as seconds.
fn stamp_of(text: &str) -> Option<i64> {
    let (digits, seconds) = text.split_once('.').unwrap_or((text, "0"));
    let n = |from: usize| digits.get(digits.len().checked_sub(from)?..)?.get(..2)?.parse::<i64>().ok();
    let year = match digits.len() {
        12 => digits.get(..4)?.parse().ok()?,
        10 => 2000 + digits.get(..2)?.parse::<i64>().ok()?,
        _ => return None,
    };
    Some(super::date::Civil::seconds(year, n(8)?, n(6)?, n(4)?, n(2)?, seconds.parse().ok()?))
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "acmd:t:r:h",
        &[("no-create", 'c'), ("date", 'd'), ("reference", 'r')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    let mut code = 0;
    let stamp = match opts.value('r') {
        Some(r) => sys.stat(r).ok().map(|s| s.mtime),
        None => opts
            .value('d')
            .and_then(|d| super::date::parse(d, sys.now().0.div_euclid(1000)))
            .or_else(|| opts.value('t').and_then(stamp_of))
            .map(|s| s * 1000),
    };
    let dated = opts.has('d') || opts.has('t');
    if opts.operands.is_empty() {
        sys.complain(if busybox { USAGE } else { "touch: missing file operand\n" });
        if !busybox {
            let _ = sys.write(2, b"Try 'touch --help' for more information.\n");
        }
        return 1;
    }
    if dated && !busybox {
        // The zone's file.
        for call in ["lseek", "newfstatat"].into_iter().take(if opts.has('d') { 2 } else { 1 }) {
            let _ = sys.call(call);
        }
    }
    for f in &opts.operands {
        let done = if busybox && dated && !opts.has('c') && sys.stat_quietly(f).is_err() {
            sys.open(f, Flags { read: true, write: true, create: true, ..Flags::default() }, 0o666).and_then(
                |fd| {
                    let done = sys.utime(f, stamp);
                    sys.close(fd);
                    done
                },
            )
        } else if !busybox && opts.has('c') {
            match sys.utime(f, stamp) {
                Err(Errno::ENOENT) => Ok(()),
                other => other,
            }
        } else if busybox {
            match sys.utime(f, stamp) {
                Err(Errno::ENOENT) if opts.has('c') => Ok(()),
                Err(Errno::ENOENT) => sys
                    .open(f, Flags { read: true, write: true, create: true, ..Flags::default() }, 0o666)
                    .map(|fd| sys.close(fd)),
                other => other,
            }
        } else {
            let flags = Flags { write: true, create: !opts.has('c'), ..Flags::default() };
            let opened = sys.open(f, flags, 0o666);
            match opened {
                Ok(fd) => {
                    let _ = sys.call("dup2");
                    let done = sys.utime(f, stamp);
                    sys.close(fd);
                    done
                }
                Err(Errno::ENOENT) if opts.has('c') => Ok(()),
                Err(e) => match sys.utime(f, stamp) {
                    Ok(()) => Ok(()),
                    // utimensat's own refusal counts only where it is not about the open.
                    Err(u) => Err(
                        if matches!(e, Errno::EISDIR | Errno::EINVAL | Errno::EPERM) && u != Errno::ENOENT {
                            u
                        } else {
                            e
                        },
                    ),
                },
            }
        };
        if let Err(e) = done {
            let text = if busybox {
                format!("touch: {f}: {}\n", e.text())
            } else {
                format!("touch: cannot touch '{f}': {}\n", e.text())
            };
            sys.complain(&text);
            code = 1;
        }
    }
    code
}
