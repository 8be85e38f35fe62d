//! Probes of the control plane's static pods: whether a component answers where its manifest says it does, and what the
//! kubelet does where it does not.
//!
//! A component is looked at when it starts; what answers well then is believed to go on so, and is ready at once.
//! Models pkg/kubelet/prober for `httpGet`; other probes are taken to answer well.

use std::sync::Arc;

use gatehouse_core::controllers::events::{self, EventType, Source};
use gatehouse_core::{Cluster, Credential, Request, Target, Timestamp, Verb, server};
use gatehouse_model::{Object, Value};

use super::flags::Flags;
use super::manifest::Manifest;
use crate::kubelet::probe::Kind;
use crate::machine::Machine;

/// A port a component listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The address; `*` for all.
    pub address: String,
    /// The number.
    pub port: u16,
    /// Whether TLS is spoken there.
    pub tls: bool,
}

/// The ports that a component's command line opens.
pub(super) fn ports(program: &str, manifest: &Manifest) -> Vec<Port> {
    let Ok(flags) = Flags::parse(program, manifest.argv().skip(1)) else { return Vec::new() };
    if program == "etcd" {
        let lists = ["listen-client-urls", "listen-peer-urls", "listen-metrics-urls"];
        let urls = lists.iter().flat_map(|name| flags.list(name));
        return urls
            .filter_map(|url| {
                let (scheme, rest) = url.split_once("://")?;
                let (address, port) = rest.trim_end_matches('/').rsplit_once(':')?;
                Some(Port { address: address.to_owned(), port: port.parse().ok()?, tls: scheme == "https" })
            })
            .collect();
    }
    let usual = match program {
        "kube-apiserver" => 6443,
        "kube-controller-manager" => 10257,
        _ => 10259,
    };
    let port = u16::try_from(flags.number("secure-port", usual)).unwrap_or(0);
    let address = match flags.text("bind-address") {
        "" | "0.0.0.0" | "::" => "*",
        given => given,
    };
    if port == 0 { Vec::new() } else { vec![Port { address: address.to_owned(), port, tls: true }] }
}

/// A probe that fails.
#[derive(Clone, Debug)]
pub(super) struct Failing {
    pub(super) kind: Kind,
    why: String,
    /// When it is made next.
    next: i64,
    period: i64,
    /// How many more failures the kubelet bears.
    left: i64,
}

/// The probes of a component that has just started which fail: none of the others as long as it has not started.
#[inline(never)]
pub(super) fn examine(
    machine: &Machine,
    cluster: &Cluster,
    program: &str,
    manifest: &Manifest,
) -> Vec<Failing> {
    let now = machine.now.0;
    let ports = ports(program, manifest);
    let mut failing = Vec::new();
    for kind in Kind::ALL {
        let field = kind.field();
        let Some(probe) = manifest.container.get(field).filter(|p| p.get("httpGet").is_some()) else {
            continue;
        };
        let Err(why) = ask(cluster, program, manifest, probe, &ports) else { continue };
        let number = |key: &str, default: i64| probe.i64_at(&[key]).unwrap_or(default).max(1);
        let period = number("periodSeconds", 10) * 1000;
        let delay = probe.i64_at(&["initialDelaySeconds"]).unwrap_or(0) * 1000;
        let next = now + delay.max(if kind == Kind::Readiness { 0 } else { period });
        failing.push(Failing { kind, why, next, period, left: number("failureThreshold", 3) });
        if kind == Kind::Startup {
            break;
        }
    }
    failing
}

