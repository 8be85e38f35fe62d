//! What listens on a node itself: the kubelet, and on a control plane the API server and etcd.

use gatehouse_core::Cluster;

use super::apiserver;
use super::{Certificate, Heard, Request, Response, Said, ServerHello};
use crate::machine::Machine;
use crate::node::kubelet_config;

const ETCD: u16 = 2379;
const SSH: u16 = 22;
/// kube-proxy's health.
const PROXY: u16 = 10256;

/// Whether a node's own port is open.
pub(super) fn listens(cluster: &Cluster, node: &str, machine: Option<&Machine>, port: u16) -> bool {
    let control = node == "controlplane";
    let Some(services) = machine.map(|m| &m.services) else { return false };
    match port {
        port if control && port == cluster.config.secure_port => cluster.config.up,
        ETCD => control && services.etcd.is_some(),
        SSH | PROXY => true,
        port => {
            let kubelet = &services.kubelet;
            services.runs("kubelet") && [kubelet.port, kubelet.read_only_port].contains(&i64::from(port))
        }
    }
}

/// What it answers.
pub(super) fn answer(
    cluster: &mut Cluster,
    node: &str,
    machine: Option<&Machine>,
    port: u16,
    said: &Said,
) -> Heard {
    let (Said::Bytes(hello, bytes), Some(machine)) = (said, machine) else { return Heard::Silence };
    let plain = port == PROXY || i64::from(port) == machine.services.kubelet.read_only_port;
    let text = |code, text: String| Response::new(code, "text/plain; charset=utf-8", text);
    if port == SSH {
        return Heard::Bytes(None, b"SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13.5\r\n".to_vec());
    }
    let hello = match hello {
        Some(_) if plain => return Heard::NotTls,
        Some(hello) => hello.clone(),
        None if plain => super::ClientHello::default(),
        None if bytes.is_empty() => return Heard::Bytes(None, Vec::new()),
        None => {
            let text = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
            return Heard::Bytes(None, text.as_bytes().to_vec());
        }
    };
    let api = node == "controlplane" && port == cluster.config.secure_port;
    let agreed = if plain {
        super::tls::Agreed::default()
    } else {
        let server = match port {
            _ if api => &machine.services.server.tls,
            ETCD => &machine.services.etcd_tls,
            _ => &machine.services.kubelet.tls,
        };
        match server.agree(&hello) {
            Ok(agreed) => agreed,
            Err(alert) => return Heard::Alert(alert),
        }
    };
    let shown = (!plain).then(|| {
        let (certificate, chain) = certificate(cluster, node, machine, port, api);
        let asks_for: &[&str] = match port {
            _ if api => &["kubernetes", "front-proxy-ca"],
            ETCD => &["etcd-ca"],
            _ => &["kubernetes"],
        };
        let asks_for = asks_for.iter().map(|n| (*n).to_owned()).collect();
        ServerHello { certificate, http2: hello.http2 && port != ETCD, tls: agreed, chain, asks_for }
    });
    // Who says nothing has seen what the server shows before he is turned away.
    if bytes.is_empty() {
        return Heard::Bytes(shown, Vec::new());
    }
    if port == ETCD && machine.services.etcd_client_auth && hello.certificate.is_none() {
        return Heard::Alert("tlsv13 alert certificate required");
    }
    let Some(request) = Request::parse(bytes) else { return Heard::Bytes(None, Vec::new()) };
    let response = match port {
        _ if api => apiserver::answer(cluster, &hello, &request),
        ETCD => text(404, "404 page not found\n".to_owned()),
        PROXY => text(200, "{\"lastUpdated\": \"\",\"nodeEligible\": true}".to_owned()),
        _ => {
            let who = apiserver::identity(&hello, &request);
            match kubelet_config::answer(machine, cluster, node, port, &request.path, &who) {
                Some((code, body)) => text(code, body),
                None => return Heard::Reset,
            }
        }
    };
    Heard::Bytes(shown, response.bytes(&request.method))
}

/// The certificate of a port: the file its server was started with, or what a kubelet signs for itself.
fn certificate(
    cluster: &Cluster,
    node: &str,
    machine: &Machine,
    port: u16,
    api: bool,
) -> (Certificate, Vec<Vec<u8>>) {
    let file = match port {
        _ if api => "/etc/kubernetes/pki/apiserver.crt",
        ETCD => "/etc/kubernetes/pki/etcd/server.crt",
        _ => "/var/lib/kubelet/pki/kubelet.crt",
    };
    let text = machine.read_file(file).map(|t| String::from_utf8_lossy(&t).into_owned()).unwrap_or_default();
    let mut all = Certificate::all(&text).into_iter();
    if let Some(found) = all.next() {
        return (found, all.map(|c| c.der).collect());
    }
    if api {
        return (apiserver::certificate(cluster), Vec::new());
    }
    let stamp = gatehouse_core::Timestamp::GENESIS.seconds();
    let name = |n: String| vec![("CN".to_owned(), n)];
    let made = Certificate {
        subject: name(format!("{node}@{stamp}")),
        issuer: name(format!("{node}-ca@{stamp}")),
        names: vec![node.to_owned()],
        from: (stamp - 3600) * 1000,
        until: (stamp + 365 * 86_400) * 1000,
        ..Certificate::default()
    };
    (made, Vec::new())
}
