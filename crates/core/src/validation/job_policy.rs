//! What a Job says about pods that fail and about when it has succeeded.
//!
//! Models `validatePodFailurePolicy` and `validateSuccessPolicy` of `pkg/apis/batch/validation/validation.go`.

use gatehouse_model::{FieldError, FieldPath, Value, names};

use super::check::{self, Errors};
use super::internal;

/// An error whose value is not shown.
fn unshown(path: &FieldPath, why: &str) -> FieldError {
    FieldError { value: None, ..FieldError::invalid(path.clone(), &Value::Null, why) }
}

/// A word out of a list, the list shown where it is missing.
fn word(errors: &mut Errors, path: FieldPath, word: &str, known: &[&str]) {
    if word.is_empty() {
        let known: Vec<String> = known.iter().map(|k| gatehouse_model::json::go_quote(k)).collect();
        let why = format!("valid values: [{}]", known.join(" "));
        errors.push(FieldError::required(path, why));
    } else {
        check::allowed(errors, path, word, known);
    }
}

/// `podFailurePolicy`
pub(super) fn failure(errors: &mut Errors, path: &FieldPath, spec: &Value) {
    let (path, rules) = (path.child("rules"), spec.list_at(&["podFailurePolicy", "rules"]));
    if rules.len() > 20 {
        errors.push(FieldError::too_many(path.clone(), rules.len(), 20));
    }
    for (i, rule) in rules.iter().enumerate() {
        let path = path.index(i);
        let action = rule.str_at(&["action"]);
        if action == "FailIndex" {
            if spec.get("backoffLimitPerIndex").is_none() {
                let why = "requires the backoffLimitPerIndex to be set";
                errors.push(FieldError::invalid(path.child("action"), &action.into(), why));
            }
        } else {
            word(errors, path.child("action"), action, &["Count", "FailIndex", "FailJob", "Ignore"]);
        }
        let conditions = rule.list_at(&["onPodConditions"]);
        if let Some(codes) = rule.get("onExitCodes") {
            exit_codes(errors, &path.child("onExitCodes"), codes, spec);
        }
        for (j, pattern) in conditions.iter().enumerate() {
            let path = path.child("onPodConditions").index(j);
            let kind = pattern.str_at(&["type"]);
            check::text(errors, &path.child("type"), kind, names::label_key(kind));
            let status = pattern.str_at(&["status"]);
            word(errors, path.child("status"), status, &["False", "True", "Unknown"]);
        }
        match (rule.get("onExitCodes").is_some(), !conditions.is_empty()) {
            (true, true) => errors
                .push(unshown(&path, "specifying both OnExitCodes and OnPodConditions is not supported")),
            (false, false) => {
                errors.push(unshown(&path, "specifying one of OnExitCodes and OnPodConditions is required"))
            }
            _ => {}
        }
    }
}

fn exit_codes(errors: &mut Errors, path: &FieldPath, rule: &Value, spec: &Value) {
    let operator = rule.str_at(&["operator"]);
    word(errors, path.child("operator"), operator, &["In", "NotIn"]);
    if let Some(name) = rule.get("containerName").and_then(Value::as_str) {
        let known = ["containers", "initContainers"].iter().any(|list| {
            spec.list_at(&["template", "spec", list]).iter().any(|c| c.str_at(&["name"]) == name)
        });
        if !known {
            let why = "must be one of the container or initContainer names in the pod template";
            errors.push(FieldError::invalid(path.child("containerName"), &name.into(), why));
        }
    }
    let (path, values) = (path.child("values"), rule.list_at(&["values"]));
    let shown = Value::from(values.to_vec());
    if values.is_empty() {
        errors.push(FieldError::invalid(path.clone(), &shown, "at least one value is required"));
    } else if values.len() > 255 {
        errors.push(FieldError::too_many(path.clone(), values.len(), 255));
    }
    for (i, value) in values.iter().enumerate() {
        if operator == "In" && value.as_i64() == Some(0) {
            let why = "must not be 0 for the In operator";
            errors.push(FieldError::invalid(path.index(i), value, why));
        }
        if values.iter().take(i).any(|v| v == value) {
            errors.push(FieldError::duplicate(path.index(i), value));
        }
    }
    if !values.is_sorted_by_key(Value::as_i64) {
        errors.push(FieldError::invalid(path, &shown, "must be ordered"));
    }
}

