//! Cells that several kinds share.

use gatehouse_model::resource::qualified;
use gatehouse_model::{GroupVersion, Quantity, Selector, Value, time};

use super::{At, since};
use crate::print::table::format_labels;

pub(super) fn name(o: &Value, _: At) -> String {
    o.str_at(&["metadata", "name"]).to_owned()
}

pub(super) fn age(o: &Value, at: At) -> String {
    since(o.str_at(&["metadata", "creationTimestamp"]), at.now)
}

pub(super) fn created_at(o: &Value, _: At) -> String {
    o.str_at(&["metadata", "creationTimestamp"]).to_owned()
}

/// A number, 0 where missing.
pub(super) fn number(o: &Value, path: &[&str]) -> String {
    o.i64_at(path).unwrap_or(0).to_string()
}

/// A text, `other` where missing or empty.
pub(super) fn text_or(o: &Value, path: &[&str], other: &str) -> String {
    let text = o.str_at(path);
    if text.is_empty() { other.to_owned() } else { text.to_owned() }
}

/// A switch as the table shows it.
pub(super) fn switch(o: &Value, path: &[&str], default: bool) -> String {
    o.bool_at(path).unwrap_or(default).to_string()
}

/// A number or a percentage, `other` where missing.
pub(super) fn int_or_string(o: &Value, path: &[&str], other: &str) -> String {
    match o.at(path) {
        Some(Value::Int(i)) => i.to_string(),
        Some(Value::Str(s)) => s.to_string(),
        _ => other.to_owned(),
    }
}

/// A quantity in its canonical form; a missing one is 0.
pub(crate) fn quantity(value: Option<&Value>) -> String {
    let text = match value {
        Some(Value::Str(s)) => s.to_string(),
        Some(Value::Int(i)) => i.to_string(),
        Some(Value::Float(f)) => f.to_string(),
        _ => return "0".to_owned(),
    };
    Quantity::parse(&text).map_or(text, |q| q.to_string())
}

/// A `LabelSelector` as text: `<none>` where it selects everything or nothing.
pub(crate) fn selector(value: Option<&Value>) -> String {
    match Selector::from_object(value) {
        Err(_) => "<error>".to_owned(),
        Ok(selector) => {
            let text = selector.to_string();
            if text.is_empty() { "<none>".to_owned() } else { text }
        }
    }
}

/// Labels under `path`.
pub(super) fn labels(o: &Value, path: &[&str]) -> String {
    format_labels(o.map_at(path))
}

/// One member of each container of the pod template under `path`.
pub(super) fn containers(o: &Value, path: &[&str], member: &str) -> String {
    let items: Vec<&str> = o.list_at(path).iter().map(|c| c.str_at(&[member])).collect();
    items.join(",")
}

pub(super) fn container_names(o: &Value, _: At) -> String {
    containers(o, &["spec", "template", "spec", "containers"], "name")
}

pub(super) fn images(o: &Value, _: At) -> String {
    containers(o, &["spec", "template", "spec", "containers"], "image")
}

pub(super) fn spec_selector(o: &Value, _: At) -> String {
    selector(o.at(&["spec", "selector"]))
}

/// `ready/desired`
pub(super) fn ready_of(o: &Value, _: At) -> String {
    let ready = o.i64_at(&["status", "readyReplicas"]).unwrap_or(0);
    format!("{ready}/{}", o.i64_at(&["spec", "replicas"]).unwrap_or(0))
}

/// `Kind/name` of what a binding grants.
pub(super) fn role_ref(o: &Value, _: At) -> String {
    format!("{}/{}", o.str_at(&["roleRef", "kind"]), o.str_at(&["roleRef", "name"]))
}

/// The subjects of one kind.
pub(super) fn subjects(o: &Value, kind: &str) -> String {
    let of_kind = o.list_at(&["subjects"]).iter().filter(|s| s.str_at(&["kind"]) == kind);
    let names: Vec<String> = of_kind
        .map(|s| match kind {
            "ServiceAccount" => format!("{}/{}", s.str_at(&["namespace"]), s.str_at(&["name"])),
            _ => s.str_at(&["name"]).to_owned(),
        })
        .collect();
    names.join(", ")
}

