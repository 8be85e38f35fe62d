//! AuthorizationPolicy.
//!
//! A policy of the root namespace counts in every namespace. CUSTOM comes before DENY and DENY before ALLOW; where ALLOW policies exist, one of
//! them must match. AUDIT decides nothing.

use std::net::IpAddr;

use gatehouse_model::{Object, Value};

use super::{ROOT, cause, selects};
use crate::decision::{Bearing, Cause};
use crate::network::Cidr;
use crate::network::requests::HttpRequest;
use crate::store::Store;

const POLICIES: &str = "authorizationpolicies.security.istio.io";

/// What a sidecar knows of a request, or of a connection that carries none.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The identity the client proved, if it did.
    pub principal: Option<&'a str>,
    /// The client's address.
    pub source: IpAddr,
    /// The workload's address.
    pub destination: IpAddr,
    /// The port.
    pub port: u16,
    /// The HTTP request; `None` where the connection carries something else.
    pub http: Option<&'a HttpRequest>,
}

impl Request<'_> {
    fn namespace(&self) -> Option<&str> {
        self.principal?.split('/').nth(2)
    }

    fn account(&self) -> Option<String> {
        let mut parts = self.principal?.split('/').skip(2);
        let namespace = parts.next()?;
        Some(format!("{namespace}/{}", parts.nth(1)?))
    }
}

/// Whether a workload's sidecar lets a request through, and why.
#[must_use]
pub fn authorize(store: &Store, pod: &Object, request: &Request<'_>) -> (bool, Vec<Cause>) {
    let mine: Vec<&Object> = store
        .list(POLICIES, None)
        .map(|p| &**p)
        .filter(|p| (p.namespace() == pod.namespace() || p.namespace() == ROOT) && selects(p, pod))
        .collect();
    let action = |p: &Object| match p.str_at(&["spec", "action"]) {
        "" => "ALLOW".to_owned(),
        action => action.to_owned(),
    };
    let mut notes = Vec::new();
    for policy in mine.iter().filter(|p| action(p) == "CUSTOM") {
        if let Some(i) = matching(policy, request, true) {
            let field = format!("spec.rules[{i}]");
            let text = format!(
                "{field} asks the extension provider \"{}\", which this mesh does not have, so the request is denied",
                policy.str_at(&["spec", "provider", "name"])
            );
            return (false, vec![cause(policy, &field, Bearing::Decided, text)]);
        }
    }
    for policy in mine.iter().filter(|p| action(p) == "DENY") {
        if let Some(i) = matching(policy, request, true) {
            let field = format!("spec.rules[{i}]");
            return (
                false,
                vec![cause(policy, &field, Bearing::Decided, format!("{field} denies the request"))],
            );
        }
    }
    let allowing: Vec<&&Object> = mine.iter().filter(|p| action(p) == "ALLOW").collect();
    if allowing.is_empty() {
        return (true, notes);
    }
    for policy in &allowing {
        if let Some(i) = matching(policy, request, false) {
            let field = format!("spec.rules[{i}]");
            return (
                true,
                vec![cause(policy, &field, Bearing::Decided, format!("{field} allows the request"))],
            );
        }
    }
    for policy in allowing {
        let text = if policy.list_at(&["spec", "rules"]).is_empty() {
            "has no rule, so it allows nothing"
        } else {
            "has no rule that matches the request"
        };
        notes.push(cause(policy, "spec.rules", Bearing::NearMiss, text.to_owned()));
    }
    (false, notes)
}

/// The first rule of a policy that matches.
fn matching(policy: &Object, request: &Request<'_>, denies: bool) -> Option<usize> {
    policy.list_at(&["spec", "rules"]).iter().position(|rule| {
        let any = |list: &str, one: &dyn Fn(&Value) -> bool| {
            let all = rule.list_at(&[list]);
            all.is_empty() || all.iter().any(one)
        };
        any("from", &|f| source(f.get("source").unwrap_or(&Value::Null), request))
            && any("to", &|t| operation(t.get("operation").unwrap_or(&Value::Null), request, denies))
            && rule.list_at(&["when"]).iter().all(|c| condition(c, request, denies))
    })
}

/// Whether a text fits a pattern: exactly, by what it begins or ends with (`*`), or by being there at all.
fn fits(pattern: &str, text: &str) -> bool {
    if pattern == "*" {
        return !text.is_empty();
    }
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => text.ends_with(end),
        (_, Some(start)) => text.starts_with(start),
        _ => pattern == text,
    }
}

/// A pair of lists, one of what must fit and one of what must not; an absent list says nothing.
fn pair(of: &Value, yes: &str, no: &str, fit: &dyn Fn(&str) -> bool) -> bool {
    let any = |list: &[Value]| list.iter().filter_map(Value::as_str).any(fit);
    let (wanted, unwanted) = (of.list_at(&[yes]), of.list_at(&[no]));
    (wanted.is_empty() || any(wanted)) && (unwanted.is_empty() || !any(unwanted))
}