/// `successPolicy`
pub(super) fn success(errors: &mut Errors, path: &FieldPath, spec: &Value) {
    let Some(policy) = spec.get("successPolicy") else { return };
    if spec.str_at(&["completionMode"]) != "Indexed" {
        let shown = internal::print("SuccessPolicy", policy);
        let why = "requires indexed completion mode";
        errors.push(FieldError::invalid_rendered(path.clone(), shown, why));
        return;
    }
    let (path, rules) = (path.child("rules"), policy.list_at(&["rules"]));
    if rules.is_empty() {
        let why = "at least one rules must be specified when the successPolicy is specified";
        errors.push(FieldError::required(path.clone(), why));
    }
    if rules.len() > 20 {
        errors.push(FieldError::too_many(path.clone(), rules.len(), 20));
    }
    let completions = spec.i64_at(&["completions"]).unwrap_or(0);
    for (i, rule) in rules.iter().enumerate() {
        let path = path.index(i);
        let indexes = rule.get("succeededIndexes").and_then(Value::as_str);
        let count = rule.i64_at(&["succeededCount"]);
        if indexes.is_none() && count.is_none() {
            let why = "at least one of succeededCount or succeededIndexes must be specified";
            errors.push(FieldError::required(path.clone(), why));
        }
        let mut total = 0;
        if let Some(indexes) = indexes {
            match count_indexes(indexes, completions) {
                Ok(n) => total = n,
                Err(why) => {
                    let why = format!("error parsing succeededIndexes: {why}");
                    errors.push(FieldError::invalid(path.child("succeededIndexes"), &indexes.into(), why));
                }
            }
        }
        let at = path.child("succeededCount");
        check::non_negative(errors, at.clone(), count);
        let mut above = |most: i64, what: &str| {
            if let Some(count) = count.filter(|c| *c > most) {
                let why = format!("must be less than or equal to {most} (the number of {what})");
                errors.push(FieldError::invalid(at.clone(), &Value::Int(count), why));
            }
        };
        above(completions, "specified completions");
        if indexes.is_some() {
            above(total, "indexes in the specified succeededIndexes field");
        }
    }
}

/// How many indexes a text as `1,3-5` names: `validateIndexesFormat`.
fn count_indexes(text: &str, completions: i64) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let (mut last, mut total) = (None, 0);
    for interval in text.split(',') {
        let limits: Vec<&str> = interval.split('-').collect();
        let number = |limit: &str| -> Result<i64, String> {
            let quoted = gatehouse_model::json::go_quote(limit);
            let number: i64 =
                limit.parse().map_err(|_| format!("cannot convert string to integer for index: {quoted}"))?;
            if number >= completions {
                return Err(format!("too large index: {quoted}"));
            }
            Ok(number)
        };
        let (first, until) = match limits.as_slice() {
            [one] => (number(one)?, None),
            [first, until] => (number(first)?, Some(number(until)?)),
            _ => {
                let quoted = gatehouse_model::json::go_quote(interval);
                return Err(format!(
                    "the fragment {quoted} violates the requirement that an index interval can have at most two parts separated by '-'"
                ));
            }
        };
        if let Some(last) = last
            && last >= first
        {
            return Err(format!("non-increasing order, previous: {last}, current: {first}"));
        }
        if let Some(until) = until.filter(|u| *u <= first) {
            return Err(format!("non-increasing order, previous: {first}, current: {until}"));
        }
        let until = until.unwrap_or(first);
        total += until - first + 1;
        last = Some(until);
    }
    Ok(total)
}
