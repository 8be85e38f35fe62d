//! `sleep` and `timeout`.

use super::execvp;
use super::options;
use crate::process::State;
use crate::sys::{Patience, Sys, Wait};

/// A duration in milliseconds; `None` where it is no duration, `Some(None)` for ever.
fn duration(text: &str) -> Option<Option<i64>> {
    if text == "infinity" || text == "inf" {
        return Some(None);
    }
    let (number, unit) = match text.chars().last()? {
        's' => (text.strip_suffix('s')?, 1.0),
        'm' => (text.strip_suffix('m')?, 60.0),
        'h' => (text.strip_suffix('h')?, 3600.0),
        'd' => (text.strip_suffix('d')?, 86_400.0),
        _ => (text, 1.0),
    };
    let n: f64 = number.parse().ok().filter(|n: &f64| *n >= 0.0 && n.is_finite())?;
    Some(Some((n * unit * 1000.0) as i64))
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let mut total = Some(0);
    let operands = argv.get(1..).unwrap_or_default();
    if operands.is_empty() {
        sys.complain(if sys.busybox() {
            "BusyBox v1.37.0 () multi-call binary.\n\nUsage: sleep [N]...\n"
        } else {
            "sleep: missing operand\nTry 'sleep --help' for more information.\n"
        });
        return 1;
    }
    for o in operands {
        match duration(o) {
            Some(d) => total = total.and_then(|t| d.map(|d| t + d)),
            None => {
                let text = if sys.busybox() {
                    format!("sleep: invalid number '{o}'\n")
                } else {
                    format!(
                        "sleep: invalid time interval \u{2018}{o}\u{2019}\nTry 'sleep --help' for more information.\n"
                    )
                };
                sys.complain(&text);
                return 1;
            }
        }
    }
    match sys.sleep(total) {
        Ok(()) => 0,
        Err(_) if sys.busybox() => 0,
        Err(e) => {
            sys.complain(&format!("sleep: cannot read realtime clock: {}\n", e.text()));
            1
        }
    }
}

pub(super) fn timeout(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse_leading(
        sys,
        argv,
        "s:k:v",
        &[("signal", 's'), ("kill-after", 'k'), ("preserve-status", 'P')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let Some((time, command)) = opts.operands.split_first().filter(|(_, c)| !c.is_empty()) else {
        sys.complain("timeout: missing operand\nTry 'timeout --help' for more information.\n");
        return 125;
    };
    let Some(limit) = duration(time) else {
        if sys.busybox() {
            sys.complain(&format!("timeout: invalid number '{time}'\n"));
            return 1;
        }
        sys.complain(&format!("timeout: invalid time interval \u{2018}{time}\u{2019}\nTry 'timeout --help' for more information.\n"));
        return 125;
    };
    let start = sys.now().0;
    let command = command.to_vec();
    let patience = sys.set_patience(Patience::Block);
    let name = command.first().cloned().unwrap_or_default();
    let busybox = sys.busybox();
    for call in ["setpgid", "rt_sigaction", "rt_sigprocmask"].iter().filter(|_| !busybox) {
        let _ = sys.call(call);
    }
    sys.reap(crate::sys::Reap::Beside);
    let job = sys.fork("clone", |child| {
        for call in ["timer_create", "timer_settime", "wait4", "rt_sigsuspend"].iter().filter(|_| !busybox) {
            child.note_parent(call);
        }
        match execvp(child, &command) {
            Ok(c) => c,
            Err(e) => {
                let text = if child.busybox() {
                    format!("timeout: can't execute '{name}': {}\n", e.text())
                } else {
                    format!("timeout: failed to run command \u{2018}{name}\u{2019}: {}\n", e.text())
                };
                child.complain(&text);
                if e == crate::errno::Errno::ENOENT { 127 } else { 126 }
            }
        }
    });
    if !busybox {
        let _ = sys.call("rt_sigreturn");
    }
    sys.set_patience(patience);
    match job {
        Err(e) => {
            sys.complain(&format!("timeout: fork system call failed: {}\n", e.text()));
            125
        }
        Ok(job) => match job.wait {
            Wait::Stopped(State::Blocked(until, code)) => {
                // What blocked longer than the limit is ended by it.
                let wanted = until.map(|u| u - start);
                match (wanted, limit) {
                    (Some(w), l) if l.is_none_or(|l| w <= l) => {
                        sys.wait_for(Some(w));
                        code
                    }
                    (_, Some(l)) => {
                        sys.wait_for(Some(l));
                        // It may be gone already.
                        let signal = opts.value('s').and_then(super::signal).unwrap_or(15);
                        let _ = sys.kill(job.pid, signal);
                        if sys.busybox() || signal == 9 { 128 + signal } else { 124 }
                    }
                    (_, None) => {
                        sys.wait_for(None);
                        0
                    }
                }
            }
            w => w.code(),
        },
    }
}
