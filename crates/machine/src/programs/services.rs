//! Programs that ask a node's services: `systemctl`, `journalctl`, `crictl`, `sysctl`.

use super::options;
use crate::errno::Errno;
use crate::node::CriContainer;
use crate::sys::Sys;

const UNITS: &[(&str, &str)] = &[
    ("kubelet", "kubelet: The Kubernetes Node Agent"),
    ("containerd", "containerd container runtime"),
    ("apparmor", "Load AppArmor profiles"),
    ("ssh", "OpenBSD Secure Shell server"),
    ("systemd-journald", "Journal Service"),
];

pub(super) fn systemctl(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let words: Vec<String> = argv.iter().skip(1).filter(|a| !a.starts_with('-')).cloned().collect();
    let verb = words.first().map_or("list-units", String::as_str).to_owned();
    if matches!(verb.as_str(), "daemon-reload" | "daemon-reexec") {
        return root_only(sys, &verb, "");
    }
    if verb == "list-units" {
        sys.print("  UNIT               LOAD   ACTIVE SUB     DESCRIPTION\n");
        for (name, about) in UNITS {
            sys.print(&format!("  {:<18} loaded active running {about}\n", format!("{name}.service")));
        }
        return 0;
    }
    let mut code = 0;
    for unit in words.iter().skip(1) {
        let name = unit.trim_end_matches(".service").to_owned();
        let Some((_, about)) = UNITS.iter().find(|(n, _)| *n == name) else {
            let text = match verb.as_str() {
                "status" => format!("Unit {name}.service could not be found.\n"),
                "is-active" => "inactive\n".to_owned(),
                v => format!("Failed to {v} {name}.service: Unit {name}.service not found.\n"),
            };
            sys.complain(&text);
            code = if verb == "status" { 4 } else { 5 };
            continue;
        };
        let stopped = sys.machine().services.stopped.contains(&name);
        match verb.as_str() {
            "start" | "restart" | "stop" | "reload" | "enable" | "disable" => {
                if root_only(sys, &verb, &name) != 0 {
                    return 1;
                }
                let services = std::sync::Arc::make_mut(&mut sys.machine_mut().services);
                services.stopped.retain(|u| *u != name);
                if verb == "stop" {
                    services.stopped.push(name);
                }
            }
            "is-active" => {
                sys.print(if stopped { "inactive\n" } else { "active\n" });
                code = if stopped { 3 } else { 0 };
            }
            "is-enabled" => sys.print("enabled\n"),
            "status" => {
                let state = if stopped { "inactive (dead)" } else { "active (running)" };
                let mark = if stopped { "\u{25cb}" } else { "\u{25cf}" };
                sys.print(&format!("{mark} {name}.service - {about}\n     Loaded: loaded (/usr/lib/systemd/system/{name}.service; enabled; preset: enabled)\n     Active: {state}\n"));
                let lines: Vec<String> = journal(sys, Some(&name)).into_iter().rev().take(10).collect();
                if !lines.is_empty() {
                    sys.print("\n");
                }
                for l in lines.iter().rev() {
                    sys.print(&format!("{l}\n"));
                }
                code = if stopped { 3 } else { 0 };
            }
            v => {
                sys.complain(&format!("Unknown command verb '{v}'.\n"));
                return 1;
            }
        }
    }
    code
}

fn root_only(sys: &mut Sys<'_>, verb: &str, unit: &str) -> i32 {
    if sys.me().cred.uid == 0 {
        return 0;
    }
    let what = if unit.is_empty() { "reload daemon".to_owned() } else { format!("{verb} {unit}.service") };
    sys.complain(&format!("Failed to {what}: Access denied\n"));
    1
}

fn journal(sys: &Sys<'_>, unit: Option<&str>) -> Vec<String> {
    let host = sys.hostname();
    let services = &sys.machine().services;
    services
        .journal
        .iter()
        .filter(|(_, u, _)| unit.is_none_or(|w| w == u))
        .map(|(at, u, l)| format!("{} {host} {u}[1402]: {l}", super::date::format("%b %d %T", *at)))
        .collect()
}

