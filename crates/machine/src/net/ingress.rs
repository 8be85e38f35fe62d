//! The NGINX ingress controller: which Ingress a request belongs to, and what comes back.
//!
//! Its connection to the endpoint is one of its pod's and meets policies like any other. Knows hosts, paths, TLS secrets,
//! redirects to HTTPS, default backends, `rewrite-target`, source ranges, canaries and `auth-type: basic`; no snippets, no
//! authentication by others (`auth-url`, client certificates).
//! Models ingress-nginx `internal/ingress/{controller,annotations}` and its `nginx.tmpl`.

use std::net::SocketAddr;

use gatehouse_core::network::{Cidr, services};
use gatehouse_core::store::Store;
use gatehouse_model::{Object, Value, base64};

use super::{
    Certificate, ClientHello, Conversation, Heard, Reach, Request, Response, Said, ServerHello, Transport,
    Wire, htpasswd,
};
use crate::machine::Machine;
use crate::regex::{Regex, Syntax};

/// The first fifteen letters of the controller's name, as the kernel keeps them.
pub(super) const CONTROLLER: &str = "nginx-ingress-c";
const CLASS: &str = "k8s.io/ingress-nginx";
const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// The part of an Ingress that takes a request.
struct Location<'s> {
    ingress: &'s Object,
    /// `service` of the backend.
    backend: &'s Value,
    /// The path as written.
    path: &'s str,
    regex: bool,
}

/// Answers a request to port 80 or 443.
pub(super) fn answer(
    wire: &mut Wire<'_>,
    machine: &Machine,
    space: u32,
    talk: &Conversation,
    hello: Option<&ClientHello>,
    bytes: &[u8],
) -> Heard {
    let tls = talk.end.port() == 443;
    let now = wire.cluster.now.0;
    let name = hello.map_or("", |h| h.server_name.as_str());
    let shown = match (hello, tls) {
        (Some(_), false) => return Heard::NotTls,
        (Some(h), true) => Some(ServerHello {
            certificate: certificate(&wire.cluster.store, name, now),
            http2: h.http2,
            tls: super::tls::Agreed::default(),
            chain: Vec::new(),
            asks_for: Vec::new(),
        }),
        (None, _) => None,
    };
    let Some(request) = Request::parse(bytes) else { return Heard::Bytes(shown, Vec::new()) };
    let say = |response: Response| {
        let response = response.first("Date", crate::programs::http_date(now));
        Heard::Bytes(shown.clone(), response.bytes(&request.method))
    };
    if tls && hello.is_none() {
        return say(page(400, "The plain HTTP request was sent to HTTPS port"));
    }
    let host = request.host().to_ascii_lowercase();
    let path = request.path.split('?').next().unwrap_or("/").to_owned();
    let store = wire.cluster.store.clone();
    let Some(location) = locate(&store, &host, &path) else { return say(page(404, "")) };
    let annotation = |key: &str| location.ingress.annotation(&format!("{PREFIX}{key}"));
    let people = match annotation("auth-type") {
        Some("basic") => match people(&store, location.ingress) {
            Some(file) => Some(file),
            // Where the secret cannot be read nobody is let in.
            None => return say(page(503, "")),
        },
        _ => None,
    };
    let secured = has_certificate(&store, location.ingress, &host);
    let redirects = secured && annotation("ssl-redirect") != Some("false")
        || annotation("force-ssl-redirect") == Some("true");
    if !tls && redirects {
        let to = format!("https://{}{}", request.host(), request.path);
        return say(page(308, "").with("Location", to));
    }
    if let Some(ranges) =
        annotation("whitelist-source-range").or_else(|| annotation("allowlist-source-range"))
    {
        let inside = |r: &str| {
            Cidr::parse(r.trim()).is_some_and(|c| c.contains(talk.seen)) || r.trim().parse() == Ok(talk.seen)
        };
        if !ranges.split(',').any(inside) {
            return say(page(403, ""));
        }
    }
    if people.is_some_and(|file| !htpasswd::admits(&file, request.header("authorization"))) {
        let realm = annotation("auth-realm").unwrap_or("");
        return say(page(401, "").with("WWW-Authenticate", format!("Basic realm=\"{realm}\"")));
    }
    let turn = usize::try_from(now / 1000).unwrap_or(0);
    let backend = canary(&store, &host, &location, &request, turn).unwrap_or(location.backend);
    let Some(end) = endpoint(&store, location.ingress.namespace(), backend, turn) else {
        return say(page(503, ""));
    };
    let forwarded = forward(&location, &request, &path, annotation("rewrite-target"));
    match wire.connect(machine, space, end, Transport::Tcp) {
        Reach::Open(conversation) => {
            match wire.talk(machine, space, &conversation, &Said::Bytes(None, forwarded.bytes())) {
                Heard::Bytes(_, bytes) => match Response::parse(&bytes) {
                    Some(mut response) => {
                        response.headers.retain(|(n, _)| {
                            !["server", "date", "connection"].iter().any(|h| n.eq_ignore_ascii_case(h))
                        });
                        if tls && secured {
                            let age = "max-age=31536000; includeSubDomains";
                            response = response.with("Strict-Transport-Security", age);
                        } else if !tls {
                            response = response.with("Connection", "keep-alive");
                        }
                        say(response)
                    }
                    None => say(page(502, "")),
                },
                Heard::Silence => say(page(504, "")),
                _ => say(page(502, "")),
            }
        }
        Reach::TimedOut => say(page(504, "")),
        Reach::Refused | Reach::Unreachable => say(page(502, "")),
    }
}

