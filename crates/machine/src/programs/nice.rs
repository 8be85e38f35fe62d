//! `nice` and `renice`.

use super::{execvp, options};
use crate::errno::Errno;
use crate::sys::Sys;

pub(super) fn nice(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    // `-5` is `-n 5`, `--5` is `-n -5`.
    let argv: Vec<String> = argv
        .iter()
        .enumerate()
        .map(|(i, a)| {
            let number = a.strip_prefix('-').filter(|n| i == 1 && n.parse::<i32>().is_ok());
            number.map_or_else(|| a.clone(), |n| format!("-n{n}"))
        })
        .collect();
    let opts = match options::parse_leading(sys, &argv, "n:", &[("adjustment", 'n')]) {
        Ok(o) => o,
        Err(_) => return 125,
    };
    let busybox = sys.busybox();
    let now = sys.priority(0).unwrap_or(0);
    let step = match opts.value('n').map(str::parse::<i32>) {
        None => 10,
        Some(Ok(n)) => n,
        Some(Err(_)) => {
            let text = opts.value('n').unwrap_or("");
            sys.complain(&if busybox {
                format!("nice: invalid number '{text}'\n")
            } else {
                format!("nice: invalid adjustment \u{2018}{text}\u{2019}\n")
            });
            return if busybox { 1 } else { 125 };
        }
    };
    if opts.operands.is_empty() {
        if opts.has('n') {
            sys.complain(
                "nice: a command must be given with an adjustment\nTry 'nice --help' for more information.\n",
            );
            return 125;
        }
        sys.print(&format!("{now}\n"));
        return 0;
    }
    if let Err(e) = sys.set_priority(0, now + step) {
        if busybox {
            sys.complain(&format!("nice: setpriority({}): {}\n", now + step, e.text()));
            return 1;
        }
        // It goes on all the same.
        sys.complain(&format!("nice: cannot set niceness: {}\n", e.text()));
    }
    let name = opts.operands.first().cloned().unwrap_or_default();
    match execvp(sys, &opts.operands) {
        Ok(code) => code,
        Err(e) => {
            sys.complain(&if busybox {
                format!("nice: can't execute '{name}': {}\n", e.text())
            } else {
                format!("nice: \u{2018}{name}\u{2019}: {}\n", e.text())
            });
            if e == Errno::ENOENT { 127 } else { 126 }
        }
    }
}

pub(super) fn renice(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let busybox = sys.busybox();
    let mut words: Vec<&str> = argv.iter().skip(1).map(String::as_str).collect();
    let relative = words.first() == Some(&"-n");
    if matches!(words.first(), Some(&("-n" | "--priority" | "--relative"))) {
        words.remove(0);
    }
    let Some(value) = words.first().and_then(|w| w.parse::<i32>().ok()) else {
        sys.complain(&match (busybox, words.first()) {
            (true, Some(w)) => format!("renice: invalid number '{w}'\n"),
            (false, Some(w)) => {
                format!("renice: invalid priority '{w}'\nTry 'renice --help' for more information.\n")
            }
            (_, None) => {
                "renice: not enough arguments\nTry 'renice --help' for more information.\n".to_owned()
            }
        });
        return 1;
    };
    let mut code = 0;
    for word in words.iter().skip(1).filter(|w| **w != "-p") {
        let Ok(pid) = word.parse::<u32>() else {
            sys.complain(&format!("renice: bad process ID value: {word}\n"));
            code = 1;
            continue;
        };
        let old = if relative || !busybox { sys.priority(pid) } else { Ok(0) };
        let done = old.and_then(|old| {
            let new = if relative && busybox { old + value } else { value };
            sys.set_priority(pid, new).map(|()| (old, new))
        });
        match done {
            Ok((old, new)) if !busybox => {
                sys.print(&format!("{pid} (process ID) old priority {old}, new priority {new}\n"));
            }
            Ok(_) => {}
            Err(e) => {
                sys.complain(&if busybox {
                    format!("renice: setpriority: {}\n", e.text())
                } else {
                    format!("renice: failed to set priority for {pid} (process ID): {}\n", e.text())
                });
                code = 1;
            }
        }
    }
    code
}
