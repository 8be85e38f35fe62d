//! What runs in the background: `jobs`, `wait`, `fg`, `bg`, `disown`, and `kill` with a job's number.
//!
//! A job waits on the machine until its time comes; `wait` lets that time pass and goes on with what is left of it.

use super::*;
use crate::process::State;
use crate::shell::Background;
use crate::sys::Wait;

/// How a job stands, in words.
fn standing(job: &Background) -> String {
    match job.ended {
        None => "Running".to_owned(),
        Some(0) => "Done".to_owned(),
        Some(code @ 1..) => format!("Done({code})"),
        Some(signal) => programs::signal_words(-signal).to_owned(),
    }
}

/// A line of `jobs`; `with_pid` is `-l`.
fn line(i: &Interp<'_, '_>, job: &Background, with_pid: bool) -> String {
    let numbers: Vec<usize> = i.state.jobs.iter().map(|j| j.number).collect();
    let mark = match numbers.iter().rev().position(|n| *n == job.number) {
        Some(0) => '+',
        Some(1) => '-',
        _ => ' ',
    };
    let standing = standing(job);
    let pid = if with_pid { format!("{} ", job.pid) } else { String::new() };
    match i.state.dialect {
        Dialect::Bash => {
            let standing = if matches!(job.ended, Some(1..)) {
                standing.replace("Done(", "Exit ").replace(')', "")
            } else {
                standing
            };
            let tail = if job.ended.is_none() { " &" } else { "" };
            format!(
                "[{}]{mark} {}{standing:<24}{}{tail}\n",
                job.number,
                if with_pid { pid } else { " ".to_owned() },
                job.text
            )
        }
        Dialect::Dash => format!("[{}] {mark} {pid}{standing:<w$}\n", job.number, w = 27 - pid.len().min(6)),
        Dialect::Ash => format!("[{}]{mark}  {pid}{standing:<w$}\n", job.number, w = 27 - pid.len().min(6)),
    }
}

/// Takes note of jobs that ended in the meantime.
pub(in crate::shell) fn look(i: &mut Interp<'_, '_>) {
    let now = i.sys.now().0;
    for k in 0..i.state.jobs.len() {
        let Some(job) = i.state.jobs.get(k).cloned() else { continue };
        if job.ended.is_some() {
            continue;
        }
        let ended = if !i.sys.alive(job.pid) {
            Some(-15)
        } else if job.until.is_some_and(|at| at <= now) && job.rest.is_none() {
            i.sys.bury(job.pid);
            Some(job.exit)
        } else if job.until.is_some_and(|at| at <= now) {
            go_on(i, k);
            continue;
        } else {
            None
        };
        if let Some(j) = i.state.jobs.get_mut(k) {
            j.ended = ended;
        }
    }
}

/// Goes on with a script in the background whose time has come.
fn go_on(i: &mut Interp<'_, '_>, index: usize) {
    let Some(job) = i.state.jobs.get_mut(index) else { return };
    let (pid, rest) = (job.pid, job.rest.take());
    let Some(rest) = rest else { return };
    let mut left = None;
    let wait = i.sys.revive(pid, |child| {
        let (code, state) = crate::shell::resume_background(child, *rest);
        left = state;
        code
    });
    let Some(job) = i.state.jobs.get_mut(index) else { return };
    match wait {
        Some(Wait::Stopped(State::Blocked(until, exit))) => {
            (job.until, job.exit, job.rest) = (until, exit, left.map(Box::new));
        }
        Some(Wait::Killed(signal)) => job.ended = Some(-signal),
        Some(w) => job.ended = Some(w.code()),
        None => job.ended = Some(-15),
    }
}

/// Tells a person what ended, before the next prompt.
pub(in crate::shell) fn notices(i: &mut Interp<'_, '_>) {
    if i.state.jobs.is_empty() {
        return;
    }
    look(i);
    for job in i.state.jobs.clone().iter().filter(|j| j.ended.is_some()) {
        let text = line(i, job, false);
        i.sys.complain(&text);
    }
    i.state.jobs.retain(|j| j.ended.is_none());
}

