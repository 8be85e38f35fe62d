//! Probes: asking a container whether it has started, lives and is ready.
//!
//! A probe's worker ticks from the moment the kubelet met the pod, so the first look comes one period later; a container
//! that just started is asked for readiness at once. Models pkg/kubelet/prober and pkg/probe.

use gatehouse_core::controllers::events::EventType;
use gatehouse_core::{Cluster, Timestamp};
use gatehouse_model::{Object, Value};

use super::pod::{Container, Running, State, Work};
use super::words;
use crate::machine::Machine;
use crate::programs;

/// What is probed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Startup,
    Liveness,
    Readiness,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Startup, Self::Liveness, Self::Readiness];

    pub(crate) const fn field(self) -> &'static str {
        match self {
            Self::Startup => "startupProbe",
            Self::Liveness => "livenessProbe",
            Self::Readiness => "readinessProbe",
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Liveness => "Liveness",
            Self::Readiness => "Readiness",
        }
    }
}

/// How one probe of a container stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worker {
    /// The last result, and how often in a row it came.
    run: Option<(bool, i64)>,
    /// What counts: a result that came often enough.
    result: Option<bool>,
    /// When it was last asked.
    last: Option<Timestamp>,
}

/// The probes of a container, in the order startup, liveness, readiness.
pub type Workers = [Worker; 3];

/// What came of asking once.
enum Answer {
    Good,
    Bad(String),
    /// The probe itself failed; the result is thrown away.
    Unknown(String),
}

/// How many looks a clock that jumped far catches up with.
const CATCH_UP: usize = 120;

fn number(probe: &Value, key: &str, default: i64) -> i64 {
    probe.i64_at(&[key]).unwrap_or(default)
}

/// Whether the container's start is over: its startup probe answered well, or it has none.
pub(super) fn has_started(c: &Value, known: &Container) -> bool {
    let [startup, ..] = known.probes;
    matches!(known.state, State::Running { .. })
        && (c.get("startupProbe").is_none_or(Value::is_null) || startup.result == Some(true))
}

/// Whether a container is ready to be talked to.
pub(super) fn is_ready(c: &Value, known: &Container) -> bool {
    let [.., readiness] = known.probes;
    has_started(c, known)
        && (c.get("readinessProbe").is_none_or(Value::is_null) || readiness.result == Some(true))
}

/// When a probe looks next.
fn due(probe: &Value, kind: Kind, known: &Container, since: Timestamp) -> Option<Timestamp> {
    let State::Running { since: started, .. } = known.state else { return None };
    let worker = known.probes.get(kind as usize)?;
    if kind != Kind::Readiness && worker.result == Some(kind == Kind::Startup) {
        // Settled: it has started, or it has failed and waits for a new container.
        if kind == Kind::Startup {
            return None;
        }
    }
    if kind != Kind::Readiness && worker.result == Some(false) {
        return None;
    }
    let delay = number(probe, "initialDelaySeconds", 0) * 1000;
    let period = number(probe, "periodSeconds", 10).max(1) * 1000;
    if kind == Kind::Readiness && delay == 0 && worker.last.is_none() {
        return Some(known.ready_from.max(started));
    }
    // The worker was there a moment before the container.
    let after = worker.last.unwrap_or(started).max(known.ready_from).0.max(started.0 + delay);
    let ticks = (after - since.0).max(0) / period + 1;
    Some(Timestamp(since.0 + ticks * period))
}

/// When any probe of a pod's running containers looks next.
pub(super) fn next(pod: &Object, running: &Running) -> Option<Timestamp> {
    let lists = ["initContainers", "containers"].into_iter().flat_map(|l| pod.list_at(&["spec", l]));
    let of = |c: &Value| {
        let known = running.containers.get(c.str_at(&["name"]))?;
        let started = has_started(c, known);
        let asks = |kind: &Kind| (*kind == Kind::Startup) != started && known.stopping.is_none();
        Kind::ALL
            .iter()
            .filter(|k| asks(k))
            .filter_map(|k| due(c.get(k.field()).filter(|p| !p.is_null())?, *k, known, running.since))
            .min()
    };
    lists.filter_map(of).min()
}

