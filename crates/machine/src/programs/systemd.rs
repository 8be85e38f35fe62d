//! `systemctl` and `journalctl`: a node's units and what they wrote.

use std::sync::Arc;

use super::options;
use crate::node::{daemon, units};
use crate::sys::Sys;

pub(super) fn systemctl(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let words: Vec<String> = argv.iter().skip(1).filter(|a| !a.starts_with('-')).cloned().collect();
    let has = |flag: &str| argv.iter().any(|a| a == flag);
    let value =
        |name: &str| argv.iter().find_map(|a| a.strip_prefix(&format!("--{name}=")).map(str::to_owned));
    let verb = words.first().map_or("list-units", String::as_str).to_owned();
    match verb.as_str() {
        "daemon-reload" | "daemon-reexec" => return root_only(sys, "reload daemon"),
        "list-units" => {
            let state = value("state").or_else(|| has("--failed").then(|| "failed".to_owned()));
            return list_units(sys, state.as_deref(), has("--all") || has("-a"));
        }
        "list-unit-files" => return list_unit_files(sys),
        "reset-failed" => return 0,
        _ => {}
    }
    if words.len() < 2 {
        let text = match verb.as_str() {
            "start" | "stop" | "restart" | "enable" | "disable" | "mask" | "cat" => {
                "Too few arguments.\n".to_owned()
            }
            "status" => return list_units(sys, None, false),
            v => format!("Unknown command verb '{v}'.\n"),
        };
        sys.complain(&text);
        return 1;
    }
    let mut code = 0;
    for unit in words.iter().skip(1) {
        let name = units::short(unit).to_owned();
        code = code.max(one(sys, &verb, &name, has("--now"), has("-q") || has("--quiet")));
    }
    code
}

fn root_only(sys: &mut Sys<'_>, what: &str) -> i32 {
    if sys.me().cred.uid == 0 {
        return 0;
    }
    sys.complain(&format!("Failed to {what}: Access denied\n"));
    1
}

