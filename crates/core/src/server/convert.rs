//! Kinds that are served in several versions of different shape: stored in one, shown in any.
//!
//! Models `pkg/apis/{events,autoscaling,networking}/*/conversion.go`, as far as shapes differ.

mod autoscaler;
mod crd;

use gatehouse_model::{Map, Object, ResourceType, Value, json};

/// Turns an object of a served version into the stored one.
pub(super) fn to_stored(object: &mut Object) {
    match (object.api_version(), object.kind()) {
        ("events.k8s.io/v1" | "events.k8s.io/v1beta1", "Event") => {
            rename(object, EVENT);
            object.set(&["apiVersion"], "v1");
        }
        ("autoscaling/v1", "HorizontalPodAutoscaler") => autoscaler_to_v2(object),
        ("autoscaling/v2beta1", "HorizontalPodAutoscaler") => autoscaler::to_v2(object),
        ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition") => crd::to_v1(object),
        ("extensions/v1beta1" | "networking.k8s.io/v1beta1", "Ingress") => ingress_to_v1(object),
        _ => {}
    }
}

/// Turns a stored object into a served version.
pub(super) fn to_served(object: &mut Object, api_version: &str) {
    if object.api_version() == api_version {
        return;
    }
    match (api_version, object.kind()) {
        ("events.k8s.io/v1" | "events.k8s.io/v1beta1", "Event") => {
            let back: Vec<(&str, &str)> = EVENT.iter().map(|(new, old)| (*old, *new)).collect();
            rename(object, &back);
        }
        ("autoscaling/v1", "HorizontalPodAutoscaler") => autoscaler_to_v1(object),
        ("autoscaling/v2beta1", "HorizontalPodAutoscaler") => autoscaler::to_v2beta1(object),
        ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition") => crd::to_v1beta1(object),
        ("extensions/v1beta1" | "networking.k8s.io/v1beta1", "Ingress") => ingress_to_v1beta1(object),
        _ => {}
    }
    object.set(&["apiVersion"], api_version);
}

/// An object in the version of a resource; subresources' objects stay what they are.
pub(crate) fn in_version(object: &Object, resource: &ResourceType) -> Object {
    let mut object = object.clone();
    if object.kind() == resource.kind {
        to_served(&mut object, &resource.gv.to_string());
    }
    object
}

/// An object that was changed in some version, back in the one it came from. What that version cannot say stays.
pub(crate) fn out_of_version(mut object: Object, from: &Object) -> Object {
    if object.api_version() == from.api_version() {
        return object;
    }
    let shown = object.clone();
    to_stored(&mut object);
    if shown.api_version() == "autoscaling/v1" {
        let mut before = from.clone();
        to_served(&mut before, "autoscaling/v1");
        let same = before.at(&["spec", CPU]) == shown.at(&["spec", CPU]);
        let kept = [["spec", "behavior"], ["status", "currentMetrics"], ["status", "conditions"]];
        for path in kept.into_iter().chain(same.then_some(["spec", "metrics"])) {
            if let Some(value) = from.at(&path) {
                object.set(&path, value.clone());
            }
        }
    }
    object.set(&["apiVersion"], from.api_version());
    object
}

/// Names of fields in `events.k8s.io` and in the core group.
const EVENT: &[(&str, &str)] = &[
    ("regarding", "involvedObject"),
    ("note", "message"),
    ("reportingController", "reportingComponent"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
];

fn rename(object: &mut Object, names: &[(&str, &str)]) {
    for (from, to) in names {
        if let Some(value) = object.remove(&[from]) {
            object.set(&[to], value);
        }
    }
}

const CPU: &str = "targetCPUUtilizationPercentage";

fn autoscaler_to_v2(object: &mut Object) {
    let percent = object.remove(&["spec", CPU]).and_then(|v| v.as_i64()).unwrap_or(80);
    object.set(
        &["spec", "metrics"],
        json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": percent}}}]),
    );
    object.set(&["apiVersion"], "autoscaling/v2");
    if object.get("status").is_some() {
        object.remove(&["status", "currentCPUUtilizationPercentage"]);
    }
}

fn autoscaler_to_v1(object: &mut Object) {
    let metrics: Vec<Value> = object.list_at(&["spec", "metrics"]).to_vec();
    let percent = metrics
        .iter()
        .find(|m| m.str_at(&["resource", "name"]) == "cpu")
        .and_then(|m| m.i64_at(&["resource", "target", "averageUtilization"]));
    for path in
        [["spec", "metrics"], ["spec", "behavior"], ["status", "currentMetrics"], ["status", "conditions"]]
    {
        object.remove(&path);
    }
    if let Some(percent) = percent {
        object.set(&["spec", CPU], percent);
    }
    if object.get("status").is_some() && object.at(&["status", "currentReplicas"]).is_none() {
        object.set(&["status", "currentReplicas"], 0);
    }
}

fn each_backend(object: &mut Object, work: fn(&mut Value)) {
    if let Some(backend) = object.at_mut(&["spec", "defaultBackend"]) {
        work(backend);
    }
    let Some(rules) = object.at_mut(&["spec", "rules"]) else { return };
    for rule in rules.make_list() {
        let Some(paths) = rule.at_mut(&["http", "paths"]) else { continue };
        for path in paths.make_list() {
            if let Some(backend) = path.at_mut(&["backend"]) {
                work(backend);
            }
        }
    }
}

fn ingress_to_v1(object: &mut Object) {
    if let Some(backend) = object.remove(&["spec", "backend"]) {
        object.set(&["spec", "defaultBackend"], backend);
    }
    each_backend(object, |backend| {
        let name = backend.remove(&["serviceName"]);
        let port = backend.remove(&["servicePort"]);
        if let Some(name) = name {
            let mut service = Map::new();
            service.insert("name", name);
            match port {
                Some(Value::Int(n)) => service.insert("port", json!({"number": n})),
                Some(Value::Str(s)) => service.insert("port", json!({"name": (Value::Str(s))})),
                _ => None,
            };
            backend.set(&["service"], service);
        }
    });
    object.set(&["apiVersion"], "networking.k8s.io/v1");
}

fn ingress_to_v1beta1(object: &mut Object) {
    each_backend(object, |backend| {
        let Some(service) = backend.remove(&["service"]) else { return };
        backend.set(&["serviceName"], service.str_at(&["name"]));
        let port = service.at(&["port", "number"]).or(service.at(&["port", "name"])).cloned();
        if let Some(port) = port {
            backend.set(&["servicePort"], port);
        }
    });
    if let Some(backend) = object.remove(&["spec", "defaultBackend"]) {
        object.set(&["spec", "backend"], backend);
    }
}

#[cfg(test)]
mod tests {
    use super::{to_served, to_stored};
    use gatehouse_model::{Object, json};

    #[test]
    fn versions_of_one_object() {
        for (served, stored) in [
            (
                json!({"apiVersion": "events.k8s.io/v1", "kind": "Event", "note": "x", "regarding": {"name": "p"}}),
                json!({"apiVersion": "v1", "kind": "Event", "message": "x", "involvedObject": {"name": "p"}}),
            ),
            (
                json!({"apiVersion": "networking.k8s.io/v1beta1", "kind": "Ingress", "spec": {"backend": {"serviceName": "s", "servicePort": 80}}}),
                json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}}),
            ),
        ] {
            let mut object = Object(served.clone());
            to_stored(&mut object);
            assert_eq!(object.0, stored);
            let version = served.str_at(&["apiVersion"]).to_owned();
            to_served(&mut object, &version);
            assert_eq!(object.0, served);
        }
    }
}
