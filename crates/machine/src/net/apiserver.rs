//! The API server as an HTTP client meets it: requests become the pipeline's, replies become JSON.
//!
//! Field order inside objects is that of their names except for the parts every object has. Models apiserver
//! `pkg/endpoints/{request,handlers/responsewriters,handlers/negotiation}`.

use gatehouse_core::network::services;
use gatehouse_core::request::{DryRun, FieldValidation, Impersonation, unescape};
use gatehouse_core::status::PLAIN_ANSWER;
use gatehouse_core::{Body, Cluster, Credential, PatchType, Reply, Request as Call, Target, Verb, server};
use gatehouse_model::object::METADATA_ORDER;
use gatehouse_model::{Value, json, yaml};

use super::certificate::{Certificate, credential};
use super::{ClientHello, Request, Response};

const YEAR: i64 = 365 * 86_400_000;

/// The certificate of the API server, made by kubeadm.
pub(super) fn certificate(cluster: &Cluster) -> Certificate {
    let mut names: Vec<String> = [
        "controlplane",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "10.96.0.1",
    ]
    .map(str::to_owned)
    .to_vec();
    let control = cluster.store.get("nodes", "", "controlplane");
    names.extend(control.and_then(|n| services::node_address(n)).map(|ip| ip.to_string()));
    let from = gatehouse_core::Timestamp::GENESIS.0 - 300_000;
    let name = |text: &str| vec![("CN".to_owned(), text.to_owned())];
    Certificate {
        subject: name("kube-apiserver"),
        issuer: name("kubernetes"),
        names,
        from,
        until: from + YEAR,
        ..Certificate::default()
    }
}

/// Who sends a request: its token, else its certificate.
pub(super) fn identity(hello: &ClientHello, request: &Request) -> Credential {
    let bearer = request.header("authorization").and_then(|a| {
        let (scheme, token) = a.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    });
    match (hello.certificate.as_deref().and_then(credential), bearer) {
        (Some(found), _) => found,
        (None, Some(token)) => Credential::Token(token),
        (None, None) => Credential::Anonymous,
    }
}

/// Answers a request.
pub(super) fn answer(cluster: &mut Cluster, hello: &ClientHello, request: &Request) -> Response {
    let agent = request.header("user-agent").unwrap_or("");
    let query = pairs(request.path.split_once('?').map_or("", |(_, q)| q));
    let asked = query.iter().find(|(k, _)| k == "pretty").map(|(_, v)| v.as_str());
    let pretty = match asked {
        Some(v) => !matches!(v, "0" | "false"),
        None => ["curl", "Wget", "Mozilla/5.0"].iter().any(|a| agent.starts_with(a)),
    };
    let response = match call(request, &query, identity(hello, request)) {
        Ok(call) => server::handle(cluster, &call),
        Err(status) => {
            return finish(cluster, status.code, &print(&status.to_value(), pretty), "application/json");
        }
    };
    let (code, kind, text) = match &response.result {
        Err(status) if status.causes.iter().any(|c| c.reason == PLAIN_ANSWER) => {
            let text = status.causes.first().map(|c| format!("{}\n", c.message)).unwrap_or_default();
            (status.code, "text/plain; charset=utf-8", text)
        }
        Err(status) => {
            let mut value = status.to_value();
            // The server writes the details of a refusal even where it has none.
            if status.code == 403 && value.get("details").is_none() {
                value.set(&["details"], Value::map());
            }
            (status.code, "application/json", print(&value, pretty))
        }
        Ok(Reply::Text(text)) => {
            let json = text.starts_with('{');
            (200, if json { "application/json" } else { "text/plain; charset=utf-8" }, text.clone())
        }
        Ok(Reply::Object(object)) => {
            let made = request.method == "POST" && object.kind() != "Status";
            (if made { 201 } else { 200 }, "application/json", print(object, pretty))
        }
        Ok(Reply::Success(value)) => (200, "application/json", print(value, pretty)),
        Ok(Reply::List { api_version, kind, resource_version, items }) => {
            let stripped = items.iter().map(|item| {
                let mut item = (**item).clone();
                item.remove(&["apiVersion"]);
                item.remove(&["kind"]);
                item
            });
            let list = json!({
                "kind": (format!("{kind}List")), "apiVersion": (api_version.as_str()),
                "metadata": {"resourceVersion": (resource_version.as_str())}, "items": (stripped.collect::<Value>()),
            });
            (200, "application/json", print(&list, pretty))
        }
    };
    let mut answer = finish(cluster, code, &text, kind);
    for warning in &response.warnings {
        answer = answer.with("Warning", format!("299 - {}", json::go_quote(warning)));
    }
    answer
}

