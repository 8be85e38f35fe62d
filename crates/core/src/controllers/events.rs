//! Events: what happened to an object, in the component's words. The same thing again counts up.
//!
//! Models client-go `tools/record` and `tools/events`.

use gatehouse_model::{Object, json};

use super::client::Client;
use crate::cluster::Cluster;
use crate::decision::ObjectRef;

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
    let namespace = if object.namespace().is_empty() { "default" } else { object.namespace() };
    let same = cluster.store.list("events", Some(namespace)).find(|e| {
        e.str_at(&["involvedObject", "uid"]) == object.uid()
            && e.str_at(&["involvedObject", "name"]) == object.name()
            && e.str_at(&["involvedObject", "fieldPath"]) == field_path
            && e.str_at(&["reason"]) == reason
            && e.str_at(&["message"]) == message
            && e.str_at(&["source", "component"]) == source.component
    });
    let now = cluster.now.to_string();
    let same = same.cloned();
    let mut client = Client::new(cluster, source.component);
    if let Some(event) = same {
        let mut event = (*event).clone();
        let count = event.i64_at(&["count"]).unwrap_or(1) + 1;
        event.set(&["count"], count);
        event.set(&["lastTimestamp"], now);
        // Losing an event hurts nobody: a refusal (the namespace is going) is passed over, as client-go does.
        let _ = client.update("events", &event, "");
        return;
    }
    let suffix = format!("{:016x}", client.cluster.entropy.next_u64() >> 8);
    let mut event = json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": (format!("{}.{suffix}", object.name())), "namespace": namespace},
        "involvedObject": {"apiVersion": (object.api_version()), "kind": (object.kind()), "name": (object.name())},
        "reason": reason, "message": message, "type": (kind.as_str()),
        "source": {"component": (source.component)}, "reportingComponent": (source.component), "reportingInstance": (source.host),
        "firstTimestamp": (now.as_str()), "lastTimestamp": (now.as_str()), "count": 1,
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
    if !source.host.is_empty() {
        event.set(&["source", "host"], source.host);
    }
    let _ = client.create("events", event);
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
    events.sort_by_key(|e| e.str_at(&["firstTimestamp"]).to_owned());
    events.iter().map(|e| format!("{}: {}", e.str_at(&["reason"]), e.str_at(&["message"]))).collect()
}