/// The place of a job in the list: `%1`, `%+`, `%-`, `%name`, a process's number, or the last one.
fn find_job(i: &Interp<'_, '_>, spec: Option<&str>) -> Option<usize> {
    let jobs = &i.state.jobs;
    match spec {
        None | Some("%" | "%+" | "%%") => jobs.len().checked_sub(1),
        Some("%-") => jobs.len().checked_sub(2).or(jobs.len().checked_sub(1)),
        Some(spec) => match spec.strip_prefix('%') {
            Some(name) => match name.parse::<usize>() {
                Ok(number) => jobs.iter().position(|j| j.number == number),
                Err(_) => jobs.iter().rposition(|j| j.text.starts_with(name)),
            },
            None => jobs.iter().position(|j| j.pid.to_string() == spec),
        },
    }
}

fn no_such(i: &mut Interp<'_, '_>, name: &str, spec: &str) -> Flow {
    let text = match i.state.dialect {
        Dialect::Bash => format!("{name}: {spec}: no such job"),
        Dialect::Dash => format!("{name}: No such job: {spec}"),
        Dialect::Ash => format!("{name}: {}{spec}: no such job", i.ash_line()),
    };
    fail(i, if i.state.dialect == Dialect::Bash { 1 } else { 2 }, &text)
}

pub(super) fn jobs(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    look(i);
    let flag = |c: char| words.iter().skip(1).any(|w| w.starts_with('-') && w.contains(c));
    let (long, pids) = (flag('l'), flag('p'));
    let named: Vec<&String> = words.iter().skip(1).filter(|w| !w.starts_with('-')).collect();
    let mut chosen = Vec::new();
    for spec in &named {
        match find_job(i, Some(spec)) {
            Some(k) => chosen.extend(i.state.jobs.get(k).cloned()),
            None => return no_such(i, "jobs", spec),
        }
    }
    if named.is_empty() {
        chosen = i.state.jobs.clone();
        if i.state.dialect != Dialect::Bash {
            chosen.reverse();
        }
    }
    let text: String =
        chosen.iter().map(|j| if pids { format!("{}\n", j.pid) } else { line(i, j, long) }).collect();
    i.sys.print(&text);
    i.state.jobs.retain(|j| j.ended.is_none());
    status(i, 0)
}

/// Waits for the job at a place; gives its exit code, nothing where the process itself waits now.
fn finish(i: &mut Interp<'_, '_>, index: usize) -> Option<i32> {
    loop {
        look(i);
        let job = i.state.jobs.get(index)?.clone();
        if let Some(code) = job.ended {
            i.state.jobs.remove(index);
            if code < 0 && !i.state.interactive && i.state.dialect != Dialect::Bash {
                let text = format!("{}\n", programs::signal_words(-code));
                i.sys.complain(&text);
            }
            return Some(if code < 0 { 128 - code } else { code });
        }
        let left = job.until.map(|at| at - i.sys.now().0);
        i.sys.wait_for(left);
        if !i.sys.runs() {
            return None;
        }
    }
}

pub(super) fn wait(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let _ = i.sys.call("wait4");
    let named: Vec<&String> = words.iter().skip(1).filter(|w| !w.starts_with('-')).collect();
    if named.is_empty() {
        while !i.state.jobs.is_empty() {
            if finish(i, 0).is_none() {
                return Flow::Suspend;
            }
        }
        return status(i, 0);
    }
    let mut code = 0;
    for spec in named {
        let number = spec.strip_prefix('%').unwrap_or(spec);
        if !spec.starts_with('%') && number.parse::<u32>().is_err() {
            return match i.state.dialect {
                Dialect::Bash => fail(i, 1, &format!("wait: `{spec}': not a pid or valid job spec")),
                Dialect::Dash => fail(i, 2, &format!("wait: Illegal number: {spec}")),
                Dialect::Ash => {
                    let line = i.ash_line();
                    fail(i, 2, &format!("wait: {line}Illegal number: {spec}"))
                }
            };
        }
        match find_job(i, Some(spec)) {
            Some(k) => match finish(i, k) {
                Some(c) => code = c,
                None => return Flow::Suspend,
            },
            None if spec.starts_with('%') => return no_such(i, "wait", spec),
            None => {
                code = 127;
                if i.state.dialect == Dialect::Bash {
                    i.complain(&format!("wait: pid {spec} is not a child of this shell"));
                }
            }
        }
    }
    status(i, code)
}

