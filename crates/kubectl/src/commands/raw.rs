//! `--raw`: requests by their path. Models kubectl `pkg/rawhttp`.

use gatehouse_core::request::Body;
use gatehouse_core::{Reply, Target, Verb};
use gatehouse_model::{Value, json, yaml};

use crate::cli::Args;
use crate::error::Error;
use crate::print::json::compact_html;
use crate::session::Session;

/// `get --raw`
pub(super) fn get(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
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
    send(session, Verb::Get, args.str("raw"), None)
}

/// `create --raw` and `replace --raw`, which send one file.
pub(super) fn write(session: &mut Session<'_, '_>, args: &Args, verb: Verb) -> Result<(), Error> {
    let files = args.list("filename");
    let [file] = files.as_slice() else {
        return Err(Error::plain("--raw can only use a single local file or stdin"));
    };
    if file.starts_with("http://") || file.starts_with("https://") {
        return Err(Error::plain("--raw cannot read from a url"));
    }
    if args.bool("recursive") {
        return Err(Error::plain("--raw and --recursive are mutually exclusive"));
    }
    if args.flag("selector").is_some() && !args.str("selector").is_empty() {
        return Err(Error::plain("--raw and --selector (-l) are mutually exclusive"));
    }
    if !args.str("output").is_empty() {
        return Err(Error::plain("--raw and --output are mutually exclusive"));
    }
    let bytes = if file == "-" {
        session.host.stdin.take().unwrap_or_default()
    } else {
        let read = session.host.files.read(file);
        read.map_err(|e| Error::plain(format!("open {file}: {}", e.errno)))?
    };
    let text = String::from_utf8_lossy(&bytes);
    let body = yaml::parse(&text).map_err(|e| Error::plain(e.to_string()))?;
    send(session, verb, args.str("raw"), Some(body))
}

/// `delete --raw`
pub(super) fn delete(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    if args.bool("recursive") {
        return Err(Error::plain("--raw and --recursive are mutually exclusive"));
    }
    send(session, Verb::Delete, args.str("raw"), None)
}

fn send(session: &mut Session<'_, '_>, verb: Verb, uri: &str, body: Option<Value>) -> Result<(), Error> {
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
    let mut request = session.request(verb, Target::Path(path.to_owned()))?;
    if let Some(body) = body {
        request.body = Body::Object(body);
    }
    for pair in path.split_once('?').map_or("", |(_, q)| q).split('&').filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = gatehouse_core::request::unescape(value);
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
