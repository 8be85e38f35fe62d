//! The audit log's file: where the server's container puts it, and how it is turned over.
//!
//! Models apiserver pkg/server/options/audit.go and lumberjack.

use std::sync::Arc;

use gatehouse_core::admission::backends;
use gatehouse_core::{Cluster, Timestamp};

use super::flags::Flags;
use super::klog;
use super::manifest::{Manifest, Sight, look};
use crate::fs::Kind;
use crate::machine::{HOST, Machine};

/// Where audit lines go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sink {
    /// The file on the host; `None` where it is the container's own or standard output.
    path: Option<String>,
    /// `--audit-log-path=-`
    stdout: bool,
    /// In megabytes.
    max_size: usize,
    max_backups: usize,
    /// In days.
    max_age: i64,
    /// `--audit-webhook-config-file`: where lines are sent, and whether in batches.
    webhook: Option<(String, bool)>,
    /// Lines that could not be sent: when that is given up, and how many.
    unsent: Vec<(i64, usize)>,
}

/// How long a backend is tried: five times, each time half as long again, from ten seconds on.
const RETRIES: i64 = 81_250;
/// How long a batch waits for more.
const BATCH: i64 = 30_000;

impl Sink {
    /// Opens the log as the server does when it starts.
    ///
    /// # Errors
    /// What it says when it cannot.
    pub(super) fn open(
        machine: &mut Machine,
        manifest: &Manifest,
        path: &str,
        flags: &Flags,
    ) -> Result<Self, String> {
        let number = |name: &str, default: i64| usize::try_from(flags.number(name, default)).unwrap_or(0);
        let mut sink = Self {
            stdout: path == "-",
            max_size: number("audit-log-maxsize", 100),
            max_backups: number("audit-log-maxbackup", 100),
            max_age: flags.number("audit-log-maxage", 366),
            ..Self::default()
        };
        let Some((host, read_only)) = manifest.on_host(path).filter(|_| !sink.stdout) else {
            return Ok(sink);
        };
        match look(machine, &host) {
            Sight::Directory => return Err(format!("ensureLogFile: open {path}: is a directory")),
            Sight::File(_) if !read_only => {}
            Sight::Nothing if !read_only => {
                make_parents(machine, &host);
                machine.write_file(&host, "", 0o600, (0, 0));
            }
            _ => return Err(format!("ensureLogFile: open {path}: read-only file system")),
        }
        sink.path = Some(host);
        Ok(sink)
    }

    /// Sends lines to a backend too.
    pub(super) fn send_to(&mut self, address: String, batches: bool) {
        self.webhook = Some((address, batches));
    }
}

/// `mkdir -p` of a file's directory, each for the owner alone.
fn make_parents(machine: &mut Machine, path: &str) {
    let mut at = String::new();
    let dir = path.rsplit_once('/').map_or("", |(d, _)| d);
    for part in dir.split('/').filter(|p| !p.is_empty()) {
        at.push_str(&format!("/{part}"));
        if matches!(look(machine, &at), Sight::Nothing) {
            machine.make_dir(&at, 0o700, (0, 0));
        }
    }
}

/// Writes what the server has to say since the last time.
pub fn write(machine: &mut Machine, cluster: &mut Cluster) {
    send(machine, cluster);
    if cluster.audit_log.is_empty() {
        return;
    }
    let lines = std::mem::take(&mut cluster.audit_log);
    let Some(sink) = machine.services.server.audit.clone() else { return };
    if sink.stdout {
        let now = machine.now.0;
        let services = Arc::make_mut(&mut machine.services);
        if let Some(c) = services.containers.iter_mut().find(|c| c.name == "kube-apiserver" && c.running) {
            c.log.extend(lines.into_iter().map(|l| (now, l)));
        }
        return;
    }
    let Some(path) = &sink.path else { return };
    let text = lines.join("\n") + "\n";
    let there = match look(machine, path) {
        Sight::File(t) => t.len(),
        _ => 0,
    };
    if sink.max_size > 0 && there > 0 && there + text.len() > sink.max_size << 20 {
        turn_over(machine, path, &sink);
    }
    append(machine, path, text.as_bytes(), 0o600);
}

