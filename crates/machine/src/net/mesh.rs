//! Sidecars on the way: what Envoy in front of a pod does with what arrives.
//!
//! Models Istio's sidecar with its default configuration; who may do what is core's `network::istio`.

use gatehouse_core::Cluster;
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
    Answered(Heard),
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
    let Some(pod) = pod_at(cluster, talk.end.ip()).filter(|p| istio::has_sidecar(p)) else {
        return Meeting::Plain;
    };
    // A connection that says nothing was taken by the proxy and is over.
    if OWN.contains(&talk.end.port()) || bytes.is_empty() {
        return Meeting::Plain;
    }
    let client = pod_at(cluster, talk.seen).filter(|p| istio::has_sidecar(p));
    let (mode, _) = istio::peer_mode(&cluster.store, pod, talk.end.port());
    let principal = client.filter(|_| mode != istio::Mode::Disable).map(istio::principal);
    if mode == istio::Mode::Strict && principal.is_none() {
        return Meeting::Answered(Heard::Reset);
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
    let Some(http) = http else { return Meeting::Answered(Heard::Reset) };
    let refused = Response::new(403, "text/plain", "RBAC: access denied");
    let heard = Heard::Bytes(None, with_date(refused, cluster.now.0).bytes(&http.method));
    Meeting::Answered(through(heard, by))
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
    let text = to.ip().to_string();
    let service = cluster.store.list("services", None).find(|s| s.str_at(&["spec", "clusterIP"]) == text)?;
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
