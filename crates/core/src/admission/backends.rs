//! The backends that admission calls, as tables: what they answer, and what is said where nobody does.
//!
//! Models the client of apiserver `pkg/util/webhook` and Go's `net` errors; names are asked of the nodes' own resolver.

use std::net::IpAddr;

use gatehouse_model::Value;

/// The resolver of programs in the host's network.
const RESOLVER: &str = "8.8.8.8:53";

/// What a simulated backend answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backend {
    /// The first rule that fits decides; none means yes.
    pub rules: Vec<Rule>,
    /// Whether it is Istio's injector, which gives pods their sidecars.
    pub sidecars: bool,
}

/// One answer of a backend.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// Where to look: `spec.containers[*].image`.
    pub field: String,
    /// What must stand there, `*` for any text; a missing field counts as empty.
    pub pattern: String,
    /// Whether the request is allowed.
    pub allowed: bool,
    /// What the backend says.
    pub message: String,
    /// The operations of a JSON patch, for mutating webhooks.
    pub patch: Vec<Value>,
    /// Warnings for the user.
    pub warnings: Vec<String>,
}

/// How a call begins that fails: `Post "https://…?timeout=30s":`.
pub(super) fn post(address: &str, seconds: i64) -> String {
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("Post \"{address}{separator}timeout={seconds}s\":")
}

/// What the client says of an address where nobody answers.
#[must_use]
pub fn nobody(address: &str, seconds: i64) -> String {
    let start = post(address, seconds);
    let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (host, port) =
        authority.rsplit_once(':').unwrap_or((authority, if scheme == "http" { "80" } else { "443" }));
    if host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        let host = if host == "localhost" { "127.0.0.1" } else { host };
        return format!("{start} dial tcp {host}:{port}: connect: connection refused");
    }
    format!("{start} dial tcp: lookup {host} on {RESOLVER}: no such host")
}