fn one(sys: &mut Sys<'_>, verb: &str, name: &str, now: bool, quiet: bool) -> i32 {
    let masked = units::masked(sys.machine(), name);
    let there = masked || units::file(sys.machine(), name).is_some();
    if !there && !matches!(verb, "is-active" | "is-failed") {
        let (text, code) = match verb {
            "status" => (format!("Unit {name}.service could not be found.\n"), 4),
            "cat" => (format!("No files found for {name}.service.\n"), 1),
            "is-enabled" => ("not-found\n".to_owned(), 4),
            "enable" | "disable" => {
                (format!("Failed to {verb} unit: Unit file {name}.service does not exist.\n"), 1)
            }
            "mask" => (format!("Unit {name}.service does not exist, proceeding anyway.\n"), 0),
            v => (format!("Failed to {v} {name}.service: Unit {name}.service not found.\n"), 5),
        };
        sys.complain(&text);
        if verb == "mask" {
            let text = units::mask(sys.machine_mut(), name, true);
            sys.complain(&text);
        }
        return code;
    }
    let state = sys.machine().services.units.get(name).cloned().unwrap_or_default();
    match verb {
        "start" | "restart" | "stop" | "reload" | "try-restart" | "reload-or-restart" | "kill" => {
            if root_only(sys, &format!("{verb} {name}.service")) != 0 {
                return 1;
            }
            if masked && !matches!(verb, "stop" | "kill") {
                sys.complain(&format!("Failed to {verb} {name}.service: Unit {name}.service is masked.\n"));
                return 1;
            }
            let machine = sys.machine_mut();
            match verb {
                "stop" | "kill" => units::stop(machine, name),
                "start" if state.active => {}
                "try-restart" if !state.active => {}
                "reload" => {}
                _ => {
                    if state.active {
                        units::stop(machine, name);
                    }
                    if let Some(unit) = Arc::make_mut(&mut machine.services).units.get_mut(name) {
                        (unit.restarts, unit.restart_at) = (0, None);
                    }
                    let started = sys.with_outside(|outside, machine| units::start(machine, outside, name));
                    if started.is_some_and(|s| s.is_err()) && matches!(word(sys, name), "failed" | "inactive")
                    {
                        sys.complain(&format!("Job for {name}.service failed because the control process exited with error code.\nSee \"systemctl status {name}.service\" and \"journalctl -xeu {name}.service\" for details.\n"));
                        return 1;
                    }
                }
            }
            0
        }
        "enable" | "disable" | "mask" | "unmask" => {
            if root_only(sys, &format!("{verb} unit")) != 0 {
                return 1;
            }
            if masked && verb == "enable" {
                sys.complain(&format!(
                    "Failed to enable unit: Unit file /etc/systemd/system/{name}.service is masked.\n"
                ));
                return 1;
            }
            let machine = sys.machine_mut();
            let text = match verb {
                "enable" => units::enable(machine, name, true),
                "disable" => units::enable(machine, name, false),
                "mask" => units::mask(machine, name, true),
                _ => units::mask(machine, name, false),
            };
            sys.complain(&text);
            match verb {
                "enable" if now => one(sys, "start", name, false, quiet),
                "disable" | "mask" if now => one(sys, "stop", name, false, quiet),
                _ => 0,
            }
        }
        "is-active" | "is-failed" => {
            let word = word(sys, name);
            if !quiet {
                sys.print(&format!("{word}\n"));
            }
            let wanted = if verb == "is-active" { "active" } else { "failed" };
            if word == wanted { 0 } else { 3 }
        }
        "is-enabled" => {
            let on = units::enabled(sys.machine(), name);
            let word = if masked {
                "masked"
            } else if on {
                "enabled"
            } else {
                "disabled"
            };
            if !quiet {
                sys.print(&format!("{word}\n"));
            }
            i32::from(!on)
        }
        "cat" => {
            let Some((path, text)) = units::file(sys.machine(), name) else { return 1 };
            sys.print(&format!("# {path}\n{text}"));
            for (path, text) in drop_ins(sys, name) {
                sys.print(&format!("\n# {path}\n{text}"));
            }
            0
        }
        "show" => {
            let on = if state.active { ("active", "running") } else { ("inactive", "dead") };
            sys.print(&format!(
                "Id={name}.service\nActiveState={}\nSubState={}\nMainPID={}\n",
                on.0, on.1, state.pid
            ));
            0
        }
        "status" => status(sys, name),
        "edit" => 0,
        v => {
            sys.complain(&format!("Unknown command verb '{v}'.\n"));
            1
        }
    }
}

/// `active`, `inactive`, `failed`, `activating`.
fn word(sys: &Sys<'_>, name: &str) -> &'static str {
    let Some(state) = sys.machine().services.units.get(name) else { return "inactive" };
    match (state.active, state.failed) {
        (true, _) => "active",
        _ if state.restart_at.is_some() => "activating",
        (false, Some(_)) => "failed",
        (false, None) => "inactive",
    }
}

fn drop_ins(sys: &mut Sys<'_>, name: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for dir in ["/usr/lib/systemd/system", "/etc/systemd/system"] {
        let dir = format!("{dir}/{name}.service.d");
        for file in sys.list(&dir).unwrap_or_default().into_iter().filter(|f| f.ends_with(".conf")) {
            let path = format!("{dir}/{file}");
            if let Ok(text) = sys.slurp(&path) {
                all.push((path, text));
            }
        }
    }
    all
}

fn ago(now: i64, then: i64) -> String {
    let s = (now - then).max(0) / 1000;
    match s {
        0..60 => format!("{s}s ago"),
        60..3600 => format!("{}min {}s ago", s / 60, s % 60),
        3600..86_400 => format!("{}h {}min ago", s / 3600, s / 60 % 60),
        _ => format!("{} days ago", s / 86_400),
    }
}