/// A page of nginx's own, without its version.
fn page(code: u16, more: &str) -> Response {
    let words = match code {
        401 => "Authorization Required",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        code => super::reason(code),
    };
    let title = if more.is_empty() { words } else { more };
    let second = if more.is_empty() { String::new() } else { format!("<center>{more}</center>\r\n") };
    let body = format!(
        "<html>\r\n<head><title>{code} {title}</title></head>\r\n<body>\r\n<center><h1>{code} {words}</h1></center>\r\n{second}<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    let mut response = Response::new(code, "text/html", body).with("Connection", "keep-alive");
    if code >= 500 {
        response.status.1 = words.to_owned();
    }
    response
}

/// The file of those who may come in.
fn people(store: &Store, ingress: &Object) -> Option<String> {
    let annotation = |key: &str| ingress.annotation(&format!("{PREFIX}{key}"));
    let name = annotation("auth-secret")?;
    let (namespace, name) = name.split_once('/').unwrap_or((ingress.namespace(), name));
    // A secret of another namespace is refused.
    let secret = store.get("secrets", namespace, name).filter(|_| namespace == ingress.namespace())?;
    let data = secret.map_at(&["data"]);
    let text = |v: &Value| Some(String::from_utf8_lossy(&base64::decode(v.as_str()?).ok()?).into_owned());
    match annotation("auth-secret-type") {
        // Each key a name, each value a hash.
        Some("auth-map") => {
            let line = |(name, v): (&str, &Value)| Some(format!("{name}:{}", text(v)?));
            Some(data.iter().filter_map(line).collect::<Vec<_>>().join("\n"))
        }
        _ => data.get("auth").and_then(text),
    }
}

/// The backend of a canary beside the location, if it takes the request: by header first, then by weight.
fn canary<'s>(
    store: &'s Store,
    host: &str,
    location: &Location<'_>,
    request: &Request,
    turn: usize,
) -> Option<&'s Value> {
    let (ingress, rule) = mine(store)
        .into_iter()
        .filter(|i| is_canary(i) && i.namespace() == location.ingress.namespace())
        .flat_map(|i| i.list_at(&["spec", "rules"]).iter().map(move |r| (i, r)))
        .find(|(_, r)| is_host(r.str_at(&["host"]), host))?;
    let mut paths = rule.list_at(&["http", "paths"]).iter();
    let backend = paths.find(|p| p.str_at(&["path"]) == location.path)?.at(&["backend", "service"])?;
    let annotation = |key: &str| ingress.annotation(&format!("{PREFIX}{key}"));
    if let Some(sent) = annotation("canary-by-header").and_then(|name| request.header(name)) {
        match (annotation("canary-by-header-value"), sent) {
            (Some(value), sent) if value == sent => return Some(backend),
            (Some(_), _) => {}
            (None, "always") => return Some(backend),
            (None, "never") => return None,
            (None, _) => {}
        }
    }
    let of = |key: &str| annotation(key).and_then(|n| n.parse::<usize>().ok());
    let (weight, total) = (of("canary-weight").unwrap_or(0), of("canary-weight-total").unwrap_or(100));
    // Evenly spread instead of by chance.
    (turn * 37 % total.max(1) < weight).then_some(backend)
}

