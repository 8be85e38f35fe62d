//! URLs. Models apiserver `pkg/cel/library/urls.go` and Go's `net/url`.

use std::sync::Arc;

use super::Answer;
use crate::value::Value;

/// A URL and its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Url {
    /// As it was written.
    pub text: String,
    scheme: String,
    host: String,
    path: String,
    query: String,
}

fn parse(text: &str) -> Result<Url, String> {
    let bad = |why: &str| format!("URL parse error during conversion from string: parse {text:?}: {why}");
    let mut rest = text.split('#').next().unwrap_or_default();
    let mut url = Url { text: text.to_owned(), ..Url::default() };
    if rest.is_empty() || rest.chars().any(|c| c.is_control() || c == ' ') {
        return Err(bad("invalid URI for request"));
    }
    if let Some((before, query)) = rest.split_once('?') {
        query.clone_into(&mut url.query);
        rest = before;
    }
    if let Some((scheme, after)) = rest.split_once(':')
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    {
        url.scheme = scheme.to_ascii_lowercase();
        rest = after;
    }
    if let Some(after) = rest.strip_prefix("//").filter(|_| !url.scheme.is_empty()) {
        let end = after.find('/').unwrap_or(after.len());
        let (authority, path) = after.split_at_checked(end).unwrap_or((after, ""));
        authority.rsplit('@').next().unwrap_or_default().clone_into(&mut url.host);
        let port = url.host.rsplit_once(':').map(|(_, p)| p).filter(|p| !p.contains(']'));
        if port.is_some_and(|p| !p.bytes().all(|b| b.is_ascii_digit())) {
            return Err(bad("invalid port"));
        }
        rest = path;
    } else if !rest.starts_with('/') {
        return Err(bad("invalid URI for request"));
    }
    rest.clone_into(&mut url.path);
    Ok(url)
}

impl Url {
    fn hostname(&self) -> &str {
        if let Some(inner) = self.host.strip_prefix('[') {
            return inner.split(']').next().unwrap_or_default();
        }
        self.host.split(':').next().unwrap_or_default()
    }

    fn port(&self) -> &str {
        match self.host.rsplit_once(':') {
            Some((_, port)) if !port.contains(']') => port,
            _ => "",
        }
    }
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        match b {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let hex = std::str::from_utf8(&digits).ok().and_then(|h| u8::from_str_radix(h, 16).ok());
                bytes.push(hex.unwrap_or(b'%'));
            }
            b => bytes.push(b),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(super) fn call(function: &str, args: &[Value]) -> Answer {
    let [Value::String(s)] = args else { return None };
    match function {
        "isURL" => Some(Ok(Value::Bool(parse(s).is_ok()))),
        "url" => Some(parse(s).map(|u| Value::Url(Arc::new(u)))),
        _ => None,
    }
}

pub(super) fn method(function: &str, args: &[Value]) -> Answer {
    let [Value::Url(u)] = args else { return None };
    let text = match function {
        "getScheme" => &u.scheme,
        "getHost" => &u.host,
        "getHostname" => u.hostname(),
        "getPort" => u.port(),
        "getEscapedPath" => &u.path,
        "getQuery" => {
            let mut map: Vec<(Value, Vec<Value>)> = Vec::new();
            for pair in u.query.split('&').filter(|p| !p.is_empty()) {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                let (key, value) = (Value::string(&unescape(key)), Value::string(&unescape(value)));
                match map.iter_mut().find(|(k, _)| k.same(&key)) {
                    Some((_, list)) => list.push(value),
                    None => map.push((key, vec![value])),
                }
            }
            let map = map.into_iter().map(|(k, v)| (k, Value::list(v))).collect();
            return Some(Ok(Value::Map(Arc::new(map))));
        }
        _ => return None,
    };
    Some(Ok(Value::string(text)))
}
