//! Units whose command is one of this machine's programs: run as systemd runs them, watched, started again.
//!
//! Models systemd's src/core/{service,execute}.c and src/basic/exit-status.c for services of type simple, exec and oneshot.

use std::sync::Arc;

use super::units::{self, Unit};
use crate::container::{self, Started};
use crate::machine::{HOST, Machine};
use crate::outcome::Output;
use crate::outside::Outside;
use crate::process::{Cred, Process, State};
use crate::sys::{Patience, Sys, Tty, outputs, source};

/// How many starts in ten seconds are too many.
const BURST: u32 = 5;
const INTERVAL: i64 = 10_000;
/// How often one look at a clock that jumped starts units again.
const CATCH_UP: usize = 50;

/// The name of an exit code: `1/FAILURE`.
#[must_use]
pub fn status_word(code: i32) -> String {
    let name = match code {
        0 => "SUCCESS",
        1 => "FAILURE",
        2 => "INVALIDARGUMENT",
        3 => "NOTIMPLEMENTED",
        4 => "NOPERMISSION",
        5 => "NOTINSTALLED",
        6 => "NOTCONFIGURED",
        7 => "NOTRUNNING",
        200 => "CHDIR",
        203 => "EXEC",
        217 => "USER",
        _ => "n/a",
    };
    format!("{code}/{name}")
}

/// The name of a signal: `9/KILL`.
#[must_use]
pub fn signal_word(signal: i32) -> String {
    let name = match signal {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        6 => "ABRT",
        9 => "KILL",
        11 => "SEGV",
        13 => "PIPE",
        15 => "TERM",
        _ => "n/a",
    };
    format!("{signal}/{name}")
}

/// How a unit's main process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with a code.
    Exited(i32),
    /// By a signal.
    Killed(i32),
}

impl End {
    /// Whether systemd takes it for success.
    fn clean(self) -> bool {
        match self {
            Self::Exited(code) => code == 0,
            Self::Killed(signal) => matches!(signal, 1 | 2 | 13 | 15),
        }
    }

    /// `code=exited, status=1/FAILURE`
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Exited(code) => format!("code=exited, status={}", status_word(code)),
            Self::Killed(signal) => format!("code=killed, signal={}", signal_word(signal)),
        }
    }

    /// `exit-code`, `signal`
    #[must_use]
    pub fn result(self) -> &'static str {
        match self {
            Self::Exited(_) => "exit-code",
            Self::Killed(_) => "signal",
        }
    }
}

/// What a command that systemd started did.
struct Run {
    pid: u32,
    comm: String,
    output: Output,
    end: Option<End>,
}

