//! URLs. Models apiserver `pkg/cel/library/urls.go` and Go's `net/url`.

use std::sync::Arc;

use gatehouse_model::json::go_quote;

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

/// Whether a request may ask for it, and what it consists of.
fn parse(text: &str) -> Result<Url, String> {
    let bad = |why: String| format!("parse {}: {why}", go_quote(text));
    parts(text, true).map_err(bad)?;
    let whole = text.split('#').next().unwrap_or_default();
    let mut url = parts(whole, false).map_err(bad)?;
    text.clone_into(&mut url.text);
    Ok(url)
}

fn parts(text: &str, request: bool) -> Result<Url, String> {
    if text.bytes().any(|b| b < b' ' || b == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    if text.is_empty() && request {
        return Err("empty url".to_owned());
    }
    let mut url = Url::default();
    if text == "*" {
        text.clone_into(&mut url.path);
        return Ok(url);
    }
    let mut rest = text;
    let letters = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if let Some(after) = text.get(letters..).and_then(|t| t.strip_prefix(':'))
        && (begins || letters == 0)
    {
        if letters == 0 {
            return Err("missing protocol scheme".to_owned());
        }
        url.scheme = text.get(..letters).unwrap_or_default().to_ascii_lowercase();
        rest = after;
    }
    if let Some((before, query)) = rest.split_once('?') {
        query.clone_into(&mut url.query);
        rest = before;
    }
    if !rest.starts_with('/') {
        if !url.scheme.is_empty() {
            return Ok(url);
        }
        if request {
            return Err("invalid URI for request".to_owned());
        }
        if rest.split('/').next().is_some_and(|s| s.contains(':')) {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let authority = !url.scheme.is_empty() || (!request && !rest.starts_with("///"));
    if let Some(after) = rest.strip_prefix("//").filter(|_| authority) {
        let (host, path) =
            after.split_at_checked(after.find('/').unwrap_or(after.len())).unwrap_or((after, ""));
        url.host = self::authority(host)?;
        rest = path;
    }
    unescape(rest, false)?;
    rest.clone_into(&mut url.path);
    Ok(url)
}

fn authority(text: &str) -> Result<String, String> {
    let (user, host) = match text.rsplit_once('@') {
        Some((user, host)) => (user, host),
        None => ("", text),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
    if !user.bytes().all(plain) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let port = if host.starts_with('[') {
        host.rfind(']').map(|i| i + 1).ok_or("missing ']' in host")?
    } else {
        host.rfind(':').unwrap_or(host.len())
    };
    let port = host.get(port..).unwrap_or_default();
    let digits = port.strip_prefix(':').unwrap_or(port);
    if (!port.is_empty() && !port.starts_with(':')) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("invalid port {} after host", go_quote(port)));
    }
    let allowed =
        |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"%".contains(c);
    if let Some(c) = host.chars().find(|c| !allowed(*c)) {
        return Err(format!("invalid character {} in host name", go_quote(&c.to_string())));
    }
    // Only bytes beyond ASCII may be escaped in a host.
    for (i, _) in host.match_indices('%') {
        let escape = host.get(i..(i + 3).min(host.len())).unwrap_or_default();
        if !matches!(escape.as_bytes().get(1), Some(b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F'))
            && escape != "%25"
        {
            return Err(format!("invalid URL escape {}", go_quote(escape)));
        }
    }
    unescape(host, false)
}

/// Puts escaped bytes in place; in queries a plus is a space.
fn unescape(text: &str, query: bool) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(b) = text.as_bytes().get(at).copied() {
        at += 1;
        match b {
            b'+' if query => bytes.push(b' '),
            b'%' => {
                let digits = text.as_bytes().get(at..at + 2).and_then(|d| std::str::from_utf8(d).ok());
                let digits = digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
                let Some(code) = digits.and_then(|d| u8::from_str_radix(d, 16).ok()) else {
                    let shown: String = text.get(at - 1..).unwrap_or_default().chars().take(3).collect();
                    return Err(format!("invalid URL escape {}", go_quote(&shown)));
                };
                bytes.push(code);
                at += 2;
            }
            b => bytes.push(b),
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl Url {
    fn hostname(&self) -> &str {
        match self.host.split_once(']') {
            Some((inner, _)) => inner.trim_start_matches('['),
            None => self.host.split(':').next().unwrap_or_default(),
        }
    }

    fn port(&self) -> &str {
        match self.host.split_once("]:") {
            Some((_, port)) => port,
            None if self.host.contains(']') => "",
            None => self.host.split_once(':').map_or("", |(_, port)| port),
        }
    }

    fn escaped_path(&self) -> String {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&b);
        let valid = |b: u8| unreserved(b) || b"!'()*[]%".contains(&b);
        if self.path.bytes().all(valid) {
            return self.path.clone();
        }
        let plain = unescape(&self.path, false).unwrap_or_default();
        let escape = |b: u8| if unreserved(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
        plain.bytes().map(escape).collect()
    }

    fn queries(&self) -> Value {
        let mut map: Vec<(Value, Vec<Value>)> = Vec::new();
        for pair in self.query.split('&').filter(|p| !p.is_empty() && !p.contains(';')) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Ok(key), Ok(value)) = (unescape(key, true), unescape(value, true)) else { continue };
            let (key, value) = (Value::string(&key), Value::string(&value));
            match map.iter_mut().find(|(k, _)| k.same(&key)) {
                Some((_, list)) => list.push(value),
                None => map.push((key, vec![value])),
            }
        }
        Value::Map(Arc::new(map.into_iter().map(|(k, v)| (k, Value::list(v))).collect()))
    }
}

/// What `format.uri()` says of a text.
pub(super) fn problem(text: &str) -> Option<String> {
    parts(text, true).err().map(|why| format!("parse {}: {why}", go_quote(text)))
}

pub(super) fn call(function: &str, args: &[Value]) -> Answer {
    let [Value::String(s)] = args else { return None };
    match function {
        "isURL" => Some(Ok(Value::Bool(problem(s).is_none()))),
        "url" => Some(
            parse(s)
                .map(|u| Value::Url(Arc::new(u)))
                .map_err(|why| format!("URL parse error during conversion from string: {why}")),
        ),
        _ => None,
    }
}

pub(super) fn method(function: &str, args: &[Value]) -> Answer {
    let [Value::Url(u)] = args else { return None };
    Some(Ok(match function {
        "getScheme" => Value::string(&u.scheme),
        "getHost" => Value::string(&u.host),
        "getHostname" => Value::string(u.hostname()),
        "getPort" => Value::string(u.port()),
        "getEscapedPath" => Value::string(&u.escaped_path()),
        "getQuery" => u.queries(),
        _ => return None,
    }))
}
