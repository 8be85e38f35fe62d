//! systemd's units as far as people start, stop, enable and read them: the files that define them, and their state.
//!
//! A unit is a file in /etc/systemd/system or /usr/lib/systemd/system; that it is enabled or masked is a link in the former.
//! Models systemd's src/core and src/shared/install.c.

use std::sync::Arc;

use super::daemon::{self, End};
use super::klog;
use super::kubelet_config::{self, KubeletConfig};
use crate::fs::Kind;
use crate::machine::{HOST, Machine};
use crate::outside::{Alone, Outside};

/// A unit's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// Whether it runs.
    pub active: bool,
    /// Whether it ended with an error, and its exit code.
    pub failed: Option<i32>,
    /// Its main process.
    pub pid: u32,
    /// Since when it is as it is.
    pub since: i64,
    /// How its main process ended, where it was one of this machine's programs.
    pub end: Option<End>,
    /// When it is started again.
    pub restart_at: Option<i64>,
    /// How often it was started again by itself.
    pub restarts: u32,
    /// Whether its command has done its work and ended.
    pub exited: bool,
}

/// Where units of the administrator's lie.
const ETC: &str = "/etc/systemd/system";
/// Where units of packages lie.
const LIB: &str = "/usr/lib/systemd/system";

/// Units every node has: name, description, program.
const STOCK: &[(&str, &str, &str)] = &[
    ("apparmor", "Load AppArmor profiles", ""),
    ("containerd", "containerd container runtime", "/usr/bin/containerd"),
    ("cron", "Regular background program processing daemon", "/usr/sbin/cron -f -P"),
    ("ssh", "OpenBSD Secure Shell server", "/usr/sbin/sshd -D"),
    ("systemd-journald", "Journal Service", "/usr/lib/systemd/systemd-journald"),
    ("systemd-resolved", "Network Name Resolution", "/usr/lib/systemd/systemd-resolved"),
    ("ufw", "Uncomplicated firewall", ""),
];

/// A unit's name without `.service`.
#[must_use]
pub fn short(name: &str) -> &str {
    match name.trim_end_matches(".service") {
        "sshd" => "ssh",
        other => other,
    }
}

/// The file that defines a unit, and its text.
#[must_use]
pub fn file(machine: &Machine, name: &str) -> Option<(String, String)> {
    let file = if name.contains('.') { name.to_owned() } else { format!("{name}.service") };
    [ETC, LIB].iter().find_map(|dir| {
        let path = format!("{dir}/{file}");
        let text = machine.read_file(&path)?;
        Some((path, String::from_utf8_lossy(&text).into_owned()))
    })
}

/// A setting of a unit's file; the last one counts.
#[must_use]
pub fn setting<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    text.lines().rev().find_map(|l| l.trim().strip_prefix(key)?.strip_prefix('=')).map(str::trim)
}

/// A unit as systemd names it: `kubelet.service - kubelet: The Kubernetes Node Agent`.
#[must_use]
pub fn full_name(name: &str, text: &str) -> String {
    match setting(text, "Description") {
        Some(about) => format!("{name}.service - {about}"),
        None => format!("{name}.service"),
    }
}

/// The names of all units that have a file.
#[must_use]
pub fn all(machine: &Machine) -> Vec<String> {
    let mut names = Vec::new();
    for dir in [ETC, LIB] {
        let Some(at) = machine.space(HOST).and_then(|s| s.mounts.locate(&machine.fs, dir)) else { continue };
        let Some(Kind::Dir(entries)) = machine.fs.get(at.ino).map(|i| &i.kind) else { continue };
        for name in entries.entries.keys() {
            if let Some(name) = name.strip_suffix(".service")
                && !names.iter().any(|n| n == name)
            {
                names.push(name.to_owned());
            }
        }
    }
    gatehouse_model::order::sort(&mut names);
    names
}

fn link_at(machine: &Machine, path: &str) -> Option<String> {
    let (dir, name) = path.rsplit_once('/')?;
    let at = machine.space(HOST)?.mounts.locate(&machine.fs, dir)?;
    let ino = machine.fs.child(at.ino, name)?;
    match &machine.fs.get(ino)?.kind {
        Kind::Link(target) => Some(target.to_string()),
        _ => None,
    }
}