/// The command's words: prefixes taken off, variables of the unit put in.
fn command(machine: &Machine, text: &str) -> (Vec<String>, Vec<(String, String)>) {
    let mut env = vec![
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ("PATH".to_owned(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
    ];
    let pair = |line: &str| line.split_once('=').map(|(k, v)| (k.to_owned(), v.trim_matches('"').to_owned()));
    for line in text.lines().map(str::trim) {
        if let Some(value) = line.strip_prefix("Environment=") {
            env.extend(words(value).iter().filter_map(|w| pair(w)));
        } else if let Some(path) = line.strip_prefix("EnvironmentFile=") {
            let file = machine.read_file(path.trim_start_matches('-')).unwrap_or_default();
            let file = String::from_utf8_lossy(&file).into_owned();
            env.extend(file.lines().filter(|l| !l.starts_with('#')).filter_map(pair));
        }
    }
    let line =
        units::setting(text, "ExecStart").unwrap_or_default().trim_start_matches(['-', '@', '+', '!', ':']);
    let value =
        |name: &str| env.iter().rev().find(|(k, _)| k == name).map(|(_, v)| v.clone()).unwrap_or_default();
    let mut argv = Vec::new();
    for word in words(line) {
        match word.strip_prefix("${").and_then(|w| w.strip_suffix('}')) {
            Some(name) => argv.push(value(name)),
            None => match word.strip_prefix('$').filter(|w| !w.is_empty() && !w.starts_with('$')) {
                Some(name) => argv.extend(value(name).split_whitespace().map(str::to_owned)),
                None => argv.push(word.replace("$$", "$").replace("%%", "%")),
            },
        }
    }
    (argv, env)
}

/// Words of a command line as systemd splits them: quotes and backslashes.
fn words(line: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', q) if q != Some('\'') => word.get_or_insert_default().extend(chars.next()),
            (c, Some(q)) if c == q => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => all.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    all.extend(word);
    all
}

/// Runs a unit's command until it ends or waits.
fn run(machine: &mut Machine, outside: &mut dyn Outside, name: &str, text: &str) -> Run {
    let now = machine.now.0;
    let (argv, env) = command(machine, text);
    let path = argv.first().cloned().unwrap_or_default();
    let comm: String = path.rsplit('/').next().unwrap_or(&path).chars().take(15).collect();
    let user = units::setting(text, "User").filter(|u| !u.is_empty());
    let cred = match user {
        None => Some(Cred::user(0, 0)),
        Some(user) => Cred::of_account(machine, user),
    };
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    let mut process = machine.new_process(HOST, Cred::user(0, 0), &words);
    let pid = process.pid;
    let refused = |machine: &mut Machine, code: i32, lines: &[String]| {
        for line in lines {
            Arc::make_mut(&mut machine.services).log_as(
                now,
                &format!("({})[{pid}]", comm),
                name,
                line.clone(),
            );
        }
        Run { pid, comm: comm.clone(), output: Output::default(), end: Some(End::Exited(code)) }
    };
    let Some(cred) = cred else {
        return refused(
            machine,
            217,
            &[
                format!("{name}.service: Failed to determine user credentials: No such process"),
                format!("{name}.service: Failed at step USER spawning {path}: No such process"),
            ],
        );
    };
    process.cred = cred;
    process.env = Arc::new(env);
    if let Some(dir) = units::setting(text, "WorkingDirectory").filter(|d| !d.is_empty()) {
        let at = machine.space(HOST).and_then(|s| s.mounts.locate(&machine.fs, dir.trim_start_matches('-')));
        match at {
            Some(at) => process.cwd = at,
            None => {
                return refused(
                    machine,
                    200,
                    &[
                        format!(
                            "{name}.service: Changing to the requested working directory failed: No such file or directory"
                        ),
                        format!(
                            "{name}.service: Failed at step CHDIR spawning {path}: No such file or directory"
                        ),
                    ],
                );
            }
        }
    }
    let (stdout, stderr, printed) = outputs(Tty::No);
    let mut sys = Sys::new(machine, outside, process, source(Vec::new(), Tty::No), stdout, stderr);
    sys.set_patience(Patience::Block);
    let ran = sys.exec(&path, &argv);
    let process: Process = sys.finish();
    let code = match ran {
        Ok(code) => code,
        Err(e) => {
            let missing = e == crate::errno::Errno::ENOENT;
            let first = format!("{name}.service: Unable to locate executable '{path}': {}", e.text());
            let second = format!("{name}.service: Failed at step EXEC spawning {path}: {}", e.text());
            let lines = if missing { vec![first, second] } else { vec![second] };
            return refused(machine, 203, &lines);
        }
    };
    let comm = process.comm.clone();
    let end = match process.state {
        State::Blocked(..) => {
            machine.processes.insert(pid, Arc::new(process));
            None
        }
        State::Killed(signal) => Some(End::Killed(signal)),
        State::Exited(code) => Some(End::Exited(code)),
        _ => Some(End::Exited(code)),
    };
    Run { pid, comm, output: printed.take(), end }
}

/// Puts what a command wrote into the journal.
fn note(machine: &mut Machine, name: &str, tag: &str, output: &Output) {
    let now = machine.now.0;
    let services = Arc::make_mut(&mut machine.services);
    for text in [&output.stdout, &output.stderr] {
        for line in String::from_utf8_lossy(text).lines() {
            services.log_as(now, tag, name, line.to_owned());
        }
    }
}

/// Starts a unit.
///
/// # Errors
/// The exit code of a oneshot that failed.
pub(super) fn start(
    machine: &mut Machine,
    outside: &mut dyn Outside,
    name: &str,
    text: &str,
) -> Result<(), i32> {
    let now = machine.now.0;
    let full = units::full_name(name, text);
    let oneshot = units::setting(text, "Type") == Some("oneshot");
    let says =
        |machine: &mut Machine, line: String| Arc::make_mut(&mut machine.services).log(now, "systemd", line);
    let first = if oneshot { format!("Starting {full}...") } else { format!("Started {full}.") };
    says(machine, first);
    let ran = run(machine, outside, name, text);
    note(machine, name, &format!("{}[{}]", ran.comm, ran.pid), &ran.output);
    let restarts = machine.services.units.get(name).map_or(0, |u| u.restarts);
    let unit = Unit { active: true, failed: None, pid: ran.pid, since: now, restarts, ..Unit::default() };
    Arc::make_mut(&mut machine.services).units.insert(name.to_owned(), unit);
    match ran.end {
        None => Ok(()),
        Some(End::Exited(0)) if oneshot => {
            let remains =
                units::setting(text, "RemainAfterExit").is_some_and(|v| matches!(v, "yes" | "true"));
            let unit = Unit { active: remains, since: now, exited: true, ..Unit::default() };
            Arc::make_mut(&mut machine.services).units.insert(name.to_owned(), unit);
            if !remains {
                says(machine, format!("{name}.service: Deactivated successfully."));
            }
            says(machine, format!("Finished {full}."));
            Ok(())
        }
        Some(end) => {
            ended(machine, name, end);
            match end {
                End::Exited(code) if oneshot => {
                    says(machine, format!("Failed to start {full}."));
                    Err(code)
                }
                _ => Ok(()),
            }
        }
    }
}

/// A unit's main process has ended: what systemd says, and whether it will start it again.
pub(super) fn ended(machine: &mut Machine, name: &str, end: End) {
    let now = machine.now.0;
    let text = units::file(machine, name).map(|(_, t)| t).unwrap_or_default();
    let again = match units::setting(&text, "Restart").unwrap_or("no") {
        "always" => true,
        "on-failure" => !end.clean(),
        "on-abnormal" | "on-abort" => matches!(end, End::Killed(_)) && !end.clean(),
        "on-success" => end.clean(),
        _ => false,
    };
    let services = Arc::make_mut(&mut machine.services);
    if !matches!(end, End::Exited(0)) {
        let what = match end {
            End::Exited(code) => format!("code=exited, status={}", status_word(code)),
            End::Killed(signal) => format!("code=killed, status={}", signal_word(signal)),
        };
        services.log(now, "systemd", format!("{name}.service: Main process exited, {what}"));
    }
    services.log(
        now,
        "systemd",
        if end.clean() {
            format!("{name}.service: Deactivated successfully.")
        } else {
            format!("{name}.service: Failed with result '{}'.", end.result())
        },
    );
    let unit = services.units.entry(name.to_owned()).or_default();
    *unit = Unit {
        active: false,
        failed: (!end.clean()).then_some(1),
        end: Some(end),
        since: now,
        restart_at: again.then(|| now + pause(&text)),
        pid: unit.pid,
        restarts: unit.restarts,
        exited: false,
    };
}

/// `RestartSec`, in milliseconds.
fn pause(text: &str) -> i64 {
    let Some(value) = units::setting(text, "RestartSec") else { return 100 };
    if let Some(ms) = value.strip_suffix("ms") {
        return ms.trim().parse().unwrap_or(100);
    }
    let number = value.trim_end_matches("min").trim_end_matches(['s', 'm']).trim();
    let unit = if value.contains('m') { 60_000 } else { 1000 };
    number.parse::<f64>().map_or(100, |n| (n * f64::from(unit)) as i64)
}

/// Brings units forward to now: processes that were killed, scripts whose sleep is over, starts that are due.
pub(super) fn tick(machine: &mut Machine, outside: &mut dyn Outside) {
    let now = machine.now;
    let active = |machine: &Machine| -> Vec<(String, u32)> {
        let all = machine.services.units.iter().filter(|(_, u)| u.active && u.pid != 0);
        all.map(|(n, u)| (n.clone(), u.pid)).collect()
    };
    for (name, pid) in active(machine) {
        for _ in 0..CATCH_UP {
            let Some(State::Blocked(Some(until), _)) = machine.processes.get(&pid).map(|p| p.state.clone())
            else {
                break;
            };
            if until > now.0 {
                break;
            }
            machine.now.0 = until;
            let comm = machine.processes.get(&pid).map(|p| p.comm.clone()).unwrap_or_default();
            let tag = format!("{comm}[{pid}]");
            match container::resume(machine, outside, pid) {
                Started::Running(output, ..) => note(machine, &name, &tag, &output),
                Started::Ended(output) => {
                    note(machine, &name, &tag, &output);
                    ended(machine, &name, End::Exited(output.exit));
                }
            }
        }
        machine.now = now;
    }
    for _ in 0..CATCH_UP {
        let due = machine.services.units.iter().find(|(_, u)| u.restart_at.is_some_and(|at| at <= now.0));
        let Some((name, at)) = due.map(|(n, u)| (n.clone(), u.restart_at.unwrap_or_default())) else { break };
        machine.now.0 = at;
        again(machine, outside, &name);
        machine.now = now;
    }
}

fn again(machine: &mut Machine, outside: &mut dyn Outside, name: &str) {
    let now = machine.now.0;
    let text = units::file(machine, name).map(|(_, t)| t).unwrap_or_default();
    let full = units::full_name(name, &text);
    let endless = matches!(
        units::setting(&text, "StartLimitInterval").or(units::setting(&text, "StartLimitIntervalSec")),
        Some("0")
    );
    let services = Arc::make_mut(&mut machine.services);
    let unit = services.units.entry(name.to_owned()).or_default();
    unit.restart_at = None;
    unit.restarts += 1;
    let counter = unit.restarts;
    services.log(
        now,
        "systemd",
        format!("{name}.service: Scheduled restart job, restart counter is at {counter}."),
    );
    if !endless && counter >= BURST && pause(&text) * i64::from(BURST) < INTERVAL {
        let unit = services.units.entry(name.to_owned()).or_default();
        let result = unit.end.map_or("exit-code", End::result);
        unit.failed = unit.failed.or(Some(1));
        services.log(now, "systemd", format!("{name}.service: Start request repeated too quickly."));
        services.log(now, "systemd", format!("{name}.service: Failed with result '{result}'."));
        services.log(now, "systemd", format!("Failed to start {full}."));
        return;
    }
    let _ = units::start(machine, outside, name);
}