fn status(sys: &mut Sys<'_>, name: &str) -> i32 {
    let state = sys.machine().services.units.get(name).cloned().unwrap_or_default();
    let now = sys.now().0;
    let word = word(sys, name);
    let masked = units::masked(sys.machine(), name);
    let (path, text) = units::file(sys.machine(), name).unwrap_or_default();
    let full = units::full_name(name, &text);
    let on = if units::enabled(sys.machine(), name) { "enabled" } else { "disabled" };
    let oneshot = state.pid == 0;
    let mark = match word {
        "active" | "activating" => '\u{25cf}',
        "failed" => '\u{d7}',
        _ => '\u{25cb}',
    };
    let mut out = if masked {
        format!("{mark} {name}.service\n     Loaded: masked (Reason: Unit {name}.service is masked.)\n")
    } else {
        format!("{mark} {full}\n     Loaded: loaded ({path}; {on}; preset: enabled)\n")
    };
    let extra = drop_ins(sys, name);
    if let Some((first, _)) = extra.first() {
        let dir = first.rsplit_once('/').map_or("", |(d, _)| d);
        out.push_str(&format!("    Drop-In: {dir}\n"));
        for (i, (p, _)) in extra.iter().enumerate() {
            let branch = if i + 1 == extra.len() { "\u{2514}\u{2500}" } else { "\u{251c}\u{2500}" };
            out.push_str(&format!("             {branch}{}\n", p.rsplit('/').next().unwrap_or(p)));
        }
    }
    let since = super::date::format("%a %F %T UTC", state.since);
    let when = format!("since {since}; {}", ago(now, state.since));
    let result = state.end.filter(|_| state.failed.is_some()).map_or("success", daemon::End::result);
    let active = match word {
        "active" if oneshot => format!("active (exited) {when}"),
        "active" => format!("active (running) {when}"),
        "activating" => format!("activating (auto-restart) (Result: {result}) {when}"),
        "failed" => format!("failed (Result: {result}) {when}"),
        _ if state.since > 0 => format!("inactive (dead) {when}"),
        _ => "inactive (dead)".to_owned(),
    };
    out.push_str(&format!("     Active: {active}\n"));
    if let Some(docs) = units::setting(&text, "Documentation") {
        out.push_str(&format!("       Docs: {docs}\n"));
    }
    let program = units::setting(&text, "ExecStart").unwrap_or_default().to_owned();
    let comm =
        program.split_whitespace().next().unwrap_or(name).rsplit('/').next().unwrap_or(name).to_owned();
    if word == "active" && !oneshot {
        out.push_str(&format!("   Main PID: {} ({comm})\n      Tasks: 11 (limit: 4558)\n     Memory: 38.1M (peak: 38.6M)\n        CPU: 1.203s\n     CGroup: /system.slice/{name}.service\n             \u{2514}\u{2500}{} {}\n", state.pid, state.pid, command_line(name, &program)));
    } else if let Some(end) = state.end {
        let how = end.words();
        out.push_str(&format!(
            "    Process: {} ExecStart={program} ({how})\n   Main PID: {} ({how})\n        CPU: 12ms\n",
            state.pid, state.pid
        ));
    }
    sys.print(&out);
    let lines = journal(sys, Some(name));
    let last: Vec<&String> = lines.iter().rev().take(10).collect();
    if !last.is_empty() {
        sys.print("\n");
    }
    for l in last.iter().rev() {
        sys.print(&format!("{l}\n"));
    }
    if word == "active" { 0 } else { 3 }
}

/// The kubelet's whole command line.
fn command_line(name: &str, program: &str) -> String {
    if name == "kubelet" {
        "/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml".to_owned()
    } else {
        program.to_owned()
    }
}

fn list_units(sys: &mut Sys<'_>, state: Option<&str>, all: bool) -> i32 {
    let mut rows = Vec::new();
    for name in units::all(sys.machine()) {
        let (_, text) = units::file(sys.machine(), &name).unwrap_or_default();
        let about = units::setting(&text, "Description").map_or(format!("{name}.service"), str::to_owned);
        let oneshot = sys.machine().services.units.get(&name).is_some_and(|u| u.pid == 0);
        let word = word(sys, &name);
        let sub = match word {
            "active" if oneshot => "exited",
            "active" => "running",
            "activating" => "auto-restart",
            "failed" => "failed",
            _ => "dead",
        };
        let wanted = state.map_or(all || word != "inactive", |s| s == word || s == sub);
        if wanted {
            rows.push((format!("{name}.service"), word, sub, about));
        }
    }
    let width = |f: fn(&(String, &'static str, &'static str, String)) -> usize, least: usize| {
        rows.iter().map(f).max().unwrap_or(0).max(least)
    };
    let (w0, w1, w2) = (width(|r| r.0.len(), 4), width(|r| r.1.len(), 6), width(|r| r.2.len(), 3));
    sys.print(&format!("  {:<w0$} LOAD   {:<w1$} {:<w2$} DESCRIPTION\n", "UNIT", "ACTIVE", "SUB"));
    for (name, active, sub, about) in &rows {
        let mark = if matches!(*active, "failed" | "activating") { "\u{25cf}" } else { " " };
        sys.print(&format!("{mark} {name:<w0$} loaded {active:<w1$} {sub:<w2$} {about}\n"));
    }
    sys.print(&format!("\nLegend: LOAD   \u{2192} Reflects whether the unit definition was properly loaded.\n        ACTIVE \u{2192} The high-level unit activation state, i.e. generalization of SUB.\n        SUB    \u{2192} The low-level unit activation state, values depend on unit type.\n\n{} loaded units listed.\n", rows.len()));
    0
}

