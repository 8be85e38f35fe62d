//! Changing an object in part.
//!
//! Models apiserver `pkg/endpoints/handlers/patch.go`.

use gatehouse_model::{FieldError, FieldPath, Object, Value};

use crate::managed;
use crate::patch as algorithms;
use crate::patch::strategic::go_text;
use crate::request::{Body, FieldValidation, PatchType, Reply};
use crate::schema;
use crate::server::call::{Call, in_version};
use crate::server::decode::{self, Source};
use crate::server::{create, update};
use crate::status::{Reason, Status};

/// PATCH of an object.
pub(super) fn patch(call: &mut Call<'_>) -> Result<Reply, Status> {
    let Body::Patch(kind, patch) = &call.request.body else {
        return Err(Status::bad_request("the body of the request is no patch"));
    };
    well_formed(*kind, patch, call.options().field_validation)?;
    if *kind == PatchType::StrategicMerge && schema::is_custom(call.cluster, &call.resource) {
        return Err(unsupported_media_type());
    }
    if *kind == PatchType::Apply {
        return apply(call, patch);
    }
    let old = call.stored()?;
    let current = in_version(&call.resource, old.clone());
    let changed = match kind {
        PatchType::Json => json(&current, patch)?,
        PatchType::Merge => algorithms::merge::apply(&current, patch),
        PatchType::StrategicMerge | PatchType::Apply => strategic(call, &current, patch)?,
    };
    let mut decoded = if *kind == PatchType::StrategicMerge {
        schema::fits(call.cluster, &call.resource, &changed).map_err(|why| invalid_patch(patch, &why))?;
        decode::decoded(call, changed, Source::Patch).map_err(|status| {
            if status.message.starts_with("strict decoding error") {
                invalid_patch(patch, &status.message)
            } else {
                status
            }
        })?
    } else {
        decode::decoded(call, changed, Source::Patch)?
    };
    managed::updated(call, &old, decoded.object_mut());
    let object = update::replaced(call, &old, decoded)?;
    Ok(Reply::Object(in_version(&call.resource, object)))
}

/// What the server says of a patch that is not even shaped like one.
fn well_formed(kind: PatchType, patch: &Value, validation: FieldValidation) -> Result<(), Status> {
    let strict = validation != FieldValidation::Ignore;
    let word = match patch {
        Value::Null | Value::Map(_) => "object",
        Value::List(_) => "array",
        Value::Str(_) => "string",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
    };
    match (kind, patch) {
        (PatchType::Json, Value::List(ops)) => {
            if let Some(op) = ops.iter().find(|o| o.as_map().is_none()) {
                return Err(Status::bad_request(format!(
                    "error decoding patch: json: cannot unmarshal {} into Go value of type handlers.jsonPatchOp",
                    if op.as_str().is_some() { "string" } else { "number" }
                )));
            }
            Ok(())
        }
        (PatchType::Json, _) if strict => Err(Status::bad_request(format!(
            "error decoding patch: json: cannot unmarshal {word} into Go value of type []handlers.jsonPatchOp"
        ))),
        (PatchType::Json, _) => Err(Status::bad_request(format!(
            "json: cannot unmarshal {word} into Go value of type jsonpatch.Patch"
        ))),
        (_, Value::Map(_) | Value::Null) => Ok(()),
        (PatchType::Merge, _) => Err(Status::bad_request(format!(
            "error decoding patch: json: cannot unmarshal {word} into Go value of type map[string]interface {{}}"
        ))),
        _ => Err(Status::bad_request(format!(
            "json: cannot unmarshal {word} into Go value of type map[string]interface {{}}"
        ))),
    }
}

fn unsupported_media_type() -> Status {
    Status::new(
        Reason::UnsupportedMediaType,
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    )
}

/// A JSON patch of an object.
pub(super) fn json(current: &Object, patch: &Value) -> Result<Value, Status> {
    // A generic server response: clients see only that the request was unprocessable.
    algorithms::json::apply(current, patch.items()).map_err(|_| {
        Status::new(Reason::Invalid, "the server rejected our request due to an error in our request")
    })
}

fn strategic(call: &Call<'_>, current: &Object, patch: &Value) -> Result<Value, Status> {
    let shape = schema::shape(call.cluster, &call.resource);
    algorithms::strategic::apply(current, patch, &shape).map_err(|why| {
        if why.contains("merge key") || why.contains("$retainKeys") || why.contains("patch type") {
            Status::bad_request(&why)
        } else {
            Status::internal(&why)
        }
    })
}

/// What is left of a patch once it is merged: directives are taken out of it, and so are lists that came in an order.
fn consumed(patch: &Value) -> Value {
    let Some(map) = patch.as_map() else { return patch.clone() };
    let ordered: Vec<&str> = map.keys().filter_map(|k| k.strip_prefix("$setElementOrder/")).collect();
    map.iter()
        .filter(|(k, _)| !k.starts_with("$setElementOrder/") && !ordered.contains(k))
        .filter(|(k, _)| !matches!(*k, "$patch" | "$retainKeys"))
        .map(|(k, v)| (k, consumed(v)))
        .collect::<gatehouse_model::Map>()
        .into()
}

/// ` "" is invalid: patch: Invalid value: "map[…]": why`.
fn invalid_patch(patch: &Value, why: &str) -> Status {
    let error = FieldError::invalid(FieldPath::new("patch"), &Value::from(go_text(&consumed(patch))), why);
    Status::invalid("", "", "", &[error])
}

/// Server-side apply: makes the object where it is missing.
fn apply(call: &mut Call<'_>, patch: &Value) -> Result<Reply, Status> {
    if call.options().field_manager.is_empty() {
        let error = FieldError::required(FieldPath::new("fieldManager"), "is required for apply patch");
        return Err(Status::invalid("meta.k8s.io", "PatchOptions", "", &[error]));
    }
    if patch.at(&["metadata", "managedFields"]).is_some_and(|m| !m.items().is_empty()) {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    // The configuration itself is decoded first: unknown fields and wrong types are its author's.
    let config = decode::configuration(call, patch.clone())?;
    let old = call.stored().ok();
    if let Some(old) = old {
        let current = in_version(&call.resource, old.clone());
        let mut merged = managed::apply(call, Some(&current), &config)?;
        if call.options().field_manager == "kubectl" {
            managed::sync_last_applied(&mut merged, &config);
        }
        let decoded = decode::decoded(call, merged, Source::Patch)?;
        let object = update::replaced(call, &old, decoded)?;
        return Ok(Reply::Object(in_version(&call.resource, object)));
    }
    let merged = managed::apply(call, None, &config)?;
    let decoded = decode::decoded(call, merged, Source::Patch)?;
    let object = create::stored(call, decoded)?;
    Ok(Reply::Object(in_version(&call.resource, object)))
}