fn finish(cluster: &mut Cluster, code: u16, text: &str, kind: &str) -> Response {
    let date = crate::programs::http_date(cluster.now.0);
    let mut random = gatehouse_core::Entropy::new(cluster.now.0.unsigned_abs() ^ text.len() as u64);
    let body = Response::new(code, kind, text);
    let mut headers = vec![
        ("Audit-Id".to_owned(), random.uid()),
        ("Cache-Control".to_owned(), "no-cache, private".to_owned()),
        ("Content-Type".to_owned(), kind.to_owned()),
    ];
    if code == 401 {
        headers.truncate(3);
    } else {
        headers.push(("X-Content-Type-Options".to_owned(), "nosniff".to_owned()));
        headers.push(("X-Kubernetes-Pf-Flowschema-Uid".to_owned(), random.uid()));
        headers.push(("X-Kubernetes-Pf-Prioritylevel-Uid".to_owned(), random.uid()));
    }
    headers.push(("Content-Length".to_owned(), text.len().to_string()));
    headers.push(("Date".to_owned(), date));
    Response { headers, ..body }
}

/// The pipeline's form of a request.
fn call(
    request: &Request,
    query: &[(String, String)],
    credential: Credential,
) -> Result<Call, gatehouse_core::Status> {
    let path = request.path.split('?').next().unwrap_or_default();
    let kind = request.header("content-type").unwrap_or("application/json");
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let verb = match request.method.as_str() {
        "GET" | "HEAD" => Verb::Get,
        "POST" => Verb::Create,
        "PUT" => Verb::Update,
        "PATCH" => Verb::Patch,
        "DELETE" => Verb::Delete,
        other => Verb::parse(&other.to_ascii_lowercase()),
    };
    let body = body(&verb, kind, &request.body)?;
    let target = if verb == Verb::Get { request.path.clone() } else { path.to_owned() };
    let mut call = Call::new(credential, verb, Target::Path(target));
    call.body = body;
    for (key, value) in query.iter().cloned() {
        match key.as_str() {
            "labelSelector" => call.options.label_selector = value,
            "fieldSelector" => call.options.field_selector = value,
            "fieldManager" => call.options.field_manager = value,
            "dryRun" if value == "All" => call.options.dry_run = DryRun::All,
            "force" => call.options.force = value == "true",
            "fieldValidation" if value == "Strict" => call.options.field_validation = FieldValidation::Strict,
            "fieldValidation" if value == "Ignore" => call.options.field_validation = FieldValidation::Ignore,
            "gracePeriodSeconds" => call.options.grace_period_seconds = value.parse().ok(),
            _ => call.options.query.push((key, value)),
        }
    }
    if call.options.field_manager.is_empty() {
        let agent = request.header("user-agent").unwrap_or("curl");
        call.options.field_manager = agent.split('/').next().unwrap_or_default().to_owned();
    }
    if let Some(user) = request.header("impersonate-user") {
        let all = |name: &str| {
            let same = request.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
            same.map(|(_, v)| v.clone()).collect::<Vec<_>>()
        };
        call.impersonate = Some(Impersonation {
            user: user.to_owned(),
            groups: all("impersonate-group"),
            ..Impersonation::default()
        });
    }
    Ok(call)
}