fn list_unit_files(sys: &mut Sys<'_>) -> i32 {
    let names = units::all(sys.machine());
    let width = names.iter().map(|n| n.len() + 8).max().unwrap_or(9).max(9);
    sys.print(&format!("{:<width$} STATE    PRESET\n", "UNIT FILE"));
    for name in &names {
        let state = if units::masked(sys.machine(), name) {
            "masked"
        } else if units::enabled(sys.machine(), name) {
            "enabled"
        } else {
            "disabled"
        };
        sys.print(&format!("{:<width$} {state:<8} enabled\n", format!("{name}.service")));
    }
    sys.print(&format!("\n{} unit files listed.\n", names.len()));
    0
}

/// Lines of the journal: of one unit and what systemd says of it, or all.
fn journal(sys: &Sys<'_>, unit: Option<&str>) -> Vec<String> {
    let host = sys.hostname();
    let about = unit.map(|u| format!("{u}.service"));
    sys.machine()
        .services
        .journal
        .iter()
        .filter(|(_, tag, line)| match (unit, &about) {
            (Some(u), Some(about)) => {
                let name = sys.machine().services.unit_of(tag);
                name == u
                    || name == "systemd" && line.split([' ', ':']).any(|w| w.trim_end_matches('.') == about)
            }
            _ => true,
        })
        .map(|(at, tag, l)| format!("{} {host} {tag}: {l}", super::date::format("%b %d %T", *at)))
        .collect()
}

pub(super) fn journalctl(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("unit", 'u'),
        ("lines", 'n'),
        ("follow", 'f'),
        ("no-pager", 'P'),
        ("pager-end", 'e'),
        ("catalog", 'x'),
        ("reverse", 'r'),
        ("dmesg", 'k'),
        ("boot", 'b'),
        ("since", 'S'),
        ("until", 'U'),
        ("output", 'o'),
        ("grep", 'g'),
        ("priority", 'p'),
        ("identifier", 't'),
        ("all", 'a'),
        ("quiet", 'q'),
    ];
    let opts = match options::parse(sys, argv, "u:n:fexkrb::PS:U:o:ag:p:t:q", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let mut lines = if opts.has('k') {
        let host = sys.hostname();
        let log = Arc::clone(&sys.machine().log);
        log.iter()
            .map(|(at, l)| format!("{} {host} kernel: {l}", super::date::format("%b %d %T", *at)))
            .collect()
    } else {
        journal(sys, opts.value('u').or(opts.value('t')).map(units::short))
    };
    if let Some(pattern) = opts.value('g') {
        lines.retain(|l| l.contains(pattern));
    }
    let wanted = opts.value('n').map(|n| n.trim_start_matches('+').parse::<usize>().unwrap_or(usize::MAX));
    if let Some(n) = wanted.or_else(|| opts.has('f').then_some(10)) {
        let skip = lines.len().saturating_sub(n);
        lines.drain(..skip);
    }
    if opts.has('r') {
        lines.reverse();
    }
    if lines.is_empty() {
        sys.print("-- No entries --\n");
    }
    for l in lines {
        sys.print(&format!("{l}\n"));
    }
    if opts.has('f') {
        sys.stop(crate::process::State::Blocked(None, 130));
    }
    0
}