fn wants(name: &str) -> String {
    format!("{ETC}/multi-user.target.wants/{name}.service")
}

/// Whether a unit is masked.
#[must_use]
pub fn masked(machine: &Machine, name: &str) -> bool {
    link_at(machine, &format!("{ETC}/{name}.service")).is_some_and(|t| t == "/dev/null")
}

/// Whether a unit is started at boot.
#[must_use]
pub fn enabled(machine: &Machine, name: &str) -> bool {
    link_at(machine, &wants(name)).is_some()
}

fn unlink(machine: &mut Machine, path: &str) {
    let now = machine.now.0;
    if let Some((dir, name)) = path.rsplit_once('/')
        && let Some(at) = machine.space(HOST).and_then(|s| s.mounts.locate(&machine.fs, dir))
    {
        machine.fs.unlink(at.ino, name, now);
    }
}

fn link(machine: &mut Machine, path: &str, target: &str) {
    let now = machine.now.0;
    if let Some(root) = machine.space(HOST).map(|s| s.mounts.root().ino) {
        machine.fs.put(root, path, Kind::Link(target.into()), 0o777, (0, 0), now);
    }
}

/// Starts or does not start a unit at boot. Gives what systemctl says.
pub fn enable(machine: &mut Machine, name: &str, on: bool) -> String {
    let path = wants(name);
    if on == enabled(machine, name) {
        return String::new();
    }
    if on {
        let target = file(machine, name).map_or_else(|| format!("{LIB}/{name}.service"), |(p, _)| p);
        link(machine, &path, &target);
        format!("Created symlink {path} \u{2192} {target}.\n")
    } else {
        unlink(machine, &path);
        format!("Removed \"{path}\".\n")
    }
}

/// Masks or unmasks a unit. Gives what systemctl says.
pub fn mask(machine: &mut Machine, name: &str, on: bool) -> String {
    let path = format!("{ETC}/{name}.service");
    if on == masked(machine, name) {
        return String::new();
    }
    if on {
        link(machine, &path, "/dev/null");
        format!("Created symlink {path} \u{2192} /dev/null.\n")
    } else {
        unlink(machine, &path);
        format!("Removed \"{path}\".\n")
    }
}

/// Puts the stock units in place and starts them, as at boot.
pub fn boot(machine: &mut Machine) {
    for (name, about, program) in STOCK {
        let run = if program.is_empty() {
            "Type=oneshot\nExecStart=/bin/true".to_owned()
        } else {
            format!("ExecStart={program}")
        };
        let again = if *name == "containerd" { "Restart=always\nRestartSec=5" } else { "Restart=on-failure" };
        let text = format!(
            "[Unit]\nDescription={about}\nAfter=network.target\n\n[Service]\n{run}\n{again}\n\n[Install]\nWantedBy=multi-user.target\n"
        );
        machine.write_file(&format!("{LIB}/{name}.service"), text, 0o644, (0, 0));
    }
    machine.make_dir(ETC, 0o755, (0, 0));
    machine.make_dir(&format!("{ETC}/multi-user.target.wants"), 0o755, (0, 0));
    for (name, ..) in STOCK {
        enable(machine, name, true);
        let _ = start(machine, &mut Alone, name);
    }
    enable(machine, "kubelet", true);
    let _ = start(machine, &mut Alone, "kubelet");
}

