//! Programs of a few lines: `true`, `echo`, `test`, `printf`, `yes`, `clear`, `df`, `expr`, …

use crate::sys::Sys;

pub(super) fn true_(_: &mut Sys<'_>, _: &[String]) -> i32 {
    0
}

pub(super) fn false_(_: &mut Sys<'_>, _: &[String]) -> i32 {
    1
}

pub(super) fn echo(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let text = super::echo(argv.get(1..).unwrap_or_default(), false);
    i32::from(sys.write(1, &crate::text::encode(&text)).is_err())
}

pub(super) fn printf(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let Some(format) = argv.get(1) else {
        sys.complain("printf: missing operand\nTry 'printf --help' for more information.\n");
        return 1;
    };
    if sys.busybox() {
        let _ = sys.call("fcntl");
    }
    let (text, errors) = super::printf(format, argv.get(2..).unwrap_or_default());
    sys.print(&text);
    for e in &errors {
        sys.complain(&format!("printf: {e}\n"));
    }
    i32::from(!errors.is_empty())
}

pub(super) fn test(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let bracket = argv.first().is_some_and(|a| a.ends_with('['));
    let mut args = argv.get(1..).unwrap_or_default();
    if bracket {
        match args.split_last() {
            Some((last, rest)) if last == "]" => args = rest,
            _ => {
                sys.complain("[: missing ']'\n");
                return 2;
            }
        }
    }
    match crate::shell::test::single(sys, args) {
        Ok(yes) => i32::from(!yes),
        Err(e) => {
            sys.complain(&format!("test: {e}\n"));
            2
        }
    }
}

pub(super) fn yes(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let word = argv.get(1).map_or("y", String::as_str);
    let block = format!("{word}\n").repeat(1024);
    while sys.write(1, block.as_bytes()).is_ok() {}
    1
}

pub(super) fn free(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let busybox = sys.busybox();
    let flag = |c: char| argv.iter().skip(1).any(|a| a.starts_with('-') && a.contains(c));
    let unit = if flag('g') {
        1 << 20
    } else if flag('m') {
        1 << 10
    } else {
        1
    };
    let human = flag('h');
    let shown = |k: u64| match (human, busybox) {
        (true, true) => super::ls::human(k * 1024),
        (true, false) if k == 0 => "0B".to_owned(),
        (true, false) => super::ls::human(k * 1024) + "i",
        (false, _) => (k / unit).to_string(),
    };
    if busybox {
        sys.print("");
    }
    let width = 12;
    let lead = if busybox { 3 } else { 4 };
    let head: String = ["total", "used", "free", "shared", "buff/cache", "available"]
        .iter()
        .map(|c| format!("{c:>width$}"))
        .collect();
    sys.print(&format!("{:lead$}    {head}\n", ""));
    if busybox {
        let _ = sys.call("sysinfo");
    } else {
        let _ = sys.call("lseek");
    }
    let (total, free, available) = memory(sys);
    let cache = available.saturating_sub(free);
    let used = total.saturating_sub(available);
    let row =
        |numbers: &[u64]| -> String { numbers.iter().map(|n| format!("{:>width$}", shown(*n))).collect() };
    let (memory, swap) = (row(&[total, used, free, 0, cache, available]), row(&[0, 0, 0]));
    let pad = if busybox { 3 } else { 4 };
    sys.print(&format!("Mem:{:pad$}{memory}\nSwap:{:w$}{swap}\n", "", "", w = pad - 1));
    0
}

/// What /proc/meminfo tells in KiB: all, free and available.
pub(super) fn memory(sys: &mut Sys<'_>) -> (u64, u64, u64) {
    let text = sys.slurp("/proc/meminfo").unwrap_or_default();
    let field = |key: &str| {
        let line = text.lines().find_map(|l| l.strip_prefix(key)).unwrap_or("");
        line.trim_start_matches(':')
            .split_whitespace()
            .next()
            .and_then(|n| n.parse::<u64>().ok())
            .unwrap_or(0)
    };
    (field("MemTotal"), field("MemFree"), field("MemAvailable"))
}