fn in_block(block: &str, ip: IpAddr) -> bool {
    if block.contains('/') {
        Cidr::parse(block).is_some_and(|c| c.contains(ip))
    } else {
        block.parse() == Ok(ip)
    }
}

fn source(of: &Value, request: &Request<'_>) -> bool {
    let principal = request.principal.unwrap_or("");
    let namespace = request.namespace().unwrap_or("");
    let account = request.account().unwrap_or_default();
    pair(of, "principals", "notPrincipals", &|p| fits(p, principal))
        && pair(of, "namespaces", "notNamespaces", &|n| fits(n, namespace))
        && pair(of, "serviceAccounts", "notServiceAccounts", &|a| {
            a == account || !a.contains('/') && account.ends_with(&format!("/{a}"))
        })
        && pair(of, "ipBlocks", "notIpBlocks", &|b| in_block(b, request.source))
        && pair(of, "remoteIpBlocks", "notRemoteIpBlocks", &|b| in_block(b, request.source))
        // No token is ever verified here, so none is presented.
        && pair(of, "requestPrincipals", "notRequestPrincipals", &|_| false)
}

/// What only an HTTP request has: on other connections an ALLOW rule that asks for it never matches, and a DENY rule
/// leaves it out.
fn of_http(http: Option<&HttpRequest>, asks: bool, denies: bool, fit: &dyn Fn(&HttpRequest) -> bool) -> bool {
    match http {
        _ if !asks => true,
        Some(http) => fit(http),
        None => denies,
    }
}

fn operation(of: &Value, request: &Request<'_>, denies: bool) -> bool {
    let port = request.port.to_string();
    let asks = |yes: &str, no: &str| !of.list_at(&[yes]).is_empty() || !of.list_at(&[no]).is_empty();
    let path = |h: &HttpRequest| h.path.split(['?', '#']).next().unwrap_or_default().to_owned();
    pair(of, "ports", "notPorts", &|p| p == port)
        && of_http(request.http, asks("methods", "notMethods"), denies, &|h| {
            pair(of, "methods", "notMethods", &|m| fits(m, &h.method))
        })
        && of_http(request.http, asks("paths", "notPaths"), denies, &|h| {
            pair(of, "paths", "notPaths", &|p| path_fits(p, &path(h)))
        })
        && of_http(request.http, asks("hosts", "notHosts"), denies, &|h| {
            pair(of, "hosts", "notHosts", &|p| fits(&p.to_ascii_lowercase(), &h.host.to_ascii_lowercase()))
        })
}

/// A path pattern, where `{*}` is one segment and `{**}` any number.
fn path_fits(pattern: &str, path: &str) -> bool {
    if !pattern.contains("{*") {
        return fits(pattern, path);
    }
    fn segments(pattern: &[&str], path: &[&str]) -> bool {
        match (pattern, path) {
            ([], []) => true,
            (["{**}", rest @ ..], _) => {
                (0..=path.len()).any(|n| segments(rest, path.get(n..).unwrap_or_default()))
            }
            (["{*}", rest @ ..], [one, more @ ..]) => !one.is_empty() && segments(rest, more),
            ([p, rest @ ..], [one, more @ ..]) => p == one && segments(rest, more),
            _ => false,
        }
    }
    let split = |text: &'_ str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
    let (a, b) = (split(pattern), split(path));
    let (a, b): (Vec<&str>, Vec<&str>) =
        (a.iter().map(String::as_str).collect(), b.iter().map(String::as_str).collect());
    segments(&a, &b)
}

fn condition(of: &Value, request: &Request<'_>, denies: bool) -> bool {
    let key = of.str_at(&["key"]);
    let plain = |text: &str| pair(of, "values", "notValues", &|v| fits(v, text));
    if let Some(name) = key.strip_prefix("request.headers[").and_then(|k| k.strip_suffix(']')) {
        return of_http(request.http, true, denies, &|h| {
            let value = h.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, v)| v);
            plain(value)
        });
    }
    match key {
        "source.ip" | "remote.ip" => pair(of, "values", "notValues", &|v| in_block(v, request.source)),
        "destination.ip" => pair(of, "values", "notValues", &|v| in_block(v, request.destination)),
        "source.namespace" => plain(request.namespace().unwrap_or("")),
        "source.principal" => plain(request.principal.unwrap_or("")),
        "source.serviceAccount" => plain(&request.account().unwrap_or_default()),
        "destination.port" => plain(&request.port.to_string()),
        // What a verified token says, and the server name of TLS: there is none.
        _ => plain(""),
    }
}
