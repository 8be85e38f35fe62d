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
    let (force, verbose) = (opts.has('f'), opts.has('v'));
    if !busybox {
        let _ = sys.call("ioctl");
    }
    if opts.operands.is_empty() && !force {
        sys.complain(if busybox {
            "BusyBox v1.37.0 (Debian 1:1.37.0-6+b9) multi-call binary.\n\nUsage: rm [-irf] FILE...\n\nRemove (unlink) FILEs\n\n\t-i\tAlways prompt before removing\n\t-f\tNever prompt\n\t-R,-r\tRecurse\n"
        } else {
            "rm: missing operand\nTry 'rm --help' for more information.\n"
        });
        if !busybox {
            let _ = sys.call("lseek");
        }
        return 1;
    }
    let mut code = 0;
    for f in &opts.operands {
        if opts.has('r') || opts.has('R') {
            if f.trim_end_matches('/').is_empty() && !busybox {
                sys.complain("rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe\n");
                code = 1;
                continue;
            }
            code |= remove_all(sys, f, (force, verbose), "rm");
        } else {
            code |= remove(sys, f, (force, verbose), "rm");
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

fn told(sys: &mut Sys<'_>, verbose: bool, text: &str) -> i32 {
    if verbose {
        sys.print(text);
    }
    0
}

fn remove(sys: &mut Sys<'_>, file: &str, (force, verbose): (bool, bool), program: &str) -> i32 {
    let busybox = sys.busybox();
    let stat = match sys.lstat(file) {
        Ok(s) => s,
        Err(e) => return absent(sys, program, file, force, e),
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
        Ok(()) => told(sys, verbose, &format!("removed '{file}'\n")),
        Err(Errno::ENOENT) if force => 0,
        Err(e) => complain(sys, program, file, e),
    }
}

/// What is not there: coreutils tries to unlink it all the same.
fn absent(sys: &mut Sys<'_>, program: &str, file: &str, force: bool, e: Errno) -> i32 {
    if e == Errno::ENOENT && !sys.busybox() {
        let _ = sys.call("unlinkat");
    }
    if force && matches!(e, Errno::ENOENT | Errno::ENOTDIR) { 0 } else { complain(sys, program, file, e) }
}

/// Removes a tree; gives the exit code.
pub(super) fn remove_all(
    sys: &mut Sys<'_>,
    file: &str,
    (force, verbose): (bool, bool),
    program: &str,
) -> i32 {
    let busybox = sys.busybox();
    match sys.lstat(file) {
        Ok(s) if s.is_dir() => {}
        Ok(_) => return remove(sys, file, (force, verbose), program),
        Err(e) => return absent(sys, program, file, force, e),
    }
    if busybox && !force {
        let _ = sys.access("access", file, 2);
    }
    if !busybox {
        for call in ["fcntl", "fstatfs"] {
            let _ = sys.call(call);
        }
    }
    let mut code = 0;
    match sys.list(file) {
        Ok(names) => {
            for n in names {
                code |= remove_all(
                    sys,
                    &format!("{}/{n}", file.trim_end_matches('/')),
                    (force, verbose),
                    program,
                );
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
        Ok(()) if busybox => told(sys, verbose, &format!("removed '{file}'\n")),
        Ok(()) => told(sys, verbose, &format!("removed directory '{file}'\n")),
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
        let mut at = d.trim_end_matches('/');
        let mut parent = false;
        loop {
            if let Err(e) = sys.rmdir("rmdir", at) {
                let text = match (sys.busybox(), parent) {
                    (true, _) => format!("rmdir: '{at}': {}\n", e.text()),
                    (false, false) => format!("rmdir: failed to remove '{at}': {}\n", e.text()),
                    (false, true) => format!("rmdir: failed to remove directory '{at}': {}\n", e.text()),
                };
                sys.complain(&text);
                code = 1;
                break;
            }
            match at.rsplit_once('/') {
                Some((up, _)) if opts.has('p') && !up.is_empty() => (at, parent) = (up, true),
                _ => break,
            }
        }
    }
    code
}
