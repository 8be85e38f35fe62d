//! `basename`, `dirname`, `hostname`, `pwd`, `readlink`, `realpath`, `uname`, `which`.

use super::options;
use crate::sys::Sys;

pub(super) fn basename(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let Some(path) = argv.get(1) else {
        sys.complain("basename: missing operand\nTry 'basename --help' for more information.\n");
        return 1;
    };
    let trimmed = path.trim_end_matches('/');
    let name = if trimmed.is_empty() { "/" } else { trimmed.rsplit('/').next().unwrap_or(trimmed) };
    let name =
        argv.get(2).and_then(|s| name.strip_suffix(s.as_str())).filter(|n| !n.is_empty()).unwrap_or(name);
    sys.print(&format!("{name}\n"));
    0
}

pub(super) fn dirname(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    for path in argv.iter().skip(1) {
        let trimmed = path.trim_end_matches('/');
        let dir = match trimmed.rsplit_once('/') {
            Some(("", _)) => "/",
            Some((d, _)) => d,
            None if path.starts_with('/') => "/",
            None => ".",
        };
        sys.print(&format!("{dir}\n"));
    }
    0
}

pub(super) fn hostname(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let busybox = sys.busybox();
    match argv.get(1).map(String::as_str) {
        None | Some("-f" | "-s" | "--fqdn" | "--short") => {
            let _ = sys.call("uname");
            let name = sys.hostname();
            sys.print(&format!("{name}\n"));
            0
        }
        Some("-i" | "-I" | "--ip-address" | "--all-ip-addresses") => {
            let name = sys.hostname();
            let found = super::net::resolve::lookup(sys, &name, None);
            let all: Vec<String> =
                found.map(|f| f.addresses.iter().map(ToString::to_string).collect()).unwrap_or_default();
            sys.print(&format!("{}\n", all.join(" ")));
            0
        }
        Some(name) => match (busybox.then(|| sys.call("uname")), sys.sethostname(name)).1 {
            Ok(()) => 0,
            Err(e) => {
                let text = match (busybox, e) {
                    (true, e) => format!("hostname: sethostname: {}\n", e.text()),
                    (false, crate::errno::Errno::EPERM) => {
                        "hostname: you must be root to change the host name\n".to_owned()
                    }
                    (false, e) => format!("hostname: {}\n", e.text()),
                };
                sys.complain(&text);
                1
            }
        },
    }
}

pub(super) fn pwd(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    match sys.getcwd() {
        Ok(cwd) => {
            sys.print(&format!("{cwd}\n"));
            0
        }
        Err(e) => {
            sys.complain(&format!("pwd: {}\n", e.text()));
            1
        }
    }
}

pub(super) fn readlink(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "fenm", &[("canonicalize", 'f'), ("no-newline", 'n')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let mut code = 0;
    for p in &opts.operands {
        let found = if opts.has('f') || opts.has('e') || opts.has('m') {
            for call in ["readlink", "faccessat2"] {
                let _ = sys.call(call);
            }
            sys.walk(p, true).map(|f| sys.found_path(&f))
        } else {
            sys.read_link(p)
        };
        match found {
            Ok(t) => sys.print(&format!("{t}{}", if opts.has('n') { "" } else { "\n" })),
            Err(_) => code = 1,
        }
    }
    code
}

pub(super) fn realpath(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let mut code = 0;
    for p in argv.iter().skip(1).filter(|a| !a.starts_with('-')) {
        let _ = sys.call("readlink");
        match sys.walk(p, true) {
            Ok(f) => {
                let _ = sys.call("faccessat2");
                let path = sys.found_path(&f);
                sys.print(&format!("{path}\n"));
            }
            Err(e) => {
                sys.complain(&format!("realpath: {p}: {}\n", e.text()));
                code = 1;
            }
        }
    }
    code
}

pub(super) fn uname(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "asnrvmpio",
        &[("all", 'a'), ("kernel-release", 'r'), ("nodename", 'n'), ("machine", 'm')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    if let Err(e) = sys.call("uname") {
        sys.complain(&format!("uname: cannot get system name: {}\n", e.text()));
        return 1;
    }
    let (release, version) = sys.kernel_names();
    let all = opts.has('a');
    let host = sys.hostname();
    let mut words = Vec::new();
    for (letter, word) in [
        ('s', "Linux"),
        ('n', &host),
        ('r', &release),
        ('v', &version),
        ('m', "x86_64"),
        ('p', "x86_64"),
        ('i', "x86_64"),
        ('o', "GNU/Linux"),
    ] {
        let shown = opts.has(letter) || all && !matches!(letter, 'p' | 'i');
        if shown || opts.given.is_empty() && letter == 's' {
            words.push(word.to_owned());
        }
    }
    sys.print(&(words.join(" ") + "\n"));
    0
}

pub(super) fn which(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let path = sys.env("PATH").unwrap_or_default();
    let mut code = 0;
    for n in argv.iter().skip(1).filter(|a| !a.starts_with('-')) {
        match super::which(sys, &path, n) {
            Some(p) => sys.print(&format!("{p}\n")),
            None => code = 1,
        }
    }
    code
}