/// `fg` and `bg`.
pub(super) fn ground(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let name = words.first().map_or("fg", String::as_str).to_owned();
    let spec = words.get(1).cloned();
    if i.state.dialect == Dialect::Bash && !i.state.interactive {
        return fail(i, 1, &format!("{name}: no job control"));
    }
    look(i);
    let Some(k) = find_job(i, spec.as_deref()) else {
        let line = i.ash_line();
        return match (i.state.dialect, spec) {
            (Dialect::Bash, None) => fail(i, 1, &format!("{name}: current: no such job")),
            (Dialect::Dash, None) => fail(i, 2, &format!("{name}: No current job")),
            (Dialect::Ash, None) => fail(i, 2, &format!("{name}: {line}No current job")),
            (_, Some(spec)) => no_such(i, &name, &spec),
        };
    };
    let Some(job) = i.state.jobs.get(k).cloned() else { return status(i, 1) };
    if name == "bg" {
        let text = format!("bg: job {} already in background", job.number);
        return if i.state.dialect == Dialect::Bash { fail(i, 0, &text) } else { status(i, 0) };
    }
    i.sys.print(&format!("{}\n", job.text));
    i.sys.flush();
    match finish(i, k) {
        Some(code) => status(i, code),
        None => Flow::Suspend,
    }
}

pub(super) fn disown(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    look(i);
    if words.iter().any(|w| w == "-a") {
        i.state.jobs.clear();
        return status(i, 0);
    }
    let spec = words.iter().skip(1).find(|w| !w.starts_with('-')).cloned();
    match find_job(i, spec.as_deref()) {
        Some(k) => {
            i.state.jobs.remove(k);
            status(i, 0)
        }
        None => fail(i, 1, &format!("disown: {}: no such job", spec.as_deref().unwrap_or("current"))),
    }
}

pub(super) fn kill(i: &mut Interp<'_, '_>, words: &[String]) -> Flow {
    let mut said = Vec::new();
    let mut signal = 15;
    let mut own = false;
    let me = i.sys.me().vpid.to_string();
    let mut targets = 0;
    for (at, w) in words.iter().enumerate() {
        if at > 0 && w.starts_with('%') {
            let Some(k) = find_job(i, Some(w)) else { return no_such(i, "kill", w) };
            said.extend(i.state.jobs.get(k).map(|j| j.pid.to_string()));
            targets += 1;
            continue;
        }
        if let Some(n) = w.strip_prefix('-').and_then(programs::signal).filter(|_| at > 0) {
            signal = n;
        } else if words.get(at.wrapping_sub(1)).is_some_and(|b| b == "-s" || b == "-n") {
            signal = programs::signal(w).unwrap_or(signal);
        } else if at > 0 && *w == me {
            // A trap of the shell's own.
            own = true;
            continue;
        } else if at > 0 && !w.starts_with('-') {
            targets += 1;
        }
        said.push(w.clone());
    }
    let trapped = own && i.state.traps.contains_key(&signal) && signal != 9;
    if own && !trapped {
        said.push(me);
        targets += 1;
    }
    let code = if own && targets == 0 { 0 } else { programs::kill_words(i.sys, &said, &i.prefix_of()) };
    for word in &said {
        if let Some(job) = i.state.jobs.iter_mut().find(|j| j.pid.to_string() == *word && j.ended.is_none())
            && signal != 0
            && !i.sys.alive(job.pid)
        {
            job.ended = Some(-signal);
        }
    }
    if trapped {
        i.state.status = 0;
        return traps::fire(i, signal);
    }
    status(i, code)
}
