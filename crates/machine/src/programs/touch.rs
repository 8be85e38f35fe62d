//! `touch`.

use super::options;
use crate::errno::Errno;
use crate::sys::{Flags, Sys};

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
        None => None,
    };
    for f in &opts.operands {
        let done = if busybox {
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