fn body(verb: &Verb, kind: &str, bytes: &[u8]) -> Result<Body, gatehouse_core::Status> {
    if bytes.is_empty() || *verb == Verb::Get {
        return Ok(Body::None);
    }
    let text = String::from_utf8_lossy(bytes);
    let refused = |what: &str| {
        let mut status = gatehouse_core::Status::new(
            gatehouse_core::Reason::UnsupportedMediaType,
            format!(
                "the body of the request was in an unknown format - accepted media types include: {what}"
            ),
        );
        status.code = 415;
        status
    };
    let value = if kind.contains("yaml") {
        yaml::parse(&text).map_err(|e| gatehouse_core::Status::bad_request(e.to_string()))?
    } else {
        json::parse(&text).map_err(|e| {
            gatehouse_core::Status::bad_request(format!(
                "the object provided is unrecognized (must be of type): {e}"
            ))
        })?
    };
    if *verb == Verb::Patch {
        let patch = match kind {
            "application/json-patch+json" => PatchType::Json,
            "application/merge-patch+json" => PatchType::Merge,
            "application/strategic-merge-patch+json" => PatchType::StrategicMerge,
            "application/apply-patch+yaml" => PatchType::Apply,
            _ => {
                return Err(refused(
                    "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml",
                ));
            }
        };
        return Ok(Body::Patch(patch, value));
    }
    match kind {
        "application/json" | "application/yaml" => Ok(Body::Object(value)),
        _ => Err(refused(
            "application/json, application/yaml, application/vnd.kubernetes.protobuf, application/cbor",
        )),
    }
}

/// The parts of a query, decoded.
fn pairs(query: &str) -> Vec<(String, String)> {
    let parts = query.split('&').filter(|p| !p.is_empty());
    parts.map(|p| p.split_once('=').unwrap_or((p, ""))).map(|(k, v)| (unescape(k), unescape(v))).collect()
}

/// What comes first in an object, in Go's order; the rest follows by name.
const FIRST: &[&str] =
    &["kind", "apiVersion", "metadata", "spec", "status", "message", "reason", "details", "code"];
/// JSON as the server writes it: for people indented by two, else in one line that ends.
pub(super) fn print(value: &Value, pretty: bool) -> String {
    let mut text = String::new();
    write(&mut text, value, pretty, 0, FIRST);
    if !pretty {
        text.push('\n');
    }
    // Go's encoder escapes what HTML would read.
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

fn write(text: &mut String, value: &Value, pretty: bool, depth: usize, first: &[&str]) {
    let line = |text: &mut String, depth: usize| {
        if pretty {
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
        }
    };
    if let Some(list) = value.as_list().filter(|l| !l.is_empty()) {
        text.push('[');
        for (i, item) in list.iter().enumerate() {
            if i > 0 {
                text.push(',');
            }
            line(text, depth + 1);
            write(text, item, pretty, depth + 1, FIRST);
        }
        line(text, depth);
        text.push(']');
    } else if let Some(map) = value.as_map().filter(|m| !m.is_empty()) {
        let known = first.iter().filter(|k| map.contains_key(k)).copied();
        let keys: Vec<&str> = known.chain(map.keys().filter(|k| !first.contains(k))).collect();
        text.push('{');
        for (i, key) in keys.into_iter().enumerate() {
            if i > 0 {
                text.push(',');
            }
            line(text, depth + 1);
            text.push_str(&json::go_quote(key));
            text.push_str(if pretty { ": " } else { ":" });
            let inner = if key == "metadata" { &METADATA_ORDER } else { FIRST };
            write(text, map.get(key).unwrap_or(&Value::Null), pretty, depth + 1, inner);
        }
        line(text, depth);
        text.push('}');
    } else {
        text.push_str(&json::print(value));
    }
}