/// Sends lines to the webhook's backend; where nobody answers, the server says so when it gives up.
fn send(machine: &mut Machine, cluster: &Cluster) {
    let Some(sink) = &machine.services.server.audit else { return };
    let Some((address, batches)) = sink.webhook.clone() else { return };
    let now = machine.now.0;
    let count = cluster.audit_log.len();
    let due = sink.unsent.first().is_some_and(|(at, _)| *at <= now);
    if (count == 0 && !due) || cluster.webhook_backends.contains_key(&address) {
        return;
    }
    let services = Arc::make_mut(&mut machine.services);
    let Some(sink) = &mut services.server.audit else { return };
    if count > 0 {
        let at = now + RETRIES + if batches { BATCH } else { 0 };
        match sink.unsent.last_mut().filter(|(last, _)| batches && at - *last < BATCH) {
            Some((_, more)) => *more += count,
            None => sink.unsent.push((at, count)),
        }
    }
    let given_up: Vec<(i64, usize)> = sink.unsent.extract_if(.., |(at, _)| *at <= now).collect();
    let slash = if address.split_once("://").is_some_and(|(_, rest)| !rest.contains('/')) { "/" } else { "" };
    let why = backends::nobody(&format!("{address}{slash}"), 30);
    if let Some(c) =
        services.containers.iter_mut().find(|c| c.name == "kube-apiserver" && c.from_manifest && c.running)
    {
        c.log.extend(given_up.into_iter().map(|(at, count)| {
            let line = format!("{}       1 metrics.go:110] Error in audit plugin 'webhook' affecting {count} audit events: {why}", klog('E', at));
            (at, line)
        }));
    }
}

/// Adds to a file, which is made where it is not there.
pub(super) fn append(machine: &mut Machine, path: &str, bytes: &[u8], mode: u32) {
    let now = machine.now.0;
    let at = machine.space(HOST).and_then(|s| s.mounts.locate(&machine.fs, path));
    match at.and_then(|at| machine.fs.get_mut(at.ino)) {
        Some(inode) => {
            if let Kind::File(content) = &mut inode.kind {
                Arc::make_mut(content).extend_from_slice(bytes);
                inode.mtime = now;
            }
        }
        None => {
            make_parents(machine, path);
            machine.write_file(path, bytes, mode, (0, 0));
        }
    }
}

/// `audit.log` becomes `audit-2026-11-20T00-00-00.000.log`; what is too old or too much goes.
fn turn_over(machine: &mut Machine, path: &str, sink: &Sink) {
    let now = machine.now;
    let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, end) = name.rsplit_once('.').map_or((name, String::new()), |(s, e)| (s, format!(".{e}")));
    let stamp = now.to_string().replace(':', "-");
    let backup = format!("{stem}-{}.{:03}{end}", stamp.trim_end_matches('Z'), now.0.rem_euclid(1000));
    let Some(content) = machine.read_file(path) else { return };
    machine.write_file(&format!("{dir}/{backup}"), content.to_vec(), 0o600, (0, 0));
    machine.write_file(path, "", 0o600, (0, 0));
    let Some(loc) = machine.space(HOST).and_then(|s| s.mounts.locate(&machine.fs, dir)) else { return };
    let Some(Kind::Dir(entries)) = machine.fs.get(loc.ino).map(|i| &i.kind) else { return };
    let prefix = format!("{stem}-");
    let old: Vec<(Arc<str>, i64)> = entries
        .entries
        .iter()
        .rev()
        .filter(|(n, _)| n.starts_with(&prefix) && n.ends_with(&end))
        .map(|(n, ino)| (Arc::clone(n), machine.fs.get(*ino).map_or(0, |i| i.mtime)))
        .collect();
    for (i, (name, made)) in old.iter().enumerate() {
        let day = 86_400_000;
        let too_many = sink.max_backups > 0 && i >= sink.max_backups;
        let too_old = sink.max_age > 0 && Timestamp(made + sink.max_age * day) < now;
        if too_many || too_old {
            machine.fs.unlink(loc.ino, name, now.0);
        }
    }
}
