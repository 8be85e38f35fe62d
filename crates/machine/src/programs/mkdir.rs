//! `mkdir`.

use super::{chmod, options};
use crate::errno::Errno;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "pm:vZ", &[("parents", 'p'), ("mode", 'm'), ("verbose", 'v')])
    {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    if opts.operands.is_empty() {
        let text = if busybox {
            "BusyBox v1.37.0 (Debian 1:1.37.0-6+b9) multi-call binary.\n\nUsage: mkdir [-m MODE] [-p] DIRECTORY...\n\nCreate DIRECTORY\n\n\t-m MODE\tMode\n\t-p\tNo error if exists; make parent directories as needed\n"
        } else {
            "mkdir: missing operand\nTry 'mkdir --help' for more information.\n"
        };
        sys.complain(text);
        return 1;
    }
    let umask = sys.me().umask;
    let mode = match opts.value('m') {
        None => None,
        Some(m) => match chmod::apply(m, 0o777, true, umask) {
            Some(m) => Some(m),
            None => {
                let text = if busybox {
                    format!("mkdir: invalid mode '{m}'\n")
                } else {
                    format!("mkdir: invalid mode \u{2018}{m}\u{2019}\n")
                };
                sys.complain(&text);
                return 1;
            }
        },
    };
    if opts.has('p') || mode.is_some() && !busybox {
        let _ = sys.call("umask");
    }
    let mut code = 0;
    for d in &opts.operands {
        let mut made = Ok(());
        let mut failed = d.clone();
        if opts.has('p') {
            let mut path = String::new();
            let parts: Vec<&str> = d.split('/').filter(|p| !p.is_empty()).collect();
            if d.starts_with('/') {
                path.push('/');
            }
            for (i, p) in parts.iter().enumerate() {
                if i > 0 {
                    path.push('/');
                }
                path.push_str(p);
                let gone_into = i + 1 < parts.len() && !busybox;
                made = match sys.mkdir(&path, 0o777) {
                    Err(Errno::EEXIST | Errno::EROFS | Errno::EACCES | Errno::EPERM)
                        if if gone_into { sys.stat_quietly(&path) } else { sys.stat(&path) }
                            .is_ok_and(|s| s.is_dir()) =>
                    {
                        if gone_into {
                            let _ = sys.call("chdir");
                        }
                        Ok(())
                    }
                    Err(Errno::EEXIST) if i + 1 < parts.len() => Err(Errno::ENOTDIR),
                    other => other,
                };
                // coreutils goes into each directory it made.
                if made.is_ok() && gone_into {
                    if sys.stat_quietly(&path).is_err() {
                        made = Err(Errno::ENOENT);
                    } else {
                        let _ = sys.call("fchdir");
                    }
                }
                if made.is_err() {
                    failed.clone_from(&path);
                    if busybox && i + 1 < parts.len() {
                        failed.push('/');
                    }
                    break;
                }
                if opts.has('v') && !busybox {
                    sys.print(&format!("mkdir: created directory '{path}'\n"));
                }
            }
        } else {
            made = sys.mkdir(d, mode.unwrap_or(0o777));
            if made.is_ok() && opts.has('v') && !busybox {
                sys.print(&format!("mkdir: created directory '{d}'\n"));
            }
        }
        match made {
            Ok(()) => {
                if opts.has('v') && busybox {
                    sys.print(&format!("created directory: '{d}'\n"));
                }
                if let Some(m) = mode.filter(|m| busybox || m & !umask != *m || opts.has('p')) {
                    let done = sys.chmod(if busybox { "chmod" } else { "fchmodat" }, d, m);
                    if let (Err(e), true) = (done, busybox) {
                        sys.complain(&format!(
                            "mkdir: can't set permissions of directory '{d}': {}\n",
                            e.text()
                        ));
                        code = 1;
                    }
                }
            }
            Err(e) => {
                let text = if busybox {
                    format!("mkdir: can't create directory '{failed}': {}\n", e.text())
                } else {
                    format!("mkdir: cannot create directory '{failed}': {}\n", e.text())
                };
                let text = if busybox || sys.env("LANG").is_none_or(|l| !l.contains("UTF-8")) {
                    text
                } else {
                    text.replacen('\'', "\u{2018}", 1).replacen('\'', "\u{2019}", 1)
                };
                sys.complain(&text);
                code = 1;
            }
        }
    }
    code
}