fn is_canary(ingress: &Object) -> bool {
    ingress.annotation(&format!("{PREFIX}canary")) == Some("true")
}

/// The Ingresses this controller serves, oldest first.
fn mine(store: &Store) -> Vec<&Object> {
    let serves = |class: &str| {
        let class = store.get("ingressclasses.networking.k8s.io", "", class);
        class.is_some_and(|c| c.str_at(&["spec", "controller"]) == CLASS)
    };
    let mut all: Vec<&Object> = store
        .list("ingresses.networking.k8s.io", None)
        .map(|i| &**i)
        .filter(|i| match i.annotation("kubernetes.io/ingress.class") {
            Some(name) => name == "nginx",
            None => serves(i.str_at(&["spec", "ingressClassName"])),
        })
        .collect();
    gatehouse_model::order::by(&mut all, |a, b| {
        let made = |i: &Object| i.str_at(&["metadata", "creationTimestamp"]).to_owned();
        made(a).cmp(&made(b))
    });
    all
}

/// Whether a rule's host is the request's: exactly, or with `*` for one label.
fn is_host(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(domain) => host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == domain),
        None => pattern == host,
    }
}

/// The location that takes a request: of the host's own server, else of the wildcard's, else of the one for all hosts;
/// there an exact path before prefixes, and of those the longest.
fn locate<'s>(store: &'s Store, host: &str, path: &str) -> Option<Location<'s>> {
    let mut all = mine(store);
    all.retain(|i| !is_canary(i));
    let rules: Vec<(&Object, &Value)> =
        all.iter().flat_map(|i| i.list_at(&["spec", "rules"]).iter().map(move |r| (*i, r))).collect();
    let of = |wanted: &dyn Fn(&str) -> bool| -> Vec<(&'s Object, &'s Value)> {
        rules.iter().filter(|(_, r)| wanted(r.str_at(&["host"]))).copied().collect()
    };
    let mut server = of(&|h| h == host);
    if server.is_empty() {
        server = of(&|h| h.starts_with("*.") && is_host(h, host));
    }
    if server.is_empty() {
        server = of(&str::is_empty);
    }
    let mut best: Option<((bool, usize), Location<'s>)> = None;
    for (ingress, rule) in &server {
        let regex = ingress.annotation(&format!("{PREFIX}use-regex")) == Some("true")
            || ingress.annotation(&format!("{PREFIX}rewrite-target")).is_some_and(|t| t.contains('$'));
        for p in rule.list_at(&["http", "paths"]) {
            let pattern = match p.str_at(&["path"]) {
                "" => "/",
                path => path,
            };
            let exact = p.str_at(&["pathType"]) == "Exact";
            let fits = match p.str_at(&["pathType"]) {
                "Exact" => pattern == path,
                "Prefix" if !regex => {
                    let short = pattern.trim_end_matches('/');
                    short.is_empty() || path == short || path.starts_with(&format!("{short}/"))
                }
                _ if regex => anchored(pattern).is_some_and(|r| r.is_match(path)),
                _ => path.starts_with(pattern),
            };
            let rank = (exact, pattern.len());
            if fits && best.as_ref().is_none_or(|(r, _)| rank > *r) {
                let backend = p.at(&["backend", "service"]).unwrap_or(&Value::Null);
                best = Some((rank, Location { ingress, backend, path: pattern, regex }));
            }
        }
    }
    if let Some((_, location)) = best {
        return Some(location);
    }
    // What no path takes goes to the default backend of an Ingress for this host, or of one without rules.
    let defaults = server
        .iter()
        .map(|(i, _)| *i)
        .chain(all.iter().copied().filter(|i| i.list_at(&["spec", "rules"]).is_empty()));
    defaults.into_iter().find_map(|ingress| {
        let backend = ingress.at(&["spec", "defaultBackend", "service"])?;
        Some(Location { ingress, backend, path: "/", regex: false })
    })
}

