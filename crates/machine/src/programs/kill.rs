//! `kill`.

use crate::sys::Sys;

const USAGE: &str = "\nUsage:\n kill [options] <pid> [...]\n\nOptions:\n <pid> [...]            send signal to every <pid> listed\n -<signal>, -s, --signal <signal>\n                        specify the <signal> to be sent\n -q, --queue <value>    integer value to be sent with the signal\n -l, --list=[<signal>]  list all signal names, or convert one to a name\n -L, --table            list all signal names in a nice table\n\n -h, --help     display this help and exit\n -V, --version  output version information and exit\n\nFor more details see kill(1).\n";

const SIGNALS: &[(&str, i32)] = &[
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("CHLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("URG", 23),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("VTALRM", 26),
    ("PROF", 27),
    ("WINCH", 28),
    ("POLL", 29),
    ("PWR", 30),
    ("SYS", 31),
];

/// The number of a signal's name or number.
pub(super) fn signal(text: &str) -> Option<i32> {
    let name = text.strip_prefix("SIG").unwrap_or(text).to_uppercase();
    text.parse().ok().or_else(|| SIGNALS.iter().find(|(n, _)| *n == name).map(|(_, s)| *s))
}

/// `kill` with its words; `prefix` starts complaints (a shell's own prefix, or empty for the program).
pub fn kill_words(sys: &mut Sys<'_>, words: &[String], prefix: &str) -> i32 {
    if words.len() < 2 {
        sys.complain(if sys.busybox() { "kill: you need to specify whom to kill\n" } else { USAGE });
        return 1;
    }
    if sys.busybox() && prefix.is_empty() {
        let _ = sys.call("getpid");
    }
    let mut sig = 15;
    let mut pids = Vec::new();
    let mut args = words.iter().skip(1);
    while let Some(a) = args.next() {
        if a == "-l" {
            // busybox's and bash's count them, procps' names them.
            let names: Vec<String> = SIGNALS
                .iter()
                .map(|(n, s)| match (sys.busybox(), prefix.is_empty()) {
                    (true, _) => format!("{s:2}) {n}\n"),
                    (false, true) => format!("{n}{}", if matches!(s, 16 | 31) { '\n' } else { ' ' }),
                    (false, false) => format!("{s:2}) SIG{n}\n"),
                })
                .collect();
            sys.print(&names.concat());
            return 0;
        }
        let spec = if a == "-s" || a == "-n" {
            args.next().map(String::as_str)
        } else {
            a.strip_prefix('-').filter(|s| *s != "-" && pids.is_empty())
        };
        match spec {
            Some(s) => match signal(s) {
                Some(n) => sig = n,
                None => {
                    let text = match (sys.busybox(), prefix.is_empty()) {
                        (true, _) => format!("{prefix}kill: bad signal name '{s}'\n"),
                        (false, true) => {
                            let first: String = s.chars().take(1).collect();
                            format!("kill: invalid argument {first}\n{USAGE}")
                        }
                        (false, false) => format!("{prefix}kill: {s}: invalid signal specification\n"),
                    };
                    sys.complain(&text);
                    return 1;
                }
            },
            None => pids.push(a.clone()),
        }
    }
    let mut code = 0;
    for p in pids {
        let Ok(pid) = p.parse::<u32>() else {
            let text = match (sys.busybox(), prefix.is_empty()) {
                (true, _) => format!("{prefix}kill: invalid number '{p}'\n"),
                (false, true) => format!("kill: failed to parse argument: '{p}'\n"),
                (false, false) => format!("{prefix}kill: {p}: arguments must be process or job IDs\n"),
            };
            sys.complain(&text);
            code = 1;
            continue;
        };
        if let Err(e) = sys.kill(pid, sig) {
            let text = match (sys.busybox(), prefix.is_empty()) {
                (true, _) => format!("{prefix}kill: can't kill pid {pid}: {}\n", e.text()),
                (false, true) => format!("kill: ({pid}): {}\n", e.text()),
                (false, false) if prefix.starts_with("sh: ") => format!("{prefix}kill: {}\n\n", e.text()),
                (false, false) => format!("{prefix}kill: ({pid}) - {}\n", e.text()),
            };
            sys.complain(&text);
            code = 1;
        }
    }
    code
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    kill_words(sys, argv, "")
}
