//! `chown` and `chgrp`.

use super::options;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let program = argv.first().map_or("chown", |a| a.rsplit('/').next().unwrap_or(a)).to_owned();
    let opts = match options::parse(sys, argv, "RvfchHLP", &[("recursive", 'R'), ("no-dereference", 'h')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let Some((who, files)) = opts.operands.split_first().filter(|(_, f)| !f.is_empty()) else {
        sys.complain(&format!("{program}: missing operand\nTry '{program} --help' for more information.\n"));
        return 1;
    };
    let busybox = sys.busybox();
    let (user, group) = if program == "chgrp" {
        (None, Some(who.as_str()))
    } else {
        match who.split_once([':', '.']) {
            Some((u, g)) => (Some(u).filter(|u| !u.is_empty()), Some(g).filter(|g| !g.is_empty())),
            None => (Some(who.as_str()), None),
        }
    };
    // Even a number might be somebody's name.
    sys.ask_name_service();
    let uid = match user {
        None => None,
        Some(u) => match u.parse().ok().or_else(|| sys.find_user(|x| x.name == u).map(|x| x.uid)) {
            Some(uid) => Some(uid),
            None => {
                let text = if busybox {
                    format!("{program}: unknown user {u}\n")
                } else {
                    format!("{program}: invalid user: '{who}'\n")
                };
                sys.complain(&text);
                return 1;
            }
        },
    };
    let gid = match group {
        None => None,
        Some(g) => match g
            .parse()
            .ok()
            .or_else(|| sys.groups().into_iter().find(|(n, _, _)| n == g).map(|(_, i, _)| i))
        {
            Some(gid) => Some(gid),
            None => {
                let text = if busybox {
                    format!("{program}: unknown group {g}\n")
                } else {
                    format!("{program}: invalid group: '{who}'\n")
                };
                sys.complain(&text);
                return 1;
            }
        },
    };
    let mut code = 0;
    for f in files {
        code |= one(sys, &program, f, uid, gid, opts.has('R'), !opts.has('h'));
    }
    code
}

fn one(
    sys: &mut Sys<'_>,
    program: &str,
    path: &str,
    uid: Option<u32>,
    gid: Option<u32>,
    recursive: bool,
    follow: bool,
) -> i32 {
    let busybox = sys.busybox();
    let stat = match if follow { sys.stat(path) } else { sys.lstat(path) } {
        Ok(s) => s,
        Err(e) => {
            let text = if busybox {
                format!("{program}: {path}: {}\n", e.text())
            } else {
                format!("{program}: cannot access '{path}': {}\n", e.text())
            };
            sys.complain(&text);
            return 1;
        }
    };
    let mut code = 0;
    let call = match (busybox, follow) {
        (true, true) => "chown",
        (true, false) => "lchown",
        _ => "fchownat",
    };
    if let Err(e) = sys.chown(call, path, uid, gid, follow) {
        let what = if uid.is_none() { "group" } else { "ownership" };
        let text = if busybox {
            format!("{program}: {path}: {}\n", e.text())
        } else {
            format!("{program}: changing {what} of '{path}': {}\n", e.text())
        };
        sys.complain(&text);
        code = 1;
    }
    if recursive && stat.is_dir() {
        for name in sys.list(path).unwrap_or_default() {
            code |=
                one(sys, program, &format!("{}/{name}", path.trim_end_matches('/')), uid, gid, true, false);
        }
    }
    code
}
