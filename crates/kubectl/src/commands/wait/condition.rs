//! What `wait --for` may ask for.

use gatehouse_model::{ClientVersion, Object, Value};

use crate::print::gofmt;
use crate::print::jsonpath::{JsonPath, relaxed};

/// Something to wait for.
pub(super) enum Condition {
    /// The object exists.
    Create,
    /// The object is gone.
    Delete,
    /// A condition of the status has a value.
    Status { name: String, value: String },
    /// A path leads to something, or to a certain value.
    Path { path: JsonPath, value: Option<String> },
}

impl Condition {
    /// Reads the values of `--for`.
    pub(super) fn parse_all(texts: &[String], version: ClientVersion) -> Result<Vec<Self>, String> {
        let old = version.minor < 30;
        if texts.is_empty() {
            return Err(format!("unrecognized condition: {}", if old { "\"\"" } else { "[]" }));
        }
        let parse = |text: &String| if old { Self::parse_old(text) } else { Self::parse(text) };
        texts.iter().map(parse).collect()
    }

    /// Old clients neither wait for an object to come nor for a field to be there at all.
    fn parse_old(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("create") {
            return Err(format!("unrecognized condition: {}", gatehouse_model::json::go_quote(text)));
        }
        match text.strip_prefix("jsonpath=") {
            Some(input) if split(input).len() != 2 => {
                Err("jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3".to_owned())
            }
            _ => Self::parse(text),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_lowercase().as_str() {
            "create" => return Ok(Self::Create),
            "delete" => return Ok(Self::Delete),
            _ => {}
        }
        if let Some(rest) = text.strip_prefix("condition=") {
            let (name, value) = rest.split_once('=').unwrap_or((rest, "true"));
            return Ok(Self::Status { name: name.to_owned(), value: value.to_owned() });
        }
        let Some(input) = text.strip_prefix("jsonpath=") else {
            return Err(format!("unrecognized condition: {}", gatehouse_model::json::go_quote(text)));
        };
        let parts = split(input);
        let (path, value) = match parts.as_slice() {
            [path] => (path, None),
            [path, value] => {
                let value = value.trim_matches(['\'', '"']);
                if value.is_empty() {
                    return Err("jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3".to_owned());
                }
                (path, Some(value.to_owned()))
            }
            _ => {
                return Err("jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'".to_owned());
            }
        };
        let path = relaxed(path)?;
        if path.is_empty() {
            return Err("jsonpath expression cannot be empty".to_owned());
        }
        Ok(Self::Path { path: JsonPath::parse(&path)?, value })
    }

    /// Whether an object that exists meets it.
    pub(super) fn is_met(&self, object: &Object) -> Result<bool, String> {
        match self {
            Self::Create => Ok(true),
            Self::Delete => Ok(false),
            Self::Status { name, value } => Ok(has_status(object, name, value)),
            Self::Path { path, value } => leads_to(object, path, value.as_deref()),
        }
    }
}

/// Splits at single equal signs: `==` belongs to the path.
fn split(input: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = input.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(last) = parts.last_mut() else { break };
        if c != '=' {
            last.push(c);
        } else if chars.next_if_eq(&'=').is_some() {
            last.push_str("==");
        } else {
            parts.push(String::new());
        }
    }
    parts
}

fn has_status(object: &Object, name: &str, value: &str) -> bool {
    let conditions = object.list_at(&["status", "conditions"]);
    let found = conditions.iter().find(|c| c.str_at(&["type"]).to_lowercase() == name.to_lowercase());
    let Some(condition) = found.filter(|c| c.get("status").is_some_and(|s| s.as_str().is_some())) else {
        return false;
    };
    if let Some(generation) = object.i64_at(&["metadata", "generation"]) {
        let observed = condition
            .i64_at(&["observedGeneration"])
            .or_else(|| object.i64_at(&["status", "observedGeneration"]));
        if observed.is_some_and(|o| o < generation) {
            return false;
        }
    }
    condition.str_at(&["status"]).to_lowercase() == value.to_lowercase()
}

fn leads_to(object: &Object, path: &JsonPath, value: Option<&str>) -> Result<bool, String> {
    let found = path.find(object)?;
    let Some(first) = found.first().and_then(|group| group.first()) else { return Ok(false) };
    if found.len() > 1 {
        return Err("given jsonpath expression matches more than one list".to_owned());
    }
    if found.first().is_some_and(|group| group.len() > 1) {
        return Err("given jsonpath expression matches more than one value".to_owned());
    }
    let Some(value) = value else { return Ok(true) };
    if matches!(first, Value::Map(_) | Value::List(_)) {
        return Err("jsonpath leads to a nested object or list which is not supported".to_owned());
    }
    Ok(gofmt::sprint(first).trim() == value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_model::json;

    #[test]
    fn conditions_are_read_and_met() {
        let pod = Object(json!({
            "metadata": {"generation": 2},
            "status": {"phase": "Running", "observedGeneration": 2, "conditions": [{"type": "Ready", "status": "True"}]},
        }));
        for (text, met) in [
            ("condition=ready", true),
            ("condition=Ready=false", false),
            ("jsonpath={.status.phase}=Running", true),
            ("jsonpath=.status.phase=Failed", false),
            ("jsonpath={.status.nothing}", false),
            ("jsonpath={.status.conditions[?(@.type==\"Ready\")].status}=True", true),
        ] {
            assert_eq!(Condition::parse(text).unwrap().is_met(&pod), Ok(met), "{text}");
        }
        assert_eq!(Condition::parse("ready").err().unwrap(), "unrecognized condition: \"ready\"");
    }
}
