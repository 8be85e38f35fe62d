//! What is asked over a connection that policies let through: an HTTP request, a DNS question.
//!
//! Only Cilium looks that far. Anything else lets all requests pass over a connection that may be opened.

use super::cilium::Requests;
use super::compile::Network;
use super::decide::{Placed, Reason};
use super::explain::End;
use super::policy::{Direction, Port, Rule};
use crate::decision::{Bearing, Cause};

/// An HTTP request, as a proxy on the way sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`
    pub method: String,
    /// The path with its query, `/a?b=c`.
    pub path: String,
    /// The `Host` header.
    pub host: String,
    /// The other headers, names as sent.
    pub headers: Vec<(String, String)>,
}

/// The fate of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestVerdict {
    /// Whether the connection is made at all. Where it is not, packets are dropped and the client times out.
    pub connects: bool,
    /// Whether the request is let through as well. Where a connection is made and this is false, a proxy answers:
    /// HTTP 403 with the body `Access denied\r\n`, DNS with REFUSED.
    pub allowed: bool,
    /// Whether a proxy reads the requests of this connection. Addresses in DNS answers that one lets through are learnt
    /// (see [`super::Learned::learn`]).
    pub proxied: bool,
    /// What decided it.
    pub because: Vec<Cause>,
}

impl Network {
    /// The fate of an HTTP request.
    #[must_use]
    pub fn http(&self, from: End, to: End, port: Port, request: &HttpRequest) -> RequestVerdict {
        let what = format!("{} {}", request.method, request.path);
        self.request(from, to, port, &what, false, &|asked: &Requests| asked.let_http(request))
    }

    /// The fate of a DNS question for `name` (fully qualified, the final dot may be missing).
    #[must_use]
    pub fn dns(&self, from: End, to: End, port: Port, name: &str) -> RequestVerdict {
        self.request(from, to, port, name, true, &|asked: &Requests| asked.let_name(name))
    }

    /// The fate of a TLS connection whose client asks for a server by this name; empty where it names none, or speaks no
    /// TLS. One that is not let through is ended.
    #[must_use]
    pub fn tls(&self, from: End, to: End, port: Port, name: &str) -> RequestVerdict {
        let what = if name.is_empty() { "no name" } else { name };
        self.request(from, to, port, what, false, &|asked: &Requests| asked.let_tls(name))
    }

    /// Whether some rule that admits a connection asks for the name in TLS.
    #[must_use]
    pub fn reads_server_name(&self, from: End, to: End, port: Port) -> bool {
        [Direction::Egress, Direction::Ingress].into_iter().any(|direction| {
            let decided = self.decide(&self.asked(direction, from, to, port));
            decided.admitting.iter().any(|p| matches!(requests(p.1), Some(Requests::Tls(_))))
        })
    }

    fn request(
        &self,
        from: End,
        to: End,
        port: Port,
        what: &str,
        dns: bool,
        lets: &dyn Fn(&Requests) -> bool,
    ) -> RequestVerdict {
        let flow = self.flow(from, to, port);
        let connects = flow.allowed();
        let mut verdict = RequestVerdict {
            connects,
            allowed: connects,
            proxied: false,
            because: flow.because().into_iter().cloned().collect(),
        };
        if !connects || from == to {
            return verdict;
        }
        for direction in [Direction::Egress, Direction::Ingress] {
            let asked = self.asked(direction, from, to, port);
            let decided = self.decide(&asked);
            let reads = |(_, r): &&Placed<'_>| requests(r).is_some();
            if !decided.admitting.iter().any(|p| reads(&p)) {
                continue;
            }
            verdict.proxied = true;
            // Who is not isolated is let do anything, although a proxy reads along.
            let isolated = decided.selecting.iter().any(|(_, s)| s.isolates);
            if !isolated || matches!(decided.reason, Reason::OwnNode) {
                continue;
            }
            let lets = |placed: &&Placed<'_>| match requests(placed.1) {
                Some(requests) => lets(requests),
                None => !dns || asked.names_port(placed.1),
            };
            let letting = decided.admitting.iter().find(lets);
            let refused = letting.is_none();
            if refused && verdict.allowed {
                verdict.because.clear();
                verdict.allowed = false;
            }
            if let Some(placed) = letting.filter(|_| verdict.allowed) {
                verdict.because.push(self.told(from, placed, Bearing::Decided, what));
            } else if refused {
                let near = decided.admitting.iter().filter(reads);
                verdict.because.extend(near.map(|p| self.told(from, p, Bearing::NearMiss, what)));
            }
        }
        verdict
    }

    fn told(&self, from: End, placed: &Placed<'_>, bearing: Bearing, what: &str) -> Cause {
        let who = self.describe(from);
        let listed = requests(placed.1).map_or_else(|| "anything".to_owned(), Requests::text);
        let text = match bearing {
            Bearing::NearMiss => format!("lets {who} ask for {listed}, but not for {what}"),
            _ => format!("lets {who} ask for {listed}"),
        };
        self.about_request(placed, bearing, &text)
    }
}

fn requests(rule: &Rule) -> Option<&Requests> {
    rule.beyond.as_ref()?.requests.as_ref()
}
