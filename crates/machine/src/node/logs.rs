//! Container logs as the runtime writes them: /var/log/pods, and the links in /var/log/containers; and what rsyslog makes of
//! the journal and the kernel's messages: /var/log/{syslog,kern.log,auth.log}.

use std::sync::Arc;

use gatehouse_core::Timestamp;

use crate::fs::Kind;
use crate::machine::{HOST, Machine};

/// Brings the files up to what the containers wrote; logs of containers that are gone go too.
pub fn write(machine: &mut Machine) {
    let services = Arc::clone(&machine.services);
    let mut logged = services.logged.clone();
    for c in &services.containers {
        if logged.get(&c.id) == Some(&c.log.len()) {
            continue;
        }
        logged.insert(c.id.clone(), c.log.len());
        let path = format!("{}/{}/{}.log", folder(&c.namespace, &c.pod, &c.uid), c.name, c.attempt);
        let text: String = c.log.iter().map(|(at, line)| entry(*at, line)).collect();
        machine.write_file(&path, text, 0o640, (0, 0));
        let now = machine.now.0;
        if let Some(root) = machine.space(HOST).map(|s| s.mounts.root().ino) {
            let link = format!("/var/log/containers/{}_{}_{}-{}.log", c.pod, c.namespace, c.name, c.id);
            machine.fs.put(root, &link, Kind::Link(path.as_str().into()), 0o777, (0, 0), now);
        }
    }
    let there = |id: &String| services.containers.iter().any(|c| c.id == *id);
    let gone: Vec<String> = logged.keys().filter(|id| !there(id)).cloned().collect();
    for id in gone {
        logged.remove(&id);
        forget(machine, &id);
    }
    if logged != services.logged {
        Arc::make_mut(&mut machine.services).logged = logged;
    }
}

/// Whose lines go to auth.log instead.
const ABOUT_ACCESS: &[&str] = &["sshd", "su", "sudo", "useradd", "usermod", "userdel", "passwd"];

/// Brings rsyslog's files up to the journal and the kernel's messages.
pub fn write_syslog(machine: &mut Machine) {
    let (told, kernel) = machine.services.syslogged;
    let services = Arc::clone(&machine.services);
    if services.journal.len() <= told && machine.log.len() <= kernel {
        return;
    }
    let host = machine.space(HOST).map(|s| s.hostname.clone()).unwrap_or_default();
    let line = |at: i64, tag: &str, text: &str| {
        let time = Timestamp(at).to_string();
        let micros = at.rem_euclid(1000) * 1000;
        format!("{}.{micros:06}+00:00 {host} {tag}: {text}\n", time.trim_end_matches('Z'))
    };
    let journal =
        services.journal.iter().skip(told).map(|(at, tag, text)| (*at, tag.as_str(), text.as_str()));
    let own = machine.log.iter().skip(kernel).map(|(at, text)| (*at, "kernel", text.as_str()));
    let mut all: Vec<(i64, &str, &str)> = journal.chain(own).collect();
    gatehouse_model::order::by_key(&mut all, |(at, ..)| *at);
    let [mut system, mut kernels, mut access] = [String::new(), String::new(), String::new()];
    for (at, tag, text) in all {
        let text = line(at, tag, text);
        let name = tag.split('[').next().unwrap_or(tag);
        if ABOUT_ACCESS.contains(&name) {
            access.push_str(&text);
            continue;
        }
        if name == "kernel" {
            kernels.push_str(&text);
        }
        system.push_str(&text);
    }
    let counts = (services.journal.len(), machine.log.len());
    drop(services);
    for (file, text) in [("syslog", system), ("kern.log", kernels), ("auth.log", access)] {
        super::audit_log::append(machine, &format!("/var/log/{file}"), text.as_bytes(), 0o640);
    }
    Arc::make_mut(&mut machine.services).syslogged = counts;
}

/// The directory of a pod's logs.
#[must_use]
pub fn folder(namespace: &str, pod: &str, uid: &str) -> String {
    format!("/var/log/pods/{namespace}_{pod}_{uid}")
}

/// A line as containerd writes it.
fn entry(at: i64, line: &str) -> String {
    let time = Timestamp(at).to_string();
    let nanos = at.rem_euclid(1000) * 1_000_000 + (line.len() as i64 * 7919) % 1_000_000;
    format!("{}.{nanos:09}Z stderr F {line}\n", time.trim_end_matches('Z'))
}

/// Removes the link of a container and the file behind it.
fn forget(machine: &mut Machine, id: &str) {
    let now = machine.now.0;
    let Some(dir) = machine.space(HOST).and_then(|s| s.mounts.locate(&machine.fs, "/var/log/containers"))
    else {
        return;
    };
    let Some(Kind::Dir(entries)) = machine.fs.get(dir.ino).map(|i| &i.kind) else { return };
    let end = format!("-{id}.log");
    let Some((name, link)) =
        entries.entries.iter().find(|(n, _)| n.ends_with(&end)).map(|(n, i)| (Arc::clone(n), *i))
    else {
        return;
    };
    if let Some(Kind::Link(target)) = machine.fs.get(link).map(|i| i.kind.clone())
        && let Some((folder, file)) = target.rsplit_once('/')
        && let Some(at) = machine.space(HOST).and_then(|s| s.mounts.locate(&machine.fs, folder))
    {
        machine.fs.unlink(at.ino, file, now);
    }
    machine.fs.unlink(dir.ino, &name, now);
}