pub(super) fn journalctl(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("unit", 'u'),
        ("lines", 'n'),
        ("follow", 'f'),
        ("no-pager", 'P'),
        ("reverse", 'r'),
        ("dmesg", 'k'),
        ("since", 'S'),
        ("until", 'U'),
        ("output", 'o'),
    ];
    let opts = match options::parse(sys, argv, "u:n:fexkrbPS:U:o:a", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let mut lines = if opts.has('k') {
        let host = sys.hostname();
        sys.machine()
            .log
            .iter()
            .map(|(at, l)| format!("{} {host} kernel: {l}", super::date::format("%b %d %T", *at)))
            .collect()
    } else {
        journal(sys, opts.value('u').map(|u| u.trim_end_matches(".service")))
    };
    if let Some(n) = opts.value('n').and_then(|n| n.parse::<usize>().ok()) {
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

fn ago(now: i64, then: i64) -> String {
    let seconds = (now - then).max(0) / 1000;
    match seconds {
        0 | 1 => "1 second ago".to_owned(),
        2..=59 => format!("{seconds} seconds ago"),
        60..=119 => "About a minute ago".to_owned(),
        120..=3599 => format!("{} minutes ago", seconds / 60),
        3600..=7199 => "About an hour ago".to_owned(),
        _ => format!("{} hours ago", seconds / 3600),
    }
}

fn short(id: &str) -> String {
    id.chars().take(13).collect()
}

fn table(rows: &[Vec<String>]) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..count)
        .map(|i| rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max().unwrap_or(0) + 3)
        .collect();
    rows.iter()
        .map(|r| {
            let line: String = r.iter().zip(&widths).map(|(c, w)| format!("{c:<w$}")).collect();
            format!("{}\n", line.trim_end())
        })
        .collect()
}

