//! `mv`.

use super::cp::{copy, join};
use super::options;
use crate::errno::Errno;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "finvTt:u",
        &[("force", 'f'), ("no-clobber", 'n'), ("target-directory", 't')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    let mut sources = opts.operands.clone();
    let target = match opts.value('t') {
        Some(t) => t.to_owned(),
        None => sources.pop().unwrap_or_default(),
    };
    if sources.is_empty() {
        let text = if target.is_empty() {
            "mv: missing file operand".to_owned()
        } else {
            format!("mv: missing destination file operand after '{target}'")
        };
        sys.complain(&format!("{text}\nTry 'mv --help' for more information.\n"));
        return 1;
    }
    // GNU mv opens the target as a directory first; only busybox asks with stat.
    let there = if busybox { sys.stat(&target) } else { sys.stat_quietly(&target) };
    if !busybox {
        for call in ["geteuid", "ioctl"] {
            let _ = sys.call(call);
        }
    }
    let into = there.is_ok_and(|s| s.is_dir()) && !opts.has('T');
    if !into && sources.len() > 1 {
        sys.complain(&format!("mv: target '{target}' is not a directory\n"));
        return 1;
    }
    let mut code = 0;
    for s in &sources {
        let to = if into { join(&target, s) } else { target.clone() };
        if opts.has('n') && if busybox { sys.lstat(&to) } else { sys.stat_quietly(&to) }.is_ok() {
            let _ = busybox || sys.call("renameat2").is_ok();
            continue;
        }
        if busybox && !opts.has('f') && !into && sys.stat_quietly(&to).is_ok() {
            let _ = sys.access("access", &to, 2);
        }
        let done = one(sys, s, &to, busybox);
        if done == 0 && opts.has('v') {
            let renamed = if busybox { "" } else { "renamed " };
            sys.print(&format!("{renamed}'{s}' -> '{to}'\n"));
        }
        code |= done;
    }
    if !busybox {
        let _ = sys.call("lseek");
    }
    code
}

fn one(sys: &mut Sys<'_>, from: &str, to: &str, busybox: bool) -> i32 {
    let call = if busybox { "rename" } else { "renameat2" };
    // Without busybox the first try replaces nothing; only then it looks.
    if !busybox && sys.stat_quietly(to).is_ok_and(|t| !t.is_dir()) && sys.stat_quietly(from).is_ok() {
        let _ = sys.call(call);
        let _ = (sys.lstat(from), sys.lstat(to));
        return match sys.rename("renameat", from, to) {
            Ok(()) => 0,
            Err(e) => failed(sys, from, to, e),
        };
    }
    let e = match sys.rename(call, from, to) {
        Ok(()) => return 0,
        Err(e) => e,
    };
    if e == Errno::EXDEV {
        let mut opts = options::Options::default();
        opts.given.push(('a', String::new()));
        let code = copy(sys, from, to, &opts, 0);
        if code != 0 {
            return code;
        }
        return super::rm::remove_all(sys, from, (true, false), "mv");
    }
    failed(sys, from, to, e)
}

fn failed(sys: &mut Sys<'_>, from: &str, to: &str, e: Errno) -> i32 {
    let busybox = sys.busybox();
    let text = match (busybox, e) {
        (true, e) => format!("mv: can't rename '{from}': {}\n", e.text()),
        (false, Errno::ENOENT) if sys.lstat(from).is_err() => {
            format!("mv: cannot stat '{from}': {}\n", e.text())
        }
        (false, e) => format!("mv: cannot move '{from}' to '{to}': {}\n", e.text()),
    };
    sys.complain(&text);
    1
}