/// At most `max` of a list, and how many more there are.
pub(super) fn shortened(list: &[String], max: usize) -> String {
    let text: Vec<&str> = list.iter().take(max).map(String::as_str).collect();
    let text = text.join(",");
    if list.len() > max { format!("{text} + {} more...", list.len() - max) } else { text }
}

/// `RWO,ROX,RWX,RWOP`, in that order.
pub(crate) fn access_modes(modes: &[Value]) -> String {
    let known = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let shown: Vec<&str> = known
        .iter()
        .filter(|(mode, _)| modes.iter().any(|m| m.as_str() == Some(mode)))
        .map(|(_, short)| *short)
        .collect();
    shown.join(",")
}

pub(super) fn storage_class(o: &Value, _: At) -> String {
    storage_class_of(o)
}

/// The storage class, from before it was a field or from the field.
pub(crate) fn storage_class_of(o: &Value) -> String {
    match o.at(&["metadata", "annotations", "volume.beta.kubernetes.io/storage-class"]) {
        Some(class) => class.as_str().unwrap_or("").to_owned(),
        None => o.str_at(&["spec", "storageClassName"]).to_owned(),
    }
}

/// The phase, or `Terminating`.
pub(super) fn volume_phase(o: &Value, _: At) -> String {
    if o.str_at(&["metadata", "deletionTimestamp"]).is_empty() {
        o.str_at(&["status", "phase"]).to_owned()
    } else {
        "Terminating".to_owned()
    }
}

/// The status of the condition of a type.
pub(super) fn condition<'v>(o: &'v Value, kind: &str) -> Option<&'v Value> {
    o.list_at(&["status", "conditions"]).iter().find(|c| c.str_at(&["type"]) == kind)
}

