//! Sidecars on the way: what Envoy in front of a pod does with what arrives.
//!
//! Models Istio's sidecar with its default configuration; who may do what is core's `network::istio`.

use gatehouse_core::Cluster;
use gatehouse_core::network::istio::ClientTls;
use gatehouse_core::network::{HttpRequest, istio, services};
use gatehouse_model::Object;

use super::{Conversation, Heard, Reach, Request, Response, Said};

/// Ports that a sidecar does not take over.
const OWN: [u16; 3] = [15020, 15021, 15090];

/// What a sidecar makes of something that arrives.
pub(super) enum Meeting {
    /// There is none.
    Plain,
    /// It lets it through; what the server header says.
    Inside(&'static str),
    /// It answers itself.
    Answered(Box<Heard>),
}

fn pod_at(cluster: &Cluster, ip: std::net::IpAddr) -> Option<&Object> {
    let text = ip.to_string();
    let here = |p: &&std::sync::Arc<Object>| {
        p.str_at(&["status", "podIP"]) == text && p.bool_at(&["spec", "hostNetwork"]) != Some(true)
    };
    cluster.store.list("pods", None).find(here).map(|p| &**p)
}

/// Lets the sidecar of the pod that packets arrive at look at them.
pub(super) fn meet(cluster: &Cluster, talk: &Conversation, said: &Said) -> Meeting {
    let Said::Bytes(hello, bytes) = said else { return Meeting::Plain };
    let client = pod_at(cluster, talk.seen).filter(|p| istio::has_sidecar(p));
    let told = client.filter(|_| !bytes.is_empty()).and_then(|client| told(cluster, client, talk.to));
    let Some(pod) = pod_at(cluster, talk.end.ip()).filter(|p| istio::has_sidecar(p)) else {
        // Nobody there speaks TLS.
        return match told {
            Some(ClientTls::IstioMutual | ClientTls::Other) => {
                Meeting::Answered(Box::new(unreachable(cluster, said, NO_TLS)))
            }
            _ => Meeting::Plain,
        };
    };
    // A connection that says nothing was taken by the proxy and is over.
    if OWN.contains(&talk.end.port()) || bytes.is_empty() {
        return Meeting::Plain;
    }
    let (mode, _) = istio::peer_mode(&cluster.store, pod, talk.end.port());
    let mutual = told.is_none() || told == Some(ClientTls::IstioMutual);
    if mode == istio::Mode::Disable && told.is_some_and(|t| t != ClientTls::Disable) {
        return Meeting::Answered(Box::new(unreachable(cluster, said, NO_TLS)));
    }
    let principal = client.filter(|_| mutual && mode != istio::Mode::Disable).map(istio::principal);
    if mode == istio::Mode::Strict && principal.is_none() {
        // The client's own sidecar says so to its pod.
        return Meeting::Answered(Box::new(match client {
            Some(_) => unreachable(cluster, said, ENDED),
            None => Heard::Reset,
        }));
    }
    let http = if hello.is_some() { None } else { Request::parse(bytes) }.map(|r| HttpRequest {
        host: r.header("host").unwrap_or("").to_owned(),
        method: r.method,
        path: r.path,
        headers: r.headers,
    });
    let request = istio::Request {
        principal: principal.as_deref(),
        source: talk.seen,
        destination: talk.end.ip(),
        port: talk.end.port(),
        http: http.as_ref(),
    };
    let by = if client.is_some() { "envoy" } else { "istio-envoy" };
    let (allowed, _) = istio::authorize(&cluster.store, pod, &request);
    if allowed {
        return Meeting::Inside(by);
    }
    let Some(http) = http else { return Meeting::Answered(Box::new(Heard::Reset)) };
    let refused = Response::new(403, "text/plain", "RBAC: access denied");
    let heard = Heard::Bytes(None, with_date(refused, cluster.now.0).bytes(&http.method));
    Meeting::Answered(Box::new(through(heard, by)))
}

/// What Envoy says where TLS was spoken to somebody who does not.
const NO_TLS: &str = "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure, transport failure reason: TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end";
/// What Envoy says where the other end broke off what was not TLS.
const ENDED: &str =
    "upstream connect error or disconnect/reset before headers. reset reason: connection termination";

/// What a client's sidecar was told to speak to the service behind an address.
fn told(cluster: &Cluster, client: &Object, to: std::net::SocketAddr) -> Option<ClientTls> {
    istio::client_tls(&cluster.store, client.namespace(), service_at(cluster, to.ip())?, to.port())
}

/// The service that has an address.
fn service_at(cluster: &Cluster, ip: std::net::IpAddr) -> Option<&Object> {
    let text = ip.to_string();
    cluster.store.list("services", None).find(|s| s.str_at(&["spec", "clusterIP"]) == text).map(|s| &**s)
}

fn with_date(response: Response, now: i64) -> Response {
    response.with("date", crate::programs::http_date(now))
}

/// What Envoy makes of an answer: names of headers in small letters, its own name for the server's.
pub(super) fn through(heard: Heard, by: &str) -> Heard {
    let Heard::Bytes(hello, bytes) = &heard else { return heard };
    let Some(mut response) = Response::parse(bytes) else { return heard };
    let hidden = ["server", "connection", "keep-alive"];
    response.headers.retain(|(n, _)| !hidden.iter().any(|h| n.eq_ignore_ascii_case(h)));
    for (name, _) in &mut response.headers {
        name.make_ascii_lowercase();
    }
    let response = response.with("x-envoy-upstream-service-time", "1").with("server", by);
    Heard::Bytes(hello.clone(), response.bytes(""))
}

/// What a client's sidecar says when it cannot reach a service: it takes every connection of its pod to one.
pub(super) fn upstream_failure(
    cluster: &Cluster,
    from: std::net::IpAddr,
    to: std::net::SocketAddr,
    reach: &Reach,
) -> Option<&'static str> {
    pod_at(cluster, from).filter(|p| istio::has_sidecar(p))?;
    let service = service_at(cluster, to.ip())?;
    let port = |p: &&gatehouse_model::Value| p.i64_at(&["port"]) == Some(i64::from(to.port()));
    let port = service.list_at(&["spec", "ports"]).iter().find(port)?;
    if services::endpoints(&cluster.store, service, port.str_at(&["name"])).is_empty() {
        return Some("no healthy upstream");
    }
    Some(match reach {
        Reach::TimedOut => {
            "upstream connect error or disconnect/reset before headers. reset reason: connection timeout"
        }
        _ => {
            "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused"
        }
    })
}

/// The sidecar's own answer to a request that reaches nobody.
pub(super) fn unreachable(cluster: &Cluster, said: &Said, why: &str) -> Heard {
    match said {
        Said::Bytes(None, bytes) => match Request::parse(bytes) {
            Some(request) => {
                let response = with_date(Response::new(503, "text/plain", why), cluster.now.0);
                Heard::Bytes(None, response.with("server", "envoy").bytes(&request.method))
            }
            None if bytes.is_empty() => Heard::Bytes(None, Vec::new()),
            None => Heard::Reset,
        },
        _ => Heard::Reset,
    }
}
