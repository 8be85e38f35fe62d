//! The `scale` subresource: how many replicas, without the rest.

use gatehouse_model::selector::Selector;
use gatehouse_model::{FieldError, FieldPath, Object, Value, json};

use crate::managed;
use crate::patch as algorithms;
use crate::request::{Body, Reply};
use crate::server::call::{Call, in_version};
use crate::server::{decode, update};
use crate::status::Status;

/// GET of a scale.
pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, Status> {
    let object = call.stored()?;
    Ok(Reply::Object(of(call, &object)))
}

/// PUT or PATCH of a scale.
pub(super) fn change(call: &mut Call<'_>) -> Result<Reply, Status> {
    let old = call.stored()?;
    let scale = of(call, &old);
    let new = match &call.request.body {
        Body::Object(value) => value.clone(),
        Body::Patch(_, patch) => algorithms::merge::apply(&scale, patch),
        Body::None => return Err(Status::bad_request("Object 'Kind' is missing in ''")),
    };
    let replicas = new.i64_at(&["spec", "replicas"]).unwrap_or(0);
    if replicas < 0 {
        let error = FieldError::invalid(
            FieldPath::new("spec.replicas"),
            &Value::Int(replicas),
            "must be greater than or equal to 0",
        );
        return Err(Status::invalid("autoscaling", "Scale", old.name(), &[error]));
    }
    let wanted = new.str_at(&["metadata", "resourceVersion"]);
    if !wanted.is_empty() && wanted != old.str_at(&["metadata", "resourceVersion"]) {
        return Err(call.conflict(
            old.name(),
            "the object has been modified; please apply your changes to the latest version and try again",
        ));
    }
    let mut changed = old.0.clone();
    changed.set(&["spec", "replicas"], replicas);
    let mut decoded = decode::decoded(call, changed, decode::Source::Patch)?;
    managed::updated(call, &old, decoded.object_mut());
    let stored = update::replaced(call, &old, decoded)?;
    let stored = in_version(&call.resource, stored);
    Ok(Reply::Object(of(call, &stored)))
}

fn of(call: &Call<'_>, object: &Object) -> Object {
    let selector = match object.at(&["spec", "selector"]) {
        Some(s) if object.kind() == "ReplicationController" => Selector::from_labels(s.entries()).to_string(),
        Some(s) => Selector::from_object(Some(s)).map(|s| s.to_string()).unwrap_or_default(),
        None => String::new(),
    };
    let mut metadata = json!({"name": (object.name()), "namespace": (object.namespace())});
    for field in ["uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = object.at(&["metadata", field]) {
            metadata.set(&[field], value.clone());
        }
    }
    let mut status = json!({"replicas": (object.i64_at(&["status", "replicas"]).unwrap_or(0))});
    if !selector.is_empty() {
        status.set(&["selector"], selector);
    }
    let mut spec = Value::map();
    let replicas =
        object.i64_at(&["spec", "replicas"]).unwrap_or(if call.resource.gv.group == "apps" { 1 } else { 0 });
    if replicas != 0 {
        spec.set(&["replicas"], replicas);
    }
    Object(
        json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": spec, "status": status}),
    )
}
