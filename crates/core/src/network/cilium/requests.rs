//! What a rule asks of requests (layer 7) and of the peer's proof of identity.
//!
//! Models Cilium's `pkg/envoy/policy` and the DNS proxy. Expressions match the whole of a path, method or host; the
//! path is matched with its query, as the proxy sees it.

use gatehouse_model::Value;
use regex_lite::Regex;

use super::super::requests::HttpRequest;
use super::names;

/// What a rule asks for beyond addresses and ports.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Beyond {
    /// Which requests it lets through; all, where there is nothing.
    pub(in super::super) requests: Option<Requests>,
    /// Whether the peer must prove who it is, where the rule says so.
    pub(in super::super) authentication: Option<Authentication>,
}

/// The mode of a rule's authentication, the stronger the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Authentication {
    Disabled,
    Required,
    AlwaysFail,
}

/// The requests of one protocol.
#[derive(Clone, Debug)]
pub(in super::super) enum Requests {
    Http(Vec<Http>),
    /// Selectors of names.
    Dns(Vec<Value>),
    /// The names a TLS client may ask for.
    Tls(Vec<String>),
    /// A protocol that is not known here: nothing is let through.
    Other(String),
}

/// One entry of `http`: all that it says must hold.
#[derive(Clone, Debug)]
pub(in super::super) struct Http {
    method: Option<Regex>,
    path: Option<Regex>,
    host: Option<Regex>,
    /// Names and, where it matters, the value.
    headers: Vec<(String, Option<String>)>,
    /// How it is written.
    text: String,
}

impl Beyond {
    /// What a rule's `authentication` and one of its `toPorts` say; `None` where that is nothing.
    pub(super) fn of(rule: &Value, ports: Option<&Value>) -> Option<Box<Self>> {
        let authentication = match rule.str_at(&["authentication", "mode"]) {
            "disabled" => Some(Authentication::Disabled),
            "required" => Some(Authentication::Required),
            "test-always-fail" => Some(Authentication::AlwaysFail),
            _ => None,
        };
        let rules = ports.and_then(|p| p.get("rules")).and_then(Requests::of);
        let requests = rules.or_else(|| {
            let names = ports?.list_at(&["serverNames"]).iter().filter_map(Value::as_str);
            let names: Vec<String> = names.map(str::to_ascii_lowercase).collect();
            (!names.is_empty()).then_some(Requests::Tls(names))
        });
        let beyond = Self { requests, authentication };
        (beyond.requests.is_some() || beyond.authentication.is_some()).then(|| Box::new(beyond))
    }
}

impl Requests {
    fn of(rules: &Value) -> Option<Self> {
        let list = |key: &str| Some(rules.list_at(&[key])).filter(|l| !l.is_empty());
        if let Some(dns) = list("dns") {
            return Some(Self::Dns(dns.to_vec()));
        }
        if let Some(http) = list("http") {
            return Some(Self::Http(http.iter().map(Http::of).collect()));
        }
        if list("kafka").is_some() {
            return Some(Self::Other("kafka".to_owned()));
        }
        Some(rules.str_at(&["l7proto"])).filter(|p| !p.is_empty()).map(|p| Self::Other(p.to_owned()))
    }

    pub(in super::super) fn let_http(&self, request: &HttpRequest) -> bool {
        matches!(self, Self::Http(rules) if rules.iter().any(|r| r.matches(request)))
    }

    pub(in super::super) fn let_name(&self, name: &str) -> bool {
        matches!(self, Self::Dns(rules) if rules.iter().any(|r| names::matches(r, name)))
    }

    /// Whether a TLS client that asks for a server's name may go on. What reads HTTP cannot read TLS.
    pub(in super::super) fn let_tls(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let labels: Vec<&str> = name.split('.').collect();
        matches!(self, Self::Tls(names) if names.iter().any(|n| {
            let pattern: Vec<&str> = n.split('.').collect();
            server_name(&pattern, &labels)
        }))
    }

    /// In few words: `GET /public`.
    pub(in super::super) fn text(&self) -> String {
        match self {
            Self::Http(rules) => {
                let texts: Vec<&str> = rules.iter().map(|r| r.text.as_str()).collect();
                format!("HTTP {}", texts.join(", "))
            }
            Self::Dns(rules) => {
                let name = |r: &Value| match r.str_at(&["matchName"]) {
                    "" => r.str_at(&["matchPattern"]).to_owned(),
                    name => name.to_owned(),
                };
                format!("DNS {}", rules.iter().map(name).collect::<Vec<_>>().join(", "))
            }
            Self::Tls(names) => format!("TLS {}", names.join(", ")),
            Self::Other(protocol) => protocol.clone(),
        }
    }
}

/// `*` stands for one label, `**` for some.
fn server_name(pattern: &[&str], name: &[&str]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        (["**", rest @ ..], [_, left @ ..]) => server_name(rest, left) || server_name(pattern, left),
        ([first, rest @ ..], [label, left @ ..]) => {
            (*first == "*" && !label.is_empty() || first == label) && server_name(rest, left)
        }
        _ => false,
    }
}

/// An expression that must match the whole text.
pub(super) fn whole(pattern: &str) -> Result<Regex, String> {
    Regex::new(&format!("^(?:{pattern})$")).map_err(|e| e.to_string())
}

impl Http {
    fn of(entry: &Value) -> Self {
        let expression =
            |key: &str| Some(entry.str_at(&[key])).filter(|p| !p.is_empty()).and_then(|p| whole(p).ok());
        let mut headers: Vec<(String, Option<String>)> = Vec::new();
        for header in entry.list_at(&["headers"]).iter().filter_map(Value::as_str) {
            headers.push(match header.split_once(' ') {
                Some((name, value)) => (name.trim_end_matches(':').to_owned(), Some(value.to_owned())),
                None => (header.to_owned(), None),
            });
        }
        // Where a mismatch only changes or logs the request, it goes through.
        let strict = |m: &&Value| m.str_at(&["mismatch"]).is_empty();
        for header in entry.list_at(&["headerMatches"]).iter().filter(strict) {
            let value = Some(header.str_at(&["value"])).filter(|v| !v.is_empty());
            headers.push((header.str_at(&["name"]).to_owned(), value.map(str::to_owned)));
        }
        let mut words: Vec<String> = ["method", "host", "path"]
            .iter()
            .map(|k| entry.str_at(&[k]).to_owned())
            .filter(|w| !w.is_empty())
            .collect();
        words.extend(headers.iter().map(|(name, value)| match value {
            Some(value) => format!("{name}: {value}"),
            None => format!("{name}:"),
        }));
        let text = if words.is_empty() { "anything".to_owned() } else { words.join(" ") };
        Self {
            method: expression("method"),
            path: expression("path"),
            host: expression("host"),
            headers,
            text,
        }
    }

    fn matches(&self, request: &HttpRequest) -> bool {
        let fits = |pattern: &Option<Regex>, text: &str| pattern.as_ref().is_none_or(|p| p.is_match(text));
        fits(&self.method, &request.method)
            && fits(&self.path, &request.path)
            && fits(&self.host, &request.host)
            && self.headers.iter().all(|(name, value)| {
                let mut sent = request.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
                sent.any(|(_, v)| value.as_ref().is_none_or(|wanted| wanted == v))
            })
    }
}
