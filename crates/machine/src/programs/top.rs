//! `top` in batch mode: one look at who works; on a terminal it goes on until interrupted.

use super::{date, options, ps};
use crate::process::State;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "bcn:d:p:u:o:HSi1", &[]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    if !busybox && !opts.has('b') && !sys.is_tty(1) {
        sys.complain("top: failed tty get\n");
        return 1;
    }
    let (total, free, available) = super::misc::memory(sys);
    let load = sys.slurp("/proc/loadavg").unwrap_or_default();
    let uptime = sys.slurp("/proc/uptime").unwrap_or_default();
    let Some(rows) = ps::rows(sys, false) else { return 0 };
    let cache = available.saturating_sub(free);
    let used = total.saturating_sub(available);
    let loads: Vec<&str> = load.split(' ').take(3).collect();
    if busybox {
        sys.print(&format!("Mem: {}K used, {free}K free, 0K shrd, 0K buff, {cache}K cached\n", total - free));
        sys.print("CPU:   0% usr   0% sys   0% nic 100% idle   0% io   0% irq   0% sirq\n");
        let rest = load.split(' ').nth(3).unwrap_or("1/1");
        sys.print(&format!("Load average: {} {rest} {}\n", loads.join(" "), sys.me().vpid));
        sys.print("  PID  PPID USER     STAT   VSZ %VSZ %CPU COMMAND\n");
        for r in &rows {
            let user: String =
                sys.user_name(r.uid).unwrap_or_else(|| r.uid.to_string()).chars().take(8).collect();
            let state = if r.pid == sys.me().vpid { 'R' } else { 'S' };
            sys.print(&format!(
                "{:5} {:5} {user:<8} {state}     4624   0%   0% {}\n",
                r.pid, r.ppid, r.command
            ));
        }
    } else {
        let up = uptime.split('.').next().and_then(|s| s.parse::<i64>().ok()).unwrap_or(3600);
        let up = if up < 3600 {
            format!("{} min", up / 60)
        } else {
            format!("{:2}:{:02}", up / 3600 % 24, up / 60 % 60)
        };
        let mib = |k: u64| format!("{:.1}", k as f64 / 1024.0);
        sys.print(&format!(
            "top - {} up {up},  0 users,  load average: {}\nTasks: {:3} total,   1 running, {:3} sleeping,   0 stopped,   0 zombie\n\
             %Cpu(s):  0.0 us,  0.0 sy,  0.0 ni,100.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st \n\
             MiB Mem : {:>8} total, {:>8} free, {:>8} used, {:>8} buff/cache     \nMiB Swap: {:>8} total, {:>8} free, {:>8} used. {:>8} avail Mem \n\n\
             \x20   PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n",
            date::format("%T", sys.now().0),
            loads.join(", "),
            rows.len(),
            rows.len().saturating_sub(1),
            mib(total),
            mib(free),
            mib(used),
            mib(cache),
            "0.0",
            "0.0",
            "0.0",
            mib(available),
        ));
        for r in &rows {
            let user: String =
                sys.user_name(r.uid).unwrap_or_else(|| r.uid.to_string()).chars().take(8).collect();
            let state = if r.pid == sys.me().vpid { 'R' } else { 'S' };
            let command = if opts.has('c') { &r.command } else { &r.comm };
            sys.print(&format!(
                "{:7} {user:<8}  20   0    4624   1664   1536 {state}   0.0   0.0   0:00.00 {command}\n",
                r.pid
            ));
        }
    }
    if opts.value('n').is_none() {
        sys.stop(State::Blocked(None, 130));
    }
    0
}