impl Work<'_> {
    /// Makes the probes of a running container that are due; says which one wants it killed.
    pub(super) fn probe(
        &mut self,
        running: &Running,
        known: &mut Container,
        c: &Value,
        path: &str,
    ) -> Option<(Kind, i64)> {
        let deleting = self.pod.is_deleting();
        for _ in 0..CATCH_UP {
            let started = has_started(c, known);
            let (at, kind, probe) = Kind::ALL
                .into_iter()
                .filter(|k| (*k == Kind::Startup) != started && (*k == Kind::Readiness || !deleting))
                .filter_map(|k| {
                    let probe = c.get(k.field()).filter(|p| !p.is_null())?;
                    Some((due(probe, k, known, running.since)?, k, probe))
                })
                .min_by_key(|(at, kind, _)| (*at, *kind as usize))?;
            if at > self.cluster.now {
                return None;
            }
            let answer = self.ask(running, known, c, probe, at);
            let worker = known.probes.get_mut(kind as usize)?;
            worker.last = Some(at);
            let good = match answer {
                Answer::Unknown(why) => {
                    let message = words::errored(self.cluster, kind.word(), &why);
                    self.event(path, EventType::Warning, "Unhealthy", &message);
                    continue;
                }
                Answer::Good => true,
                Answer::Bad(why) => {
                    let message = format!("{} probe failed: {why}", kind.word());
                    self.event(path, EventType::Warning, "Unhealthy", &message);
                    false
                }
            };
            let in_row = worker.run.filter(|(g, _)| *g == good).map_or(1, |(_, n)| n + 1);
            worker.run = Some((good, in_row));
            let enough = if good {
                number(probe, "successThreshold", 1)
            } else {
                number(probe, "failureThreshold", 3)
            };
            if in_row < enough {
                continue;
            }
            worker.result = Some(good);
            if kind == Kind::Startup && good {
                known.ready_from = at;
            }
            if !good && kind != Kind::Readiness {
                let grace = probe.i64_at(&["terminationGracePeriodSeconds"]);
                return Some((kind, grace.unwrap_or_else(|| self.grace())));
            }
        }
        None
    }

    /// Asks once.
    fn ask(
        &mut self,
        running: &Running,
        known: &Container,
        c: &Value,
        probe: &Value,
        at: Timestamp,
    ) -> Answer {
        let timeout = number(probe, "timeoutSeconds", 1).max(1);
        if let Some(exec) = probe.get("exec") {
            let argv: Vec<String> =
                exec.list_at(&["command"]).iter().filter_map(Value::as_str).map(str::to_owned).collect();
            let (result, took) = self.run_inside(known, &argv, at);
            return match result {
                Err(why) => Answer::Unknown(format!("rpc error: code = Unknown desc = {why}")),
                Ok(_) if took > timeout * 1000 => Answer::Bad(format!(
                    "command timed out: \"{}\" timed out after {}",
                    argv.join(" "),
                    words::duration(timeout)
                )),
                Ok(o) if o.exit == 0 => Answer::Good,
                Ok(o) => Answer::Bad(String::from_utf8_lossy(&[o.stdout, o.stderr].concat()).into_owned()),
            };
        }
        let machine = &self.node.machine;
        if let Some(get) = probe.get("httpGet") {
            return match port(get.get("port"), c) {
                Err(why) => Answer::Unknown(why),
                Ok(port) => http(machine, &running.ip, get, port),
            };
        }
        if let Some(tcp) = probe.get("tcpSocket") {
            let host = host(tcp, &running.ip);
            return match port(tcp.get("port"), c) {
                Err(why) => Answer::Unknown(why),
                Ok(port) if programs::listener(machine, host, port, false).is_some() => Answer::Good,
                Ok(port) => Answer::Bad(refused(host, port)),
            };
        }
        let number = probe.i64_at(&["grpc", "port"]).and_then(|p| u16::try_from(p).ok()).unwrap_or(0);
        // nginx and its like do not speak it; of a server nothing is known of it is believed that it does.
        let speaks =
            |comm: &str| !matches!(comm, "nginx" | "httpd" | "httpd-foreground" | "redis-server" | "nc");
        match programs::listener(machine, &running.ip, number, false) {
            Some(p) if speaks(&p.comm) => Answer::Good,
            _ => Answer::Bad(format!(
                "timeout: failed to connect service \"{}:{number}\" within {}: context deadline exceeded",
                running.ip,
                words::duration(timeout)
            )),
        }
    }
}

