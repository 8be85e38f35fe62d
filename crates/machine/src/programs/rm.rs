//! `rm` and `rmdir`.

use super::options;
use crate::errno::Errno;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "rRfidvI",
        &[("recursive", 'r'), ("force", 'f'), ("dir", 'd'), ("verbose", 'v')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    let force = opts.has('f');
    if opts.operands.is_empty() && !force {
        sys.complain(if busybox {
            "BusyBox v1.37.0 () multi-call binary.\n\nUsage: rm [-irf] FILE...\n"
        } else {
            "rm: missing operand\nTry 'rm --help' for more information.\n"
        });
        return 1;
    }
    let mut code = 0;
    if !busybox {
        let _ = sys.call("ioctl");
    }
    for f in &opts.operands {
        if opts.has('r') || opts.has('R') {
            if f.trim_end_matches('/').is_empty() && !busybox {
                sys.complain("rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe\n");
                code = 1;
                continue;
            }
            code |= remove_all(sys, f, force, "rm");
        } else {
            code |= remove(sys, f, force, "rm");
        }
    }
    if !busybox {
        let _ = sys.call("lseek");
    }
    code
}

fn complain(sys: &mut Sys<'_>, program: &str, file: &str, e: Errno) -> i32 {
    let text = if sys.busybox() {
        format!("{program}: can't remove '{file}': {}\n", e.text())
    } else {
        format!("{program}: cannot remove '{file}': {}\n", e.text())
    };
    sys.complain(&text);
    1
}

fn remove(sys: &mut Sys<'_>, file: &str, force: bool, program: &str) -> i32 {
    let busybox = sys.busybox();
    let stat = match sys.lstat(file) {
        Ok(s) => s,
        Err(Errno::ENOENT | Errno::ENOTDIR) if force => return 0,
        Err(e) => return complain(sys, program, file, e),
    };
    if stat.is_dir() {
        let text = if busybox {
            format!("{program}: '{file}' is a directory\n")
        } else {
            format!("{program}: cannot remove '{file}': Is a directory\n")
        };
        sys.complain(&text);
        return 1;
    }
    if busybox && !force {
        let _ = sys.access("access", file, 2);
    }
    match sys.unlink(if busybox { "unlink" } else { "unlinkat" }, file) {
        Ok(()) => 0,
        Err(Errno::ENOENT) if force => 0,
        Err(e) => complain(sys, program, file, e),
    }
}

/// Removes a tree; gives the exit code.
pub(super) fn remove_all(sys: &mut Sys<'_>, file: &str, force: bool, program: &str) -> i32 {
    let busybox = sys.busybox();
    match sys.lstat(file) {
        Ok(s) if s.is_dir() => {}
        Ok(_) => return remove(sys, file, force, program),
        Err(Errno::ENOENT | Errno::ENOTDIR) if force => return 0,
        Err(e) => return complain(sys, program, file, e),
    }
    let mut code = 0;
    match sys.list(file) {
        Ok(names) => {
            for n in names {
                code |= remove_all(sys, &format!("{}/{n}", file.trim_end_matches('/')), force, program);
                if !sys.runs() {
                    return code;
                }
            }
        }
        Err(e) => return complain(sys, program, file, e),
    }
    if code != 0 {
        return code;
    }
    match sys.rmdir(if busybox { "rmdir" } else { "unlinkat" }, file) {
        Ok(()) => 0,
        Err(e) => complain(sys, program, file, e),
    }
}

pub(super) fn rmdir(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "pv", &[("parents", 'p')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let mut code = 0;
    for d in &opts.operands {
        if let Err(e) = sys.rmdir("rmdir", d) {
            let text = if sys.busybox() {
                format!("rmdir: '{d}': {}\n", e.text())
            } else {
                format!("rmdir: failed to remove '{d}': {}\n", e.text())
            };
            sys.complain(&text);
            code = 1;
        }
    }
    code
}