/// An endpoint of the backend's port.
fn endpoint(store: &Store, namespace: &str, backend: &Value, turn: usize) -> Option<SocketAddr> {
    let service = store.get("services", namespace, backend.str_at(&["name"]))?;
    let (number, name) = (backend.i64_at(&["port", "number"]), backend.str_at(&["port", "name"]));
    let port = service.list_at(&["spec", "ports"]).iter().find(|p| match number {
        Some(n) => p.i64_at(&["port"]) == Some(n),
        None => p.str_at(&["name"]) == name,
    })?;
    let all = services::endpoints(store, service, port.str_at(&["name"]));
    all.get(turn % all.len().max(1)).map(|e| e.address)
}

/// A path that is a regular expression, as nginx matches it: from the start, in either case.
fn anchored(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("^{pattern}"), Syntax::Extended, true).ok()
}

/// The request as the endpoint gets it.
fn forward(location: &Location<'_>, request: &Request, path: &str, target: Option<&str>) -> Request {
    let mut forwarded = request.clone();
    if let Some(target) = target {
        let new = if location.regex {
            let letters: Vec<char> = path.chars().collect();
            let found = anchored(location.path).and_then(|r| r.find_at(&letters, 0));
            (1..10).fold(target.to_owned(), |new, i| {
                let group = found.as_ref().and_then(|f| f.group(i)).and_then(|(a, b)| letters.get(a..b));
                new.replace(&format!("${i}"), &group.unwrap_or_default().iter().collect::<String>())
            })
        } else {
            target.to_owned()
        };
        let query = request.path.split_once('?').map(|(_, q)| format!("?{q}")).unwrap_or_default();
        forwarded.path = new + &query;
    }
    for (name, value) in [("X-Forwarded-Host", request.host()), ("X-Scheme", "http")] {
        forwarded.headers.push((name.to_owned(), value.to_owned()));
    }
    forwarded
}

/// The TLS entry of an Ingress that is for a host.
fn tls_of<'i>(ingress: &'i Object, host: &str) -> Option<&'i Value> {
    let of_host =
        |t: &&Value| t.list_at(&["hosts"]).iter().any(|h| h.as_str().is_some_and(|h| is_host(h, host)));
    ingress.list_at(&["spec", "tls"]).iter().find(of_host)
}

/// The certificate of the secret an Ingress names for a host.
fn secret(store: &Store, ingress: &Object, host: &str) -> Option<Certificate> {
    let tls = tls_of(ingress, host)?;
    let secret = store.get("secrets", ingress.namespace(), tls.str_at(&["secretName"]))?;
    let pem = base64::decode(secret.str_at(&["data", "tls.crt"])).ok()?;
    Certificate::parse(&String::from_utf8_lossy(&pem))
}

/// Whether HTTPS is set up for a host: with the named secret, or with the default certificate where none is named.
fn has_certificate(store: &Store, ingress: &Object, host: &str) -> bool {
    tls_of(ingress, host)
        .is_some_and(|tls| tls.str_at(&["secretName"]).is_empty() || secret(store, ingress, host).is_some())
}

/// The certificate shown for a name: the secret's, if it is for that name, else the controller's own.
fn certificate(store: &Store, name: &str, now: i64) -> Certificate {
    let own = mine(store).into_iter().find_map(|i| secret(store, i, name).filter(|c| c.is_for(name)));
    own.unwrap_or_else(|| {
        let subject: Vec<(String, String)> =
            [("O", "Acme Co"), ("CN", "Kubernetes Ingress Controller Fake Certificate")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .to_vec();
        let day = now - now.rem_euclid(86_400_000);
        Certificate {
            issuer: subject.clone(),
            subject,
            names: vec!["ingress.local".to_owned()],
            from: day,
            until: day + 365 * 86_400_000,
            ..Certificate::default()
        }
    })
}
