//! Events: what happened to an object, in the component's words. The same thing again counts up.
//!
//! Models client-go `tools/record/events_cache.go` (similar events are combined, chatter is dropped) and, for the
//! scheduler, `tools/events/event_broadcaster.go` (repetitions become a series).

use std::sync::Arc;

use gatehouse_model::{Object, Value, json, time};

use super::client::Client;
use super::pods::moment;
use crate::cluster::Cluster;
use crate::decision::ObjectRef;

/// From this many different messages on, similar events are combined.
const SIMILAR: usize = 10;
/// How long events are similar, in milliseconds.
const SIMILAR_FOR: i64 = 600_000;
/// How many events a source may send about one object at once, and how long until it may send one more.
const BURST: i64 = 25;
const REFILL: i64 = 300_000;
const COMBINED: &str = "(combined from similar events): ";

/// What kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    /// As it should be.
    Normal,
    /// Not as it should be.
    Warning,
}

impl EventType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// Who reports it: the component, and the host for kubelets.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// For instance `replicaset-controller`.
    pub component: &'static str,
    /// Empty for the control plane's components.
    pub host: &'a str,
}

impl Source<'static> {
    /// A component of the control plane.
    #[must_use]
    pub const fn new(component: &'static str) -> Self {
        Self { component, host: "" }
    }
}

/// Notes an event about `object`. `field_path` is the container for a kubelet's (`spec.containers{web}`), else empty.
pub fn record(
    cluster: &mut Cluster,
    source: Source<'_>,
    object: &Object,
    field_path: &str,
    kind: EventType,
    reason: &str,
    message: &str,
) {
    let mut client = if source.host.is_empty() {
        Client::new(cluster, source.component)
    } else {
        Client::kubelet(cluster, source.host)
    };
    note(&mut client, source, object, field_path, kind, reason, message);
}

/// Notes an event as the client's user.
pub(super) fn note(
    client: &mut Client<'_>,
    source: Source<'_>,
    object: &Object,
    field_path: &str,
    kind: EventType,
    reason: &str,
    message: &str,
) {
    let now = client.cluster.now;
    let mine: Vec<Arc<Object>> = about_object(client.cluster, object, source.component);
    // A source that talks too much about one object is not heard any more.
    let total: i64 = mine.iter().map(|e| e.i64_at(&["count"]).unwrap_or(1)).sum();
    let first = mine.iter().filter_map(|e| moment(e.str_at(&["firstTimestamp"]))).min().unwrap_or(now);
    if total >= BURST + (now.0 - first.0) / REFILL {
        return;
    }
    let group: Vec<&Arc<Object>> = mine
        .iter()
        .filter(|e| {
            e.str_at(&["reason"]) == reason
                && e.str_at(&["type"]) == kind.as_str()
                && e.str_at(&["involvedObject", "fieldPath"]) == field_path
                && moment(e.str_at(&["lastTimestamp"])).is_none_or(|t| now.0 - t.0 <= SIMILAR_FOR)
        })
        .collect();
    let same = group.iter().find(|e| e.str_at(&["message"]) == message);
    let combined = group.iter().find(|e| e.str_at(&["message"]).starts_with(COMBINED));
    let combine = same.is_none() && group.len() + 1 >= SIMILAR;
    let message = if combine { format!("{COMBINED}{message}") } else { message.to_owned() };
    // Losing an event hurts nobody: a refusal (the namespace is going) is passed over, as client-go does.
    if let Some(event) = if combine { combined } else { same } {
        let mut event = (***event).clone();
        let count = event.i64_at(&["count"]).unwrap_or(1) + 1;
        event.set(&["count"], count);
        event.set(&["message"], message);
        event.set(&["lastTimestamp"], now.to_string());
        let _ = client.update("events", &event, "");
        return;
    }
    let mut event = blank(client, source, object, field_path);
    event.set(&["reason"], reason);
    event.set(&["message"], message);
    event.set(&["type"], kind.as_str());
    event.set(&["source"], json!({"component": (source.component)}));
    event.set(&["firstTimestamp"], now.to_string());
    event.set(&["lastTimestamp"], now.to_string());
    event.set(&["count"], 1);
    event.set(&["eventTime"], Value::Null);
    if !source.host.is_empty() {
        event.set(&["source", "host"], source.host);
    }
    let _ = client.create("events", event);
}

