//! The `scale` subresource: how many replicas, without the rest.
//!
//! Of custom resources it models `ScaleREST` of apiextensions `pkg/registry/customresource/etcd.go`.

use gatehouse_model::selector::Selector;
use gatehouse_model::{FieldError, FieldPath, Object, Value, json};

use crate::managed;
use crate::patch as algorithms;
use crate::request::{Body, PatchType, Reply};
use crate::schema;
use crate::server::call::{Call, in_version};
use crate::server::{decode, patch, update};
use crate::status::{Reason, Status};

/// GET of a scale.
pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, Status> {
    let object = call.stored()?;
    let places = Places::of(call);
    let scale = of(call, &places, &object)?;
    if let Some(missing) = places.missing(&object) {
        let why = format!("the spec replicas field \"{missing}\" does not exist");
        return Err(Status::internal(&why));
    }
    Ok(Reply::Object(scale))
}

/// PUT or PATCH of a scale.
pub(super) fn change(call: &mut Call<'_>) -> Result<Reply, Status> {
    let old = call.stored()?;
    let places = Places::of(call);
    let mut scale = of(call, &places, &old)?;
    let missing = places.missing(&old).map(str::to_owned);
    if missing.is_some() {
        scale.set(&["spec", "replicas"], i64::from(i32::MIN));
    }
    let new = match &call.request.body {
        Body::Object(value) => value.clone(),
        Body::Patch(PatchType::Json, patch) => patch::json(&scale, patch)?,
        Body::Patch(_, patch) => algorithms::merge::apply(&scale, patch),
        Body::None => return Err(Status::bad_request("Object 'Kind' is missing in ''")),
    };
    let replicas = new.i64_at(&["spec", "replicas"]).unwrap_or(0);
    if let Some(missing) = missing.filter(|_| replicas == i64::from(i32::MIN)) {
        return Err(Status::bad_request(format!("the spec replicas field \"{missing}\" cannot be empty")));
    }
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
    changed.set(&steps(&places.replicas), replicas);
    let mut decoded = decode::decoded(call, changed, decode::Source::Patch)?;
    managed::updated(call, &old, decoded.object_mut());
    let stored = update::replaced(call, &old, decoded)?;
    let stored = in_version(&call.resource, stored);
    Ok(Reply::Object(of(call, &places, &stored)?))
}

/// Where a resource keeps what its scale says.
struct Places {
    custom: bool,
    replicas: String,
    current: String,
    selector: String,
}

impl Places {
    fn of(call: &Call<'_>) -> Self {
        let scale = schema::custom_version(call.cluster, &call.resource)
            .and_then(|version| version.at(&["subresources", "scale"]));
        let place = |field: &str, usual: &str| {
            scale.map_or_else(|| usual.to_owned(), |scale| scale.str_at(&[field]).to_owned())
        };
        Self {
            custom: scale.is_some(),
            replicas: place("specReplicasPath", ".spec.replicas"),
            current: place("statusReplicasPath", ".status.replicas"),
            selector: place("labelSelectorPath", ""),
        }
    }

    /// The path of the replicas, where a custom resource says nothing of them.
    fn missing(&self, object: &Object) -> Option<&str> {
        let none = self.custom && object.at(&steps(&self.replicas)).is_none();
        none.then_some(self.replicas.as_str())
    }
}

fn steps(path: &str) -> Vec<&str> {
    path.trim_start_matches('.').split('.').collect()
}

/// The number at a place.
fn number(object: &Object, path: &str) -> Result<Option<i64>, Status> {
    let Some(value) = object.at(&steps(path)) else { return Ok(None) };
    value.as_i64().map(Some).ok_or_else(|| wrong(path, value, "int64"))
}

fn wrong(path: &str, value: &Value, wanted: &str) -> Status {
    let text = algorithms::strategic::go_text(value);
    let found = algorithms::strategic::go_type(value);
    Status::new(
        Reason::Unknown,
        format!("{path} accessor error: {text} is of the type {found}, expected {wanted}"),
    )
}

fn of(call: &Call<'_>, places: &Places, object: &Object) -> Result<Object, Status> {
    let (replicas, current) = (number(object, &places.replicas)?, number(object, &places.current)?);
    let selector = match object.at(&["spec", "selector"]) {
        _ if places.custom => {
            match object.at(&steps(&places.selector)).filter(|_| !places.selector.is_empty()) {
                Some(Value::Str(text)) => text.to_string(),
                Some(other) => return Err(wrong(&places.selector, other, "string")),
                None => String::new(),
            }
        }
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
    let mut status = json!({"replicas": (current.unwrap_or(0))});
    if !selector.is_empty() {
        status.set(&["selector"], selector);
    }
    let mut spec = Value::map();
    let replicas = replicas.unwrap_or(if call.resource.gv.group == "apps" { 1 } else { 0 });
    if replicas != 0 {
        spec.set(&["replicas"], replicas);
    }
    Ok(Object(
        json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": spec, "status": status}),
    ))
}