pub(super) fn clear(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    sys.print("\x1b[H\x1b[2J\x1b[3J");
    0
}

pub(super) fn tty(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    let _ = sys.call("ioctl");
    let is = sys.is_tty(0);
    sys.print(if is { "/dev/pts/0\n" } else { "not a tty\n" });
    i32::from(!is)
}

pub(super) fn nproc(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    let _ = sys.call("sched_getaffinity");
    sys.print("2\n");
    0
}

pub(super) fn arch(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    let _ = sys.call("uname");
    sys.print("x86_64\n");
    0
}

pub(super) fn df(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let human = argv.iter().any(|a| a.starts_with('-') && a.contains('h'));
    let busybox = sys.busybox();
    let mounts = sys.slurp("/proc/mounts").unwrap_or_default();
    if !busybox {
        for call in ["fcntl", "lseek", "ioctl", "newfstatat", "uname"] {
            let _ = sys.call(call);
        }
    }
    let mut wanted = Vec::new();
    let mut code = 0;
    for path in argv.iter().skip(1).filter(|a| !a.starts_with('-')) {
        match sys.walk(path, true).and_then(|f| f.existing().map(|_| sys.found_path(&f))) {
            // The mount it lies in is the one with the longest path above it.
            Ok(real) => {
                let points = mounts.lines().filter_map(|l| l.split(' ').nth(1));
                let above = |p: &&str| *p == "/" || real == *p || real.starts_with(&format!("{p}/"));
                wanted.extend(points.filter(above).max_by_key(|p| p.len()).map(str::to_owned));
            }
            Err(e) => {
                sys.complain(&if busybox {
                    format!("df: {path}: can't find mount point\n")
                } else {
                    format!("df: {path}: {}\n", e.text())
                });
                code = 1;
            }
        }
    }
    if code == 1 && wanted.is_empty() {
        return 1;
    }
    let _ = sys.call("statfs");
    sys.print(match (busybox, human) {
        (true, true) => "Filesystem                Size      Used Available Use% Mounted on\n",
        (true, false) => "Filesystem           1K-blocks      Used Available Use% Mounted on\n",
        (false, true) => "Filesystem      Size  Used Avail Use% Mounted on\n",
        (false, false) => "Filesystem     1K-blocks    Used Available Use% Mounted on\n",
    });
    for line in mounts.lines() {
        let mut f = line.split(' ');
        let (Some(source), Some(point), Some(kind)) = (f.next(), f.next(), f.next()) else { continue };
        let chosen = wanted.iter().any(|w| w == point);
        if !chosen
            && (!wanted.is_empty() || matches!(kind, "proc" | "sysfs" | "cgroup2" | "devpts" | "mqueue"))
        {
            continue;
        }
        let (size, used): (u64, u64) = if kind == "tmpfs" { (2_014_160, 0) } else { (20_134_592, 5_368_208) };
        let percent = (used * 100).div_ceil(size);
        let h = |k: u64| super::ls::human(k * 1024);
        let cells = if human {
            [h(size), h(used), h(size - used)]
        } else {
            [size, used, size - used].map(|n| n.to_string())
        };
        let [size, used, left] = cells;
        let row = match (busybox, human) {
            (true, _) => format!("{source:<20} {size:>9} {used:>9} {left:>9} {percent:>3}% {point}\n"),
            (false, true) => format!("{source:<15} {size:>4}  {used:>4}  {left:>4} {percent:>3}% {point}\n"),
            (false, false) => format!("{source:<14} {size:>9} {used:>7} {left:>9} {percent:>3}% {point}\n"),
        };
        sys.print(&row);
    }
    code
}

