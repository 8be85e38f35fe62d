//! Tolerations that cover others, and lists of them put together.
//!
//! Models kubernetes `pkg/util/tolerations`.

use gatehouse_model::Value;

/// Whether the first toleration tolerates everything the second does.
pub(super) fn covers(a: &Value, b: &Value) -> bool {
    let text = |v: &Value, field: &str| v.str_at(&[field]).to_owned();
    if a == b {
        return true;
    }
    if text(a, "key") != text(b, "key") && !(text(a, "key").is_empty() && text(a, "operator") == "Exists") {
        return false;
    }
    if text(a, "effect") != text(b, "effect") && !text(a, "effect").is_empty() {
        return false;
    }
    if text(a, "effect") == "NoExecute" {
        match (a.i64_at(&["tolerationSeconds"]), b.i64_at(&["tolerationSeconds"])) {
            (Some(_), None) => return false,
            (Some(a), Some(b)) if a < b => return false,
            _ => {}
        }
    }
    match text(a, "operator").as_str() {
        "Exists" => true,
        "" | "Equal" => {
            matches!(text(b, "operator").as_str(), "" | "Equal") && text(a, "value") == text(b, "value")
        }
        _ => false,
    }
}

/// All tolerations of both lists, without those that others cover.
pub(super) fn merge(own: &[Value], more: &[Value]) -> Vec<Value> {
    let all: Vec<&Value> = own.iter().chain(more).collect();
    let mut merged: Vec<Value> = Vec::new();
    for (i, one) in all.iter().enumerate() {
        let known = merged.iter().any(|m| covers(m, one));
        let later = all.iter().skip(i + 1).any(|other| other != one && covers(other, one));
        if !known && !later {
            merged.push((*one).clone());
        }
    }
    merged
}
