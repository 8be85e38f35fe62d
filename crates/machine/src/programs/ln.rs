//! `ln`.

use super::cp::join;
use super::options;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "sfnvTrL",
        &[("symbolic", 's'), ("force", 'f'), ("no-dereference", 'n')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    let mut sources = opts.operands.clone();
    let target = if sources.len() > 1 { sources.pop().unwrap_or_default() } else { ".".to_owned() };
    if sources.is_empty() {
        sys.complain("ln: missing file operand\nTry 'ln --help' for more information.\n");
        return 1;
    }
    // GNU's tries first and looks at the target when that failed.
    let plain = !busybox && sources.len() == 1 && opts.operands.len() == 2;
    let done = plain
        && sources.first().is_some_and(|s| {
            if opts.has('s') {
                sys.symlink("symlinkat", s, &target).is_ok()
            } else {
                sys.link("linkat", s, &target).is_ok()
            }
        });
    if done {
        let _ = sys.call("lseek");
        return 0;
    }
    let into = sys.stat(&target).is_ok_and(|s| s.is_dir())
        && !(opts.has('n') && sys.lstat(&target).is_ok_and(|s| !s.is_dir()));
    let mut code = 0;
    for s in sources {
        let to = if into { join(&target, &s) } else { target.clone() };
        if opts.has('f') && (busybox || sys.lstat(&to).is_ok()) {
            let _ = sys.unlink(if busybox { "unlink" } else { "unlinkat" }, &to);
        }
        if busybox
            && !opts.has('s')
            && let Err(e) = sys.lstat(&s)
        {
            sys.complain(&format!("ln: {s}: {}\n", e.text()));
            code = 1;
            continue;
        }
        let done = if opts.has('s') {
            sys.symlink(if busybox { "symlink" } else { "symlinkat" }, &s, &to)
        } else {
            sys.link(if busybox { "link" } else { "linkat" }, &s, &to)
        };
        if let Err(e) = done {
            let text = match (busybox, opts.has('s')) {
                (true, _) => format!("ln: {to}: {}\n", e.text()),
                (false, true) => format!("ln: failed to create symbolic link '{to}': {}\n", e.text()),
                (false, false) if e == crate::errno::Errno::ENOENT => {
                    format!("ln: failed to access '{s}': {}\n", e.text())
                }
                (false, false) => format!("ln: failed to create hard link '{to}' => '{s}': {}\n", e.text()),
            };
            sys.complain(&text);
            code = 1;
        }
    }
    if !busybox {
        let _ = sys.call("lseek");
    }
    code
}
