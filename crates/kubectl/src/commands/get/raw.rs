//! `kubectl get --raw`. Models kubectl `pkg/rawhttp`.

use gatehouse_core::{Reply, Target, Verb};
use gatehouse_model::{Value, json};

use crate::cli::Args;
use crate::error::Error;
use crate::print::json::compact_html;
use crate::session::Session;

pub(super) fn run(session: &mut Session<'_, '_>, args: &Args, uri: &str) -> Result<(), Error> {
    if !args.words.is_empty() {
        return Err(Error::plain("arguments may not be passed when --raw is specified"));
    }
    if args.bool("watch") || args.bool("watch-only") || !args.str("selector").is_empty() {
        return Err(Error::plain(
            "--raw may not be specified with other flags that filter the server request or alter the output",
        ));
    }
    if !args.str("output").is_empty() {
        return Err(Error::plain("--raw and --output are mutually exclusive"));
    }
    if !uri.starts_with('/') && !uri.contains("://") {
        return Err(Error::plain(format!(
            "--raw must be a valid URL path: parse {}: invalid URI for request",
            gatehouse_model::json::go_quote(uri)
        )));
    }
    let path = match uri.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|i| rest.get(i..)).unwrap_or("/"),
        None => uri,
    };
    let mut request = session.request(Verb::Get, Target::Path(path.to_owned()))?;
    for pair in path.split_once('?').map_or("", |(_, q)| q).split('&').filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = unescape(value);
        match key {
            "labelSelector" => request.options.label_selector = value,
            "fieldSelector" => request.options.field_selector = value,
            _ => request.options.query.push((key.to_owned(), value)),
        }
    }
    let text = match session.send(request)? {
        Reply::Text(text) => text,
        Reply::Object(object) => wire(&object) + "\n",
        Reply::Success(value) => wire(&value) + "\n",
        Reply::List { api_version, kind, resource_version, items } => {
            let items: Vec<String> = items
                .into_iter()
                .map(|mut item| {
                    item.remove(&["apiVersion"]);
                    item.remove(&["kind"]);
                    wire(&item)
                })
                .collect();
            let head = json!({"resourceVersion": resource_version});
            format!(
                "{{\"kind\":\"{kind}List\",\"apiVersion\":\"{api_version}\",\"metadata\":{},\"items\":[{}]}}\n",
                compact_html(&head),
                items.join(",")
            )
        }
    };
    session.print(text);
    Ok(())
}

/// An object as the server writes it: kind, version and metadata first.
fn wire(object: &Value) -> String {
    let mut parts = Vec::new();
    let mut rest = object.entries().clone();
    for key in ["kind", "apiVersion", "metadata", "spec", "status"] {
        if let Some(value) = rest.remove(key) {
            parts.push(format!("\"{key}\":{}", compact_html(&value)));
        }
    }
    parts.extend(
        rest.iter().map(|(k, v)| format!("{}:{}", gatehouse_model::json::go_quote(k), compact_html(v))),
    );
    format!("{{{}}}", parts.join(","))
}

/// Percent-decoding of a query.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        match b {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let hex = std::str::from_utf8(&digits).ok().and_then(|d| u8::from_str_radix(d, 16).ok());
                bytes.push(hex.unwrap_or(b'%'));
            }
            b => bytes.push(b),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
