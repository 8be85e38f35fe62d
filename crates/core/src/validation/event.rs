//! Events: what both versions mind, and what `events.k8s.io/v1` minds besides.
//!
//! Models `pkg/apis/core/validation/events.go`.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::{Rules, internal, meta};

/// A field by the names the two versions of the API give to it.
fn field<'a>(object: &'a Object, names: [&str; 2]) -> Option<&'a Value> {
    names.iter().find_map(|name| object.get(name)).filter(|v| !v.is_null())
}

fn text<'a>(object: &'a Object, names: [&str; 2]) -> &'a str {
    field(object, names).and_then(Value::as_str).unwrap_or_default()
}

const ABOUT: [&str; 2] = ["involvedObject", "regarding"];
const COMPONENT: [&str; 2] = ["reportingComponent", "reportingController"];
const MESSAGE: [&str; 2] = ["message", "note"];
const SOURCE: [&str; 2] = ["source", "deprecatedSource"];
const FIRST: [&str; 2] = ["firstTimestamp", "deprecatedFirstTimestamp"];
const LAST: [&str; 2] = ["lastTimestamp", "deprecatedLastTimestamp"];
const COUNT: [&str; 2] = ["count", "deprecatedCount"];

fn is_new(object: &Object) -> bool {
    object.get("eventTime").is_some_and(|t| !t.is_null())
}

/// What every version minds.
fn legacy(errors: &mut Errors, object: &Object) {
    let space = object.namespace();
    let about = field(object, ABOUT).map_or("", |about| about.str_at(&["namespace"]));
    let mut agrees = |agrees: bool| {
        if !agrees {
            let path = FieldPath::new("involvedObject.namespace");
            errors.push(FieldError::invalid(path, &about.into(), "does not match event.namespace"));
        }
    };
    if is_new(object) {
        agrees(!about.is_empty() || matches!(space, "default" | "kube-system"));
        let component = text(object, COMPONENT);
        let path = FieldPath::new("reportingController");
        check::required(errors, path.clone(), component);
        check::text(errors, &path, component, names::label_key(component));
        for (name, value, needed, most) in [
            ("reportingInstance", object.str_at(&["reportingInstance"]), true, 128),
            ("action", object.str_at(&["action"]), true, 128),
            ("reason", object.str_at(&["reason"]), true, 128),
            ("message", text(object, MESSAGE), false, 1024),
        ] {
            let path = FieldPath::new(name);
            if needed {
                check::required(errors, path.clone(), value);
            }
            if value.len() > most {
                let why = format!("can have at most {most} characters");
                errors.push(FieldError::invalid(path, &"".into(), why));
            }
        }
    } else if about.is_empty() {
        agrees(matches!(space, "" | "default"));
    } else {
        agrees(about == space);
    }
    check::text(errors, &FieldPath::new("namespace"), space, names::dns1123_subdomain(space));
}

/// Whether the strict version of the API is spoken.
fn is_strict(rules: &Rules) -> bool {
    rules.api_version == "events.k8s.io/v1"
}

fn series(errors: &mut Errors, object: &Object) {
    let Some(series) = object.get("series").filter(|s| !s.is_null()) else { return };
    if series.i64_at(&["count"]).unwrap_or(0) < 2 {
        errors.push(FieldError::invalid(FieldPath::new("series.count"), &"".into(), "should be at least 2"));
    }
    check::required(errors, FieldPath::new("series.lastObservedTime"), series.str_at(&["lastObservedTime"]));
}

/// An Event that is to be made.
pub(super) fn event(errors: &mut Errors, rules: &Rules, object: &Object) {
    legacy(errors, object);
    if !is_strict(rules) {
        return;
    }
    meta::object(errors, object, true, names::dns1123_subdomain);
    series(errors, object);
    if !is_new(object) {
        errors.push(FieldError::required(FieldPath::new("eventTime"), ""));
    }
    let mut invalid = |path: &str, why: &str| {
        errors.push(FieldError::invalid(FieldPath::new(path), &"".into(), why));
    };
    let kind = object.str_at(&["type"]);
    if !matches!(kind, "Normal" | "Warning") {
        invalid("type", &format!("has invalid value: {kind}"));
    }
    let unset = "needs to be unset";
    for (names, path) in [(FIRST, "firstTimestamp"), (LAST, "lastTimestamp")] {
        if field(object, names).is_some() {
            invalid(path, unset);
        }
    }
    if field(object, COUNT).is_some_and(|count| count.as_i64() != Some(0)) {
        invalid("count", unset);
    }
    let source = field(object, SOURCE);
    if source.is_some_and(|s| ["component", "host"].iter().any(|f| !s.str_at(&[f]).is_empty())) {
        invalid("source", unset);
    }
}

/// A change of an Event: by the strict version only its series grows.
pub(super) fn update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    legacy(errors, new);
    if !is_strict(rules) {
        return;
    }
    meta::update(errors, new, old);
    if new.get("series") != old.get("series") {
        series(errors, new);
    }
    let mut fixed = |names: [&str; 2], path: &str, shown: &str| {
        let (now, before) = (field(new, names), field(old, names));
        if now == before {
            return;
        }
        let path = FieldPath::new(path);
        let why = "field is immutable";
        errors.push(match (shown, now) {
            ("", now) => FieldError::invalid(path, now.unwrap_or(&Value::Null), why),
            (name, now) => {
                let shown = internal::print(name, now.unwrap_or(&Value::Null));
                FieldError::invalid_rendered(path, shown, why)
            }
        });
    };
    fixed(ABOUT, "involvedObject", "ObjectReference");
    fixed(["reason"; 2], "reason", "");
    fixed(MESSAGE, "message", "");
    fixed(SOURCE, "source", "EventSource");
    fixed(FIRST, "firstTimestamp", "");
    fixed(LAST, "lastTimestamp", "");
    fixed(COUNT, "count", "");
    fixed(["reason"; 2], "reason", "");
    fixed(["type"; 2], "type", "");
    fixed(["eventTime"; 2], "eventTime", "");
    fixed(["action"; 2], "action", "");
    fixed(["related"; 2], "related", "ObjectReference");
    fixed(COMPONENT, "reportingController", "");
    fixed(["reportingInstance"; 2], "reportingInstance", "");
}
