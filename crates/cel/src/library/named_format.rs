//! `format.dns1123Label().validate(…)`. Models apiserver `pkg/cel/library/format.go`.

use std::sync::Arc;

use gatehouse_model::{base64, names, time};

use super::Answer;
use crate::value::Value;

const FORMATS: &[&str] = &[
    "dns1123Label",
    "dns1123Subdomain",
    "dns1035Label",
    "qualifiedName",
    "dns1123LabelPrefix",
    "dns1123SubdomainPrefix",
    "dns1035LabelPrefix",
    "labelValue",
    "uri",
    "uuid",
    "byte",
    "date",
    "datetime",
];

fn one(bad: bool, text: &str) -> Vec<String> {
    if bad { vec![text.to_owned()] } else { Vec::new() }
}

fn is_uuid(s: &str) -> bool {
    let parts: Vec<&str> = s.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|p| p.len()).collect();
    lengths == [8, 4, 4, 4, 12] && s.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

fn validate(format: &str, s: &str) -> Vec<String> {
    let prefix = || names::mask_trailing_dash(s);
    match format {
        "dns1123Label" => names::dns1123_label(s),
        "dns1123Subdomain" => names::dns1123_subdomain(s),
        "dns1035Label" => names::dns1035_label(s),
        "qualifiedName" => names::label_key(s),
        "dns1123LabelPrefix" => names::dns1123_label(&prefix()),
        "dns1123SubdomainPrefix" => names::dns1123_subdomain(&prefix()),
        "dns1035LabelPrefix" => names::dns1035_label(&prefix()),
        "labelValue" => names::label_value(s),
        "uri" => match super::url::call("url", &[Value::string(s)]) {
            Some(Err(e)) => vec![e.replace("URL parse error during conversion from string: ", "")],
            _ => Vec::new(),
        },
        "uuid" => one(!is_uuid(s), "does not match the UUID format"),
        "byte" => one(base64::decode(s).is_err(), "invalid base64"),
        "date" => one(time::parse_rfc3339(&format!("{s}T00:00:00Z")).is_err(), "invalid date"),
        "datetime" => one(time::parse_rfc3339(s).is_err(), "invalid datetime"),
        _ => Vec::new(),
    }
}

pub(super) fn call(function: &str, args: &[Value]) -> Answer {
    let name = function.strip_prefix("format.")?;
    let find = |name: &str| FORMATS.iter().find(|f| **f == name).map(|f| Value::Format(f));
    match (name, args) {
        ("named", [Value::String(s)]) => Some(Ok(Value::Optional(find(s).map(Arc::new)))),
        (name, []) => find(name).map(Ok),
        _ => None,
    }
}

pub(super) fn method(function: &str, args: &[Value]) -> Answer {
    match (function, args) {
        ("validate", [Value::Format(format), Value::String(s)]) => {
            let found = validate(format, s);
            let list = Value::list(found.iter().map(|m| Value::string(m)).collect());
            Some(Ok(Value::Optional((!found.is_empty()).then(|| Arc::new(list)))))
        }
        ("allowed", [Value::Decision(allowed, _)]) => Some(Ok(Value::Bool(*allowed))),
        ("reason", [Value::Decision(_, reason)]) => Some(Ok(Value::string(reason))),
        ("errored", [Value::Decision(..)]) => Some(Ok(Value::Bool(false))),
        ("error", [Value::Decision(..)]) => Some(Ok(Value::string(""))),
        _ => None,
    }
}