/// Starts a unit.
///
/// # Errors
/// Its process ended at once: the exit code. Why stands in the journal.
pub fn start(machine: &mut Machine, outside: &mut dyn Outside, name: &str) -> Result<(), i32> {
    let now = machine.now.0;
    let text = file(machine, name).map(|(_, t)| t).unwrap_or_default();
    if name != "kubelet" && !STOCK.iter().any(|(n, ..)| *n == name) {
        return daemon::start(machine, outside, name, &text);
    }
    let full = full_name(name, &text);
    let outcome = match name {
        "kubelet" => KubeletConfig::load(machine).map(|config| {
            let status = machine.read_file("/var/lib/dpkg/status").unwrap_or_default();
            let version = crate::programs::packages::version_of(&String::from_utf8_lossy(&status), "kubelet")
                .unwrap_or_default();
            let services = Arc::make_mut(&mut machine.services);
            services.kubelet = config;
            services.kubelet_version = version.split('-').next().unwrap_or_default().to_owned();
        }),
        "ssh" => {
            super::sshd::Config::read(machine).map_err(|why| ("", why.trim_end().to_owned())).map(|config| {
                Arc::make_mut(&mut machine.services).sshd = config;
            })
        }
        "containerd" => kubelet_config::runtimes(machine).map_err(|why| ("", why)).map(|handlers| {
            Arc::make_mut(&mut machine.services).handlers = handlers;
        }),
        _ => Ok(()),
    };
    let oneshot = setting(&text, "Type") == Some("oneshot");
    let command: Vec<String> =
        setting(&text, "ExecStart").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let pid = if oneshot || command.is_empty() {
        0
    } else {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let process = machine.new_process(HOST, crate::process::Cred::user(0, 0), &words);
        let pid = process.pid;
        if outcome.is_ok() {
            machine.processes.insert(pid, Arc::new(process));
        }
        pid
    };
    let services = Arc::make_mut(&mut machine.services);
    services.log(now, "systemd", format!("Started {full}."));
    let unit = services.units.entry(name.to_owned()).or_default();
    *unit = Unit { active: outcome.is_ok(), pid, since: now, restarts: unit.restarts, ..Unit::default() };
    match outcome {
        Ok(()) => {
            if name == "kubelet" {
                services.kubelet_says(
                    'I',
                    now,
                    "server.go:529] \"Kubelet version\" kubeletVersion=\"v1.36.2\"",
                );
                services.kubelet_says(
                    'I',
                    now,
                    "server.go:531] \"Golang settings\" GOGC=\"\" GOMAXPROCS=\"\" GOTRACEBACK=\"\"",
                );
                services.kubelet_says(
                    'I',
                    now,
                    "kubelet.go:386] \"Attempting to sync node with API server\"",
                );
                for line in services.kubelet.remarks.clone() {
                    services.kubelet_says(if line.starts_with("file") { 'E' } else { 'I' }, now, &line);
                }
            }
            Ok(())
        }
        Err((place, why)) => {
            unit.failed = Some(1);
            unit.end = Some(End::Exited(1));
            unit.restart_at = Some(now + if name == "kubelet" { 10_000 } else { 5_000 });
            let line = if place.is_empty() {
                why
            } else {
                let what = if place.starts_with("run") {
                    "command failed"
                } else if place.starts_with("server") {
                    "Failed to listen and serve"
                } else {
                    "Failed to start ContainerManager"
                };
                let why = why.replace('"', "\\\"");
                format!("{}    {pid} {place}] \"{what}\" err=\"{why}\"", klog('E', now))
            };
            services.log(now, name, line);
            services.log(
                now,
                "systemd",
                format!("{name}.service: Main process exited, code=exited, status=1/FAILURE"),
            );
            services.log(now, "systemd", format!("{name}.service: Failed with result 'exit-code'."));
            Err(1)
        }
    }
}

/// Stops a unit.
pub fn stop(machine: &mut Machine, name: &str) {
    let now = machine.now.0;
    let full = full_name(name, &file(machine, name).map(|(_, t)| t).unwrap_or_default());
    let services = Arc::make_mut(&mut machine.services);
    let unit = services.units.entry(name.to_owned()).or_default();
    let (was, pid) = (unit.active, unit.pid);
    *unit = Unit { since: now, ..Unit::default() };
    if was {
        services.log(now, "systemd", format!("Stopping {full}..."));
        services.log(now, "systemd", format!("{name}.service: Deactivated successfully."));
        services.log(now, "systemd", format!("Stopped {full}."));
    }
    machine.processes.remove(&pid);
}

/// The unit whose main process has a number.
#[must_use]
pub fn of_process(machine: &Machine, pid: u32) -> Option<String> {
    let mut units = machine.services.units.iter();
    units.find(|(_, u)| u.active && u.pid == pid && pid != 0).map(|(n, _)| n.clone())
}

/// A process was ended by a signal; the unit it belonged to ends with it.
pub fn killed(machine: &mut Machine, pid: u32, signal: i32) {
    if let Some(name) = of_process(machine, pid) {
        daemon::ended(machine, &name, End::Killed(signal));
    }
}

/// Brings units forward to now.
pub fn tick(machine: &mut Machine, outside: &mut dyn Outside) {
    daemon::tick(machine, outside);
}