pub(super) fn job_status(o: &Value, _: At) -> String {
    let has = |kind| condition(o, kind).is_some_and(|c| c.str_at(&["status"]) == "True");
    let deleting = !o.str_at(&["metadata", "deletionTimestamp"]).is_empty();
    let status = match () {
        () if has("Complete") => "Complete",
        () if has("Failed") => "Failed",
        () if deleting => "Terminating",
        () if has("Suspended") => "Suspended",
        () if has("FailureTarget") => "FailureTarget",
        () if has("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    };
    status.to_owned()
}

pub(super) fn job_completions(o: &Value, _: At) -> String {
    let succeeded = o.i64_at(&["status", "succeeded"]).unwrap_or(0);
    match (o.i64_at(&["spec", "completions"]), o.i64_at(&["spec", "parallelism"]).unwrap_or(0)) {
        (Some(completions), _) => format!("{succeeded}/{completions}"),
        (None, parallelism) if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        (None, _) => format!("{succeeded}/1"),
    }
}

pub(super) fn job_duration(o: &Value, at: At) -> String {
    let seconds = |path: &[&str]| time::parse_rfc3339(o.str_at(path)).ok().map(|(s, _)| s);
    match (seconds(&["status", "startTime"]), seconds(&["status", "completionTime"])) {
        (None, _) => String::new(),
        (Some(start), None) => time::human_duration(at.now.seconds() - start),
        (Some(start), Some(end)) => time::human_duration(end - start),
    }
}

/// Used and hard limits of a quota: those of limits, or all others.
pub(super) fn quota(o: &Value, limits: bool) -> String {
    let used = o.map_at(&["status", "used"]);
    let parts: Vec<String> = o
        .map_at(&["status", "hard"])
        .iter()
        .filter(|(resource, _)| resource.starts_with("limits.") == limits)
        .map(|(resource, hard)| {
            format!("{resource}: {}/{}", quantity(used.get(resource)), quantity(Some(hard)))
        })
        .collect();
    parts.join(", ")
}

pub(super) fn csr_condition(o: &Value, _: At) -> String {
    csr_status(o)
}

/// What has become of a certificate signing request.
pub(crate) fn csr_status(o: &Value) -> String {
    let has = |kind| condition(o, kind).is_some();
    let mut status = if has("Denied") {
        "Denied".to_owned()
    } else if has("Approved") {
        "Approved".to_owned()
    } else {
        "Pending".to_owned()
    };
    if has("Failed") {
        status.push_str(",Failed");
    }
    if !o.str_at(&["status", "certificate"]).is_empty() {
        status.push_str(",Issued");
    }
    status
}

/// Which parameters a policy binding names.
pub(super) fn param_ref(o: &Value, _: At) -> String {
    let Some(param) = o.at(&["spec", "paramRef"]) else { return "<unset>".to_owned() };
    let (name, namespace) = (param.str_at(&["name"]), param.str_at(&["namespace"]));
    if !name.is_empty() {
        return format!("{}/{name}", if namespace.is_empty() { "*" } else { namespace });
    }
    match param.get("selector") {
        Some(selector) => gatehouse_model::selector::go_text(selector),
        None => "<unset>".to_owned(),
    }
}

pub(super) fn param_kind(o: &Value, _: At) -> String {
    match o.at(&["spec", "paramKind"]) {
        Some(kind) => format!("{}/{}", kind.str_at(&["apiVersion"]), kind.str_at(&["kind"])),
        None => "<unset>".to_owned(),
    }
}

/// `kind.group/name` of the controller.
pub(super) fn controller(o: &Value, _: At) -> String {
    let owners = o.list_at(&["metadata", "ownerReferences"]);
    let Some(owner) = owners.iter().find(|r| r.bool_at(&["controller"]) == Some(true)) else {
        return "<none>".to_owned();
    };
    let gv = GroupVersion::parse(owner.str_at(&["apiVersion"]));
    let kind = qualified(owner.str_at(&["kind"]), &gv.group).to_lowercase();
    format!("{kind}/{}", owner.str_at(&["name"]))
}

/// When an event was last or first seen.
pub(super) fn event_seen(o: &Value, at: At, last: bool) -> String {
    let either = |paths: [&[&str]; 2]| {
        paths.iter().map(|p| o.str_at(p)).find(|t| !t.is_empty()).unwrap_or("").to_owned()
    };
    let first = either([&["firstTimestamp"], &["deprecatedFirstTimestamp"]]);
    let first = if first.is_empty() { o.str_at(&["eventTime"]).to_owned() } else { first };
    if !last {
        return since(&first, at.now);
    }
    let series = o.str_at(&["series", "lastObservedTime"]);
    if o.get("series").is_some_and(|s| !s.is_null()) {
        return since(series, at.now);
    }
    let seen = either([&["lastTimestamp"], &["deprecatedLastTimestamp"]]);
    since(if seen.is_empty() { &first } else { &seen }, at.now)
}

/// What an event is about: its reference in either API group.
pub(super) fn event_object(o: &Value) -> &Value {
    o.get("involvedObject").or_else(|| o.get("regarding")).unwrap_or(&Value::Null)
}

pub(super) fn event_target(o: &Value, _: At) -> String {
    let object = event_object(o);
    let (kind, name) = (object.str_at(&["kind"]).to_lowercase(), object.str_at(&["name"]));
    if name.is_empty() { kind } else { format!("{kind}/{name}") }
}

/// Who reported an event, with the host where it is known.
pub(super) fn event_source(o: &Value, _: At) -> String {
    let first = |paths: [&[&str]; 3]| {
        paths.iter().map(|p| o.str_at(p)).find(|t| !t.is_empty()).unwrap_or("").to_owned()
    };
    let component =
        first([&["source", "component"], &["deprecatedSource", "component"], &["reportingController"]]);
    let component =
        if component.is_empty() { o.str_at(&["reportingComponent"]).to_owned() } else { component };
    let host = first([&["source", "host"], &["deprecatedSource", "host"], &["reportingInstance"]]);
    if host.is_empty() { component } else { format!("{component}, {host}") }
}

pub(super) fn event_count(o: &Value, _: At) -> String {
    if let Some(count) = o.i64_at(&["series", "count"]) {
        return count.to_string();
    }
    let count = o.i64_at(&["count"]).or_else(|| o.i64_at(&["deprecatedCount"])).unwrap_or(0);
    if count == 0 { "1".to_owned() } else { count.to_string() }
}

/// The items of a list, or `other` where there are none.
pub(super) fn joined(o: &Value, path: &[&str], other: &str) -> String {
    let items: Vec<&str> = o.list_at(path).iter().filter_map(Value::as_str).collect();
    if items.is_empty() { other.to_owned() } else { items.join(",") }
}