pub(super) fn crictl(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if sys.me().cred.uid != 0 {
        sys.complain("E0000 00:00:00.000000       1 log.go:32] validate service connection: validate CRI v1 runtime API for endpoint \"unix:///run/containerd/containerd.sock\": rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: permission denied\"\n");
        return 1;
    }
    let opts = match options::parse(
        sys,
        argv,
        "aqp:n:o:r:",
        &[
            ("all", 'a'),
            ("quiet", 'q'),
            ("name", 'n'),
            ("pod", 'p'),
            ("tail", 't'),
            ("output", 'o'),
            ("runtime-endpoint", 'r'),
            ("no-trunc", 'T'),
        ],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let verb = opts.operands.first().map_or("", String::as_str).to_owned();
    let all = sys.machine().services.containers.clone();
    let now = sys.now().0;
    let find = |id: &str| all.iter().find(|c| c.id.starts_with(id) && !id.is_empty()).cloned();
    match verb.as_str() {
        "ps" => {
            let chosen: Vec<&CriContainer> = all
                .iter()
                .rev()
                .filter(|c| {
                    (c.running || opts.has('a'))
                        && opts.value('n').is_none_or(|n| c.name.contains(n))
                        && opts.value('p').is_none_or(|p| c.pod_id.starts_with(p))
                })
                .collect();
            if opts.has('q') {
                sys.print(&chosen.iter().map(|c| format!("{}\n", c.id)).collect::<String>());
                return 0;
            }
            let head =
                ["CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD", "NAMESPACE"];
            let mut rows = vec![head.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>()];
            for c in chosen {
                rows.push(vec![
                    short(&c.id),
                    c.image.clone(),
                    ago(now, c.created),
                    if c.running { "Running" } else { "Exited" }.to_owned(),
                    c.name.clone(),
                    c.attempt.to_string(),
                    short(&c.pod_id),
                    c.pod.clone(),
                    c.namespace.clone(),
                ]);
            }
            sys.print(&table(&rows));
            0
        }
        "pods" => {
            let mut rows = vec![
                ["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME"]
                    .iter()
                    .map(|h| (*h).to_owned())
                    .collect::<Vec<_>>(),
            ];
            let mut seen: Vec<&str> = Vec::new();
            for c in all.iter().rev().filter(|c| c.running) {
                if !seen.contains(&c.pod_id.as_str()) {
                    seen.push(&c.pod_id);
                    rows.push(vec![
                        short(&c.pod_id),
                        ago(now, c.created),
                        "Ready".to_owned(),
                        c.pod.clone(),
                        c.namespace.clone(),
                        "0".to_owned(),
                        "(default)".to_owned(),
                    ]);
                }
            }
            sys.print(&table(&rows));
            0
        }
        "images" => {
            let mut rows = vec![
                ["IMAGE", "TAG", "IMAGE ID", "SIZE"].iter().map(|h| (*h).to_owned()).collect::<Vec<_>>(),
            ];
            let mut names: Vec<&str> = all.iter().map(|c| c.image.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            for image in names {
                let (name, tag) =
                    image.rsplit_once(':').filter(|(_, t)| !t.contains('/')).unwrap_or((image, "latest"));
                let sum = super::sums::sha256(image.as_bytes());
                rows.push(vec![name.to_owned(), tag.to_owned(), short(&sum), "28.9MB".to_owned()]);
            }
            sys.print(&table(&rows));
            0
        }
        "logs" | "inspect" | "stop" | "rm" | "stopp" | "rmp" => {
            let id = opts.operands.get(1).cloned().unwrap_or_default();
            let Some(c) = find(&id) else {
                sys.complain(&format!("E0000 00:00:00.000000       1 remote_runtime.go:625] \"ContainerStatus from runtime service failed\" err=\"rpc error: code = NotFound desc = an error occurred when try to find container \\\"{id}\\\": not found\" containerID=\"{id}\"\ntime=\"{}\" level=fatal msg=\"rpc error: code = NotFound desc = an error occurred when try to find container \\\"{id}\\\": not found\"\n", super::date::format("%FT%TZ", now)));
                return 1;
            };
            match verb.as_str() {
                "logs" => sys.print(&c.log.iter().map(|(_, l)| format!("{l}\n")).collect::<String>()),
                "inspect" => {
                    let state = if c.running { "CONTAINER_RUNNING" } else { "CONTAINER_EXITED" };
                    let value = gatehouse_model::json!({"status": {
                        "id": (c.id.as_str()), "state": state, "exitCode": (i64::from(c.exit)), "image": {"image": (c.image.as_str())},
                        "metadata": {"name": (c.name.as_str()), "attempt": (c.attempt)},
                        "labels": {"io.kubernetes.container.name": (c.name.as_str()), "io.kubernetes.pod.name": (c.pod.as_str()), "io.kubernetes.pod.namespace": (c.namespace.as_str())},
                    }});
                    sys.print(&(gatehouse_model::json::print_indent(&value, "  ") + "\n"));
                }
                _ => sys.print(&format!("{}\n", c.id)),
            }
            0
        }
        "version" => {
            sys.print("Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  1.7.24\nRuntimeApiVersion:  v1\n");
            0
        }
        other => {
            sys.complain(&format!("No help topic for '{other}'\n"));
            1
        }
    }
}

pub(super) fn sysctl(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "wnapq",
        &[("write", 'w'), ("all", 'a'), ("load", 'p'), ("system", 's')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    if opts.has('p') || opts.has('a') {
        return 0;
    }
    let mut code = 0;
    for word in &opts.operands {
        let (name, value) =
            word.split_once('=').map_or((word.as_str(), None), |(n, v)| (n.trim(), Some(v.trim())));
        let path = format!("/proc/sys/{}", name.replace('.', "/"));
        let done = match value {
            None => sys.slurp(&path).map(|t| t.trim_end().to_owned()),
            Some(v) => sys.spill(&path, format!("{v}\n").as_bytes()).map(|()| v.to_owned()),
        };
        match done {
            Ok(v) if opts.has('n') => sys.print(&format!("{v}\n")),
            Ok(v) => sys.print(&format!("{name} = {v}\n")),
            Err(e) => {
                let text = match (e, value) {
                    (Errno::ENOENT, _) => format!("sysctl: cannot stat {path}: No such file or directory\n"),
                    (e, Some(_)) => format!("sysctl: setting key \"{name}\": {}\n", e.text()),
                    (e, None) => format!("sysctl: reading key \"{name}\": {}\n", e.text()),
                };
                sys.complain(&text);
                code = 255;
            }
        }
    }
    code
}
