//! Programs that run another: `nohup`, `setsid`, `time`, `watch`; and `uptime`, which only tells the time.

use super::{date, execvp, options};
use crate::errno::Errno;
use crate::process::State;
use crate::sys::Sys;

fn become_it(sys: &mut Sys<'_>, program: &str, words: &[String]) -> i32 {
    let name = words.first().cloned().unwrap_or_default();
    match execvp(sys, words) {
        Ok(code) => code,
        Err(e) => {
            sys.complain(&match (sys.busybox(), program) {
                (true, p) => format!("{p}: can't execute '{name}': {}\n", e.text()),
                (false, "nohup") => {
                    format!("nohup: failed to run command \u{2018}{name}\u{2019}: {}\n", e.text())
                }
                (false, p) => format!("{p}: failed to execute {name}: {}\n", e.text()),
            });
            if e == Errno::ENOENT { 127 } else { 126 }
        }
    }
}

pub(super) fn nohup(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let Some(words) = argv.get(1..).filter(|w| !w.is_empty()) else {
        sys.complain("nohup: missing operand\nTry 'nohup --help' for more information.\n");
        return 125;
    };
    for call in ["ioctl", "rt_sigaction"] {
        let _ = sys.call(call);
    }
    let words = words.to_vec();
    become_it(sys, "nohup", &words)
}

pub(super) fn setsid(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse_leading(sys, argv, "cfw", &[("ctty", 'c'), ("fork", 'f'), ("wait", 'w')])
    {
        Ok(o) => o,
        Err(code) => return code,
    };
    if opts.operands.is_empty() {
        sys.complain("setsid: no command specified\nTry 'setsid --help' for more information.\n");
        return 1;
    }
    let _ = sys.call("setsid");
    become_it(sys, "setsid", &opts.operands)
}

pub(super) fn time(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let words = argv.get(1..).unwrap_or_default().to_vec();
    let start = sys.now().0;
    let code = match sys.spawn(&words) {
        Ok(code) => code,
        Err(e) => {
            let name = words.first().cloned().unwrap_or_default();
            sys.complain(&format!("time: can't execute '{name}': {}\n", e.text()));
            127
        }
    };
    let took = sys.now().0 - start;
    let text = format!("{}m {}.{:02}s", took / 60_000, took / 1000 % 60, took % 1000 / 10);
    sys.complain(&format!("real\t{text}\nuser\t0m 0.00s\nsys\t0m 0.00s\n"));
    code
}

/// One look, and then it goes on until interrupted.
pub(super) fn watch(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse_leading(
        sys,
        argv,
        "n:dtbegx",
        &[("interval", 'n'), ("no-title", 't'), ("exec", 'x')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    if opts.operands.is_empty() {
        sys.complain("watch: missing command\n");
        return 1;
    }
    let command = opts.operands.join(" ");
    let seconds = opts.value('n').and_then(|n| n.parse::<f64>().ok()).unwrap_or(2.0);
    if !opts.has('t') {
        let title = format!("Every {seconds:.1}s: {command}");
        let right = format!("{}: {}", sys.hostname(), date::format("%a %b %e %T %Y", sys.now().0));
        let gap = 80usize.saturating_sub(right.len());
        sys.print(&format!("{title:<gap$}{right}\n\n"));
    }
    let words = ["sh".to_owned(), "-c".to_owned(), command];
    let _ = sys.spawn(&words);
    sys.stop(State::Blocked(None, 130));
    0
}

pub(super) fn uptime(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    let _ = sys.call("sysinfo");
    let text = sys.slurp("/proc/uptime").unwrap_or_default();
    let up = text.split('.').next().and_then(|s| s.parse::<i64>().ok()).unwrap_or(3600);
    let now = date::format("%T", sys.now().0);
    let up = match (up / 86_400, up / 3600 % 24, up / 60 % 60) {
        (0, 0, m) => format!("{m} min"),
        (0, h, m) => format!("{h:2}:{m:02}"),
        (1, h, m) => format!("1 day, {h:2}:{m:02}"),
        (d, h, m) => format!("{d} days, {h:2}:{m:02}"),
    };
    sys.print(&format!(" {now} up {up},  0 users,  load average: 0.08, 0.03, 0.01\n"));
    0
}

/// `stress`: workers that keep a processor busy or hold memory.
pub(super) fn stress(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("cpu", 'c'),
        ("io", 'i'),
        ("vm", 'm'),
        ("vm-bytes", 'B'),
        ("vm-hang", 'H'),
        ("vm-keep", 'K'),
        ("hdd", 'd'),
        ("timeout", 't'),
        ("quiet", 'q'),
        ("verbose", 'v'),
    ];
    let opts = match options::parse(sys, argv, "c:i:m:B:H:Kd:t:qv", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let count = |l: char| opts.value(l).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    let (cpu, io, vm, hdd) = (count('c'), count('i'), count('m'), count('d'));
    let pid = sys.me().vpid;
    sys.print(&format!("stress: info: [{pid}] dispatching hogs: {cpu} cpu, {io} io, {vm} vm, {hdd} hdd\n"));
    sys.flush();
    let each = opts.value('B').and_then(super::dd::size).unwrap_or(256 << 20) as u64;
    if !sys.hold(vm.saturating_mul(each)) {
        return 137;
    }
    let seconds = opts.value('t').and_then(|t| t.trim_end_matches('s').parse::<i64>().ok());
    let _ = sys.sleep(seconds.map(|s| s * 1000));
    if sys.runs() {
        let took = seconds.unwrap_or(0);
        sys.print(&format!("stress: info: [{pid}] successful run completed in {took}s\n"));
    }
    0
}
