//! Finding processes by name: `pgrep`, `pkill`, `pidof`, `killall`.

use super::kill::signal;
use super::options;
use crate::regex::{Regex, Syntax};
use crate::sys::Sys;

struct Found {
    pid: u32,
    name: String,
    line: String,
    uid: u32,
}

fn processes(sys: &mut Sys<'_>) -> Vec<Found> {
    let (names, dir) = sys.list_open("/proc").unwrap_or_default();
    let mut found = Vec::new();
    for pid in names.iter().filter_map(|n| n.parse::<u32>().ok()) {
        let Ok(status) = sys.slurp(&format!("/proc/{pid}/status")) else { continue };
        let field = |key: &str| {
            let line = status.lines().find_map(|l| l.strip_prefix(key)).unwrap_or("");
            line.split_whitespace().next().unwrap_or("").to_owned()
        };
        let line = sys.slurp(&format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = line.trim_end_matches('\0').replace('\0', " ");
        found.push(Found { pid, name: field("Name:"), line, uid: field("Uid:").parse().unwrap_or(0) });
    }
    sys.close(dir);
    found
}

fn me(sys: &Sys<'_>) -> u32 {
    sys.me().vpid
}

/// `pgrep` and `pkill`, which knows a signal besides.
pub(super) fn pgrep(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let program = argv.first().map_or("", |a| a.rsplit('/').next().unwrap_or(a)).to_owned();
    let kills = program == "pkill";
    let mut number = 15;
    let words: Vec<String> = argv
        .iter()
        .enumerate()
        .filter(|(i, a)| match a.strip_prefix('-').and_then(signal) {
            Some(n) if kills && *i > 0 => {
                number = n;
                false
            }
            _ => true,
        })
        .map(|(_, a)| a.clone())
        .collect();
    let long = [
        ("full", 'f'),
        ("exact", 'x'),
        ("list-name", 'l'),
        ("list-full", 'a'),
        ("count", 'c'),
        ("newest", 'n'),
        ("oldest", 'o'),
        ("euid", 'u'),
        ("signal", 'S'),
        ("inverse", 'v'),
        ("delimiter", 'd'),
        ("ignore-case", 'i'),
    ];
    let opts = match options::parse(sys, &words, "fxlacnovu:U:P:S:d:i", &long) {
        Ok(o) => o,
        Err(_) => return 2,
    };
    if let Some(n) = opts.value('S').and_then(signal) {
        number = n;
    }
    if opts.operands.is_empty() && !opts.has('u') {
        sys.complain(&format!(
            "{program}: no matching criteria specified\nTry `{program} --help' for more information.\n"
        ));
        return 2;
    }
    let pattern = opts.operands.first().cloned().unwrap_or_default();
    let whole = if opts.has('x') { format!("^({pattern})$") } else { pattern };
    let Ok(regex) = Regex::new(&whole, Syntax::Extended, opts.has('i')) else { return 2 };
    let user =
        opts.value('u').map(|u| u.parse().ok().or_else(|| sys.find_user(|x| x.name == u).map(|x| x.uid)));
    let mine = me(sys);
    let mut found = processes(sys);
    found.retain(|p| {
        let text: Vec<char> = if opts.has('f') { &p.line } else { &p.name }.chars().collect();
        let fits = regex.find_at(&text, 0).is_some() && user.is_none_or(|u| u == Some(p.uid));
        p.pid != mine && fits != opts.has('v')
    });
    if opts.has('n') {
        found = found.into_iter().last().into_iter().collect();
    } else if opts.has('o') {
        found.truncate(1);
    }
    if opts.has('c') && !kills {
        sys.print(&format!("{}\n", found.len()));
    }
    for p in &found {
        if kills {
            if let Err(e) = sys.kill(p.pid, number) {
                sys.complain(&format!("pkill: killing pid {} failed: {}\n", p.pid, e.text()));
            }
        } else if !opts.has('c') {
            let line = match (opts.has('a'), opts.has('l')) {
                (true, _) => format!("{} {}\n", p.pid, p.line),
                (false, true) => format!("{} {}\n", p.pid, p.name),
                (false, false) => format!("{}\n", p.pid),
            };
            sys.print(&line);
        }
    }
    i32::from(found.is_empty())
}

/// `pidof`: numbers, the newest first.
pub(super) fn pidof(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let mine = me(sys);
    let found = processes(sys);
    let names: Vec<&String> = argv.iter().skip(1).filter(|a| !a.starts_with('-')).collect();
    let pids: Vec<String> = found
        .iter()
        .rev()
        .filter(|p| {
            let first = p.line.split(' ').next().unwrap_or("");
            let base = first.rsplit('/').next().unwrap_or("");
            p.pid != mine && names.iter().any(|n| **n == p.name || *n == first || *n == base)
        })
        .map(|p| p.pid.to_string())
        .collect();
    if pids.is_empty() {
        return 1;
    }
    sys.print(&(pids.join(" ") + "\n"));
    0
}

pub(super) fn killall(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let mut number = 15;
    let mut names = Vec::new();
    for a in argv.iter().skip(1) {
        match a.strip_prefix('-').and_then(signal) {
            Some(n) => number = n,
            None => names.push(a.clone()),
        }
    }
    let mine = me(sys);
    let found = processes(sys);
    let mut code = 0;
    for name in names {
        let pids: Vec<u32> =
            found.iter().filter(|p| p.name == name && p.pid != mine).map(|p| p.pid).collect();
        if pids.is_empty() {
            sys.complain(&if sys.busybox() {
                format!("killall: {name}: no process killed\n")
            } else {
                format!("{name}: no process found\n")
            });
            code = 1;
        }
        for pid in pids {
            if let Err(e) = sys.kill(pid, number) {
                sys.complain(&if sys.busybox() {
                    format!("killall: can't kill pid {pid}: {}\n", e.text())
                } else {
                    format!("{name}({pid}): {}\n", e.text())
                });
                code = 1;
            }
        }
    }
    code
}
