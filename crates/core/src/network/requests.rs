//! What is asked over a connection that policies let through: an HTTP request, a DNS question.
//!
//! Only Cilium looks that far. Anything else lets all requests pass over a connection that may be opened.

use super::compile::{Network, Port};
use super::explain::End;
use crate::decision::Cause;

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
        let _ = request;
        self.request(from, to, port)
    }

    /// The fate of a DNS question for `name` (fully qualified, the final dot may be missing).
    #[must_use]
    pub fn dns(&self, from: End, to: End, port: Port, name: &str) -> RequestVerdict {
        let _ = name;
        self.request(from, to, port)
    }

    fn request(&self, from: End, to: End, port: Port) -> RequestVerdict {
        let flow = self.flow(from, to, port);
        let allowed = flow.allowed();
        let because = [flow.egress, flow.ingress]
            .into_iter()
            .filter(|half| allowed || !half.allowed)
            .flat_map(|half| half.because)
            .collect();
        RequestVerdict { connects: allowed, allowed, proxied: false, because }
    }
}