pub(super) fn mktemp(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let dir = argv.iter().any(|a| a == "-d");
    let template = argv.iter().skip(1).find(|a| !a.starts_with('-')).cloned();
    let seed = sys.now().0 as u64 ^ u64::from(sys.me().pid) << 20;
    let mut random = gatehouse_core::Entropy::new(seed);
    let suffix = random.suffix(10);
    let path = match template {
        Some(t) => {
            let stem = t.trim_end_matches('X');
            let n = t.len() - stem.len();
            if n < if sys.busybox() { 6 } else { 3 } {
                let text = if sys.busybox() {
                    "mktemp: : Invalid argument\n".to_owned()
                } else {
                    format!("mktemp: too few X's in template \u{2018}{t}\u{2019}\n")
                };
                sys.complain(&text);
                return 1;
            }
            format!("{stem}{}", suffix.chars().take(n).collect::<String>())
        }
        None if sys.busybox() => format!("/tmp/tmp.{}", suffix.chars().take(6).collect::<String>()),
        None => format!("/tmp/tmp.{suffix}"),
    };
    let _ = sys.busybox() || sys.call("rt_sigprocmask").is_ok();
    let flags =
        crate::sys::Flags { read: true, write: true, create: true, exclusive: true, ..Default::default() };
    let done = if dir { sys.mkdir(&path, 0o700) } else { sys.open(&path, flags, 0o600).map(|_| ()) };
    match done {
        Ok(()) => {
            sys.print(&format!("{path}\n"));
            0
        }
        Err(e) => {
            sys.complain(&format!("mktemp: failed to create file via template '{path}': {}\n", e.text()));
            1
        }
    }
}

/// `busybox APPLET …`
pub(super) fn busybox(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let rest = argv.get(1..).unwrap_or_default();
    let Some(name) = rest.first() else {
        let mut list: Vec<&str> = super::names().copied().collect();
        gatehouse_model::order::sort(&mut list);
        sys.print(&format!(
            "BusyBox v1.37.0 () multi-call binary.\n\nCurrently defined functions:\n\t{}\n",
            list.join(", ")
        ));
        return 0;
    };
    match super::find("busybox", rest) {
        Some(main) if name != "busybox" => main(sys, rest),
        _ => {
            sys.complain(&format!("{name}: applet not found\n"));
            127
        }
    }
}

pub(super) fn expr(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let args = argv.get(1..).unwrap_or_default();
    let value = match args {
        [a] => a.clone(),
        [word, s] if word == "length" => s.chars().count().to_string(),
        [a, op, b] => match op.as_str() {
            "=" => i32::from(a == b).to_string(),
            "!=" => i32::from(a != b).to_string(),
            ":" => {
                let Ok(r) = crate::regex::Regex::new(&format!("^{b}"), crate::regex::Syntax::Basic, false)
                else {
                    return 2;
                };
                let chars: Vec<char> = a.chars().collect();
                match r.find_at(&chars, 0) {
                    Some(m) if r.groups() > 0 => {
                        m.group(1).and_then(|(s, e)| chars.get(s..e)).unwrap_or_default().iter().collect()
                    }
                    Some(m) => m.end().to_string(),
                    None => "0".to_owned(),
                }
            }
            _ => {
                let text = format!("{a} {op} {b}");
                let mut state = crate::shell::ShellState::default();
                match (a.parse::<i64>(), b.parse::<i64>(), crate::shell::arith::evaluate(&mut state, &text)) {
                    (Ok(_), Ok(_), Ok(v)) => v.to_string(),
                    (_, _, Err(_)) if b == "0" => {
                        sys.complain("expr: division by zero\n");
                        return 2;
                    }
                    _ => {
                        sys.complain("expr: non-integer argument\n");
                        return 2;
                    }
                }
            }
        },
        _ => {
            let text = args.join(" ");
            let mut state = crate::shell::ShellState::default();
            match crate::shell::arith::evaluate(&mut state, &text) {
                Ok(v) => v.to_string(),
                Err(_) => {
                    sys.complain("expr: syntax error\n");
                    return 2;
                }
            }
        }
    };
    sys.print(&format!("{value}\n"));
    i32::from(value.is_empty() || value == "0")
}