fn host<'a>(handler: &'a Value, ip: &'a str) -> &'a str {
    match handler.str_at(&["host"]) {
        "" => ip,
        "localhost" => "127.0.0.1",
        host => host,
    }
}

fn refused(host: &str, port: u16) -> String {
    format!("dial tcp {host}:{port}: connect: connection refused")
}

/// The number behind a port, which may be the name of one of the container's.
fn port(given: Option<&Value>, c: &Value) -> Result<u16, String> {
    let Some(given) = given else { return Err("invalid port number: 0".to_owned()) };
    let value = match given.as_str() {
        None => given.as_i64().unwrap_or(0),
        Some(name) => {
            let named = c.list_at(&["ports"]).iter().find(|p| p.str_at(&["name"]) == name);
            match named.and_then(|p| p.i64_at(&["containerPort"])) {
                Some(port) => port,
                None => {
                    name.parse().map_err(|_| format!("strconv.Atoi: parsing \"{name}\": invalid syntax"))?
                }
            }
        }
    };
    u16::try_from(value).ok().filter(|p| *p > 0).ok_or_else(|| format!("invalid port number: {value}"))
}

fn http(machine: &Machine, ip: &str, get: &Value, port: u16) -> Answer {
    let host = host(get, ip);
    let scheme = if get.str_at(&["scheme"]) == "HTTPS" { "https" } else { "http" };
    let path = match get.str_at(&["path"]) {
        p if p.starts_with('/') => p.to_owned(),
        p => format!("/{p}"),
    };
    let url = format!("{scheme}://{host}:{port}{path}");
    let Some(process) = programs::listener(machine, host, port, false) else {
        return Answer::Bad(format!("Get \"{url}\": {}", refused(host, port)));
    };
    if scheme == "https" {
        return Answer::Bad(format!("Get \"{url}\": http: server gave HTTP response to HTTPS client"));
    }
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: kube-probe\r\n\r\n");
    let bytes = programs::answer(machine, &process, port, request.as_bytes());
    let text = String::from_utf8_lossy(&bytes);
    match text.strip_prefix("HTTP/1.1 ").and_then(|t| t.split(' ').next()).and_then(|c| c.parse::<u16>().ok())
    {
        Some(200..400) => Answer::Good,
        Some(code) => Answer::Bad(format!("HTTP probe failed with statuscode: {code}")),
        None => Answer::Bad(format!("Get \"{url}\": EOF")),
    }
}

/// An HTTP request of a lifecycle hook: whether anybody answered.
pub(super) fn hook_request(machine: &Machine, ip: &str, get: &Value, c: &Value) -> Result<(), String> {
    let port = port(get.get("port"), c)?;
    match http(machine, ip, get, port) {
        Answer::Bad(why) if why.starts_with("Get ") => Err(why),
        _ => Ok(()),
    }
}

/// Why a container that failed a probe is killed.
pub(super) fn killing(cluster: &Cluster, kind: Kind, name: &str, again: bool) -> String {
    let _ = cluster;
    let more = if again { ", will be restarted" } else { "" };
    format!("Container {name} failed {} probe{more}", kind.word().to_lowercase())
}