/// Notes an event in the newer form, as the scheduler does: with an action, and a series instead of a count.
pub(super) fn note_action(
    client: &mut Client<'_>,
    source: Source<'_>,
    object: &Object,
    kind: EventType,
    (reason, action): (&str, &str),
    message: &str,
) {
    let now = client.cluster.now;
    let instant = time::rfc3339_micro(now.seconds(), micros(now.0));
    let version = object.str_at(&["metadata", "resourceVersion"]);
    let same = about_object(client.cluster, object, source.component).into_iter().find(|e| {
        e.str_at(&["reason"]) == reason
            && e.str_at(&["action"]) == action
            && e.str_at(&["involvedObject", "resourceVersion"]) == version
    });
    if let Some(event) = same {
        let mut event = (*event).clone();
        let count = event.i64_at(&["series", "count"]).unwrap_or(1) + 1;
        event.set(&["series"], json!({"count": count, "lastObservedTime": instant}));
        let _ = client.update("events", &event, "");
        return;
    }
    let mut event = blank(client, source, object, "");
    event.set(&["reason"], reason);
    event.set(&["action"], action);
    event.set(&["message"], message);
    event.set(&["type"], kind.as_str());
    event.set(&["source"], Value::map());
    event.set(&["reportingInstance"], format!("{}-controlplane", source.component));
    event.set(&["eventTime"], instant);
    event.set(&["firstTimestamp"], Value::Null);
    event.set(&["lastTimestamp"], Value::Null);
    let _ = client.create("events", event);
}

fn micros(millis: i64) -> u32 {
    u32::try_from(millis.rem_euclid(1000) * 1000).unwrap_or(0)
}

fn about_object(cluster: &Cluster, object: &Object, component: &str) -> Vec<Arc<Object>> {
    cluster
        .store
        .named("events", namespace_of(object), object.name())
        .filter(|e| {
            e.str_at(&["involvedObject", "name"]) == object.name()
                && e.str_at(&["involvedObject", "uid"]) == object.uid()
                && e.str_at(&["involvedObject", "kind"]) == object.kind()
                && e.str_at(&["reportingComponent"]) == component
        })
        .cloned()
        .collect()
}

/// Events about cluster-scoped objects lie in `default`.
fn namespace_of(object: &Object) -> &str {
    if object.namespace().is_empty() { "default" } else { object.namespace() }
}

fn blank(client: &mut Client<'_>, source: Source<'_>, object: &Object, field_path: &str) -> Value {
    // The name ends in the moment's nanoseconds; the clock here has milliseconds.
    let nanos = client.cluster.now.0 * 1_000_000
        + i64::try_from(client.cluster.store.revision() % 1_000_000).unwrap_or(0);
    let mut event = json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": (format!("{}.{nanos:x}", object.name())), "namespace": (namespace_of(object))},
        "involvedObject": {"apiVersion": (object.api_version()), "kind": (object.kind()), "name": (object.name())},
        "reportingComponent": (source.component), "reportingInstance": (source.host),
    });
    for (key, value) in [
        ("namespace", object.namespace()),
        ("uid", object.uid()),
        ("resourceVersion", object.str_at(&["metadata", "resourceVersion"])),
        ("fieldPath", field_path),
    ] {
        if !value.is_empty() {
            event.set(&["involvedObject", key], value);
        }
    }
    event
}

/// The events about an object, oldest first, as `reason: message`.
#[must_use]
pub fn about(cluster: &Cluster, object: &ObjectRef) -> Vec<String> {
    let namespace = if object.namespace.is_empty() { "default" } else { object.namespace.as_str() };
    let mut events: Vec<_> = cluster
        .store
        .list("events", Some(namespace))
        .filter(|e| e.str_at(&["involvedObject", "kind"]) == object.kind)
        .filter(|e| e.str_at(&["involvedObject", "name"]) == object.name)
        .collect();
    gatehouse_model::order::by_key(&mut events, |e| match e.str_at(&["firstTimestamp"]) {
        "" => e.str_at(&["eventTime"]).to_owned(),
        first => first.to_owned(),
    });
    events.iter().map(|e| format!("{}: {}", e.str_at(&["reason"]), e.str_at(&["message"]))).collect()
}
