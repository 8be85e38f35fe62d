//! Replacing an object.
//!
//! Models apiserver `pkg/endpoints/handlers/update.go` and `pkg/registry/rest/update.go`.

use gatehouse_model::{Object, Value};

use crate::admission::Operation;
use crate::managed;
use crate::request::Reply;
use crate::server::call::{Call, in_version};
use crate::server::decode::{self, Decoded};
use crate::server::{admit, create, delete};
use crate::status::Status;
use crate::strategy;
use crate::validation;

const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// PUT of an object.
pub(super) fn update(call: &mut Call<'_>) -> Result<Reply, Status> {
    let mut decoded = decode::body(call)?;
    names_match(call, decoded.object_mut())?;
    let old = match call.stored() {
        Ok(old) => old,
        Err(_) if strategy::of(&call.resource).create_on_update => {
            let object = create::stored(call, decoded)?;
            return Ok(Reply::Object(in_version(&call.resource, object)));
        }
        Err(missing) => return Err(missing),
    };
    managed::updated(call, &old, decoded.object_mut());
    let object = replaced(call, &old, decoded)?;
    Ok(Reply::Object(in_version(&call.resource, object)))
}

/// What the storage says of somebody who means another object of this name.
fn uid_differs(call: &Call<'_>, old: &Object, wanted: &str) -> String {
    let key = crate::store::etcd::key(&call.table(), old.namespace(), old.name());
    format!(
        "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, UID in object meta: {}",
        old.uid()
    )
}

/// Takes a changed object through the rest of the house.
pub(super) fn replaced(call: &mut Call<'_>, old: &Object, mut decoded: Decoded) -> Result<Object, Status> {
    names_match(call, decoded.object_mut())?;
    let uid = decoded.object_mut().uid().to_owned();
    if !uid.is_empty() && uid != old.uid() {
        return Err(call.conflict(old.name(), &uid_differs(call, old, &uid)));
    }
    let mut mutated = decoded.mutate(call, Operation::Update, Some(old))?;
    let object = mutated.object_mut();
    create::escalation(call, object, Some(old))?;
    resource_version(call, old, object)?;
    keep_system_fields(old, object);
    strategy::before_allocation(call, object, Some(old))?;
    strategy::prepare_for_update(call, object, old);
    let valid = validation::update(call, mutated, old)?;
    let admitted = admit::validate(call, valid, Operation::Update, Some(old))?;
    if call.is_dry_run() {
        return Ok(admitted.into_object());
    }
    // What was written with another key is written anew although nothing changed.
    if unchanged(old, admitted.object()) && !call.cluster.store.is_stale(&call.table(), old) {
        return Ok(old.clone());
    }
    if delete::finished(call, admitted.object()) {
        let object = admitted.into_object();
        delete::remove(call, &object);
        return Ok(object);
    }
    super::etcd_takes(call.cluster, &admitted)?;
    let object = call.cluster.store.commit(admitted);
    Ok((*object).clone())
}

/// A write that changes nothing keeps the resource version; when who wrote what does not count.
fn unchanged(old: &Object, new: &Object) -> bool {
    let strip = |o: &Object| {
        let mut o = o.clone();
        o.remove(&["metadata", "resourceVersion"]);
        let managers = o.0.at_mut(&["metadata", "managedFields"]).map(Value::make_list);
        managers.into_iter().flatten().for_each(|m| {
            m.remove(&["time"]);
        });
        o
    };
    strip(old) == strip(new)
}

fn names_match(call: &Call<'_>, object: &mut Object) -> Result<(), Status> {
    let name = object.name().to_owned();
    if name.is_empty() {
        if object.str_at(&["metadata", "generateName"]).is_empty() {
            object.set(&["metadata", "name"], call.target.name.as_str());
        } else {
            return Err(Status::bad_request("name must be provided"));
        }
    } else if name != call.target.name {
        return Err(Status::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            call.target.name
        )));
    }
    create::namespace_matches(call, object)
}

/// Optimistic locking.
fn resource_version(call: &Call<'_>, old: &Object, object: &mut Object) -> Result<(), Status> {
    let wanted = object.str_at(&["metadata", "resourceVersion"]).to_owned();
    let current = old.str_at(&["metadata", "resourceVersion"]).to_owned();
    if wanted.is_empty() || wanted == "0" {
        if !strategy::of(&call.resource).unconditional_update
            && call.request.verb != crate::request::Verb::Patch
        {
            let error = gatehouse_model::FieldError::invalid(
                gatehouse_model::FieldPath::new("metadata.resourceVersion"),
                &Value::Int(0),
                "must be specified for an update",
            );
            return Err(Status::invalid(
                &call.resource.gv.group,
                &call.resource.kind,
                &call.target.name,
                &[error],
            ));
        }
        object.set(&["metadata", "resourceVersion"], current);
        return Ok(());
    }
    if wanted == current { Ok(()) } else { Err(call.conflict(&call.target.name, MODIFIED)) }
}

/// What no update can change.
fn keep_system_fields(old: &Object, object: &mut Object) {
    for (field, only_if_missing) in [
        ("generation", false),
        ("uid", true),
        ("creationTimestamp", false),
        ("deletionTimestamp", false),
        ("deletionGracePeriodSeconds", true),
    ] {
        let path = ["metadata", field];
        match old.at(&path) {
            Some(_) if only_if_missing && object.at(&path).is_some() => {}
            Some(value) => {
                let value = value.clone();
                object.set(&path, value);
            }
            None => {
                object.remove(&path);
            }
        }
    }
    object.remove(&["metadata", "selfLink"]);
}