/// Asks once.
fn ask(
    cluster: &Cluster,
    program: &str,
    manifest: &Manifest,
    probe: &Value,
    ports: &[Port],
) -> Result<(), String> {
    let get = probe.get("httpGet").cloned().unwrap_or_default();
    let named = manifest.container.list_at(&["ports"]);
    let port = match get.get("port").and_then(Value::as_str) {
        Some(name) => {
            named.iter().find(|p| p.str_at(&["name"]) == name).and_then(|p| p.i64_at(&["containerPort"]))
        }
        None => get.i64_at(&["port"]),
    };
    let port = port.and_then(|p| u16::try_from(p).ok()).unwrap_or(0);
    let host = match get.str_at(&["host"]) {
        "" => "172.30.1.2",
        "localhost" => "127.0.0.1",
        host => host,
    };
    let https = get.str_at(&["scheme"]).eq_ignore_ascii_case("https");
    let path = format!("/{}", get.str_at(&["path"]).trim_start_matches('/'));
    let url = format!("{}://{host}:{port}{path}", if https { "https" } else { "http" });
    let open = ports.iter().find(|p| p.port == port && (p.address == "*" || p.address == host));
    let Some(open) = open else {
        return Err(format!("Get \"{url}\": dial tcp {host}:{port}: connect: connection refused"));
    };
    if https && !open.tls {
        return Err(format!("Get \"{url}\": http: server gave HTTP response to HTTPS client"));
    }
    let code = match (open.tls && !https, program) {
        (true, _) => 400,
        (_, "kube-apiserver") => {
            let request = Request::new(Credential::Anonymous, Verb::Get, Target::Path(path));
            server::handle(&mut cluster.clone(), &request).result.map_or_else(|status| status.code, |_| 200)
        }
        (_, "etcd") if matches!(path.as_str(), "/livez" | "/readyz" | "/health" | "/metrics") => 200,
        (_, "kube-controller-manager" | "kube-scheduler")
            if matches!(path.as_str(), "/healthz" | "/livez" | "/readyz") =>
        {
            200
        }
        (_, "etcd") => 404,
        _ => 403,
    };
    if code == 200 { Ok(()) } else { Err(format!("HTTP probe failed with statuscode: {code}")) }
}

/// When the next probe is made that may end in a container's death.
pub(super) fn alarm(failing: &[Failing]) -> Option<i64> {
    failing.iter().filter(|f| f.kind != Kind::Readiness && f.left > 0).map(|f| f.next).min()
}

/// Makes the probes that are due. Says which components want to be started again.
#[inline(never)]
pub(super) fn tick(machine: &mut Machine, cluster: &mut Cluster) -> Vec<String> {
    let now = machine.now.0;
    let host = machine.space(crate::machine::HOST).map(|s| s.hostname.clone()).unwrap_or_default();
    let mut dead = Vec::new();
    let mut told = Vec::new();
    let services = Arc::make_mut(&mut machine.services);
    for (name, component) in services.components.iter_mut().filter(|(_, c)| c.is_running()) {
        for probe in component.failing_mut() {
            // More of one kind is not heard by whoever keeps the events.
            for _ in 0..25 {
                if probe.next > now || probe.left <= 0 && probe.kind != Kind::Readiness {
                    break;
                }
                told.push((
                    name.clone(),
                    EventType::Warning,
                    "Unhealthy",
                    format!("{} probe failed: {}", probe.kind.word(), probe.why),
                ));
                probe.next += probe.period;
                probe.left -= 1;
                if probe.left == 0 && probe.kind != Kind::Readiness {
                    let what = probe.kind.word().to_lowercase();
                    told.push((
                        name.clone(),
                        EventType::Normal,
                        "Killing",
                        format!("Container {name} failed {what} probe, will be restarted"),
                    ));
                    dead.push(name.clone());
                }
            }
            if probe.kind == Kind::Readiness && probe.next <= now {
                probe.next = now + probe.period;
            }
        }
        if let Some(at) = component.failing().and_then(alarm) {
            cluster.controllers.alarm(Timestamp(at));
        }
    }
    for name in &dead {
        let container = services.containers.iter().find(|c| c.name == *name && c.from_manifest && c.running);
        if let Some((id, uid)) = container.map(|c| (c.id.clone(), c.uid.clone())) {
            let pod = format!("{name}-{host}");
            services.kubelet_says('I', now, &format!("kuberuntime_container.go:864] \"Killing container with a grace period\" pod=\"kube-system/{pod}\" podUID=\"{uid}\" containerName=\"{name}\" containerID=\"containerd://{id}\" gracePeriod=30"));
        }
    }
    for (name, kind, reason, message) in told {
        tell(cluster, &host, &name, kind, reason, &message);
    }
    dead
}

/// An event about a component's pod, where its mirror can be told.
pub(super) fn tell(
    cluster: &mut Cluster,
    host: &str,
    name: &str,
    kind: EventType,
    reason: &str,
    message: &str,
) {
    if !cluster.config.is_found() {
        return;
    }
    let pod = cluster.store.get("pods", "kube-system", &format!("{name}-{host}")).cloned();
    let Some(pod) = pod else { return };
    let object: &Object = &pod;
    let source = Source { component: "kubelet", host };
    events::record(cluster, source, object, &format!("spec.containers{{{name}}}"), kind, reason, message);
}
