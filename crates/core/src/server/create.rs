//! Making an object.
//!
//! Models apiserver `pkg/endpoints/handlers/create.go` and `pkg/registry/generic/registry/store.go`.

use gatehouse_model::Object;

use crate::admission::Operation;
use crate::authz::escalation;
use crate::managed;
use crate::request::Reply;
use crate::server::call::{Call, in_version};
use crate::server::decode::{self, Decoded};
use crate::server::{admit, reviews};
use crate::status::Status;
use crate::strategy;
use crate::validation;

/// POST to a collection.
pub(super) fn create(call: &mut Call<'_>) -> Result<Reply, Status> {
    let decoded = decode::body(call)?;
    if reviews::is_review(&call.resource) {
        return reviews::answer(call, decoded);
    }
    let object = stored(call, decoded)?;
    Ok(Reply::Object(in_version(&call.resource, object)))
}

/// Takes a decoded object through the rest of the house.
pub(super) fn stored(call: &mut Call<'_>, mut decoded: Decoded) -> Result<Object, Status> {
    namespace_matches(call, decoded.object_mut())?;
    let object = decoded.object_mut();
    if !call.target.name.is_empty() && object.name().is_empty() {
        object.set(&["metadata", "name"], call.target.name.as_str());
    }
    managed::created(call, decoded.object_mut());
    let mut mutated = decoded.mutate(call, Operation::Create, None)?;
    let object = mutated.object_mut();
    // Mutating plugins see only the prefix of a generated name, validating ones the whole.
    if object.name().is_empty() && !object.str_at(&["metadata", "generateName"]).is_empty() {
        let base = object.str_at(&["metadata", "generateName"]).to_owned();
        let name = generated_name(call, &base);
        object.set(&["metadata", "name"], name);
    }
    escalation(call, object, None)?;
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion"] {
        object.remove(&["metadata", field]);
    }
    object.set(&["metadata", "creationTimestamp"], call.cluster.now.to_string());
    let uid = call.cluster.entropy.uid();
    object.set(&["metadata", "uid"], uid);
    strategy::before_allocation(call, mutated.object_mut(), None)?;
    strategy::prepare_for_create(call, mutated.object_mut());
    let valid = validation::create(call, mutated)?;
    let admitted = admit::validate(call, valid, Operation::Create, None)?;
    let object = admitted.object();
    let (name, namespace) = (object.name().to_owned(), object.namespace().to_owned());
    if call.cluster.store.get(admitted.table(), &namespace, &name).is_some() {
        return Err(Status::already_exists(&call.resource.gv.group, &call.resource.plural, &name));
    }
    if call.is_dry_run() {
        return Ok(admitted.into_object());
    }
    super::etcd_takes(call.cluster, &admitted)?;
    let object = call.cluster.store.commit(admitted);
    Ok((*object).clone())
}

/// Refuses roles and bindings that give more than the writer has.
pub(super) fn escalation(call: &Call<'_>, object: &Object, old: Option<&Object>) -> Result<(), Status> {
    if call.resource.gv.group != "rbac.authorization.k8s.io" {
        return Ok(());
    }
    let write = escalation::Write {
        user: &call.user,
        resource: &call.resource.plural,
        namespace: call.namespace(),
        name: &call.target.name,
        object,
        old,
    };
    escalation::check(call.cluster, &write)
}

/// Ensures that the object lies in the namespace of the request.
pub(super) fn namespace_matches(call: &Call<'_>, object: &mut Object) -> Result<(), Status> {
    let expected = call.namespace();
    let actual = object.namespace().to_owned();
    if actual == expected {
        return Ok(());
    }
    if actual.is_empty() {
        object.set(&["metadata", "namespace"], expected);
        return Ok(());
    }
    if expected.is_empty() {
        if call.resource.namespaced() {
            return Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        // A cluster-scoped object forgets a namespace it was given.
        object.remove(&["metadata", "namespace"]);
        return Ok(());
    }
    Err(Status::bad_request(
        "the namespace of the provided object does not match the namespace sent on the request",
    ))
}

/// A name with a random end (apiserver `pkg/storage/names`).
fn generated_name(call: &mut Call<'_>, base: &str) -> String {
    let base: String = base.chars().take(58).collect();
    format!("{base}{}", call.cluster.entropy.suffix(5))
}
