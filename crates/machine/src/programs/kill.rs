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

/// A signal's name without `SIG`.
#[must_use]
pub fn signal_name(number: i32) -> &'static str {
    SIGNALS.iter().find(|(_, n)| *n == number).map_or("", |(name, _)| name)
}

/// What a shell says of a process that a signal ended.
#[must_use]
pub fn signal_words(number: i32) -> &'static str {
    match number {
        1 => "Hangup",
        2 => "Interrupt",
        3 => "Quit",
        4 => "Illegal instruction",
        6 => "Aborted",
        9 => "Killed",
        10 => "User defined signal 1",
        11 => "Segmentation fault",
        12 => "User defined signal 2",
        13 => "Broken pipe",
        14 => "Alarm clock",
        31 => "Bad system call",
        _ => "Terminated",
    }
}

/// All signals, five in a row, as bash lists them.
#[must_use]
pub fn signal_table() -> String {
    let mut out = String::new();
    for (i, (name, number)) in SIGNALS.iter().enumerate() {
        let name = if *name == "POLL" { "IO" } else { name };
        out.push_str(&format!(
            "{number:2}) SIG{name}{}",
            if i % 5 == 4 || i + 1 == SIGNALS.len() { '\n' } else { '\t' }
        ));
    }
    out
}

/// The number of a signal's name or number.
#[must_use]
pub fn signal(text: &str) -> Option<i32> {
    let name = text.strip_prefix("SIG").unwrap_or(text).to_uppercase();
    text.parse().ok().or_else(|| SIGNALS.iter().find(|(n, _)| *n == name).map(|(_, s)| *s))
}

/// `kill` with its words; `prefix` starts complaints (a shell's own prefix, or empty for the program).
pub fn kill_words(sys: &mut Sys<'_>, words: &[String], prefix: &str) -> i32 {
    // busybox's shell has the applet's words behind its own name.
    let name = if prefix.is_empty() { "kill: " } else { prefix };
    let (bash, dash) = (prefix.contains("line "), prefix.starts_with("sh: ") && !sys.busybox());
    if words.len() < 2 {
        let usage = match (sys.busybox(), prefix.is_empty()) {
            (true, _) => format!("{name}you need to specify whom to kill\n"),
            (false, true) => USAGE.to_owned(),
            (false, false) if dash => format!(
                "{prefix}kill: Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\nkill -l [exitstatus]\n"
            ),
            (false, false) => {
                "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n".to_owned()
            }
        };
        sys.complain(&usage);
        return if sys.busybox() || prefix.is_empty() { 1 } else { 2 };
    }
    if sys.busybox() && prefix.is_empty() {
        let _ = sys.call("getpid");
    }
    let mut sig = 15;
    let mut pids = Vec::new();
    let mut args = words.iter().skip(1);
    while let Some(a) = args.next() {
        if a == "-l" {
            if let Some(number) = args.next().and_then(|n| n.parse::<i32>().ok()) {
                sys.print(&format!("{}\n", signal_name(if number > 128 { number - 128 } else { number })));
                return 0;
            }
            if bash {
                let text = signal_table();
                sys.print(&text);
                return 0;
            }
            if dash {
                let names: String = SIGNALS
                    .iter()
                    .map(|(n, _)| format!("{}\n", if *n == "POLL" { "IO" } else { n }))
                    .collect();
                sys.print(&format!("0\n{names}"));
                return 0;
            }
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
                        (true, _) => format!("{name}bad signal name '{s}'\n"),
                        (false, true) => {
                            let first: String = s.chars().take(1).collect();
                            format!("kill: invalid argument {first}\n{USAGE}")
                        }
                        (false, false) if dash => {
                            let first: String = s.chars().take(1).collect();
                            format!("{prefix}kill: Illegal option -{first}\n")
                        }
                        (false, false) => format!("{prefix}kill: {s}: invalid signal specification\n"),
                    };
                    sys.complain(&text);
                    return if dash { 2 } else { 1 };
                }
            },
            None => pids.push(a.clone()),
        }
    }
    let mut code = 0;
    for p in pids {
        let Ok(pid) = p.parse::<u32>() else {
            let text = match (sys.busybox(), prefix.is_empty()) {
                (true, _) => format!("{name}invalid number '{p}'\n"),
                (false, true) => format!("kill: failed to parse argument: '{p}'\n"),
                (false, false) if dash => format!("{prefix}kill: Illegal number: {p}\n"),
                (false, false) => format!("{prefix}kill: {p}: arguments must be process or job IDs\n"),
            };
            sys.complain(&text);
            code = 1;
            continue;
        };
        if let Err(e) = sys.kill(pid, sig) {
            let text = match (sys.busybox(), prefix.is_empty()) {
                (true, _) => format!("{name}can't kill pid {pid}: {}\n", e.text()),
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
